"""A strict subset of YAML as a tree with positions. Pure: text in, tree or diagnostics out.

What means different things to different readers of YAML is refused rather than guessed: anchors, aliases, merge keys,
tags, several documents, duplicate keys, and the YAML 1.1 scalars (`no`, `010`, `22:22`, dates). Plain scalars otherwise
follow the YAML 1.2 core schema. Nothing is ever constructed but dict, list, str, int, float, bool and None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import yaml

from gateway.diagnostics import Diagnostic
from gateway.model import Json

MAX_DEPTH: Final = 24
MAX_NODES: Final = 200_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""Control characters, foreign line ends, and what makes a reviewer see another text than the parser (Trojan Source)."""
_NULL: Final = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOL: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
_FLOAT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?(?:[eE][-+]?[0-9]{1,2})?\Z")
_SURPRISES: Final = (
    (re.compile(r"(?:y|n|yes|no|on|off)\Z", re.IGNORECASE), "is a boolean to some readers of YAML and text to others"),
    (re.compile(r"[-+]?[0-9][0-9_]*(?::[0-9]{1,2})+(?:\.[0-9]*)?\Z"), "is a number in base 60 to some readers of YAML"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?\Z"), "is a date to some readers of YAML"),
    (re.compile(r"[-+]?0[0-9][0-9_]*\Z|0o[0-7]+\Z"), "is an octal number to some readers of YAML"),
    (re.compile(r"[-+]?0[xb][0-9a-fA-F_]+\Z"), "is a number to some readers of YAML"),
    (re.compile(r"[-+]?[0-9]+(?:_[0-9]+)+(?:\.[0-9_]*)?\Z"), "is a number to some readers of YAML"),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.|[0-9]*\.[0-9]*[eE][-+]?[0-9]+|[0-9]{19,}|\.inf|\.nan)\Z", re.IGNORECASE),
     "is a number to some readers of YAML"),
    (re.compile(r"[=~]\Z"), "means nothing or something else to some readers of YAML"),
)  # fmt: skip


@dataclass(slots=True)
class Node:
    """One value of a document and where it stands (line and column counted from 1)."""

    line: int
    column: int
    kind: str
    """`map`, `list` or `scalar`."""
    scalar: Json = None
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)

    def plain(self) -> Json:
        """The value without positions."""
        if self.kind == "map":
            return {str(key.scalar): value.plain() for key, value in self.entries}
        if self.kind == "list":
            return [item.plain() for item in self.items]
        return self.scalar

    def entry(self, name: str) -> tuple[Node, Node] | None:
        """Key and value nodes of member `name`, if this is a mapping that has it."""
        for key, value in self.entries:
            if key.scalar == name:
                return key, value
        return None


def parse(text: str, file: str) -> tuple[Node | None, list[Diagnostic]]:
    """The tree of `text`, and every fault found. The tree is None when the text could not be read to its end."""
    builder = _Builder(file)
    builder.tabs(text)
    if builder.invisible(text):
        return None, builder.found
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if not builder.take(event):
                return None, builder.found
    except yaml.MarkedYAMLError as error:
        if not builder.found or builder.found[-1].code != "tab":
            builder.syntax(error)
        return None, builder.found
    except yaml.YAMLError:  # a reader error carries no mark; `invisible` has looked for its causes before
        builder.report((1, 1), "the file is not YAML", "write it anew", "syntax")
        return None, builder.found
    if builder.root is None:
        builder.report((1, 1), "the file is empty", "write the document, or restore the last good one", "empty")
    return builder.root, builder.found


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


