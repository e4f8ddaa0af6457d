"""Documents that people write, as pydantic models whose errors carry file, line, column and a fix. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.diagnostics import Diagnostic, DocumentError, did_you_mean
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
    schema = model.model_json_schema()
    try:
        # JSON mode is strict about types and yet takes a list for a tuple and a name for an enum member.
        document = model.model_validate_json(json.dumps(root.plain()))
    except ValidationError as error:
        marked = {(each.line, each.column) for each in found}
        for fault in error.errors(include_url=False, include_input=False, include_context=True):
            one = _explain(fault, source, schema, secret=secret)
            if (one.line, one.column) not in marked:  # the parser has said what is wrong with this value
                found.append(one)
        raise DocumentError(found) from None
    if found:
        raise DocumentError(found)
    return document, source


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
        return source.diagnostic(loc, f"{name} is none of its choices", f"use {fault['ctx']['expected']}", "choice")
    if kind == "too_short":
        fix = "name at least one, or remove the key: an empty list is not read as all"
        return source.diagnostic(loc, f"{name} is empty", fix, "empty-list")
    base, _, what = kind.rpartition("_")
    if what in ("type", "parsing", "integer") and base.split("_from")[0] in _EXPECTED:
        return _wrong_type(source, loc, _EXPECTED[base.split("_from")[0]])
    message = str(fault["msg"]).removeprefix("Value error, ")
    what_is_wrong, _, fix = message.partition(" | fix: ")
    return source.diagnostic(loc, f"{name}: {what_is_wrong}", fix or "correct the value", "bad-value")


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
