"""Every place of a request or answer type at which a string can stand.

The official client packages describe their APIs with types: TypedDicts, pydantic models, and botocore's service model.
This module reads such a type and gives, for each string location in it, the smallest body that has a marker there.
A type that holds itself is entered once on each way down, so that the list is finite.
"""

from __future__ import annotations

import base64
import enum
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pydantic
import typing_extensions


@dataclass(frozen=True, slots=True)
class Node:
    """One type. `kind` is text, bytes, file, word, plain, any, list, map, object or union."""

    kind: str
    name: str = ""
    """Of an object's type: what is not entered twice on one way down."""
    value: Any = None
    """The smallest value of a word or a plain node."""
    below: Callable[[], list[Node]] = list
    """Elements: of a list or map one, of a union its members."""
    members: Callable[[], dict[str, tuple[Node, bool]]] = dict
    """Of an object: wire name to type and whether it must be there."""


@dataclass(frozen=True, slots=True)
class Site:
    """A string location: its path (`[]` for elements, `*` for members of any name), a body with the marker there."""

    path: str
    body: Any = field(repr=False)


TEXT = Node("text")
BYTES = Node("bytes")
FILE = Node("file")
"""A file of a form: its content and its name."""
ANY = Node("any")
PLAIN = Node("plain", value=1)


def of(hint: Any) -> Node:
    """The node of a type as the packages write them."""
    origin = typing.get_origin(hint)
    if isinstance(hint, typing.TypeAliasType | typing_extensions.TypeAliasType):
        return of(hint.__value__)
    if isinstance(hint, typing.NewType):
        return of(hint.__supertype__)
    if origin in (typing.Annotated, typing.Required, typing.NotRequired, typing.ReadOnly):
        return of(typing.get_args(hint)[0])
    if origin in (typing_extensions.Required, typing_extensions.NotRequired):
        return of(typing.get_args(hint)[0])
    if origin is typing.Literal:
        words = typing.get_args(hint)
        return Node("word", value=words[0].value if isinstance(words[0], enum.Enum) else words[0])
    if origin in (typing.Union, types.UnionType):
        # An open list of words is text: what is not on the list is taken too.
        return Node("union", below=lambda: [of(each) for each in typing.get_args(hint)])
    if origin is not None and isinstance(origin, type):
        return _generic(hint, origin)
    if isinstance(hint, type):
        return _class(hint)
    return ANY  # a type variable or the like: nothing is known of it


def _generic(hint: Any, origin: type) -> Node:
    arguments = typing.get_args(hint)
    if issubclass(origin, Mapping):
        return Node("map", below=lambda: [of(arguments[1])])
    if issubclass(origin, tuple):
        return ANY
    if issubclass(origin, pydantic.BaseModel):
        return _class(hint)
    return Node("list", below=lambda: [of(arguments[0])])


def _class(hint: type) -> Node:
    if issubclass(hint, enum.Enum):
        # The packages take any string where they list words.
        return TEXT
    if issubclass(hint, str):
        return TEXT
    if issubclass(hint, bytes | bytearray):
        return BYTES
    if hint is types.NoneType:
        return Node("plain", value=None)
    if issubclass(hint, bool):
        return Node("plain", value=True)
    if issubclass(hint, int | float):
        return PLAIN
    if typing.is_typeddict(hint) or typing_extensions.is_typeddict(hint):
        return Node("object", name=f"{hint.__module__}.{hint.__qualname__}", members=lambda: _typed_dict(hint))
    if issubclass(hint, pydantic.BaseModel):
        return Node("object", name=f"{hint.__module__}.{hint.__qualname__}", members=lambda: _model(hint))
    if issubclass(hint, dict):
        return Node("map", below=lambda: [ANY])
    if issubclass(hint, list):
        return Node("list", below=lambda: [ANY])
    if hint.__module__ == "datetime":
        return TEXT
    return ANY


def _typed_dict(hint: Any) -> dict[str, tuple[Node, bool]]:
    hints = typing_extensions.get_type_hints(hint, include_extras=True)
    return {name: (of(each), _required(each, hint)) for name, each in hints.items()}


def _required(hint: Any, holder: Any) -> bool:
    # Where annotations are strings, `__required_keys__` does not know of Required and NotRequired.
    while (origin := typing.get_origin(hint)) is not None:
        if origin in (typing.Required, typing_extensions.Required):
            return True
        if origin in (typing.NotRequired, typing_extensions.NotRequired):
            return False
        if origin is not typing.Annotated:
            break
        hint = typing.get_args(hint)[0]
    return bool(getattr(holder, "__total__", True))


def _model(hint: Any) -> dict[str, tuple[Node, bool]]:
    return {
        info.serialization_alias or info.alias or name: (below := of(info.annotation), _must(info, below))
        for name, info in hint.model_fields.items()
    }


