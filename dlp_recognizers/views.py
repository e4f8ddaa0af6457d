"""Other readings of a text: what a model would read where a matcher sees noise. Pure.

Each reading knows where its characters came from, so that a value found in it can be cut out of the original.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.entities import html5
from urllib.parse import unquote_to_bytes

import re2

_DASHES = "‐‑‒–—―−﹘﹣－⁃"
_LOOKALIKES = dict.fromkeys(_DASHES, "-") | dict(
    zip(
        "АВСЕНІЈКМОРЅТХҮасеіјорѕухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορτυχⅼℓıɑɡʟʀᴀᴇɪᴏꞵ",
        "ABCEHIJKMOPSTXYaceijopsyxhdqwABEZHIKMNOPTYXayikvoptuxlliagLRAEIOB",
        strict=True,
    )
)
_ESCAPE = re.compile(
    r"\\(?:u\{[0-9A-Fa-f]{1,6}\}|(?:u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2})|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrtbf\"'/\\])"
    r"|(?:%[0-9A-Fa-f]{2})+|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});|=\r?\n"
)
_BLOB = re.compile(r"[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}")
"""What may be base64 (wrapped or not) or hex. Shorter ones hold fewer than twelve characters."""
_LONG = re2.compile(r"[A-Za-z0-9+/_-]{16}")
"""Whether there can be one at all: several times as fast."""
_URL_SAFE = str.maketrans("-_", "+/")
_HEX = frozenset("0123456789abcdefABCDEF")
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_LEVELS = 4
"""How many layers are undone, escapes and encodings together."""
_REACH = 4096
"""How far around a change a reading is scanned again, in characters: longer than any value but a private key."""


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
    if char in _LOOKALIKES:
        return _LOOKALIKES[char]
    if "\U000e0020" <= char <= "\U000e007e":
        return chr(ord(char) - 0xE0000)  # invisible "tag" letters, which models read
    category = unicodedata.category(char)
    if category in {"Cf", "Mn", "Me"} or char in "\u115f\u1160\u3164\uffa0\u2800\u034f":
        return ""
    if category == "Zs":
        return " "
    if category in {"Zl", "Zp"}:
        return "\n"
    digit = unicodedata.digit(char, None)
    plain = unicodedata.normalize("NFKC", char)
    if digit is not None or len(plain) > 8:
        return char if digit is None else str(digit)
    return "".join(_LOOKALIKES.get(part, part) for part in plain)


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
    if text.isascii():
        return None
    read = {char: _FOLD[ord(char)] for char in set(text) if not char.isascii()}
    changed = [char for char, value in read.items() if value != char]
    if not changed:
        return None
    found = re.compile("[" + "".join(map(re.escape, changed)) + "]").finditer(text)
    return _build(text, ((match.start(), match.end(), read[match.group()]) for match in found))


def _has_long(text: str) -> bool:
    try:
        return _LONG.search(text) is not None
    except UnicodeEncodeError:  # a lone surrogate, which re2 cannot read
        return True


def unescaped(text: str) -> View | None:
    """`text` with one layer of JSON, URL, HTML and quoted-printable escapes undone, or where there are none of base64
    and hex that hold text; None if there is neither."""
    escapes = "\\" in text or "%" in text or "&" in text or "=\n" in text or "=\r" in text
    blobs = _has_long(text)
    if not escapes and not blobs:
        return None
    # One after the other: a token that shows only once its escapes are undone may itself read as base64.
    view = _undone(text, _ESCAPE) if escapes else None
    return view or (_undone(text, _BLOB) if blobs else None)


def _undone(text: str, encoded: re.Pattern[str]) -> View | None:
    found = False

    def pieces() -> Iterator[tuple[int, int, str]]:
        nonlocal found
        for match in encoded.finditer(text):
            if encoded is _BLOB:
                parts = _blob(match.group(), match.start())
            else:
                value = _decode(match.group())
                parts = [] if value is None else [(match.start(), match.end(), value)]
            for part in parts:
                found = True
                yield part

    view = _build(text, pieces())
    return view if found else None


def _blob(blob: str, at: int) -> list[tuple[int, int, str]]:
    """The pieces of a possible blob at `at` that hold text: the whole, or else those of its lines that do."""
    value = _held("".join(blob.split()))
    if value is not None:
        return [(at, at + len(blob), value)]
    if "\n" not in blob:
        return []
    lines = ((at + match.start(), at + match.end(), _held(match.group())) for match in re.finditer(r"\S+", blob))
    return [(start, end, value) for start, end, value in lines if value is not None]


def _held(blob: str) -> str | None:
    """The text that hex or base64 (either alphabet, padded or not) holds; None if it holds none."""
    bare = blob.rstrip("=")
    for decode in (
        (bytes.fromhex, base64.b64decode) if len(bare) % 2 == 0 and _HEX.issuperset(bare) else (base64.b64decode,)
    ):
        try:
            data = decode(bare if decode is bytes.fromhex else bare.translate(_URL_SAFE) + "=" * (-len(bare) % 4))
            value = data.decode("utf-8")
        except ValueError:
            continue
        if len(value) > 8 and value.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
            return value
    return None


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
    if escape[1] == "#":
        return html.unescape(escape)
    return html5.get(escape[1:])


type _Origin = Callable[[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text to scan, and where its parts stand in the original."""

    text: str = field(repr=False)
    origin: _Origin = field(repr=False)


def _same(start: int, end: int) -> tuple[int, int]:
    return start, end


def _over(view: View, origin: _Origin, offset: int = 0) -> _Origin:
    return lambda start, end: origin(*view.origin(start + offset, end + offset))


def _zones(view: View) -> list[tuple[int, int]]:
    """The parts of a reading that lie near a change; what lies further off reads as it did before."""
    zones: list[tuple[int, int]] = []
    size = len(view.text)
    changes = [at for at, origin in zip(view.starts, view.origins, strict=True) if not origin[2]]
    # Where something was taken out without a replacement, two copied pieces meet.
    changes += [
        at
        for at, before, after in zip(view.starts[1:], view.origins, view.origins[1:], strict=False)
        if before[2] and after[2]
    ]
    if view.origins and view.origins[0][0] > 0:
        changes.append(0)
    for at in sorted(changes):
        low, high = max(0, at - _REACH), min(size, at + _REACH)
        if zones and low <= zones[-1][1]:
            zones[-1] = (zones[-1][0], high)
        else:
            zones.append((low, high))
    return zones


def _changed(view: View, origin: _Origin) -> Iterator[Reading]:
    for low, high in _zones(view):
        line = view.text.rfind("\n", max(0, low - 400), low) + 1
        low = line or low
        yield Reading(view.text[low:high], _over(view, origin, low))


def readings(text: str) -> Iterator[Reading]:
    """`text` itself, and of every reading of it that differs the parts around the differences."""
    yield Reading(text, _same)
    origin: _Origin = _same
    for level in range(_LEVELS + 1):
        plain = folded(text)
        if plain is not None:
            yield from _changed(plain, origin)
        view = unescaped(text) if level < _LEVELS else None
        if view is None:
            return
        yield from _changed(view, origin)
        text, origin = view.text, _over(view, origin)
