"""Decides which ranges of which spans go, as what: pure, the same plan for the same input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.entities import EntityGroup, group_of
from gateway.errors import Refused, internal_error
from gateway.model import Operator, Profile, Prompt, ScanResult, SpanKind
from gateway.redaction.occurrences import ValueSearch, worth_searching
from gateway.redaction.pieces import Piece, SpanText
from gateway.redaction.placeholders import LITERAL, LOOKALIKE, placeholder


@dataclass(frozen=True, slots=True)
class Cut:
    """A range of a span that goes."""

    start: int
    end: int
    entity: str
    operator: Operator
    score: float

    @property
    def restorable(self) -> bool:
        """Whether the value may be put back into an answer."""
        return self.operator is Operator.PLACEHOLDER and group_of(self.entity) is not EntityGroup.SECRET


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes, per span."""

    cuts: Mapping[int, tuple[tuple[Cut, tuple[Piece, ...]], ...]]
    """Span index to its cuts in order of their place, disjoint, each with its pieces."""
    removed: tuple[str, ...] = field(repr=False)
    """Every distinct value that had to go, in order of appearance."""


def operator_for(profile: Profile, entity: str) -> Operator | None:
    """What `profile` does with `entity`: its name, then its `@group`, then `*`; None: it stays. Markings and signs of
    evasion always stay, and look-alikes are no business of a profile."""
    group = group_of(entity)
    if group in (EntityGroup.MARKING, EntityGroup.EVASION, EntityGroup.ESCAPE):
        return None
    for name in (entity, f"@{group.value}", "*"):
        if name in profile.entities:
            return profile.entities[name]
    return None


def make_plan(prompt: Prompt, scan: ScanResult, profile: Profile, *, key: bytes) -> Plan:
    """Choose, propagate, escape look-alikes and resolve overlaps. Raises Refused when a finding points nowhere."""
    spans = _Spans(prompt)
    lookalikes = _lookalikes(prompt)
    cuts = _chosen(spans, scan, profile, lookalikes)
    values: dict[str, Cut] = {}
    for index in sorted(cuts):
        for cut in cuts[index]:
            for piece in spans[index].pieces(cut.start, cut.end):
                values.setdefault(piece.value, cut)
    _propagate(spans, values, cuts, lookalikes)
    merged = {index: merge(span_cuts) for index, span_cuts in cuts.items()}
    if lookalikes:
        merged = _with_literals(spans, merged, lookalikes, key)
    ready = {
        index: tuple((cut, tuple(spans[index].pieces(cut.start, cut.end))) for cut in merged[index])
        for index in sorted(merged)
    }
    for entries in ready.values():
        for cut, pieces in entries:
            if cut.entity != LITERAL:
                for piece in pieces:
                    values.setdefault(piece.value, cut)
    return Plan(ready, tuple(value for value in values if value and worth_searching(value)))


def merge(cuts: Iterable[Cut]) -> tuple[Cut, ...]:
    """Disjoint cuts that cover every character of `cuts`. Where some overlap, one cut covers their union: its entity is
    the longest's, then the highest score's; a cut that may not be restored wins over one that may, or the union would
    bring its value back."""
    result: list[Cut] = []
    group: list[Cut] = []
    end = -1
    for cut in sorted(cuts, key=lambda cut: (cut.start, cut.end, cut.entity)):
        if group and cut.start >= end:
            result.append(_union(group))
            group = []
        end = max(end, cut.end) if group else cut.end
        group.append(cut)
    if group:
        result.append(_union(group))
    return tuple(result)


def _union(group: Sequence[Cut]) -> Cut:
    best = max(group, key=lambda cut: (not cut.restorable, cut.end - cut.start, cut.score, cut.entity))
    start, end = min(cut.start for cut in group), max(cut.end for cut in group)
    return Cut(start, end, best.entity, best.operator, best.score)


