"""The pool's side of one opener process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Any, Final, Protocol, cast

import orjson

from dlp_recognizers.attachments import messages
from dlp_recognizers.frames import FrameError, FrameReader

COMMAND: Final = (sys.executable, "-P", "-s", "-m", "dlp_recognizers.attachments.opener")
_START_SECONDS: Final = 60.0


class OpenerOwner(Protocol):
    """Who is told what a process does. Every call comes from the event loop."""

    def opener_ready(self, process: OpenerProcess) -> None: ...
    def opener_replied(self, process: OpenerProcess, body: bytes) -> None: ...
    def opener_gone(self, process: OpenerProcess) -> None: ...


class OpenerProcess(asyncio.SubprocessProtocol):
    """One opener process, from its start to its end. Has one document at a time."""

    def __init__(self, owner: OpenerOwner, setup: dict[str, Any]) -> None:
        self._owner = owner
        self._setup = setup
        self._reader = FrameReader(messages.MAX_FRAME)
        self._transport: asyncio.SubprocessTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.serving = False
        self.was_ready = False
        self.busy = False
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def pid(self) -> int:
        """Process id; 0 before the start."""
        return self._transport.get_pid() or 0 if self._transport else 0

    def run(self, frame: bytes, seconds: float) -> None:
        """Give it a document; after `seconds` without an answer it is killed, children and all."""
        self.busy = True
        self._arm(seconds)
        self._write(frame)

    def kill(self) -> None:
        """End it now."""
        if self._transport is not None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._arm(_START_SECONDS)
        self._write(messages.packed(orjson.dumps(self._setup)))

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        try:
            for body in self._reader.feed(cast(bytes, data)):
                self._take(body)
        except FrameError:
            self.kill()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self.kill()

    def process_exited(self) -> None:
        self.serving = False
        self._disarm()
        if self._transport is not None:
            self._transport.close()
        if not self.gone.done():
            self.gone.set_result(None)
            self._owner.opener_gone(self)

    def _take(self, body: bytes) -> None:
        if not self.serving:
            self._disarm()
            self.serving = self.was_ready = True
            self._owner.opener_ready(self)
            return
        if not self.busy:
            raise FrameError("reply without a document")
        self._disarm()
        self.busy = False
        self._owner.opener_replied(self, body)

    def _arm(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self.kill)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _write(self, data: bytes) -> None:
        pipe = self._transport.get_pipe_transport(0) if self._transport else None
        if pipe is not None:
            cast(asyncio.WriteTransport, pipe).write(data)


async def start_opener(owner: OpenerOwner, setup: dict[str, Any]) -> OpenerProcess:
    """Start an opener process. Raises OSError when the system has none to give."""
    process = OpenerProcess(owner, setup)
    await asyncio.get_running_loop().subprocess_exec(
        lambda: process,
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(),
    )
    return process


def environment() -> dict[str, str]:
    """Nothing of ours: the environment of the proxy may hold credentials."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "OMP_THREAD_LIMIT": "1",
        "MALLOC_ARENA_MAX": "1",
    }
