"""Streams of OpenAI Responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.errors import Refusal
from gateway.restore.offsets import has_offsets
from gateway.restore.shape import Event, Key, Slot, integer
from gateway.restore.text import Escape

_PLACE: Final = ("item_id", "output_index", "content_index", "summary_index", "command_index")
_ENDS: Final = frozenset({"response.completed", "response.failed", "response.incomplete", "error"})


class ResponsesShape:
    """One buffer per kind of delta and place (item, output, content, summary index). A text ends with its own `.done`,
    its part's or item's, or the response's. Whole texts in those events are restored as wholes."""

    def __init__(self) -> None:
        self._response: dict[str, Any] = {}
        self._sequence = 0

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        self._note(event)
        kind = event.get("type")
        if not isinstance(kind, str) or not kind.endswith(".delta") or not isinstance(event.get("delta"), str):
            return []
        escape = Escape.JSON if kind.endswith("_arguments.delta") else Escape.NONE
        return [Slot(event, "delta", _key(kind, event), escape, tool="_call" in kind)]

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        kind = event.get("type")
        if not isinstance(kind, str):
            return None
        if kind in _ENDS:
            return lambda _: True
        if kind == "response.output_item.done":
            output = _plain(event.get("output_index"))
            return lambda key: key[2] == output
        if kind in ("response.content_part.done", "response.reasoning_summary_part.done"):
            place = _key("", event)[1:]
            return lambda key: key[1:] == place
        if kind.endswith(".done"):
            ended = _key(f"{kind.removesuffix('.done')}.delta", event)
            return lambda key: key == ended
        return None

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        # The number of the delta before it: every number that the upstream gave stays where it was.
        tree = {name: value for name, value in last.items() if name != "obfuscation"}
        tree["delta"] = text
        if tree.get("logprobs"):
            tree["logprobs"] = []
        return Event(tree, str(key[0]))

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        return changed and event.pop("obfuscation", None) is not None

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        if event.get("type") != "response.output_text.annotation.added" or not has_offsets(event.get("annotation")):
            return False
        return restored(_key("response.output_text.delta", event)) > 0

    def failure(self, refusal: Refusal) -> Event:
        # `invalid_prompt` stops Codex at once; the outer `error` is what the Python SDK raises on.
        error = {"code": "invalid_prompt", "message": refusal.message}
        response = {"object": "response", "output": [], **self._response, "status": "failed", "error": error}
        outer = {"code": refusal.code, "message": refusal.message, "type": "invalid_request_error", "param": None}
        tree = {
            "type": "response.failed",
            "sequence_number": self._sequence + 1,
            "response": response,
            "error": outer,
        }
        return Event(tree, "response.failed", error=True)

    def _note(self, event: dict[str, Any]) -> None:
        self._sequence = integer(event.get("sequence_number"), self._sequence)
        response = event.get("response")
        if isinstance(response, dict) and not self._response:
            self._response = {name: response[name] for name in ("id", "created_at", "model") if name in response}


def _plain(value: object) -> str | int | None:
    return value if isinstance(value, str | int) else None


def _key(kind: str, event: dict[str, Any]) -> Key:
    return (kind, *(_plain(event.get(name)) for name in _PLACE))
