"""Streams of Mistral: as OpenAI's chat, but that a content may be a list of chunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.errors import Refusal
from gateway.restore.chat import ChatShape
from gateway.restore.shape import Event, Key, Slot, integer


class MistralShape(ChatShape):
    """Beside what `ChatShape` does: text in chunks has its choice's buffer. Thinking, which may be signed, passes
    untouched; when it follows, the text before it has ended."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        found = super().slots(event)
        for index, chunks in _lists(event):
            found += [
                Slot(chunk, "text", (index, "content"))
                for chunk in chunks
                if chunk.get("type", "text") == "text" and isinstance(chunk.get("text"), str)
            ]
        return found

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        done = super().closing(event)
        other = {index for index, chunks in _lists(event) if chunks and not any("text" in chunk for chunk in chunks)}
        if done is None and not other:
            return None
        return lambda key: (done is not None and done(key)) or (key[0] in other and key[1] == "content")

    def failure(self, refusal: Refusal) -> Event:
        error = {"object": "error", "message": refusal.message, "type": "invalid_request_error", "code": refusal.code}
        return Event(error, error=True)


def _lists(event: dict[str, Any]) -> list[tuple[int, list[dict[str, Any]]]]:
    """The contents of an event that are lists of chunks, by the index of their choice."""
    found: list[tuple[int, list[dict[str, Any]]]] = []
    choices = event.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        delta = choice.get("delta") if isinstance(choice, dict) else None
        content = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(content, list):
            found.append((integer(choice.get("index")), [chunk for chunk in content if isinstance(chunk, dict)]))
    return found
