"""What a pool of scan processes says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolStats:
    """The pool at one moment."""

    workers_alive: int
    queued: int
    """Requests that wait for a scan."""
    restarts: int
    """Processes that were replaced because they died."""
    cache_bytes: int
    cache_entries: int
    hits: int
    """Spans answered without a scan."""
    misses: int
    """Distinct texts that had to be scanned."""
    problem: str
    """Why new processes cannot load what they are to scan for; those from before go on. Empty if they can."""
    incomplete: Mapping[str, int]
    """Requests that could not be scanned in full, by reason."""
