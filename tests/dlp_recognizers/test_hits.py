"""How overlapping hits become one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dlp_recognizers.hits import Hit, settle
from gateway.entities import EntityGroup, group_of


def hit(start: int, end: int, entity: str, score: float = 0.9) -> Hit:
    return Hit(start, end, entity, score, "test")


def test_a_hit_inside_another_of_its_group_goes() -> None:
    outer = hit(0, 20, "CREDIT_CARD")
    assert settle([hit(2, 14, "PHONE_NUMBER"), outer]) == [outer]


def test_a_secret_swallows_the_address_inside_it() -> None:
    outer = hit(0, 40, "CONNECTION_STRING")
    assert settle([outer, hit(20, 35, "EMAIL_ADDRESS")]) == [outer]


def test_personal_data_inside_a_health_phrase_stay() -> None:
    hits = [hit(0, 40, "HEALTH_CONDITION"), hit(20, 30, "PERSON")]
    assert settle(hits) == hits


def test_a_secret_inside_personal_data_stays() -> None:
    hits = [hit(0, 40, "PERSON"), hit(20, 30, "PASSWORD")]
    assert settle(hits) == hits


def test_an_unlikely_hit_swallows_nothing() -> None:
    hits = [hit(0, 40, "CREDIT_CARD", 0.3), hit(20, 30, "PHONE_NUMBER")]
    assert settle(hits) == hits


def test_the_likelier_of_two_with_one_span_wins() -> None:
    assert settle([hit(0, 9, "PHONE_NUMBER", 0.6), hit(0, 9, "UK_NHS", 0.95)]) == [hit(0, 9, "UK_NHS", 0.95)]


def test_partial_overlaps_stay() -> None:
    hits = [hit(0, 10, "PERSON"), hit(5, 15, "EMAIL_ADDRESS")]
    assert settle(hits) == hits


ENTITIES = st.sampled_from(
    ["PERSON", "EMAIL_ADDRESS", "PASSWORD", "JWT", "HEALTH_CONDITION", "LOCATION", "MARKING_INTERNAL"]
)
HITS = st.builds(
    lambda start, size, entity, score: hit(start, start + size, entity, score),
    st.integers(0, 30),
    st.integers(1, 15),
    ENTITIES,
    st.sampled_from([0.3, 0.5, 0.9]),
)


@given(st.lists(HITS, max_size=12))
def test_nothing_that_should_go_is_lost(hits: list[Hit]) -> None:
    kept = settle(hits)
    assert set(kept) <= set(hits)
    for each in hits:
        if each.score >= 0.5:
            group = group_of(each.entity)
            allowed = {group, EntityGroup.SECRET} | (
                {EntityGroup.PERSONAL} if group is EntityGroup.ORGANISATION else set()
            )
            assert any(
                other.start <= each.start
                and each.end <= other.end
                and other.score >= 0.5
                and group_of(other.entity) in allowed
                for other in kept
            )
