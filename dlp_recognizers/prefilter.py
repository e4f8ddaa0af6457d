"""One pass over a text that says which patterns can match at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

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


_CROWD: Final = 8
"""So many lanes behind one gate are worth an automaton of their own, which says which of them match: six digits stand
in many texts, and thirty kinds of numbers begin with six digits."""


class _Matches:
    """Which of some patterns match, in one pass."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._set = re2.Set.SearchSet(options(memory=96 << 20))
        self._every = [self._set.Add(pattern.encode("latin-1")) for pattern in patterns]
        # An automaton that runs out of memory answers "nothing matches". The empty pattern always does, so its absence
        # tells that case apart, and then every lane runs.
        self._sentinel = self._set.Add(b"")
        self._set.Compile()

    def __call__(self, data: bytes) -> list[int]:
        """The indices of the patterns that match, all of them if that could not be told."""
        matched: list[int] = self._set.Match(data)
        if self._sentinel not in matched:
            return self._every
        return [index for index in matched if index != self._sentinel]


class _GateSet:
    """Gates of one kind in one automaton."""

    def __init__(self, lanes: dict[str, list[Lane]]) -> None:
        self._lanes: Sequence[tuple[Lane, ...]] = [tuple(group) for group in lanes.values()]
        self._gates = _Matches(lanes)
        self._crowds = {
            index: _Matches(shape.regex for _, shape in group)
            for index, group in enumerate(self._lanes)
            if len(group) > _CROWD
        }

    def lanes(self, data: bytes) -> list[Lane]:
        found: list[Lane] = []
        for index in self._gates(data):
            group, crowd = self._lanes[index], self._crowds.get(index)
            found.extend(group if crowd is None else (group[place] for place in crowd(data)))
        return found


def _kind(gate: str) -> str:
    """What the automaton of a gate has to remember: the line so far, words in any letter case, a prefix, or signs."""
    if gate.startswith(("(?im)^", "(?m)^")):
        return "line"
    if gate.startswith("(?i)"):
        return "words"
    start = gate.removeprefix(r"\b")
    return "prefix" if start[:1].isalpha() or start[:1] in "[(" else "signs"
