"""What would happen to a request: the steps that `serve` runs, without a socket. Sends nothing."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from gateway.classification import classify
from gateway.dialects import Route, dialect_for_error, route
from gateway.errors import ConfigurationError, Refusal, Refused
from gateway.explain_findings import attachments_of, findings_of
from gateway.model import AgentState, Classification, Decision, Json, Prompt, Redaction, ScanResult
from gateway.steps import (
    changed_files,
    denial,
    incomplete,
    placeholder_key,
    prompt_with,
    read_prompt,
    redact_for,
    rewrites_for,
    rule_context,
)
from routing_rules.decide import decide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.attached import Attachment, Opened, Rewrite, Rewrites, Rewritten
    from gateway.model import AgentRecord, TextSpan
    from gateway.ports import ValueOperator
    from gateway.snapshot import Snapshot

DEFAULT_PATH: Final = "/v1/chat/completions"
DEFAULT_MODEL: Final = "gpt-4.1"
_KEYS: Final = frozenset(
    {"id", "method", "path", "headers", "agent", "body", "body_base64", "text", "profile", "model"}
)


class SyncScanner(Protocol):
    """A scanner that answers where it is called."""

    def scan_sync(self, spans: Sequence[TextSpan]) -> ScanResult:
        """Scan every span now."""
        ...


class SyncOpener(Protocol):
    """An opener that answers where it is called."""

    def open_sync(self, attachments: Sequence[Attachment]) -> Opened:
        """Open every attachment now."""
        ...

    def rewrite_sync(self, rewrites: Sequence[Rewrite]) -> Rewrites:
        """Change attachments now."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """One request to explain."""

    id: str = ""
    method: str = "POST"
    path: str = DEFAULT_PATH
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    agent: str = ""
    body: bytes = field(default=b"", repr=False)
    profile: str = ""
    given_id: Json = ""
    """The id as it was given, for the answer."""
    unknown: tuple[str, ...] = ()
    """Keys of the line that mean nothing here: labels of a corpus, or a slip."""


def parse_question(data: bytes) -> Question:
    """A line of `explain --jsonl`. Raises ConfigurationError that says what is wrong with the line."""
    try:
        given = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"not JSON ({error.msg} at character {error.pos}); write one object a line") from None
    if not isinstance(given, dict):
        raise ConfigurationError("write one JSON object a line")
    for key in ("method", "path", "agent", "text", "body_base64", "profile", "model"):
        if not isinstance(given.get(key, ""), str):
            raise ConfigurationError(f"{key} must be a string")
    headers = given.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise ConfigurationError("headers must be an object of strings")
    return Question(
        id="" if given.get("id") is None else str(given["id"]),
        given_id=given.get("id", ""),
        unknown=tuple(sorted(set(given) - _KEYS)),
        method=given.get("method", "POST"),
        path=given.get("path", DEFAULT_PATH),
        headers={name.lower(): value for name, value in headers.items()},
        agent=given.get("agent", ""),
        body=_body(given),
        profile=given.get("profile", ""),
    )


def _body(given: Mapping[str, Any]) -> bytes:
    forms = [key for key in ("body", "body_base64", "text") if key in given]
    if len(forms) > 1:
        raise ConfigurationError(f"give one of {', '.join(forms)}, not several")
    if "text" in given:
        model = given.get("model", DEFAULT_MODEL)
        return orjson.dumps({"model": model, "messages": [{"role": "user", "content": given["text"]}]})
    if "body_base64" in given:
        try:
            return base64.b64decode(given["body_base64"], validate=True)
        except binascii.Error:
            raise ConfigurationError("body_base64 is not base64") from None
    body = given.get("body", "")
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:  # nested deeper than it goes; what `serve` says of that is the answer
        return json.dumps(body).encode()


@dataclass(slots=True)
class Trail:
    """How far a request got, and what each step made of it."""

    route: Route | None = None
    prompt: Prompt | None = field(default=None, repr=False)
    scan: ScanResult | None = None
    classification: Classification | None = None
    decision: Decision | None = None
    redaction: Redaction | None = field(default=None, repr=False)
    refusal: Refusal | None = None


class Explainer:
    """Answers questions under one snapshot."""

    def __init__(
        self, snapshot: Snapshot, scanner: SyncScanner, operator: ValueOperator, opener: SyncOpener | None = None
    ) -> None:
        self._snapshot = snapshot
        self._scanner = scanner
        self._opener = opener
        self._operator = operator

    def agent(self, name: str) -> AgentRecord:
        """The agent with this SPIFFE ID or id; the registry's first for an empty name. Raises ConfigurationError."""
        records = [each for each in self._snapshot.registry.by_spiffe_id.values() if not each.canary]
        if not name and records:
            return records[0]
        for record in records:
            if name in (record.spiffe_id, record.agent_id):
                return record
        known = ", ".join(sorted(record.agent_id for record in records)) or "none"
        raise ConfigurationError(f"no agent {name!r} in the registry; known are: {known}")

    def explain(self, question: Question) -> Trail:
        """Run the chain on one question. A refusal is a result, an unknown agent's too; a wrong profile raises
        ConfigurationError."""
        forced = question.profile
        if forced and forced not in self._snapshot.policy.profiles:
            known = ", ".join(self._snapshot.policy.profiles)
            raise ConfigurationError(f"no profile {forced!r} in the policy; known are: {known}")
        trail = Trail()
        try:
            self._steps(question, self._admitted(question.agent), trail)
        except Refused as refused:
            trail.refusal = refused.refusal
        return trail

    def _admitted(self, name: str) -> AgentRecord:
        try:
            record = self.agent(name)
        except ConfigurationError:
            raise Refused(
                Refusal("llmgw_unknown_agent", 401, "No agent is registered under this name. Add it to the registry.")
            ) from None
        if record.state is not AgentState.ACTIVE:
            raise Refused(Refusal(f"llmgw_agent_{record.state.value}", 401, f"This agent is {record.state.value}."))
        return record

    def _steps(self, question: Question, agent: AgentRecord, trail: Trail) -> None:
        snapshot = self._snapshot
        trail.route = route(question.method, question.path, question.headers)
        if trail.route.operation == "models":
            return  # answered from the policy: nothing would be sent
        headers = question.headers
        coding, kind = headers.get("content-encoding"), headers.get("content-type", "application/json")
        trail.prompt, _ = read_prompt(trail.route, snapshot, question.body, coding=coding, content_type=kind)
        if trail.prompt.attachments and self._opener is not None:
            trail.prompt = prompt_with(trail.prompt, self._opener.open_sync(trail.prompt.attachments))
        trail.scan = self._scanner.scan_sync(trail.prompt.spans)
        if not trail.scan.complete:
            raise Refused(incomplete(trail.scan.reason))
        trail.classification = classify(trail.prompt, trail.scan, agent, snapshot.policy.classification_table)
        context = rule_context(agent, trail.prompt, trail.scan, trail.classification)
        decision = decide(snapshot.policy, context)
        trail.decision = decision
        if not decision.allow or decision.upstream is None:
            raise Refused(denial(decision))
        if question.profile:
            decision = replace(decision, profile=snapshot.policy.profiles[question.profile])
            trail.decision = decision
        key = placeholder_key(snapshot, agent, question.id)
        operator = self._operator
        changed: dict[str, Rewritten] = {}
        wanted = rewrites_for(decision, trail.prompt, trail.scan, key=key, operator=operator)
        if wanted and self._opener is not None:
            changed = changed_files(wanted, self._opener.rewrite_sync(wanted))
        trail.redaction = redact_for(decision, trail.prompt, trail.scan, key=key, operator=operator, changed=changed)


