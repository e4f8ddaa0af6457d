"""Streams of Anthropic Messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.errors import Refusal
from gateway.restore.offsets import has_offsets
from gateway.restore.shape import Event, Key, Slot, integer
from gateway.restore.text import Escape


class MessagesShape:
    """One buffer per content block. A text ends with its block. Thinking, signatures and compaction pass untouched."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        index = integer(event.get("index"))
        block, delta = event.get("content_block"), event.get("delta")
        if event.get("type") == "content_block_start" and isinstance(block, dict):
            if block.get("type") == "text" and isinstance(block.get("text"), str):
                return [Slot(block, "text", (index, "text"))]
        elif event.get("type") == "content_block_delta" and isinstance(delta, dict):
            if delta.get("type") == "text_delta" and isinstance(delta.get("text"), str):
                return [Slot(delta, "text", (index, "text"))]
            if delta.get("type") == "input_json_delta" and isinstance(delta.get("partial_json"), str):
                return [Slot(delta, "partial_json", (index, "json"), Escape.JSON, tool=True)]
        return []

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        kind = event.get("type")
        if kind == "content_block_stop":
            index = integer(event.get("index"))
            return lambda key: key[0] == index
        if kind in ("message_delta", "message_stop", "error"):
            return lambda _: True
        return None

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        delta = {"type": "text_delta", "text": text}
        if key[1] == "json":
            delta = {"type": "input_json_delta", "partial_json": text}
        tree = {"type": "content_block_delta", "index": key[0], "delta": delta}
        return Event(tree, "content_block_delta")

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        return False

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        delta = event.get("delta")
        return isinstance(delta, dict) and delta.get("type") == "citations_delta" and has_offsets(delta.get("citation"))

    def failure(self, refusal: Refusal) -> Event:
        kind = "api_error" if refusal.retry else "invalid_request_error"
        error = {"type": kind, "message": f"{refusal.message} [{refusal.code}]"}
        return Event({"type": "error", "error": error}, "error", error=True)
