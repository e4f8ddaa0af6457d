"""Counts what was found, missed and made up, for each entity, by spans and by tokens. Pure.

By spans: a label is found when a finding of its entity overlaps it; a finding that overlaps no label of its entity is
false. By tokens: each token of a label counts, and each token of a finding. Only labelled entities are scored, and a
finding on a label that means nothing to the gateway is neither right nor false.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.evaluation.words import PLACE, Label, Sample, answers

_TOKEN: Final = re.compile(r"\w+")


class Found(NamedTuple):
    """What a detector says stands at a place."""

    start: int
    end: int
    entity: str
    score: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How often."""

    true: int = 0
    """Labels found (tokens of labels that findings cover)."""
    false: int = 0
    """Findings where no such label is."""
    missed: int = 0
    """Labels not found."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.true + other.true, self.false + other.false, self.missed + other.missed)

    @property
    def precision(self) -> float | None:
        """Share of what was found that is right; None if nothing was found."""
        return _share(self.true, self.true + self.false)

    @property
    def recall(self) -> float | None:
        """Share of what is labelled that was found; None if nothing is labelled."""
        return _share(self.true, self.true + self.missed)

    @property
    def f2(self) -> float | None:
        """The F-measure that weighs recall twice as much as precision; None if there is nothing to weigh."""
        return _share(5 * self.true, 5 * self.true + 4 * self.missed + self.false)

    def as_json(self) -> dict[str, float | int | None]:
        """The counts and what follows from them."""
        shares = {"precision": self.precision, "recall": self.recall, "f2": self.f2}
        return {
            "tp": self.true,
            "fp": self.false,
            "fn": self.missed,
            **{name: None if value is None else round(value, 4) for name, value in shares.items()},
        }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class EntityScore:
    """One row of the table."""

    entity: str
    spans: Counts
    tokens: Counts
    covered: int
    """Labels all of whose letters and digits lie in findings of whatever entity: what would not leave in clear."""

    def __add__(self, other: EntityScore) -> EntityScore:
        return EntityScore(
            self.entity, self.spans + other.spans, self.tokens + other.tokens, self.covered + other.covered
        )

    @property
    def labelled(self) -> int:
        """How many labels there are."""
        return self.spans.true + self.spans.missed

    def as_json(self) -> dict[str, object]:
        """The row for programs."""
        return {
            "labelled": self.labelled,
            "covered": self.covered,
            "span": self.spans.as_json(),
            "token": self.tokens.as_json(),
        }


@dataclass(frozen=True, slots=True)
class _Row:
    """Which labels and which findings a row of the table counts."""

    name: str
    labels: frozenset[str]
    findings: frozenset[str]


def _rows(entities: Iterable[str]) -> list[_Row]:
    wanted = sorted(entities)
    rows = [_Row(entity, frozenset({entity}), answers(entity)) for entity in wanted]
    places = frozenset({"LOCATION", "ADDRESS"})
    if places & set(wanted):
        rows.append(_Row(PLACE, places, places))
    return rows


def score(
    samples: Sequence[Sample], findings: Sequence[Sequence[Found]], *, entities: Iterable[str], threshold: float
) -> dict[str, EntityScore]:
    """A score for each entity, and one for `LOCATION or ADDRESS`, from the findings of each sample, in the same order.

    Findings below `threshold` do not count. Costs labels times findings of each sample and entity: samples are pages.
    """
    rows = _rows(entities)
    total = {row.name: EntityScore(row.name, Counts(), Counts(), 0) for row in rows}
    for sample, found in zip(samples, findings, strict=True):
        counted = [each for each in found if each.score >= threshold and not _excused(each, sample.ignored)]
        if not counted and not sample.labels:
            continue
        cover = _Cover(sample.text, counted)
        tokens = sample.tokens or tuple(match.span() for match in _TOKEN.finditer(sample.text))
        for row in rows:
            gold = [label for label in sample.labels if label.entity in row.labels]
            ours = [each for each in counted if each.entity in row.findings]
            if gold or ours:
                total[row.name] += EntityScore(
                    row.name, _spans(gold, ours), _tokens(gold, ours, tokens), sum(map(cover.whole, gold))
                )
    return total


def overall(scores: Mapping[str, EntityScore], name: str, entities: Iterable[str]) -> EntityScore:
    """The sum over some entities."""
    total = EntityScore(name, Counts(), Counts(), 0)
    for entity in entities:
        total += scores[entity]
    return total


def _excused(found: Found, ignored: Sequence[Label]) -> bool:
    return any(found.start < label.end and label.start < found.end for label in ignored)


class _Cover:
    """Which characters of a text lie in findings."""

    def __init__(self, text: str, findings: Sequence[Found]) -> None:
        self._text = text
        self._marks = bytearray(len(text))
        for found in findings:
            self._marks[found.start : found.end] = b"\1" * (found.end - found.start)

    def whole(self, label: Label) -> bool:
        """Whether every letter and digit of `label` is covered."""
        return all(self._marks[at] or not self._text[at].isalnum() for at in range(label.start, label.end))


def _spans(gold: Sequence[Label], ours: Sequence[Found]) -> Counts:
    found = sum(any(_overlap(label, each) for each in ours) for label in gold)
    false = sum(not any(_overlap(label, each) for label in gold) for each in ours)
    return Counts(found, false, len(gold) - found)


def _overlap(one: Label | Found, other: Label | Found) -> bool:
    return one.start < other.end and other.start < one.end


def _tokens(gold: Sequence[Label], ours: Sequence[Found], tokens: Sequence[tuple[int, int]]) -> Counts:
    labelled, found = _touched(gold, tokens), _touched(ours, tokens)
    true = len(labelled & found)
    return Counts(true, len(found) - true, len(labelled) - true)


def _touched(spans: Sequence[Label | Found], tokens: Sequence[tuple[int, int]]) -> set[int]:
    """The tokens that overlap one of some spans."""
    touched: set[int] = set()
    at = 0
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        while at and tokens[at - 1][1] > span.start:
            at -= 1
        while at < len(tokens) and tokens[at][1] <= span.start:
            at += 1
        while at < len(tokens) and tokens[at][0] < span.end:
            touched.add(at)
            at += 1
    return touched
