"""`llmgw doctor` on a fresh folder and on a damaged one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.init import init
from tests.support.cli import llmgw


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh working folder."""
    init(tmp_path / "gw")
    return tmp_path / "gw"


def test_a_fresh_folder_gets_a_line_for_each_check(folder: Path) -> None:
    done = llmgw("doctor", "-c", folder / "gateway.yaml")
    assert done.code in (0, 1) and "Traceback" not in done.both
    lines = [line for line in done.out.splitlines() if not line.startswith("      fix: ")]
    assert all(re.match(r"(ok|warn|fail)\s+\S+.*: \S", line) for line in lines[:-1])
    assert re.fullmatch(r"\d+ fine, \d+ to look at, \d+ failed", lines[-1])
    assert len(lines) >= 8
    # Whatever is not fine says what to do.
    texts = done.out.splitlines()
    for at, line in enumerate(texts):
        if line.startswith("fail"):
            assert texts[at + 1].startswith("      fix: "), line
    assert (done.code == 0) == (" 0 failed" in lines[-1])


def test_a_damaged_certificate_fails_with_the_fix(folder: Path) -> None:
    from gateway.documents import load_settings

    config = folder / "gateway.yaml"
    load_settings(config).listen.certificate.write_text("no certificate")
    done = llmgw("doctor", "-c", config)
    assert done.code in (1, 2)
    assert "fail" in done.both
    assert "Traceback" not in done.both
