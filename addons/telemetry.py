"""One event for every exchange, whatever became of it."""

from __future__ import annotations

import secrets
import socket
from collections import Counter
from typing import TYPE_CHECKING, Final

from mitmproxy import http

from addons.ids import Chance
from addons.state import EXCHANGE, Phase
from gateway.evidence.event import EVENT_RANDOM_BYTES, EventInput, Timings, build_event
from gateway.evidence.metrics import NONE, RequestFacts

if TYPE_CHECKING:
    from mitmproxy.connection import Client

    from addons.dispatch import FailClosedAddons
    from addons.state import ConnectionState
    from addons.surroundings import Surroundings
    from gateway.errors import Refusal
    from gateway.exchange import Exchange

CLIENT_LEFT: Final = "client_closed"
_NODE: Final = socket.gethostname()


class Telemetry:
    """The last addon of the chain."""

    def __init__(self, surroundings: Surroundings, manager: FailClosedAddons) -> None:
        self._surroundings = surroundings
        self._connections = manager.connections
        self._chance = Chance()

    def response(self, flow: http.HTTPFlow) -> None:
        """The answer is complete, ours or an upstream's."""
        self._end(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """The exchange broke off: the client left, the upstream failed, or a bound was hit."""
        self._end(flow, broke_off=True)

    def client_disconnected(self, client: Client) -> None:
        """An exchange that nothing else ended."""
        state = self._connections.get(client.id)
        if state is not None and state.exchange is not None and not state.exchange.ended:
            self._report(state.exchange, broke_off=True)
            state.exchange = None

    def _end(self, flow: http.HTTPFlow, *, broke_off: bool = False) -> None:
        exchange: Exchange | None = flow.metadata.get(EXCHANGE)
        state = self._connections.get(flow.client_conn.id)
        if exchange is None or exchange.ended:
            return
        self._report(exchange, broke_off=broke_off)
        if state is not None:
            self._rest(state, exchange, unsaid=broke_off and exchange.refusal is not None)

    def _rest(self, state: ConnectionState, exchange: Exchange, *, unsaid: bool) -> None:
        now = self._surroundings.monotonic()
        state.enter(Phase.IDLE, now)
        if state.exchange is exchange and exchange.fault is None and not unsaid:
            # Otherwise it stays for the half that still has to write the refusal.
            state.exchange = None
        state.permit = None

    def _report(self, exchange: Exchange, *, broke_off: bool) -> None:
        exchange.ended = True
        if exchange.stream is not None:
            exchange.usage = exchange.stream.usage
            exchange.restored = exchange.stream.restored
        around = self._surroundings
        now = around.monotonic()
        total = (now - exchange.started) * 1000
        refusal = exchange.refusal or exchange.fault
        if exchange.agent is not None and exchange.agent.canary:
            return
        facts = event_input(exchange, total, refusal, broke_off=broke_off, worker=around.worker)
        around.evidence.emit(build_event(facts, now=exchange.when, random=self._chance()))
        around.metrics.request(request_facts(exchange, facts))


def report_protocol_refusal(state: ConnectionState, refusal: Refusal, request_id: str) -> None:
    """One event for what came over a good handshake and was not even a request: nobody probes unseen."""
    around = state.surroundings
    snapshot = around.snapshot()
    agent = snapshot.registry.by_spiffe_id.get(state.identity.spiffe_id) if state.identity is not None else None
    facts = EventInput(
        request_id=request_id,
        outcome="refused",
        status=refusal.status,
        verdicts=("blocked",),
        action="protocol_error",
        identity=state.identity,
        agent=agent,
        policy_version=snapshot.policy.version,
        timings=Timings(total=max(0.0, around.monotonic() - state.since) * 1000),
        refusal_code=refusal.code,
        worker=around.worker,
        node=_NODE,
    )
    around.evidence.emit(build_event(facts, now=around.clock(), random=secrets.token_bytes(EVENT_RANDOM_BYTES)))
    around.metrics.request(
        RequestFacts(
            dialect=NONE, outcome="refused", level=NONE, tier=NONE, upstream=NONE, seconds=facts.timings.total / 1000,
            refusal_code=refusal.code,
        )
    )  # fmt: skip


def event_input(
    exchange: Exchange, total: float, refusal: Refusal | None, *, broke_off: bool, worker: int
) -> EventInput:
    """What the event says of an exchange. Pure."""
    decision, route, timings = exchange.decision, exchange.route, exchange.timings
    released, report = timings.get("release"), exchange.answer_report
    code = refusal.code if refusal else CLIENT_LEFT if broke_off else ""
    if released is None:  # what was released has left, whatever became of its answer
        outcome = "answered" if exchange.answer is not None else "aborted" if code == CLIENT_LEFT else "refused"
    else:
        outcome = "answered" if not code else "aborted" if code == CLIENT_LEFT else "upstream_error"
    return EventInput(
        request_id=exchange.request_id,
        outcome=outcome,
        status=exchange.status,
        verdicts=exchange.verdict.split(","),
        dialect=route.dialect.name if route else "",
        operation=route.operation if route else "",
        identity=exchange.identity,
        agent=exchange.agent,
        prompt=exchange.prompt,
        model_listed=_listed(exchange),
        prompt_hash=exchange.prompt_hash or "",
        scan=exchange.scan,
        classification=exchange.classification,
        decision=decision,
        policy_version=exchange.snapshot.policy.version,
        redacted=exchange.redaction.counts if exchange.redaction else {},
        restored=exchange.restored,
        answer_findings=report.found if report is not None else {},
        answer_redacted=report.redacted if report is not None else 0,
        usage=exchange.usage,
        timings=Timings(
            scan=timings.get("scan", 0.0),
            decide=timings.get("decide", 0.0),
            upstream=max(0.0, total - released) if released is not None else 0.0,
            first_byte=timings.get("first_byte", 0.0),
            total=total,
        ),
        refusal_code=code,
        token_client=exchange.token_client,
        degraded=exchange.degraded,
        worker=worker,
        node=_NODE,
        trace_id=exchange.trace_id,
    )


def _listed(exchange: Exchange) -> bool:
    prompt = exchange.prompt
    return prompt is not None and any(
        prompt.model in each.models for each in exchange.snapshot.policy.upstreams.values()
    )


def request_facts(exchange: Exchange, facts: EventInput) -> RequestFacts:
    """What the metrics take of an exchange. Pure."""
    upstream = exchange.decision.upstream if exchange.decision is not None else None
    scan, timings = exchange.scan, exchange.timings
    return RequestFacts(
        dialect=facts.dialect,
        outcome=facts.outcome,
        level=exchange.classification.level.label if exchange.classification else NONE,
        tier=upstream.tier.value if upstream else NONE,
        upstream=upstream.id if upstream else NONE,
        seconds=facts.timings.total / 1000,
        scan_seconds=timings["scan"] / 1000 if "scan" in timings else None,
        first_byte_seconds=timings["first_byte"] / 1000 if "first_byte" in timings else None,
        findings=Counter(finding.entity for finding in scan.findings) if scan else {},
        new_bytes=scan.new_bytes if scan else 0,
        cached_bytes=scan.total_bytes - scan.new_bytes if scan else 0,
        restored=exchange.restored,
        refusal_code=facts.refusal_code,
    )
