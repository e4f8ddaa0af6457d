from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp_recognizers.own.terms import TermFinder, TermList, terms_of
from dlp_recognizers.own.words import words_of


def find(text: str, *terms: str) -> list[str]:
    finder = TermFinder([TermList("codes", "CODE_NAME", terms)])
    return sorted({text[hit.start : hit.end] for hit in finder.find(text, words_of(text))})


@pytest.mark.parametrize(
    "text",
    [
        "the Blue Heron deal", "BLUE HERON!", "blue-heron", "blue_heron_client", "blue.heron", "the blue  heron",
        "Blue\nHeron", "blueheron", "BlueHeron", "newBlueHeronService",
        "Ｂｌｕｅ Heron", "(blue) heron", "blue/heron.txt",
    ],
)  # fmt: skip
def test_every_way_to_write_it_is_found_where_it_stands(text: str) -> None:
    found = find(text, "Blue Heron")
    assert found
    assert all("lue" in each.lower() or "ｌ" in each for each in found)
    assert "the" not in "".join(found) and "deal" not in "".join(found)


@pytest.mark.parametrize("text", ["bluish heron", "blue herons", "trueblue heroner", "heron blue", "blue", ""])
def test_words_count_only_as_a_whole(text: str) -> None:
    assert find(text, "Blue Heron") == []


def test_accents_and_ligatures_make_no_difference() -> None:
    assert find("Projet Étoile et projet etoile", "projet étoile") == ["Projet Étoile", "projet etoile"]
    assert find("the ﬁrefly plan", "Firefly") == ["ﬁrefly"]
    assert find("Straße STRASSE", "straße") == ["STRASSE", "Straße"]


def test_scripts_without_blanks_have_no_borders() -> None:
    assert find("关于青鹭计划的事", "青鹭计划") == ["青鹭计划"]
    assert find("ไฟล์นกกระสาลับ", "นกกระสา") == ["นกกระสา"]
    assert find("한국푸른왜가리", "푸른왜가리") == []


def test_two_lists_and_overlapping_terms() -> None:
    finder = TermFinder(
        [TermList("a", "CODE_NAME", ("Blue Heron", "Heron")), TermList("b", "ORGANISATION_DEAL", ("blue heron",))]
    )
    text = "Blue Heron"
    found = {(hit.start, hit.end, hit.entity, hit.recognizer) for hit in finder.find(text, words_of(text))}
    assert found == {
        (0, 10, "CODE_NAME", "terms:a"), (5, 10, "CODE_NAME", "terms:a"), (0, 10, "ORGANISATION_DEAL", "terms:b"),
    }  # fmt: skip


def test_lists_have_comments_and_blank_lines() -> None:
    assert list(terms_of("# head\n\nBlue Heron   # merger\nC# team\n  Nightjar\t# x\n")) == [
        (3, "Blue Heron"), (4, "C# team"), (5, "Nightjar"),
    ]  # fmt: skip


@given(st.text(max_size=200))
def test_places_are_in_the_text(text: str) -> None:
    finder = TermFinder([TermList("a", "CODE_NAME", ("a b", "ss", "é", "ab", "İ"))])
    for hit in finder.find(text, words_of(text)):
        assert 0 <= hit.start < hit.end <= len(text)


@given(st.lists(st.sampled_from(["nightjar", "Project", "x", "-", "blue", "heron", "."]), max_size=30))
def test_a_term_between_other_words_is_always_found(words: list[str]) -> None:
    text = " ".join(words)
    assert bool(find(text, "nightjar")) is ("nightjar" in words)


def test_ten_thousand_terms_cost_no_more_than_ten() -> None:
    text = "some ordinary words about nothing in particular " * 400
    few = TermFinder([TermList("a", "CODE_NAME", tuple(f"code name {n}" for n in range(10)))])
    many = TermFinder([TermList("a", "CODE_NAME", tuple(f"code name {n}" for n in range(10_000)))])

    def seconds(finder: TermFinder) -> float:
        words = words_of(text)
        best = 9.0
        for _ in range(5):
            started = time.thread_time()
            assert not list(finder.find(text, words))
            best = min(best, time.thread_time() - started)
        return best

    assert seconds(many) < 4 * seconds(few) + 0.002
