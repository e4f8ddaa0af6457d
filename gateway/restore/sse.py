"""Server-sent events, byte-exact and incremental (WHATWG HTML, section 9.2): what is not changed keeps every byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import orjson

from gateway.errors import Refusal, Refused
from gateway.restore.shape import Event

_BOM: Final = b"\xef\xbb\xbf"
_EOL: Final = rb"(?:\r\n|\n|\r(?=[^\n]))"
"""A CR at the very end of what came so far is not yet known to be a line end: a LF may follow."""
_FIRST_BLANK: Final = re.compile(_EOL)
_TWO_ENDS: Final = re.compile(_EOL + _EOL)
_LOOK_BACK: Final = 4


def untrusted_answer() -> Refusal:
    """The refusal for an answer that cannot be read, and so cannot be passed on."""
    return Refusal(
        "llmgw_answer_unreadable",
        502,
        "The upstream's answer is not in the form its protocol prescribes, so the egress gateway withheld it. "
        "Give the x-llmgw-request-id of this answer to your gateway's operator.",
    )


def answer_too_large() -> Refusal:
    """The refusal for an answer beyond a bound."""
    return Refusal(
        "llmgw_answer_too_large",
        502,
        "A part of the upstream's answer is larger than the egress gateway's bound, so the rest was withheld. Ask for "
        "less in one answer, or ask your gateway's operator to raise the bound.",
    )


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event with the blank line that ends it."""

    raw: bytes = field(repr=False)
    data: bytes | None = field(repr=False)
    """The joined data lines; None if there is none (comments, retry)."""

    @property
    def ends(self) -> bool:
        """Whether it is OpenAI's end mark."""
        return self.data == b"[DONE]"

    def with_data(self, data: bytes) -> bytes:
        """The event's bytes with `data`, one line, in the place of its first data line; other lines stay."""
        out: list[bytes] = []
        written = False
        for line in self.raw.splitlines(keepends=True):
            bare = line.rstrip(b"\r\n")
            if not _is_data(bare):
                out.append(line)
            elif not written:
                out.append(b"data: " + data + line[len(bare) :])
                written = True
        return b"".join(out)


class SseParser:
    """Cuts bytes into events, and writes ours. Raises Refused for a byte-order mark and for an event above
    `max_event_bytes`."""

    gap = b"\n\n"

    def __init__(self, max_event_bytes: int) -> None:
        self._limit = max_event_bytes
        self._buffer = bytearray()
        self._searched = 0
        self._begun = False

    def feed(self, data: bytes) -> Iterator[SseEvent]:
        """Take the next bytes; yield the events that are complete."""
        self._buffer += data
        if not self._begun:
            if _BOM.startswith(self._buffer[:3]):
                if len(self._buffer) >= len(_BOM):
                    raise Refused(untrusted_answer())
                return  # an empty buffer, or the first bytes of a mark
            self._begun = True
        position = 0
        while (end := self._event_end(position)) is not None:
            if end - position > self._limit:
                raise Refused(answer_too_large())
            yield _event(bytes(self._buffer[position:end]))
            position = self._searched = end
        del self._buffer[:position]
        self._searched = max(0, len(self._buffer) - _LOOK_BACK)
        if len(self._buffer) > self._limit:
            raise Refused(answer_too_large())

    def close(self) -> SseEvent | None:
        """What came after the last complete event, None if nothing did."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return _event(rest) if rest else None

    def render(self, event: Event) -> bytes:
        """A server-sent event that holds the tree of `event`."""
        line = b"event: " + event.name.encode("ascii", "replace") + b"\n" if event.name else b""
        return line + b"data: " + orjson.dumps(event.tree) + b"\n\n"

    def _event_end(self, start: int) -> int | None:
        if self._searched <= start:
            blank = _FIRST_BLANK.match(self._buffer, start)
            if blank is not None:
                return blank.end()
        match = _TWO_ENDS.search(self._buffer, max(start, self._searched))
        return match.end() if match is not None else None


def _is_data(line: bytes) -> bool:
    return line == b"data" or line.startswith(b"data:")


def _event(raw: bytes) -> SseEvent:
    values: list[bytes] = []
    for line in raw.splitlines():
        if _is_data(line):
            value = line[5:]
            values.append(value[1:] if value.startswith(b" ") else value)
    return SseEvent(raw, b"\n".join(values) if values else None)
