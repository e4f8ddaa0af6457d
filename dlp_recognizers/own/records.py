"""Values of records in the form that is compared: what a cell of a table is, and what in a text could be one. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from dlp_recognizers.own.words import Words, words_of

type Kind = Literal["email", "number", "words"]

MOST_WORDS: Final = 6
"""Words of a value that are compared; a longer one is cut."""
MOST_PARTS: Final = 8
"""Parts that a number may be written in."""
ORDERED: Final = "="
"""Begins a value whose words count in their order alone."""
SHORTEST_NUMBER: Final = 5
SHORTEST_WORDS: Final = 6
"""Letters of a value of several words."""
_GAP: Final = frozenset(" -./:_+()\u00a0\u2011\u2013")
_EMAIL: Final = re.compile(r"[^\s@<>\"'(),;:\[\]{}=|\\]{1,64}@[^\s@<>\"'(),;:\[\]{}=|\\/?#&]{3,255}")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae"})


class Candidate(NamedTuple):
    """Something in a text that could be a value."""

    value: str
    start: int
    end: int


def kind_of(values: Sequence[str]) -> Kind:
    """What most of `values` are."""
    filled = [value for value in values if value.strip()] or [""]
    if sum("@" in value for value in filled) * 2 > len(filled):
        return "email"
    with_digits = sum(any(char.isdigit() for char in value) for value in filled)
    spaced = sum(len(words_of(value).words) > 3 for value in filled)
    return "number" if with_digits * 2 > len(filled) and spaced * 2 < len(filled) else "words"


def forms_of(value: str, kind: Kind) -> list[str]:
    """What is stored for a cell; empty if the value is too short or too common a form to prove anything."""
    if kind == "email":
        plain = _plain_email(value)
        return [plain] if _EMAIL.fullmatch(plain) else []
    if kind == "number":
        number = "".join(words_of(value).words)
        return [number] if len(number) >= SHORTEST_NUMBER and any(char.isdigit() for char in number) else []
    forms = []
    for written in {value, value.casefold().translate(_UMLAUTS)}:
        words = words_of(written).words[:MOST_WORDS]
        if len(words) > 1 and sum(map(len, words)) >= SHORTEST_WORDS:
            forms.append(in_order(words))
    return sorted(set(forms))


def in_order(words: Sequence[str]) -> str:
    """Words in an order of their own, so that `Doe, Jane` is `Jane Doe`; but `To Anna` is not `Anna To`."""
    return ORDERED + " ".join(words) if _is_brief(words) else " ".join(sorted(words))


def _is_brief(words: Sequence[str]) -> bool:
    """Whether these are two words of which one has one or two letters: every text is full of `An`, `Do` and `To`."""
    return len(words) == 2 and min(map(len, words)) <= 2


def _plain_email(value: str) -> str:
    return unicodedata.normalize("NFKC", value).strip().casefold()


def emails_in(text: str) -> Iterator[Candidate]:
    """Every e-mail address of `text`, each also without a dot or dash at its end."""
    if "@" not in text:
        return
    for match in _EMAIL.finditer(text):
        value = match.group().rstrip(".-_!?*`")
        yield Candidate(_plain_email(value), match.start(), match.start() + len(value))


def numbers_in(text: str, words: Words, lengths: frozenset[int]) -> Iterator[Candidate]:
    """Every run of a few parts that has a digit and, without what stands between, a length of `lengths`."""
    longest = max(lengths, default=0)
    parts, spans = words.words, words.spans
    digits = [not part.isalpha() for part in parts]
    for first in range(len(parts)):
        if not any(digits[first : first + 3]):
            continue
        size, digit, value = 0, False, ""
        for last in range(first, min(first + MOST_PARTS, len(parts))):
            if last > first and not _joined(text, spans[last - 1][1], spans[last][0]):
                break
            value += parts[last]
            size = len(value)
            digit = digit or digits[last]
            if size > longest:
                break
            if digit and size in lengths:
                yield Candidate(value, spans[first][0], spans[last][1])


def _joined(text: str, end: int, start: int) -> bool:
    """Whether what stands between two parts may stand within a number."""
    return start - end <= 2 and all(char in _GAP for char in text[end:start])


def phrases_in(text: str, words: Words, known: Sequence[bool], sizes: frozenset[int]) -> Iterator[Candidate]:
    """Every run of as many words as `sizes` says, all of them `known`, with little between them."""
    spans, parts = words.spans, words.words
    longest = max(sizes, default=0)
    for first, begins in enumerate(known):
        if not begins:
            continue
        for last in range(first + 1, min(first + longest, len(parts))):
            if not known[last] or not _beside(text, spans[last - 1][1], spans[last][0]):
                break
            run = parts[first : last + 1]
            if len(run) in sizes and not (_is_brief(run) and not _capital(text, spans[first], spans[last])):
                yield Candidate(in_order(run), spans[first][0], spans[last][1])


def _beside(text: str, end: int, start: int) -> bool:
    """Whether two words may belong together: blanks, commas, quotes or marks between, at most one line end."""
    between = text[end:start]
    return len(between) <= 6 and between.count("\n") <= 1


def _capital(text: str, *spans: tuple[int, int]) -> bool:
    """Whether every word of one or two letters among these begins with a capital."""
    return all(text[start].isupper() for start, end in spans if end - start <= 2)
