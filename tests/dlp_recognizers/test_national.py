"""National numbers: found with their words in every carrier, quiet without them, checksums as published."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from dlp_recognizers import national, national_east, national_north, national_world, presidio_set
from dlp_recognizers.engine import Engine
from dlp_recognizers.numbered import Number
from tests.dlp_recognizers.kinds import BARE_CARRIERS, CARRIERS, Kind, coverage
from tests.dlp_recognizers.national_values import NATIONAL

TABLES = (national, national_north, national_east, national_world, presidio_set)
NUMBERS = [number for module in TABLES for number in module.NUMBERS]


@pytest.mark.parametrize("kind", NATIONAL, ids=lambda kind: kind.make.__name__)
def test_recall_in_every_carrier(engine: Engine, kind: Kind) -> None:
    found, named, total = coverage(engine, kind, seeds=range(6))
    carriers = CARRIERS if kind.labels else BARE_CARRIERS
    assert total == 6 * len(carriers)
    assert found >= 0.97 * total
    assert named >= 0.8 * total, "another country's number may win now and then, not as a rule"


@pytest.mark.parametrize("kind", [kind for kind in NATIONAL if kind.labels], ids=lambda kind: kind.make.__name__)
def test_without_its_word_a_column_of_them_is_nothing(engine: Engine, kind: Kind) -> None:
    rng = random.Random(4)
    values = [str(int("".join(filter(str.isdigit, kind.make(rng)))) + step) for step in range(20)]
    text = "\n".join(f"{value} {rng.randint(10, 10**6)} {rng.random():.6f}" for value in values)
    hits = [hit for hit in engine.scan(text) if hit.entity == kind.entity and hit.score >= 0.5]
    assert len(hits) <= 2


PUBLISHED: tuple[tuple[Callable[[str], bool], str, bool], ...] = (
    (national.es_nss, "281234567840", True),
    (national.es_nss, "281234567841", False),
    (national.pt_niss, "11234567892", True),
    (national.lu_matricule, "1893120105732", True),
    (national.lu_matricule, "1893120105733", False),
    (national_east.hu_taj, "111111110", True),
    (national_east.hu_taj, "111111111", False),
    (national_east.hu_ado, "8071592153", True),
    (national_east.hu_ado, "8071592154", False),
    (national_east.pl_card, "ABA300000", True),
    (national_east.pl_card, "ABA300001", False),
    (national_north.lv_personas, "16117519997", True),
    (national_world.us_npi, "1234567893", True),
    (national_world.us_npi, "1234567890", False),
    (national_world.aadhaar, "234123412346", True),
    (national_world.aadhaar, "234123412347", False),
    (national_world.nric, "S0000001I", True),
    (national_world.nric, "S0000001J", False),
    (national_world.au_medicare, "2123456701", True),
    (national_world.au_medicare, "2123456711", False),
)


@pytest.mark.parametrize(("check", "value", "right"), PUBLISHED)
def test_checksums(check: Callable[[str], bool], value: str, right: bool) -> None:
    assert check(value) is right


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.entity)
def test_a_number_says_when_it_is_one(number: Number) -> None:
    """Without a checksum only a shape that nothing else has may stand alone; everything else needs a word."""
    assert number.words
    if number.valid is None and number.alone:
        assert number.entity in {"US_ITIN", "US_MBI", "UK_NINO"}
