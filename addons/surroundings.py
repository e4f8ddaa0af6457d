"""What the addons need of the process around them, handed in once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from addons.answer_guard import AnswerGuards
    from gateway.evidence.metrics import Metrics
    from gateway.oauth import TokenVerifier
    from gateway.ports import AttachmentOpener, EvidenceSink, Scanner, ValueOperator
    from gateway.snapshot import Snapshot
    from gateway.state_store import StateStore


@dataclass(slots=True, eq=False)
class Surroundings:
    """Time, chance and the adapters of one worker."""

    snapshot: Callable[[], Snapshot]
    scanner: Scanner
    operator: ValueOperator
    evidence: EvidenceSink
    metrics: Metrics
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    new_id: Callable[[], str]
    credentials: Callable[[str], str]
    """Value of a credential source (`file:...`, `env:...`). Raises Refused when there is none."""
    answer_guards: AnswerGuards
    opener: AttachmentOpener | None = None
    """None: attachments are of unknown content."""
    token_verifier: TokenVerifier | None = None
    upstream_state: StateStore | None = None
    """What upstreams keep; without it every id is unknown."""
    worker: int = 0
    draining: bool = False
    tampered: str = ""
    """Name of a proxy option that somebody changed; not empty: nothing is served any more."""
    unavailable: dict[str, float] = field(default_factory=dict)
    """Upstream id to the monotonic time until which it is skipped."""
    agent_connections: dict[str, int] = field(default_factory=dict)
