"""The telemetry event: one JSON object for each exchange, refused ones included. Pure; holds no text of a prompt.

Time and chance are arguments. Whatever a client could have written is cut to `CLEAN_LENGTH` characters of a small set,
so that no field can carry a line break, an escape sequence or a paragraph.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway.model import AgentRecord, Classification, Decision, Identity, Prompt, ScanResult, Usage

CLEAN_LENGTH: Final = 128
VERDICTS: Final = ("ok", "redacted", "rerouted", "blocked")
OUTCOMES: Final = ("answered", "refused", "upstream_error", "aborted")
EVENT_RANDOM_BYTES: Final = 10
"""Bytes of chance that one event id takes."""

_UNCLEAN: Final = re.compile(r"[^A-Za-z0-9._:/@-]")
_UNCLEAN_NAME: Final = re.compile(r"[^A-Za-z0-9._:/@=,+> -]")
_TRACE_ID: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Where the time went, milliseconds. `upstream` is from dialling to the last byte, `first_byte` to the first."""

    scan: float = 0.0
    decide: float = 0.0
    upstream: float = 0.0
    first_byte: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventInput:
    """Everything known about one exchange when it ends; a part that was never reached stays None."""

    request_id: str
    outcome: str
    """One of `OUTCOMES`."""
    status: int = 0
    """HTTP status that the client got, 0 if none was sent."""
    verdicts: Iterable[str] = ()
    action: str = "llm_call"
    dialect: str = ""
    operation: str = ""
    identity: Identity | None = None
    agent: AgentRecord | None = None
    prompt: Prompt | None = field(default=None, repr=False)
    model_listed: bool = False
    """Whether the policy names the model. A name nobody listed is client text: it is written only if the policy let
    the request go out, as `unlisted` otherwise."""
    prompt_hash: str = ""
    scan: ScanResult | None = None
    classification: Classification | None = None
    decision: Decision | None = None
    policy_version: str = ""
    """Of the snapshot, for exchanges that ended before a decision."""
    redacted: Mapping[str, int] = field(default_factory=dict)
    """Replacements by entity."""
    restored: int = 0
    answer_findings: Mapping[str, int] = field(default_factory=dict)
    """Different values in the answer that were not in the request, by entity, where the rule looks for them."""
    answer_redacted: int = 0
    """Replacements made in the answer."""
    usage: Usage = Usage()
    timings: Timings = Timings()
    refusal_code: str = ""
    token_client: str = ""
    """`client_id` of a verified OAuth2 token; empty if none was given."""
    trace_id: str = ""
    """The client's W3C trace id, kept as data only; anything but 32 hex digits is dropped."""
    file_reads: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    worker: int = 0
    node: str = ""


def clean(text: str) -> str:
    """`text` with every character outside `[A-Za-z0-9._:/@-]` replaced by `_`, at most `CLEAN_LENGTH` long."""
    return _UNCLEAN.sub("_", text[:CLEAN_LENGTH])


@functools.lru_cache(maxsize=4096)
def _word(text: str) -> str:
    """`clean` for words that operators wrote: few and repeated, so remembered. Never for words of a client."""
    return clean(text)


def verdict(verdicts: Iterable[str]) -> str:
    """The contract's verdict text: the known words in their order, joined by commas; `ok` if there is none."""
    given = frozenset(verdicts)
    return ",".join(word for word in VERDICTS if word in given) or "ok"


def event_id(now: datetime, random: bytes) -> str:
    """A UUID version 7 (RFC 9562) from the millisecond of `now` and ten bytes of chance.

    Raises ValueError if `random` has another length.
    """
    if len(random) != EVENT_RANDOM_BYTES:
        raise ValueError(f"an event id takes {EVENT_RANDOM_BYTES} random bytes")
    clock, chance = f"{int(now.timestamp() * 1000):012x}", random.hex()
    variant = "89ab"[random[2] >> 4 & 3]
    return f"{clock[:8]}-{clock[8:]}-7{chance[1:4]}-{variant}{chance[5:8]}-{chance[8:]}"


