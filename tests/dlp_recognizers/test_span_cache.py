"""The cache's bound is a bound on memory, and the least recently used go first."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp_recognizers.frames import RawHit
from dlp_recognizers.span_cache import ENTRY_BYTES, SpanCache, cost


def hits(count: int) -> tuple[RawHit, ...]:
    return tuple((1000 + n, 2000 + n, "EMAIL_ADDRESS", n / 7, "email") for n in range(count))


def digest(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_the_least_recently_used_goes_first() -> None:
    cache = SpanCache(3 * ENTRY_BYTES)
    for number in range(3):
        cache.put(digest(number), ())
    assert cache.get(digest(0)) == ()
    cache.put(digest(3), ())
    assert [cache.get(digest(n)) is not None for n in range(4)] == [True, False, True, True]


def test_an_entry_above_the_bound_is_not_kept_and_evicts_nothing() -> None:
    cache = SpanCache(2 * ENTRY_BYTES)
    cache.put(digest(1), ())
    cache.put(digest(2), hits(100))
    assert len(cache) == 1 and cache.get(digest(1)) == ()
    none = SpanCache(0)
    none.put(digest(1), ())
    assert len(none) == 0 and none.get(digest(1)) is None


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5)), max_size=200), st.integers(0, 8000))
def test_accounting_is_exact_and_bounded(puts: Sequence[tuple[int, int]], bound: int) -> None:
    cache = SpanCache(bound)
    for number, count in puts:
        cache.put(digest(number), hits(count))
        stored = [cache.get(digest(n)) for n in range(21)]
        assert cache.size == sum(cost(entry) for entry in stored if entry is not None) <= bound
        assert cost(hits(count)) > bound or stored[number] == hits(count)
    cache.resize(0)
    assert (len(cache), cache.size) == (0, 0)


@pytest.mark.parametrize(("entries", "count"), [(21_800, 0), (21_900, 0), (10_000, 1), (2_000, 10)])
def test_the_accounted_size_is_the_real_one(entries: int, count: int) -> None:
    tracemalloc.start()
    try:
        cache = SpanCache(1 << 40)
        before = tracemalloc.get_traced_memory()[0]
        for number in range(entries):
            cache.put(digest(number), hits(count))
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.5 * cache.size < used < cache.size
