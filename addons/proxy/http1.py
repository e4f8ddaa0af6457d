"""HTTP/1.1 halves with bounds: header blocks are read by our own rules (addons.proxy.head)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import h11
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.layers.http import _http1
from mitmproxy.proxy.layers.http._base import ReceiveHttp

from addons.native import refusal_bytes
from addons.proxy.framing import has_length, in_one_write, whole_body
from addons.proxy.head import LeftToMitmproxy, malformed, read_answer, read_request
from addons.proxy.straight import NeverWaits
from addons.state import Phase
from addons.telemetry import report_protocol_refusal
from gateway.errors import Refusal

if TYPE_CHECKING:
    from addons.proxy.door import Door
    from addons.proxy.head import AnswerHead
    from addons.state import ConnectionState

_ANSWER_HEADER_BOUND: Final = 65_536
_END: Final = b"\r\n\r\n"


class StrictHttp1Server(NeverWaits, _http1.Http1Server):
    """The half that faces agents."""

    held = b""  # the head of an answer that waits for its body

    @property
    def door_state(self) -> ConnectionState:
        """State of the client connection."""
        door: Door = self.context.layers[0]  # type: ignore[assignment]
        return door.state

    @property
    def answered(self) -> bool:
        """Whether a final answer has begun: `100 Continue` is none."""
        return self.response is not None and self.response.status_code >= 200

    def wait(self, event: events.Event) -> layer.CommandGenerator[None]:
        limits = self.door_state.surroundings.snapshot().settings.limits
        if len(self.buf) > limits.header_bytes + limits.body_bytes:  # more than a whole request behind this one
            self.door_state.abort()
        yield from super().wait(event)

    def read_headers(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        if isinstance(event, events.ConnectionClosed):
            yield commands.CloseConnection(self.conn)
            return
        state = self.door_state
        raw = bytes(self.buf)
        if state.phase is Phase.IDLE and raw:
            state.enter(Phase.HEADERS, state.surroundings.monotonic())
        limits = state.surroundings.snapshot().settings.limits
        end = raw.find(_END, 0, limits.header_bytes + len(_END))
        if end < 0:
            if len(raw) > limits.header_bytes:
                yield from self.refuse(malformed(431, f"its header block is over {limits.header_bytes} bytes"), raw)
            elif b"\n" in raw and b"\n" in raw.replace(b"\r\n", b""):
                yield from self.refuse(malformed(400, "a line ends with a bare line feed"), raw)
            return
        found = read_request(raw[:end], limits.header_count)
        if isinstance(found, Refusal):
            yield from self.refuse(found, raw)
        elif isinstance(found, LeftToMitmproxy):
            yield from super().read_headers(event)
        else:
            self.buf.maybe_extract_at_most(end + len(_END))
            self.request, size = found
            yield ReceiveHttp(mitm.RequestHeaders(self.stream_id, self.request, size == 0))
            self.body_reader = _http1.make_body_reader(size)
            self.state = self.read_body
            yield from self.state(event)

    def refuse(self, refusal: Refusal, raw: bytes) -> layer.CommandGenerator[None]:
        """Answer a request that has no exchange, and close."""
        state = self.door_state
        target = raw[:512].split(b" ", 2)[1].decode("ascii", "replace") if raw.count(b" ", 0, 512) >= 1 else ""
        request_id = state.surroundings.new_id()
        report_protocol_refusal(state, refusal, request_id)
        yield commands.SendData(self.conn, refusal_bytes(refusal, None, target=target, request_id=request_id))
        yield commands.CloseConnection(self.conn)
        self.buf.maybe_extract_at_most(len(self.buf))
        self.state = self.done

    def read_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.ConnectionClosed):
            yield from super().read_body(event)
            return
        if body := whole_body(self, event):
            yield ReceiveHttp(mitm.RequestData(self.stream_id, body))
            yield ReceiveHttp(mitm.RequestEndOfMessage(self.stream_id))
            yield from self.mark_done(request=True)
            return
        closing = None
        try:
            for command in super().read_body(event):
                if isinstance(command, commands.CloseConnection):
                    closing = command
                elif closing is not None:  # mitmproxy closes without a word on what its parser cannot read
                    yield from self._refuse_body("its chunked body is malformed")
                    return
                else:
                    yield command
        except NotImplementedError:  # mitmproxy's word for trailers
            yield from self._refuse_body("trailers are not accepted")
            return
        if closing is not None:
            yield closing

    def _refuse_body(self, what: str) -> layer.CommandGenerator[None]:
        """Answer a request whose body broke off the rules, and close; its exchange ends with it."""
        refusal, exchange = malformed(400, what), self.door_state.exchange
        if exchange is None:
            yield from self.refuse(refusal, b"")
        else:
            if exchange.fault is None:
                exchange.fault, exchange.status = refusal, refusal.status
            if not self.answered:
                yield commands.SendData(self.conn, refusal_bytes(exchange.refusal or refusal, exchange))
            yield commands.CloseConnection(self.conn)
            self.state = self.done
        yield ReceiveHttp(
            mitm.RequestProtocolError(self.stream_id, "malformed body", mitm.ErrorCode.GENERIC_CLIENT_ERROR)
        )

    def send(self, event: mitm.HttpEvent) -> layer.CommandGenerator[None]:
        if self.held and type(event) is mitm.ResponseData:
            data, self.held = self.held + event.data, b""
            yield commands.SendData(self.conn, data)
            return
        if not isinstance(event, mitm.ResponseProtocolError):
            yield from in_one_write(self, super().send(event), hold=has_length(event))
            return
        if not self.conn.connected:
            return
        if not self.answered and event.code is not mitm.ErrorCode.KILL:
            exchange = self.door_state.exchange
            refusal = (exchange and (exchange.refusal or exchange.fault)) or _by_code(event.code)
            if exchange is not None:
                exchange.fault = refusal
            yield commands.SendData(self.conn, refusal_bytes(refusal, exchange))
        yield commands.CloseConnection(self.conn)


def _by_code(code: mitm.ErrorCode) -> Refusal:
    if code is mitm.ErrorCode.REQUEST_VALIDATION_FAILED or code is mitm.ErrorCode.GENERIC_CLIENT_ERROR:
        return malformed(400, "it is not valid HTTP/1.1")
    return upstream_failed()


def upstream_failed() -> Refusal:
    """The refusal for an upstream that cannot be reached or broke off before its answer began."""
    return Refusal(
        "llmgw_upstream_failed",
        502,
        "The model's server could not be reached or broke off before it answered. Nothing was lost on your side: try "
        "again.",
        retry=True,
    )


class StrictHttp1Client(NeverWaits, _http1.Http1Client):
    """The half that faces upstreams: bounded header blocks, nothing of the peer in a message."""

    held = b""

    def send(self, event: mitm.HttpEvent) -> layer.CommandGenerator[None]:
        if self.held and type(event) is mitm.RequestData:
            data, self.held = self.held + event.data, b""
            yield commands.SendData(self.conn, data)
            return
        yield from in_one_write(self, super().send(event), hold=has_length(event))

    def read_headers(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        reading = super().read_headers(event)
        if isinstance(event, events.DataReceived):
            raw = bytes(self.buf)
            end = raw.find(_END)
            # Bare line feeds end a block for mitmproxy's reader, and for nobody who reads strictly.
            endless = end < 0 and (len(raw) > _ANSWER_HEADER_BOUND or b"\n" in raw.replace(b"\r\n", b""))
            if self.request is None or self.stream_id is None or endless:
                yield from self._give_up()
                return
            if end >= 0:
                found = read_answer(raw[:end], self.request.data.method)
                if found is None:
                    yield from self._give_up()
                    return
                if not isinstance(found, LeftToMitmproxy):
                    self.buf.maybe_extract_at_most(end + len(_END))
                    reading = self._read_on(found, self.stream_id, event)
        try:
            yield from reading
        except ValueError:
            yield from self._give_up()

    def _read_on(self, head: AnswerHead, stream_id: int, event: events.DataReceived) -> layer.CommandGenerator[None]:
        self.response, size = head
        yield ReceiveHttp(mitm.ResponseHeaders(stream_id, self.response, size == 0))
        self.body_reader = _http1.make_body_reader(size)
        self.state = self.read_body
        yield from self.state(event)

    def read_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        if self.stream_id is not None and (body := whole_body(self, event)):
            yield ReceiveHttp(mitm.ResponseData(self.stream_id, body))
            whole = ReceiveHttp(mitm.ResponseEndOfMessage(self.stream_id))
            yield from self.mark_done(response=True)
            yield whole  # last, see below
            return
        end = None
        try:
            for command in super().read_body(event):
                if isinstance(command, ReceiveHttp) and isinstance(command.event, mitm.ResponseEndOfMessage):
                    end = command
                else:
                    yield command
        except (NotImplementedError, h11.ProtocolError):
            yield from self._give_up()
        # Only now: a request that waits behind this one may be sent before the generator is resumed, and this half must
        # be ready for it.
        if end is not None:
            yield end

    def _give_up(self) -> layer.CommandGenerator[None]:
        yield commands.CloseConnection(self.conn)
        if self.stream_id is not None:
            yield ReceiveHttp(
                mitm.ResponseProtocolError(self.stream_id, "malformed answer", mitm.ErrorCode.GENERIC_SERVER_ERROR)
            )
        self.state = self.done
