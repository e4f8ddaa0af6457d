"""One TCP connection as its owner sees it: data is handed over the moment it arrives.

In place of asyncio's streams, which take a future, a task switch, two locks and a copy for every read: 7 % of the CPU
of a small request (`make bench`, workload `seen`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_EARLY_BYTES: Final = 65_536
"""What may come in before anybody wants it; then reading waits."""


class Wire(asyncio.Protocol):
    """Fulfils what mitmproxy asks of a writer. Bytes that come before `attach` or after `detach` go nowhere else."""

    def __init__(self, made: Callable[[Wire], None] | None = None) -> None:
        """`made` is called once the connection is there."""
        self._made = made
        self._receive: Callable[[bytes], None] | None = None
        self._early = bytearray()
        self._detached = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once nothing more will come: the peer closed its side, or the connection broke."""
        self.full = False
        """Whether the peer takes data more slowly than it is written."""
        self.on_room: Callable[[], None] | None = None
        """Called when `full` is over."""

    def attach(self, receive: Callable[[bytes], None]) -> None:
        """From here on, `receive` gets the bytes, first of all those that are waiting."""
        self._receive = receive
        if self._early:
            early, self._early = bytes(self._early), bytearray()
            receive(early)
        self.hold(False)

    def detach(self) -> None:
        """Nobody wants more bytes."""
        self._receive = None
        self._detached = True

    def hold(self, held: bool) -> None:
        """Stop reading, or go on."""
        if not self._transport.is_closing():
            if held:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.write = self._transport.write
        self.is_closing = self._transport.is_closing
        if self._made is not None:
            self._made(self)

    def data_received(self, data: bytes) -> None:
        if self._receive is not None:
            self._receive(data)
        elif not self._detached:
            self._early += data
            if len(self._early) > _EARLY_BYTES:
                self.hold(True)

    def eof_received(self) -> bool:
        """The peer may still read: the connection stays open for what is written."""
        self._end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        self.resume_writing()

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        if self.on_room is not None:
            self.on_room()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As of the transport."""
        return self._transport.get_extra_info(name, default)

    def write_eof(self) -> None:
        """Close our side alone. Raises OSError."""
        self._transport.write_eof()

    def close(self) -> None:
        """Close both sides, after what is written."""
        self._transport.close()

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
