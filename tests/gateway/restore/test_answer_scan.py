"""What happens to new values in an answer that came whole."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Refused
from gateway.restore.answer_scan import AnswerHit, AnswerTexts, apply
from gateway.restore.guard import AnswerAction, AnswerGuard, AnswerProfile

MAIL = "ada@corp.example"


def answer() -> dict[str, Any]:
    return {
        "choices": [{"message": {"content": f"write to {MAIL}"}}],
        "thinking": {"type": "thinking", "thinking": MAIL, "signature": "s"},
        "signature": MAIL,
    }


def guarded(action: str, known: frozenset[str] = frozenset()) -> AnswerGuard:
    return AnswerGuard(AnswerProfile("t", {"@personal": AnswerAction(action)}), lambda text: [], known)


def hits(texts: AnswerTexts) -> list[AnswerHit]:
    return [
        AnswerHit(index, at, at + len(MAIL), "EMAIL_ADDRESS", 1.0)
        for index, span in enumerate(texts.spans)
        if (at := span.text.find(MAIL)) >= 0
    ]


def test_signed_parts_are_no_texts_and_stay() -> None:
    tree = answer()
    texts = AnswerTexts.of(tree)
    assert [span.text for span in texts.spans] == [f"write to {MAIL}"]
    assert apply(guarded("redact"), texts, hits(texts))
    assert tree["choices"][0]["message"]["content"] == "write to [REMOVED_EMAIL_ADDRESS]"
    assert tree["thinking"]["thinking"] == tree["signature"] == MAIL


def test_reporting_counts_and_changes_nothing() -> None:
    tree, guard = answer(), guarded("report")
    texts = AnswerTexts.of(tree)
    assert not apply(guard, texts, hits(texts))
    assert tree == answer()
    assert guard.report.found == {"EMAIL_ADDRESS": 1}


def test_a_cut_refuses_without_the_value() -> None:
    texts = AnswerTexts.of(answer())
    with pytest.raises(Refused) as refused:
        apply(guarded("cut"), texts, hits(texts))
    assert refused.value.refusal.code == "llmgw_answer_blocked"
    assert MAIL not in str(refused.value.refusal)


def test_what_the_request_said_stays() -> None:
    guard, texts = guarded("redact", frozenset({MAIL})), AnswerTexts.of(answer())
    assert not apply(guard, texts, hits(texts))
    assert not guard.report.found


def test_overlaps_leave_nothing_behind() -> None:
    found = [
        AnswerHit(0, 2, 6, "EMAIL_ADDRESS", 1.0),
        AnswerHit(0, 4, 8, "PERSON", 1.0),
        AnswerHit(0, 3, 5, "PERSON", 1),
    ]
    tree = ["0123456789"]
    apply(guarded("redact"), AnswerTexts.of(tree), found)
    assert tree == ["01[REMOVED_EMAIL_ADDRESS]89"]


def test_a_tree_that_is_too_deep_is_refused() -> None:
    tree: Any = "x"
    for _ in range(300):
        tree = [tree]
    with pytest.raises(Refused):
        AnswerTexts.of(tree)
