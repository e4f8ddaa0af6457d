"""The opener without an event loop: for `explain`, and for tests. The same process, the same limits."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Sequence
from typing import Final

import orjson

from dlp_recognizers.attachments import messages
from dlp_recognizers.attachments.messages import Task
from dlp_recognizers.attachments.pool import change_of
from dlp_recognizers.attachments.process import COMMAND, environment
from dlp_recognizers.attachments.setup import Opening, setup_of
from dlp_recognizers.frames import FrameError, FrameReader
from gateway.attached import Attachment, Opened, Reading, Rewrite, Rewrites, Rewritten

_START_SECONDS: Final = 60.0
_GRACE_SECONDS: Final = 2.0
_READ: Final = 1 << 20


class LocalOpener:
    """ports.AttachmentOpener that opens where it is called. Use it as a context manager, or call `close`."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = FrameReader(messages.MAX_FRAME)

    def __enter__(self) -> LocalOpener:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def open_sync(self, attachments: Sequence[Attachment]) -> Opened:
        """Open every attachment now. Reasons of an incomplete result: `worker_died`."""
        readings = []
        for each in attachments:
            if not each.data:
                readings.append(Reading("", ("reference",)))
                continue
            answer = self._ask(Task(each.media_type, each.name, each.data))
            if answer is None:
                return Opened((), False, "worker_died")
            readings.append(answer[0])
        return Opened(tuple(readings))

    def rewrite_sync(self, rewrites: Sequence[Rewrite]) -> Rewrites:
        """Change attachments now. Reasons of an incomplete result: `worker_died`."""
        changed = []
        for each in rewrites:
            answer = self._ask(change_of(each))
            if answer is None:
                return Rewrites((), False, "worker_died")
            changed.append(answer[1])
        return Rewrites(tuple(changed))

    async def open(self, attachments: Sequence[Attachment], *, agent: str) -> Opened:
        """See ports.AttachmentOpener; blocks the event loop."""
        return self.open_sync(attachments)

    async def rewrite(self, rewrites: Sequence[Rewrite], *, agent: str) -> Rewrites:
        """See ports.AttachmentOpener; blocks the event loop."""
        return self.rewrite_sync(rewrites)

    def _ask(self, task: Task) -> tuple[Reading, Rewritten | None] | None:
        try:
            self._send(messages.pack_task(task))
            body = self._receive(self._opening.bounds.seconds + _GRACE_SECONDS)
            return None if body is None else messages.unpack_reading(body)
        except (OSError, FrameError):
            self.close()
            return None

    def _send(self, data: bytes) -> None:
        if self._process is None:
            self._reader = FrameReader(messages.MAX_FRAME)
            self._process = subprocess.Popen(  # noqa: S603 -- this interpreter, a module of ours
                COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
            )
            self._send(messages.packed(orjson.dumps({**setup_of(self._opening), "parent": os.getpid()})))
            self._receive(_START_SECONDS)
        pipe = self._process.stdin
        if pipe is None:
            raise BrokenPipeError
        pipe.write(data)
        pipe.flush()

    def _receive(self, seconds: float) -> bytes | None:
        """The next frame; None, and the process ended, when none comes in time."""
        ends = time.monotonic() + seconds
        pipe = self._process.stdout if self._process is not None else None
        while pipe is not None:
            left = ends - time.monotonic()
            ready = select.select([pipe], [], [], left)[0] if left > 0 else []
            data = os.read(pipe.fileno(), _READ) if ready else b""
            if not data:
                break
            for body in self._reader.feed(data):
                return body
        self.close()
        return None
