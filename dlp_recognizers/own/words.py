"""A text as words: how lists of terms, records and documents are compared with what agents write. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
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
    found: list[str] = []
    spans: list[tuple[int, int]] = []
    parted = False
    for word, (start, end) in zip(words.words, words.spans, strict=True):
        written = text[start:end]
        cuts = [] if written.islower() or written.isupper() else [match.start() for match in _HUMP.finditer(written)]
        if not cuts:
            found.append(word)
            spans.append((start, end))
            continue
        parted = True
        for low, high in zip([0, *cuts], [*cuts, len(written)], strict=True):
            found.append(folded(written[low:high]))
            spans.append((start + low, start + high))
    return Words(found, spans) if parted else None
