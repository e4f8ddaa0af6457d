"""Recognizers that people write, ready to run. Needs no Presidio, so that any process can try them on their tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import re2

from dlp_recognizers.hits import Hit
from dlp_recognizers.own.checksums import passes
from dlp_recognizers.own.document import RecognizerDocument
from dlp_recognizers.own.patterns import gate_of, program_of
from dlp_recognizers.own.terms import TermFinder, TermList
from dlp_recognizers.own.words import words_of
from dlp_recognizers.page import Page

COUNTS = 0.5
"""The score from which on a finding counts."""


@dataclass(frozen=True, slots=True)
class Context:
    """Words near a match."""

    words: tuple[str, ...]
    """Each as its folded words with blanks around."""
    required: bool
    boost: float
    before: int
    after: int

    def near(self, text: str, start: int, end: int) -> bool:
        """Whether one of the words stands near [start, end)."""
        ahead = words_of(text[max(0, start - self.before) : start]).words
        behind = words_of(text[end : end + self.after]).words
        line = f" {' '.join(ahead)} | {' '.join(behind)} "
        return any(word in line for word in self.words)


@dataclass(frozen=True, slots=True)
class CustomRecognizer:
    """One recognizer that somebody wrote."""

    name: str
    entity: str
    score: float
    patterns: tuple[str, ...]
    checksum: str
    """Empty: none."""
    context: Context | None
    allow: frozenset[str] = field(repr=False)
    terms: TermList | None

    @classmethod
    def of(cls, document: RecognizerDocument) -> CustomRecognizer:
        """The recognizer that a checked document describes."""
        name = f"own:{document.name}"
        return cls(
            name=name,
            entity=document.entity,
            score=document.score,
            patterns=document.patterns,
            checksum=document.checksum or "",
            context=_context(document),
            allow=frozenset(document.allow),
            terms=TermList(document.name, document.entity, document.deny, 0.9) if document.deny else None,
        )

    def judge(self, page: Page, start: int, end: int) -> tuple[int, int, float] | None:
        """Start, end and score of the hit that a match at [start, end) is; None if it is none."""
        value = page.text[start:end]
        bare = value.strip()
        if not bare or bare in self.allow or value in self.allow:
            return None
        start += len(value) - len(value.lstrip())
        end = start + len(bare)
        if self.checksum and not passes(self.checksum, bare):
            return None
        score = self.score
        if self.context is not None:
            near = self.context.near(page.text, start, end)
            if self.context.required and not near:
                return None
            score = min(1.0, score + self.context.boost) if near else score
        return start, end, score

    def gate(self, pattern: str) -> str:
        """A pattern that matches wherever `pattern` does, and costs less."""
        return gate_of(pattern) or pattern


def _context(document: RecognizerDocument) -> Context | None:
    given = document.context
    if given is None:
        return None
    forms = (" ".join(words_of(word).words) for word in given.words)
    words = tuple(f" {form} " for form in forms if form)
    return Context(words, given.required, given.boost, given.before, given.after)


class Trial:
    """Runs one recognizer as the engine does, for its tests: over every reading of a text."""

    def __init__(self, recognizer: CustomRecognizer) -> None:
        self._recognizer = recognizer
        self._programs: list[re2._Regexp] = [program_of(pattern) for pattern in recognizer.patterns]
        self._terms = TermFinder([recognizer.terms] if recognizer.terms else [])

    def finds(self, text: str) -> bool:
        """Whether something counts in `text`."""
        return any(hit.score >= COUNTS for hit in self._hits(text))

    def _hits(self, text: str) -> Iterator[Hit]:
        from dlp_recognizers.views import readings  # brings Presidio along, which a process without tests need not load

        for reading in readings(text):
            page = Page.of(reading.text)
            for program in self._programs:
                yield from self._matches(page, program)
            yield from self._terms.find(reading.text, words_of(reading.text))

    def _matches(self, page: Page, program: re2._Regexp) -> Iterator[Hit]:
        position = 0
        while (match := program.search(page.data, position)) is not None:
            start, end = match.span()
            verdict = self._recognizer.judge(page, start, end)
            position = max(end, start + 1)
            if verdict is not None:
                yield Hit(*verdict[:2], self._recognizer.entity, verdict[2], self._recognizer.name)
