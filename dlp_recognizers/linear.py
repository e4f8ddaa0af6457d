"""Recognizers whose patterns run in linear time (RE2) and whose judgement is a plain function.

They are Presidio recognizers, so that an `AnalyzerEngine` can hold them; the engine of this package calls `find`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import re2
from presidio_analyzer import EntityRecognizer, RecognizerResult

from dlp_recognizers.hits import Hit
from dlp_recognizers.page import Page

type Verdict = tuple[int, int, float] | None
"""Start, end and score of a hit; None: what matched is no hit."""
type Judge = Callable[[Page, int, int], Verdict]
"""Looks at one match, given its start and end. Must cost no more than a bound that does not depend on the text."""


def compiled(pattern: str) -> re2._Regexp:
    """The RE2 program of `pattern` over the bytes of a page: Latin-1, no captures."""
    return re2.compile(pattern.encode("latin-1"), options())


def options(*, memory: int = 64 << 20) -> re2.Options:
    """RE2 options for a page: one byte is one character. `memory` bounds the automaton, in bytes."""
    chosen = re2.Options()
    chosen.encoding = re2.Options.Encoding.LATIN1
    chosen.never_capture = True
    chosen.log_errors = False
    chosen.max_mem = memory
    return chosen


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to write an entity."""

    name: str
    regex: str
    """RE2 syntax over Latin-1."""
    score: float = 0.0
    """The hit's score when there is no judge."""
    judge: Judge | None = None
    retry: bool = False
    """Search on one character after the start of a rejected match instead of after its end. Only for patterns whose
    matches are short: the cost is their length times the text's."""
    gate: str = ""
    """A cheaper pattern that matches in every text in which `regex` does; empty: `regex` itself."""


class LinearRecognizer(EntityRecognizer):
    """A recognizer made of shapes for one entity."""

    def __init__(self, entity: str, shapes: Sequence[Shape], *, name: str) -> None:
        super().__init__(supported_entities=[entity], name=name, supported_language="en")
        self.entity = entity
        self.label = name
        self.shapes = tuple(shapes)
        self._programs = {shape.name: compiled(shape.regex) for shape in self.shapes}
        if len(self._programs) != len(self.shapes):
            raise ValueError(f"{name}: two shapes have the same name")

    def load(self) -> None:
        """Nothing to load."""

    def find(self, page: Page, shape: Shape) -> Iterator[Hit]:
        """Every hit of one of this recognizer's shapes, in order."""
        search, data, judge, position = self._programs[shape.name].search, page.data, shape.judge, 0
        while (match := search(data, position)) is not None:
            start, end = match.span()
            verdict = (start, end, shape.score) if judge is None else judge(page, start, end)
            if verdict is None:
                position = start + 1 if shape.retry else max(end, start + 1)
                continue
            position = max(verdict[1], start + 1)
            yield Hit(verdict[0], verdict[1], self.entity, verdict[2], self.label)

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: object = None, regex_flags: int | None = None
    ) -> list[RecognizerResult]:
        """Presidio's entry: the hits of every shape."""
        page = Page.of(text)
        hits = (hit for shape in self.shapes for hit in self.find(page, shape))
        return [RecognizerResult(hit.entity, hit.start, hit.end, hit.score) for hit in hits]


def worded(words: str) -> str:
    """A pattern for some words as a page spells them: `\\b` also stands beside an underscore, a blank or hyphen is a
    blank, hyphen or underscore (`tax id`, `tax_id`), and letters that Latin-1 lacks are those that a page puts in
    their place.
    """
    spelt = _JOINT.sub(lambda match: match.group(1) or "[ _-]", Page.of(words).data.decode("latin-1"))
    return f"(?:{spelt})".replace(r"\b", r"(?:\b|_)")


_JOINT = re.compile(r"(\[[^\]]*\]|\\.)|[ -]")
"""A blank or hyphen outside a class of characters."""


class Near:
    """Whether one of some words stands near a place."""

    def __init__(self, words: str, *, before: int = 60, after: int = 24) -> None:
        self._program = compiled(f"(?i){worded(words)}")
        self._before = before
        self._after = after

    def __call__(self, page: Page, start: int, end: int) -> bool:
        """True if a word stands up to `before` characters ahead of `start` or `after` characters behind `end`."""
        # Slices, because an end anchor means the end of what is searched, and RE2's own bounds do not move it.
        if self._program.search(page.data[max(0, start - self._before) : start]) is not None:
            return True
        return self._after > 0 and self._program.search(page.data[end : end + self._after]) is not None
