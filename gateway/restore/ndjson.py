"""Newline-delimited JSON (`application/x-ndjson`), byte-exact and incremental: what is not changed keeps every byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

from gateway.errors import Refused
from gateway.restore.shape import Event
from gateway.restore.sse import answer_too_large


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its end."""

    raw: bytes = field(repr=False)

    @property
    def data(self) -> bytes | None:
        """The line without its end; None for a line of white space."""
        return self.raw.strip(b" \t\r\n") or None

    @property
    def ends(self) -> bool:
        """A line never says by itself that the stream is over: its JSON may."""
        return False

    def with_data(self, data: bytes) -> bytes:
        """The line with other JSON in it; its end stays."""
        bare = self.raw.rstrip(b"\r\n")
        return data + self.raw[len(bare) :]


class NdjsonParser:
    """Cuts bytes into lines at every line feed, and writes ours. Raises Refused for a line above `max_event_bytes`."""

    gap = b"\n"

    def __init__(self, max_event_bytes: int) -> None:
        self._limit = max_event_bytes
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> Iterator[Line]:
        """Take the next bytes; yield the lines that are complete."""
        self._buffer += data
        position = 0
        while (end := self._buffer.find(b"\n", max(position, self._searched)) + 1) > 0:
            if end - position > self._limit:
                raise Refused(answer_too_large())
            yield Line(bytes(self._buffer[position:end]))
            position = end
        del self._buffer[:position]
        self._searched = len(self._buffer)
        if len(self._buffer) > self._limit:
            raise Refused(answer_too_large())

    def close(self) -> Line | None:
        """What came after the last line feed, None if nothing did."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._searched = 0
        return Line(rest) if rest else None

    def render(self, event: Event) -> bytes:
        """A line that holds the tree of `event`."""
        return orjson.dumps(event.tree) + b"\n"
