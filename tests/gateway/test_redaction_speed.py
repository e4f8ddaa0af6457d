"""Redaction costs in proportion to the text, however many values go from it."""

from __future__ import annotations

import json
import time

from gateway.model import Finding, Operator, Profile, Prompt, ScanResult, TextSpan
from gateway.redaction import redact, scope_key, verify

KEY = scope_key(b"m" * 32, "tenant", "t1")
PII = Profile("pii", {"@personal": Operator.PLACEHOLDER})


def seconds(rows: int) -> float:
    """CPU for one JSON text in a string, a value in each of its rows."""
    text = json.dumps([{"mail": f"user{number:06d}@corp.example", "open": True, "n": number} for number in range(rows)])
    body = {"model": "m", "messages": [{"role": "tool", "content": text}]}
    found, at = [], 0
    for number in range(rows):
        at = text.index(f"user{number:06d}@", at)
        found.append(Finding(0, at, at + 23, "EMAIL_ADDRESS", 0.95, "email"))
    prompt = Prompt("openai.chat", "m", False, (TextSpan("/messages/0/content", text),), (), body)
    begin = time.process_time()
    redaction = redact(prompt, ScanResult(tuple(found), True), PII, key=KEY, operator=lambda *_: "")
    verify(redaction)
    assert len(redaction.restore) == rows
    return time.process_time() - begin


def test_many_values_in_one_json_text() -> None:
    small, large = min(seconds(1500) for _ in range(2)), seconds(12_000)
    assert large < 16 * small, "eight times the text"
