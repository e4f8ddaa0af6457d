"""Finds values in answers, on the loop: the pattern recognizers alone, and the policy's canary strings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import ahocorasick

from dlp_recognizers.engine import Engine, EngineSettings
from dlp_recognizers.hits import Hit
from dlp_recognizers.own.bundle import NOTHING, OwnData

CANARY: str = "CANARY_STRING"


class AnswerFinder:
    """Values that a pattern shows; names of people take a model, which is too slow for a stream's loop."""

    def __init__(
        self, *, allow_examples: bool = True, own: OwnData = NOTHING, canary_strings: Sequence[str] = ()
    ) -> None:
        self._engine = Engine(EngineSettings(allow_examples=allow_examples, names="rules"), own=own)
        self._engine.warm()
        self._strings: ahocorasick.Automaton | None = None
        self.look_for(canary_strings)

    def look_for(self, canary_strings: Sequence[str]) -> None:
        """Take these canary strings from now on."""
        automaton = ahocorasick.Automaton()
        for string in canary_strings:
            # Case is folded without a change of length, so that offsets stay.
            automaton.add_word(_folded(string), len(string))
        automaton.make_automaton()
        self._strings = automaton if canary_strings else None

    def __call__(self, text: str) -> list[Hit]:
        """Everything found in `text`. Raises ScanIncomplete if any recognizer failed on it."""
        return [*self._engine.scan(text), *self.canaries(text)]

    def canaries(self, text: str) -> Iterator[Hit]:
        """The canary strings in `text`."""
        if self._strings is None:
            return
        for last, size in self._strings.iter(_folded(text)):
            yield Hit(last + 1 - size, last + 1, CANARY, 1.0, "canary_string")


def _folded(text: str) -> str:
    return "".join([low if len(low := char.lower()) == 1 else char for char in text])
