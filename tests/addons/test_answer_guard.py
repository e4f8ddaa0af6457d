"""Whole answers that are no JSON are looked through too."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from addons.answer_guard import AnswerGuards
from gateway.errors import Refused
from gateway.model import Finding, ScanResult, TextSpan
from gateway.restore.guard import AnswerGuard
from gateway.settings import Dlp
from routing_rules.policy import BUILT_IN_ANSWERS

MAIL = "ada@corp.example"


class Scanner:
    def __init__(self, *, complete: bool = True) -> None:
        self.complete = complete
        self.agents: list[str] = []

    async def scan(self, spans: Sequence[TextSpan], *, agent: str) -> ScanResult:
        self.agents.append(agent)
        found = [
            Finding(index, *match.span(), "EMAIL_ADDRESS", 1.0, "fake")
            for index, span in enumerate(spans)
            for match in re.finditer(re.escape(MAIL), span.text)
        ]
        return ScanResult(tuple(found), self.complete, "" if self.complete else "deadline")


async def look(profile: str, body: bytes, scanner: Scanner | None = None) -> bytes:
    guards = AnswerGuards(Dlp())
    guards._finder = SimpleNamespace(canaries=lambda text: [])  # type: ignore[assignment]
    guard = AnswerGuard(BUILT_IN_ANSWERS[profile], lambda text: [], frozenset())
    return await guards.look(guard, body, scanner or Scanner(), "demo")


ROW: Any = {"custom_id": "1", "response": {"body": {"content": f"write to {MAIL}"}}}
BODIES = {
    "JSON": json.dumps(ROW).encode(),
    "rows of JSON": (json.dumps(ROW) + "\n" + json.dumps(ROW) + "\n").encode(),
    "a JSON string": json.dumps(f"write to {MAIL}").encode(),
    "plain text": f"she said: {MAIL}, I think".encode(),
}


@pytest.mark.parametrize("kind", BODIES)
async def test_a_new_value_goes_whatever_the_form(kind: str) -> None:
    out = await look("strict", BODIES[kind])
    assert MAIL.encode() not in out
    assert b"[REMOVED_EMAIL_ADDRESS]" in out
    if kind != "plain text":
        assert all(isinstance(json.loads(line), dict | str) for line in out.splitlines())
    assert await look("report", BODIES[kind]) == BODIES[kind]


async def test_what_is_no_text_is_not_relayed_where_values_must_go() -> None:
    with pytest.raises(Refused):
        await look("strict", b"\xff\xfe\x00")
    assert await look("report", b"\xff\xfe\x00") == b"\xff\xfe\x00"


async def test_an_answer_that_was_not_looked_through_is_not_relayed_where_values_must_go() -> None:
    with pytest.raises(Refused):
        await look("strict", BODIES["JSON"], Scanner(complete=False))


async def test_the_end_of_an_answer_is_not_kept_for_the_agents_next_request() -> None:
    scanner = Scanner()
    await look("report", BODIES["JSON"], scanner)
    assert scanner.agents != ["demo"]
