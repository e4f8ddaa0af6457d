"""What counts in a reading that is a guess, and how a place inside a blob is told to who redacts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from dlp_recognizers.hits import Hit, settle
from dlp_recognizers.obfuscation import ENTITY
from dlp_recognizers.views import Inside, Reading
from gateway.entities import EntityGroup, group_of
from gateway.redaction.inner import Part, label

_PROVEN: Final = frozenset({"EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "CRYPTO", "US_SSN"})
_UNPROVEN: Final = frozenset(
    {"PASSWORD", "PERSON", "ADDRESS", "DATE_OF_BIRTH", "IP_ADDRESS", "MAC_ADDRESS", "UK_PASSPORT", "PASSPORT", "DE_KFZ"}
)
_SURE: Final = 0.7


def counts(hit: Hit, text: str) -> bool:
    """Whether a hit in a guess of a reading (`text`) is one: its own shape or checksum says so."""
    if hit.entity in _UNPROVEN or (hit.entity == "PRIVATE_KEY" and not text[: hit.end].endswith("-----")):
        return False
    if hit.entity == "PHONE_NUMBER":
        return text[hit.start] == "+" and hit.score >= _SURE
    if hit.entity in _PROVEN:
        return hit.score >= 0.5 and (hit.entity != "CREDIT_CARD" or len(set(text[hit.start : hit.end])) >= 5)
    group = group_of(hit.entity)
    return group is EntityGroup.SECRET or (group is EntityGroup.PERSONAL and hit.score >= _SURE)


def changed(hit: Hit, reading: Reading, place: tuple[int, int], text: str) -> bool:
    """Whether the reading says at this hit something that the text itself does not."""
    return text[place[0] : place[1]] != reading.text[hit.start : hit.end]


def explained(hits: Sequence[Hit]) -> list[Hit]:
    """The hits without the signs of evasion that something else which was found explains."""
    signs = [hit for hit in hits if hit.entity == ENTITY]
    if not signs:
        return list(hits)
    rest = [hit for hit in hits if hit.entity != ENTITY]
    return rest + [sign for sign in signs if not any(hit.start < sign.end and sign.start < hit.end for hit in rest)]


def with_places(hits: Iterable[Hit], inner: Mapping[Hit, Sequence[tuple[Inside, Hit]]]) -> list[Hit]:
    """The hits; those that are a whole blob also say, in the name of the recognizer, what in the blob they mean.

    Every hit on a blob carries the places of all of them: whichever of them is kept tells enough.
    """
    found: dict[tuple[int, int], list[Part]] = {}
    stamps: dict[tuple[int, int], set[str]] = {}
    whole: set[tuple[int, int]] = set()
    hits = list(hits)
    for hit in hits:
        place = (hit.start, hit.end)
        insides = inner.get(hit, ())
        if not insides or any(inside.blob != place for inside, _ in insides):
            whole.add(place)
        for inside, _ in insides:
            found.setdefault(place, []).append(Part(inside.start, inside.end, hit.entity, hit.score))
            stamps.setdefault(place, set()).add(inside.stamp)
    labels = {
        place: label(next(iter(stamps[place])), _settled(parts))
        for place, parts in found.items()
        if place not in whole and len(stamps[place]) == 1
    }
    return [
        Hit(hit.start, hit.end, hit.entity, hit.score, hit.recognizer + labels.get((hit.start, hit.end), ""))
        for hit in hits
    ]


def _settled(parts: Iterable[Part]) -> list[Part]:
    kept = settle(Hit(part.start, part.end, part.entity, part.score, "") for part in parts)
    return [Part(hit.start, hit.end, hit.entity, hit.score) for hit in kept]
