"""Cuts a range of a span's text into the pieces that can be replaced without breaking JSON that the text holds."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import orjson

from gateway.redaction.occurrences import Origins, unescape

NESTING: Final = 3
"""How many layers of JSON within strings are kept valid."""

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A range that is replaced as a whole."""

    start: int
    end: int
    """Offsets into the span's text."""
    value: str = field(repr=False)
    """What the range means: decoded where it stands in a JSON string."""
    depth: int = 0
    """How many JSON strings the range is in: its replacement is escaped so many times."""
    quoted: bool = False
    """A bare JSON number: its replacement needs quotes around it."""

    def render(self, replacement: str) -> str:
        """`replacement` as it must be written in this place."""
        text = f'"{_escape(replacement)}"' if self.quoted else replacement
        for _ in range(self.depth):
            text = _escape(text)
        return text


class SpanText:
    """One span's text, looked at as JSON if it strictly is a JSON object or array."""

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text = text
        self._depth = depth
        self._tokens: list[tuple[int, int]] | None = None
        self._strings: dict[int, tuple[Origins, str, SpanText | None]] = {}
        if is_json(text):
            self._tokens = [match.span() for match in _TOKEN.finditer(text)]

    def pieces(self, start: int, end: int) -> Iterator[Piece]:
        """The pieces of the range, in order. In plain text it is one. In JSON text they are the parts of strings and
        the whole numbers that the range touches; JSON's own punctuation and literals stay. A piece never cuts an
        escape in two: it grows to hold it."""
        if self._tokens is None:
            yield Piece(start, end, self.text[start:end], self._depth)
            return
        first = bisect_left(self._tokens, start, key=lambda token: token[1])
        # By index: a slice would copy the rest of the text's tokens for every range.
        for low, high in (self._tokens[at] for at in range(first, len(self._tokens))):
            if low >= end:
                return
            if high <= start:
                continue
            if self.text[low] == '"':
                yield from self._in_string((low + 1, high - 1), max(start, low + 1), min(end, high - 1))
            else:
                yield Piece(low, high, self.text[low:high], self._depth, quoted=True)

    def hull(self, start: int, end: int) -> tuple[int, int] | None:
        """The range grown (and shrunk from punctuation) to what `pieces` would replace; None: nothing to replace."""
        pieces = list(self.pieces(start, end))
        return (pieces[0].start, pieces[-1].end) if pieces else None

    def _in_string(self, content: tuple[int, int], start: int, end: int) -> Iterator[Piece]:
        if start >= end:
            return
        base = content[0]
        offsets, decoded, inner = self._string(*content)
        low, high = offsets.holding(start - base), offsets.first_at(end - base)
        if inner is None:
            yield Piece(base + offsets.of(low), base + offsets.of(high), decoded[low:high], self._depth + 1)
            return
        for piece in inner.pieces(low, high):
            outer = (base + offsets.of(piece.start), base + offsets.of(piece.end))
            yield Piece(*outer, piece.value, piece.depth, piece.quoted)

    def _string(self, start: int, end: int) -> tuple[Origins, str, SpanText | None]:
        """Offset map, decoded text and, if that is JSON again, its own cutter, of the string content at the range."""
        known = self._strings.get(start)
        if known is None:
            raw = self.text[start:end]
            decoded = unescape(raw)
            inner = SpanText(decoded, self._depth + 1) if self._depth < NESTING and is_json(decoded) else None
            known = self._strings[start] = (Origins(raw), decoded, inner)
        return known


def is_json(text: str) -> bool:
    """Whether `text` is strictly a JSON object or array."""
    if text.lstrip(" \t\r\n")[:1] not in ("{", "["):
        return False
    try:
        orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return False
    return True


def _escape(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
