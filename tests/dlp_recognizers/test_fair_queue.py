"""Turns and bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from dlp_recognizers.fair_queue import Admission, Bounds, FairQueue

type Item = tuple[str, int, int]


def queue(done: frozenset[Item] = frozenset()) -> FairQueue[Item]:
    return FairQueue(size=lambda item: item[2], live=lambda item: item not in done)


def drain(fair: FairQueue[Item], budget: int = 0) -> list[list[Item]]:
    jobs = []
    while job := fair.pop(budget, 100):
        jobs.append(job)
    return jobs


def test_agents_take_turns_and_requests_take_turns_within_an_agent() -> None:
    fair = queue()
    fair.push("a", 1, [("a1", n, 1) for n in range(3)])
    fair.push("a", 2, [("a2", n, 1) for n in range(1)])
    fair.push("b", 3, [("b3", n, 1) for n in range(2)])
    assert [[item[0] for item in job] for job in drain(fair)] == [["a1"], ["b3"], ["a2"], ["b3"], ["a1"], ["a1"]]
    assert len(fair) == 0


def test_a_job_holds_what_fits_its_budget_and_count() -> None:
    fair = queue()
    fair.push("a", 1, [("x", n, 40) for n in range(5)])
    fair.push("a", 2, [("y", 0, 500)])
    jobs = [[item[0] for item in job] for job in drain(fair, 100)]
    assert jobs == [["x", "x"], ["y"], ["x", "x"], ["x"]], "one item goes even if it is over the budget"
    fair.push("a", 1, [("x", n, 0) for n in range(5)])
    assert len(fair.pop(100, 3)) == 3


def test_short_items_of_many_requests_share_a_job() -> None:
    fair = queue()
    for request in range(3):
        fair.push("a", request, [(f"a{request}", 0, 10)])
    fair.push("b", 9, [("b9", n, 30) for n in range(3)])
    jobs = [[item[0] for item in job] for job in drain(fair, 100)]
    assert jobs == [["a0", "b9", "b9", "b9"], ["a1", "a2"]]


def test_who_does_not_fit_keeps_the_turn() -> None:
    fair = queue()
    fair.push("a", 1, [("a1", n, 60) for n in range(2)])
    fair.push("b", 2, [("b2", n, 60) for n in range(2)])
    fair.push("c", 3, [("c3", 0, 1)])
    assert [[item[0] for item in job] for job in drain(fair, 100)] == [["a1"], ["b2", "c3"], ["a1"], ["b2"]]


def test_items_that_are_done_are_passed_over() -> None:
    fair = queue(frozenset({("x", 0, 1), ("x", 1, 1)}))
    fair.push("a", 1, [("x", 0, 1), ("x", 1, 1)])
    fair.push("b", 2, [("x", 1, 1), ("x", 2, 1)])
    assert drain(fair, 10) == [[("x", 2, 1)]]
    assert len(fair) == 0


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(0, 6)), max_size=40), st.integers(0, 9)
)
def test_nothing_is_lost_twice_or_out_of_order(pushes: Sequence[tuple[str, int, int]], budget: int) -> None:
    fair = queue()
    expected: dict[tuple[str, int], list[Item]] = {}
    for number, (agent, request, count) in enumerate(pushes):
        items = [(f"{agent}{request}", number * 10 + k, k) for k in range(count)]
        fair.push(agent, request, items)
        expected.setdefault((agent, request), []).extend(items)
    if pushes:
        agent, request, _ = pushes[0]
        fair.drop(agent, request)
        fair.drop(agent, "unknown")
        expected.pop((agent, request))
    assert len(fair) == sum(map(len, expected.values()))
    got: dict[str, list[Item]] = {}
    for job in drain(fair, budget):
        assert len(job) == 1 or sum(item[2] for item in job) <= budget
        for item in job:
            got.setdefault(item[0], []).append(item)
    assert got == {f"{a}{r}": items for (a, r), items in expected.items() if items}
    assert len(fair) == 0 and not fair._agents


def test_a_late_agent_waits_for_one_turn_of_each_other_only() -> None:
    fair = queue()
    for agent in "abc":
        for request in range(50):
            fair.push(agent, request, [(agent, n, 1) for n in range(10)])
    fair.push("late", 0, [("late", 0, 1)])
    assert "late" in [fair.pop(1, 1)[0][0] for _ in range(4)]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 50), st.booleans()), max_size=60))
def test_admission_counts_what_is_inside(steps: Sequence[tuple[str, int, bool]]) -> None:
    admission = Admission(Bounds(6, 4, 100, 60))
    inside: list[tuple[str, int]] = []
    for agent, size, leave in steps:
        if leave and inside:
            admission.leave(*inside.pop(0))
        requests = Counter(a for a, _ in inside)
        held = Counter[str]()
        for a, s in inside:
            held[a] += s
        fits = (
            len(inside) < 6
            and requests[agent] < 4
            and (not held.total() or held.total() + size <= 100)
            and (not held[agent] or held[agent] + size <= 60)
        )
        assert admission.enter(agent, size) is fits
        if fits:
            inside.append((agent, size))
        assert admission.requests == len(inside)
    for entry in inside:
        admission.leave(*entry)
    assert admission.requests == 0 and not admission._requests and not admission._bytes
