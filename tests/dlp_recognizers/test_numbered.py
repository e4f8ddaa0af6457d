"""Checks of national numbers: whatever matches a shape, a check answers and never raises."""

from __future__ import annotations

import random

from dlp_recognizers.engine import Engine
from tests.dlp_recognizers.national_values import NATIONAL, fill


def test_a_check_answers_for_every_number_of_its_shape(engine: Engine) -> None:
    rng = random.Random(4)
    for _ in range(3000):
        # A person's number of China begins with a place; the table of places has holes.
        number = f"{rng.randint(11, 65)}{rng.randint(0, 9999):04d}{fill(rng, '19ymd####')}"
        engine.scan(f"id number {number}")
    for kind in NATIONAL:
        for _ in range(20):
            value = kind.make(rng)
            changed = "".join(rng.choice("0123456789") if char.isdigit() else char for char in value)
            engine.scan(" ".join((*kind.labels, changed)))
