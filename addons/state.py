"""What is known of one client connection, and the words of its life."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from addons.surroundings import Surroundings
    from gateway.errors import Refusal
    from gateway.exchange import Exchange
    from gateway.model import Identity

PARKED_HOST: Final = "parked.llmgw.invalid"
"""Where every request stands until it is released: a name that RFC 6761 says cannot exist."""
PARKED_PORT: Final = 9
ALIAS_SUFFIX: Final = ".upstream.llmgw.invalid"
"""Upstreams are addressed by aliases under this name; only the dial barrier knows what they stand for."""
EXCHANGE: Final = "llmgw.exchange"
"""Key of the exchange in a flow's metadata."""


class Phase(enum.Enum):
    """What a connection is doing; each phase but PROCESSING has a deadline."""

    HANDSHAKE = "handshake"
    IDLE = "idle"
    HEADERS = "headers"
    BODY = "body"
    PROCESSING = "processing"
    UPSTREAM = "upstream"
    """Released, no answer yet."""
    ANSWER = "answer"


@dataclass(slots=True, eq=False)
class Permit:
    """The right to open one connection to one upstream. Used up by the dial."""

    alias: str
    host: str
    port: int
    allow_private: bool
    connect_seconds: float


@dataclass(slots=True, eq=False)
class ConnectionState:
    """State of one client connection. Never shared between connections."""

    surroundings: Surroundings = field(repr=False)
    abort: Callable[[], None] = field(repr=False)
    """Closes both sides now."""
    drop_upstreams: Callable[[], None] = field(repr=False)
    """Closes the upstream connections; the client gets what the exchange's `fault` says."""
    peer: str = ""
    phase: Phase = Phase.HANDSHAKE
    since: float = 0.0
    """Monotonic seconds at which the phase began."""
    identity: Identity | None = None
    identity_refusal: Refusal | None = None
    """Why the certificate, though it has a good chain, names nobody."""
    trust_version: str = ""
    agent_id: str = ""
    exchange: Exchange | None = field(default=None, repr=False)
    permit: Permit | None = None
    closing: bool = False
    hook_overdue: bool = False
    """Whether the running hook was cancelled because its time was over."""

    def enter(self, phase: Phase, now: float) -> None:
        """Begin a phase."""
        self.phase = phase
        self.since = now
