"""What a dialect says about the events of its stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

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


class Shape(Protocol):
    """One dialect's stream. Pure but for what it notes of the stream's identity."""

    def slots(self, event: dict[str, Any]) -> list[Slot]:
        """The pieces of text in `event`, in order."""
        ...

    def closing(self, event: dict[str, Any]) -> Callable[[Key], bool] | None:
        """Which texts end with or before `event`; None: none."""
        ...

    def carry(self, key: Key, last: dict[str, Any], text: str) -> bytes:
        """An event of the dialect's own shape that carries `text` for the text named `key`; `last` is the latest event
        that carried a piece of it."""
        ...

    def tidy(self, event: dict[str, Any], changed: bool, restored: Callable[[Key], int]) -> bool:
        """Remove from `event` what no longer fits, as padding and annotations by offset; return whether it did."""
        ...

    def drops(self, event: dict[str, Any], restored: Callable[[Key], int]) -> bool:
        """Whether `event` as a whole no longer fits, as an annotation by offset into a text that changed."""
        ...

    def failure(self, refusal: Refusal) -> bytes:
        """The event that ends the stream with an error that the official SDKs raise."""
        ...


def integer(value: object, default: int = 0) -> int:
    """`value` if it is an integer, else `default`."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def render(tree: dict[str, Any], *, event: str = "") -> bytes:
    """A server-sent event that holds `tree`."""
    line = b"event: " + event.encode("ascii", "replace") + b"\n" if event else b""
    return line + b"data: " + orjson.dumps(tree) + b"\n\n"