class _Builder:
    """Builds nodes from parser events without recursion, so that depth is a bound and never a crash."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Diagnostic] = []
        self.root: Node | None = None
        self.open: list[tuple[Node, list[Node]]] = []
        """Collections not yet closed, each with its children so far."""
        self.documents = 0
        self.nodes = 0

    def report(self, place: tuple[int, int], message: str, fix: str, code: str) -> None:
        self.found.append(Diagnostic(self.file, *place, message, fix, code))

    def at(self, event: Any, message: str, fix: str, code: str) -> None:
        self.report(_place(event), message, fix, code)

    def tabs(self, text: str) -> None:
        for number, line in enumerate(text.splitlines(), start=1):
            indent = line[: len(line) - len(line.lstrip(" \t"))]
            if "\t" in indent and line.strip():
                column = indent.index("\t") + 1
                self.report((number, column), "a tab stands in the indentation", "indent with spaces", "tab")

    def invisible(self, text: str) -> bool:
        for match in islice(_INVISIBLE.finditer(text), 20):
            line = text.count("\n", 0, match.start()) + 1
            place = line, match.start() - text.rfind("\n", 0, match.start())
            what = f"a character stands here that does not show (U+{ord(match[0]):04X})"
            self.report(place, what, "remove it", "invisible")
        return bool(_INVISIBLE.search(text))

    def syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark: Any = error.problem_mark or error.context_mark  # Any: the stubs of the C parser disagree with themselves
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        problem = error.problem or "the text is not YAML"
        fix = "correct the YAML here: look at indentation, colons, quotes and brackets"
        if "cannot start any token" in problem:
            fix = "put the text in double quotes: @, `, % and tabs cannot begin a plain value"
        elif "alias" in (error.context or "") or "anchor" in (error.context or ""):
            problem, fix = "* or & begins an alias or anchor", 'put the text in double quotes, such as "*"'
        began: Any = error.context_mark
        if began is not None and began.line + 1 != line:
            problem += f" ({error.context}, which began in line {began.line + 1})"
        self.report((line, column), problem, fix, "syntax")

    def take(self, event: Any) -> bool:
        """Add one event; False ends the parse."""
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.at(
                    event, "a second document begins here", "keep one document in a file: remove the ---", "documents"
                )
                return False
            if event.tags or event.version:
                self.at(event, "a % directive stands before the document", "remove the directive", "directive")
        elif isinstance(event, yaml.AliasEvent):
            self.at(event, "an alias (*) is not allowed", "write the value out, or quote it if * is text", "alias")
            self.add(Node(*_place(event), "scalar"))
        elif isinstance(event, yaml.NodeEvent):
            return self.start(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.close()
        return True

    def start(self, event: Any) -> bool:
        self.nodes += 1
        if self.nodes > MAX_NODES or len(self.open) >= MAX_DEPTH:
            self.at(
                event, f"the document is too large or nested deeper than {MAX_DEPTH} levels", "simplify it", "depth"
            )
            return False
        if event.anchor is not None:
            self.at(event, "an anchor (&) is not allowed", "write the value out where it is used", "anchor")
        if event.tag is not None:
            self.at(event, "a tag (!) is not allowed", "remove the tag; quote the value if it is text", "tag")
        node = Node(*_place(event), "scalar")
        if isinstance(event, yaml.ScalarEvent):
            node.scalar = self.scalar(event)
            self.add(node)
            return True
        node.kind = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
        self.open.append((node, []))
        return True

    def add(self, node: Node) -> None:
        if self.open:
            self.open[-1][1].append(node)
        else:
            self.root = node

    def close(self) -> None:
        node, children = self.open.pop()
        if node.kind == "list":
            node.items = children
        else:
            self.members(node, children)
        self.add(node)

    def members(self, node: Node, children: list[Node]) -> None:
        seen: dict[str, Node] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if key.kind != "scalar" or not isinstance(key.scalar, str):
                self.report((key.line, key.column), "this key is not text", "put the key in double quotes", "key-type")
                continue
            if key.scalar == "<<":
                self.report(
                    (key.line, key.column), "a merge key (<<) is not allowed", "write the members out", "merge-key"
                )
                continue
            if key.scalar in seen:
                first = seen[key.scalar].line
                self.report((key.line, key.column), f"this key stands here twice (first in line {first})",
                            "keep one of the two", "duplicate-key")  # fmt: skip
                continue
            seen[key.scalar] = key
            node.entries.append((key, value))

    def scalar(self, event: Any) -> Json:
        text: str = event.value
        if not event.implicit[0] or event.style not in (None, ""):
            return text
        if text in _BOOL:
            return _BOOL[text]
        for pattern, why in _SURPRISES:
            if text and pattern.match(text):
                fix = "put it in double quotes if it is text; else write true, false, null or a plain decimal number"
                self.at(event, f"this unquoted value {why}", fix, "ambiguous")
                return text
        if _NULL.match(text):
            return None
        if _INT.match(text):
            return int(text)
        return float(text) if _FLOAT.match(text) else text
