"""Documents that people write, as pydantic models whose errors carry file, line, column and a fix. Pure."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from gateway.diagnostics import Diagnostic, DocumentError, did_you_mean
from gateway.model import Json
from gateway.yaml_tree import Node, parse

type Loc = Sequence[int | str]
"""Keys and indexes from the document's root."""


class Document(BaseModel):
    """Base of everything people write: unknown keys are errors, nothing is coerced, nothing changes afterwards."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


type FilePath = Annotated[Path, Field(strict=False)]


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):  # True equals 1, so that a Literal would take it
        raise PydanticCustomError("int_type", "not a whole number")
    return value


type Version = Annotated[Literal[1], BeforeValidator(_no_boolean)]
"""The version of a document's format."""


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Where each value of one document stands."""

    file: str
    root: Node = field(repr=False)

    def position(self, loc: Loc, *, key: bool = False) -> tuple[int, int]:
        """Line and column of the value at `loc` (of its key with `key`), or of the nearest above it."""
        node, name = self.root, None
        for part in loc:
            if isinstance(part, int) and node.kind == "list" and part < len(node.items):
                node, name = node.items[part], None
                continue
            entry = node.entry(str(part)) if node.kind == "map" else None
            if entry is not None:
                name, node = entry
        place = name if key and name is not None else node
        return place.line, place.column

    def scalar(self, loc: Loc) -> Json:
        """The scalar at `loc`; None for a collection or nothing."""
        node: Node | None = self.root
        for part in loc:
            if node is None:
                return None
            if isinstance(part, int):
                node = node.items[part] if part < len(node.items) else None
            else:
                entry = node.entry(part)
                node = entry[1] if entry else None
        return node.scalar if node is not None else None

    def diagnostic(self, loc: Loc, message: str, fix: str, code: str, *, key: bool = False) -> Diagnostic:
        """A diagnostic at `loc`."""
        line, column = self.position(loc, key=key)
        return Diagnostic(self.file, line, column, message, fix, code)


def validate_text[D: Document](text: str, file: str, model: type[D], *, secret: bool = False) -> tuple[D, SourceMap]:
    """`text` as a `model`, and where everything stands. `secret` keeps even unknown keys out of messages.

    Raises DocumentError with every fault of the text.
    """
    root, found = parse(text, file)
    if root is None:
        raise DocumentError(found)
    source = SourceMap(file, root)
    if root.kind != "map":
        fault = source.diagnostic((), "the document is not a mapping", "begin with `key: value` lines", "wrong-type")
        raise DocumentError([*found, fault])
    try:
        # JSON mode is strict about types and yet takes a list for a tuple and a name for an enum member.
        document = model.model_validate_json(json.dumps(root.plain()))
    except ValidationError as error:
        schema = _schema_of(model)
        marked = {(one.line, one.column) for one in found}
        for each in error.errors(include_url=False, include_input=False, include_context=True):
            one = _explain(each, source, schema, secret=secret)
            if (one.line, one.column) not in marked:  # the parser has said what is wrong with this value
                found.append(one)
        raise DocumentError(found) from None
    if found:
        raise DocumentError(found)
    return document, source


@cache
def _schema_of(model: type[Document]) -> Mapping[str, Any]:
    return model.model_json_schema()


_EXPECTED: Final = {
    "string": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "tuple": "a list",
    "list": "a list", "dict": "a mapping", "model": "a mapping", "path": "a path",
}  # fmt: skip


def _explain(fault: Any, source: SourceMap, schema: Mapping[str, Any], *, secret: bool) -> Diagnostic:
    loc, kind = tuple(fault["loc"]), str(fault["type"])
    name = _dotted(loc)
    if kind == "extra_forbidden":
        allowed = _schema_at(schema, loc[:-1]).get("properties", {})
        shown = "unknown key" if secret else f"unknown key {loc[-1]}"
        return source.diagnostic(loc, shown, did_you_mean(str(loc[-1]), allowed), "unknown-key", key=True)
    if kind == "missing":
        about = _schema_at(schema, loc).get("description", "").split("\n")[0]
        fix = f"add `{loc[-1]}:`" + (f" ({about})" if about else "")
        return source.diagnostic(loc[:-1], f"key {name} is missing", fix, "missing-key")
    if kind in ("literal_error", "enum"):
        return source.diagnostic(loc, f"{name} is none of its choices", _choice(fault, source.scalar(loc)), "choice")
    if kind == "too_short":
        fix = "name at least one, or remove the key: an empty list is not read as all"
        return source.diagnostic(loc, f"{name} is empty", fix, "empty-list")
    base, _, what = kind.rpartition("_")
    if what in ("type", "parsing", "integer") and base.split("_from")[0] in _EXPECTED:
        return _wrong_type(source, loc, _EXPECTED[base.split("_from")[0]])
    message, fix = _bound(kind, fault.get("ctx", {}))
    return source.diagnostic(loc, f"{name} {message}", fix, "bad-value")


def _choice(fault: Any, written: Json) -> str:
    expected = str(fault["ctx"]["expected"])
    choices = {each.lower(): each for each in re.findall(r"'([^']+)'", expected)}
    close = difflib.get_close_matches(str(written).lower().replace("-", "_"), choices, n=1)
    return f"did you mean {choices[close[0]]}? Known: {expected}" if close else f"use {expected}"


def _bound(kind: str, limits: Mapping[str, Any]) -> tuple[str, str]:
    """What is wrong with a value of the right type, and the fix, in words that never hold the value."""
    if kind in ("greater_than_equal", "greater_than"):
        low = limits.get("ge", limits.get("gt"))
        return "is too small", f"write {low} or more" if "ge" in limits else f"write more than {low}"
    if kind in ("less_than_equal", "less_than"):
        high = limits.get("le", limits.get("lt"))
        return "is too large", f"write {high} or less" if "le" in limits else f"write less than {high}"
    if kind == "string_too_long":
        return "is too long", f"write at most {limits.get('max_length')} characters"
    if kind == "string_too_short":
        return "is empty", "write something"
    if kind == "string_pattern_mismatch":
        return "has characters or a form that it cannot have", f"write what matches {limits.get('pattern')}"
    return "cannot be used", "correct the value"


def _wrong_type(source: SourceMap, loc: Loc, expected: str) -> Diagnostic:
    fix = f"write {expected}"
    if expected in ("text", "a path"):
        fix = "put the value in double quotes"
    elif expected == "a list":
        fix = "write a list: [one, two], or one `- item` a line"
    return source.diagnostic(loc, f"{_dotted(loc)} is not {expected}", fix, "wrong-type")


def _dotted(loc: Loc) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc if part != "[key]"]
    return "".join(parts).lstrip(".") or "the document"


def _schema_at(schema: Mapping[str, Any], loc: Loc) -> Mapping[str, Any]:
    """The JSON Schema of the value at `loc`; empty where the schema says nothing."""
    definitions = schema.get("$defs", {})
    here: Mapping[str, Any] = schema
    for part in loc:
        here = _object_schema(here, definitions)
        if isinstance(part, int):
            here = here.get("items", {})
        elif part in here.get("properties", {}):
            here = here["properties"][part]
        elif isinstance(here.get("additionalProperties"), dict):
            here = here["additionalProperties"]
        else:
            return {}
    described = here.get("description")
    here = _object_schema(here, definitions)
    return {**here, "description": described} if described else here


def _object_schema(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    while True:
        if "$ref" in schema:
            schema = definitions[str(schema["$ref"]).rsplit("/", 1)[-1]]
        elif "anyOf" in schema:
            schema = next((each for each in schema["anyOf"] if each.get("type") != "null"), {})
        else:
            return schema
