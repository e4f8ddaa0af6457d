from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction import occurrences
from gateway.redaction.occurrences import Origins, ValueSearch, unescape

ESCAPED = st.lists(
    st.sampled_from(
        [
            "a",
            "é",
            "🦊",
            '"',
            "\\",
            "\\\\",
            "\\n",
            '\\"',
            "\\u00e9",
            "\\ud83e\\udd8a",
            "\\ud83e",
            "\\u12",
            "\n",
            "\1",
            "\\d",
        ]
    )
).map("".join)


@given(ESCAPED)
def test_both_ways_of_decoding_agree(text: str) -> None:
    assert unescape(text) == occurrences._ESCAPE.sub(occurrences._decode, text)


@given(st.text())
def test_decoding_undoes_encoding(text: str) -> None:
    for ascii_only in (True, False):
        assert unescape(json.dumps(text, ensure_ascii=ascii_only)[1:-1]) == text


@given(ESCAPED)
def test_origins_map_every_character_both_ways(text: str) -> None:
    decoded, origins = unescape(text), Origins(text)
    starts = [origins.of(index) for index in range(len(decoded) + 1)]
    assert starts[0] == 0 and starts[-1] == len(text) and starts == sorted(set(starts))
    for index, (start, end) in enumerate(pairwise(starts)):
        assert unescape(text[start:end]) == decoded[index]
        for offset in range(start, end):
            assert origins.holding(offset) == index
            assert origins.first_at(offset) == (index if offset == start else index + 1)
    assert origins.first_at(len(text)) == len(decoded)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("anna", 1),
        ("hanna", 0),
        ("anna1", 0),
        ("anna_1", 1),
        ("(anna)", 1),
        ("anna anna", 2),
        ("Anna", 0),
        ("éanna", 0),
        ("\\nanna", 1),
    ],
)
def test_token_boundaries(text: str, count: int) -> None:
    assert len(list(ValueSearch(["anna"]).hits_through_escapes(text))) == count


def test_values_that_hold_each_other_are_all_found() -> None:
    found = {value for _, _, value in ValueSearch(["jo smith", "smith", "o sm"]).hits("jo smith")}
    assert found == {"jo smith", "smith"}
    assert list(ValueSearch([]).hits("x")) == []
