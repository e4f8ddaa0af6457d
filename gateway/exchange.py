"""One request and its answer: the only mutable thing on the path. Each slot is set once, by the step that owns it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.model import Usage

if TYPE_CHECKING:
    from gateway.dialects import Route
    from gateway.errors import Refusal
    from gateway.model import AgentRecord, Classification, Decision, Identity, Prompt, Redaction, ScanResult
    from gateway.ports import StreamFilter
    from gateway.snapshot import Snapshot

_ONCE: Final = frozenset(
    {
        "identity", "agent", "route", "prompt", "prompt_hash", "scan", "classification", "decision", "redaction",
        "released", "refusal", "answer", "ended",
    }
)  # fmt: skip


class SlotTakenError(RuntimeError):
    """A step tried to set a slot that another step had set: a defect, and a refusal."""


@dataclass(slots=True, eq=False)
class Exchange:
    """What is known of one request. Everything but the first block is filled in along the way."""

    request_id: str
    snapshot: Snapshot = field(repr=False)
    started: float
    """Monotonic seconds."""
    when: datetime
    target: str = field(default="", repr=False)

    identity: Identity | None = None
    agent: AgentRecord | None = None
    route: Route | None = None
    prompt: Prompt | None = field(default=None, repr=False)
    prompt_hash: str | None = None
    scan: ScanResult | None = None
    classification: Classification | None = None
    decision: Decision | None = None
    rerouted: bool = False
    """Whether what the request holds sent it somewhere else than the same request without findings."""
    redaction: Redaction | None = field(default=None, repr=False)
    released: str | None = None
    """Alias of the upstream this exchange may reach. Set by the last statement of the egress guard, by nothing else."""

    refusal: Refusal | None = None
    answer: bytes | None = field(default=None, repr=False)
    """An answer of the gateway's own (the model list)."""
    cleared: bool = False
    """Whether the response step has been through with the upstream's answer. No other answer goes out."""
    fault: Refusal | None = None
    """What went wrong upstream; becomes the answer if none has begun."""

    stream: StreamFilter | None = field(default=None, repr=False)
    masks: tuple[str, ...] = field(default=(), repr=False)
    """Credentials that must not come back."""
    status: int = 0
    usage: Usage = Usage()
    restored: int = 0
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds by phase: scan, decide, upstream, total."""
    degraded: tuple[str, ...] = ()
    token_client: str = ""
    """Client of the verified OAuth2 token, if one was given."""
    trace_id: str = ""
    """The client's W3C trace id, kept as data."""
    ended: bool | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _ONCE and value is not None and getattr(self, name, None) is not None:
            raise SlotTakenError(name)
        object.__setattr__(self, name, value)

    @property
    def verdict(self) -> str:
        """The verdict words of CONTRACT.md, joined by commas."""
        if self.refusal is not None or (self.fault is not None and self.released is None):
            return "blocked"
        words = []
        if self.redaction is not None and self.redaction.counts:
            words.append("redacted")
        if self.rerouted:
            words.append("rerouted")
        return ",".join(words) or "ok"
