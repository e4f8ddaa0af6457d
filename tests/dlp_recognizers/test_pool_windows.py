"""Windows against the whole text: what is planted anywhere is found once, in its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp_recognizers.frames import RawHit
from dlp_recognizers.local import LocalScanner
from dlp_recognizers.windows import GROWTH, OVERLAP, WINDOW, Window, merge, split
from gateway.model import TextSpan
from tests.dlp_recognizers.fake_engines import FakeEngine

FILLERS = ("lorem ipsum dolor ", "x" * 40 + " ", "a,b;", "é🙂 ", "\n", "01 ")


def mark(text: str, start: int, entity: str = "MARK") -> list[RawHit]:
    return [(m.start() + start, m.end() + start, entity, 0.5, "r") for m in re.finditer(r"MARK(?: ?\d+)+", text)]


def windowed(text: str) -> tuple[RawHit, ...]:
    windows = split(text)
    return merge(windows, [mark(text[w.start : w.end], 0) for w in windows])


def pad(filler: str, length: int) -> str:
    return (filler * (length // len(filler) + 1))[:length]


@given(st.sampled_from(FILLERS), st.lists(st.integers(0, 40_000), min_size=1, max_size=8), st.integers(0, 20_000))
def test_planted_values_are_found_exactly_once(filler: str, positions: Sequence[int], rest: int) -> None:
    text = pad(filler, max(positions) + rest)
    for number, at in enumerate(sorted(positions, reverse=True)):
        # With blanks inside: windows may begin and end in the middle of it.
        text = text[:at] + f" MARK {number}234 5678 9012 3456. " + text[at:]
    assert windowed(text) == tuple(mark(text, 0))


@pytest.mark.parametrize("filler", ["word ", "x", "a,"])
def test_every_position_around_a_border(filler: str) -> None:
    value = " MARK 1234 5678 "
    border = split(pad(filler, 3 * WINDOW))[0].end
    for at in range(border - OVERLAP - 300, border + 40):
        text = pad(filler, at) + value + pad(filler, 3 * WINDOW - at)
        assert windowed(text) == ((at + 1, at + 15, "MARK", 0.5, "r"),)


@given(st.text(st.sampled_from("ab \n,-é"), max_size=50), st.integers(1, 3000))
def test_windows_cover_the_text_and_overlap(piece: str, times: int) -> None:
    text = piece * times
    windows = split(text)
    assert windows[0].start == 0 and windows[-1].end == len(text)
    for before, after in pairwise(windows):
        assert before.start < after.start <= before.end - OVERLAP < before.end < after.end
    assert all(end - start <= WINDOW + GROWTH for start, end in windows)


def test_a_short_text_is_one_window() -> None:
    assert split("") == (Window(0, 0),)
    assert split("x" * WINDOW) == (Window(0, WINDOW),)


@pytest.mark.parametrize("before", [0, 100, WINDOW // 2, WINDOW - 100, WINDOW - 12, WINDOW - 5, WINDOW + 100])
@pytest.mark.parametrize("lines", [10, 200, 900])
async def test_a_key_block_is_in_one_window(before: int, lines: int) -> None:
    block = "-----BEGIN " + "KEY-----\n" + ("A" * 64 + "\n") * lines + "-----END " + "KEY-----"
    text = pad("word ", before) + block + pad(" word", 2 * WINDOW)
    result = await LocalScanner(FakeEngine({})).scan([TextSpan("", text)], agent="a")
    assert [(f.start, f.end, f.entity) for f in result.findings] == [(before, before + len(block), "PRIVATE_KEY")]


@pytest.mark.parametrize("length", [600, 3000, 20_000])
def test_a_long_token_is_in_one_window(length: int) -> None:
    for at in range(WINDOW - length - 50, WINDOW + 50, max(1, length // 37)):
        text = pad("a, ", max(at, 0)) + " " + "T" * length + " " + pad("a, ", WINDOW)
        start = text.index("T")
        assert any(w.start <= start and start + length <= w.end for w in split(text))


def test_a_hostile_text_is_cut_in_linear_time() -> None:
    for text in ("x" * 4_000_000, "-----BEGIN " * 400_000, "\n" * 4_000_000, "ab," * 1_300_000):
        windows = split(text)
        assert sum(end - start for start, end in windows) < 3 * len(text)


def test_merge_keeps_nested_hits_and_drops_fragments() -> None:
    windows = (Window(0, 100), Window(80, 200))
    outer, inner = (82, 98, "HEALTH_CONDITION", 0.6, "u"), (85, 90, "EMAIL_ADDRESS", 0.5, "e")
    both = [(2, 18, "HEALTH_CONDITION", 0.7, "u"), (5, 10, "EMAIL_ADDRESS", 0.5, "e")]
    assert merge(windows, [[outer, inner], both]) == ((82, 98, "HEALTH_CONDITION", 0.7, "u"), inner)
    iban = (90, 120, "IBAN", 0.5, "i")
    cut = (90, 100, "PHONE", 0.9, "p")
    assert merge(windows, [[cut], [(10, 40, "IBAN", 0.5, "i")]]) == (iban,)
    # Nothing is cut here: the first window knew something that the second did not, perhaps from what stands before.
    person, password = (85, 99, "PERSON", 0.5, "n"), (88, 95, "PASSWORD", 0.9, "s")
    assert merge(windows, [[password], [(5, 19, "PERSON", 0.5, "n")]]) == (person, password)
    # Neither contains the other: both stay.
    assert merge(windows, [[(85, 100, "PHONE", 0.9, "p")], [(10, 40, "IBAN", 0.5, "i")]]) == (
        (85, 100, "PHONE", 0.9, "p"),
        iban,
    )


def test_lines_are_left_whole_where_there_are_lines() -> None:
    line = "a line of some seventy characters with blanks in it, as prose would have\n"
    for start, end in split(line * 400):
        assert start % len(line) == 0 and end % len(line) == 0


@pytest.mark.parametrize("blanks", [False, True], ids=["a token", "with blanks"])
def test_an_escaped_value_stands_whole_in_some_window(blanks: bool) -> None:
    # JSON in a string in JSON, every character escaped, as some clients write it: 36 code points for one.
    value = "".join(rf"\u005c\u0075\u0030\u0030\u00{ord(char):02x}"[:36] for char in "A" * 38)
    if blanks:
        value = " ".join(value[at : at + 360] for at in range(0, len(value), 360))
    for at in range(0, 2 * WINDOW, 97):
        text = pad("word ", at) + value + pad(" word", 2 * WINDOW)
        assert any(w.start <= at and w.end >= at + len(value) for w in split(text)), at