def as_json(question: Question, trail: Trail) -> dict[str, Any]:
    """The answer in the form of CONTRACT.md. Holds no text but the redacted body."""
    decision, classification, scan, refusal = trail.decision, trail.classification, trail.scan, trail.refusal
    upstream = decision.upstream if decision else None
    native = _native(question, trail)
    return {
        "id": question.given_id,
        "outcome": "deny" if refusal else "allow",
        "dialect": trail.route.dialect.name if trail.route else None,
        "findings": list(findings_of(trail.prompt, trail.scan)),
        "attachments": len(trail.prompt.attachments) if trail.prompt else 0,
        "attachment_details": list(attachments_of(trail.prompt, trail.scan)),
        "complete": scan.complete if scan else False,
        "classification": {
            "level": classification.level.label,
            "residual_level": classification.residual_level.label,
            "reasons": list(classification.reasons),
        }
        if classification
        else None,
        "decision": {
            "rule": decision.rule,
            "reason": decision.reason,
            "upstream": upstream.id if upstream else None,
            "tier": upstream.tier.value if upstream else None,
            "model": decision.model or None,
            "profile": decision.profile.name if decision.profile else None,
            "policy_version": decision.policy_version,
        }
        if decision
        else None,
        "redacted": dict(trail.redaction.counts) if trail.redaction else {},
        "redacted_body": orjson.loads(trail.redaction.body) if trail.redaction and not refusal else None,
        "refusal": {"code": refusal.code, "status": native, "message": refusal.message} if refusal else None,
    }


def _native(question: Question, trail: Trail) -> int:
    if trail.refusal is None:
        return 200
    dialect = trail.route.dialect if trail.route else dialect_for_error(question.path, question.headers)
    return dialect.refuse(trail.refusal, "").status


PLACEHOLDER: Final = re.compile(r"\[[A-Z][A-Z0-9_]*_[a-z2-7]{12}\]")
"""How a placeholder looks, to highlight it on a terminal."""
