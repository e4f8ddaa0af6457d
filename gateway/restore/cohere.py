"""Streams of Cohere v2 chat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.errors import Refusal
from gateway.restore.offsets import has_offsets
from gateway.restore.shape import Event, Key, Slot, integer
from gateway.restore.text import Escape


class CohereShape:
    """One buffer per content, for the tool plan, and per tool call. A text ends with its own end event, a plan with the
    first tool call."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        index = integer(event.get("index"))
        message = _message(event)
        content, calls = message.get("content"), message.get("tool_calls")
        found: list[Slot] = []
        if isinstance(content, dict):
            found += [
                Slot(content, name, (index, name))
                for name in ("text", "thinking")
                if isinstance(content.get(name), str)
            ]
        if isinstance(message.get("tool_plan"), str):
            found.append(Slot(message, "tool_plan", (0, "tool_plan")))
        function = calls.get("function") if isinstance(calls, dict) else None
        if isinstance(function, dict) and isinstance(function.get("arguments"), str):
            found.append(Slot(function, "arguments", (index, "arguments"), Escape.JSON, tool=True))
        return found

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        index = integer(event.get("index"))
        match event.get("type"):
            case "content-end":
                return lambda key: key[0] == index and key[1] in ("text", "thinking")
            case "tool-call-end":
                return lambda key: key == (index, "arguments")
            case "tool-call-start":
                return lambda key: key[1] == "tool_plan"
            case "content-start":
                return lambda key: key[1] == "tool_plan" or integer(key[0]) < index
            case "message-end":
                return lambda _: True
        return None

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        match key[1]:
            case "tool_plan":
                tree: dict[str, Any] = {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": text}}}
            case "arguments":
                call = {"tool_calls": {"function": {"arguments": text}}}
                tree = {"type": "tool-call-delta", "index": key[0], "delta": {"message": call}}
            case _:
                content = {"content": {str(key[1]): text}}
                tree = {"type": "content-delta", "index": key[0], "delta": {"message": content}}
        return Event(tree, tree["type"])

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        return False

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        """A citation counts characters of the redacted text: it goes when a value was put back into that text."""
        if event.get("type") != "citation-start":
            return False
        citation = _message(event).get("citations")
        if not has_offsets(citation) or not isinstance(citation, dict):
            return False
        index = integer(citation.get("content_index"))
        return restored((index, "text")) > 0 or restored((index, "thinking")) > 0

    def failure(self, refusal: Refusal) -> Event:
        # The SDK swallows what it cannot parse; this is how the API itself says that a stream failed.
        delta = {"finish_reason": "ERROR", "error": f"{refusal.message} [{refusal.code}]"}
        return Event({"type": "message-end", "delta": delta}, "message-end", error=True)


def _message(event: dict[str, Any]) -> dict[str, Any]:
    delta = event.get("delta")
    message = delta.get("message") if isinstance(delta, dict) else None
    return message if isinstance(message, dict) else {}
