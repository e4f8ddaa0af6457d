"""Readings of a text: what they say, and that every part of one points at its own origin."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp_recognizers.page import Page
from dlp_recognizers.views import View, folded, readings, unescaped


def test_plain_text_has_one_reading() -> None:
    assert [reading.text for reading in readings("plain text, nothing else")] == ["plain text, nothing else"]


def test_text_without_anything_to_fold_has_one_reading() -> None:
    assert [reading.text for reading in readings("größer, naïve")] == ["größer, naïve"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a\u200bb", "ab"),
        ("１２\u00a0３", "12 3"),
        ("٤٥", "45"),
        ("раypal", "paypal"),
        ("1\u20112", "1-2"),
        ("ﬁn", "fin"),
        ("\U000e0041\U000e0042x", "ABx"),
        ("e\u0301", "e"),
    ],
)
def test_folding(text: str, read: str) -> None:
    view = folded(text)
    assert view is not None
    assert view.text == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"a\nb\t\"c\"\/", 'a\nb\t"c"/'),
        (r"\u0041\ud83d\ude00", "A😀"),
        (r"\x41\u{42}", "AB"),
        ("a%40b%C3%A9", "a@bé"),
        ("&lt;&#65;&#x42;&gt;", "<AB>"),
        ("soft=\nbreak", "softbreak"),
        ("100%ff is no text", None),
        ("&nothing; here", None),
        ("just \\ and % and &", None),
    ],
)
def test_unescaping(text: str, read: str | None) -> None:
    view = unescaped(text)
    assert (None if view is None else view.text) == read


def points_at_itself(text: str, view: View) -> None:
    last = 0
    for start in range(len(view.text)):
        low, high = view.origin(start, start + 1)
        assert 0 <= low < high <= len(text)
        assert low >= last or low == view.origin(start - 1, start)[0]
        last = low
        if view.text[start] == text[low] and high == low + 1:
            continue
        inner = folded(text[low:high]) or unescaped(text[low:high])
        assert inner is not None
        assert view.text[start] in inner.text
    if view.text:
        low, high = view.origin(0, len(view.text))
        assert 0 <= low < high <= len(text)


ODD = st.text(
    alphabet=st.one_of(st.sampled_from('ab1 \\un"/%&#;x4=\n\u200b\u00ad\u202e１٤аﬁé😀\u0301'), st.characters()),
    max_size=60,
)


@given(ODD)
def test_every_part_of_a_folded_text_points_at_its_origin(text: str) -> None:
    view = folded(text)
    if view is not None:
        assert view.text != text
        points_at_itself(text, view)


@given(ODD)
def test_every_part_of_an_unescaped_text_points_at_its_origin(text: str) -> None:
    view = unescaped(text)
    if view is not None:
        points_at_itself(text, view)


@given(ODD, ODD, st.integers(min_value=0, max_value=3))
def test_a_value_in_layers_of_json_maps_back_to_where_it_stands(before: str, after: str, layers: int) -> None:
    wrapped: str = f"{before} MARK\u00e9MARK {after}".encode("utf-8", "replace").decode()
    for _ in range(layers):
        wrapped = json.dumps(wrapped)
    places = {
        reading.origin(at, at + 9) for reading in readings(wrapped) if (at := reading.text.find("MARK\u00e9MARK")) >= 0
    }
    assert places
    for low, high in places:
        assert wrapped[low:].startswith("MARK")
        assert wrapped[:high].endswith("MARK")


@given(st.text(max_size=80))
def test_a_page_has_one_byte_for_each_character(text: str) -> None:
    page = Page.of(text)
    assert len(page.data) == len(text)
    assert all(char == chr(byte) for char, byte in zip(text, page.data, strict=True) if char.isascii())
