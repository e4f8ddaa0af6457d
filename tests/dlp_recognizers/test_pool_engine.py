"""The pool with the engine that is shipped."""

from __future__ import annotations

import psutil

from dlp_recognizers.engine import create
from dlp_recognizers.local import LocalScanner
from dlp_recognizers.pool import ScannerPool
from gateway.model import TextSpan
from gateway.settings import Dlp

PROSE = "In module {0} the parser keeps a stack of open brackets and returns when it is empty, see also the notes. "
PERSONAL = "Write to anna{0}@firma.example or use card 4539 1488 0343 6467, IBAN DE89 3704 0044 0532 0130 00.\n"


def document(lines: int) -> str:
    return "".join((PERSONAL if number % 9 == 4 else PROSE).format(number) for number in range(lines))


async def test_windows_find_what_the_whole_text_gives() -> None:
    engine = create({"spacy_pipelines": [], "allow_examples": False})
    text = document(400)
    whole = [(hit.start, hit.end, hit.entity) for hit in engine.scan(text)]
    assert {entity for _, _, entity in whole} >= {"EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE"}
    local = LocalScanner(engine).scan_sync([TextSpan("", text)])
    assert [(f.start, f.end, f.entity) for f in local.findings] == sorted(whole)
    pool = ScannerPool(Dlp(allow_examples=False))
    await pool.start()
    try:
        assert await pool.scan([TextSpan("", text)], agent="a") == local
        (pid,) = pool.pids()
        assert psutil.Process(pid).num_threads() == 1
    finally:
        await pool.close()
