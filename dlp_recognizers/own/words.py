"""A text as words: how lists of terms, records and documents are compared with what agents write. Pure."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text in the form that is compared, and where each stands."""

    words: list[str] = field(repr=False)
    spans: list[tuple[int, int]] = field(repr=False)


def words_of(text: str) -> Words:
    """Runs of letters and digits, each folded. Linear."""
    if text.isascii():
        lowered = text.lower()
        spans = [match.span() for match in _WORD.finditer(lowered)]
        return Words([lowered[start:end] for start, end in spans], spans)
    found: list[str] = []
    spans = []
    for match in _WORD.finditer(text):
        word = folded(match.group())
        if word:
            found.append(word)
            spans.append(match.span())
    return Words(found, spans)


def folded(word: str) -> str:
    """`word` without case, width, ligatures and accents: `Ｊosé` and `jose` are one."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in plain.casefold() if not unicodedata.combining(char))


def with_humps_apart(text: str, words: Words) -> Words | None:
    """The words with `BlueHeronClient` as three; None if no word is written so."""
    humps = [match.start() for match in _HUMP.finditer(text)]
    if not humps:
        return None
    starts = [start for start, _ in words.spans]
    found: list[str] = []
    spans: list[tuple[int, int]] = []
    done = 0
    for index, group in groupby(humps, key=lambda hump: bisect_right(starts, hump) - 1):
        found += words.words[done:index]
        spans += words.spans[done:index]
        start, end = words.spans[index]
        for low, high in pairwise([start, *group, end]):
            found.append(folded(text[low:high]))
            spans.append((low, high))
        done = index + 1
    return Words(found + words.words[done:], spans + words.spans[done:])
