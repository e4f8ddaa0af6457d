"""What a scan returns, and how overlapping hits become one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.entities import EntityGroup, group_of, is_own


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found in a text: offsets in code points (end exclusive), never the text itself."""

    start: int
    end: int
    entity: str
    score: float
    """0..1; what should go has at least 0.5."""
    recognizer: str


class ScanIncomplete(Exception):
    """A text was not scanned as a whole, so nothing may be concluded from its hits. Holds no text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_SWALLOWS = {
    EntityGroup.SECRET: frozenset(
        {EntityGroup.SECRET, EntityGroup.PERSONAL, EntityGroup.HEALTH, EntityGroup.ORGANISATION}
    ),
    EntityGroup.PERSONAL: frozenset({EntityGroup.PERSONAL, EntityGroup.ORGANISATION}),
    EntityGroup.HEALTH: frozenset({EntityGroup.HEALTH}),
    EntityGroup.ORGANISATION: frozenset({EntityGroup.ORGANISATION}),
    EntityGroup.MARKING: frozenset({EntityGroup.MARKING}),
    EntityGroup.EVASION: frozenset({EntityGroup.EVASION}),
    EntityGroup.ESCAPE: frozenset({EntityGroup.ESCAPE}),
}
"""Which groups a longer hit of a group makes superfluous: every shipped profile that removes the longer one removes
those too. A health phrase keeps the personal data inside, because a profile may remove one without the other."""


def settle(hits: Iterable[Hit]) -> list[Hit]:
    """One hit for each thing: of hits with the same span and group the likeliest, of nested ones the outer.

    A hit below 0.5 never swallows another. Overlaps that are not nested stay: every profile then removes both.
    """
    ordered = sorted(set(hits), key=lambda hit: (hit.start, -hit.end, -hit.score, hit.entity, hit.recognizer))
    kept: list[Hit] = []
    open_hits: list[Hit] = []
    for hit in ordered:
        open_hits = [outer for outer in open_hits if outer.end > hit.start]
        if any(_covers(outer, hit) for outer in open_hits):
            continue
        kept.append(hit)
        if hit.score >= 0.5:
            open_hits.append(hit)
    return kept


def _covers(outer: Hit, inner: Hit) -> bool:
    if inner.end > outer.end:
        return False
    if outer.entity == inner.entity:
        return True
    if is_own(outer.entity) or is_own(inner.entity):
        return False  # its level is its own: neither may hide the other
    same_span = outer.start == inner.start and outer.end == inner.end
    allowed = _SWALLOWS[group_of(outer.entity)]
    return group_of(inner.entity) in allowed and (not same_span or outer.score >= inner.score)
