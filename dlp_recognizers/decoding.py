"""From probabilities of words to names: which stretches are one, and which of them are better left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dlp_recognizers import gazetteer as gz
from dlp_recognizers.tagger import KINDS, TAGS, Floats

THRESHOLDS = {"PERSON": 0.40, "LOCATION": 0.45, "ORGANIZATION": 0.55, "ADDRESS": 0.5}
"""The least probability of a kind for a word to count as a part of such a name."""
_LIMITS = np.array([THRESHOLDS[kind] for kind in KINDS], dtype=np.float32)
_GLUE_BEFORE = frozenset("_@#$\\%/&=~^`<")
_GLUE_AFTER = frozenset("_([@=\\/{")
_SURE = 0.9
_SUPPORT = 1.7
_PLAIN = gz.WORD | gz.NOUN | gz.DEMONYM | gz.FREQUENT
_STARTS = np.array([tag[0] in "BU" for tag in TAGS])
_PLACES = gz.PLACE | gz.BIG_PLACE | gz.COUNTRY


@dataclass(frozen=True, slots=True)
class Line:
    """A text as the network read it."""

    text: str = field(repr=False)
    words: list[str] = field(repr=False)
    places: list[re.Match[str]] = field(repr=False)
    bits: Sequence[int] = field(repr=False)


_LONGEST_WORD = 32
"""Letters. No word of a name is longer."""


@dataclass(frozen=True, slots=True)
class Name:
    """A stretch of words [first, last] that is one name."""

    first: int
    last: int
    kind: str
    chance: float


def names(line: Line, chances: Floats) -> Iterator[Name]:
    """Every name that the network is sure enough of and nothing else speaks against."""
    for name in _stretches(chances, _supported(line.bits)):
        trimmed = _trimmed(line, name)
        if trimmed is None or max(map(len, line.words[trimmed.first : trimmed.last + 1])) > _LONGEST_WORD:
            continue  # base64, a hash, a line of a matrix
        if not _doubtful(line, trimmed):
            yield trimmed


def by_kind(chances: Floats) -> Floats:
    """The probability of each kind for each word, whatever the place in the name."""
    return np.asarray(chances[:, 1:].reshape(len(chances), len(KINDS), 4).sum(axis=2), dtype=np.float32)


def _supported(bits: Sequence[int]) -> Floats:
    """How much likelier a word is a person's because a list knows it as a name and no language as a plain word."""
    known = np.fromiter(bits, dtype=np.int64, count=len(bits))
    named = ((known & gz.NAME_BITS) != 0) & ((known & (_PLAIN | _PLACES)) == 0)
    return np.where(named, np.float32(_SUPPORT), np.float32(1.0)).astype(np.float32)


def _stretches(chances: Floats, support: Floats) -> Iterator[Name]:
    kinds = by_kind(chances)
    kinds[:, 0] = np.minimum(kinds[:, 0] * support, 1.0)
    best = kinds.argmax(axis=1)
    sure = kinds[np.arange(len(kinds)), best]
    inside: NDArray[np.intp] = np.nonzero(sure >= _LIMITS[best])[0]
    starts = chances[:, _STARTS].reshape(len(chances), len(KINDS), 2).sum(axis=2)
    first = last = -2
    total = 0.0
    for index in inside.tolist():
        kind = best[index]
        if index == last + 1 and best[last] == kind and starts[index, kind] < 0.5 * kinds[index, kind]:
            last, total = index, total + float(sure[index])
            continue
        if first >= 0:
            yield Name(first, last, KINDS[best[first]], total / (last - first + 1))
        first = last = index
        total = float(sure[index])
    if first >= 0:
        yield Name(first, last, KINDS[best[first]], total / (last - first + 1))


def _trimmed(line: Line, name: Name) -> Name | None:
    """The name without the marks, line ends and titles at its ends."""
    first, last = name.first, name.last
    while first <= last and (
        not line.words[first][0].isalnum() or (name.kind == "PERSON" and _titled(line, first, last))
    ):
        first += 1
    while last >= first and not line.words[last][-1].isalnum():
        last -= 1
    if first > last or all(word.isdigit() for word in line.words[first : last + 1]):
        return None
    if name.kind == "PERSON" and any(word[0] == "\n" for word in line.words[first:last]):
        last = next(at for at in range(first, last) if line.words[at][0] == "\n") - 1
        return _trimmed(line, Name(first, last, name.kind, name.chance))
    return Name(first, last, name.kind, name.chance)


