"""The embedded finder of names: committed model, gazetteer and filter. No download, no pipeline to install."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from dlp_recognizers import gazetteer as gz
from dlp_recognizers.decoding import THRESHOLDS, Line, Name, names
from dlp_recognizers.gazetteer import Gazetteer
from dlp_recognizers.hits import Hit
from dlp_recognizers.tagger import Tagger, load
from dlp_recognizers.tokens import split

FOLDER = Path(__file__).parent / "model"
_GENERATION = "1"
_WORDS = 1024
"""Words that the network reads at a time: its memory does not depend on the text, and stays near the processor."""
_OVERLAP = 60
_LABEL = "names:embedded"
_CALLS = ("_", "(", "=")
_COMMON = gz.WORD | gz.NOUN | gz.ORG_WORD | gz.STREET | gz.COUNTRY
_SURE = 0.75
"""The least score of a full name whose family name alone is then looked for."""


class EmbeddedFinder:
    """Persons, places, organisations and addresses by the model that comes with the package."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._gazetteer = Gazetteer.load(folder / "gazetteer.bin")
        self._tagger = Tagger(load(folder / "names.npz"), self._gazetteer)
        digest = hashlib.sha256((folder / "names.npz").read_bytes() + (folder / "gazetteer.bin").read_bytes())
        self.version = f"embedded-{_GENERATION}-{digest.hexdigest()[:12]}"

    def find(self, text: str) -> Iterator[Hit]:
        """Every name in the whole of `text`."""
        if unicodedata.is_normalized("NFC", text):
            yield from self._find(text)
            return
        composed, places = composed_with_places(text)
        for hit in self._find(composed):
            yield Hit(places[hit.start], places[hit.end], hit.entity, hit.score, hit.recognizer)

    def _find(self, text: str) -> Iterator[Hit]:
        words, places = split(text)
        found = list(self._names(text, words, places))
        yield from again(text, places, found, self._gazetteer)

    def _names(self, text: str, words: list[str], places: list[re.Match[str]]) -> Iterator[Hit]:
        for start in range(0, len(words), _WORDS - _OVERLAP):
            piece, where = words[start : start + _WORDS], places[start : start + _WORDS]
            line = Line(text, piece, where, self._tagger.bits(piece))
            last = start + _WORDS >= len(words)
            # The outer half of an overlap is the neighbour's: there, this piece does not see both sides.
            low, high = _OVERLAP // 2 if start else 0, len(piece) if last else len(piece) - _OVERLAP // 2
            for name in names(line, self._tagger.probabilities(piece)):
                if low <= name.first < high:
                    yield self._hit(name, where)
            if last:
                return

    @staticmethod
    def _hit(name: Name, places: list[re.Match[str]]) -> Hit:
        least = THRESHOLDS[name.kind]
        score = 0.5 + 0.45 * min(1.0, max(0.0, (name.chance - least) / (1 - least)))
        return Hit(places[name.first].start(), places[name.last].end(), name.kind, round(score, 2), _LABEL)


def again(text: str, places: list[re.Match[str]], found: list[Hit], gazetteer: Gazetteer) -> Iterator[Hit]:
    """What was found, and the family names of those found in full wherever else they stand in the text."""
    families = {name for hit in found if (name := _family(text, hit)) and not gazetteer.bits(name) & _COMMON}
    if not families:
        yield from found
        return
    taken: set[int] = set()
    for hit in found:
        if text[hit.start : hit.end] not in families:
            taken.update(range(hit.start, hit.end))
            yield hit
    for place in places:
        if place[0] in families and place.start() not in taken and text[place.end() : place.end() + 1] not in _CALLS:
            yield Hit(place.start(), place.end(), "PERSON", _SURE, _LABEL)


def _family(text: str, hit: Hit) -> str:
    """The family name of a person found in full and for sure, else nothing."""
    _, blank, name = text[hit.start : hit.end].rpartition(" ")
    sure = hit.entity == "PERSON" and hit.score >= _SURE and blank
    return name if sure and len(name) > 3 and name.isalpha() and name[0].isupper() else ""


def composed_with_places(text: str) -> tuple[str, list[int]]:
    """`text` in NFC and, for each of its offsets and its end, the offset in `text`."""
    parts: list[str] = []
    places: list[int] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        cluster = unicodedata.normalize("NFC", text[start:end])
        parts.append(cluster)
        places += [start] * len(cluster)
        start = end
    return "".join(parts), [*places, len(text)]
