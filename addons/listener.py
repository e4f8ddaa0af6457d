"""Accepts connections on the shared port, within bounds."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from addons.proxy.connection import GatewayConnection
from addons.proxy.wire import Wire

if TYPE_CHECKING:
    from addons.master import GatewayMaster
    from addons.surroundings import Surroundings

_BACKLOG = 1024


def bind(host: str, port: int) -> socket.socket:
    """A socket bound with SO_REUSEPORT, so that several workers share the port. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol spelt out asyncio turns Nagle's algorithm off for what is accepted here (uvloop always does).
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


class Listener:
    """The door of one worker."""

    def __init__(self, master: GatewayMaster, surroundings: Surroundings) -> None:
        self._master = master
        self._surroundings = surroundings
        self._server: asyncio.Server | None = None
        self._handlers: dict[GatewayConnection, asyncio.Task[None]] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self.accepted_ports: set[int] = set()
        """Peer ports of open connections."""

    async def start(self, sock: socket.socket) -> tuple[str, int]:
        """Begin to accept on a bound socket; returns its address."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Wire(self._accept), sock=sock, backlog=_BACKLOG
        )
        name = sock.getsockname()
        return str(name[0]), int(name[1])

    def stop_accepting(self) -> None:
        """Close the listening socket; open connections go on."""
        if self._server is not None:
            self._server.close()

    async def drained(self, seconds: float) -> bool:
        """Wait until no connection is left; returns False if some were when the time was over (they are cut)."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            for handler in list(self._handlers):
                handler.abort()
            await asyncio.sleep(0.1)
            return False
        return True

    def _accept(self, wire: Wire) -> None:
        limit = self._surroundings.snapshot().settings.limits.connections
        peer = wire.get_extra_info("peername")
        if len(self._handlers) >= limit or not peer or self._surroundings.tampered:
            wire.close()
            return
        handler = GatewayConnection(wire, self._master.options, self._master.addons, self._surroundings)
        self._handlers[handler] = asyncio.get_running_loop().create_task(self._serve(handler, wire, peer[1]))
        self._empty.clear()
        self.accepted_ports.add(peer[1])

    async def _serve(self, handler: GatewayConnection, wire: Wire, port: int) -> None:
        try:
            await handler.handle_client()
        finally:
            del self._handlers[handler]
            if not self._handlers:
                self._empty.set()
            self.accepted_ports.discard(port)
            wire.close()
