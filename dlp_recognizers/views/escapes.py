"""Escapes and encodings within a text, undone one layer at a time. Pure; linear."""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator
from html.entities import html5
from typing import Final
from urllib.parse import unquote_to_bytes

import re2

from dlp_recognizers.views.view import Blob, Piece, View, build
from gateway.redaction.encodings import SHORTEST, is_text, read

_ESCAPE: Final = re.compile(
    r"\\(?:u\{[0-9A-Fa-f]{1,6}\}|(?:u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2})|u[0-9A-Fa-f]{4}"
    r"|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}(?:\\x[0-9A-Fa-f]{2})*|[0-3][0-7]{2}(?:\\[0-3][0-7]{2})*|[nrtbf\"'/\\])"
    r"|%(?:[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*|u[0-9A-Fa-f]{4})"
    r"|&(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z]{2,24};)"
    r"|=(?:[0-9A-F]{2}(?:=\r?\n)?(?:=[0-9A-F]{2}(?:=\r?\n)?){3,}|\r?\n)"
)
"""Each alternative begins with one character of its own, so that what holds none of them is passed over at once."""
_BLOB: Final = re.compile(
    r"[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/_-]{4,}"
    r"|\r?\n[ \t]{1,16}[A-Za-z0-9+/_-]{8,}+(?![ \t]*[^\s=A-Za-z0-9+/_-]))*"
    r"={0,6}|[A-Za-z0-9+/_-]{11,15}={1,2}(?![A-Za-z0-9=])"
)
"""What may be base64, base32 (wrapped or not) or hex. Shorter ones hold fewer than twelve characters."""
_LONG: Final = re2.compile(r"[A-Za-z0-9+/_-]{16}|[A-Za-z0-9+/_-]{11}=")
"""Whether there can be one at all: several times as fast."""
_LIST: Final = re2.compile(
    r"(?:[0-9A-Fa-f]{2}[ :,;-]{1,2}){7}|(?:0x[0-9A-Fa-f]{2}[ ,;]{0,3}){7}|(?:[0-9]{2,3}[ ,;]{1,2}){7}|(?:[01]{8} ?){8}"
    r"|\\x[0-9A-Fa-f]{2}"
)
_HEXES = r"(?<![0-9A-Za-z])[0-9A-Fa-f]{2}([ :;-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){6,}(?![0-9A-Fa-f])"
_LISTS: Final = (
    (re.compile(r"(?<![0-9A-Za-z])0x([0-9A-Fa-f]{2})(?:[ ,;]{0,3}0x[0-9A-Fa-f]{2}){7,}(?![0-9A-Fa-f])"), 16),
    (re.compile(_HEXES), 16),
    (re.compile(r"(?<![0-9A-Za-z.])[0-9]{2,3}(?:([ ,;]|, |,\n *)[0-9]{2,3})(?:\1[0-9]{2,3}){6,}(?![0-9])"), 10),
    (re.compile(r"(?<![0-9A-Za-z])[01]{8}(?: ?[01]{8}){7,}(?![0-9])"), 2),
)  # fmt: skip
"""Bytes written as numbers, with their base."""
_ELEMENT: Final = {
    16: re.compile(r"(?:0x)?([0-9A-Fa-f]{2})"),
    10: re.compile("([0-9]{2,3})"),
    2: re.compile("([01]{8})"),
}
_UU: Final = re.compile(r"^begin [0-7]{3,4} [^\n]{1,80}\r?\n((?:[!-`][ -`]{0,84}\r?\n)+)", re.MULTILINE)
_QUOTED: Final = re.compile(r"=(?:[0-9A-F]{2}=[0-9A-F\r\n]|\r?\n)")
_PADDED: Final = re.compile(r"[A-Za-z0-9+/_-]{10}={0,5}$")
_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def has_long(text: str) -> bool:
    """Whether a blob can be in `text` at all."""
    try:
        return _LONG.search(text) is not None
    except UnicodeEncodeError:  # a lone surrogate, which re2 cannot read
        return True


def unescaped(text: str) -> View | None:
    """`text` with one layer of escapes undone; where there are none, of encodings; None if there is neither."""
    undone = layer(text)
    return None if undone is None else undone[0]


def layer(text: str) -> tuple[View, tuple[Blob, ...]] | None:
    """As `unescaped`, with the blobs that were read. Raises encodings.Unreadable."""
    # One after the other: a token that shows only once its escapes are undone may itself read as base64.
    if "\\" in text or "%" in text or "&" in text or _QUOTED.search(text) is not None:
        pieces = list(_escapes(text))
        if pieces:
            return build(text, pieces), ()
    if pieces := _bytes(text):
        return build(text, pieces), ()
    if not has_long(text):
        return None
    blobs = [blob for match in _BLOB.finditer(text) for blob in _blob(match.group(), match.start())]
    if not blobs:
        return None
    return build(text, ((blob.start, blob.end, blob.text) for blob in blobs)), tuple(blobs)


def _escapes(text: str) -> Iterator[Piece]:
    for match in _ESCAPE.finditer(text):
        escape, start = match.group(), match.start()
        if escape[0] == "=" and escape[1] in "\r\n" and _PADDED.search(text, max(0, start - 24), start) is not None:
            continue  # the padding of base64 at a line's end is no soft line break
        if escape[0] == "\\" and escape[1] in "x0123":
            yield from _byte_escapes(escape, start)
            continue
        value = _decode(escape)
        if value is not None:
            yield start, match.end(), value


