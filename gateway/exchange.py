"""One request and its answer: the only mutable thing on the path. Each slot is set once, by the step that owns it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.model import Usage

if TYPE_CHECKING:
    from gateway.dialects import Route
    from gateway.errors import Refusal
    from gateway.model import AgentRecord, Classification, Decision, Identity, Prompt, Redaction, ScanResult
    from gateway.ports import StreamFilter
    from gateway.restore.guard import AnswerReport
    from gateway.snapshot import Snapshot
    from gateway.upstream_state import Held, IdWatch

_ONCE: Final = frozenset(
    {
        "identity", "agent", "route", "prompt", "prompt_hash", "scan", "classification", "decision", "redaction",
        "held", "watch", "judged", "released", "refusal", "answer", "ended",
    }
)  # fmt: skip


class SlotTakenError(RuntimeError):
    """A step tried to set a slot that another step had set: a defect, and a refusal."""


class Exchange:
    """What is known of one request. Filled in along the way; a slot that nobody has set yet has its default.

    The defaults stand in the class, so that a new exchange costs five assignments and not forty.
    """

    identity: Identity | None = None
    agent: AgentRecord | None = None
    route: Route | None = None
    prompt: Prompt | None = None
    prompt_hash: str | None = None
    scan: ScanResult | None = None
    classification: Classification | None = None
    decision: Decision | None = None
    rerouted: bool = False
    """Whether what the request holds sent it somewhere else than the same request without findings."""
    held: Held | None = None
    """What an upstream keeps of earlier exchanges, that this one refers to."""
    judged: Prompt | None = None
    """The prompt as it is classified, once the ids that it names have been looked up."""
    watch: IdWatch | None = None
    """Notes the ids of what the upstream keeps of this one."""
    redaction: Redaction | None = None
    released: str | None = None
    """Alias of the upstream this exchange may reach. Set by the last statement of the egress guard, by nothing else."""

    refusal: Refusal | None = None
    answer: bytes | None = None
    """An answer of the gateway's own (the model list)."""
    cleared: bool = False
    """Whether the response step has been through with the upstream's answer. No other answer goes out."""
    fault: Refusal | None = None
    """What went wrong upstream; becomes the answer if none has begun."""

    stream: StreamFilter | None = None
    masks: tuple[str, ...] = ()
    """Credentials that must not come back."""
    status: int = 0
    usage: Usage = Usage()
    restored: int = 0
    answer_report: AnswerReport | None = None
    """What was found in the answer, where the rule asks for it."""
    degraded: tuple[str, ...] = ()
    trace_id: str = ""
    """The client's W3C trace id, kept as data."""
    token_client: str = ""
    """`client_id` of the OAuth2 token that was verified."""
    ended: bool | None = None

    def __init__(
        self, request_id: str, snapshot: Snapshot, *, started: float, when: datetime, target: str = ""
    ) -> None:
        """`started` is in monotonic seconds; `target` is the request target as it came."""
        self.request_id = request_id
        self.snapshot = snapshot
        self.started = started
        self.when = when
        self.target = target
        self.timings: dict[str, float] = {}
        """Milliseconds by phase: scan, decide, upstream, total."""

    def __repr__(self) -> str:
        """Holds no text of the request."""
        return f"Exchange({self.request_id})"

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
