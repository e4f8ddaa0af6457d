"""Streams of llama.cpp's own completion and infill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.errors import Refusal
from gateway.restore.shape import Event, Key, Slot, integer

_HEAD: Final = ("index", "id_slot")


class LlamaCppShape:
    """One buffer per prompt. A text ends with the event that says `stop`, which repeats the prompt and is walked."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        if not isinstance(event.get("content"), str):
            return []
        return [Slot(event, "content", (integer(event.get("index")),))]

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        if "error" in event:
            return lambda _: True
        if not event.get("stop"):
            return None
        index = integer(event.get("index"))
        return lambda key: key[0] == index

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        head: dict[str, Any] = {name: last[name] for name in _HEAD if name in last}
        return Event({**head, "content": text, "stop": False})

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        # The tokens spell the redacted text.
        return changed and event.pop("tokens", None) is not None

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        return False

    def failure(self, refusal: Refusal) -> Event:
        error = {"code": refusal.status, "message": f"{refusal.message} [{refusal.code}]", "type": "server_error"}
        if refusal.status < 500:
            error["type"] = "invalid_request_error"
        return Event({"error": error}, error=True)