def _must(info: Any, node: Node) -> bool:
    # What tells the members of a union apart is always sent.
    return info.is_required() or (node.kind == "word" and info.default is not None)


def request(fields: Mapping[str, Any], *, required: tuple[str, ...] = ()) -> Node:
    """An object of the wire that no single type of a package describes."""
    return Node("object", members=lambda: {name: (_as_node(each), name in required) for name, each in fields.items()})


def method(function: Callable[..., Any], *elsewhere: str) -> Node:
    """The body that a method of a client sends: its keyword arguments but for `elsewhere`."""
    hints = typing_extensions.get_type_hints(function, include_extras=True)
    names = [
        name
        for name, each in inspect.signature(function).parameters.items()
        if each.kind is inspect.Parameter.KEYWORD_ONLY and name not in ("request_options", *elsewhere)
    ]
    return request({name: hints[name] for name in names})


def respelt(node: Node, spell: Callable[[str], str]) -> Node:
    """`node` with every member named otherwise."""
    return replace(
        node,
        below=lambda: [respelt(each, spell) for each in node.below()],
        members=lambda: {
            spell(name): (respelt(each, spell), required) for name, (each, required) in node.members().items()
        },
    )


def _as_node(hint: Any) -> Node:
    return hint if isinstance(hint, Node) else of(hint)


def botocore(shape: Any) -> Node:
    """The node of a botocore shape, in restJson form: members that travel in headers or the path are left out."""
    kind = shape.type_name
    if kind == "structure":
        return Node("object", name=shape.name, members=lambda: _structure(shape))
    if kind == "list":
        return Node("list", below=lambda: [botocore(shape.member)])
    if kind == "map":
        return Node("map", below=lambda: [botocore(shape.value)])
    if kind == "string":
        return Node("word", value=shape.enum[0]) if shape.enum else TEXT
    if kind == "blob":
        return BYTES
    if shape.metadata.get("document"):
        return ANY
    return PLAIN


def _structure(shape: Any) -> dict[str, tuple[Node, bool]]:
    if shape.metadata.get("document"):
        return {"*": (ANY, False)}
    return {
        member.serialization.get("name", name): (botocore(member), name in shape.required_members)
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }


def smallest(node: Node, seen: frozenset[str] = frozenset()) -> Any:
    """The smallest value of `node`."""
    if node.kind == "text":
        return "x"
    if node.kind == "bytes":
        return "eA=="
    if node.kind == "file":
        return _file("x.txt", "x")
    if node.kind in ("word", "plain"):
        return node.value
    if node.kind == "list":
        return []
    if node.kind == "union":
        below = sorted(node.below(), key=lambda each: (each.name in seen, each.kind == "plain" and each.value is None))
        return smallest(below[0], seen)
    if node.kind == "object" and node.name not in seen:
        return _filled(node, seen | ({node.name} if node.name else set()))
    return {}


def _file(name: str, content: str) -> dict[str, str]:
    data = base64.b64encode(content.encode()).decode("ascii")
    return {"filename": name, "media_type": "text/plain", "data": data}


def _filled(node: Node, seen: frozenset[str]) -> dict[str, Any]:
    body = {}
    for name, (below, required) in node.members().items():
        if required or (name == "type" and below.kind == "word"):
            body[name] = smallest(below, seen)
    return body


def sites(node: Node, marker: str, path: str = "", seen: frozenset[str] = frozenset()) -> Iterator[Site]:
    """Every string location of `node`, each with the smallest body that has `marker` there."""
    if node.kind in ("text", "bytes", "any"):
        yield Site(path, marker)
        if node.kind == "any":
            yield Site(f"{path}.* (name)", {marker: 1})
    elif node.kind == "file":
        yield Site(f"{path} (content)", _file("notes.txt", marker))
        yield Site(f"{path} (file name)", _file(marker, "x"))
    elif node.kind == "list":
        for site in sites(node.below()[0], marker, f"{path}[]", seen):
            yield Site(site.path, [site.body])
    elif node.kind == "map":
        yield Site(f"{path}.* (name)", {marker: smallest(node.below()[0])})
        for site in sites(node.below()[0], marker, f"{path}.*", seen):
            yield Site(site.path, {"name": site.body})
    elif node.kind == "union":
        for below in node.below():
            yield from sites(below, marker, path, seen)
    elif node.kind == "object" and (not node.name or node.name not in seen):
        yield from _inside(node, marker, path, seen | ({node.name} if node.name else set()))


def _inside(node: Node, marker: str, path: str, seen: frozenset[str]) -> Iterator[Site]:
    filled = _filled(node, seen)
    for name, (below, _) in node.members().items():
        for site in sites(below, marker, f"{path}.{name}" if path else name, seen):
            yield Site(site.path, {**filled, name: site.body})
