"""One pass over a text that says which patterns can match at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import re2

from dlp_recognizers.linear import LinearRecognizer, Shape, options
from dlp_recognizers.page import Page

type Lane = tuple[LinearRecognizer, Shape]


class Prefilter:
    """All gates in one automaton. Never leaves out a lane whose pattern could match."""

    def __init__(self, recognizers: Iterable[LinearRecognizer]) -> None:
        lanes: dict[str, list[Lane]] = {}
        for recognizer in recognizers:
            for shape in recognizer.shapes:
                lanes.setdefault(shape.gate or shape.regex, []).append((recognizer, shape))
        self._lanes: Sequence[tuple[Lane, ...]] = [tuple(group) for group in lanes.values()]
        self._set = re2.Set.SearchSet(options(memory=256 << 20))
        for gate in lanes:
            self._set.Add(gate.encode("latin-1"))
        # An automaton that runs out of memory answers "nothing matches". The empty pattern always does, so its absence
        # tells that case apart, and then every lane runs.
        self._sentinel = self._set.Add(b"")
        self._set.Compile()

    def lanes(self, page: Page) -> list[Lane]:
        """The recognizers and shapes that have to look at `page`."""
        matched = self._set.Match(page.data)
        if self._sentinel not in matched:
            return [lane for group in self._lanes for lane in group]
        return [lane for index in matched if index != self._sentinel for lane in self._lanes[index]]
