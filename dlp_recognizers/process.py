"""The pool's side of one scan process: a protocol on its pipes that knows what the process is doing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol, cast

import orjson

from dlp_recognizers import frames
from dlp_recognizers.pending import Unit

_START_SECONDS: Final = 120.0
"""A process that is not ready by then is killed."""
_LEAVE_SECONDS: Final = 10.0
"""A process that was told to leave and is still there by then is killed."""


class ProcessOwner(Protocol):
    """Who is told what a process does. Every call comes from the event loop."""

    def process_ready(self, process: ScanProcess) -> None: ...
    def process_replied(self, process: ScanProcess, job: Sequence[Unit], results: list[frames.UnitResult]) -> None: ...
    def process_gone(self, process: ScanProcess, job: Sequence[Unit]) -> None: ...


class ScanProcess(asyncio.SubprocessProtocol):
    """One scan process, from its start to its end. Has one job at a time."""

    def __init__(self, owner: ProcessOwner, setup: dict[str, Any], generation: int) -> None:
        self._owner = owner
        self._setup = setup
        self._loop = asyncio.get_running_loop()
        self._reader = frames.FrameReader()
        self._transport: asyncio.SubprocessTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._job: Sequence[Unit] = ()
        self.generation = generation
        self.version = ""
        self.ready: asyncio.Future[str] = self._loop.create_future()
        """Empty once it serves; or why it never will, in words for the operator."""
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self.serving = False
        self.recycling = False
        """Whether it is to leave as soon as its replacement serves."""
        self.retired = False
        """Whether it has been told to leave; it takes no more jobs."""
        self.overdue = False
        """Whether it was killed because a job took too long."""
        self.baseline = 0
        self.resident = 0
        self.scanned = 0
        """Code points scanned so far."""

    @property
    def pid(self) -> int:
        """Process id; 0 before the start."""
        return self._transport.get_pid() or 0 if self._transport else 0

    @property
    def idle(self) -> bool:
        """Whether it can take a job."""
        return self.serving and not self._job and not self.retired

    def run(self, job: Sequence[Unit], seconds: float) -> None:
        """Give it a job; after `seconds` without an answer it is killed."""
        self._job = job
        self._timer = self._loop.call_later(seconds, self._kill_overdue)
        self._write(frames.pack_texts([unit.text() for unit in job]))

    def retire(self) -> None:
        """Let it leave once it has nothing to do."""
        self.retired = True
        if not self._job:
            self._close_input()

    def kill(self) -> None:
        """End it now."""
        if self._transport is not None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._timer = self._loop.call_later(_START_SECONDS, self.kill)
        self._write(frames.pack_json(self._setup))

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        try:
            for body in self._reader.feed(cast(bytes, data)):
                self._take(body)
        except (frames.FrameError, ValueError, TypeError, KeyError):
            # Whatever it says from here on cannot be trusted.
            self.kill()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if not self.retired:
            self.kill()

    def process_exited(self) -> None:
        self.serving = False
        job = self._end_job()
        if self._transport is not None:
            self._transport.close()
        if not self.ready.done():
            self.ready.set_result("the scan process ended before it was ready")
        if not self.gone.done():
            self.gone.set_result(None)
            self._owner.process_gone(self, job)

    def _take(self, body: bytes) -> None:
        if not self.serving:
            self._take_hello(orjson.loads(body))
            return
        job = self._job
        if not job:
            raise frames.FrameError("reply without a job")
        self.resident, results = frames.unpack_reply(body, [unit.size for unit in job])
        self._end_job()
        self.scanned += sum(unit.size for unit in job)
        self._owner.process_replied(self, job, results)
        if self.retired:
            self._close_input()

    def _take_hello(self, hello: dict[str, Any]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if "version" not in hello:
            if not self.ready.done():
                self.ready.set_result(str(hello.get("failed", "the scan engine could not be loaded")))
            return
        self.version = str(hello["version"])
        self.baseline = self.resident = int(hello["rss"])
        self.serving = True
        self.ready.set_result("")
        self._owner.process_ready(self)

    def _end_job(self) -> Sequence[Unit]:
        job, self._job = self._job, ()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return job

    def _kill_overdue(self) -> None:
        self.overdue = True
        self.kill()

    def _write(self, data: bytes) -> None:
        pipe = self._transport.get_pipe_transport(0) if self._transport else None
        if pipe is not None:
            cast(asyncio.WriteTransport, pipe).write(data)

    def _close_input(self) -> None:
        pipe = self._transport.get_pipe_transport(0) if self._transport else None
        if pipe is not None:
            pipe.close()
            self._timer = self._loop.call_later(_LEAVE_SECONDS, self.kill)


async def start_process(owner: ProcessOwner, setup: dict[str, Any], generation: int) -> ScanProcess:
    """Start a scan process. Raises OSError when the system has none to give."""
    process = ScanProcess(owner, setup, generation)
    await asyncio.get_running_loop().subprocess_exec(
        lambda: process,
        *(sys.executable, "-P", "-s", "-m", "dlp_recognizers.worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
    )
    return process


def _environment() -> dict[str, str]:
    """Nothing of ours: the environment of the proxy may hold credentials."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        "PYTHONUNBUFFERED": "1",
        # One process is one core: what is read here must not start a thread for each core of the machine.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
    }
