"""Puts values back into every string of a parsed answer that may be changed."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any, Final

from gateway.errors import Refused
from gateway.model import Json
from gateway.restore.offsets import has_offsets, points_into_answer, without_grounding, without_offsets
from gateway.restore.sse import untrusted_answer
from gateway.restore.text import Escape, Table, Tally, restore_text

MAX_DEPTH: Final = 200

SEALED_NAMES: Final = frozenset(
    {"encrypted_content", "encrypted_index", "encrypted_stdout", "signature", "fingerprint", "thought_signature",
     "reasoning_details", "thinking_blocks", "fallback_credit_token", "thoughtSignature", "continuationToken",
     "continuation_token", "reasoningContent", "redactedContent"}
)  # fmt: skip
"""Members whose values are signed or encrypted, or are covered by a signature."""
SEALED_TYPES: Final = frozenset(
    {"thinking", "redacted_thinking", "compaction", "program", "advisor_redacted_result", "mcp_tool_listing",
     "thinking_delta", "signature_delta", "compaction_delta"}
)  # fmt: skip
"""Objects that are signed or encrypted as a whole."""
_TOOL_NAMES: Final = frozenset({"tool_calls", "function_call", "functionCall", "toolCall", "tool_call", "toolUse"})
_TOOL_TYPES: Final = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_LOGPROBS: Final = frozenset(
    {"logprobs", "logprobsResult", "logprobs_result", "prompt_logprobs", "completion_probabilities"}
)


class Walk:
    """One walk over one tree, which it changes in place. `changed` says whether it did.

    Sealed values stay byte for byte, placeholders and all. Strings within tool calls are always restored; a string
    named `arguments` is JSON text. Log-probabilities spell the text token by token, so they become null when there are
    values to restore. Annotations that point into a text by offsets are dropped when a value was put back into that
    text, and citations by offset into a document when the request held any value: their numbers count redacted text.
    """

    def __init__(
        self, table: Table, tally: Tally, *, in_urls: bool, skip: AbstractSet[tuple[int, str]] = frozenset()
    ) -> None:
        self._table = table
        self._tally = tally
        self._in_urls = in_urls
        self._skip = skip
        """(id of an object, member name) of the texts that a stream's channel already took."""
        self.changed = False

    def walk(self, node: Json, *, tool: bool = False, depth: int = 0) -> Json:
        """`node` restored. Raises Refused when it is nested deeper than 200."""
        if depth > MAX_DEPTH:
            raise Refused(untrusted_answer())
        if isinstance(node, str):
            return self._text(node, tool=tool)
        if isinstance(node, list):
            node[:] = [self.walk(item, tool=tool, depth=depth + 1) for item in node]
        elif isinstance(node, dict) and not sealed(node):
            self._object(node, tool=tool, depth=depth)
        return node

    def _object(self, node: dict[str, Any], *, tool: bool, depth: int) -> None:
        kind = node.get("type")
        if isinstance(kind, str) and (kind in _TOOL_TYPES or "_call" in kind):
            tool = True
        restored, before = False, self._tally.restored
        for name, value in list(node.items()):
            if name in SEALED_NAMES or (id(node), name) in self._skip:
                continue
            if name in _LOGPROBS and value and self._table.keys:
                node[name] = None
                self.changed = True
            elif name == "arguments" and isinstance(value, str):
                node[name] = self._text(value, tool=True, escape=Escape.JSON)
            else:
                node[name] = self.walk(value, tool=tool or name in _TOOL_NAMES, depth=depth + 1)
                restored |= isinstance(value, str) and node[name] != value
        if tool:
            self._keys(node)
        self._drop_offsets(node, restored=restored, within=self._tally.restored > before)

    def _keys(self, node: dict[str, Any]) -> None:
        names = {name: self._text(name, tool=True) for name in node}
        if any(name != new for name, new in names.items()) and len(set(names.values())) == len(names):
            members = [(names[name], value) for name, value in node.items()]
            node.clear()
            node.update(members)

    def _drop_offsets(self, node: dict[str, Any], *, restored: bool, within: bool) -> None:
        """`restored`: a string of `node` itself has changed; `within`: one anywhere in it."""
        if restored:
            self.changed |= without_offsets(node, "annotations")
        if self._table.keys:
            self.changed |= without_offsets(node, "citations", _points_into_document)
        if within:
            self.changed |= without_offsets(node, "citations", points_into_answer)
            self.changed |= without_grounding(node)

    def _text(self, text: str, *, tool: bool, escape: Escape = Escape.NONE) -> str:
        new = restore_text(self._table, text, self._tally, escape=escape, in_urls=tool or self._in_urls)
        if new != text:
            self.changed = True
        return new


def _points_into_document(entry: Json) -> bool:
    return has_offsets(entry) and not points_into_answer(entry)


def sealed(node: dict[str, Any]) -> bool:
    """Whether an object is signed or encrypted as a whole. A schema's `type` may be a list or an object."""
    kind = node.get("type")
    return isinstance(kind, str) and kind in SEALED_TYPES
