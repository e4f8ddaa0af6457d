"""Windows of the real engine: the same findings as over the whole text; an edit changes few of them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlp_recognizers.detectors import OwnDetector
from dlp_recognizers.engine import Engine, EngineSettings
from dlp_recognizers.windows import SHORTEST, WINDOW, split
from tests.dlp_recognizers import values

FILLERS = {
    "lines": "The order was packed in the warehouse and left it on the same day.\n",
    "one line": "the order was packed in the warehouse and left it on the same day. ",
    "code": "    for index, entry in enumerate(entries):\n        total += entry.weight\n\n",
    "JSON": '{"state": "packed", "boxes": [], "note": "left the warehouse", "ok": true},\n',
    "no blanks": "packed;warehouse;left;yes;",
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Without the model of names: it sees the words around a place, and so may end a name elsewhere at a border."""
    return Engine(EngineSettings(names="rules"))


def filled(name: str, size: int, rng: random.Random) -> str:
    parts, length = [], 0
    while length < size:
        # No two lines alike: cuts are chosen by what stands there.
        piece = "".join(rng.choice("aeo") if char in "aeo" else char for char in FILLERS[name])
        parts.append(piece)
        length += len(piece)
    return "".join(parts)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(FILLERS)), st.integers(0, 10_000), st.data())
def test_findings_in_windows_are_those_in_the_whole(engine: Engine, name: str, seed: int, data: st.DataObject) -> None:
    rng = random.Random(seed)
    text = filled(name, 4 * WINDOW, rng)
    # On and around the borders, where a value could be cut in two.
    borders = [edge for window in split(text) for edge in window][1:-1]
    for kind in data.draw(st.lists(st.sampled_from(values.KINDS), min_size=1, max_size=5)):
        at = rng.choice(borders) + rng.randint(-80, 80)
        text = f"{text[:at]} {kind.make(rng)} {text[at:]}"
    whole = {(hit.start, hit.end, hit.entity) for hit in engine.scan(text) if hit.score >= 0.5}
    cut = {(found.start, found.end, found.entity) for found in OwnDetector(engine).find(text) if found.score >= 0.5}
    assert cut == whole


@pytest.mark.parametrize("name", FILLERS)
def test_an_edit_changes_few_windows(name: str) -> None:
    rng = random.Random(5)
    text = filled(name, 40 * WINDOW, rng)
    known = {text[low:high] for low, high in split(text)}
    new = []
    for _ in range(30):
        at = rng.randrange(len(text))
        edited = text[:at] + rng.choice(("x", "a new line\n", "  ", "return None;")) + text[at:]
        new.append(sum(high - low for low, high in split(edited) if edited[low:high] not in known))
    new.sort()
    assert new[len(new) // 2] <= 3 * WINDOW, "in the middle"
    assert new[-1] <= 10 * WINDOW, "at worst"


def test_windows_are_neither_tiny_nor_much_more_than_the_text() -> None:
    for name in FILLERS:
        text = filled(name, 40 * WINDOW, random.Random(6))
        sizes = [high - low for low, high in split(text)]
        assert all(SHORTEST <= size <= WINDOW for size in sizes[:-1])
        assert sum(sizes) <= 1.25 * len(text), "what is scanned twice"
