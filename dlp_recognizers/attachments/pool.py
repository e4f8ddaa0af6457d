"""The openers of the proxy: processes behind a fair, bounded queue. The first attachment starts them.

The event loop only moves frames. Whatever goes wrong with a document makes its content unknown; whatever goes wrong
with the openers makes the result incomplete, which refuses the request.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Final

from dlp_recognizers.attachments import messages
from dlp_recognizers.attachments.messages import Task
from dlp_recognizers.attachments.process import OpenerProcess, start_opener
from dlp_recognizers.attachments.setup import Opening, setup_of
from dlp_recognizers.fair_queue import Admission, Bounds, FairQueue
from dlp_recognizers.frames import FrameError
from gateway.attached import Attachment, Opened, Reading, Rewrite, Rewrites, Rewritten

_REFERENCE: Final = Reading("", ("reference",))
_LARGE: Final = 262_144
"""Bytes of a frame from which on it is made and read in a thread."""
_GRACE_SECONDS: Final = 2.0
"""What a process gets beyond the time that its child has: the kernel should have ended that by then."""
_CLOSE_SECONDS: Final = 2.0


class _Job:
    """One document on its way through an opener."""

    __slots__ = ("frame", "outcome", "size")

    def __init__(self, frame: bytes) -> None:
        self.frame = frame
        self.size = len(frame)
        self.outcome: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def live(self) -> bool:
        """Whether somebody still waits."""
        return not self.outcome.done()


class _Failed(Exception):
    """The openers could not do it. Holds the reason alone."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OpenerPool:
    """ports.AttachmentOpener over processes. Used from one event loop, until `close`."""

    def __init__(self, opening: Opening, *, on_event: Callable[[str], None] = lambda _event: None) -> None:
        self._opening = opening
        self._on_event = on_event
        self._queue: FairQueue[_Job] = FairQueue(size=lambda job: job.size, live=_Job.live)
        self._admission = Admission(_bounds(opening))
        self._processes: dict[OpenerProcess, _Job | None] = {}
        self._starts: set[asyncio.Task[None]] = set()
        self._closed = False
        self.restarts = 0
        """Processes that ended without being told to."""

    def pids(self) -> tuple[int, ...]:
        """Process ids of the openers that serve."""
        return tuple(process.pid for process in self._processes if process.serving)

    async def close(self) -> None:
        """Refuse whatever waits and end every process."""
        self._closed = True
        for task in self._starts:
            task.cancel()
        await asyncio.gather(*self._starts, return_exceptions=True)
        leaving = list(self._processes)
        for process in leaving:
            process.kill()
        if leaving:
            await asyncio.wait([process.gone for process in leaving], timeout=_CLOSE_SECONDS)

    async def open(self, attachments: Sequence[Attachment], *, agent: str) -> Opened:
        """See ports.AttachmentOpener. Reasons: `closed`, `queue_full`, `deadline`, `worker_died`."""
        tasks = [_task(each) if each.data else None for each in attachments]
        try:
            replies = await self._all([task for task in tasks if task is not None], agent)
        except _Failed as failed:
            return Opened((), False, failed.reason)
        readings = iter(replies)
        return Opened(tuple(_REFERENCE if task is None else next(readings)[0] for task in tasks))

    async def rewrite(self, rewrites: Sequence[Rewrite], *, agent: str) -> Rewrites:
        """See ports.AttachmentOpener. Reasons as for `open`."""
        tasks = [change_of(each) for each in rewrites]
        try:
            replies = await self._all(tasks, agent)
        except _Failed as failed:
            return Rewrites((), False, failed.reason)
        return Rewrites(tuple(rewritten for _, rewritten in replies))

    async def _all(self, tasks: Sequence[Task], agent: str) -> list[tuple[Reading, Rewritten | None]]:
        if self._closed:
            raise _Failed("closed")
        size = sum(task.size for task in tasks)
        if not tasks:
            return []
        if not self._admission.enter(agent, size):
            raise _Failed("queue_full")
        jobs: list[_Job] = []
        try:
            async with asyncio.timeout(self._opening.deadline_seconds):
                jobs.extend([_Job(await _offloaded(messages.pack_task, task, task.size)) for task in tasks])
                self._queue.push(agent, jobs[0], jobs)
                self._pump()
                bodies = await asyncio.gather(*(job.outcome for job in jobs))
                return [await _offloaded(messages.unpack_reading, body, len(body)) for body in bodies]
        except TimeoutError:
            raise _Failed("deadline") from None
        except FrameError:
            raise _Failed("worker_died") from None
        finally:
            for job in jobs:
                job.outcome.cancel()
            if jobs:
                self._queue.drop(agent, jobs[0])
            self._admission.leave(agent, size)

    def _pump(self) -> None:
        """Give every idle process a document, and start processes while there are fewer than there may be."""
        for process, job in tuple(self._processes.items()):
            if process.serving and job is None and (following := self._queue.pop(1, 1)):
                self._processes[process] = following[0]
                process.run(following[0].frame, self._opening.bounds.seconds + _GRACE_SECONDS)
        if not self._closed and len(self._queue) and len(self._processes) + len(self._starts) < self._opening.processes:
            task = asyncio.get_running_loop().create_task(self._start())
            self._starts.add(task)
            task.add_done_callback(self._starts.discard)

    async def _start(self) -> None:
        try:
            process = await start_opener(self, {**setup_of(self._opening), "parent": os.getpid()})
        except OSError:
            self._on_event("opener_start_failed")
            self._fail_waiting()
            return
        if not process.gone.done():
            self._processes[process] = None

    def opener_ready(self, process: OpenerProcess) -> None:
        self._processes.setdefault(process, None)
        self._pump()

    def opener_replied(self, process: OpenerProcess, body: bytes) -> None:
        job, self._processes[process] = self._processes[process], None
        if job is not None and job.live():
            job.outcome.set_result(body)
        self._pump()

    def opener_gone(self, process: OpenerProcess) -> None:
        job = self._processes.pop(process, None)
        if not self._closed:
            self.restarts += 1
            self._on_event("opener_died")
        if job is not None and job.live():
            job.outcome.set_exception(_Failed("worker_died"))
        if job is None and not process.was_ready:
            self._fail_waiting()  # it cannot be started at all: nobody is to wait for the next try
        self._pump()

    def _fail_waiting(self) -> None:
        while waiting := self._queue.pop(1, 1):
            waiting[0].outcome.set_exception(_Failed("worker_died"))


async def _offloaded[A, R](function: Callable[[A], R], argument: A, size: int) -> R:
    return await asyncio.to_thread(function, argument) if size >= _LARGE else function(argument)


def _task(attachment: Attachment) -> Task:
    return Task(attachment.media_type, attachment.name, attachment.data)


def change_of(rewrite: Rewrite) -> Task:
    """The task that a rewrite is."""
    attachment = rewrite.attachment
    return Task(attachment.media_type, attachment.name, attachment.data, True, rewrite.source, rewrite.pixels)


def _bounds(opening: Opening) -> Bounds:
    return Bounds(opening.queue, opening.queue_per_agent, opening.queued_bytes, opening.queued_bytes // 2)
