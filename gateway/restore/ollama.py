"""Streams of Ollama's own API: one JSON object in a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.errors import Refusal
from gateway.restore.shape import Event, Key, Slot

_HEAD: Final = ("model", "created_at")


class OllamaShape:
    """A buffer for the text and one for the thinking before it. Each ends with the other's next piece, with a tool
    call, and with the line that says `done`."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        message = event.get("message")
        found = [Slot(event, name, (name,)) for name in ("thinking", "response") if isinstance(event.get(name), str)]
        if isinstance(message, dict):
            found += [
                Slot(message, name, ("message", name))
                for name in ("thinking", "content")
                if isinstance(message.get(name), str)
            ]
        return found

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        if event.get("done") or "error" in event:
            return lambda _: True
        message = event.get("message")
        holder = message if isinstance(message, dict) else event
        if holder.get("tool_calls"):
            return lambda _: True
        if holder.get("content") or holder.get("response"):
            return lambda key: key[-1] == "thinking"
        if holder.get("thinking"):
            return lambda key: key[-1] != "thinking"
        return None

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        head: dict[str, Any] = {name: last[name] for name in _HEAD if name in last}
        if key[0] == "message":
            message = {"role": "assistant", "content": "", str(key[1]): text}
            return Event({**head, "message": message, "done": False})
        return Event({**head, "response": "", str(key[0]): text, "done": False})

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        return False

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        return False

    def failure(self, refusal: Refusal) -> Event:
        return Event({"error": f"{refusal.message} [{refusal.code}]"}, error=True)
