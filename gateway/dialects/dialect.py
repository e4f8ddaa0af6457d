"""One dialect: how its requests are read, how its refusals look, how its model is named."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.dialects.native import NativeRefusal, native
from gateway.dialects.shapes import Shape, refuse_field, walk
from gateway.errors import Refusal, Refused
from gateway.model import Json, Prompt

_MODEL: Final = re.compile(r"[A-Za-z0-9._:/@-]{1,128}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """A wire format: one operation of one API. `name` and `family` are stable words; `path` is the upstream's path."""

    name: str
    family: str
    """`openai` or `anthropic`: the shape of errors and of the list of models."""
    operation: str
    """`generate`, `count`, `embed` or `models`."""
    path: str
    shape: Shape = field(repr=False)
    method: str = "POST"
    queries: tuple[str, ...] = ()
    """Query strings that may follow the path."""
    required: tuple[str, ...] = ()
    foreign: frozenset[str] = frozenset()
    """Top-level fields of other dialects: a body that has one could be read in two ways."""
    state: tuple[str, ...] = ()
    """Top-level fields that refer to state kept upstream."""

    def parse(self, body: Json) -> Prompt:
        """The request in `body`, every string found. Raises Refused (400) for a body that this dialect does not have:
        `llmgw_invalid_request`, `llmgw_ambiguous_request`, `llmgw_token_ids_refused`, `llmgw_client_credentials`."""
        if not isinstance(body, dict):
            refuse_field("", "must be an object")
        self._check_names(body)
        model = body.get("model")
        if not isinstance(model, str) or _MODEL.fullmatch(model) is None:
            refuse_field("/model", "must be a model's name: 1 to 128 letters, digits or ._:/@-")
        stream = body.get("stream")
        if stream is not None and not isinstance(stream, bool):
            refuse_field("/stream", "must be true or false")
        for name in self.required:
            if body.get(name) is None:
                refuse_field(f"/{name}", "is missing")
        found = walk(body, self.shape)
        return Prompt(
            dialect=self.name,
            model=model,
            stream=stream is True,
            spans=tuple(found.spans),
            attachments=tuple(found.attachments),
            body=body,
            state_ref=self._state(body),
        )

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
