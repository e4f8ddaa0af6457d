"""Looks for what must not be in an answer that came as one body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.errors import Refused
from gateway.model import Json, TextSpan
from gateway.restore.guard import AnswerAction, AnswerGuard, answer_blocked, replacement
from gateway.restore.sse import untrusted_answer
from gateway.restore.walk import MAX_DEPTH, SEALED_NAMES, SEALED_TYPES

MAX_TEXTS: Final = 100_000
"""Texts of one answer. One with more is refused."""


@dataclass(slots=True)
class AnswerTexts:
    """Every string of an answer that may be changed, as spans, and where each stands."""

    spans: list[TextSpan] = field(default_factory=list, repr=False)
    _places: list[tuple[Any, Any]] = field(default_factory=list, repr=False)

    @classmethod
    def of(cls, tree: Json) -> AnswerTexts:
        """The strings of `tree`; signed and sealed ones are left out. Raises Refused for one nested too deep or with
        too many strings."""
        texts = cls()
        texts._walk([tree], 0, 0)
        return texts

    def _walk(self, holder: Any, place: Any, depth: int) -> None:
        node = holder[place]
        if depth > MAX_DEPTH or len(self.spans) > MAX_TEXTS:
            raise Refused(untrusted_answer())
        if isinstance(node, str):
            if node:
                self.spans.append(TextSpan("", node))
                self._places.append((holder, place))
        elif isinstance(node, list):
            for index in range(len(node)):
                self._walk(node, index, depth + 1)
        elif isinstance(node, dict) and node.get("type") not in SEALED_TYPES:
            for name in node:
                if name not in SEALED_NAMES:
                    self._walk(node, name, depth + 1)

    def put(self, index: int, text: str) -> None:
        """Replace the text of span `index` in the tree."""
        holder, place = self._places[index]
        holder[place] = text


@dataclass(frozen=True, slots=True)
class AnswerHit:
    """Something found in the text of span `span`: offsets in code points, end exclusive."""

    span: int
    start: int
    end: int
    entity: str
    score: float


def apply(guard: AnswerGuard, texts: AnswerTexts, hits: Sequence[AnswerHit]) -> bool:
    """Do with each new value what the profile says; returns whether the tree was changed. Raises Refused for a cut."""
    by_span: dict[int, list[AnswerHit]] = {}
    for hit in hits:
        text = texts.spans[hit.span].text
        if hit.score < guard.profile.minimum_score or text[hit.start : hit.end] in guard.known:
            continue
        action = guard.profile.action(hit.entity)
        if action is AnswerAction.OFF:
            continue
        guard.report.found[hit.entity] += 1
        if action is AnswerAction.CUT:
            guard.report.cut = True
            raise Refused(answer_blocked(hit.entity))
        if action is AnswerAction.REDACT:
            by_span.setdefault(hit.span, []).append(hit)
    for index, found in by_span.items():
        texts.put(index, _without(texts.spans[index].text, sorted(found, key=lambda hit: (hit.start, -hit.end))))
        guard.report.redacted += len(found)
    return bool(by_span)


def _without(text: str, hits: Sequence[AnswerHit]) -> str:
    out: list[str] = []
    at = 0
    for hit in hits:
        if hit.end <= at:
            continue
        if hit.start >= at:
            out += [text[at : hit.start], replacement(hit.entity)]
        at = hit.end
    return "".join([*out, text[at:]])
