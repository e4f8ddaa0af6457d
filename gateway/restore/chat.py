"""Streams of OpenAI Chat Completions and Completions, and of the servers that speak like them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.errors import Refusal
from gateway.restore.offsets import has_offsets
from gateway.restore.shape import Event, Key, Slot, integer
from gateway.restore.text import Escape

_FIELDS: Final = ("content", "refusal", "reasoning_content", "reasoning")
_NOT_REPEATED: Final = frozenset({"choices", "usage", "obfuscation"})


class ChatShape:
    """One buffer per choice and field, and per tool call by its index. A text ends with its choice's finish reason."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        found: list[Slot] = []
        for choice in _choices(event):
            index = integer(choice.get("index"))
            if isinstance(choice.get("text"), str):
                found.append(Slot(choice, "text", (index, "text")))
            delta = choice.get("delta")
            if isinstance(delta, dict):
                found.extend(_delta_slots(delta, index))
        return found

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        done = {integer(choice.get("index")) for choice in _choices(event) if choice.get("finish_reason")}
        return (lambda key: key[0] in done) if done else None

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        index, name = key[0], key[1]
        choice: dict[str, Any] = {"index": index, "delta": {name: text}, "finish_reason": None}
        match name:
            case "text":
                choice = {"index": index, "text": text, "finish_reason": None, "logprobs": None}
            case "audio":
                choice["delta"] = {"audio": {"transcript": text}}
            case "function_call":
                choice["delta"] = {"function_call": {"arguments": text}}
            case "tool":
                choice["delta"] = {"tool_calls": [{"index": key[2], "function": {"arguments": text}}]}
            case "custom":
                choice["delta"] = {"tool_calls": [{"index": key[2], "custom": {"input": text}}]}
        head = {name: value for name, value in last.items() if name not in _NOT_REPEATED}
        return Event({**head, "choices": [choice]})

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        tidied = False
        for choice in _choices(event):
            delta = choice.get("delta")
            if not isinstance(delta, dict):
                continue
            tidied |= changed and delta.pop("obfuscation", None) is not None
            notes = delta.get("annotations")
            if isinstance(notes, list) and restored((integer(choice.get("index")), "content")):
                delta["annotations"] = [note for note in notes if not has_offsets(note)]
                tidied |= len(delta["annotations"]) != len(notes)
        return tidied | (changed and event.pop("obfuscation", None) is not None)

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        return False

    def failure(self, refusal: Refusal) -> Event:
        # No [DONE] behind it: a client that overlooks the error must not take the answer for complete.
        error = {"message": refusal.message, "type": "invalid_request_error", "param": None, "code": refusal.code}
        return Event({"error": error}, error=True)


def _choices(event: dict[str, Any]) -> list[dict[str, Any]]:
    choices = event.get("choices")
    return [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []


def _delta_slots(delta: dict[str, Any], index: int) -> Iterator[Slot]:
    for name in _FIELDS:
        if isinstance(delta.get(name), str):
            yield Slot(delta, name, (index, name))
    audio = delta.get("audio")
    if isinstance(audio, dict) and isinstance(audio.get("transcript"), str):
        yield Slot(audio, "transcript", (index, "audio"))
    call = delta.get("function_call")
    if isinstance(call, dict) and isinstance(call.get("arguments"), str):
        yield Slot(call, "arguments", (index, "function_call"), Escape.JSON, tool=True)
    calls = delta.get("tool_calls")
    for position, call in enumerate(calls if isinstance(calls, list) else []):
        if not isinstance(call, dict):
            continue
        number = integer(call.get("index"), position)
        function, custom = call.get("function"), call.get("custom")
        if isinstance(function, dict) and isinstance(function.get("arguments"), str):
            yield Slot(function, "arguments", (index, "tool", number), Escape.JSON, tool=True)
        if isinstance(custom, dict) and isinstance(custom.get("input"), str):
            yield Slot(custom, "input", (index, "custom", number), tool=True)
