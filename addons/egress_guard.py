"""Redacts for the destination, writes the outgoing request from nothing, releases it: the last step before a dial."""

from __future__ import annotations

import asyncio
import functools
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mitmproxy import http, tls
from mitmproxy.connection import Server
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from addons.dlp import OFFLOAD_BYTES
from addons.state import EXCHANGE, Permit, Phase
from gateway.dialects import forward_headers
from gateway.errors import ConfigurationError, Refusal, Refused, internal_error
from gateway.ports import OutgoingRequest
from gateway.signing import HeaderSigner
from gateway.steps import changed_files, placeholder_key, redact_for, rewrites_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from addons.dispatch import FailClosedAddons
    from addons.state import ConnectionState
    from addons.surroundings import Surroundings
    from addons.trust import Target, Targets
    from gateway.attached import Rewritten
    from gateway.exchange import Exchange
    from gateway.model import Decision, Prompt, Redaction, ScanResult, Upstream
    from gateway.ports import RequestSigner

UNAVAILABLE_SECONDS: Final = 15.0
"""How long an upstream that could not be reached is skipped by rules that name another after it."""
_VERSION: Final = re.compile(r"v[0-9]{1,2}(?:(?:alpha|beta)[0-9]*)?")
"""The last part of an upstream's prefix that is not sent twice."""
_USER_AGENT: Final = (b"user-agent", b"llm-egress-gateway")