def _titled(line: Line, first: int, last: int) -> bool:
    return first < last and bool(line.bits[first] & gz.HONORIFIC) and not line.bits[first] & gz.COMMON_FIRST


def _doubtful(line: Line, name: Name) -> bool:
    """Whether the stretch is rather a word of code or a plain word than a name."""
    start, end = line.places[name.first].start(), line.places[name.last].end()
    before = line.text[start - 1] if start else " "
    after = line.text[end] if end < len(line.text) else " "
    following = line.text[end + 1] if end + 1 < len(line.text) else " "
    glued = (
        before in _GLUE_BEFORE or after in _GLUE_AFTER or (before == "." and line.text[start - 2 : start - 1].isalnum())
    )
    glued = (
        glued
        or (after in ".-:" and following.isalnum() and name.kind != "ADDRESS")
        or (after == ":" and following == ":")
    )
    words, bits = line.words[name.first : name.last + 1], line.bits[name.first : name.last + 1]
    if name.kind == "ADDRESS":
        return glued or not _postal(words, bits)
    if glued and (len(words) == 1 or before == "_" or after in "_([="):
        return True
    if any(_camel(word) for word in words):
        return True
    if len(words) == 1:
        return _lonely(line, name, bits[0])
    if name.kind == "ORGANIZATION" and all(bit & _PLAIN for bit in bits) and not bits[-1] & gz.ORG_WORD:
        return True
    lower = all(word.islower() or not word.isalpha() for word in words)
    return lower and all(bit & _PLAIN or not word.isalpha() for word, bit in zip(words, bits, strict=True))


def _postal(words: Sequence[str], bits: Sequence[int]) -> bool:
    """A number, and a word that may be a street's or a town's: account numbers and dates have neither."""
    spoken = any(
        word.isalpha() and len(word) > 2 and (not word.isupper() or bit & (gz.STREET | gz.PLACE))
        for word, bit in zip(words, bits, strict=True)
    )
    return spoken and len(words) > 1 and any(word[0].isdigit() for word in words)


def _camel(word: str) -> bool:
    """`getName`, `HTTPServer2`, but not McDonald or DiMaggio."""
    return (word[0].islower() and any(char.isupper() for char in word)) or (
        any(c.isdigit() for c in word) and len(word) > 1
    )


def _lonely(line: Line, name: Name, bits: int) -> bool:
    """Doubts about a name of one word."""
    word = line.words[name.first]
    if len(word) < 2 or (len(word) < 3 and not bits & (gz.NAME_BITS | gz.COUNTRY)):
        return True
    if name.kind == "PERSON":
        return _lonely_person(line, name, bits, word)
    if name.kind == "LOCATION":
        if bits & _PLAIN and not bits & _PLACES:
            return True
        return word.islower() and (not bits & _PLACES or bool(bits & gz.WORD))
    if word.isupper() and len(word) > 2 and not bits & (gz.ORG_NAME | gz.ORG_WORD) and name.chance < 0.99:
        return True  # constants and initials of anything
    plain = bool(bits & _PLAIN) and not bits & gz.ORG_NAME
    return word.islower() or (plain and (name.chance < _SURE or bool(bits & (gz.FREQUENT | gz.ORG_WORD))))


def _lonely_person(line: Line, name: Name, bits: int, word: str) -> bool:
    previous = _before(line, name.first)
    if previous >= 0 and line.bits[previous] & gz.HONORIFIC:
        return False
    if word.islower():
        return bool(bits & gz.WORD) or not bits & (gz.FIRST | gz.LAST)
    if not bits & gz.NAME_BITS:
        return name.chance < _SURE or bool(bits & _PLAIN)
    if bits & (gz.FREQUENT | gz.DEMONYM) or (bits & _PLAIN and not bits & (gz.COMMON_FIRST | gz.COMMON_LAST)):
        return name.chance < 0.8
    return False


def _before(line: Line, index: int) -> int:
    """The word before, a full stop left out."""
    index -= 1
    return index - 1 if index >= 1 and line.words[index] == "." else index
