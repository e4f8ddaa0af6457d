"""What is under way in the pool: requests that wait, the texts they wait for, and the pieces of work in those texts."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from dlp_recognizers.frames import RawHit
from dlp_recognizers.lookup import Piece
from dlp_recognizers.span_cache import SpanCache
from dlp_recognizers.windows import merge

type Stamp = tuple[int, str]
"""Generation of the settings and version of the engine that found something."""

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

    __slots__ = (
        *("closed", "digest", "left", "new_bytes", "pieces", "results"),
        *("running", "stamps", "text", "units", "waiters"),
    )

    def __init__(self, digest: bytes, text: str, pieces: Sequence[Piece]) -> None:
        self.digest = digest
        self.text = text
        self.pieces = pieces
        self.units = [Unit(self, index) for index in range(len(pieces))]
        self.results: list[Sequence[RawHit]] = [()] * len(pieces)
        self.new_bytes = sum(piece.size for piece in pieces)
        """UTF-8 bytes that the cache knew nothing of."""
        self.waiters: set[Request] = set()
        self.running = 0
        """Pieces that a process has now."""
        self.stamps: set[Stamp] = set()
        """Which engines looked at it; hits of an engine that is being replaced are not kept."""
        self.closed = False
        """Whether nothing more is to be done for it: scanned, or failed."""
        self.left = len(pieces)
        """Pieces without a result."""

    def recall(self, cache: SpanCache, stamp: Stamp) -> None:
        """Take over what is known of single pieces: a long text that grew at its end is scanned at its end only."""
        if len(self.pieces) == 1:
            return
        for unit, piece in zip(self.units, self.pieces, strict=True):
            hits = cache.get(piece.digest)
            if hits is not None:
                unit.taken = True
                self.new_bytes -= piece.size
                self.finish(unit, hits, stamp)

    def finish(self, unit: Unit, hits: Sequence[RawHit], stamp: Stamp) -> None:
        """The engine of this stamp has scanned one piece."""
        self.stamps.add(stamp)
        self.results[unit.index] = hits
        self.left -= 1

    def store(self, cache: SpanCache, stamp: Stamp, hits: tuple[RawHit, ...]) -> None:
        """Keep the hits in the whole text and those in its pieces, if the engine of this stamp alone found them."""
        if self.stamps != {stamp}:
            return
        cache.put(self.digest, hits)
        if len(self.pieces) > 1:
            for piece, found in zip(self.pieces, self.results, strict=True):
                cache.put(piece.digest, tuple(found))

    def hits(self) -> tuple[RawHit, ...]:
        """The hits in the whole text, once every piece is finished."""
        return merge([piece.window for piece in self.pieces], self.results)


class Unit:
    """One window of a pending text."""

    __slots__ = ("attempts", "index", "owner", "size", "taken")

    def __init__(self, owner: PendingText, index: int) -> None:
        self.owner = owner
        self.index = index
        self.size = owner.pieces[index].window.end - owner.pieces[index].window.start
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
        window = self.owner.pieces[self.index].window
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
