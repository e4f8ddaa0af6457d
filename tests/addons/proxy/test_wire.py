"""One TCP connection as its owner sees it: nothing is lost before it is wanted, nothing comes after it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from addons.proxy.wire import Wire


class RecordingTransport(asyncio.Transport):
    """Remembers what was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.closing = False

    def write(self, data: Any) -> None:
        self.asked.append(f"write {bytes(data)!r}")

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.asked.append("pause")

    def resume_reading(self) -> None:
        self.asked.append("resume")


def on_a_wire(check: Callable[[Wire, RecordingTransport, list[bytes]], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        wire, transport = Wire(), RecordingTransport()
        wire.connection_made(transport)
        await check(wire, transport, [])

    asyncio.run(run())


def test_what_comes_early_is_handed_over_first_and_in_order() -> None:
    async def check(wire: Wire, transport: RecordingTransport, got: list[bytes]) -> None:
        wire.data_received(b"one ")
        wire.data_received(b"two ")
        wire.attach(got.append)
        wire.data_received(b"three")
        assert b"".join(got) == b"one two three"

    on_a_wire(check)


def test_early_bytes_are_bounded_by_reading_no_more() -> None:
    async def check(wire: Wire, transport: RecordingTransport, got: list[bytes]) -> None:
        wire.data_received(b"x" * 70_000)
        assert transport.asked == ["pause"]
        wire.attach(got.append)
        assert transport.asked == ["pause", "resume"]
        assert len(got[0]) == 70_000

    on_a_wire(check)


def test_nothing_is_handed_over_after_detaching() -> None:
    async def check(wire: Wire, transport: RecordingTransport, got: list[bytes]) -> None:
        wire.attach(got.append)
        wire.detach()
        wire.data_received(b"late")
        assert got == []

    on_a_wire(check)


def test_an_end_of_file_ends_reading_alone_and_a_loss_after_it_changes_nothing() -> None:
    async def check(wire: Wire, transport: RecordingTransport, got: list[bytes]) -> None:
        wire.attach(got.append)
        assert wire.eof_received() is True
        assert wire.ended.done()
        wire.write(b"answer")
        assert "write b'answer'" in transport.asked
        wire.connection_lost(ConnectionResetError())
        assert wire.ended.result() is None

    on_a_wire(check)


def test_a_lost_connection_makes_room_for_those_that_waited_for_it() -> None:
    async def check(wire: Wire, transport: RecordingTransport, got: list[bytes]) -> None:
        told: list[bool] = []
        wire.on_room = lambda: told.append(wire.full)
        wire.pause_writing()
        assert wire.full
        wire.connection_lost(None)
        assert told == [False]

    on_a_wire(check)


def test_a_closing_transport_is_not_asked_to_read() -> None:
    async def check(wire: Wire, transport: RecordingTransport, got: list[bytes]) -> None:
        transport.closing = True
        wire.hold(True)
        wire.attach(got.append)
        assert transport.asked == []

    on_a_wire(check)
