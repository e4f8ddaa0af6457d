"""Messages that come and go in one piece, as small ones do: fewer rounds, records and system calls for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from h11._readers import ContentLengthReader
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.layers.http import _http1

if TYPE_CHECKING:
    from addons.proxy.http1 import StrictHttp1Client, StrictHttp1Server


def has_length(event: mitm.HttpEvent) -> bool:
    """Whether a body of known length follows, so that the head can wait for it."""
    if isinstance(event, mitm.ResponseHeaders):
        headers = event.response.headers
    elif isinstance(event, mitm.RequestHeaders):
        headers = event.request.headers
    else:
        return False
    return not event.end_stream and "content-length" in headers and "transfer-encoding" not in headers


def whole_body(half: _http1.Http1Connection, event: events.Event) -> bytes | None:
    """The body, taken out of the buffer, if its length is known and all of it is here; None: read it step by step.

    What mitmproxy's loop does in three rounds for a body that comes in one piece, as small ones do.
    """
    reader = half.body_reader
    if type(reader) is not ContentLengthReader or not isinstance(event, events.DataReceived):
        return None
    if reader._remaining != reader._length or not 0 < reader._length <= len(half.buf):
        return None
    return bytes(half.buf.maybe_extract_at_most(reader._length) or b"")


def in_one_write(
    half: StrictHttp1Server | StrictHttp1Client, sending: layer.CommandGenerator[None], *, hold: bool
) -> layer.CommandGenerator[None]:
    """Join a message's head and body: one TLS record and one system call instead of two."""
    for command in sending:
        if not isinstance(command, commands.SendData):
            yield command
        elif hold:
            half.held += command.data
        elif half.held:
            command.data, half.held = half.held + command.data, b""
            yield command
        else:
            yield command
