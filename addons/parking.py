"""Parks every request at its first header. What nobody releases ends as a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mitmproxy import http

from addons.native import make_response
from addons.state import EXCHANGE, PARKED_HOST, Phase
from gateway.dialects import route
from gateway.errors import Refused, internal_error, parked
from gateway.exchange import Exchange

if TYPE_CHECKING:
    from addons.dispatch import FailClosedAddons
    from addons.surroundings import Surroundings

PARKED: Final = make_response(parked().status, [("content-type", "application/json")], b"{}")
"""Stands as the response of every request until the chain is through. `response` never lets it out as it is."""


class Parking:
    """Opens the exchange under one snapshot, latches the refusal, finds the dialect."""

    def __init__(self, surroundings: Surroundings, manager: FailClosedAddons) -> None:
        self._surroundings = surroundings
        self._connections = manager.connections

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Latch first, then look: whatever raises below finds the request parked and refused."""
        flow.response = PARKED
        flow.request.stream = False
        flow.request.data.host = PARKED_HOST
        around = self._surroundings
        state = self._connections[flow.client_conn.id]
        now = around.monotonic()
        exchange = Exchange(
            around.new_id(), around.snapshot(), started=now, when=around.clock(), target=flow.request.path
        )
        exchange.trace_id = flow.request.headers.get("traceparent", "")[3:35]
        flow.metadata[EXCHANGE] = exchange
        state.exchange = exchange
        state.permit = None
        state.enter(Phase.BODY, now)
        if flow.request.method == "HEAD":
            state.closing = True  # its refusal has a body, which must not be taken for the next answer
        if around.tampered or not flow.client_conn.tls_established:
            raise Refused(internal_error())

    def request(self, flow: http.HTTPFlow) -> None:
        """The whole body is here. The latch must still be on, and the body must not have been streamed."""
        if flow.response is not PARKED or flow.request.stream or flow.request.raw_content is None:
            raise Refused(internal_error())
        state = self._connections[flow.client_conn.id]
        state.enter(Phase.PROCESSING, self._surroundings.monotonic())


class Routes:
    """Finds the dialect of a request by its method and target alone."""

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Refuses what no dialect speaks."""
        exchange: Exchange = flow.metadata[EXCHANGE]
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in flow.request.headers.fields
        }
        exchange.route = route(flow.request.method, flow.request.path, headers)
