"""A reading of a text: what it says, and where each part of it stands in the text. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.redaction.inner import stamp

REACH: Final = 4096
"""How far around a change a reading is scanned again, in characters: longer than any value but a private key."""

type Origin = Callable[[int, int], tuple[int, int] | None]
"""From a range of a reading (not empty) to the smallest range of the text that holds all of it; None: to no one
place."""
type Piece = tuple[int, int, str]
"""Start and end of a stretch of the text, and what is read there."""


@dataclass(frozen=True, slots=True)
class View:
    """One reading of a text."""

    text: str = field(repr=False)
    starts: tuple[int, ...] = field(repr=False)
    """Where each piece begins in this reading; the first is 0."""
    origins: tuple[tuple[int, int, bool], ...] = field(repr=False)
    """For each piece its [start, end) in the text it was made from, and whether it was copied unchanged."""

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where [start, end) of this reading (not empty) came from: the smallest range that holds all of it."""
        low = bisect_right(self.starts, start) - 1
        high = bisect_right(self.starts, end - 1) - 1
        first, _, copied = self.origins[low]
        left = first + (start - self.starts[low]) if copied else first
        first, last, copied = self.origins[high]
        right = first + (end - self.starts[high]) if copied else last
        return left, right


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob in a text, and what it holds."""

    start: int
    end: int
    text: str = field(repr=False)


class Inside(NamedTuple):
    """A place in what a blob holds."""

    blob: tuple[int, int]
    """Where the blob stands in the original."""
    start: int
    end: int
    """Offsets into what it holds."""
    stamp: str
    """See gateway.redaction.inner."""


type Finder = Callable[[int, int], Inside | None]
"""From a range of a reading to the place in a blob that it came from; None: not from one blob alone."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text to scan, and where its parts stand in the original."""

    text: str = field(repr=False)
    origin: Origin = field(repr=False)
    strict: bool = False
    """Whether only what proves itself counts: the reading is a guess, such as digits put together."""
    inside: Finder | None = field(default=None, repr=False)


def build(text: str, pieces: Iterable[Piece]) -> View:
    """The view of `text` in which each piece, in order, stands replaced."""
    parts: list[str] = []
    starts: list[int] = []
    origins: list[tuple[int, int, bool]] = []
    done = size = 0
    for start, end, replacement in pieces:
        if start > done:
            parts.append(text[done:start])
            starts.append(size)
            origins.append((done, start, True))
            size += start - done
        if replacement:
            parts.append(replacement)
            starts.append(size)
            origins.append((start, end, False))
            size += len(replacement)
        done = end
    if done < len(text):
        parts.append(text[done:])
        starts.append(size)
        origins.append((done, len(text), True))
    return View("".join(parts), tuple(starts), tuple(origins))


def same(start: int, end: int) -> tuple[int, int] | None:
    """The origin of the text itself."""
    return start, end


def over(view: View, origin: Origin, offset: int = 0) -> Origin:
    """The origin of a reading that is `view` from `offset` on, made from what `origin` places."""
    return lambda start, end: origin(*view.origin(start + offset, end + offset))


def _changes(view: View) -> list[int]:
    changes = [at for at, origin in zip(view.starts, view.origins, strict=True) if not origin[2]]
    # Where something was taken out without a replacement, two copied pieces meet.
    changes += [
        at
        for at, before, after in zip(view.starts[1:], view.origins, view.origins[1:], strict=False)
        if before[2] and after[2]
    ]
    if view.origins and view.origins[0][0] > 0:
        changes.append(0)
    changes.sort()
    return changes


def zones(view: View, reach: int = REACH) -> list[tuple[int, int]]:
    """The parts of a reading that lie near a change; what lies further off reads as it did before."""
    found: list[tuple[int, int]] = []
    size = len(view.text)
    for at in _changes(view):
        low, high = max(0, at - reach), min(size, at + reach)
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found


_GAP: Final = "\n\0\n"


def compact(view: View, ranges: Sequence[tuple[int, int]], origin: Origin) -> tuple[str, Origin]:
    """Some ranges of a reading as one text with gaps between them, and its origin; what reaches over a gap is of no
    place."""
    if len(ranges) == 1:
        low, high = ranges[0]
        return view.text[low:high], over(view, origin, low)
    starts: list[int] = []
    size = 0
    for low, high in ranges:
        starts.append(size)
        size += high - low + len(_GAP)
    text = _GAP.join(view.text[low:high] for low, high in ranges)

    def place(start: int, end: int) -> tuple[int, int] | None:
        index = bisect_right(starts, start) - 1
        low, high = ranges[index]
        if end > starts[index] + high - low:
            return None
        shift = low - starts[index]
        return origin(*view.origin(start + shift, end + shift))

    return text, place


def blobs_in(view: View, blobs: Sequence[Blob], origin: Origin) -> Finder:
    """Finds ranges of `view`, which shows what `blobs` hold; `origin` places the text that the blobs stand in."""
    held = {blob.start: blob for blob in blobs}

    def find(start: int, end: int) -> Inside | None:
        at = bisect_right(view.starts, start) - 1
        low, _, copied = view.origins[at]
        blob = held.get(low)
        if copied or blob is None or end > view.starts[at] + len(blob.text):
            return None
        place = origin(blob.start, blob.end)
        return (
            None if place is None else Inside(place, start - view.starts[at], end - view.starts[at], stamp(blob.text))
        )

    return find


def through(view: View, finder: Finder | None, offset: int = 0) -> Finder | None:
    """The finder of a reading that is `view` from `offset` on, made from what `finder` knows."""
    return None if finder is None else lambda start, end: finder(*view.origin(start + offset, end + offset))
