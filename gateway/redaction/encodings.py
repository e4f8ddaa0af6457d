"""Encodings that hide text as a blob: base64, base32, hex, with gzip, zlib or UTF-16 inside. Pure and bounded.

What is read here can be written again in the same encoding, so that a value inside is taken out and the rest stays.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

MAX_OUTPUT: Final = 1 << 20
"""Bytes that one compressed blob may hold. More is not read: `Unreadable`."""
SHORTEST: Final = 8
"""A blob that holds fewer characters than this, or exactly as many, is not looked at."""

_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_BASE32: Final = re.compile(r"(?=[2-7]*[A-Za-z])(?:[A-Z2-7]+|[a-z2-7]+)")
"""In one letter case, with at least one letter."""
_URL_SAFE: Final = str.maketrans("-_", "+/")
_TO_URL_SAFE: Final = str.maketrans("+/", "-_")
_UNSEEN: Final = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u034f\ufe00-\ufe0f\U000e0000-\U000e007f"
_CONTROLS: Final = re.compile(f"[\n\r\t\x0b\x0c\x1b{_UNSEEN}]")
"""What text may hold although it is not printable: line ends, and what hides between letters."""
_ASCII: Final = bytes(range(0x80))
_WRAP: Final = re.compile(r"\s+")


class Unreadable(Exception):
    """A compressed blob holds more than is read. Holds no text."""


@dataclass(frozen=True, slots=True)
class Held:
    """The text that a blob holds."""

    coding: str
    """Steps from the outside in, joined by `+`: `base64+gzip+utf-8`."""
    text: str = field(repr=False)


def read(blob: str) -> Held | None:
    """The text in `blob` (blanks and line ends in it do not count), None if it holds none. Raises Unreadable."""
    if not blob.isascii():
        return None
    bare = "".join(blob.split()) if "\n" in blob or " " in blob or "\t" in blob else blob
    for name, data in _unpacked(bare):
        packed = _inflated(data)
        text = _text(packed[1] if packed else data)
        if text is not None and len(text[1]) > SHORTEST:
            return Held("+".join([name, *([packed[0]] if packed else []), text[0]]), text[1])
    return None


def write(coding: str, text: str, like: str) -> str | None:
    """`text` in an encoding that `read` named, wrapped and padded as `like` is; None where that cannot be done."""
    outer, *inner = coding.split("+")
    try:
        data = text.encode(inner.pop())
    except UnicodeEncodeError:
        return None
    if inner:
        data = _deflated(inner[0], data)
    packed = _PACK[outer](data)
    # What ends without padding and would have needed some was written without; else a strict reader expects it.
    bare = "".join(like.split())
    if not bare.endswith("=") and len(bare) % (8 if outer.startswith("base32") else 4):
        packed = packed.rstrip("=")
    return _wrapped(packed, like)


def _wrapped(packed: str, like: str) -> str:
    joint = _WRAP.search(like.strip())
    if joint is None:
        return packed
    width = max(4, joint.start())
    return joint.group().join(packed[at : at + width] for at in range(0, len(packed), width))


def _unpacked(bare: str) -> Iterator[tuple[str, bytes]]:
    """The bytes that the blob may stand for, by the encoding that says so."""
    stripped = bare.rstrip("=")
    size = len(stripped)
    if size % 2 == 0 and _HEX.fullmatch(stripped):
        yield ("HEX" if stripped.isupper() else "hex"), bytes.fromhex(stripped)
    if size % 8 in (0, 2, 4, 5, 7) and _BASE32.fullmatch(stripped):
        name = "base32" if stripped.isupper() else "base32l"
        yield name, base64.b32decode(stripped.upper() + "=" * (-size % 8))
    if size % 4 != 1:
        url = "-" in stripped or "_" in stripped
        data = stripped.translate(_URL_SAFE) if url else stripped
        try:
            yield ("base64url" if url else "base64"), binascii.a2b_base64(data + "=" * (-size % 4))
        except binascii.Error:
            return


_PACK: Final[dict[str, Callable[[bytes], str]]] = {
    "hex": bytes.hex,
    "HEX": lambda data: data.hex().upper(),
    "base32": lambda data: base64.b32encode(data).decode("ascii"),
    "base32l": lambda data: base64.b32encode(data).decode("ascii").lower(),
    "base64": lambda data: base64.b64encode(data).decode("ascii"),
    "base64url": lambda data: base64.b64encode(data).decode("ascii").translate(_TO_URL_SAFE),
}


def _inflated(data: bytes) -> tuple[str, bytes] | None:
    """What gzip (RFC 1952) or zlib (RFC 1950) data holds, with the name of the two."""
    if data[:3] == b"\x1f\x8b\x08":
        name, bits = "gzip", 31
    elif data[:1] == b"\x78" and len(data) > 8 and (data[0] * 256 + data[1]) % 31 == 0:
        name, bits = "zlib", 15
    else:
        return None
    machine = zlib.decompressobj(bits)
    try:
        out = machine.decompress(data, MAX_OUTPUT)
    except zlib.error:
        return None
    if machine.unconsumed_tail:
        raise Unreadable
    return name, out


def _deflated(name: str, data: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, 31 if name == "gzip" else 15)
    return machine.compress(data) + machine.flush()


def is_text(value: str) -> bool:
    """Whether `value` is printable but for line ends and what hides between letters."""
    return value.isprintable() or _CONTROLS.sub("", value).isprintable()


_UNPRINTED: Final = bytes(code for code in range(1, 0x80) if not is_text(chr(code)))
"""The control characters of ASCII that no text holds."""


def _text(data: bytes) -> tuple[str, str] | None:
    """`data` as printable text, with the charset that says so."""
    if 0 not in data and len(data.translate(None, _UNPRINTED)) < len(data):
        return None  # in each charset without zeros these are what they are in ASCII
    for charset in _charsets(data):
        try:
            value = data.decode(charset)
        except UnicodeDecodeError:
            continue
        if is_text(value):
            return charset, value
    return None


def _charsets(data: bytes) -> tuple[str, ...]:
    head = data[:512]
    zeros = head.count(0)
    if not zeros:
        # Few letters with accents: most of the bytes are ASCII.
        high = 0 if head.isascii() else len(head.translate(None, _ASCII))
        return ("utf-8", "cp1252") if 0 < high <= len(head) // 12 else ("utf-8",)
    if zeros * 3 > len(head) and len(data) % 2 == 0:
        by_order = "utf-16-le" if data[1::2][:256].count(0) >= data[0::2][:256].count(0) else "utf-16-be"
        return ("utf-16", by_order) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else (by_order,)
    return ()