class EgressGuard:
    """The step that releases. Of the client's request line and header block only allow-listed fields survive it."""

    def __init__(self, surroundings: Surroundings, manager: FailClosedAddons, targets: Targets) -> None:
        self._surroundings = surroundings
        self._connections = manager.connections
        self._targets = targets

    async def request(self, flow: http.HTTPFlow) -> None:
        """Decision -> Redaction -> outgoing request, permit, release. Its last statement takes the latch off."""
        exchange: Exchange = flow.metadata[EXCHANGE]
        if exchange.answer is not None:
            return
        decision, prompt = exchange.decision, exchange.prompt
        if decision is None or prompt is None or decision.upstream is None or not decision.allow:
            raise Refused(internal_error())
        redaction = await self._redact(exchange)
        if exchange.held is not None:
            redaction = replace(redaction, restore={**exchange.held.restore, **redaction.restore})
        exchange.redaction = redaction
        target = self._target(decision.upstream, decision.policy_version)
        headers = self._headers(exchange, flow, decision.upstream, redaction)
        outgoing = _outgoing(exchange, target, headers, redaction.body)
        self._signed(exchange, decision.upstream, outgoing)
        state = self._state(flow.client_conn.id)
        state.permit = _permit(target)
        flow.request = outgoing
        now = self._surroundings.monotonic()
        exchange.timings["release"] = (now - exchange.started) * 1000
        state.enter(Phase.UPSTREAM, now)
        exchange.released = target.alias
        flow.response = None

    def _state(self, client_id: str) -> ConnectionState:
        state = self._connections.get(client_id)
        if state is None:  # the client left while its request was read: nobody waits for the answer
            raise Refused(internal_error())
        return state

    async def _redact(self, exchange: Exchange) -> Redaction:
        prompt, scan, decision, agent = exchange.prompt, exchange.scan, exchange.decision, exchange.agent
        if prompt is None or scan is None or agent is None or decision is None:
            raise Refused(internal_error())
        key = placeholder_key(exchange.snapshot, agent, exchange.request_id)
        path = exchange.route.target(decision.model) if exchange.route is not None else ""
        operator, opener = self._surroundings.operator, self._surroundings.opener
        plan = functools.partial(rewrites_for, key=key, operator=operator)
        changed: dict[str, Rewritten] = {}
        if wanted := await _worked(plan, decision, prompt, scan):
            if opener is None:
                raise Refused(internal_error())
            changed = changed_files(wanted, await opener.rewrite(wanted, agent=agent.agent_id))
        work = functools.partial(redact_for, key=key, operator=operator, target=path, changed=changed)
        return await _worked(work, decision, prompt, scan)

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Refuse a dial that no permit names; the connection itself checks again and uses the permit up."""
        state = self._state(data.client.id)
        permit, exchange = state.permit, state.exchange
        released = exchange.released if exchange is not None else None
        if permit is None or data.server.address != (permit.alias, permit.port) or released != permit.alias:
            state.permit = None
            self._surroundings.metrics.barrier_refusal("server_connect")
            raise Refused(internal_error())

    def tls_start_server(self, data: tls.TlsData) -> None:
        """The upstream's own context: its CA, its client certificate, its name."""
        address = data.conn.address if isinstance(data.conn, Server) else None
        if address is None:
            raise Refused(internal_error())
        data.ssl_conn = self._targets.by_alias(address[0]).connection()

    def tls_failed_server(self, data: tls.TlsData) -> None:
        """An upstream that cannot prove its name gets nothing: the credential has not been sent yet."""
        self._unreachable(self._connections.get(data.context.client.id))

    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """Skip the upstream for a while, so that a retry reaches the rule's next one."""
        self._unreachable(self._connections.get(data.client.id))

    def _unreachable(self, state: ConnectionState | None) -> None:
        exchange = state.exchange if state is not None else None
        decision = exchange.decision if exchange is not None else None
        if exchange is None or decision is None or decision.upstream is None:
            return
        around = self._surroundings
        if len(decision.upstreams) > 1:
            around.unavailable[decision.upstream.id] = around.monotonic() + UNAVAILABLE_SECONDS
        if exchange.fault is None:
            exchange.fault = unreachable(decision.upstream.id)

    def _target(self, upstream: Upstream, policy_version: str) -> Target:
        try:
            return self._targets.of(upstream, policy_version)
        except ConfigurationError:
            raise Refused(unreachable(upstream.id)) from None

    def _headers(
        self, exchange: Exchange, flow: http.HTTPFlow, upstream: Upstream, redaction: Redaction
    ) -> list[tuple[bytes, bytes]]:
        route = exchange.route
        if route is None:
            raise Refused(internal_error())
        default_port = 443 if upstream.scheme == "https" else 80
        host = upstream.host if upstream.port == default_port else f"{upstream.host}:{upstream.port}"
        fields = [(b"host", host.encode("ascii")), _USER_AGENT]
        given = ((n.decode("latin-1"), v.decode("latin-1")) for n, v in flow.request.headers.fields)
        kept = forward_headers(route, given, redaction.framing.content_type if redaction.framing else None)
        fields += [(name.encode("ascii"), value.encode("ascii")) for name, value in kept]
        fields.append((b"accept-encoding", b"identity"))
        if route.dialect.method == "POST":
            fields.append((b"content-length", b"%d" % len(redaction.body)))
        return fields

    def _signed(self, exchange: Exchange, upstream: Upstream, request: http.Request) -> None:
        """Add what proves to `upstream` who asks; what is secret in that must not come back."""
        if upstream.credential is None:
            return
        fields = tuple((name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.fields)
        host = dict(fields)["host"]
        body = request.raw_content or b""
        sign: RequestSigner = HeaderSigner(self._surroundings.credentials)
        signed = sign(
            upstream.credential, OutgoingRequest(request.method, host, request.path, headers=fields, body=body)
        )
        exchange.masks = signed.secrets
        for name, value in signed.headers:
            request.headers.fields += ((name.encode("ascii"), value.encode("ascii")),)


async def _worked[T](
    step: Callable[[Decision, Prompt, ScanResult], T], decision: Decision, prompt: Prompt, scan: ScanResult
) -> T:
    """What `step` makes of the request; in a thread for a large one."""
    if scan.total_bytes >= OFFLOAD_BYTES:
        return await asyncio.to_thread(step, decision, prompt, scan)
    return step(decision, prompt, scan)


def _permit(target: Target) -> Permit:
    upstream = target.upstream
    return Permit(target.alias, upstream.host, upstream.port, upstream.allow_private, upstream.connect_seconds)


def _outgoing(exchange: Exchange, target: Target, headers: list[tuple[bytes, bytes]], body: bytes) -> http.Request:
    upstream, route = target.upstream, exchange.route
    if route is None:
        raise Refused(internal_error())
    decision = exchange.decision
    path = route.target(decision.model if decision else "")
    last = upstream.prefix.rpartition("/")[2]
    if _VERSION.fullmatch(last) and path.startswith(f"/{last}/"):
        path = path.removeprefix(f"/{last}")
    return http.Request(
        host=target.alias,
        port=upstream.port,
        method=route.dialect.method.encode("ascii"),
        scheme=upstream.scheme.encode("ascii"),
        authority=b"",
        path=f"{upstream.prefix}{path}".encode("ascii"),
        http_version=b"HTTP/1.1",
        headers=http.Headers(headers),
        content=body,
        trailers=None,
        timestamp_start=0.0,
        timestamp_end=0.0,
    )


def unreachable(upstream_id: str) -> Refusal:
    """The refusal for an upstream that cannot be reached or cannot prove who it is."""
    return Refusal(
        "llmgw_upstream_unreachable",
        502,
        f"The model's server ({upstream_id}) cannot be reached right now. Try again; if it persists, tell the "
        "gateway's operator.",
        retry=True,
    )
