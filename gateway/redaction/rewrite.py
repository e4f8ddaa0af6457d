"""Builds the outgoing body: copies what changes, shares the rest, serialises once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import orjson

from gateway.attached import Rewrite, Rewritten
from gateway.entities import EntityGroup, group_of
from gateway.errors import Refusal, Refused, internal_error
from gateway.model import Json, Operator, Profile, Prompt, Redaction, ScanResult, SpanKind, TextSpan
from gateway.ports import ValueOperator
from gateway.redaction.files import Cutting, not_redactable, rewrites_of, texts_of
from gateway.redaction.pieces import Piece
from gateway.redaction.placeholders import placeholder
from gateway.redaction.plan import Cut, Inner, make_plan
from gateway.redaction.residual import check_texts


def redact(
    prompt: Prompt,
    scan: ScanResult,
    profile: Profile,
    *,
    key: bytes,
    operator: ValueOperator,
    model: str | None = None,
    changed: Mapping[str, Rewritten] = MappingProxyType({}),
) -> Redaction:
    """The body for a destination that `profile` describes.

    `key` is the scope's key (`scope_key`); `operator` does masks, hashes and removals; `model` replaces the
    model's name wherever it stands; `changed` holds, by pointer, what became of the attachments that `rewrites` names.
    Raises Refused: `llmgw_sealed_finding` when a value stands where nothing may be changed,
    `llmgw_attachment_not_redactable` when that is a file, `llmgw_residual_value` when a changed file still holds one,
    `llmgw_key_collision` when two keys of one object would become the same, `llmgw_internal_error` for a finding that
    points nowhere, for two values with one placeholder, and for a tree that cannot be serialised.
    """
    plan = make_plan(prompt, scan, profile, key=key)
    writer = _Writer(key, operator)
    root = _Edit()
    attached: dict[str, set[str]] = {}
    texts: set[str] = set()
    for index, cuts in plan.cuts.items():
        span = prompt.spans[index]
        if span.kind is SpanKind.SEALED:
            raise Refused(_sealed())
        text = writer.write(span.text, cuts)
        if span.kind is SpanKind.ATTACHED:
            attached.setdefault(span.path, set()).update(cut.entity for cut, _ in cuts)
        else:
            root.place(span, text)
            texts.add(span.path)
    for path, entities in attached.items():
        done = changed.get(path)
        if done is None or path in texts:
            raise Refused(not_redactable(sorted(entities)))
        if not isinstance(done.data, str):
            raise Refused(internal_error())
        check_texts(plan.removed, texts_of(done))
        root.place(TextSpan(path, ""), done.data)
    body = root.apply(prompt.body)
    if model:
        names = _Edit()
        for pointer in prompt.models:
            names.place(TextSpan(pointer, ""), model)
        body = names.apply(body)
    return Redaction(_dump(prompt, body), writer.restore, plan.removed, writer.counts, prompt.framing)


def rewrites(
    prompt: Prompt, scan: ScanResult, profile: Profile, *, key: bytes, operator: ValueOperator
) -> tuple[Rewrite, ...]:
    """Which attachments have to change before `redact` can do its work. Raises Refused:
    `llmgw_attachment_not_redactable` where a file cannot be changed soundly."""
    if not any(each.parts for each in prompt.attachments):
        return ()
    plan = make_plan(prompt, scan, profile, key=key)
    writer = _Writer(key, operator)
    written = {}
    for index, cuts in plan.cuts.items():
        if prompt.spans[index].kind is SpanKind.ATTACHED:
            text = writer.write(prompt.spans[index].text, cuts)
            ranges = tuple((cut.start, cut.end) for cut, _ in cuts)
            values = frozenset(piece.value for _, pieces in cuts for piece in pieces)
            written[index] = Cutting(text, ranges, frozenset(cut.entity for cut, _ in cuts), values)
    return rewrites_of(prompt, written)


def _dump(prompt: Prompt, body: Json) -> bytes:
    try:
        return orjson.dumps(body) if prompt.framing is None else prompt.framing.dump(body)
    except TypeError:  # a lone surrogate, an integer beyond 64 bits: nothing we could send and stand for
        raise Refused(internal_error()) from None


def _sealed() -> Refusal:
    return Refusal(
        "llmgw_sealed_finding",
        400,
        "A signed or encrypted block of this conversation (for example model reasoning) holds text that may not leave, "
        "and such a block cannot be changed. Remove the block from the request, or start a new conversation.",
    )


def _collision() -> Refusal:
    return Refusal(
        "llmgw_key_collision",
        400,
        "Two keys of one JSON object in this request hold the same sensitive value and could not be told apart after "
        "redaction. Rename one of them.",
    )


class _Writer:
    """Makes replacements and remembers them."""

    def __init__(self, key: bytes, operator: ValueOperator) -> None:
        self._key = key
        self._operator = operator
        self._made: dict[tuple[str, str], str] = {}
        self._owner: dict[str, tuple[str, str]] = {}
        self.restore: dict[str, str] = {}
        self.counts: dict[str, int] = {}

    def write(self, text: str, cuts: tuple[tuple[Cut, tuple[Piece, ...]], ...]) -> str:
        """`text` with every piece replaced."""
        out: list[str] = []
        position = 0
        for cut, pieces in cuts:
            if cut.inner is not None:
                out += (text[position : pieces[0].start], pieces[0].render(self._opened(cut.inner, pieces[0], cut)))
                position = pieces[0].end
                continue
            self._count(cut)
            for piece in pieces:
                out.append(text[position : piece.start])
                out.append(piece.render(self._replacement(cut, piece.value)))
                position = piece.end
        out.append(text[position:])
        return "".join(out)

    def _count(self, cut: Cut) -> None:
        self.counts[cut.entity] = self.counts.get(cut.entity, 0) + 1

    def _opened(self, inner: Inner, piece: Piece, cut: Cut) -> str:
        """The blob with what had to go replaced inside it, or its replacement where it cannot be written again."""
        places = [(part.start, part.end, self._replacement(part, value)) for value, part in inner.values()]
        written = inner.blob.write(places)
        if written is None:
            self._count(cut)
            return self._replacement(cut, piece.value)
        for part in inner.cuts:
            self._count(part)
        return written

    def _replacement(self, cut: Cut, value: str) -> str:
        if cut.operator is not Operator.PLACEHOLDER:
            return self._operator(cut.operator, cut.entity, value)
        identity = (cut.entity, value)
        made = self._made.get(identity)
        if made is None:
            made = self._made[identity] = placeholder(self._key, cut.entity, value)
            if self._owner.setdefault(made, identity) != identity:
                raise Refused(internal_error())
            if group_of(cut.entity) is not EntityGroup.SECRET:
                self.restore[made] = value
        return made


@dataclass(slots=True)
class _Edit:
    """A node of the tree of changes: mirrors the body where something in it changes."""

    children: dict[str, _Edit] = field(default_factory=dict)
    text: str | None = None
    rename: str | None = None

    def place(self, span: TextSpan, text: str) -> None:
        """Note that `span` becomes `text`."""
        node = self
        for token in span.path.split("/")[1:]:
            node = node.children.setdefault(token.replace("~1", "/").replace("~0", "~"), _Edit())
        if span.kind is SpanKind.KEY:
            node.rename = text
        else:
            node.text = text

    def apply(self, tree: Json) -> Json:
        """`tree` changed. Shares every branch that stays. Raises Refused when a change points nowhere."""
        if self.text is not None:
            return self.text
        if not self.children:
            return tree
        if isinstance(tree, list):
            copy = list(tree)
            for token, edit in self.children.items():
                if not token.isdecimal() or int(token) >= len(copy):
                    raise Refused(internal_error())
                copy[int(token)] = edit.apply(copy[int(token)])
            return copy
        if isinstance(tree, dict):
            return self._apply_object(tree)
        raise Refused(internal_error())

    def _apply_object(self, tree: Mapping[str, Json]) -> dict[str, Json]:
        if not self.children.keys() <= tree.keys():
            raise Refused(internal_error())
        copy: dict[str, Json] = {}
        for name, value in tree.items():
            edit = self.children.get(name)
            renamed = name if edit is None or edit.rename is None else edit.rename
            if renamed in copy:
                raise Refused(_collision())
            copy[renamed] = value if edit is None else edit.apply(value)
        return copy
