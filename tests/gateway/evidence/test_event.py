"""The telemetry event: the contract's keys, nothing a client wrote unwashed, nothing of a prompt."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.event import (
    CLEAN_LENGTH,
    EventInput,
    Timings,
    build_event,
    clean,
    event_id,
    prompt_hash,
    timestamp,
    verdict,
)
from gateway.model import (
    AgentRecord,
    Attachment,
    Classification,
    Decision,
    Finding,
    Identity,
    Level,
    Profile,
    Prompt,
    ScanResult,
    TextSpan,
    Tier,
    Upstream,
    Usage,
)

NOW = datetime(2026, 1, 17, 12, 0, 0, 123_000, tzinfo=UTC)
CHANCE = bytes(range(10))
CONTRACT_KEYS = [
    "event_id", "timestamp", "request_id", "agent_id", "user_id", "tenant", "action", "dialect", "model",
    "llm_endpoint", "tier", "prompt_hash", "file_reads", "findings", "level", "rule", "policy_version", "verdict",
    "attestation", "agent_version", "runtime_hash", "usage", "timings_ms", "degraded",
]  # fmt: skip

IDENTITY = Identity(
    "spiffe://corp.example/agent/demo", 0xAB, "CN=Corp CA,O=Corp", NOW, NOW + timedelta(days=1), "f" * 64
)
AGENT = AgentRecord(
    "demo", "spiffe://corp.example/agent/demo", "lena@corp.example", "north", Level.RESTRICTED, version="1.2",
    runtime_hash="sha256:00",
)  # fmt: skip
UPSTREAM = Upstream("third-party", Tier.THIRD_PARTY, "https", "api.example", 443, "", frozenset(), {"*": "*"})
DECISION = Decision(
    True, "public-out", "level public", "p1", upstreams=(UPSTREAM,), upstream=UPSTREAM, profile=Profile("pii", {})
)


def prompt(model: str = "gpt-4.1", text: str = "hello") -> Prompt:
    spans = (TextSpan("/messages/0/content", text),)
    return Prompt("openai.chat", model, True, spans, (Attachment("/x", "image/png", 10),), {"messages": [text]})


def full(**changes: object) -> EventInput:
    facts: dict[str, object] = {
        "request_id": "req-1",
        "outcome": "answered",
        "status": 200,
        "verdicts": ("redacted",),
        "dialect": "openai.chat",
        "operation": "generate",
        "identity": IDENTITY,
        "agent": AGENT,
        "prompt": prompt(),
        "prompt_hash": prompt_hash("k1", b"key", b"{}"),
        "scan": ScanResult(
            (Finding(0, 0, 3, "EMAIL_ADDRESS", 1.0, "r"), Finding(0, 4, 5, "EMAIL_ADDRESS", 1.0, "r")), True, "", 10, 4
        ),
        "classification": Classification(Level.CONFIDENTIAL, Level.PUBLIC, ("EMAIL_ADDRESS found",)),
        "decision": DECISION,
        "redacted": {"EMAIL_ADDRESS": 2},
        "usage": Usage(3, 5),
        "timings": Timings(scan=1.23456, total=9),
        "worker": 1,
        "node": "gw-1",
    }
    return EventInput(**(facts | changes))  # type: ignore[arg-type]


def test_the_keys_of_the_contract_come_first_and_in_order() -> None:
    event = build_event(full(), now=NOW, random=CHANCE)
    assert list(event)[: len(CONTRACT_KEYS)] == CONTRACT_KEYS


def test_values_of_a_full_exchange() -> None:
    event = build_event(full(), now=NOW, random=CHANCE)
    assert event["timestamp"] == "2026-01-17T12:00:00.123Z"
    assert (event["agent_id"], event["user_id"], event["tenant"]) == ("demo", "lena@corp.example", "north")
    assert (event["llm_endpoint"], event["tier"], event["level"]) == ("third-party", "third_party", "confidential")
    assert (event["rule"], event["policy_version"], event["profile"]) == ("public-out", "p1", "pii")
    assert event["findings"] == {"EMAIL_ADDRESS": 2}
    assert event["redacted"] == {"EMAIL_ADDRESS": 2}
    assert event["usage"] == {"input_tokens": 3, "output_tokens": 5}
    assert event["timings_ms"] == {"scan": 1.235, "decide": 0.0, "upstream": 0.0, "first_byte": 0.0, "total": 9}
    assert event["attestation"] == {
        "method": "x509-svid",
        "spiffe_id": "spiffe://corp.example/agent/demo",
        "serial": "ab",
        "issuer": "CN=Corp CA,O=Corp",
        "not_after": "2026-01-18T12:00:00.123Z",
        "fingerprint": "f" * 64,
    }
    assert (event["spans"], event["attachments"], event["attachment_bytes"]) == (1, 1, 10)
    assert (event["prompt_bytes"], event["new_bytes"], event["worker"]) == (10, 4, 1)


def test_an_exchange_that_ended_at_once_has_every_key() -> None:
    facts = EventInput(request_id="r", outcome="refused", verdicts=("blocked",), refusal_code="llmgw_unknown_route")
    event = build_event(facts, now=NOW, random=CHANCE)
    assert set(CONTRACT_KEYS) <= set(event)
    assert (event["agent_id"], event["model"], event["level"], event["attestation"]) == ("", "", "", {})
    assert (event["verdict"], event["outcome"], event["refusal_code"]) == ("blocked", "refused", "llmgw_unknown_route")
    assert event["usage"] == {"input_tokens": None, "output_tokens": None}


def test_an_event_holds_nothing_of_the_prompt() -> None:
    secret = "maria.huber@example.net"
    facts = full(prompt=prompt(text=secret))
    assert secret not in orjson.dumps(build_event(facts, now=NOW, random=CHANCE)).decode()
    assert secret not in repr(facts)


def test_a_model_nobody_listed_is_not_written_unless_the_policy_let_it_out() -> None:
    def model(**changes: object) -> object:
        return build_event(full(prompt=prompt("my-password"), **changes), now=NOW, random=CHANCE)["model"]

    denied = Decision(False, "default-deny", "no rule", "p1")
    assert model(decision=None) == "unlisted"
    assert model(decision=denied) == "unlisted"
    assert model(decision=denied, model_listed=True) == "my-password"
    assert model() == "my-password"


@pytest.mark.parametrize("hostile", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\u2028b", 'a"},{"b', "a\x00b", "a b", "ü" * 500])
def test_client_words_are_washed(hostile: str) -> None:
    event = build_event(full(request_id=hostile, prompt=prompt(hostile), file_reads=(hostile,)), now=NOW, random=CHANCE)
    for value in (event["request_id"], event["model"], event["file_reads"][0]):  # type: ignore[index]
        assert re.fullmatch(r"[A-Za-z0-9._:/@-]{1,128}", str(value))
    assert b"\n" not in orjson.dumps(event)


@given(st.text())
def test_clean_is_bounded_and_idempotent(text: str) -> None:
    assert len(clean(text)) <= CLEAN_LENGTH
    assert clean(clean(text)) == clean(text)


@given(st.lists(st.sampled_from(["blocked", "ok", "rerouted", "redacted", "x"])))
def test_verdict_is_in_the_order_of_the_contract(words: list[str]) -> None:
    order = ["ok", "redacted", "rerouted", "blocked"]
    shown = verdict(words).split(",")
    assert shown == [word for word in order if word in words] or (shown == ["ok"] and not set(words) & set(order))


def test_event_ids_are_uuid_version_7_and_sort_by_time() -> None:
    first, second = event_id(NOW, b"\xff" * 10), event_id(NOW + timedelta(milliseconds=1), bytes(10))
    parsed = uuid.UUID(first)
    assert (parsed.version, parsed.variant, str(parsed)) == (7, uuid.RFC_4122, first)
    assert parsed.int >> 80 == int(NOW.timestamp() * 1000)
    assert first < second


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_event_ids_differ_when_chance_differs(one: bytes, two: bytes) -> None:
    # six of the eighty bits are taken by version and variant
    same = (int.from_bytes(one) ^ int.from_bytes(two)) & 0x0FFF_3FFF_FFFF_FFFF_FFFF == 0
    assert (event_id(NOW, one) == event_id(NOW, two)) == same


def test_event_id_wants_ten_bytes() -> None:
    with pytest.raises(ValueError, match="10 random bytes"):
        event_id(NOW, b"short")


def test_timestamp_is_utc_with_milliseconds() -> None:
    assert timestamp(NOW.astimezone(timezone(timedelta(hours=2)))) == "2026-01-17T12:00:00.123Z"
    assert timestamp(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
    with pytest.raises(ValueError, match="zone"):
        timestamp(datetime(2026, 1, 1))  # noqa: DTZ001


def test_prompt_hash_depends_on_key_and_body() -> None:
    hashes = {prompt_hash("k", key, body) for key in (b"1", b"2") for body in (b"x", b"y")}
    assert len(hashes) == 4
    assert all(re.fullmatch(r"hmac-sha256:k:[0-9a-f]{64}", each) for each in hashes)


def test_a_trace_id_is_data_and_only_a_trace_id() -> None:
    good = "0af7651916cd43dd8448eb211c80319c"
    assert build_event(full(trace_id=good), now=NOW, random=CHANCE)["trace_id"] == good
    for bad in ("0" * 32, good.upper(), good + "0", "x"):
        assert build_event(full(trace_id=bad), now=NOW, random=CHANCE)["trace_id"] == ""
