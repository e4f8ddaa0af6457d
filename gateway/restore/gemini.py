"""Streams of Gemini: each chunk is a whole response that holds a fragment of the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.errors import Refusal
from gateway.restore.offsets import without_grounding
from gateway.restore.shape import Event, Key, Slot, integer

_REPEATED: Final = ("modelVersion", "responseId", "createTime")
_CALLS: Final = ("functionCall", "function_call")
_PARTIAL: Final = ("partialArgs", "partial_args")


class GeminiShape:
    """One buffer per candidate and run of parts of one kind (text, thought), and per argument of a call that comes in
    pieces. A text ends when its candidate goes on with another kind of part, or finishes."""

    def __init__(self) -> None:
        self._runs: dict[int, tuple[int, str]] = {}
        """Candidate to the number of its present run and the run's kind."""
        self._ended: list[Key] = []
        """Keys that the latest event ended beside those of earlier runs."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        self._ended = []
        return [slot for candidate in _candidates(event) for slot in self._candidate(candidate)]

    def _candidate(self, candidate: dict[str, Any]) -> Iterator[Slot]:
        index = integer(candidate.get("index"))
        for part in _parts(candidate):
            kind = _kind(part)
            run, known = self._runs.get(index, (0, ""))
            if kind != known:
                run += 1
                self._runs[index] = (run, kind)
            if kind in ("text", "thought"):
                yield Slot(part, "text", (index, run, kind))
            else:
                yield from self._arguments(part, (index, run))

    def _arguments(self, part: dict[str, Any], place: tuple[int, int]) -> Iterator[Slot]:
        for call in (part.get(name) for name in _CALLS):
            if not isinstance(call, dict):
                continue
            for pieces in (call.get(name) for name in _PARTIAL):
                for piece in pieces if isinstance(pieces, list) else ():
                    if not isinstance(piece, dict):
                        continue
                    value = "stringValue" if "stringValue" in piece else "string_value"
                    if not isinstance(piece.get(value), str):
                        continue
                    key = (*place, "argument", str(piece.get("jsonPath", piece.get("json_path"))))
                    if not (piece.get("willContinue") or piece.get("will_continue")):
                        self._ended.append(key)
                    yield Slot(piece, value, key, tool=True)

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        done = {
            integer(candidate.get("index"))
            for candidate in _candidates(event)
            if candidate.get("finishReason") or candidate.get("finish_reason")
        }
        runs = {index: run for index, (run, _) in self._runs.items()}
        ended = frozenset(self._ended)
        return lambda key: key[0] in done or key in ended or integer(key[1]) < runs.get(integer(key[0]), 0)

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        part: dict[str, Any] = {"text": text}
        if key[2] == "thought":
            part["thought"] = True
        elif key[2] == "argument":
            piece = {"jsonPath": key[3], "stringValue": text, "willContinue": True}
            part = {"functionCall": {"partialArgs": [piece], "willContinue": True}}
        candidate = {"content": {"parts": [part], "role": "model"}, "index": key[0]}
        head: dict[str, Any] = {name: last[name] for name in _REPEATED if name in last}
        return Event({"candidates": [candidate], **head})

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        """Grounding supports and citations count bytes of the redacted text: they go when a value was put back."""
        tidied = False
        for candidate in _candidates(event):
            index = integer(candidate.get("index"))
            run, _ = self._runs.get(index, (0, ""))
            if any(restored((index, each, "text")) for each in range(1, run + 1)):
                tidied |= without_grounding(candidate)
        return tidied

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        return False

    def failure(self, refusal: Refusal) -> Event:
        # The SDK looks for `error` as the first key of a chunk.
        code = 400 if refusal.status < 500 else refusal.status
        status = "INVALID_ARGUMENT" if code == 400 else "INTERNAL"
        error = {"code": code, "message": f"{refusal.message} [{refusal.code}]", "status": status}
        return Event({"error": error}, error=True)


def _candidates(event: dict[str, Any]) -> list[dict[str, Any]]:
    candidates = event.get("candidates")
    return [each for each in candidates if isinstance(each, dict)] if isinstance(candidates, list) else []


def _parts(candidate: dict[str, Any]) -> list[dict[str, Any]]:
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, dict) else None
    return [each for each in parts if isinstance(each, dict)] if isinstance(parts, list) else []


def _kind(part: dict[str, Any]) -> str:
    if isinstance(part.get("text"), str):
        return "thought" if part.get("thought") else "text"
    return "call" if any(name in part for name in _CALLS) else "other"
