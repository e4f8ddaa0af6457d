"""Shapes of request bodies, and the one walk that turns a body into spans and attachments.

A shape says what a value means where it stands. The walk is total: a string or key that no shape calls structure is a
span, so a field that nobody thought of is scanned. Shapes are built from tables when a dialect is imported, and do not
change afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import NoneType
from typing import Any, Final, NoReturn

import orjson

from gateway.dialects.faults import CLIENT_CREDENTIALS, TOKEN_IDS, not_taken, refuse_field
from gateway.errors import Refusal, Refused
from gateway.model import Attachment, Json, SpanKind, TextSpan

__all__ = [
    "CLIENT_CREDENTIALS", "FREE", "MAX_TEXTS", "SEALED", "TOKEN_IDS", "Found", "LeafRule", "Shape", "compiled", "leaf",
    "model_name", "numeric", "pointer_step", "refuse_field", "refused", "seed", "text", "walk", "words",
]  # fmt: skip

type LeafRule = Callable[[Found, str, str], None]
"""What to do with a string: takes the results so far, the string's pointer, and the string."""

MAX_TEXTS: Final = 50_000
"""Texts of one request: strings, keys and long numbers. No agent sends as many; each costs time on the loop."""
_TOO_MANY: Final = Refusal(
    "llmgw_too_many_texts",
    413,
    f"The request holds more than {MAX_TEXTS:,} separate texts. Send fewer messages, or fewer rows, at once.",
)
_NUMBER_DIGITS: Final = 8
_PLAIN_MODEL: Final = re.compile(
    r".{1,5}|(?:gpt|claude|text-embedding|dall-e|whisper|tts|omni-moderation)"
    r"(?:-[a-z]{1,8}|-[0-9]{1,2}(?:\.[0-9])?[a-z]?){0,4}(?:-20[0-9]{6})?"
)
"""A model's name that has no room for a value: short, or spelt as the vendors spell theirs."""
_SAMPLING_BOUND: Final = 100.0
_PLAIN_NUMBERS: Final = frozenset(
    sign * value for sign in (1, -1) for value in (2**31 - 1, 2**31, 2**32 - 1, 2**53 - 1, 2**53, 2**63 - 1, 2**63)
)
"""Bounds of machine integers, as schema generators write them; they tell nothing."""
_TYPE_NAMES: Final[Mapping[type, str]] = {
    str: "a string", list: "a list", dict: "an object", bool: "a boolean", int: "an integer", float: "a number",
    NoneType: "null",
}  # fmt: skip


class Found:
    """What a walk has found so far."""

    __slots__ = ("attachments", "parent", "references", "spans")

    def __init__(self) -> None:
        self.parent: Mapping[str, Any] = {}
        """The object that holds the string for which a leaf rule is called."""
        self.spans: list[TextSpan] = []
        self.attachments: list[Attachment] = []
        self.references: list[str] = []
        """Ids of what an upstream keeps."""

    def text(self, path: str, text: str) -> None:
        """Add a TEXT span."""
        self.spans.append(TextSpan(path, text))

    def sealed(self, path: str, text: str) -> None:
        """Add a SEALED span."""
        self.spans.append(TextSpan(path, text, SpanKind.SEALED))


class Shape:
    """What a value means at one place of a body.

    `fields` are the members whose names are the API's own; a member of any other name is a KEY span, and its value has
    the shape `rest`. `items` is the shape of a list's elements. `only` bounds the JSON types that may stand here. A
    string is structure if it is one of `words`, goes to `leaf` if there is one, and is a span otherwise. `refuse` is
    the code and reason for which anything but emptiness here is refused. `variants` picks another shape for an object
    by its member `chooser` (`type`). `keys` matches names that are structure though they are not fields. A number up to
    `numeric` is structure.
    """

    __slots__ = ("chooser", "fields", "items", "keys", "kind", "leaf", "numeric", "only", "refuse", "rest", "tokens",
                 "variants", "words")  # fmt: skip

    def __init__(
        self,
        *,
        words: frozenset[str] = frozenset(),
        leaf: LeafRule | None = None,
        only: tuple[type, ...] = (),
        refuse: tuple[str, str] | None = None,
        numeric: float = 0.0,
        tokens: bool = False,
        kind: SpanKind = SpanKind.TEXT,
    ) -> None:
        self.fields: dict[str, Shape] = {}
        self.rest: Shape = self
        self.items: Shape = self
        self.words = words
        self.leaf = leaf
        self.only = only
        self.refuse = refuse
        self.numeric = numeric
        self.tokens = tokens
        self.kind = kind
        self.keys: re.Pattern[str] | None = None
        self.variants: dict[str, Shape] = {}
        self.chooser = "type"

    def having(self, fields: Mapping[str, Shape], *, rest: Shape | None = None) -> Shape:
        """This shape with these members added (for shapes that contain themselves)."""
        self.fields.update(fields)
        if rest is not None:
            self.rest = rest
        return self


FREE: Final = Shape()
"""Anything: every key and every string is a span."""
SEALED: Final = Shape(kind=SpanKind.SEALED)
"""Anything that must stay byte-identical: every key and every string is a SEALED span."""


def text(*, only: tuple[type, ...] = ()) -> Shape:
    """A string that is text; what else comes is walked as if nothing were known."""
    return _leaf(Shape(only=only))


def words(allowed: Iterable[str]) -> Shape:
    """A string of a closed list; any other string is text."""
    return _leaf(Shape(words=frozenset(allowed)))


def leaf(rule: LeafRule) -> Shape:
    """A string that `rule` takes."""
    return _leaf(Shape(leaf=rule))


