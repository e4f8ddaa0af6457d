"""From the spans of a request to what is scanned of them, and from what was found back to the spans.

Short values are scanned behind their keys (`labels`), ends of strings are read together (`joins`), and fragments of own
documents are added up (`own.fragments`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from dlp_recognizers.joins import TooManyJoins, joins_of, with_joins, without_joins
from dlp_recognizers.labels import with_labels, without_labels
from dlp_recognizers.obfuscation import ENTITY
from dlp_recognizers.own.fragments import joined
from dlp_recognizers.tails import Tails
from gateway.model import ScanResult, SpanKind, TextSpan

__all__ = ["Stitching", "Tails", "TooManyJoins"]

type Finish = Callable[[ScanResult], ScanResult]
"""From the result for what was scanned to the result for the spans."""

TOO_MANY: Final = "too_many_joins"
"""Why a scan is incomplete when a request has more cuts than are read."""


class Stitching:
    """Prepares requests; remembers for a while how the last ones of each agent ended."""

    def __init__(self, tails: Tails | None = None) -> None:
        self._tails = tails

    def prepare(
        self, spans: Sequence[TextSpan], agent: str = "", now: float = 0.0
    ) -> tuple[Sequence[TextSpan], Finish]:
        """What to scan, and what to do with its result. Raises TooManyJoins. `now` is a monotonic time in seconds."""
        tails = self._tails.recall(agent, now=now) if self._tails is not None else ()
        joins = joins_of(spans, tails)
        labelled, shifts = with_labels(spans)

        def finish(result: ScanResult) -> ScanResult:
            if not result.complete:
                return result
            result = without_labels(without_joins(result, len(spans), joins), shifts)
            # Not before: a text that cannot be scanned would spoil the requests that follow.
            if self._tails is not None:
                self._tails.remember(agent, spans, now=now, whole=_ended(result, spans))
            return joined(_without_seals(result, spans))

        return with_joins(labelled, joins), finish

    def clear(self) -> None:
        """Forget everything."""
        if self._tails is not None:
            self._tails.clear()


def _ended(result: ScanResult, spans: Sequence[TextSpan]) -> frozenset[int]:
    """The spans that end with a value, or with a value and one more character, as a full stop."""
    return frozenset(
        each.span for each in result.findings if each.entity != ENTITY and each.end >= len(spans[each.span].text) - 1
    )


def _without_seals(result: ScanResult, spans: Sequence[TextSpan]) -> ScanResult:
    """The result without signs of evasion in sealed texts: those are encrypted or signed by whoever made them."""
    if not any(each.entity == ENTITY and spans[each.span].kind is SpanKind.SEALED for each in result.findings):
        return result
    kept = (e for e in result.findings if e.entity != ENTITY or spans[e.span].kind is not SpanKind.SEALED)
    return replace(result, findings=tuple(kept))
