"""The scanner without processes answers as the pool does."""

from __future__ import annotations

import pytest

from dlp_recognizers.local import LocalScanner
from dlp_recognizers.pool import ScannerPool
from gateway.model import TextSpan
from gateway.settings import Dlp
from tests.dlp_recognizers.fake_engines import FakeEngine

SPANS = [TextSpan("/a", "é MARK-1"), TextSpan("/b", ""), TextSpan("/c", "pad " * 5000 + "MARK-2" + " pad" * 5000)]


async def test_the_same_findings_as_the_pool() -> None:
    local = LocalScanner(FakeEngine({}))
    pool = ScannerPool(Dlp(), engine="tests.dlp_recognizers.fake_engines:create")
    await pool.start()
    try:
        assert await local.scan(SPANS, agent="a") == await pool.scan(SPANS, agent="a") == local.scan_sync(SPANS)
    finally:
        await pool.close()
    assert [(f.span, f.start) for f in local.scan_sync(SPANS).findings] == [(0, 2), (2, 20_000)]


@pytest.mark.parametrize(("text", "reason"), [("raise-incomplete", "recognizer_failed"), ("raise-error", "error")])
def test_a_failing_engine_makes_it_incomplete(text: str, reason: str) -> None:
    result = LocalScanner(FakeEngine({})).scan_sync([SPANS[0], TextSpan("/x", text)])
    assert (result.complete, result.reason, result.findings) == (False, reason, ())
