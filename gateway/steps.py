"""The steps of the chain as functions of values: what `serve` does to a request and `explain` shows of one.

No socket, clock, environment or global in here; addons and the command line call the same functions.
"""

from __future__ import annotations

import functools
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway import codings
from gateway.attachments import with_opened
from gateway.dialects import read
from gateway.errors import Refusal, Refused, internal_error
from gateway.evidence.event import prompt_hash
from gateway.model import Classification, Level
from gateway.redaction import by_path, redact, rewrites, scope_key, verify
from routing_rules.policy import RuleContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.attached import Opened, Rewrite, Rewrites, Rewritten
    from gateway.dialects import Route
    from gateway.model import AgentRecord, Decision, Prompt, Redaction, ScanResult
    from gateway.ports import ValueOperator
    from gateway.snapshot import Snapshot

COUNTED_SCORE: Final = 0.5
"""Findings below this score do not count for rules."""
HARMLESS: Final = Classification(Level.PUBLIC, Level.PUBLIC, ())
"""What a request without any finding would be."""


def read_prompt(
    route: Route, snapshot: Snapshot, coded: bytes, *, coding: str | None = None, content_type: str = "application/json"
) -> tuple[Prompt, str]:
    """Decode, parse strictly and walk a body; returns the prompt and its keyed hash. `coding` and `content_type` are
    header values. Raises Refused."""
    body = codings.decode(coded, coding, limit=snapshot.settings.limits.decoded_bytes)
    prompt = read(route, body, content_type)
    return prompt, prompt_hash(snapshot.hash_key_id, snapshot.hash_key, body)


def incomplete(reason: str) -> Refusal:
    """The refusal for a scan that did not get through."""
    if reason == "deadline":
        return Refusal(
            "llmgw_scan_deadline",
            503,
            "The request could not be checked for sensitive data in time, so nothing was sent. Try again, or send less "
            "new text at once.",
            retry=True,
        )
    if reason in ("queue_full", "worker_died"):
        return Refusal(
            "llmgw_scan_busy",
            503,
            "The gateway is too busy to check this request for sensitive data, so nothing was sent. Try again shortly.",
            retry=True,
        )
    return Refusal(
        "llmgw_scan_failed",
        500,
        "The request could not be checked for sensitive data, so nothing was sent. Give the x-llmgw-request-id of this "
        "answer to your security team.",
    )


def rule_context(
    agent: AgentRecord,
    prompt: Prompt,
    scan: ScanResult,
    classification: Classification,
    *,
    unavailable: frozenset[str] = frozenset(),
) -> RuleContext:
    """What the rules may ask about a request. Raises Refused for a scan that is not complete."""
    if not scan.complete:
        raise Refused(internal_error())
    return RuleContext(
        agent=agent,
        dialect=prompt.dialect,
        model=prompt.model,
        classification=classification,
        entities=Counter([finding.entity for finding in scan.findings if finding.score >= COUNTED_SCORE]),
        attachments=len(prompt.attachments),
        unknown_attachments=sum(bool(each.unknown) for each in prompt.attachments),
        unavailable=unavailable,
    )


def denial(decision: Decision) -> Refusal:
    """The refusal for a decision that allows nothing."""
    if decision.rule == "default-deny":
        return Refusal(
            "llmgw_no_rule",
            400,
            "No rule of the egress policy lets this request out. Ask your security team which model you may use.",
        )
    if decision.message:
        return Refusal("llmgw_denied", 400, f"{decision.message} (rule {decision.rule})")
    return Refusal(
        "llmgw_denied",
        400,
        f"The egress policy does not let this request out (rule {decision.rule}: {decision.reason}).",
    )


def prompt_with(prompt: Prompt, opened: Opened) -> Prompt:
    """The prompt with what its attachments say. Raises Refused when they could not be opened at all."""
    if not opened.complete:
        raise Refused(incomplete(opened.reason))
    return with_opened(prompt, opened)


def rewrites_for(
    decision: Decision, prompt: Prompt, scan: ScanResult, *, key: bytes, operator: ValueOperator
) -> tuple[Rewrite, ...]:
    """Which attachments have to change for the decided profile. Raises Refused where one cannot be."""
    if not decision.allow or decision.profile is None or not scan.complete:
        raise Refused(internal_error())
    return rewrites(prompt, scan, decision.profile, key=key, operator=operator)


def changed_files(wanted: tuple[Rewrite, ...], done: Rewrites) -> dict[str, Rewritten]:
    """What became of the attachments, by pointer. Raises Refused where that did not work."""
    if not done.complete or len(done.attachments) != len(wanted):
        raise Refused(incomplete(done.reason))
    return by_path(wanted, done.attachments)


def redact_for(
    decision: Decision,
    prompt: Prompt,
    scan: ScanResult,
    *,
    key: bytes,
    operator: ValueOperator,
    target: str = "",
    changed: Mapping[str, Rewritten] = MappingProxyType({}),
) -> Redaction:
    """Redact for the decided profile and check the outgoing bytes, `target` (path and query) too, once more. Raises
    Refused. `changed` holds the attachments that `rewrites_for` names."""
    if not decision.allow or decision.profile is None or not scan.complete:
        raise Refused(internal_error())
    redaction = redact(
        prompt, scan, decision.profile, key=key, operator=operator, model=decision.model, changed=changed
    )
    verify(redaction, target)
    return redaction


def placeholder_key(snapshot: Snapshot, agent: AgentRecord, request_id: str) -> bytes:
    """The key of the placeholders, by the scope that the policy names."""
    scope = {
        "request": ("request", request_id),
        "agent": ("agent", agent.agent_id),
        "tenant": ("tenant", agent.tenant),
    }[snapshot.policy.placeholder_scope]
    return _scope_key(snapshot.placeholder_master, *scope)


_scope_key = functools.lru_cache(maxsize=4096)(scope_key)
