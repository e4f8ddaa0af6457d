"""What is under way in the pool: requests that wait, the texts they wait for, and the pieces of work in those texts."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from dlp_recognizers.frames import RawHit
from dlp_recognizers.windows import Window, merge

_QUARANTINED: Final = 1024
"""Texts that are remembered as killers."""


class Request:
    """One call of `scan` that waits for texts. Ends once: with every text scanned, or with the first reason why not."""

    def __init__(self, agent: str, outcome: asyncio.Future[str]) -> None:
        self.agent = agent
        self.outcome = outcome
        """Empty when every text was scanned, else the reason."""
        self.texts: dict[bytes, PendingText] = {}
        self.hits: dict[bytes, tuple[RawHit, ...]] = {}

    def done(self, digest: bytes, hits: tuple[RawHit, ...]) -> None:
        """One of the texts was scanned."""
        self.hits[digest] = hits
        if len(self.hits) == len(self.texts):
            self._end("")

    def fail(self, reason: str) -> None:
        """The request cannot be completed."""
        self._end(reason)

    def _end(self, reason: str) -> None:
        if not self.outcome.done():
            self.outcome.set_result(reason)


class PendingText:
    """A text that is being scanned, in pieces, for whoever waits for it."""

    __slots__ = ("_left", "closed", "digest", "results", "running", "stamps", "text", "units", "waiters", "windows")

    def __init__(self, digest: bytes, text: str, windows: Sequence[Window]) -> None:
        self.digest = digest
        self.text = text
        self.windows = windows
        self.units = [Unit(self, index) for index in range(len(windows))]
        self.results: list[Sequence[RawHit]] = [()] * len(windows)
        self.waiters: set[Request] = set()
        self.running = 0
        """Pieces that a process has now."""
        self.stamps: set[tuple[int, str]] = set()
        """Which engines looked at it; hits of an engine that is being replaced are not kept."""
        self.closed = False
        """Whether nothing more is to be done for it: scanned, or failed."""
        self._left = len(windows)

    def finish(self, unit: Unit, hits: Sequence[RawHit]) -> bool:
        """One piece was scanned; says whether that was the last one."""
        self.results[unit.index] = hits
        self._left -= 1
        return self._left == 0

    def hits(self) -> tuple[RawHit, ...]:
        """The hits in the whole text, once every piece is finished."""
        return merge(self.windows, self.results)


class Unit:
    """One window of a pending text."""

    __slots__ = ("attempts", "index", "owner", "size", "taken")

    def __init__(self, owner: PendingText, index: int) -> None:
        self.owner = owner
        self.index = index
        self.size = owner.windows[index].end - owner.windows[index].start
        self.attempts = 0
        """Processes that died with it."""
        self.taken = False
        """Whether a process has it, or has finished it."""

    @property
    def live(self) -> bool:
        """Whether somebody still waits for it and nobody does it."""
        return not self.taken and not self.owner.closed and bool(self.owner.waiters)

    def text(self) -> str:
        """The text of the window."""
        window = self.owner.windows[self.index]
        return self.owner.text[window.start : window.end]


class Quarantine:
    """Texts that killed a process a short while ago: refused without another try, so that they do it once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._texts: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def put(self, digest: bytes, reason: str, *, now: float) -> None:
        """Refuse this text for a while, with this reason. Bounded: the oldest is forgotten first."""
        self._texts[digest] = (now + self._seconds, reason)
        if len(self._texts) > _QUARANTINED:
            self._texts.popitem(last=False)

    def reason(self, digests: Iterable[bytes], *, now: float) -> str:
        """Why one of these texts is refused; empty if none is."""
        if not self._texts:
            return ""
        for digest in digests:
            until, reason = self._texts.get(digest, (now, ""))
            if until > now:
                return reason
            self._texts.pop(digest, None)
        return ""
