from __future__ import annotations

from collections.abc import Iterator

import pytest

from dlp_recognizers.attachments.local import LocalOpener
from dlp_recognizers.attachments.setup import Opening, tesseract


@pytest.fixture(scope="session")
def opener() -> Iterator[LocalOpener]:
    """Without OCR: what it does is the same on every machine."""
    with LocalOpener(Opening()) as each:
        yield each


@pytest.fixture(scope="session")
def seeing() -> Iterator[LocalOpener]:
    """With OCR, where Tesseract is installed."""
    if not tesseract():
        pytest.skip("no tesseract on this machine")
    with LocalOpener(Opening(ocr=tesseract())) as each:
        yield each