def timestamp(now: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-01-17T12:00:00.123Z`. Raises ValueError for a naive time."""
    if now.tzinfo is None:
        raise ValueError("an event needs a time with a zone")
    if now.tzinfo is not UTC:
        now = now.astimezone(UTC)
    return now.isoformat(timespec="milliseconds")[:-6] + "Z"


def prompt_hash(key_id: str, key: bytes, body: bytes) -> str:
    """Keyed hash of a request body, `hmac-sha256:KEYID:HEX`: useless without the key (RFC 2104)."""
    return f"hmac-sha256:{clean(key_id)}:{hmac.digest(key, body, hashlib.sha256).hex()}"


def build_event(facts: EventInput, *, now: datetime, random: bytes) -> dict[str, object]:
    """The event of one exchange: the contract's keys in the contract's order, then ours. Pure."""
    agent, decision, scan = facts.agent, facts.decision, facts.scan
    upstream = decision.upstream if decision is not None else None
    usage, timings = facts.usage, facts.timings
    return {
        "event_id": event_id(now, random),
        "timestamp": timestamp(now),
        "request_id": clean(facts.request_id),
        "agent_id": _word(agent.agent_id) if agent is not None else "",
        "user_id": _word(agent.user) if agent is not None else "",
        "tenant": _word(agent.tenant) if agent is not None else "",
        "action": _word(facts.action),
        "dialect": _word(facts.dialect),
        "model": _model(facts),
        "llm_endpoint": _word(upstream.id) if upstream is not None else "",
        "tier": upstream.tier.value if upstream is not None else "",
        "prompt_hash": facts.prompt_hash,
        "file_reads": [clean(path) for path in facts.file_reads[:100]],
        "findings": _counts(scan),
        "level": facts.classification.level.label if facts.classification is not None else "",
        "rule": _word(decision.rule) if decision is not None else "",
        "policy_version": _word(decision.policy_version if decision is not None else facts.policy_version),
        "verdict": verdict(facts.verdicts),
        "attestation": _attestation(facts.identity, facts.token_client),
        "agent_version": _word(agent.version) if agent is not None else "",
        "runtime_hash": _word(agent.runtime_hash) if agent is not None else "",
        "usage": {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
        "timings_ms": {
            "scan": round(timings.scan, 3),
            "decide": round(timings.decide, 3),
            "upstream": round(timings.upstream, 3),
            "first_byte": round(timings.first_byte, 3),
            "total": round(timings.total, 3),
        },
        "degraded": [_word(word) for word in (*facts.degraded, *(scan.degraded if scan is not None else ()))],
        **_more(facts),
    }


def _more(facts: EventInput) -> dict[str, object]:
    """The keys beyond the contract's."""
    prompt, scan, decision = facts.prompt, facts.scan, facts.decision
    attachments = prompt.attachments if prompt is not None else ()
    return {
        "outcome": facts.outcome if facts.outcome in OUTCOMES else "other",
        "status": facts.status,
        "refusal_code": _word(facts.refusal_code),
        "operation": _word(facts.operation),
        "stream": prompt.stream if prompt is not None else False,
        "reasons": [_reason(text) for text in facts.classification.reasons] if facts.classification is not None else [],
        "profile": _word(decision.profile.name) if decision is not None and decision.profile is not None else "",
        "redacted": {_word(entity): count for entity, count in facts.redacted.items()},
        "restored": facts.restored,
        "answer_findings": {_word(entity): count for entity, count in sorted(facts.answer_findings.items())},
        "answer_redacted": facts.answer_redacted,
        "spans": len(prompt.spans) if prompt is not None else 0,
        "attachments": len(attachments),
        "attachments_unknown": sum(bool(part.unknown) for part in attachments),
        "attachment_bytes": sum(part.size for part in attachments),
        "prompt_bytes": scan.total_bytes if scan is not None else 0,
        "new_bytes": scan.new_bytes if scan is not None else 0,
        "scan_complete": scan.complete if scan is not None else False,
        "scan_reason": _word(scan.reason) if scan is not None else "",
        "trace_id": facts.trace_id if _TRACE_ID.fullmatch(facts.trace_id) else "",
        "worker": facts.worker,
        "node": _word(facts.node),
    }


def _model(facts: EventInput) -> str:
    if facts.prompt is None or not facts.prompt.model:
        return ""
    released = facts.decision is not None and facts.decision.allow and not _holds_value(facts.prompt, facts.scan)
    return clean(facts.prompt.model) if facts.model_listed or released else "unlisted"


def _holds_value(prompt: Prompt, scan: ScanResult | None) -> bool:
    """Whether something was found in the model's name, or may be there."""
    return scan is None or any(prompt.spans[each.span].path == "/model" for each in scan.findings)


def _counts(scan: ScanResult | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in scan.findings if scan is not None else ():
        entity = _word(each.entity)
        counts[entity] = counts.get(entity, 0) + 1
    return counts


@functools.lru_cache(maxsize=1024)
def _reason(text: str) -> str:
    return _UNCLEAN_NAME.sub("_", text[:CLEAN_LENGTH])


def _attestation(identity: Identity | None, token_client: str) -> dict[str, object]:
    if identity is None:
        return {}
    proof = dict(_certificate(identity))
    if token_client:
        proof["oauth_client"] = clean(token_client)
    return proof


@functools.lru_cache(maxsize=1024)
def _certificate(identity: Identity) -> tuple[tuple[str, object], ...]:
    return (
        ("method", "x509-svid"),
        ("spiffe_id", clean(identity.spiffe_id)),
        ("serial", f"{identity.serial:x}"),
        ("issuer", _reason(identity.issuer)),
        ("not_after", timestamp(identity.not_after)),
        ("fingerprint", clean(identity.fingerprint)),
    )
