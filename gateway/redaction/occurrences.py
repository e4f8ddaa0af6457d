"""Where known values stand in a text, also where the text holds them JSON-escaped."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any, Final

import ahocorasick
import orjson

MINIMUM_LENGTH: Final = 4
"""Values shorter than this are removed only where they were found: elsewhere they are ordinary words and numbers."""
ESCAPE_DEPTH: Final = 2
"""How many layers of JSON strings within a text are looked through."""

_WIRE_WORDS: Final = """
arguments array assistant audio auto base64 boolean content data default description developer document enum
ephemeral error false file format function functions high image index input integer items json low media medium
message messages metadata minimal model name none null number object output parameters prompt properties reasoning
required result role schema source stream strict string summary system text thinking title tool tools true type user
value values
"""
WIRE_WORDS: Final = frozenset(_WIRE_WORDS.split())
"""Words of the wire formats. A value that is exactly one of them identifies nobody and stands in every request, so it
is removed where it was found and looked for nowhere else."""

_ESCAPE: Final = re.compile(
    r'\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(["\\/bfnrt]))'
)
_RAW: Final = (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
_SIMPLE: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def worth_searching(value: str) -> bool:
    """Whether `value` is removed everywhere, not only where it was found."""
    return len(value) >= MINIMUM_LENGTH and value not in WIRE_WORDS


class ValueSearch:
    """Finds every occurrence of a set of values in one pass over a text (Aho-Corasick)."""

    def __init__(self, values: Iterable[str]) -> None:
        automaton: Any = ahocorasick.Automaton()
        for value in values:
            automaton.add_word(value, value)
        self._empty = len(automaton) == 0
        automaton.make_automaton()
        self._automaton = automaton

    def hits(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and value of each occurrence at token boundaries: no letter or digit before or after it, unless
        the value itself does not begin or end with one."""
        if self._empty:
            return
        for last, value in self._automaton.iter(text):
            start, end = last + 1 - len(value), last + 1
            if start > 0 and text[start - 1].isalnum() and value[0].isalnum():
                continue
            if end < len(text) and text[end].isalnum() and value[-1].isalnum():
                continue
            yield start, end, value

    def hits_through_escapes(self, text: str) -> Iterator[tuple[int, int, str]]:
        """As `hits`, and also where the value stands JSON-escaped; offsets are those of `text` as it is."""
        if self._empty:
            return
        yield from self.hits(text)
        maps: list[Origins] = []
        view = text
        for _ in range(ESCAPE_DEPTH):
            if "\\" not in view:
                return
            outer, view = view, unescape(view)
            if view == outer:
                return
            found = list(self.hits(view))
            # The offset map is built only when something was found (or a deeper layer follows): it costs the most.
            maps.append(Origins(outer if found or "\\" in view else ""))
            for start, end, value in found:
                for layer in reversed(maps):
                    start, end = layer.of(start), layer.of(end)
                yield start, end, value


def unescape(text: str) -> str:
    """`text` with its JSON string escapes decoded; whatever is not a valid escape stays. Not for parsing."""
    if "\\" not in text:
        return text
    decoded = _decoded_at_once(text)
    return _ESCAPE.sub(_decode, text) if decoded is None else decoded


class Origins:
    """For each character of `unescape(text)`, and for its end, the offset in `text` where it comes from."""

    def __init__(self, text: str) -> None:
        ranges = [match.span() for match in _ESCAPE.finditer(text)]
        shifts = accumulate(end - start - 1 for start, end in ranges)
        self._raw = [end for _, end in ranges]
        """Where each escape ends."""
        self._decoded = [end - shift for (_, end), shift in zip(ranges, shifts, strict=True)]
        """Where the character after it stands in the decoded text."""

    def of(self, index: int) -> int:
        """The offset in `text` of the decoded text's character `index`."""
        at = bisect_right(self._decoded, index) - 1
        return index if at < 0 else self._raw[at] + index - self._decoded[at]

    def first_at(self, offset: int) -> int:
        """The first decoded character that comes from `offset` or later."""
        at = bisect_right(self._raw, offset) - 1
        index = offset if at < 0 else self._decoded[at] + offset - self._raw[at]
        # Inside the escape that follows, only its first offset has a character of its own.
        if at + 1 < len(self._decoded):
            index = min(index, self._decoded[at + 1])
        return index

    def holding(self, offset: int) -> int:
        """The decoded character whose source holds `offset`."""
        index = self.first_at(offset)
        return index if self.of(index) == offset else index - 1


def _decoded_at_once(text: str) -> str | None:
    """What a JSON parser makes of `text`, far faster than one escape at a time; None if an escape is not valid."""
    if "\1" in text:
        return None
    plain = text.replace("\\\\", "\1").replace('\\"', '"').replace('"', '\\"')
    for char, escaped in _RAW:
        if f"\\{char}" in plain:  # a backslash before a raw line end is no escape and must not become one
            return None
        plain = plain.replace(char, escaped)
    plain = plain.replace("\1", "\\\\")
    try:
        decoded = orjson.loads(f'"{plain}"')
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return None
    return decoded if isinstance(decoded, str) else None


def _decode(match: re.Match[str]) -> str:
    high, low, unit, simple = match.groups()
    if simple:
        return _SIMPLE[simple]
    if unit:
        return chr(int(unit, 16))
    return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
