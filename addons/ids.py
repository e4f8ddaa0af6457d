"""Request ids."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

from gateway.evidence.event import EVENT_RANDOM_BYTES, event_id


class RequestIds:
    """Request ids, sortable by time. Chance is drawn in blocks: a system call each would cost as much as the id."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._pool = b""

    def __call__(self) -> str:
        """A new id: a UUID version 7 (RFC 9562)."""
        if len(self._pool) < EVENT_RANDOM_BYTES:
            self._pool = os.urandom(EVENT_RANDOM_BYTES * 256)
        chance, self._pool = self._pool[:EVENT_RANDOM_BYTES], self._pool[EVENT_RANDOM_BYTES:]
        return event_id(self._clock(), chance)
