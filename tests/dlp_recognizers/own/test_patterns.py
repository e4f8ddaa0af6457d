"""Which patterns are refused, why, and that what is taken runs in linear time behind a gate that loses nothing."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from dlp_recognizers.own.patterns import fault_of, gate_of, program_of, slow_on

REFUSED = {
    r"(?=a)b": "pattern-syntax",
    r"(?<!x)secret": "pattern-syntax",
    r"(a)\1": "pattern-syntax",
    r"(": "pattern-syntax",
    r"a{2000}": "pattern-syntax",
    r"(?:a{100}){100}": "pattern-syntax",
    r"x*": "pattern-empty",
    r"\b": "pattern-empty",
    r"(?:AB-[0-9]+)?": "pattern-empty",
    r"^": "pattern-empty",
    r"[0-9]{800}[a-z]{900}[A-Z]{900}[.]{900}[-]{900}": "pattern-large",
    r"\w+": "pattern-everywhere",
    r"[a-z]{3,}": "pattern-everywhere",
    r".": "pattern-everywhere",
    r"[a-z].{100}foo": "pattern-states",
    r"e.{200}x": "pattern-states",
    "Zürichż": "pattern-script",
    "прое́кт": "pattern-script",
}


@pytest.mark.parametrize(("pattern", "code"), REFUSED.items(), ids=lambda value: str(value)[:24])
def test_refused_with_a_reason_and_a_fix(pattern: str, code: str) -> None:
    fault = fault_of(pattern)
    assert fault is not None
    assert fault.code == code
    assert fault.message
    assert fault.fix


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bAB-[0-9]{6}\b",
        r"(?i)proj-\w+",
        r"[0-9]{9}",
        r"\b[A-Z]{2}[0-9]{4,8}\b",
        r"é[0-9]{3}",
        r"\b\d{3}-\d{4}-[A-Z]\b",
    ],
)
def test_ordinary_ones_are_taken(pattern: str) -> None:
    assert fault_of(pattern) is None
    assert not slow_on(pattern, ("AB-123456",))


def test_what_has_to_look_ahead_again_and_again_is_slow() -> None:
    assert slow_on(r"aq.*z|aq", ("aq",))


def test_no_pattern_is_searched_after_a_refusal_could_have_hung() -> None:
    # The classic of backtracking engines: RE2 takes it in its stride, and so it is no fault.
    assert fault_of(r"q(?:a+)+!") is None
    assert not slow_on(r"q(?:a+)+!", ("q" + "a" * 40,))


@pytest.mark.parametrize(
    ("pattern", "gate"),
    [
        (r"\bAB-[0-9]{6}\b", r"AB\-"),
        (r"(?i)proj-\w+", r"(?i)proj\-"),
        (r"foo[)]?bar+baz", "foo"),
        (r"abc{3}def", "def"),
        (r"abcd?ef", "abc"),
        (r"(?:abc)?def", ""),
        (r"abc|def", ""),
        (r"\x41BCD", ""),
        (r"[[:alpha:]]{4}-x\-y", r"\-x\-y"),
        (r".{0,20}foo", "foo"),
        (r"(abc)", ""),
        (r"[abc]def]", "def"),
    ],
)
def test_the_gate_is_a_literal_of_every_match(pattern: str, gate: str) -> None:
    assert gate_of(pattern) == gate


pieces = st.sampled_from(
    [
        "abc",
        "x",
        r"\-",
        r"\.",
        "[0-9]",
        "[^a]",
        "[]a]",
        "(?:ab)",
        "(ab)?",
        "a?",
        "b*",
        "c+",
        "d{2}",
        "e{0,2}",
        ".",
        r"\d",
        r"\b",
        "Z",
    ]
)


@given(st.lists(pieces, min_size=1, max_size=6), st.text("abcdexZ-.0 1", max_size=40))
def test_a_gate_never_misses_what_its_pattern_finds(parts: list[str], text: str) -> None:
    pattern = "".join(parts)
    gate = gate_of(pattern)
    if gate and program_of(pattern).search(text.encode()):
        assert re2.search(gate, text), (pattern, gate, text)
