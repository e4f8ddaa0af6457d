"""What the status page shows. Values only, and none of them holds the text of a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LAST_DECISIONS = 50
"""How many decisions the page shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One exchange that ended. The fields are those of its telemetry event."""

    time: str
    """RFC 3339, UTC."""
    request_id: str
    agent: str
    dialect: str
    model: str
    level: str
    rule: str
    upstream: str
    verdict: str
    milliseconds: float
    status: int = 0
    code: str = ""
    """Refusal code, empty if it was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkStatus:
    """One sink of evidence. `reason` is the type of the last error, empty while it is up."""

    name: str
    state: str
    lag: int
    delivered: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateStatus:
    """A certificate or revocation list, and when it runs out (Unix time, seconds)."""

    name: str
    expires_at: float
    ok: bool = True
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerStatus:
    """The scanner pool."""

    alive: int
    wanted: int
    queue: int
    restarts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One moment of one worker, times in Unix seconds."""

    now: float
    started_at: float
    version: str
    node: str
    worker: int
    policy_version: str
    policy_loaded_at: float
    policy_stale: bool = False
    policy_detail: str = ""
    counters: Mapping[str, int] = field(default_factory=dict)
    """Shown in this order as numbers: `requests`, `refused`, ..."""
    scanner: ScannerStatus | None = None
    canary_ok: bool | None = None
    canary_at: float = 0.0
    sinks: tuple[SinkStatus, ...] = ()
    outbox_pending: int = 0
    outbox_lost: int = 0
    certificates: tuple[CertificateStatus, ...] = ()
    builds: Mapping[str, str] = field(default_factory=dict)
    """Library to its version."""
    decisions: tuple[DecisionRow, ...] = ()
    """Newest first, at most `LAST_DECISIONS`."""
