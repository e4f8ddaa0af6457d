"""One client connection from accept to close: the fixed stack, the hooks that fail closed, the dial barrier."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from mitmproxy.connection import ConnectionState as SocketState
from mitmproxy.connection import Server
from mitmproxy.proxy import commands, events, layer, mode_specs, server, server_hooks

from addons.proxy.dial import DialRefusedError, resolve
from addons.proxy.door import Door
from addons.proxy.wire import Wire
from addons.state import ConnectionState, Permit

if TYPE_CHECKING:
    from mitmproxy.connection import Connection
    from mitmproxy.options import Options

    from addons.dispatch import FailClosedAddons
    from addons.surroundings import Surroundings

_MODE = mode_specs.ProxyMode.parse("reverse:https://parked.llmgw.invalid:9")


class _NoWatchdog:
    """In place of mitmproxy's idle timer and its task: the sweeper has a deadline for every phase of a connection."""

    async def watch(self) -> None:
        """Watch nothing."""


class GatewayConnection(server.LiveConnectionHandler):
    """mitmproxy's connection handler with our layers, our hook dispatch and our way to dial."""

    def __init__(self, wire: Wire, options: Options, addons: FailClosedAddons, surroundings: Surroundings) -> None:
        super().__init__(wire, wire, options, _MODE)  # type: ignore[arg-type]
        self.timeout_watchdog = _NoWatchdog()  # type: ignore[assignment]
        peer = self.client.peername
        self.state = ConnectionState(
            surroundings,
            abort=self.abort,
            drop_upstreams=self.drop_upstreams,
            peer=str(peer[0]) if peer else "",
            since=surroundings.monotonic(),
        )
        self._addons = addons
        addons.connections[self.client.id] = self.state
        context = self.layer.context
        context.layers.clear()
        self.layer: layer.Layer = Door(context, self.state, self.run_hook)
        self._pending_events: deque[events.Event] = deque()
        self._feeding = False
        self._held: set[Wire] = set()
        self._waiting: dict[commands.StartHook, asyncio.Task[None]] = {}

    async def handle_client(self) -> None:
        """Serve the connection to its end."""
        metrics = self.state.surroundings.metrics
        metrics.connection_opened()
        try:
            await super().handle_client()
        finally:
            metrics.connection_closed()
            self._addons.connections.pop(self.client.id, None)

    def abort(self) -> None:
        """Close both sides at once. What the client was owed is lost; nothing more leaves."""
        self.state.closing = True
        io = self.transports.get(self.client)
        if io is not None and io.handler is not None:
            io.handler.cancel("closed by the gateway")
        elif io is not None and io.writer is not None:
            self.client.error = "closed by the gateway"  # nobody reads yet: mitmproxy must not begin to
            io.writer.close()

    def drop_upstreams(self) -> None:
        """Close every upstream connection of this client."""
        for conn, io in list(self.transports.items()):
            if conn is not self.client and io.handler is not None:
                io.handler.cancel("closed by the gateway")

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """Run a hook that no layer waits for (accept, dial, end). What goes wrong ends in a refusal or an abort."""
        if self._addons.is_sync(hook.name):
            self._addons.run_sync(hook, self.state)
            return
        running = asyncio.get_running_loop().create_task(self._addons.run(hook, self.state))
        await self._bounded(running)
        if _broke(running):
            self.abort()

    async def _bounded(self, running: asyncio.Task[None]) -> None:
        """Wait for a hook, at most `limits.hook_seconds`; over it the hook is cancelled, which refuses the exchange."""
        limit = self.state.surroundings.snapshot().settings.limits.hook_seconds
        try:
            await asyncio.wait((running,), timeout=limit)
            if not running.done():
                self.state.hook_overdue = True
                running.cancel()
                await asyncio.wait((running,), timeout=limit)
        except asyncio.CancelledError:
            running.cancel()
            self.abort()
            raise

    def log(self, message: str, level: int = 0, exc_info: Any = None) -> None:
        """Nothing of mitmproxy's own connection log is kept: its lines quote what peers sent."""

    async def on_timeout(self) -> None:
        """Never: see _NoWatchdog."""

    async def server_event(self, event: events.Event) -> None:
        """Feed the layers, for those of mitmproxy's methods that wait for it."""
        self.feed(event)

    def feed(self, event: events.Event) -> None:
        """Feed the layers. A crash in them closes the connection; mitmproxy would go on.

        Nothing in here gives up the event loop. An event that comes up while another is at work waits for its turn.
        """
        self._pending_events.append(event)
        if self._feeding:
            return
        self._feeding = True
        try:
            while self._pending_events:
                self._run_commands(self._pending_events.popleft())
        except Exception as crash:  # noqa: BLE001 - the fail-closed wrapper of the layers
            self._pending_events.clear()
            self.state.surroundings.metrics.hook_failure("layer")
            self._addons.report_crash("layer", crash)
            self.abort()
        finally:
            self._feeding = False

    async def handle_connection(self, connection: Connection) -> None:
        """One of our connections, client's or upstream's, from its first byte to its last."""
        wire, task = self._wire(connection), asyncio.current_task()
        cancelled: asyncio.CancelledError | None = None

        def received(data: bytes) -> None:
            if task is None or not task.cancelling():  # else: aborted, and the task has not noticed yet
                self.feed(events.DataReceived(connection, data))
                self._hold_back(wire)

        try:
            wire.on_room = self._room
            wire.attach(received)
            await wire.ended
        except asyncio.CancelledError as error:
            cancelled = error
        wire.detach()
        if cancelled is None:
            connection.state &= ~SocketState.CAN_READ  # TCP connections can be half-closed
        else:
            connection.state = SocketState.CLOSED
        self.feed(events.ConnectionClosed(connection))
        if connection.state is SocketState.CAN_WRITE:
            try:
                await asyncio.Event().wait()  # the peer may still read; whoever closes cancels
            except asyncio.CancelledError as error:
                cancelled = error
        wire.close()
        self.transports.pop(connection)
        self._room()
        if cancelled is not None:
            raise cancelled

    def _wire(self, connection: Connection) -> Wire:
        return cast("Wire", self.transports[connection].writer)

    def _hold_back(self, wire: Wire) -> None:
        """While a peer does not take what is written to it, nothing more is read from anybody."""
        if any(io.writer.full for io in self.transports.values() if io.writer is not None):  # type: ignore[union-attr]
            wire.hold(True)
            self._held.add(wire)

    def _room(self) -> None:
        """A peer took what was waiting for it, or is gone."""
        if self._held and not any(self._wire(each).full for each, io in self.transports.items() if io.writer):
            for wire in self._held:
                wire.hold(False)
            self._held.clear()

    def _run_commands(self, event: events.Event) -> None:
        for command in self.layer.handle_event(event):
            if isinstance(command, commands.StartHook):
                self._start_hook(command)
            elif isinstance(command, commands.SendData):
                io = self.transports.get(command.connection)
                if self.state.closing and command.connection is not self.client:
                    continue  # aborted: the layers may not have noticed yet
                if io is not None and io.writer is not None and not io.writer.is_closing():
                    io.writer.write(command.data)
            elif isinstance(command, commands.OpenConnection):
                self._start_dial(command)
            elif isinstance(command, commands.CloseConnection):
                if command.connection in self.transports:
                    half = isinstance(command, commands.CloseTcpConnection) and command.half_close
                    self.close_connection(command.connection, half)
            elif isinstance(command, commands.RequestWakeup):
                raise RuntimeError("no layer of ours asks for a wake-up")
            elif not isinstance(command, commands.Log):
                raise RuntimeError("unexpected command")

    def run_hook(self, hook: commands.StartHook) -> bool:
        """Run a hook in place as far as it goes without waiting; returns whether that was to its end.

        One that waits, or broke, stays with us until its command gets here: then its end is waited for in a task.
        """
        if self._addons.is_sync(hook.name):
            self._addons.run_sync(hook, self.state)
            return True
        running = asyncio.Task(self._addons.run(hook, self.state), loop=asyncio.get_running_loop(), eager_start=True)
        if running.done() and not _broke(running):
            return True
        self._waiting[hook] = running
        return False

    def _start_hook(self, hook: commands.StartHook) -> None:
        """Go on with a hook that a layer yielded and, unless it is one of those that do it themselves, run it."""
        if hook not in self._waiting and self.run_hook(hook):
            if hook.blocking:
                self._pending_events.append(events.HookCompleted(hook))
            return
        running = self._waiting.pop(hook)
        if running.done():
            self.abort()
        else:
            self._addons.keep(asyncio.get_running_loop().create_task(self._finish_hook(hook, running)))

    async def _finish_hook(self, hook: commands.StartHook, running: asyncio.Task[None]) -> None:
        """Go on in the layers when a hook that waits is through."""
        await self._bounded(running)
        if _broke(running):
            # The layers would wait for ever for this hook to end.
            self.abort()
            return
        if hook.blocking:
            self.feed(events.HookCompleted(hook))

    def _start_dial(self, command: commands.OpenConnection) -> None:
        if command.connection in self.transports:
            raise RuntimeError("a connection is opened twice")
        task = asyncio.get_running_loop().create_task(self.open_connection(command))
        self.transports[command.connection] = server.ConnectionIO(handler=task)

    async def open_connection(self, command: commands.OpenConnection) -> None:
        """The third barrier: dial the address that a permit names, which only the egress guard writes, once."""
        conn = command.connection
        if not isinstance(conn, Server):
            raise RuntimeError("only servers are dialled")
        hook_data = server_hooks.ServerConnectionHookData(client=self.client, server=conn)
        try:
            await self.handle_hook(server_hooks.ServerConnectHook(hook_data))
            permit = self._take_permit(conn)
            wire = await self._dial(permit)
        except (OSError, DialRefusedError, TimeoutError, asyncio.CancelledError) as error:
            conn.error = type(error).__name__
            self.transports.pop(conn, None)
            await self.handle_hook(server_hooks.ServerConnectErrorHook(hook_data))
            self.feed(events.OpenConnectionCompleted(command, conn.error))
            if isinstance(error, asyncio.CancelledError):
                raise
            return
        conn.state = SocketState.OPEN
        conn.peername = wire.get_extra_info("peername")
        conn.sockname = wire.get_extra_info("sockname")
        self.transports[conn] = server.ConnectionIO(asyncio.current_task(), wire, wire)  # type: ignore[arg-type]
        self.feed(events.OpenConnectionCompleted(command, None))
        try:
            await self.handle_connection(conn)
        finally:
            await self.handle_hook(server_hooks.ServerDisconnectedHook(hook_data))

    def _take_permit(self, conn: Server) -> Permit:
        permit, self.state.permit = self.state.permit, None
        if conn.error or permit is None or conn.address != (permit.alias, permit.port):
            self.state.surroundings.metrics.barrier_refusal("dial")
            raise DialRefusedError("no permit for this address")
        return permit

    async def _dial(self, permit: Permit) -> Wire:
        async with asyncio.timeout(permit.connect_seconds):
            address = await resolve(permit.host, permit.port, allow_private=permit.allow_private)
            _, wire = await asyncio.get_running_loop().create_connection(Wire, *address)
            return wire


def _broke(running: asyncio.Task[None]) -> bool:
    """Whether a hook did not come to its end."""
    return not running.done() or running.cancelled() or running.exception() is not None
