"""A whole value takes no word of the next cell or line with it."""

from __future__ import annotations

import pytest

from dlp_recognizers.engine import Engine

TOKEN = "sk" + "_live_" + "ujUX3YnvhlcmDpbHWH5sKH35"
URL = "https://jane:" + "KAsDJIc03tqd" + "@git.corp.example"


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("a | ", TOKEN, " | b"),
        ("a;", TOKEN, "\na;b"),
        ("first line\n", URL, "\nlast line"),
        ("by the sea.\n\t", URL, ""),
    ],
)
def test_neighbours_stay(engine: Engine, before: str, value: str, after: str) -> None:
    text = before + value + after
    hits = [hit for hit in engine.scan(text) if hit.score >= 0.5 and hit.entity in ("API_KEY", "URL_CREDENTIALS")]
    assert [text[hit.start : hit.end] for hit in hits] == [value]
    assert all(len(before) <= hit.start and hit.end <= len(before) + len(value) for hit in engine.scan(text))


def test_a_value_that_was_put_together_is_still_found(engine: Engine) -> None:
    text = f'key = "{TOKEN[:14]}" + "{TOKEN[14:]}"'
    found = [hit for hit in engine.scan(text) if hit.score >= 0.5]
    assert any(hit.start <= 7 and hit.end >= len(text) - 1 for hit in found), found
