"""Cuts a long text into overlapping windows, and puts the hits of the windows back together. Pure.

Windows bound how long one piece of work takes, so that a short prompt is not stuck behind a long document. Where they
begin and end is decided by the characters around the place (content-defined chunking), so that a text which was edited
somewhere has the same windows as before from a few thousand characters behind the change on, and they are in the cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from zlib import crc32

from dlp_recognizers.frames import RawHit
from dlp_recognizers.hits import Hit, settle

WINDOW: Final = 6144
"""Code points in a window, unless it has to grow."""
SHORTEST: Final = WINDOW // 2
"""Code points in a window at least, but for the last one."""
OVERLAP: Final = 512
"""Code points, at least, that a window shares with the one before it: longer than any value that has blanks in it."""
ESCAPED_OVERLAP: Final = 1536
"""The same where characters are escaped: JSON in a string in JSON takes up to 36 for one."""
ALIGN: Final = 256
"""How much further back a window may begin, in order to begin at a blank."""
GROWTH: Final = 65_536
"""Code points a window may grow to, in order to hold one token or one PEM block in full."""

_BLANK: Final = re.compile(r"\s")
_LOOK_BACK: Final = 64
"""Code points before a place that decide whether a window ends there."""
_NEWLINE: Final = re.compile(r"\n")
# A backslash is within a token: JSON may spell every character of a value as \\u and four digits.
_TOKEN_END: Final = re.compile(r"[^A-Za-z0-9+/=_.~%\\-]")
_ESCAPE: Final = "\\u"
_PEM_BEGIN: Final = "-----BEGIN"
_PEM_END: Final = "-----END"
_PEM_LABEL: Final = 80


type _Placed = dict[tuple[int, int, str], tuple[float, str]]
"""Start, end and entity to score and recognizer."""


class Window(NamedTuple):
    """A stretch of a text, in code points, end exclusive."""

    start: int
    end: int


def split(text: str) -> tuple[Window, ...]:
    """The windows of `text`, in order; together they hold every code point. One window for a short text."""
    if len(text) <= WINDOW:
        return (Window(0, len(text)),)
    windows: list[Window] = []
    start = 0
    while True:
        end = _end(text, start)
        windows.append(Window(start, end))
        if end >= len(text):
            return tuple(windows)
        start = _overlap_start(text, end)


def _end(text: str, start: int) -> int:
    """Where a window that begins at `start` ends: behind a blank if it can, never in a token or key block that fits."""
    hard = start + WINDOW
    if hard >= len(text):
        return len(text)
    low = start + SHORTEST
    # A line is best left whole, because a marking may be known by standing alone in one.
    cut = _chosen(_NEWLINE, text, low, hard) or _chosen(_BLANK, text, low, hard) or _chosen(_TOKEN_END, text, low, hard)
    if not cut:
        following = _TOKEN_END.search(text, hard, start + GROWTH)
        cut = following.start() if following else min(start + GROWTH, len(text))
    return _with_key_block(text, start, cut)


def _chosen(pattern: re.Pattern[str], text: str, low: int, high: int) -> int:
    """Just behind one of the matches of a one-character pattern in [low, high), or 0.

    The one with the least checksum of what stands before it: whoever looks at the same stretch takes the same, wherever
    the search began. Matches that follow one another closely count as one, so that the cost is bounded.
    """
    best, cut, last = 1 << 32, 0, -_LOOK_BACK
    for match in pattern.finditer(text, low, high):
        end = match.end()
        if end - last >= 8:
            sum_ = crc32(text[end - _LOOK_BACK : end].encode("utf-8", "surrogatepass"))
            if sum_ < best:
                best, cut = sum_, end
        last = end
    return cut


def _with_key_block(text: str, start: int, cut: int) -> int:
    """`cut`, or the end of the PEM block that it would cut in two."""
    begin = text.rfind(_PEM_BEGIN, start, cut)
    if begin < 0 or text.find(_PEM_END, begin, cut - _PEM_LABEL) >= 0:
        return cut
    closing = text.find(_PEM_END, begin, min(begin + GROWTH, len(text)))
    if closing < 0:
        return cut
    dashes = text.find("-----", closing + len(_PEM_END), closing + len(_PEM_END) + _PEM_LABEL)
    return max(cut, dashes + 5 if dashes >= 0 else closing + len(_PEM_END))


def _overlap_start(text: str, end: int) -> int:
    """Where the window after one that ends at `end` begins: at a line's start or behind a blank if one is near."""
    latest = end - (ESCAPED_OVERLAP if _ESCAPE in text[end - OVERLAP : end] else OVERLAP)
    line = text.rfind("\n", latest - ALIGN, latest) + 1
    return line or _last(_BLANK, text, latest - ALIGN, latest) or latest


def _last(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Just behind the last match of a one-character pattern in [start, end), or 0; looks from the end."""
    while end > start:
        piece = max(start, end - 256)
        behind = [match.end() for match in pattern.finditer(text, piece, end)]
        if behind:
            return behind[-1]
        end = piece
    return 0


def merge(windows: Sequence[Window], results: Sequence[Sequence[RawHit]]) -> tuple[RawHit, ...]:
    """The hits of a text from those of its windows (offsets in each window), sorted, each once.

    A value in an overlap is seen twice: it is kept once, with the better score. A value that a border cuts may look
    like another, shorter one: such a fragment goes when the neighbour saw the whole stretch and found something there
    that contains the fragment and reaches over the border. What is left is settled as within one window.
    """
    if len(windows) == 1:
        return tuple(sorted(results[0]))
    whole: list[RawHit] = []
    seams: list[_Placed] = []
    for at, (window, hits) in enumerate(zip(windows, results, strict=True)):
        before = windows[at - 1].end if at else 0
        after = windows[at + 1].start if at + 1 < len(windows) else window.end
        seams.append(_place(window, hits, Window(before, after), whole))
    whole.extend(_settled(windows, seams))
    whole.sort()
    return tuple(whole)


def _place(window: Window, hits: Sequence[RawHit], alone: Window, whole: list[RawHit]) -> _Placed:
    """Move the hits of a window to their place in the text: into `whole` what no other window has seen anything of
    (`alone`), which is nearly all; the rest, by place, is the result."""
    shift = window.start
    seam: _Placed = {}
    for start, end, entity, score, by in hits:
        start += shift
        end += shift
        if start >= alone.start and end <= alone.end:
            whole.append((start, end, entity, score, by))
        else:
            key = (start, end, entity)
            seam[key] = max(seam.get(key, (score, by)), (score, by))
    return seam


def _settled(windows: Sequence[Window], seams: Sequence[_Placed]) -> Iterator[RawHit]:
    """What is left of the hits that touch a stretch which two windows have seen."""
    best: _Placed = {}
    for at, hits in enumerate(seams):
        for key, found in hits.items():
            neighbours = (n for n in (at - 1, at + 1) if 0 <= n < len(seams))
            if not any(_is_fragment(key, windows[at], windows[n], seams[n]) for n in neighbours):
                best[key] = max(best.get(key, found), found)
    settled = settle(Hit(start, end, entity, score, by) for (start, end, entity), (score, by) in best.items())
    return ((hit.start, hit.end, hit.entity, hit.score, hit.recognizer) for hit in settled)


def _is_fragment(key: tuple[int, int, str], own: Window, other: Window, seen: _Placed) -> bool:
    """Whether window `other`, which found `seen`, proves that `key` is a piece of something that `own` cuts in two."""
    start, end, _ = key
    if start < other.start or end > other.end or key in seen:
        return False
    return any(s <= start and end <= e and (s < own.start or e > own.end) for s, e, _ in seen)
