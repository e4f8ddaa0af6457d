"""Request ids."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

from gateway.evidence.event import EVENT_RANDOM_BYTES, event_id


class Chance:
    """Random bytes for ids, drawn in blocks: a system call each would cost as much as the id."""

    def __init__(self) -> None:
        self._pool = b""

    def __call__(self) -> bytes:
        """`EVENT_RANDOM_BYTES` that were never given out before."""
        if len(self._pool) < EVENT_RANDOM_BYTES:
            self._pool = os.urandom(EVENT_RANDOM_BYTES * 256)
        chance, self._pool = self._pool[:EVENT_RANDOM_BYTES], self._pool[EVENT_RANDOM_BYTES:]
        return chance


class RequestIds:
    """Request ids, sortable by time."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._chance = Chance()

    def __call__(self) -> str:
        """A new id: a UUID version 7 (RFC 9562)."""
        return event_id(self._clock(), self._chance())
