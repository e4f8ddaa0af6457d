"""A model of an earlier stage decides what the gazetteer could not: which capitalised words of real text are names."""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path

from dlp_recognizers.decoding import by_kind
from dlp_recognizers.gazetteer import Gazetteer
from dlp_recognizers.model.filling import Labelled
from dlp_recognizers.tagger import KINDS, Tagger, load
from dlp_recognizers.tokens import split

_NO_NAME = 0.1
"""The most that a stretch may look like any kind to count as plain words."""
_SURE = 0.94


class Teacher:
    """Labels unknown stretches of which it is sure, and leaves the others unknown."""

    def __init__(self, model: Path) -> None:
        self._tagger = Tagger(load(model), Gazetteer.load())

    def decide(self, made: Labelled) -> Labelled:
        """The text with fewer unknown stretches."""
        words, places = split(made.text)
        kinds = by_kind(self._tagger.probabilities(words))
        starts = [place.start() for place in places]
        spans, unknown = list(made.spans), []
        for start, end in made.unknown:
            rows = kinds[bisect_left(starts, start) : bisect_left(starts, end)]
            if not len(rows):
                continue
            if float(rows.sum(axis=1).max()) <= _NO_NAME:
                continue
            least = rows.min(axis=0)
            best = int(least.argmax())
            if float(least[best]) >= _SURE:
                spans.append((start, end, KINDS[best]))
            else:
                unknown.append((start, end))
        return Labelled(made.text, sorted(spans), unknown)
