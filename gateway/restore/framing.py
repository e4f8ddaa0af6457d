"""How a streamed answer is cut into events and written: one framing for each media type, chosen by the dialect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from gateway.restore.shape import Event


class Frame(Protocol):
    """One event as it came, with whatever separates it from the next."""

    @property
    def raw(self) -> bytes:
        """Its bytes."""
        ...

    @property
    def data(self) -> bytes | None:
        """Its JSON, or other text; None if it holds none (comments, padding, brackets)."""
        ...

    @property
    def ends(self) -> bool:
        """Whether it only says that the stream is over: what is held back goes out before it, and it stays as it is."""
        ...

    def with_data(self, data: bytes) -> bytes:
        """Its bytes with other JSON in them."""
        ...


class Framing(Protocol):
    """One stream's cutter and writer. `render` is called in the order in which its result goes out."""

    @property
    def gap(self) -> bytes:
        """What parts an unfinished last event from one more."""
        ...

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take the next bytes; yield the events that are complete. Raises Refused for bytes that cannot be read and for
        an event above the bound."""
        ...

    def close(self) -> Frame | None:
        """What came after the last complete event, None if nothing did."""
        ...

    def render(self, event: Event) -> bytes:
        """An event of ours, behind those that came so far."""
        ...
