"""Where known values stand in a text, also where the text holds them JSON-escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import ahocorasick  # type: ignore[import-not-found, import-untyped, unused-ignore]

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
        yield from self.hits(text)
        maps: list[list[int]] = []
        view = text
        for _ in range(ESCAPE_DEPTH):
            if "\\" not in view:
                return
            outer, view = view, unescape(view)
            if view == outer:
                return
            found = list(self.hits(view))
            # The offset map is built only when something was found (or a deeper layer follows): it costs the most.
            maps.append(origins(outer) if found or "\\" in view else [])
            for start, end, value in found:
                for layer in reversed(maps):
                    start, end = layer[start], layer[end]
                yield start, end, value


def unescape(text: str) -> str:
    """`text` with its JSON string escapes decoded; whatever is not a valid escape stays. Not for parsing."""
    if "\\" not in text:
        return text
    if "\\u" in text:
        return _ESCAPE.sub(_decode, text)
    # Backslashes pair up from the left of each run, so what is left after the pairs are set aside is single escapes.
    parts = text.split("\\\\")
    for letter, char in _SIMPLE.items():
        if letter != "\\":
            parts = [part.replace(f"\\{letter}", char) for part in parts]
    return "\\".join(parts)


def origins(text: str) -> list[int]:
    """For each character of `unescape(text)`, and for its end, the offset in `text` where it comes from."""
    offsets: list[int] = []
    position = 0
    for match in _ESCAPE.finditer(text):
        offsets.extend(range(position, match.start() + 1))
        position = match.end()
    offsets.extend(range(position, len(text) + 1))
    return offsets


def _decode(match: re.Match[str]) -> str:
    high, low, unit, simple = match.groups()
    if simple:
        return _SIMPLE[simple]
    if unit:
        return chr(int(unit, 16))
    return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
