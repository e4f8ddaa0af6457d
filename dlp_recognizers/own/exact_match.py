"""Exact data match: values of the organisation's records, found in texts by keyed hashes.

A table holds, for each kind and entity, the sorted 64-bit hashes of the values: eight bytes a value, mapped, so that
all scan processes of a host share them. What in a text could be a value is hashed with the same key and looked up.
A hash that is there by chance costs a false hit: with n values, n / 2^64 for each look-up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dlp_recognizers.hits import Hit
from dlp_recognizers.own.records import Candidate, Kind, emails_in, numbers_in, phrases_in
from dlp_recognizers.own.table_file import TableHeader, hashes_of, map_sections
from dlp_recognizers.own.words import Words

if TYPE_CHECKING:
    from numpy.typing import NDArray

KIND = "exact-match"
SCORE = 0.95
_TAGS: dict[Kind, bytes] = {"email": b"e", "number": b"n", "words": b"w"}


def stored(value: str, kind: Kind) -> bytes:
    """What is hashed for a value in the form that is compared."""
    return _TAGS[kind] + value.encode("utf-8", "surrogatepass")


def stored_word(word: str) -> bytes:
    """What is hashed for one word of a value of several."""
    return b"1" + word.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class _Section:
    entity: str
    kind: Kind
    sizes: frozenset[int]
    """Of numbers: lengths; of words: how many."""
    hashes: NDArray[Any] = field(repr=False)


class RecordFinder:
    """Finds the values of one table."""

    def __init__(self, header: TableHeader) -> None:
        """Raises DocumentError."""
        arrays = map_sections(header)
        self._key = header.key
        self._name = f"records:{header.name}"
        self._sections = [
            _Section(each["entity"], each["kind"], frozenset(each["sizes"]), arrays[each["section"]])
            for each in header.facts["sections"]
        ]
        self._words = arrays["words"]
        by_kind: dict[Kind, set[int]] = {}
        for section in self._sections:
            by_kind.setdefault(section.kind, set()).update(section.sizes)
        self._sizes = {kind: frozenset(sizes) for kind, sizes in by_kind.items()}

    def find(self, text: str, words: Words) -> Iterator[Hit]:
        """Every value in `text`, whose words are `words`."""
        if "email" in self._sizes:
            yield from self._look_up("email", list(emails_in(text)))
        if "number" in self._sizes:
            yield from self._look_up("number", list(numbers_in(text, words, self._sizes["number"])))
        if "words" in self._sizes and len(words.words) > 1:
            known = self._known(words.words)
            yield from self._look_up("words", list(phrases_in(text, words, known, self._sizes["words"])))

    def _known(self, words: Sequence[str]) -> Sequence[bool]:
        """Whether each word is one of a value of several words: in most texts few are, and only those are combined."""
        distinct = list(dict.fromkeys(words))
        hashes = hashes_of([stored_word(word) for word in distinct], self._key)
        there = _among(self._words, (hashes >> np.uint64(32)).astype("<u4"))
        known = dict(zip(distinct, there.tolist(), strict=True))
        return [known[word] for word in words]

    def _look_up(self, kind: Kind, candidates: Sequence[Candidate]) -> Iterator[Hit]:
        if not candidates:
            return
        distinct = list(dict.fromkeys(candidate.value for candidate in candidates))
        hashes = hashes_of([stored(value, kind) for value in distinct], self._key)
        for section in self._sections:
            if section.kind != kind:
                continue
            there = _among(section.hashes, hashes)
            if not there.any():
                continue
            found = {value for value, yes in zip(distinct, there.tolist(), strict=True) if yes}
            for value, start, end in candidates:
                if value in found:
                    yield Hit(start, end, section.entity, SCORE, self._name)


def _among(ordered: NDArray[Any], values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of `values` are in `ordered`."""
    if not len(ordered):
        return np.zeros(len(values), dtype=np.bool_)
    places = np.searchsorted(ordered, values)
    places[places == len(ordered)] = 0
    return np.asarray(ordered[places] == values)
