"""The top layer of every client connection: TLS with a client certificate, or nothing.

mitmproxy's own reverse mode looks at the first bytes and serves clear text where it sees none of TLS. Here the stack is
fixed (door, TLS, HTTP/1.1), so there is nothing to guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mitmproxy import connection
from mitmproxy.proxy import commands, events, layer, tunnel
from mitmproxy.proxy.layers import tls
from OpenSSL import SSL

from addons.proxy.http import StrictHttpLayer
from addons.proxy.straight import NeverWaits
from addons.state import PARKED_HOST, PARKED_PORT

if TYPE_CHECKING:
    from collections.abc import Callable

    from mitmproxy.proxy.context import Context

    from addons.state import ConnectionState

_TLS_HANDSHAKE: Final = 0x16
_CLIENT_HELLO_BOUND: Final = 65_536


class Door(NeverWaits):
    """Closes what does not begin with a TLS handshake record (RFC 8446 section 5.1); parks everything else."""

    def __init__(
        self, context: Context, state: ConnectionState, run_hook: Callable[[commands.StartHook], bool]
    ) -> None:
        super().__init__(context)
        self.state = state
        self.run_hook = run_hook
        """Runs a hook as far as it goes without waiting; returns whether that was to its end."""
        context.server = connection.Server(address=(PARKED_HOST, PARKED_PORT))
        self._tls = StrictTls(context)
        self._tls.child_layer = StrictHttpLayer(context)
        self._looked = False

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if not self._looked and isinstance(event, events.DataReceived):
            self._looked = True
            if event.data[0] != _TLS_HANDSHAKE:
                self.state.closing = True
                self.state.surroundings.metrics.tls_failure("cleartext")
                yield commands.CloseConnection(self.context.client)
                return
        if self.state.closing and not self._tls.tls:
            return
        yield from self._tls.handle_event(event)


class StrictTls(tls.ClientTLSLayer):
    """Client TLS whose alerts reach the client, which says goodbye, and which logs no bytes of the peer."""

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if self.tunnel_state is tunnel.TunnelState.OPEN and self._paused is None:
            return self._handle_event(event)  # only the handshake waits for hooks of its own, see addons.proxy.straight
        return super().handle_event(event)

    def receive_handshake_data(self, data: bytes) -> layer.CommandGenerator[tuple[bool, str | None]]:
        if len(self.recv_buffer) > _CLIENT_HELLO_BOUND:
            yield from ()
            return False, "client hello too large"
        return (yield from super().receive_handshake_data(data))

    def on_handshake_error(self, err: str) -> layer.CommandGenerator[None]:
        # The alert waits in the BIO: without this the client sees a bare end of the connection.
        if self.tls:
            yield from self.tls_interact()
        self.conn.error = "handshake failed"
        failed = tls.TlsData(self.conn, self.context, self.tls)
        known = err.startswith("Certificate verify failed") or "did not return" in err
        failed.conn.error = err if known else "protocol"
        yield tls.TlsFailedClientHook(failed)
        yield commands.CloseConnection(self.tunnel_connection)
        self.event_to_child = self.errored  # type: ignore[method-assign]

    def send_close(self, command: commands.CloseConnection) -> layer.CommandGenerator[None]:
        if self.tls and not isinstance(command, commands.CloseTcpConnection):
            try:
                self.tls.shutdown()
            except SSL.Error:
                pass  # the handshake never finished: there is nothing to say goodbye to
            else:
                yield from self.tls_interact()
        yield from super().send_close(command)
