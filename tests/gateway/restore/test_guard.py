"""The guard of answers: what is found, what is done about it, and that the cutting of a stream does not matter."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.restore.guard import (
    AFTER,
    LONGEST,
    STEP,
    AnswerAction,
    AnswerGuard,
    AnswerProfile,
    TextGuard,
    guard_text,
)

MAIL = "ada@corp.example"
KEY = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKc\n" * 40 + "-----END PRIVATE KEY-----"


@dataclass(frozen=True)
class Spot:
    start: int
    end: int
    entity: str
    score: float = 1.0


def finder(text: str) -> list[Spot]:
    """Mail addresses, words of a kind, and private keys, the last ones open-ended as the engine's."""
    found = [Spot(*match.span(), "EMAIL_ADDRESS") for match in re.finditer(r"[a-z]+@[a-z]+\.example", text)]
    found += [Spot(*match.span(), "API_KEY") for match in re.finditer(r"\bkey_[a-z0-9]{8,}\b", text)]
    pattern = r"-----BEGIN PRIVATE KEY-----(?:[\s\S]*?-----END PRIVATE KEY-----|[\s\S]*)"
    found += [Spot(*match.span(), "PRIVATE_KEY") for match in re.finditer(pattern, text)]
    return found


def guard(known: frozenset[str] = frozenset(), **entities: str) -> AnswerGuard:
    actions = {name.replace("group_", "@"): AnswerAction(action) for name, action in entities.items()}
    return AnswerGuard(AnswerProfile("test", actions), finder, known)


def cut_up(each: AnswerGuard, text: str, sizes: list[int]) -> str:
    one, out, at = TextGuard(each), [], 0
    for size in sizes:
        out.append(one.feed(text[at : at + size]))
        at += size
    return "".join([*out, one.feed(text[at:]), one.flush()])


@pytest.mark.parametrize("before", [0, 1, STEP - 8, STEP, STEP + 5, STEP + AFTER, 3 * STEP - 3, 2000])
def test_a_value_goes_wherever_it_stands(before: int) -> None:
    text = ("word " * 1000)[:before] + f" {MAIL} and more " + "text " * 50
    each = guard(group_personal="redact")
    assert guard_text(each, text) == text.replace(MAIL, "[REMOVED_EMAIL_ADDRESS]")
    assert each.report.found == {"EMAIL_ADDRESS": 1}
    assert each.report.redacted == 1


@pytest.mark.parametrize("tail", ["", "\nmore text here " * 30])
def test_a_private_key_over_many_steps_goes_as_a_whole(tail: str) -> None:
    text = "here it is:\n" + KEY + tail
    each = guard(group_secret="redact")
    out = guard_text(each, text)
    assert out == "here it is:\n[REMOVED_PRIVATE_KEY]" + tail
    assert each.report.found["PRIVATE_KEY"] == 1


def test_a_private_key_without_an_end_takes_the_rest() -> None:
    text = "x " + KEY.partition("-----END")[0]
    assert guard_text(guard(group_secret="redact"), text) == "x [REMOVED_PRIVATE_KEY]"


def test_a_private_key_that_is_only_reported_goes_on() -> None:
    text = f"{KEY} {MAIL} " + "words " * 100
    each = guard(group_secret="report", group_personal="redact")
    assert guard_text(each, text) == text.replace(MAIL, "[REMOVED_EMAIL_ADDRESS]")
    assert each.report.found == {"PRIVATE_KEY": 1, "EMAIL_ADDRESS": 1}


PIECES = st.lists(
    st.sampled_from([MAIL, "key_12345678abc", "word ", "longer words here ", "\n", "x" * 70, "a" * 300, KEY, "é"]),
    max_size=30,
)  # fmt: skip


@settings(max_examples=50)
@given(PIECES, st.lists(st.integers(1, 200), max_size=60))
def test_the_cutting_does_not_matter(pieces: list[str], sizes: list[int]) -> None:
    text = " ".join(pieces)
    whole, split = (
        guard(group_personal="redact", group_secret="redact"),
        guard(group_personal="redact", group_secret="redact"),
    )
    out = guard_text(whole, text)
    assert cut_up(split, text, sizes) == out
    assert split.report.found == whole.report.found
    assert not finder(out) or all(spot.entity != "EMAIL_ADDRESS" for spot in finder(out))


def test_reporting_holds_nothing_back() -> None:
    each = guard(group_personal="report")
    one = TextGuard(each)
    assert [one.feed(piece) for piece in ("a", "d", "a@corp.example", " x")] == ["a", "d", "a@corp.example", " x"]
    assert not one.holding
    one.flush()
    assert each.report.found == {"EMAIL_ADDRESS": 1}
    assert each.report.redacted == 0


def test_what_the_request_said_is_nothing_new() -> None:
    each = guard(frozenset({MAIL}), group_personal="redact")
    assert guard_text(each, f"you are {MAIL}, not bob@corp.example") == f"you are {MAIL}, not [REMOVED_EMAIL_ADDRESS]"


def test_a_cut_ends_the_answer_before_the_value() -> None:
    each = guard(API_KEY="cut")
    one = TextGuard(each)
    out = one.feed("words " * 60)
    with pytest.raises(Refused) as refused:
        one.feed("key_12345678abc " + "more " * 100)
    assert refused.value.refusal.code == "llmgw_answer_blocked"
    assert "key_" not in refused.value.refusal.message
    assert "key_" not in out
    assert each.report.cut


def test_the_most_specific_action_wins_and_nothing_named_is_off() -> None:
    profile = AnswerProfile("x", {"*": AnswerAction.REPORT, "@secret": AnswerAction.REDACT, "JWT": AnswerAction.OFF})
    assert [profile.action(name) for name in ("JWT", "API_KEY", "PERSON")] == ["off", "redact", "report"]
    assert AnswerProfile("y", {}).idle
    assert AnswerProfile("y", {}).action("PERSON") is AnswerAction.OFF


def test_what_is_held_back_is_bounded() -> None:
    one = TextGuard(guard(group_personal="redact"))
    for text, bound in (("word " * 4000, STEP + AFTER + 12), ("x" * 60_000, 2 * LONGEST + STEP + AFTER + 64)):
        longest = 0
        given_out = taken = 0
        one = TextGuard(guard(group_personal="redact"))
        for at in range(0, len(text), 64):
            given_out += len(one.feed(text[at : at + 64]))
            taken += len(text[at : at + 64])
            longest = max(longest, taken - given_out)
        assert longest <= bound + 64


def test_the_text_that_is_kept_does_not_grow() -> None:
    one = TextGuard(guard(group_personal="redact"))
    for _ in range(3000):
        one.feed("some words of an answer that does not end ")
    assert len(one._text) < 3 * LONGEST


def test_linear_in_the_length() -> None:
    def seconds(count: int) -> float:
        each = TextGuard(guard(group_personal="redact"))
        begin = time.process_time()
        for _ in range(count):
            each.feed("x" * 100)
        return time.process_time() - begin

    seconds(200)
    assert seconds(4000) < 40 * max(seconds(400), 1e-4)
