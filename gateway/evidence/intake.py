"""The bounded queue between the loop, which never waits, and the thread that writes events to disk."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import Final

BATCH_EVENTS: Final = 200
BATCH_SECONDS: Final = 0.05
_COMMIT_EVENTS: Final = 2_000
_IDLE_SECONDS: Final = 1.0


class Intake:
    """One thread puts, one thread collects. A collected batch stays counted until it is settled."""

    def __init__(self, bound: int) -> None:
        self._queue: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._bound = bound
        self._hurry = threading.Event()
        self._put = self._settled = 0
        self._held: list[bytes] = []

    @property
    def waiting(self) -> int:
        """Events that were put and not settled."""
        return self._put - self._settled

    def put(self, event: bytes) -> bool:
        """Take an event without waiting; False at the bound."""
        waiting = self._put - self._settled
        if waiting >= self._bound:
            return False
        self._put += 1
        self._queue.put(event)
        if waiting >= BATCH_EVENTS:
            self._hurry.set()
        return True

    def collect(self, *, wait: bool) -> list[bytes]:
        """The batch to write: the one that was not settled, or a new one; empty after an idle second.

        With `wait`, a new batch is given `BATCH_SECONDS` or `BATCH_EVENTS` to fill.
        """
        if wait and not self._held:
            with contextlib.suppress(queue.Empty):
                self._held.append(self._queue.get(timeout=_IDLE_SECONDS))
                self._hurry.wait(BATCH_SECONDS)
        self._hurry.clear()
        with contextlib.suppress(queue.Empty):
            while len(self._held) < _COMMIT_EVENTS:
                self._held.append(self._queue.get_nowait())
        self._held = [event for event in self._held if event]  # `wake` puts an empty one
        return self._held

    def settle(self) -> None:
        """The collected batch is on disk."""
        self._settled += len(self._held)
        self._held = []

    def abandon(self) -> int:
        """Give up everything that is not settled; returns how many events that were."""
        waiting = self.waiting
        self._settled += waiting
        self._held = []
        return waiting

    def wake(self) -> None:
        """Let the collecting thread look up at once."""
        self._hurry.set()
        self._queue.put(b"")

    def flush(self, seconds: float) -> bool:
        """Wait until everything put so far is settled; False if that took longer than `seconds`."""
        deadline, target = time.monotonic() + seconds, self._put
        while self._settled < target:
            self._hurry.set()
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True
