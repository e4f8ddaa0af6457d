"""Lists of terms: code names, project names, customers. One pass over the words of a text (Aho-Corasick)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import ahocorasick

from dlp_recognizers.hits import Hit
from dlp_recognizers.own.words import Words, with_humps_apart, words_of

_SOLID = 8
"""Letters from which on a term of several words is also looked for without its blanks."""


@dataclass(frozen=True, slots=True)
class TermList:
    """Terms that stand for one entity."""

    name: str
    entity: str
    terms: tuple[str, ...] = field(repr=False)
    score: float = 0.9


def compared(term: str) -> str:
    """The form in which a term is compared: its words, one blank between; empty if it has no letter or digit."""
    return " ".join(words_of(term).words)


def terms_of(text: str) -> Iterator[tuple[int, str]]:
    """The terms of a list with their lines: one a line; blank lines and what follows a # at a line's start or behind a
    blank are left out."""
    for number, line in enumerate(text.splitlines(), start=1):
        term = line.split(" #", 1)[0].split("\t#", 1)[0].strip()
        if term and not term.startswith("#"):
            yield number, term


class TermFinder:
    """Finds every term of some lists. Blanks, punctuation, case, accents and width make no difference; words count
    only as a whole, except in scripts that write no blanks."""

    def __init__(self, lists: Iterable[TermList]) -> None:
        self._automaton = ahocorasick.Automaton()
        found: dict[str, set[tuple[str, float, str]]] = {}
        for each in lists:
            for term in each.terms:
                for form in _forms(compared(term)):
                    found.setdefault(form, set()).add((each.entity, each.score, f"terms:{each.name}"))
        for form, entries in found.items():
            self._automaton.add_word(form, (len(form), tuple(sorted(entries))))
        self._empty = not found
        if found:
            self._automaton.make_automaton()

    def find(self, text: str, words: Words) -> Iterator[Hit]:
        """Every term in `text`, whose words are `words`."""
        if self._empty:
            return
        yield from self._in(words)
        apart = None if text.islower() else with_humps_apart(text, words)
        if apart is not None:
            yield from self._in(apart)

    def _in(self, words: Words) -> Iterator[Hit]:
        line = " " + " ".join(words.words) + " "
        starts: list[int] = []
        for last, (size, entries) in self._automaton.iter(line):
            if not starts:
                starts = _starts(words)
            first = last - size + 1
            # A form begins and ends with the blank of a border, or with a character of a script that has none.
            low, high = first + (line[first] == " "), last - (line[last] == " ")
            start, end = _place(words, starts, low, high)
            for entity, score, name in entries:
                yield Hit(start, end, entity, score, name)


def _starts(words: Words) -> list[int]:
    """Where each word begins in the line that is searched."""
    starts, at = [], 1
    for word in words.words:
        starts.append(at)
        at += len(word) + 1
    return starts


def _place(words: Words, starts: list[int], low: int, high: int) -> tuple[int, int]:
    """Where [low, high] of the line stands in the text."""
    first, last = bisect_right(starts, low) - 1, bisect_right(starts, high) - 1
    start, end = words.spans[first][0], words.spans[last][1]
    # Inside a word only where folding has kept every character's place.
    if words.spans[first][1] - start == len(words.words[first]):
        start += low - starts[first]
    if end - words.spans[last][0] == len(words.words[last]):
        end = words.spans[last][0] + high - starts[last] + 1
    return start, end


def _forms(term: str) -> Iterator[str]:
    if not term:
        return
    before = "" if _unspaced(term[0]) else " "
    after = "" if _unspaced(term[-1]) else " "
    yield f"{before}{term}{after}"
    solid = term.replace(" ", "")
    if solid != term and len(solid) >= _SOLID:
        yield f"{before}{solid}{after}"


_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\uabff\U00020000-\U0003ffff]")
"""Scripts that put no blanks between words: Thai, Lao, Burmese, Khmer, Han, kana and their neighbours."""


def _unspaced(char: str) -> bool:
    return _UNSPACED.match(char) is not None
