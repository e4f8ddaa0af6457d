"""Counting: overlap, tokens, labels that do not count, and the row of places."""

from __future__ import annotations

import pytest

from gateway.evaluation.innocent import FalseFindings
from gateway.evaluation.score import Counts, Found, overall, score
from gateway.evaluation.words import PLACE, Label, Sample

TEXT = "Ada Maria Roe met Bo in Ulm on Monday"


def sample(*labels: Label, ignored: tuple[Label, ...] = ()) -> Sample:
    return Sample(TEXT, labels, "x:1", (), ignored)


def test_spans_overlap_and_tokens_count() -> None:
    scores = score(
        [sample(Label(0, 13, "PERSON"), Label(18, 20, "PERSON"))],
        [[Found(4, 13, "PERSON", 0.9), Found(24, 27, "PERSON", 0.9), Found(18, 20, "PERSON", 0.4)]],
        entities=["PERSON"],
        threshold=0.5,
    )
    row = scores["PERSON"]
    assert row.spans == Counts(true=1, false=1, missed=1)
    assert row.tokens == Counts(true=2, false=1, missed=2)
    assert row.covered == 0
    assert row.labelled == 2


def test_shares() -> None:
    counts = Counts(true=8, false=2, missed=8)
    assert counts.precision == 0.8
    assert counts.recall == 0.5
    assert counts.f2 == pytest.approx(5 * 0.8 * 0.5 / (4 * 0.8 + 0.5))
    assert (Counts().precision, Counts().recall, Counts().f2) == (None, None, None)


def test_in_full_means_by_whatever_entity() -> None:
    found = [[Found(0, 9, "ORGANIZATION", 1.0), Found(10, 13, "CODE_NAME", 1.0)]]
    row = score([sample(Label(0, 13, "PERSON"))], found, entities=["PERSON"], threshold=0.5)["PERSON"]
    assert (row.spans.true, row.covered) == (0, 1)


def test_findings_on_labels_without_meaning_are_neither_right_nor_false() -> None:
    scores = score(
        [sample(ignored=(Label(31, 37, "WEEKDAY"),))],
        [[Found(31, 37, "PERSON", 1.0), Found(24, 27, "PERSON", 1.0)]],
        entities=["PERSON"],
        threshold=0.5,
    )
    assert scores["PERSON"].spans == Counts(false=1)


def test_entities_that_are_not_labelled_are_not_scored() -> None:
    scores = score(
        [sample(Label(0, 13, "PERSON"))], [[Found(24, 27, "LOCATION", 1.0)]], entities=["PERSON"], threshold=0
    )
    assert set(scores) == {"PERSON"}
    assert scores["PERSON"].spans == Counts(missed=1)


def test_places_may_be_named_either_way() -> None:
    scores = score(
        [sample(Label(24, 27, "ADDRESS"))], [[Found(24, 27, "LOCATION", 1.0)]], entities=["ADDRESS"], threshold=0.5
    )
    assert scores["ADDRESS"].spans == Counts(missed=1)
    assert scores[PLACE].spans == Counts(true=1)


def test_a_label_may_stand_for_all_secrets() -> None:
    scores = score([sample(Label(0, 3, "SECRET"))], [[Found(0, 3, "API_KEY", 1.0)]], entities=["SECRET"], threshold=0.5)
    assert scores["SECRET"].spans == Counts(true=1)


def test_the_sum_over_entities() -> None:
    samples = [sample(Label(0, 13, "PERSON"), Label(24, 27, "LOCATION"))]
    scores = score(samples, [[Found(0, 3, "PERSON", 1.0)]], entities=["PERSON", "LOCATION"], threshold=0.5)
    assert overall(scores, "names", ["PERSON", "LOCATION"]).spans == Counts(true=1, missed=1)


def test_false_findings_per_thousand_lines() -> None:
    counted = FalseFindings("logs")
    counted.add("a\n" * 1500 + "b", [Found(0, 1, "X", 0.5), Found(0, 1, "Y", 0.4)], threshold=0.5)
    counted.add("c\n" * 499, [Found(0, 1, "X", 0.9)], threshold=0.5)
    assert (counted.lines, counted.found, counted.rate) == (2000, 2, 1.0)
    assert counted.as_json()["by_entity"] == {"X": 2}
    assert FalseFindings("none").rate == 0.0
