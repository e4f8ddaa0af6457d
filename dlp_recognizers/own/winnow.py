"""Fingerprints of a text by winnowing: Schleimer, Wilkerson and Aiken, "Winnowing: Local Algorithms for Document
Fingerprinting", SIGMOD 2003. Pure.

Only letters and digits count, folded. Of every `WINDOW` neighbouring runs of `RUN` signs at least one becomes a
fingerprint, chosen by the run alone: two texts that share `RUN + WINDOW - 1` signs share a fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dlp_recognizers.own.words import Words

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUN: Final = 24
"""Letters and digits that a fingerprint is made of."""
WINDOW: Final = 32
_BASE: Final = 0x9E3779B97F4A7C15 | 1
_PLACES: Final = (1 << 28) - 1
"""Signs that a text may have, at most."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """The fingerprints of one text, in order."""

    hashes: NDArray[Any] = field(repr=False)
    """64 bits of keyed BLAKE2b each."""
    places: NDArray[Any] = field(repr=False)
    """Where each begins, counted in letters and digits."""


def fingerprints_of(words: Words, key: bytes) -> Fingerprints:
    """The fingerprints of a text, from its words. Linear."""
    signs = "".join(words.words)
    if len(signs) < RUN:
        return Fingerprints(np.zeros(0, dtype="<u8"), np.zeros(0, dtype=np.int64))
    codes = np.frombuffer(signs.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    places = _chosen(_mixed(_rolled(codes)))
    # What is stored is this, and not the polynomial: without the key nobody learns from a table what was in a document.
    data = b"".join(
        [
            blake2b(signs[at : at + RUN].encode("utf-8", "surrogatepass"), key=key, digest_size=8).digest()
            for at in places.tolist()
        ]
    )
    return Fingerprints(np.frombuffer(data, dtype="<u8"), places)


def _rolled(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A polynomial in `_BASE` over each run, modulo 2^64."""
    total = np.zeros(len(codes) - RUN + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for offset in range(RUN):
            total *= np.uint64(_BASE)
            total += codes[offset : len(codes) - RUN + 1 + offset]
    return total


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Every bit of each value spread over all (the finisher of SplitMix64)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _chosen(values: NDArray[np.uint64]) -> NDArray[Any]:
    """The rightmost smallest value of each window, by the high bits of each value."""
    # The place, counted from the end, in the low bits: then the least number of a window is its rightmost smallest.
    numbered = (values & ~np.uint64(_PLACES)) | np.arange(_PLACES, _PLACES - len(values), -1, dtype=np.uint64)
    width, size = min(WINDOW, len(values)), 1
    while size < width:
        step = min(size, width - size)
        numbered = np.minimum(numbered[: len(numbered) - step], numbered[step:])
        size += step
    return np.unique(_PLACES - (numbered & np.uint64(_PLACES)).astype(np.int64))
