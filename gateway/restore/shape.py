"""What a dialect says about the events of its stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.errors import Refusal
from gateway.restore.text import Escape

type Key = tuple[str | int | None, ...]
"""Names one text that comes in pieces, within its stream."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One piece of one text: `holder[name]`."""

    holder: dict[str, Any] = field(repr=False)
    name: str
    key: Key
    escape: Escape = Escape.NONE
    tool: bool = False
    """Part of a tool call: restored in URLs too."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event of ours, before it is framed."""

    tree: dict[str, Any] = field(repr=False)
    name: str = ""
    """For framings that name their events: SSE's `event:`, AWS's `:event-type`."""
    error: bool = False
    """Whether it ends the stream with an error."""


class Shape(Protocol):
    """One dialect's stream. Pure but for what it notes of the stream's identity."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        """The pieces of text in `event`, in order."""
        ...

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        """Which texts end with or before `event`; None: none."""
        ...

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        """An event of the dialect's own shape that carries `text` for the text named `key`; `last` is the latest event
        that carried a piece of it."""
        ...

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        """Remove from `event` what no longer fits, as padding and annotations by offset; return whether it did."""
        ...

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        """Whether `event` as a whole no longer fits, as an annotation by offset into a text that changed."""
        ...

    def failure(self, refusal: Refusal) -> Event:
        """The event that ends the stream with an error that the official SDKs raise."""
        ...


def integer(value: object, default: int = 0) -> int:
    """`value` if it is an integer, else `default`."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


class PlainShape:
    """A stream in which no text runs through several events: each is restored as a whole."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        """None."""
        return []

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        """None."""
        return None

    def carry(self, key: Key, last: dict[str, Any], text: str) -> Event:
        """Never asked for: nothing is held back."""
        return Event(last)

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        """Nothing to remove."""
        return False

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        """Nothing is dropped."""
        return False

    def failure(self, refusal: Refusal) -> Event:
        """OpenAI's error event."""
        error = {"message": refusal.message, "type": "invalid_request_error", "param": None, "code": refusal.code}
        return Event({"type": "error", "error": error}, "error", error=True)
