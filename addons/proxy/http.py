"""The HTTP layers: one stream per request, HTTP/1.1 on both sides, the second barrier before any dial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mitmproxy import connection, flow
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events, layer, tunnel
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.layers import tls
from mitmproxy.proxy.layers.http import HttpErrorHook, HttpRequestHeadersHook
from mitmproxy.proxy.layers.http._base import ReceiveHttp

from addons.parking import PARKED
from addons.proxy.head import is_checked
from addons.proxy.http1 import StrictHttp1Client, StrictHttp1Server, upstream_failed
from addons.proxy.straight import HooksInPlace, NeverWaits
from addons.state import EXCHANGE
from gateway.errors import Refusal, answer_failed

if TYPE_CHECKING:
    from addons.proxy.door import Door
    from addons.state import ConnectionState
    from gateway.exchange import Exchange

_BARRIER = "refused at the gateway's barrier"


class StrictHttpLayer(NeverWaits, mitm.HttpLayer):
    """HTTP/1.1 only, with our own client and server halves. Upstream connections are found by alias alone."""

    def __init__(self, context: mitm.Context) -> None:
        super().__init__(context, mitm.HTTPMode.transparent)
        self.connections[context.client] = StrictHttp1Server(context.fork())

    @property
    def state(self) -> ConnectionState:
        """State of the client connection this layer serves."""
        door: Door = self.context.layers[0]  # type: ignore[assignment]
        return door.state

    def event_to_child(self, child: layer.Layer, event: events.Event) -> layer.CommandGenerator[None]:
        """As mitmproxy's, with what comes most often first and looked up by type: 34 calls a request, 5 %."""
        command: Any
        for command in child.handle_event(event):
            kind = type(command)
            if kind is commands.SendData:
                yield command
            elif kind is ReceiveHttp:
                received = command.event
                if isinstance(received, mitm.RequestHeaders):
                    yield from self.make_stream(received.stream_id)
                stream = self.streams.get(received.stream_id)
                if stream is not None:  # else: data for a stream that is done
                    yield from self.event_to_child(stream, received)
            elif kind is mitm.SendHttp:
                yield from self.event_to_child(self.connections[command.connection], command.event)
            else:
                yield from self._rare_command(child, command)

    def _rare_command(self, child: layer.Layer, command: commands.Command) -> layer.CommandGenerator[None]:
        if command.blocking or isinstance(command, commands.RequestWakeup):
            self.command_sources[command] = child
        if isinstance(command, mitm.DropStream):
            self.streams.pop(command.stream_id, None)
        elif isinstance(command, mitm.GetHttpConnection):
            yield from self.get_connection(command)
        elif isinstance(command, mitm.RegisterHttpConnection):
            yield from self.register_connection(command)
        else:
            if isinstance(command, commands.OpenConnection):
                self.connections[command.connection] = child
            yield command

    def make_stream(self, stream_id: int) -> layer.CommandGenerator[None]:
        self.streams[stream_id] = StrictHttpStream(self.context.fork(), stream_id)
        yield from self.event_to_child(self.streams[stream_id], events.Start())

    def get_connection(self, event: mitm.GetHttpConnection, *, reuse: bool = True) -> layer.CommandGenerator[None]:
        """An open connection to the alias, or a new one. An alias stands for one upstream definition, so a connection
        authenticated for one definition is never used for another that has the same host and port."""
        for known in list(self.connections):
            if isinstance(known, connection.Server) and not known.connected and not self._awaited(known):
                # mitmproxy keeps closed upstreams for the life of the client connection.
                del self.connections[known]
            elif reuse and event.connection_spec_matches(known) and known.connected:
                stream = self.command_sources.pop(event)
                yield from self.event_to_child(stream, mitm.GetHttpConnectionCompleted(event, (known, None)))
                return
        context = self.context.fork()
        context.server = connection.Server(address=event.address, transport_protocol="tcp")
        stack = tunnel.LayerStack()
        if event.tls:
            stack /= tls.ServerTLSLayer(context)
        stack /= StrictHttpClient(context)
        self.connections[context.server] = stack[0]
        self.waiting_for_establishment[context.server].append(event)
        yield from self.event_to_child(stack[0], events.Start())

    def _awaited(self, server: connection.Connection) -> bool:
        return server in self.waiting_for_establishment


class StrictHttpClient(mitm.HttpClient):
    """Speaks HTTP/1.1 to an upstream, whatever it offers."""

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        err = yield commands.OpenConnection(self.context.server)
        if not err:
            self.child_layer = StrictHttp1Client(self.context)
            self._handle_event = self.child_layer.handle_event  # type: ignore[method-assign]
            yield from self._handle_event(event)
        yield mitm.RegisterHttpConnection(self.context.server, err)


