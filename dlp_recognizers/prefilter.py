"""One pass over a text that says which patterns can match at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import re2

from dlp_recognizers.linear import LinearRecognizer, Shape, options
from dlp_recognizers.page import Page

type Lane = tuple[LinearRecognizer, Shape]


class Prefilter:
    """All gates in a few automata. Never leaves out a lane whose pattern could match.

    One automaton for all would be read faster once it is built; but its states are built as text comes, and they are
    the product of what words, lines and digits each have to remember. Apart, they are the sum: new text costs a third.
    """

    def __init__(self, recognizers: Iterable[LinearRecognizer]) -> None:
        lanes: dict[str, list[Lane]] = {}
        for recognizer in recognizers:
            for shape in recognizer.shapes:
                lanes.setdefault(shape.gate or shape.regex, []).append((recognizer, shape))
        kinds: dict[str, dict[str, list[Lane]]] = {}
        for gate, group in lanes.items():
            kinds.setdefault(_kind(gate), {})[gate] = group
        self._sets = [_GateSet(group) for group in kinds.values()]

    def lanes(self, page: Page) -> list[Lane]:
        """The recognizers and shapes that have to look at `page`."""
        return [lane for gates in self._sets for lane in gates.lanes(page.data)]


class _GateSet:
    """Gates of one kind in one automaton."""

    def __init__(self, lanes: dict[str, list[Lane]]) -> None:
        self._lanes: Sequence[tuple[Lane, ...]] = [tuple(group) for group in lanes.values()]
        self._set = re2.Set.SearchSet(options(memory=96 << 20))
        for gate in lanes:
            self._set.Add(gate.encode("latin-1"))
        # An automaton that runs out of memory answers "nothing matches". The empty pattern always does, so its absence
        # tells that case apart, and then every lane runs.
        self._sentinel = self._set.Add(b"")
        self._set.Compile()

    def lanes(self, data: bytes) -> list[Lane]:
        matched = self._set.Match(data)
        if self._sentinel not in matched:
            return [lane for group in self._lanes for lane in group]
        return [lane for index in matched if index != self._sentinel for lane in self._lanes[index]]


def _kind(gate: str) -> str:
    """What the automaton of a gate has to remember: the line so far, words in any letter case, a prefix, or signs."""
    if gate.startswith(("(?im)^", "(?m)^")):
        return "line"
    if gate.startswith("(?i)"):
        return "words"
    start = gate.removeprefix(r"\b")
    return "prefix" if start[:1].isalpha() or start[:1] in "[(" else "signs"
