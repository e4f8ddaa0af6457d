"""What was found in texts that were seen before, by keyed digest. Holds no text."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from dlp_recognizers.frames import RawHit

ENTRY_BYTES: Final = 200
"""What one entry costs without its hits: digest, map node, slack of the map. Measured at its worst."""
HIT_BYTES: Final = 208
"""What one hit costs: tuple, two integers, a float; names are shared."""


def cost(hits: tuple[RawHit, ...]) -> int:
    """Bytes that an entry with these hits counts for."""
    return ENTRY_BYTES + (64 + HIT_BYTES * len(hits) if hits else 0)


class SpanCache:
    """Least-recently-used map from digest to hits, bounded in bytes of memory (not of text)."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[bytes, tuple[RawHit, ...]] = OrderedDict()
        self._bytes = 0

    def get(self, digest: bytes) -> tuple[RawHit, ...] | None:
        """The hits stored under `digest`, now the most recently used; None if there are none."""
        hits = self._entries.get(digest)
        if hits is not None:
            self._entries.move_to_end(digest)
        return hits

    def put(self, digest: bytes, hits: tuple[RawHit, ...]) -> None:
        """Store `hits`; the least recently used entries go until the bound holds. One above it is not kept."""
        self._forget(digest)
        size = cost(hits)
        if size > self._max_bytes:
            return
        self._entries[digest] = hits
        self._bytes += size
        self._shrink()

    def resize(self, max_bytes: int) -> None:
        """Change the bound."""
        self._max_bytes = max_bytes
        self._shrink()

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes of memory that the entries are accounted with."""
        return self._bytes

    def _forget(self, digest: bytes) -> None:
        old = self._entries.pop(digest, None)
        if old is not None:
            self._bytes -= cost(old)

    def _shrink(self) -> None:
        while self._bytes > self._max_bytes:
            _, hits = self._entries.popitem(last=False)
            self._bytes -= cost(hits)