class StrictHttpStream(HooksInPlace, mitm.HttpStream):
    """One request. Reaches a server only if the egress guard released this very exchange to this very alias."""

    @property
    def exchange(self) -> Exchange | None:
        """The exchange that the parking opened, if it got that far."""
        found: Exchange | None = self.flow.metadata.get(EXCHANGE)
        return found

    @property
    def door_state(self) -> ConnectionState:
        """State of the client connection."""
        door: Door = self.context.layers[0]  # type: ignore[assignment]
        return door.state

    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        exchange = self.exchange
        released = exchange.released if exchange is not None and exchange.refusal is None else None
        if released is None or released != self.flow.request.host:
            self.door_state.surroundings.metrics.barrier_refusal("stream")
            yield from self.handle_protocol_error(
                mitm.ResponseProtocolError(self.stream_id, _BARRIER, mitm.ErrorCode.KILL)
            )
            return False
        return (yield from super().make_server_connection())

    def start_request_stream(self) -> layer.CommandGenerator[None]:
        # A streamed body leaves before it has been read: nobody may switch that on.
        self.door_state.surroundings.metrics.barrier_refusal("request_stream")
        yield from self.handle_protocol_error(mitm.ResponseProtocolError(self.stream_id, _BARRIER, mitm.ErrorCode.KILL))
        self.client_state = self.server_state = self.state_errored

    def start_response_stream(self) -> layer.CommandGenerator[None]:
        # What streams must run through the filter: anything else that an addon put there would let it out raw.
        exchange, answer = self.exchange, self.flow.response
        pump = answer.stream if answer is not None else None
        if exchange is None or not exchange.cleared or not hasattr(pump, "upstream_failed"):
            yield from self._hold_back()
        else:
            yield from super().start_response_stream()

    def send_response(self, already_streamed: bool = False) -> layer.CommandGenerator[None]:
        sending, reply = super().send_response(already_streamed), None
        while True:
            try:
                command = sending.send(reply)
            except StopIteration:
                return
            if isinstance(command, mitm.SendHttp) and not already_streamed and not self._may_answer():
                sending.close()
                yield from self._hold_back()
                return
            reply = yield command

    def _may_answer(self) -> bool:
        """The barrier on the way back: refused, our own, or through the response step; and its event written."""
        exchange = self.exchange
        if exchange is None or not exchange.ended or self.flow.response is PARKED:
            return False
        return exchange.cleared or exchange.refusal is not None or exchange.answer is not None

    def _hold_back(self) -> layer.CommandGenerator[None]:
        self.door_state.surroundings.metrics.barrier_refusal("answer")
        yield from self._fail(answer_failed(), mitm.ErrorCode.GENERIC_SERVER_ERROR)
        if self.flow.server_conn.connected:
            yield commands.CloseConnection(self.flow.server_conn)

    def check_invalid(self, request: bool) -> layer.CommandGenerator[bool]:
        # Our reader is stricter than mitmproxy's validation of the same fields: `is_checked` has the reasons.
        if is_checked(self.flow.request if request else self.flow.response):
            return False
        return (yield from super().check_invalid(request))

    def check_body_size(self, request: bool) -> layer.CommandGenerator[bool]:
        limits = self.door_state.surroundings.snapshot().settings.limits
        bound = limits.body_bytes if request else limits.answer_bytes
        buffered = self.request_body_buf if request else self.response_body_buf
        early = not buffered
        size = len(buffered) if buffered else self._announced(request)
        if size is None or size <= bound:
            return False
        if request:
            if early:
                yield HttpRequestHeadersHook(self.flow)
            yield from self._fail(
                Refusal(
                    "llmgw_body_too_large",
                    413,
                    f"The request body is larger than the {bound} bytes the egress gateway accepts. Send less context, "
                    "or ask for a higher limits.body_bytes.",
                ),
                mitm.ErrorCode.REQUEST_TOO_LARGE,
            )
        else:
            yield from self._fail(answer_too_large(bound), mitm.ErrorCode.RESPONSE_TOO_LARGE)
            yield commands.CloseConnection(self.flow.server_conn)
        return True

    def _announced(self, request: bool) -> int | None:
        try:
            return http1.expected_http_body_size(self.flow.request, None if request else self.flow.response)
        except ValueError:
            return None

    def _fail(self, refusal: Refusal, code: mitm.ErrorCode) -> layer.CommandGenerator[None]:
        if self.exchange is not None and self.exchange.refusal is None:
            self.exchange.fault = refusal
            self.exchange.status = refusal.status
        self.flow.error = flow.Error(refusal.code)
        yield HttpErrorHook(self.flow)
        yield mitm.SendHttp(mitm.ResponseProtocolError(self.stream_id, refusal.code, code), self.context.client)
        self.client_state = self.server_state = self.state_errored
        self.flow.live = False

    def _blame_upstream(self) -> None:
        """Said before the books are closed: else they blame the client, and the answer has no request id."""
        exchange = self.exchange
        if exchange is not None and not exchange.ended and exchange.fault is None and exchange.refusal is None:
            exchange.fault = upstream_failed()
            exchange.status = exchange.status or exchange.fault.status

    def handle_protocol_error(
        self, event: mitm.RequestProtocolError | mitm.ResponseProtocolError
    ) -> layer.CommandGenerator[None]:
        if isinstance(event, mitm.ResponseProtocolError) and event.code is not mitm.ErrorCode.KILL:
            self._blame_upstream()
        streaming = self.server_state == self.state_stream_response_body
        if streaming and isinstance(event, mitm.ResponseProtocolError) and self.flow.response is not None:
            # The upstream broke off in mid-stream: end it in the words of the dialect instead of cutting the line.
            tail = self.flow.response.stream
            if callable(tail) and hasattr(tail, "upstream_failed"):
                data = tail.upstream_failed()
                if data:
                    yield mitm.SendHttp(mitm.ResponseData(self.stream_id, data), self.context.client)
                self.flow.error = flow.Error("upstream broke off")
                yield HttpErrorHook(self.flow)
                yield mitm.SendHttp(mitm.ResponseEndOfMessage(self.stream_id), self.context.client)
                self.server_state = self.state_errored
                self.flow.live = False
                yield mitm.DropStream(self.stream_id)
                return
        yield from super().handle_protocol_error(event)


def answer_too_large(bound: int) -> Refusal:
    """The refusal for an upstream's answer above `limits.answer_bytes`."""
    return Refusal(
        "llmgw_answer_too_large",
        502,
        f"The model's answer is larger than the {bound} bytes the egress gateway relays. Ask for a shorter answer, or "
        "for a higher limits.answer_bytes.",
    )
