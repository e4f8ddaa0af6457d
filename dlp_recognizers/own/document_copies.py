"""Copies of documents, whole, in part or lightly edited, found by their fingerprints.

A run of shared fingerprints that covers enough letters (`passage`), or enough of a document (`share`), is a finding.
Less than that is a fragment: a finding whose score is half of how much it is of what is needed, so that it counts for
nothing alone. `fragments.joined` adds up the fragments of one document over all spans of a request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dlp_recognizers.hits import Hit
from dlp_recognizers.own.fragments import COPY_SCORE, MOST_FRAGMENT, recognizer_name
from dlp_recognizers.own.table_file import TableHeader, map_sections
from dlp_recognizers.own.winnow import RUN, WINDOW, fingerprints_of
from dlp_recognizers.own.words import Words

if TYPE_CHECKING:
    from numpy.typing import NDArray

KIND: Final = "fingerprints"
DEFAULT_ENTITY: Final = "DOCUMENT_COPY"
_GAP: Final = 120
"""Letters and digits between two shared fingerprints up to which they are of one run: an edited sentence."""
_LEAST_SHARED: Final = 4
"""Fingerprints that must be shared before the share of a short document counts."""
_MOST_DOCUMENTS: Final = 2
"""Documents that one text is reported to be a copy of: the likeliest."""
_EDGE: Final = 160
"""Characters by which a run grows to the ends of its first and last line."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What makes a copy."""

    passage: int
    """Letters and digits in one run."""
    share: float
    """Or the part of the document's fingerprints."""


@dataclass(frozen=True, slots=True)
class _Run:
    first: int
    end: int
    covered: int
    shared: int


@dataclass(frozen=True, slots=True)
class _Match:
    """What a text shares with one document."""

    document: int
    runs: tuple[_Run, ...] = field(repr=False)
    progress: tuple[float, ...]
    """For each run how much of what is needed it is."""


class CopyFinder:
    """Finds copies of the documents of one table."""

    def __init__(self, header: TableHeader, threshold: Threshold) -> None:
        """Raises DocumentError."""
        arrays = map_sections(header)
        self._hashes, self._starts = arrays["hashes"], arrays["starts"]
        self._documents, self._totals = arrays["documents"], arrays["totals"]
        self._key = header.key
        self._name = header.name
        self._entity = str(header.facts["entities"][0])
        self._threshold = threshold

    def find(self, text: str, words: Words) -> Iterator[Hit]:
        """Every copy and fragment in `text`, whose words are `words`."""
        prints = fingerprints_of(words, self._key)
        if not len(prints.hashes) or not len(self._hashes):
            return
        where = np.searchsorted(self._hashes, prints.hashes)
        where[where == len(self._hashes)] = 0
        there = self._hashes[where] == prints.hashes
        if not there.any():
            return
        places: dict[int, list[int]] = {}
        for index, place in zip(where[there].tolist(), prints.places[there].tolist(), strict=True):
            for document in self._documents[self._starts[index] : self._starts[index + 1]].tolist():
                places.setdefault(document, []).append(place)
        matches = [self._match(document, found) for document, found in places.items()]
        matches.sort(key=lambda match: (-sum(match.progress), match.document))
        ends = np.cumsum([len(word) for word in words.words])
        for match in matches[:_MOST_DOCUMENTS]:
            yield from self._hits(match, text, words, ends)

    def _match(self, document: int, places: Sequence[int]) -> _Match:
        runs = tuple(_runs(places))
        total = int(self._totals[document])
        enough = max(_LEAST_SHARED, self._threshold.share * total)
        progress = tuple(max(run.covered / self._threshold.passage, run.shared / enough) for run in runs)
        return _Match(document, runs, progress)

    def _hits(self, match: _Match, text: str, words: Words, ends: NDArray[Any]) -> Iterator[Hit]:
        whole = sum(match.progress) >= 1
        name = recognizer_name(self._name, match.document)
        for run, progress in zip(match.runs, match.progress, strict=True):
            if run.covered < RUN + WINDOW // 2 and not whole:
                continue
            first = int(np.searchsorted(ends, run.first, side="right"))
            last = int(np.searchsorted(ends, run.end - 1, side="right"))
            start, end = _whole_lines(text, words.spans[first][0], words.spans[last][1])
            score = COPY_SCORE if whole else min(MOST_FRAGMENT, progress / 2)
            yield Hit(start, end, self._entity, score, name)


def _runs(places: Sequence[int]) -> Iterator[_Run]:
    """`places`, in order, in runs that no gap parts."""
    cuts = [index + 1 for index, (one, other) in enumerate(pairwise(places)) if other - one > RUN + _GAP]
    for low, high in pairwise([0, *cuts, len(places)]):
        run = places[low:high]
        covered = RUN + sum(min(RUN, other - one) for one, other in pairwise(run))
        yield _Run(run[0], run[-1] + RUN, covered, len(run))


def _whole_lines(text: str, start: int, end: int) -> tuple[int, int]:
    before = text.rfind("\n", max(0, start - _EDGE), start) + 1
    if not before and start > _EDGE:
        before = start
    after = text.find("\n", end, end + _EDGE)
    if after < 0:
        after = len(text) if len(text) - end <= _EDGE else end
    return before, after
