"""Which readings a text has: folded, unescaped layer by layer, put together, deciphered. Bounded."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

import re2

from dlp_recognizers.linear import options
from dlp_recognizers.page import Page
from dlp_recognizers.views.ciphers import WRITINGS
from dlp_recognizers.views.closing import CLOSERS
from dlp_recognizers.views.escapes import layer
from dlp_recognizers.views.folding import folded
from dlp_recognizers.views.view import Finder, Origin, Reading, View, blobs_in, compact, over, same, through, zones
from gateway.redaction.encodings import Unreadable

LEVELS: Final = 4
"""How many layers are undone, escapes and encodings together."""
SPREAD: Final = 24
FLOOR: Final = 1 << 21
"""All readings of a text together hold at most `SPREAD` times its characters and `FLOOR` more."""


_NESTED: Final = re.compile(r"</?[a-z]+>|<!--|[\"'] [+.&] [\"']")
"""What a joint within a joint leaves behind."""


class TooManyReadings(Exception):
    """A text says too much in too many ways for all of it to be scanned. Holds no text."""


@dataclass(slots=True)
class _Budget:
    left: int

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise TooManyReadings


class _Gates:
    """Which closers and ciphers may have something to do, in one pass."""

    def __init__(self) -> None:
        self._set = re2.Set.SearchSet(options(memory=64 << 20))
        gates = [*(each.gate for each in CLOSERS), *(each.gate for each in WRITINGS)]
        self._always = {index for index, gate in enumerate(gates) if not gate}
        self._index = [index for index, gate in enumerate(gates) if gate]
        for index in self._index:
            self._set.Add(gates[index].encode("latin-1"))
        self._sentinel = self._set.Add(b"")
        self._set.Compile()

    def open(self, data: bytes) -> set[int]:
        matched = self._set.Match(data)
        if self._sentinel not in matched:  # out of memory: every gate is open
            return set(range(len(CLOSERS) + len(WRITINGS)))
        return self._always | {self._index[at] for at in matched if at != self._sentinel}


_gates: list[_Gates] = []


def _gate_keeper() -> _Gates:
    """Made at first use: importing makes nothing."""
    if not _gates:
        _gates.append(_Gates())
    return _gates[0]


def readings(text: str) -> Iterator[Reading]:
    """`text` itself, and of every reading of it that differs the parts around the differences.

    Raises TooManyReadings beyond the bound, and for a blob that inflates to more than is read.
    """
    budget = _Budget(SPREAD * len(text) + FLOOR)
    yield Reading(text, same)
    try:
        yield from _guesses(text, same, budget, LEVELS)
        yield from _layers(text, same, budget, LEVELS, strict=False)
    except Unreadable:
        raise TooManyReadings from None


def _layers(text: str, origin: Origin, budget: _Budget, levels: int, *, strict: bool) -> Iterator[Reading]:
    """What is read once the text is folded, and once its escapes are undone, as deep as that goes."""
    inside: Finder | None = None
    for level in range(levels + 1):
        plain = folded(text)
        if plain is not None:
            inside = yield from _changed(plain, origin, budget, strict=strict, inside=through(plain, inside))
            text, origin = plain.text, over(plain, origin)
        undone = layer(text) if level < levels else None
        if undone is None:
            if not strict and (level or plain is not None):
                yield from _guesses(text, origin, budget, levels - level)
            return
        view, blobs = undone
        first = inside is None and blobs and not strict
        inside = blobs_in(view, blobs, origin) if first else through(view, inside)
        inside = yield from _changed(view, origin, budget, strict=strict, inside=inside)
        text, origin = view.text, over(view, origin)


def _changed(
    view: View, origin: Origin, budget: _Budget, *, strict: bool, inside: Finder | None
) -> Generator[Reading, None, Finder | None]:
    """The parts of a reading that lie near a change; returns `inside`."""
    for low, high in zones(view):
        line = view.text.rfind("\n", max(0, low - 400), low) + 1
        low = line or low
        budget.spend(high - low)
        yield Reading(view.text[low:high], over(view, origin, low), strict, _shifted(inside, low))
    return inside


def _shifted(inside: Finder | None, by: int) -> Finder | None:
    return None if inside is None else lambda start, end: inside(start + by, end + by)


def _guesses(text: str, origin: Origin, budget: _Budget, levels: int, *, again: bool = True) -> Iterator[Reading]:
    """What is read once joints are closed and ciphers tried."""
    if len(text) < 8:
        return
    page = Page.of(text)
    for index in sorted(_gate_keeper().open(page.data)):
        if index < len(CLOSERS):
            closed = CLOSERS[index].close(page)
            if closed is None:
                continue
            found, place = compact(*closed, origin)
            deeper = True
        else:
            writing = WRITINGS[index - len(CLOSERS)]
            deciphered, deeper = writing.read(text), writing.deeper
            if deciphered is None:
                continue
            found, place = deciphered[0], _chain(deciphered[1], origin)
        budget.spend(len(found))
        yield Reading(found, place, True)
        if again and deeper and _NESTED.search(found) is not None:
            # Tags within quotes, quotes within quotes: joints of two kinds, not of three.
            yield from _guesses(found, place, budget, 0, again=False)
        if deeper and levels > 1:
            yield from _layers(found, place, budget, min(levels - 1, 2), strict=True)


def _chain(inner: Origin, outer: Origin) -> Origin:
    def place(start: int, end: int) -> tuple[int, int] | None:
        found = inner(start, end)
        return None if found is None else outer(*found)

    return place
