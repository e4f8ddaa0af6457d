"""Words of a text and what the network is told about each of them."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from spacy.strings import hash_string  # type: ignore[attr-defined]

from dlp_recognizers.gazetteer import Gazetteer, folded

WORD = re.compile(r"[^\W_]+|[^\w\s]|_|\n+")
"""One word, one mark of punctuation or one group of line ends. Linear: no part can match in two ways."""
FEATURES = 5
_LONGEST = 40

Ids = NDArray[np.uint64]


def split(text: str) -> tuple[list[str], list[re.Match[str]]]:
    """The words of `text`, and the match of each, which says where it stands."""
    matches = list(WORD.finditer(text))
    return [match[0] for match in matches], matches


def shape(word: str) -> str:
    """`Xxxx`, `dd`, ... with runs cut at four, so that it does not grow with the word."""
    made: list[str] = []
    run = 0
    for char in word[:_LONGEST]:
        kind = "X" if char.isupper() else "x" if char.isalpha() else "d" if char.isdigit() else char
        run = run + 1 if made and made[-1] == kind else 0
        if run < 4:
            made.append(kind)
    return "".join(made)


def features(word: str, bits: int) -> tuple[int, ...]:
    """What the network is told about a word that the gazetteer knows as `bits`; FEATURES numbers."""
    word = "\n" if word[0] == "\n" else word
    low = folded(word[:_LONGEST])
    norm = "".join("0" if char.isdigit() else char for char in low) if not low.isalpha() else low
    return (_hash("n" + norm), _hash("p" + low[:3]), _hash("s" + low[-3:]), _hash("h" + shape(word)), bits + 1)


@lru_cache(maxsize=65_536)
def _hash(value: str) -> int:
    return int(hash_string(value))


def _sound(word: str) -> str:
    """The word without lone surrogates, which have no bytes to hash."""
    return word if word.isascii() else word.encode("utf-8", "replace").decode()


def feature_rows(words: list[str], gazetteer: Gazetteer) -> Ids:
    """One row of features per word."""
    known = [_sound(word[:_LONGEST]) for word in words]
    rows = [features(word, gazetteer.bits(word)) for word in known]
    return np.array(rows, dtype=np.uint64).reshape(-1, FEATURES)