class _Spans:
    """The spans' texts, each parsed once and only if something is cut from it."""

    def __init__(self, prompt: Prompt) -> None:
        self.spans = prompt.spans
        self._texts: dict[int, SpanText] = {}

    def __getitem__(self, index: int) -> SpanText:
        if index not in self._texts:
            self._texts[index] = SpanText(self.spans[index].text)
        return self._texts[index]

    def fit(self, index: int, start: int, end: int) -> tuple[int, int] | None:
        """The range as it can be cut: a number goes as a whole, an escape is never halved."""
        if self.spans[index].kind is SpanKind.NUMBER:
            return 0, len(self.spans[index].text)
        return self[index].hull(start, end)


type _Ranges = Mapping[int, Sequence[tuple[int, int]]]


def _inside(ranges: _Ranges, index: int, start: int, end: int) -> bool:
    return any(low <= start and end <= high for low, high in ranges.get(index, ()))


def _lookalikes(prompt: Prompt) -> _Ranges:
    found: dict[int, list[tuple[int, int]]] = {}
    for index, span in enumerate(prompt.spans):
        if "[" in span.text:
            ranges = [match.span() for match in LOOKALIKE.finditer(span.text)]
            if ranges:
                found[index] = ranges
    return found


def _chosen(spans: _Spans, scan: ScanResult, profile: Profile, lookalikes: _Ranges) -> dict[int, list[Cut]]:
    cuts: dict[int, list[Cut]] = {}
    for finding in scan.findings:
        operator = operator_for(profile, finding.entity)
        if operator is None or finding.score < profile.minimum_score:
            continue
        index, start, end = finding.span, finding.start, finding.end
        if not 0 <= index < len(spans.spans) or not 0 <= start < end <= len(spans.spans[index].text):
            raise Refused(internal_error())
        # Detectors take placeholders for passwords and tokens. A look-alike is escaped, or is our own, as a whole.
        if _inside(lookalikes, index, start, end):
            continue
        fitted = spans.fit(index, start, end)
        if fitted is not None:
            cuts.setdefault(index, []).append(Cut(*fitted, finding.entity, operator, finding.score))
    for found in cuts.values():
        found.sort(key=lambda cut: (cut.start, cut.end, -cut.score, cut.entity))
    return cuts


def _propagate(spans: _Spans, values: Mapping[str, Cut], cuts: dict[int, list[Cut]], lookalikes: _Ranges) -> None:
    """Adds a cut wherever a value that goes stands once more, found or not."""
    search = ValueSearch(value for value in values if worth_searching(value))
    for index, span in enumerate(spans.spans):
        known = {(cut.start, cut.end) for cut in cuts.get(index, ())}
        for start, end, value in search.hits_through_escapes(span.text):
            if (start, end) in known or _inside(lookalikes, index, start, end):
                continue
            known.add((start, end))
            fitted = spans.fit(index, start, end)
            if fitted is not None:
                first = values[value]
                # Score 0: a finding of this very place says better what it is.
                cuts.setdefault(index, []).append(Cut(*fitted, first.entity, first.operator, 0.0))


def _with_literals(
    spans: _Spans, merged: Mapping[int, tuple[Cut, ...]], lookalikes: _Ranges, key: bytes
) -> dict[int, tuple[Cut, ...]]:
    """Adds the escapes of look-alikes, but for those that are this request's own placeholders of secrets: these came
    back with the conversation, because nothing ever restored them."""
    own = {
        placeholder(key, cut.entity, piece.value)
        for index, found in merged.items()
        for cut in found
        if cut.operator is Operator.PLACEHOLDER and not cut.restorable
        for piece in spans[index].pieces(cut.start, cut.end)
    }
    result = dict(merged)
    for index, ranges in lookalikes.items():
        if spans.spans[index].kind in (SpanKind.SEALED, SpanKind.ATTACHED):
            continue
        text = spans.spans[index].text
        extra = [_literal(spans.fit, index, found) for found in ranges if text[slice(*found)] not in own]
        if extra:
            result[index] = merge([*result.get(index, ()), *(cut for cut in extra if cut is not None)])
    return result


def _literal(fit: Callable[[int, int, int], tuple[int, int] | None], index: int, found: tuple[int, int]) -> Cut | None:
    fitted = fit(index, *found)
    return Cut(*fitted, LITERAL, Operator.PLACEHOLDER, 1.0) if fitted is not None else None