def _byte_escapes(run: str, at: int) -> Iterator[Piece]:
    """A run of `\\x41` or `\\101`: each byte for itself, or all of them as UTF-8 where they are no ASCII."""
    base = 16 if run[1] == "x" else 8
    codes = [int(run[start + 4 - (2 if base == 16 else 3) : start + 4], base) for start in range(0, len(run), 4)]
    if max(codes) >= 0x80:
        try:
            yield at, at + len(run), bytes(codes).decode("utf-8")
        except (UnicodeDecodeError, ValueError):
            pass
        else:
            return
    yield from ((at + 4 * index, at + 4 * index + 4, chr(code)) for index, code in enumerate(codes))


def _bytes(text: str) -> list[Piece]:
    """Lists of numbers that spell a text, one piece for each; and uuencoded blocks."""
    found: list[list[Piece]] = []
    if _maybe(text):
        for pattern, base in _LISTS:
            for match in pattern.finditer(text):
                pieces = _spelled(match.group(), match.start(), base)
                found += [pieces] if pieces else []
    if "begin " in text:
        found.extend([piece] for piece in _uu(text))
    # Where figures read as hex and as decimal numbers: the longer run, then what has more letters and digits.
    found.sort(key=_sense, reverse=True)
    taken: list[list[Piece]] = []
    for pieces in found[:_LISTS_READ]:
        if all(pieces[-1][1] <= other[0][0] or other[-1][1] <= pieces[0][0] for other in taken):
            taken.append(pieces)
    return sorted(piece for pieces in taken for piece in pieces)


_LISTS_READ: Final = 256


def _sense(pieces: list[Piece]) -> tuple[int, float]:
    said = "".join(value for _, _, value in pieces)
    likely = sum(map(str.isalnum, said)) + sum(map(str.isdigit, said)) / 2
    return pieces[-1][1] - pieces[0][0], likely / max(1, len(said))


def _maybe(text: str) -> bool:
    try:
        return _LIST.search(text) is not None
    except UnicodeEncodeError:
        return True


def _spelled(run: str, at: int, base: int) -> list[Piece]:
    places = [match.span(1) for match in _ELEMENT[base].finditer(run)]
    codes = [int(run[start:end], base) for start, end in places]
    if sum(32 <= code < 127 or code in (9, 10, 13) for code in codes) < len(codes) or len(set(codes)) < 4:
        return _spelled_utf8(run, at, codes)
    pieces: list[Piece] = []
    for (start, end), code in zip(places, codes, strict=True):
        start -= 2 if base == 16 and run[:2] == "0x" else 0
        if pieces and pieces[-1][1] < at + start:
            pieces.append((pieces[-1][1], at + start, ""))
        pieces.append((at + start, at + end, chr(code)))
    return pieces


def _spelled_utf8(run: str, at: int, codes: list[int]) -> list[Piece]:
    try:
        value = bytes(codes).decode("utf-8") if max(codes) < 256 else ""
    except UnicodeDecodeError:
        return []
    return [(at, at + len(run), value)] if len(value) > SHORTEST and is_text(value) and max(codes) >= 0x80 else []


def _uu(text: str) -> Iterator[Piece]:
    for match in _UU.finditer(text):
        try:
            data = b"".join(binascii.a2b_uu(line) for line in match.group(1).encode().splitlines())
            yield match.start(1), match.end(1), data.decode("utf-8") + "\n"
        except (binascii.Error, UnicodeDecodeError):
            continue


def _blob(blob: str, at: int) -> list[Blob]:
    """The blobs at `at` that hold text: the whole, or else those of its lines that do."""
    held = read(blob)
    if held is not None:
        return [Blob(at, at + len(blob), held.text)]
    if blob.startswith("0x") and (held := read(blob[2:])) is not None:
        return [Blob(at, at + len(blob), held.text)]
    if "\n" not in blob:
        return []
    lines = ((match.start(), match.end(), read(match.group())) for match in re.finditer(r"\S+", blob))
    return [Blob(at + start, at + end, held.text) for start, end, held in lines if held is not None]


def _decode(escape: str) -> str | None:
    if escape[0] == "\\":
        return _backslash(escape)
    if escape[:2] == "%u":
        return chr(int(escape.removeprefix("%u"), 16))
    if escape[0] == "%":
        try:
            return unquote_to_bytes(escape).decode("utf-8")
        except UnicodeDecodeError:
            return None
    if escape[0] == "=":
        return _quoted(escape)
    if escape[1] == "#":
        return html.unescape(escape.rstrip(";") + ";")
    return html5.get(escape[1:])


def _quoted(escape: str) -> str | None:
    """Quoted-printable (RFC 2045, 6.7)."""
    try:
        return bytes.fromhex(re.sub(r"=\r?\n|=", "", escape)).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _backslash(escape: str) -> str | None:
    kind = escape[1]
    if kind in "uU":
        digits = escape[2:].strip("{}")
        if "\\u" in digits:
            high, low = (int(part, 16) for part in digits.split("\\u"))
            return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
        code = int(digits, 16)
        return chr(code) if code <= 0x10FFFF else None
    return _SHORT.get(kind, kind)
