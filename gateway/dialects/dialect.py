"""One dialect: how its requests are read, how its refusals look, how its model is named."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from gateway.dialects.native import NativeRefusal, native
from gateway.dialects.opaque import is_identifier
from gateway.dialects.paths import MODEL_PARAMETERS
from gateway.dialects.shapes import Found, Shape, refuse_field, walk
from gateway.errors import Refusal, Refused
from gateway.model import Framing, Json, Prompt, SpanKind, TextSpan

_MODEL: Final = re.compile(r"[A-Za-z0-9._:/@-]{1,128}")
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Form(enum.Enum):
    """How a request's body is written."""

    JSON = enum.auto()
    NONE = enum.auto()
    """No body at all: a stored thing is read, listed, cancelled or deleted."""
    MULTIPART = enum.auto()
    """multipart/form-data (RFC 7578); see `gateway.dialects.multipart` for the tree."""
    RAW = enum.auto()
    """One file: the tree is `{"media_type", "data" (base64)}`."""


class Model(enum.Enum):
    """Where a request names its model."""

    BODY = enum.auto()
    PATH = enum.auto()
    """In the path (parameter `model` or `deployment`); a body that names one too must name the same."""
    ROWS = enum.auto()
    """In each row of a batch; all must name the same. None of them may: then the request has no model."""
    NONE = enum.auto()
    """Nowhere: the operation has none."""


