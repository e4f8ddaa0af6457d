"""Other readings of a text: what a model would read where a matcher sees noise. Pure.

Each reading knows where its characters came from, so that a value found in it can be cut out of the original.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

_DASHES = "‐‑‒–—―−﹘﹣－⁃"
_LOOKALIKES = dict(
    zip(
        "АВСЕНІЈКМОРЅТХҮасеіјорѕухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορτυχⅼℓıɑɡʟʀᴀᴇɪᴏꞵ",
        "ABCEHIJKMOPSTXYaceijopsyxhdqwABEZHIKMNOPTYXayikvoptuxlliagLRAEIOB",
        strict=True,
    )
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ESCAPE = re.compile(
    r"\\(?:u\{[0-9A-Fa-f]{1,6}\}|(?:u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2})|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrtbf\"'/\\])"
    r"|(?:%[0-9A-Fa-f]{2})+|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});|=\r?\n"
)
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_LEVELS = 3
"""How many layers of escapes are undone."""


@dataclass(frozen=True, slots=True)
class View:
    """One reading of a text."""

    text: str = field(repr=False)
    starts: tuple[int, ...] = field(repr=False)
    """Where each piece begins in this reading; the first is 0."""
    origins: tuple[tuple[int, int, bool], ...] = field(repr=False)
    """For each piece its [start, end) in the text it was made from, and whether it was copied unchanged."""

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where [start, end) of this reading (not empty) came from: the smallest range that holds all of it."""
        low = bisect_right(self.starts, start) - 1
        high = bisect_right(self.starts, end - 1) - 1
        first, _, copied = self.origins[low]
        left = first + (start - self.starts[low]) if copied else first
        first, last, copied = self.origins[high]
        right = first + (end - self.starts[high]) if copied else last
        return left, right


class _Fold(dict[int, str]):
    """Code point to what it is read as; the empty string for what is not seen at all."""

    def __missing__(self, code: int) -> str:
        value = _fold(chr(code))
        self[code] = value
        return value


def _fold(char: str) -> str:
    if char.isascii():
        return char
    if char in _DASHES:
        return "-"
    known = _LOOKALIKES.get(char)
    if known is not None:
        return known
    category = unicodedata.category(char)
    if category in {"Cf", "Mn", "Me"} or char in "\u115f\u1160\u3164\uffa0\u2800\u034f":
        return ""
    if category == "Zs":
        return " "
    if category in {"Zl", "Zp"}:
        return "\n"
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", char)
    return "".join(_LOOKALIKES.get(part, part) for part in plain) if len(plain) <= 8 else char


_FOLD = _Fold()


def _build(text: str, pieces: Iterator[tuple[int, int, str]]) -> View:
    """The view of `text` in which each piece (start, end, replacement), in order, stands replaced."""
    parts: list[str] = []
    starts: list[int] = []
    origins: list[tuple[int, int, bool]] = []
    done = size = 0
    for start, end, replacement in pieces:
        if start > done:
            parts.append(text[done:start])
            starts.append(size)
            origins.append((done, start, True))
            size += start - done
        if replacement:
            parts.append(replacement)
            starts.append(size)
            origins.append((start, end, False))
            size += len(replacement)
        done = end
    if done < len(text):
        parts.append(text[done:])
        starts.append(size)
        origins.append((done, len(text), True))
    return View("".join(parts), tuple(starts), tuple(origins))


def folded(text: str) -> View | None:
    """`text` without what cannot be seen, every digit and look-alike as ASCII; None if that changes nothing."""
    if text.isascii() or text.translate(_FOLD) == text:
        return None

    def pieces() -> Iterator[tuple[int, int, str]]:
        for match in _NOT_ASCII.finditer(text):
            char = match.group()
            read = _FOLD[ord(char)]
            if read != char:
                yield match.start(), match.end(), read

    return _build(text, pieces())


def unescaped(text: str) -> View | None:
    """`text` with one layer of JSON, URL, HTML and quoted-printable escapes undone; None if there is none."""
    if "\\" not in text and "%" not in text and "&" not in text and "=\n" not in text and "=\r" not in text:
        return None
    found = False

    def pieces() -> Iterator[tuple[int, int, str]]:
        nonlocal found
        for match in _ESCAPE.finditer(text):
            value = _decode(match.group())
            if value is not None:
                found = True
                yield match.start(), match.end(), value

    view = _build(text, pieces())
    return view if found else None


def _decode(escape: str) -> str | None:
    if escape[0] == "\\":
        kind = escape[1]
        if kind in "ux":
            digits = escape[2:].strip("{}")
            if "\\u" in digits:
                high, low = (int(part, 16) for part in digits.split("\\u"))
                return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
            code = int(digits, 16)
            return chr(code) if code <= 0x10FFFF else None
        return _SHORT.get(kind, kind)
    if escape[0] == "%":
        try:
            return unquote_to_bytes(escape).decode("utf-8")
        except UnicodeDecodeError:
            return None
    if escape[0] == "=":
        return ""
    value = html.unescape(escape)
    return None if value == escape else value


type _Origin = Callable[[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text to scan, and where its parts stand in the original."""

    text: str = field(repr=False)
    origin: _Origin = field(repr=False)


def _same(start: int, end: int) -> tuple[int, int]:
    return start, end


def _over(view: View, origin: _Origin) -> _Origin:
    return lambda start, end: origin(*view.origin(start, end))


def readings(text: str) -> Iterator[Reading]:
    """`text` itself and every reading of it that differs, at most 2 * (1 + 3)."""
    origin: _Origin = _same
    for level in range(_LEVELS + 1):
        yield Reading(text, origin)
        plain = folded(text)
        if plain is not None:
            yield Reading(plain.text, _over(plain, origin))
        view = unescaped(text) if level < _LEVELS else None
        if view is None:
            return
        text, origin = view.text, _over(view, origin)
