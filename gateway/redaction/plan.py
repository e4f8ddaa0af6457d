"""Decides which ranges of which spans go, as what: pure, the same plan for the same input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.entities import EntityGroup, group_of
from gateway.errors import Refused, internal_error
from gateway.model import Finding, Operator, Profile, Prompt, ScanResult, SpanKind
from gateway.redaction.inner import JOINED, OpenBlob, open_blob, parts_of
from gateway.redaction.occurrences import ValueSearch, worth_searching
from gateway.redaction.pieces import Piece, SpanText
from gateway.redaction.placeholders import LITERAL, LOOKALIKE, placeholder

_SHORT_PIECE: Final = 8
"""Pieces of a cut value that are shorter are removed only where they were found."""


@dataclass(frozen=True, slots=True)
class Inner:
    """An opened blob and the disjoint cuts in what it holds."""

    blob: OpenBlob
    cuts: tuple[Cut, ...]

    def values(self) -> Iterator[tuple[str, Cut]]:
        """What goes, and as what."""
        for cut in self.cuts:
            yield self.blob.value(cut.start, cut.end), cut


@dataclass(frozen=True, slots=True)
class Cut:
    """A range of a span that goes."""

    start: int
    end: int
    entity: str
    operator: Operator
    score: float
    inner: Inner | None = None
    """For a blob that can be opened: what goes of what it holds, while the rest of it stays."""
    local: bool = False
    """A piece of a value that was cut: removed where it was found, not looked for elsewhere if it is short."""

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
            for value, entry in _values(cut, spans[index].pieces(cut.start, cut.end)):
                values.setdefault(value, entry)
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
                for value, entry in _values(cut, pieces):
                    values.setdefault(value, entry)
    return Plan(ready, tuple(value for value in values if value and worth_searching(value)))


def _values(cut: Cut, pieces: Iterable[Piece]) -> Iterator[tuple[str, Cut]]:
    """The values that go with a cut and are looked for elsewhere."""
    if cut.inner is not None:
        yield from cut.inner.values()
        return
    for piece in pieces:
        if not cut.local or len(piece.value) >= _SHORT_PIECE:
            yield piece.value, cut


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
    # A blob stays open only if everything that was found in this place is inside it.
    opened = best.inner if all(cut.inner == best.inner for cut in group) else None
    return Cut(start, end, best.entity, best.operator, best.score, opened, all(cut.local for cut in group))


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
            inner = _inner(spans, index, finding, profile)
            local = finding.recognizer.endswith(JOINED)
            cuts.setdefault(index, []).append(Cut(*fitted, finding.entity, operator, finding.score, inner, local))
    for found in cuts.values():
        found.sort(key=lambda cut: (cut.start, cut.end, -cut.score, cut.entity))
    return cuts


def _inner(spans: _Spans, index: int, finding: Finding, profile: Profile) -> Inner | None:
    """What goes of the contents of a blob; None: the blob goes as a whole."""
    told = parts_of(finding.recognizer)
    if told is None or spans.spans[index].kind is not SpanKind.TEXT:
        return None
    pieces = list(spans[index].pieces(finding.start, finding.end))
    blob = open_blob(pieces[0].value, told) if len(pieces) == 1 else None
    if blob is None:
        return None
    cuts = [
        Cut(part.start, part.end, part.entity, operator, part.score)
        for part in told.parts
        if part.score >= profile.minimum_score and (operator := operator_for(profile, part.entity)) is not None
    ]
    return Inner(blob, merge(cuts)) if cuts else None


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