class Answer(enum.Enum):
    """What a good answer holds."""

    TEXT = enum.auto()
    """JSON with text of the model's or of the request: every string is restored."""
    NUMBERS = enum.auto()
    """JSON without a text of the request's: only an error is restored."""
    FILE = enum.auto()
    """A file as somebody stored it: JSON Lines, JSON and other text are restored, other bytes pass as they are."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A wire format: one operation of one API. `name` and `family` are stable words; `path` is the upstream's path."""

    name: str
    family: str
    """The shape of errors and of the list of models: a key of `gateway.dialects.native`."""
    operation: str
    """`generate`, `count`, `embed`, `store`, `read` (bodiless, or a stored thing) or `models`."""
    path: str
    """Template; `{name}` is a parameter (`gateway.dialects.paths`)."""
    shape: Shape = field(repr=False)
    method: str = "POST"
    form: Form = Form.JSON
    model: Model = Model.BODY
    default_model: str = ""
    """The model that the API takes if the body names none: written out before anything is decided."""
    model_field: str = "model"
    """The body's member that names the model."""
    rows: str = ""
    """For `Model.ROWS`: pattern of pointers, as `/requests/*/params/model`."""
    stream: str = ""
    """The stream's shape, a key of `gateway.restore.stream.SHAPES`; empty: this dialect does not stream."""
    framings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({"text/event-stream": "sse"}))
    """Media type of a streamed answer to its framing, a key of `gateway.restore.stream.FRAMINGS`."""
    streams: bool | None = None
    """Whether it always (never) streams; None: as the body's `stream` says."""
    stream_default: bool = False
    """What a body without `stream` means."""
    answer: Answer = Answer.TEXT
    media: tuple[str, ...] = ()
    """Media types of good answers beside JSON and streams: whole types, or `audio/*`; `*` for any."""
    query: Mapping[str, re.Pattern[str]] = field(default_factory=lambda: _NOTHING)
    """Query parameters that go upstream, and the whole value each may have."""
    dropped: frozenset[str] = frozenset()
    """Query parameters that are taken and not sent: credentials."""
    untyped: bool = False
    """Whether a body may come without Content-Type."""
    required: tuple[str, ...] = ()
    foreign: frozenset[str] = frozenset()
    """Top-level fields of other dialects: a body that has one could be read in two ways."""
    state: tuple[str, ...] = ()
    """Top-level fields that refer to state kept upstream."""
    holds: tuple[str, ...] = ()
    """Path parameters that are ids of things kept upstream."""
    lines: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Value of the form field `purpose` to the member of the file's object that takes its JSON Lines."""
    keeps: tuple[str, ...] = ()
    """Where an answer names things that the upstream keeps from now on: patterns of pointers without their first slash,
    as `id` or `output/*/id`. See `gateway.upstream_state`."""
    unless: tuple[str, object] = ("", None)
    """Top-level member and value of a body after which the upstream keeps nothing."""
    only_if: tuple[str, object] = ("", None)
    """Top-level member and value of a body without which it keeps nothing."""
    lists: str = ""
    """Member of an answer that lists things of everybody at the upstream: only the agent's own are passed on."""
    relative: tuple[str, ...] = ()
    """Top-level members of an answer that are URLs of the upstream: clients follow them, so they become paths."""

    def parse(self, body: Json, parameters: Mapping[str, str] = _NOTHING, framing: Framing | None = None) -> Prompt:
        """The request in `body`, every string found. `parameters` are the path's. Raises Refused (400) for a body that
        this dialect does not have: `llmgw_invalid_request`, `llmgw_ambiguous_request`, `llmgw_token_ids_refused`,
        `llmgw_client_credentials`."""
        if not isinstance(body, dict):
            refuse_field("", "must be an object")
        self._check_names(body)
        model, places, body = self._model(body, parameters)
        stream = body.get("stream", self.stream_default)
        if stream is not None and not isinstance(stream, bool) and self.form is not Form.MULTIPART:
            refuse_field("/stream", "must be true or false")
        for name in self.required:
            if body.get(name) is None:
                refuse_field(f"/{name}", "is missing")
        found = walk(body, self.shape)
        self._parameters(found, parameters)
        return Prompt(
            dialect=self.name,
            model=model,
            stream=self.streams if self.streams is not None else stream in (True, "true"),
            spans=tuple(found.spans),
            attachments=tuple(found.attachments),
            body=body,
            state_ref=self._state(body),
            references=tuple(dict.fromkeys(found.references)),
            models=places,
            framing=framing,
        )

    def _model(
        self, body: dict[str, Any], parameters: Mapping[str, str]
    ) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """The model's name, the pointers to where it stands, and the body with the API's default written out."""
        given, pointer = body.get(self.model_field), f"/{self.model_field}"
        if self.model is Model.NONE:
            return "", (), body
        if self.model is Model.ROWS:
            return (*self._row_models(body), body)
        if self.model is Model.PATH:
            model = next(parameters[name] for name in MODEL_PARAMETERS if name in parameters)
            if given is not None and given != model:
                self._ambiguous("names another model than the path")
            return _checked(model, "in the path"), (pointer,) if given is not None else (), body
        if given is None and self.default_model:
            body = {**body, self.model_field: self.default_model}
            given = self.default_model
        return _checked(given, pointer), (pointer,), body

    def _row_models(self, body: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        """The one model of a batch's rows."""
        places = [(pointer, value) for pointer, value in matches(body, self.rows.split("/")[1:]) if value is not None]
        names = {_checked(value, self.rows) for _, value in places}
        if len(names) > 1:
            refuse_field(self.rows, "must be the same in every request of a batch: one decision covers all of them")
        return (names.pop() if names else ""), tuple(pointer for pointer, _ in places)

    def _parameters(self, found: Found, parameters: Mapping[str, str]) -> None:
        """What the path names is scanned too, unless it is an id as providers make them; nothing in it can be
        redacted."""
        for name, value in parameters.items():
            if name in self.holds:
                found.references.append(value)
            if not is_identifier(value):
                found.spans.append(TextSpan(f"/{name}", value, SpanKind.SEALED))

    def _check_names(self, body: dict[str, Any]) -> None:
        known = self.shape.fields
        for name, value in body.items():
            if name in known:
                continue
            if name in self.foreign:
                if value is not None:
                    self._ambiguous("belongs to another API")
                continue
            folded = unicodedata.normalize("NFKC", name).casefold().strip()
            if folded in known or folded in self.foreign:
                self._ambiguous("is spelt almost like one of this API")

    def _ambiguous(self, why: str) -> None:
        message = (
            f"A field of the request {why}, so the request could be read in two ways. Send the fields of {self.path}."
        )
        raise Refused(Refusal("llmgw_ambiguous_request", 400, message))

    def _state(self, body: dict[str, Any]) -> str:
        for name in self.state:
            value = body.get(name)
            if isinstance(value, dict):
                value = value.get("id") or value.get("previous_message_id")
            if isinstance(value, str) and value:
                return value
        return ""

    def refuse(self, refusal: Refusal, request_id: str) -> NativeRefusal:
        """`refusal` as this dialect's clients know errors."""
        return native(self.family, refusal, request_id, allow=self.method)

    def like(self, name: str, path: str, **differing: Any) -> Dialect:
        """A dialect that differs from this one in name, path and what else is given."""
        return replace(self, name=name, path=path, **differing)


def _checked(model: object, place: str) -> str:
    if not isinstance(model, str) or _MODEL.fullmatch(model) is None:
        refuse_field(place, "must be a model's name: 1 to 128 letters, digits or ._:/@-")
    return model


def matches(tree: Any, steps: list[str], pointer: str = "") -> list[tuple[str, Any]]:
    """Every place that a pattern of pointers (`*`: each element) names in `tree`, with its value."""
    if not steps:
        return [(pointer, tree)]
    if steps[0] == "*":
        items = tree if isinstance(tree, list) else []
        return [each for at, item in enumerate(items) for each in matches(item, steps[1:], f"{pointer}/{at}")]
    if isinstance(tree, dict) and steps[0] in tree:
        return matches(tree[steps[0]], steps[1:], f"{pointer}/{steps[0]}")
    return []
