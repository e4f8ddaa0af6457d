"""Labels for real running text, from the gazetteer: sure names, sure plain words, and what nobody should learn from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp_recognizers import gazetteer as gz
from dlp_recognizers.gazetteer import Gazetteer
from dlp_recognizers.model.corpora import Passage
from dlp_recognizers.model.filling import Labelled

_WORD = re.compile(r"[^\W\d_]+(?:[.'’\-][^\W\d_]+)*\.?")
_PARTICLES = frozenset(
    [
        "van",
        "von",
        "de",
        "der",
        "den",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "du",
        "la",
        "le",
        "el",
        "bin",
        "al",
        "ibn",
        "zu",
        "of",
    ]
)
_PLAIN = gz.WORD | gz.NOUN | gz.DEMONYM | gz.FREQUENT
_UNKNOWN = "?"
Found = tuple[int, int, str]


def label(passage: Passage, table: Gazetteer) -> Labelled:
    """The passage with its sure names; what may or may not be a name is unknown."""
    made = Labelled(passage.text)
    if passage.kind == "code":
        return made
    for run in _runs(passage.text):
        for start, end, kind in _judge(passage, run, table):
            if kind == _UNKNOWN:
                made.unknown.append((start, end))
            elif kind:
                made.spans.append((start, end, kind))
    return made


def _runs(text: str) -> Iterator[list[re.Match[str]]]:
    """Words with capitals that stand together, particles between them included."""
    run: list[re.Match[str]] = []
    for match in _WORD.finditer(text):
        gap = text[run[-1].end() : match.start()] if run else ""
        if run and (gap not in {" ", ""} or (run[-1].group().endswith(".") and len(run[-1].group()) > 4)):
            yield _trimmed(run)
            run = []
        if match.group()[0].isupper() or (run and match.group() in _PARTICLES):
            run.append(match)
        elif run:
            yield _trimmed(run)
            run = []
    if run:
        yield _trimmed(run)


def _trimmed(run: list[re.Match[str]]) -> list[re.Match[str]]:
    while run and not run[-1].group()[0].isupper():
        run.pop()
    return run


def _judge(passage: Passage, run: list[re.Match[str]], table: Gazetteer) -> Iterator[Found]:
    words = [match.group().rstrip(".") for match in run]
    bits = [table.bits(_bare(word)) for word in words]
    opening = run[0].start() == 0 or passage.text[: run[0].start()].rstrip()[-1:] in {
        ".",
        "!",
        "?",
        ":",
        '"',
        "“",
        "(",
        "-",
        "*",
    }
    while run and (
        bits[0] & gz.HONORIFIC or (opening and len(run) > 1 and bits[0] & gz.FREQUENT and not bits[0] & gz.COMMON_FIRST)
    ):
        titled = bool(bits[0] & gz.HONORIFIC) and len(run) > 1
        run, words, bits = run[1:], words[1:], bits[1:]
        if titled and passage.kind == "prose" and not any(bit & (gz.ORG_WORD | gz.STREET | gz.COUNTRY) for bit in bits):
            yield _span(run, "PERSON")
            return
    if not run:
        return
    if passage.language != "en" and passage.kind == "docs":
        yield from _foreign(run, bits)
    elif len(run) == 1:
        yield _span(run, _single(words[0], bits[0], opening, prose=passage.kind == "prose"))
    else:
        yield _span(run, _several(words, bits, table, prose=passage.kind == "prose"))


def _bare(word: str) -> str:
    return word[:-2] if word.endswith(("'s", "’s")) else word


def _span(run: list[re.Match[str]], kind: str) -> Found:
    end = run[-1].end()
    last = run[-1].group()
    if last.endswith((".",)) and len(last) > 3:
        end -= 1
        last = last[:-1]
    if last.endswith(("'s", "’s")):
        end -= 2
    return (run[0].start(), end, kind)


def _foreign(run: list[re.Match[str]], bits: list[int]) -> Iterator[Found]:
    for match, bit in zip(run, bits, strict=True):
        if bit & gz.COUNTRY and not bit & (gz.FIRST | gz.WORD):
            yield _span([match], "LOCATION")
        elif not bit & _PLAIN and bit & (gz.FIRST | gz.PLACE | gz.ORG_NAME | gz.COMMON_LAST):
            yield _span([match], _UNKNOWN)


def _single(word: str, bit: int, opening: bool, *, prose: bool) -> str:
    if word == "I" or bit & gz.DEMONYM or bit & gz.FREQUENT or (bit & gz.WORD and opening):
        return ""
    if bit & gz.COUNTRY and not bit & (gz.FIRST | gz.WORD):
        return "LOCATION"
    if bit & gz.BIG_PLACE and not bit & (gz.FIRST | gz.COMMON_LAST | gz.WORD):
        return "LOCATION"
    if bit & gz.COMMON_FIRST and not bit & (gz.WORD | gz.PLACE | gz.NOUN):
        return "PERSON" if prose or not opening else _UNKNOWN
    if bit & gz.NOUN or (bit & gz.WORD and not bit & (gz.FIRST | gz.COMMON_LAST | gz.BIG_PLACE | gz.ORG_NAME)):
        return ""
    if not prose and not bit & (gz.FIRST | gz.COMMON_LAST | gz.PLACE | gz.ORG_NAME | gz.LAST):
        return ""
    return _UNKNOWN


def _several(words: list[str], bits: list[int], table: Gazetteer, *, prose: bool) -> str:
    phrase = table.bits(" ".join(map(_bare, words)))
    if phrase & (gz.COUNTRY | gz.PLACE) and not phrase & gz.NAME_BITS:
        return "LOCATION"
    if phrase & gz.ORG_NAME or (bits[-1] & gz.ORG_WORD and len(words) < 6) or (bits[0] & gz.ORG_WORD and "of" in words):
        return "ORGANIZATION" if prose else _UNKNOWN
    first = bits[0] & gz.COMMON_FIRST or (bits[0] & gz.FIRST and not bits[0] & (gz.WORD | gz.PLACE))
    last_ok = bits[-1] & gz.LAST or not bits[-1] & (_PLAIN | gz.PLACE_BITS | gz.COUNTRY | gz.ORG_WORD | gz.STREET)
    if first and last_ok and len(words) <= 4 and not any(word.isupper() and len(word) > 2 for word in words):
        return "PERSON"
    if all(bit & _PLAIN and not bit & (gz.FIRST | gz.COMMON_LAST | gz.BIG_PLACE) for bit in bits) and not prose:
        return ""
    return _UNKNOWN
