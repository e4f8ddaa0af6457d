"""Deadlines of connections: total times per phase, not idle times, so that a byte now and then keeps nothing open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from addons.state import Phase
from addons.telemetry import report_protocol_refusal
from gateway.errors import Refusal

if TYPE_CHECKING:
    from addons.dispatch import FailClosedAddons
    from addons.state import ConnectionState
    from addons.surroundings import Surroundings
    from addons.trust import ServerTrust

TICK_SECONDS: Final = 0.5
UPSTREAM_TIMEOUT: Final = Refusal(
    "llmgw_upstream_timeout",
    504,
    "The model's server did not answer in time. Try again, or ask for a shorter answer.",
    retry=True,
)
SLOW_HEADERS: Final = Refusal(
    "llmgw_request_timeout", 408, "The header block did not arrive in time. Send it again.", retry=True
)


class Sweeper:
    """Walks all connections twice a second."""

    def __init__(self, surroundings: Surroundings, manager: FailClosedAddons, trust: ServerTrust) -> None:
        self._surroundings = surroundings
        self._connections = manager.connections
        self._trust = trust

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.sweep(self._surroundings.monotonic())

    def sweep(self, now: float) -> None:
        """Close what is over its time, and what is idle but stands on trust that is gone."""
        version = self._trust.current()[1]
        for state in list(self._connections.values()):
            if state.phase is Phase.IDLE and (
                self._surroundings.draining or state.closing or state.trust_version not in ("", version)
            ):
                state.abort()
            elif now - state.since > self._allowed(state):
                self._overdue(state)

    def _allowed(self, state: ConnectionState) -> float:
        limits = self._surroundings.snapshot().settings.limits
        match state.phase:
            case Phase.HANDSHAKE:
                return limits.handshake_seconds
            case Phase.IDLE:
                return limits.idle_seconds
            case Phase.HEADERS:
                return limits.headers_seconds
            case Phase.BODY:
                return limits.body_seconds
            case Phase.PROCESSING:
                return limits.hook_seconds * 4
            case Phase.UPSTREAM | Phase.ANSWER:
                exchange = state.exchange
                decision = exchange.decision if exchange is not None else None
                upstream = decision.upstream if decision is not None else None
                return upstream.response_seconds if upstream is not None else limits.idle_seconds

    def _overdue(self, state: ConnectionState) -> None:
        exchange = state.exchange
        if state.phase in (Phase.UPSTREAM, Phase.ANSWER) and exchange is not None:
            if exchange.fault is None:
                exchange.fault = UPSTREAM_TIMEOUT
                state.drop_upstreams()
                return
        elif exchange is not None and exchange.fault is None:
            exchange.fault = Refusal(
                "llmgw_request_timeout", 408, "The request did not arrive in time. Send it again.", retry=True
            )
        elif state.phase is Phase.HEADERS:
            report_protocol_refusal(state, SLOW_HEADERS, self._surroundings.new_id())
        elif state.phase is Phase.HANDSHAKE:
            self._surroundings.metrics.tls_failure("timeout")
        state.abort()
