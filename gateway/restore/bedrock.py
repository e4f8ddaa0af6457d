"""Streams of Bedrock: ConverseStream's events, and the models' own events in InvokeModelWithResponseStream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.errors import Refusal
from gateway.restore.chat import ChatShape
from gateway.restore.messages import MessagesShape
from gateway.restore.offsets import has_offsets
from gateway.restore.shape import Event, Key, Shape, Slot, integer
from gateway.restore.text import Escape


def _failure(refusal: Refusal) -> Event:
    name = "internalServerException" if refusal.status >= 500 else "validationException"
    return Event({"message": f"{refusal.message} [{refusal.code}]"}, name, error=True)


class ConverseShape:
    """One buffer per content block. A text ends with its block. Reasoning and its signature pass untouched.

    The members of a payload tell which event it is; its name is in the frame's headers.
    """

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        index = integer(event.get("contentBlockIndex"))
        delta = event.get("delta")
        if not isinstance(delta, dict):
            return []
        found: list[Slot] = []
        if isinstance(delta.get("text"), str):
            found.append(Slot(delta, "text", (index, "text")))
        tool = delta.get("toolUse")
        if isinstance(tool, dict) and isinstance(tool.get("input"), str):
            found.append(Slot(tool, "input", (index, "tool"), Escape.JSON, tool=True))
        results = delta.get("toolResult")
        for position, result in enumerate(results if isinstance(results, list) else ()):
            if isinstance(result, dict) and isinstance(result.get("text"), str):
                found.append(Slot(result, "text", (index, "result", position)))
        return found

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        if "contentBlockIndex" in event and "delta" not in event and "start" not in event:
            index = integer(event.get("contentBlockIndex"))
            return lambda key: key[0] == index
        if "stopReason" in event or "message" in event or "usage" in event:
            return lambda _: True
        return None

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        match key[1]:
            case "tool":
                delta: dict[str, Any] = {"toolUse": {"input": text}}
            case "result":
                delta = {"toolResult": [{"text": text}]}
            case _:
                delta = {"text": text}
        return Event({"contentBlockIndex": key[0], "delta": delta}, "contentBlockDelta")

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        # Padding hides the length of the text that was there before.
        return changed and event.pop("p", None) is not None

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        delta = event.get("delta")
        return isinstance(delta, dict) and has_offsets(delta.get("citation"))

    def failure(self, refusal: Refusal) -> Event:
        return _failure(refusal)


_FLAT: Final = ("outputText", "generation", "text", "completion")
"""Titan, Llama, Cohere and the older Anthropic models: one text, in pieces."""
_FLAT_ENDS: Final = ("completionReason", "stop_reason", "finish_reason", "is_finished")


class FlatShape:
    """Models whose events hold a piece of the one text at the top, or in `outputs[]` as Mistral's do."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        found = [Slot(event, name, (0, name)) for name in _FLAT if isinstance(event.get(name), str)]
        outputs = event.get("outputs")
        for index, output in enumerate(outputs if isinstance(outputs, list) else ()):
            if isinstance(output, dict) and isinstance(output.get("text"), str):
                found.append(Slot(output, "text", (index, "outputs")))
        return found

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        if any(event.get(name) for name in _FLAT_ENDS):
            return lambda _: True
        outputs = event.get("outputs")
        ends = {
            index
            for index, output in enumerate(outputs if isinstance(outputs, list) else ())
            if isinstance(output, dict) and output.get("stop_reason")
        }
        return (lambda key: key[1] == "outputs" and key[0] in ends) if ends else None

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        if key[1] == "outputs":
            outputs: list[dict[str, Any]] = [{"text": ""} for _ in range(integer(key[0]))]
            return Event({"outputs": [*outputs, {"text": text, "stop_reason": None}]})
        return Event({**last, str(key[1]): text})

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        return False

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        return False

    def failure(self, refusal: Refusal) -> Event:
        return _failure(refusal)


class InvokeShape:
    """The models' own events: which API they belong to is told by the first that shows it, and stays."""

    def __init__(self) -> None:
        self._inner: Shape | None = None

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        if self._inner is None:
            self._inner = _inner(event)
        return self._inner.slots(event) if self._inner is not None else []

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        return self._inner.closing(event) if self._inner is not None else None

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        inner = self._inner or FlatShape()
        event = inner.carry(key, last, text)
        if isinstance(inner, ConverseShape):
            return Event({event.name: event.tree})
        return event

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        return self._inner.tidy(event, changed, restored) if self._inner is not None else False

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        return self._inner.drops(event, restored) if self._inner is not None else False

    def failure(self, refusal: Refusal) -> Event:
        return _failure(refusal)


class _NovaShape(ConverseShape):
    """Nova's events are ConverseStream's, each below its name."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        return [slot for inner in _below(event) for slot in super(_NovaShape, self).slots(inner)]

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        for inner in _below(event):
            found = super().closing(inner)
            if found is not None:
                return found
        return None

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        return any(super(_NovaShape, self).drops(inner, restored) for inner in _below(event))


def _below(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [value for value in event.values() if isinstance(value, dict)]


_NOVA: Final = frozenset(
    ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata")
)


def _inner(event: dict[str, Any]) -> Shape | None:
    if not _NOVA.isdisjoint(event):
        return _NovaShape()
    if "choices" in event:
        return ChatShape()
    kind = event.get("type")
    if isinstance(kind, str) and kind.startswith(("message_", "content_block_")):
        return MessagesShape()
    return FlatShape() if "outputs" in event or any(name in event for name in _FLAT) else None
