"""Bytes as text, and back: only encodings that can be told for sure."""

from __future__ import annotations

import codecs
import re
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL: Final = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROL_TEXT: Final = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_HIGH_CONTROL: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
"""Bytes that Windows-1252 does not use."""
_SHIFTS: Final = (b"\x1b$", b"\x1b(", b"\x1b)", b"\x1b%/")
"""ISO 2022: what follows is in another character set."""
_SAMPLE: Final = 65_536
_UTF16_SHARE: Final = 0.3
_HIGH_SHARE: Final = 0.3


def decoded(data: bytes) -> tuple[str, str] | None:
    """Text and the name of its encoding; None if these bytes are not text in an encoding that can be told.

    UTF-8, UTF-16 and UTF-32 with a byte-order mark, UTF-16 without one if it is mostly Latin, else Windows-1252 or
    Latin-1 as long as they look like text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding)
    head = data[:_SAMPLE]
    if b"\0" in head:
        encoding = _wide(head)
        return _strictly(data, encoding) if encoding else None
    if _CONTROL.search(head) is not None or any(shift in data for shift in _SHIFTS):
        return None
    text = _strictly(data, "utf-8")
    if text is not None:
        return text
    high = sum(byte >= 0x80 for byte in head)
    if high > _HIGH_SHARE * len(head) or _CONTROL.search(data) is not None:
        return None
    return _strictly(data, "latin-1" if _HIGH_CONTROL.search(data) else "cp1252")


def encoded(text: str, encoding: str) -> bytes | None:
    """`text` in the encoding that `decoded` told, with its byte-order mark; None if it cannot be written so."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return None


def _strictly(data: bytes, encoding: str) -> tuple[str, str] | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    if encoding in ("utf-16", "utf-32"):
        encoding += "-le" if data[0] == 0xFF else "-be"
        # Written back with its mark as a character of the text.
        return ("\ufeff" + text, encoding) if _CONTROL_TEXT.search(text[:_SAMPLE]) is None else None
    return (text, encoding) if _CONTROL_TEXT.search(text[:_SAMPLE]) is None else None


def _wide(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > _UTF16_SHARE * half and even < 0.02 * half:
        return "utf-16-le"
    if even > _UTF16_SHARE * half and odd < 0.02 * half:
        return "utf-16-be"
    return ""
