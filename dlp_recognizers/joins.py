"""Values that are cut over several strings of a request: the strings' ends are read together. Pure.

Only what stands at a cut is read again, and only where it may matter: a conversation costs next to nothing more.
What is found is told for each piece, in the offsets of its own string.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, NamedTuple

from dlp_recognizers.hits import Hit
from dlp_recognizers.obfuscation import ENTITY
from dlp_recognizers.proof import counts
from dlp_recognizers.whole import inside_larger, only_beside
from gateway.model import Finding, ScanResult, SpanKind, TextSpan
from gateway.redaction.inner import JOINED, bare_name

SHORT: Final = 64
"""Code points. Strings up to this are read together as a whole, of longer ones only the ends are."""
REACH: Final = 160
"""Code points of a longer string that are read at a cut."""
KEY_REACH: Final = 8192
"""The same for a private key that goes on behind the cut."""
RUN: Final = 640
"""Code points in one reading of short strings; longer rows are read in several, which overlap."""
OVERLAP: Final = 160
MAX_JOINS: Final = 50_000
"""Readings of one request. More of them than this make the scan incomplete."""

_SURE: Final = 0.5
NEAR: Final = 40
WORTH: Final = re.compile(r"@|[0-9](?:[^0-9]{0,6}[0-9]){3}|[A-Z0-9]{16}|[A-Za-z0-9_-]{24}")
LEFT: Final = re.compile(r"[\w@+/=.:-][ ]?$")
_RIGHT: Final = re.compile(r"^[ ]?[\w@+/=.-]")
_STOP: Final = re.compile(r"[.:!?]\s*$")
_SWITCH: Final = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])")
_DIGITS: Final = re.compile("[0-9]+")
_PEM: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")


class Part(NamedTuple):
    """A stretch of a string, and where it stands in the joined text."""

    span: int
    """Index into the spans; below 0: a string of an earlier request."""
    start: int
    end: int
    at: int


@dataclass(frozen=True, slots=True)
class Join:
    """Ends of strings read as one text."""

    text: str = field(repr=False)
    parts: tuple[Part, ...]

    def findings(self, found: Iterable[Finding]) -> Iterator[list[Finding]]:
        """For each thing that was found over at least two parts one finding for each of them."""
        for each in found:
            hit = Hit(each.start, each.end, each.entity, each.score, each.recognizer)
            if each.entity == ENTITY or not counts(hit, self.text):
                continue
            touched = [
                part for part in self.parts if part.at < each.end and each.start < part.at + part.end - part.start
            ]
            if len(touched) < 2:
                continue
            name = bare_name(each.recognizer) + JOINED
            yield [
                Finding(
                    part.span,
                    part.start + max(0, each.start - part.at),
                    min(part.end, part.start + each.end - part.at),
                    *(each.entity, each.score, name),
                )
                for part in touched
                if part.span >= 0
            ]

    def at(self, piece: Finding) -> str:
        """The text from where `piece` begins to the end of its string, as far as it was read."""
        for part in self.parts:
            if part.span == piece.span and part.start <= piece.start < part.end:
                return self.text[part.at + piece.start - part.start : part.at + part.end - part.start]
        return ""


class TooManyJoins(Exception):
    """A request has more cuts than are read."""


def joins_of(spans: Sequence[TextSpan], tails: Sequence[str] = ()) -> list[Join]:
    """The readings over the cuts of a request. `tails` are ends of earlier requests. Raises TooManyJoins."""
    values = [index for index, span in enumerate(spans) if span.kind in (SpanKind.TEXT, SpanKind.NUMBER) and span.text]
    keys = [index for index, span in enumerate(spans) if span.kind is SpanKind.KEY and span.text]
    joins: dict[str, Join] = {}
    _add(joins, _in_rows(spans, values))
    if keys:
        _add(joins, _in_rows(spans, keys))
        _add(joins, _in_rows(spans, sorted(values + keys)))
    _add(joins, _over_one(spans, values))
    _add(joins, _after(spans, values, tails))
    return list(joins.values())


def _add(joins: dict[str, Join], found: Iterable[Join]) -> None:
    for join in found:
        joins.setdefault(f"{join.parts[0].span} {join.text}", join)
        if len(joins) > MAX_JOINS:
            raise TooManyJoins


def _in_rows(spans: Sequence[TextSpan], order: Sequence[int]) -> Iterator[Join]:
    """Each cut between neighbours, with all the short strings around it."""
    row: list[int] = []
    for before, after in pairwise(order):
        if not _may_go_on(spans[before].text, spans[after].text):
            yield from _row(spans, row)
            row = []
            continue
        if not row:
            row = [before]
        row.append(after)
        if len(spans[after].text) > SHORT:
            yield from _row(spans, row)
            row = []
    yield from _row(spans, row)


def _may_go_on(left: str, right: str) -> bool:
    if len(left) <= SHORT and len(right) <= SHORT:
        if left.isspace() or right.isspace():
            return True
        return LEFT.search(left[-2:]) is not None and _RIGHT.match(right) is not None
    return _at_cut(left, right)


def _at_cut(left: str, right: str) -> bool:
    """Whether a value may go on from the end of one string to the start of another."""
    if open_key(left) >= 0:
        return True
    if LEFT.search(left[-2:]) is None or _RIGHT.match(right) is None:
        return False
    end, start = left[-NEAR:], right[:NEAR]
    if _STOP.search(end) is not None and right.lstrip()[:1].isupper():
        return False
    tail, head = last_word(end), _first_word(start)
    return WORTH.search(tail + head) is not None


def last_word(text: str) -> str:
    """The end of `text` from its last but two blanks on: digits are written in groups."""
    return " ".join(text.split(" ")[-3:])


def _first_word(text: str) -> str:
    return " ".join(text.split(" ")[:3])


def _row(spans: Sequence[TextSpan], row: Sequence[int]) -> Iterator[Join]:
    if len(row) < 2:
        return
    stretches = [_stretch(spans, row, at) for at in range(len(row))]
    first = size = 0
    for at, (_, start, end) in enumerate(stretches):
        size += end - start
        if size >= RUN and at > first:
            yield from _joined(spans, stretches[first : at + 1])
            first = at
            size = end - start
            while first > 0 and size < OVERLAP:
                first -= 1
                size += stretches[first][2] - stretches[first][1]
    yield from _joined(spans, stretches[first:])


def _stretch(spans: Sequence[TextSpan], row: Sequence[int], at: int) -> tuple[int, int, int]:
    """What of a string is read: a short one whole, of a longer one the end that lies at the cut."""
    index = row[at]
    text = spans[index].text
    if len(text) <= SHORT:
        return index, 0, len(text)
    if at == 0:
        begin = open_key(text)
        return index, begin if begin >= 0 else max(0, len(text) - REACH), len(text)
    reach = KEY_REACH if open_key(spans[row[at - 1]].text) >= 0 else REACH
    return index, 0, min(len(text), reach)


def open_key(text: str) -> int:
    """Where a private key begins that does not end in `text`; -1 if there is none."""
    begin = text.rfind("-----BEGIN", max(0, len(text) - KEY_REACH))
    if begin < 0 or text.find("-----END", begin) >= 0 or _PEM.match(text, begin) is None:
        return -1
    return begin


def _joined(spans: Sequence[TextSpan], stretches: Sequence[tuple[int, int, int]]) -> Iterator[Join]:
    """The stretches as one text; and once more with blanks where digits and words meet."""
    for join in (_join(spans, stretches, blanks=False), _join(spans, stretches, blanks=True)):
        if join is not None and len(join.parts) > 1 and WORTH.search(join.text) is not None:
            yield join


def _join(spans: Sequence[TextSpan], stretches: Sequence[tuple[int, int, int]], *, blanks: bool) -> Join | None:
    texts: list[str] = []
    parts: list[Part] = []
    size = 0
    split = False
    for index, start, end in stretches:
        piece = spans[index].text[start:end]
        if blanks and texts and _apart(texts[-1], piece):
            texts.append(" ")
            size += 1
            split = True
        parts.append(Part(index, start, end, size))
        texts.append(piece)
        size += len(piece)
    return Join("".join(texts), tuple(parts)) if split or not blanks else None


def _apart(left: str, right: str) -> bool:
    return _SWITCH.search(left[-1:] + right[:1]) is not None or left[-1:] in ":;,="


def _over_one(spans: Sequence[TextSpan], order: Sequence[int]) -> Iterator[Join]:
    """A cut that another string stands in, such as an answer between two questions."""
    for before, after in zip(order, order[2:], strict=False):
        left, right = spans[before].text, spans[after].text
        if _at_cut(left, right) and _same_place(spans[before].path, spans[after].path):
            yield from _joined(spans, [_end_of(before, left), (after, 0, min(len(right), REACH))])


def _same_place(one: str, other: str) -> bool:
    """Whether two pointers name what two messages say, and not two fields or list elements of some data."""
    if one.count("/") > 5 or one[-1:].isdigit():
        return False
    return _DIGITS.sub("#", one) == _DIGITS.sub("#", other)


def _end_of(index: int, text: str) -> tuple[int, int, int]:
    begin = open_key(text)
    return index, begin if begin >= 0 else max(0, len(text) - REACH), len(text)


def _after(spans: Sequence[TextSpan], order: Sequence[int], tails: Sequence[str]) -> Iterator[Join]:
    """The ends of earlier requests before the strings that are likely to be new: the first and the last ones."""
    for index in sorted({*order[:1], *order[-2:]}) if tails else ():
        right = spans[index].text
        for tail in tails:
            if _at_cut(tail, right) and not right.endswith(tail):
                head = right[:REACH]
                yield Join(tail + head, (Part(-1, 0, len(tail), 0), Part(index, 0, len(head), len(tail))))


def with_joins(spans: Sequence[TextSpan], joins: Sequence[Join]) -> Sequence[TextSpan]:
    """The spans, and behind them the joined texts as spans of their own."""
    return [*spans, *(TextSpan(JOINED, join.text) for join in joins)] if joins else spans


def without_joins(result: ScanResult, count: int, joins: Sequence[Join]) -> ScanResult:
    """The result for the first `count` spans, what was found in joined texts told in their offsets.

    `new_bytes` counts joined texts that had to be scanned, but never more than all spans together hold.
    """
    if not joins:
        return result
    findings = [each for each in result.findings if each.span < count]
    by_join: dict[int, list[Finding]] = {}
    for each in result.findings:
        if each.span >= count:
            by_join.setdefault(each.span - count, []).append(each)
    known = {(each.span, each.start, each.end, each.entity) for each in findings}
    sure = [each for each in findings if each.score >= _SURE]
    whole = {(each.span, each.entity, at) for each in sure for at in (each.start, each.end)}
    for at, found in by_join.items():
        for pieces in joins[at].findings(found):
            if any(inside_larger(piece, sure) for piece in pieces):
                continue
            if only_beside(pieces, whole, joins[at].at):
                continue
            for each in pieces:
                if (each.span, each.start, each.end, each.entity) not in known:
                    known.add((each.span, each.start, each.end, each.entity))
                    findings.append(each)
    total = result.total_bytes - sum(len(join.text.encode("utf-8", "surrogatepass")) for join in joins)
    return replace(result, findings=tuple(findings), total_bytes=total, new_bytes=min(result.new_bytes, total))
