"""The gazetteer: which words are known as names, places, countries, company words, streets, titles or plain words.

One sorted array of 64-bit numbers, the upper 48 bits a hash of the folded word and the lower 16 what it is known as;
so it is a few MB, is read in milliseconds and holds no list that could be printed. Built by `model/lexicon.py`.
"""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from pathlib import Path

from spacy.strings import hash_string  # type: ignore[attr-defined]

from gateway.errors import ConfigurationError

FIRST = 1
"""A given name somewhere."""
LAST = 2
"""A family name somewhere."""
PLACE = 4
"""A town, region or other place, of one word or of several."""
COUNTRY = 8
ORG_WORD = 16
"""A word that companies and institutions carry, legal forms included."""
STREET = 32
HONORIFIC = 64
WORD = 128
"""A plain word of a language, seen in lower case."""
PLACE_PART = 256
"""A word that only occurs inside place names of several words."""
NOUN = 512
"""Seen with a capital in running German text, or otherwise a capitalised word that is no name."""
DEMONYM = 1024
"""A language or people."""
COMMON_FIRST = 2048
"""Among the frequent given names."""
COMMON_LAST = 4096
"""Among the frequent family names."""
FREQUENT = 8192
"""Among the most frequent plain words."""
ORG_NAME = 16384
"""The name of a known institution, of one word or several."""
BIG_PLACE = 32768
"""A place with many inhabitants."""

NAME_BITS = FIRST | LAST | COMMON_FIRST | COMMON_LAST
PLACE_BITS = PLACE | PLACE_PART | BIG_PLACE

DEFAULT_PATH = Path(__file__).parent / "model" / "gazetteer.bin"
_MAGIC = b"LLMGWGZ1"
_MASK = 0xFFFF


def folded(word: str) -> str:
    """The form under which words are kept: composed, lower case, one apostrophe."""
    lowered = word.lower()
    if lowered.isascii():
        return lowered
    return unicodedata.normalize("NFC", lowered.replace("’", "'"))


class Gazetteer:
    """What is known about words. Immutable after loading; small enough for every scan worker."""

    def __init__(self, table: array[int]) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def bits(self, word: str) -> int:
        """Everything `word` (or a phrase with single blanks) is known as, 0 when it is unknown."""
        key = hash_string(folded(word)) & ~_MASK
        index = bisect_left(self._table, key)
        if index == len(self._table):
            return 0
        found = self._table[index]
        return found & _MASK if found & ~_MASK == key else 0

    @classmethod
    def of(cls, entries: Mapping[str, int]) -> Gazetteer:
        """Made of folded words and their bits."""
        merged: dict[int, int] = {}
        for word, bits in entries.items():
            key = hash_string(folded(word)) & ~_MASK
            merged[key] = merged.get(key, 0) | bits
        return cls(array("Q", sorted(key | bits for key, bits in merged.items())))

    @classmethod
    def load(cls, path: Path = DEFAULT_PATH) -> Gazetteer:
        """Read from its file. Raises ConfigurationError when it is missing or damaged."""
        try:
            data = path.read_bytes()
        except OSError:
            raise ConfigurationError("the gazetteer of names is missing; install the package again") from None
        if not data.startswith(_MAGIC) or (len(data) - len(_MAGIC)) % 8:
            raise ConfigurationError("the gazetteer of names is damaged; install the package again")
        table = array("Q")
        table.frombytes(data[len(_MAGIC) :])
        return cls(table)

    def save(self, path: Path) -> None:
        """Write the file that `load` reads (little-endian machines, as the wheels this product needs)."""
        path.write_bytes(_MAGIC + self._table.tobytes())


def words(entries: Iterable[str]) -> frozenset[str]:
    """A set of folded words."""
    return frozenset(map(folded, entries))
