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

_HEX: Final = frozenset("0123456789abcdefABCDEF")
_BASE32: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_URL_SAFE: Final = str.maketrans("-_", "+/")
_TO_URL_SAFE: Final = str.maketrans("+/", "-_")
_BLANKS: Final = str.maketrans("", "", " \t\r\n")
_CONTROLS: Final = str.maketrans("", "", "\n\r\t\x0b\x0c\x1b")
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
    bare = blob.translate(_BLANKS)
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
    if not like.rstrip().endswith("="):
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
    chars = set(stripped)
    if len(stripped) % 2 == 0 and chars <= _HEX:
        yield ("hex" if stripped.islower() or not stripped.isupper() else "HEX"), bytes.fromhex(stripped)
    for name, alphabet_text in (("base32", stripped), ("base32l", stripped.upper())):
        if len(stripped) % 8 in (0, 2, 4, 5, 7) and _BASE32.issuperset(alphabet_text) and _one_case(stripped):
            yield name, base64.b32decode(alphabet_text + "=" * (-len(stripped) % 8))
            break
    if len(stripped) % 4 != 1:
        name = "base64url" if "-" in chars or "_" in chars else "base64"
        try:
            yield name, base64.b64decode(stripped.translate(_URL_SAFE) + "=" * (-len(stripped) % 4))
        except binascii.Error:
            return


def _one_case(text: str) -> bool:
    return text.isupper() or text.islower()


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


def _text(data: bytes) -> tuple[str, str] | None:
    """`data` as printable text, with the charset that says so."""
    for charset in _charsets(data):
        try:
            value = data.decode(charset)
        except UnicodeDecodeError:
            continue
        if value.translate(_CONTROLS).isprintable():
            return charset, value
    return None


def _charsets(data: bytes) -> Iterator[str]:
    zeros = data[:512].count(0)
    if not zeros:
        yield "utf-8"
        high = sum(byte >= 0x80 for byte in data[:512])
        if 0 < high <= len(data[:512]) // 12:
            yield "cp1252"
    elif zeros * 3 > len(data[:512]) and len(data) % 2 == 0:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            yield "utf-16"
        yield "utf-16-le" if data[1::2][:256].count(0) >= data[0::2][:256].count(0) else "utf-16-be"