def model_name() -> Shape:
    """The model's name. It is sent as it is: a value in it is redacted in vain, and the last check refuses."""
    return leaf(lambda found, path, value: None if _PLAIN_MODEL.fullmatch(value) else found.text(path, value))


def numeric(bound: float = _SAMPLING_BOUND) -> Shape:
    """A number that the API knows, a sampling setting or so, telling nothing up to `bound` (absolute)."""
    return _leaf(Shape(numeric=bound))


def seed() -> Shape:
    """A seed of up to 32 bits; a longer one is scanned as any number."""
    return numeric(2.0**32)


def refused(code: str, reason: str) -> Shape:
    """A place that must stay empty."""
    return Shape(refuse=(code, reason))


def _leaf(shape: Shape) -> Shape:
    shape.rest = FREE
    return shape


def compiled(table: Mapping[str, Shape], *, rest: Shape = FREE) -> Shape:
    """The shape of an object described by path patterns: `a.b` is a member, `a[]` the elements of a list.

    Members that no pattern names are KEY spans, their values have the shape `rest`.
    """
    root = Shape(only=(dict,))
    root.rest = rest
    for pattern, shape in table.items():
        _place(root, pattern.replace("[]", ".[]").split("."), shape, rest)
    return root


def _place(root: Shape, steps: list[str], shape: Shape, rest: Shape) -> None:
    node = root
    for step in steps[:-1]:
        node = _step(node, step, rest)
    if steps[-1] == "[]":
        node.items = shape
    else:
        node.fields[steps[-1]] = shape


def _step(node: Shape, step: str, rest: Shape) -> Shape:
    below = (node.items if node.items is not node else None) if step == "[]" else node.fields.get(step)
    if below is None:
        below = Shape()
        below.rest = rest
        _place(node, [step], below, rest)
    return below


def pointer_step(key: str) -> str:
    """`key` as a reference token of a JSON pointer (RFC 6901 section 3)."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def walk(body: Json, shape: Shape) -> Found:
    """Every span and attachment of `body`. Raises Refused for what `shape` does not take, naming the place."""
    found = Found()
    try:
        _walk(found, "", body, shape)
    except RecursionError:
        nested_too_deep = True
    else:
        nested_too_deep = False
    if nested_too_deep:
        raise Refused(Refusal("llmgw_invalid_request", 400, "The request body nests too deeply. Send a flatter one."))
    if len(found.spans) > MAX_TEXTS:
        raise Refused(_TOO_MANY)
    return found


def _walk(found: Found, path: str, value: Any, shape: Shape) -> None:
    kind = type(value)
    if shape.only and kind not in shape.only:
        _wrong_type(path, value, shape)
    if shape.refuse is not None and (value or kind is int):
        not_taken(path, shape.refuse)
    if kind is str:
        found.parent = {}
        _string(found, path, value, shape)
    elif kind is dict:
        _members(found, path, value, shape)
    elif kind is list:
        items = shape.items
        for index, child in enumerate(value):
            _walk(found, f"{path}/{index}", child, items)
            if len(found.spans) > MAX_TEXTS:
                raise Refused(_TOO_MANY)
    elif kind is int or kind is float:
        _number(found, path, value, shape)


def _members(found: Found, path: str, value: dict[str, Any], shape: Shape) -> None:
    if shape.variants:
        variant = value.get(shape.chooser)
        if type(variant) is str:
            shape = shape.variants.get(variant, shape)
    known = shape.fields
    for key, child in value.items():
        below = known.get(key)
        if below is None:
            _key(found, f"{path}/{pointer_step(key)}", key, shape)
            below = shape.rest
        kind = type(child)
        if below.only or below.refuse is not None:
            _walk(found, f"{path}/{pointer_step(key)}", child, below)
        elif kind is str:
            if child and not (below.words and child in below.words):
                found.parent = value
                _string(found, f"{path}/{pointer_step(key)}", child, below)
        elif kind is not bool and child is not None:
            _walk(found, f"{path}/{pointer_step(key)}", child, below)


def _key(found: Found, path: str, key: str, shape: Shape) -> None:
    if shape.keys is None or shape.keys.fullmatch(key) is None:
        found.spans.append(TextSpan(path, key, SpanKind.SEALED if shape.kind is SpanKind.SEALED else SpanKind.KEY))


def _string(found: Found, path: str, value: str, shape: Shape) -> None:
    if not value or (shape.words and value in shape.words):
        return
    if shape.leaf is not None:
        shape.leaf(found, path, value)
    else:
        found.spans.append(TextSpan(path, value, shape.kind))


def _number(found: Found, path: str, value: float, shape: Shape) -> None:
    if -10_000_000 < value < 10_000_000 and type(value) is int:
        return
    if abs(value) <= shape.numeric or value in _PLAIN_NUMBERS:
        return
    spelled = str(value) if type(value) is int else orjson.dumps(value).decode()
    if len(spelled.partition("e")[0].replace(".", "").lstrip("-0")) >= _NUMBER_DIGITS:
        kind = SpanKind.SEALED if shape.kind is SpanKind.SEALED else SpanKind.NUMBER
        found.spans.append(TextSpan(path, spelled, kind))


def _wrong_type(path: str, value: Any, shape: Shape) -> NoReturn:
    # `only` is set by path patterns alone, so the pointer holds the API's names and indexes, never a client's key.
    if shape.tokens and type(value) in (int, float, list):
        not_taken(path, TOKEN_IDS)
    wanted = " or ".join(_TYPE_NAMES[kind] for kind in shape.only)
    refuse_field(path, f"must be {wanted}, not {_TYPE_NAMES.get(type(value), 'something else')}")
