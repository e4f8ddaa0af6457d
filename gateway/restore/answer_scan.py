"""Looks for what must not be in an answer that came as one body."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.errors import Refused
from gateway.model import Json, TextSpan
from gateway.restore.guard import AnswerAction, AnswerGuard, guard_text, replacement
from gateway.restore.sse import untrusted_answer
from gateway.restore.walk import MAX_DEPTH, SEALED_NAMES, sealed

MAX_TEXTS: Final = 100_000
"""Texts of one answer. One with more is refused."""
_SHORTEST: Final = 6
"""No value that is looked for is shorter, in characters."""
_REMEMBERED: Final = 256
"""How many texts, and up to which length, are remembered as harmless within one stream."""


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
        elif isinstance(node, dict) and not sealed(node):
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
        guard.report.note(hit.entity, text[hit.start : hit.end], action)
        if action is AnswerAction.REDACT:
            by_span.setdefault(hit.span, []).append(hit)
    for index, found in by_span.items():
        texts.put(index, _without(texts.spans[index].text, sorted(found, key=lambda hit: (hit.start, -hit.end))))
    return bool(by_span)


class EventTexts:
    """Looks through the strings of events that are no pieces of a longer text; what repeats is looked at once."""

    def __init__(self, guard: AnswerGuard) -> None:
        self._guard = guard
        self._clean: set[str] = set()

    def look(self, tree: dict[str, Any], skip: AbstractSet[tuple[int, str]]) -> bool:
        """Do with new values in `tree` what the profile says, but for the texts in `skip` (id of the holder, name);
        returns whether it was changed. Raises Refused."""
        return self._node(tree, skip, 0)

    def _node(self, node: Any, skip: AbstractSet[tuple[int, str]], depth: int) -> bool:
        if depth > MAX_DEPTH:
            raise Refused(untrusted_answer())
        changed = False
        if isinstance(node, dict):
            if sealed(node):
                return False
            names = [name for name in node if name not in SEALED_NAMES and (id(node), name) not in skip]
            if "logprobs" in node and node["logprobs"] and self._guard.profile.holds:
                node["logprobs"] = None  # they spell the text token by token
                changed = True
        elif isinstance(node, list):
            names = list(range(len(node)))
        else:
            return False
        for name in names:
            value = node[name]
            if isinstance(value, str):
                new = self._text(value)
                if new != value:
                    node[name] = new
                    changed = True
            else:
                changed |= self._node(value, skip, depth + 1)
        return changed

    def _text(self, text: str) -> str:
        if len(text) < _SHORTEST or text in self._clean:
            return text
        new = guard_text(self._guard, text)
        if new == text and len(text) <= _REMEMBERED and len(self._clean) < _REMEMBERED:
            self._clean.add(text)
        return new


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
