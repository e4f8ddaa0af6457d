"""One JSON array whose elements come one after another, as Gemini streams without `alt=sse`; byte-exact, incremental.

Only the array itself is followed here (its brackets and commas, and where strings begin and end); each element is read
by whoever takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import orjson

from gateway.errors import Refused
from gateway.restore.shape import Event
from gateway.restore.sse import answer_too_large, untrusted_answer

_SPACE: Final = b" \t\r\n"
_MARK: Final = re.compile(rb'["\[\]{},]')
_PLAIN: Final = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
"""What within an element opens and closes nothing: whole strings, commas, numbers. Passed over in one step."""
_STRING_MARK: Final = re.compile(rb'["\\]')
SEPARATOR: Final = b",\r\n"


@dataclass(frozen=True, slots=True)
class Element:
    """One element with what stands before it, or what ends the array."""

    before: bytes = field(repr=False)
    """The bracket or comma before the element, white space included."""
    element: bytes = field(repr=False)
    ends: bool = False
    """Whether this is the end of the array: `before` is its closing bracket, and there is no element."""

    @property
    def raw(self) -> bytes:
        """The bytes as they came."""
        return self.before + self.element

    @property
    def data(self) -> bytes | None:
        """The element; None at the array's end."""
        return self.element or None

    def with_data(self, data: bytes) -> bytes:
        """Another element in the place of this one."""
        return self.before + data


class JsonArrayParser:
    """Cuts an array into its elements, and writes ours. Raises Refused for what is no array, for anything behind one,
    and for an element above `max_event_bytes`."""

    gap = b""

    def __init__(self, max_event_bytes: int) -> None:
        self._limit = max_event_bytes
        self._buffer = bytearray()
        self._scanned = 0
        """Where the scan goes on."""
        self._begin = 0
        """Where the element begins; what stands before it is its separator."""
        self._depth = 0
        self._in_string = False
        self._ended = False
        self._any = False
        """Whether an element has come out."""

    def feed(self, data: bytes) -> Iterator[Element]:
        """Take the next bytes; yield the elements that are complete."""
        self._buffer += data
        while self._scanned < len(self._buffer):
            if self._ended:
                yield self._trailer()
            elif self._in_string:
                self._pass_string()
            elif (mark := self._next_mark()) is None:
                self._scanned = len(self._buffer)
            elif (found := self._marked(mark.start(), mark[0])) is not None:
                yield found
        if len(self._buffer) > self._limit:
            raise Refused(answer_too_large())

    def close(self) -> Element | None:
        """The stream ended: an element that was cut off is dropped."""
        self._buffer.clear()
        self._scanned = self._begin = 0
        return None

    def _next_mark(self) -> re.Match[bytes] | None:
        plain = _PLAIN.match(self._buffer, self._scanned) if self._depth > 1 else None
        return _MARK.search(self._buffer, plain.end() if plain is not None else self._scanned)

    def _marked(self, at: int, mark: bytes) -> Element | None:
        self._scanned = at + 1
        if self._depth == 0:
            if mark != b"[" or self._buffer[:at].strip(_SPACE):
                raise Refused(untrusted_answer())
            self._depth, self._begin = 1, at + 1
        elif mark == b'"':
            self._in_string = True
        elif mark in b"[{":
            self._depth += 1
        elif mark == b",":
            if self._depth == 1:
                return self._element(at, following=1)
        elif self._depth > 1:
            self._depth -= 1
        elif mark == b"}":
            raise Refused(untrusted_answer())
        elif self._buffer[self._begin : at].strip(_SPACE):
            return self._element(at, following=0)  # the bracket is met again, with nothing before it
        else:
            return self._end(at)
        return None

    def _element(self, at: int, *, following: int) -> Element:
        """The element that ends before `at`; `following` bytes from there belong to the next one's separator."""
        element = bytes(self._buffer[self._begin : at])
        if not element.strip(_SPACE):
            raise Refused(untrusted_answer())
        if len(element) > self._limit:
            raise Refused(answer_too_large())
        lead = len(element) - len(element.lstrip(_SPACE))
        before = bytes(self._buffer[: self._begin + lead])
        del self._buffer[:at]
        self._begin = self._scanned = following
        self._any = True
        return Element(before, element[lead:])

    def _end(self, at: int) -> Element:
        if bytes(self._buffer[: self._begin]).strip(_SPACE) not in (b"", b"["):
            raise Refused(untrusted_answer())  # a comma with nothing behind it
        self._ended = True
        raw = bytes(self._buffer[: at + 1])
        del self._buffer[: at + 1]
        self._scanned = self._begin = 0
        return Element(raw, b"", ends=True)

    def _trailer(self) -> Element:
        if self._buffer.strip(_SPACE):
            raise Refused(untrusted_answer())
        raw = bytes(self._buffer)
        self._buffer.clear()
        return Element(raw, b"")

    def _pass_string(self) -> None:
        mark = _STRING_MARK.search(self._buffer, self._scanned)
        if mark is None:
            self._scanned = len(self._buffer)
        elif mark[0] == b'"':
            self._in_string, self._scanned = False, mark.end()
        else:
            # A backslash takes the next byte with it, which may not be here yet.
            self._scanned = mark.end() + 1

    def render(self, event: Event) -> bytes:
        """The tree of `event` as one more element; an error is the last."""
        element = (SEPARATOR if self._any else b"[") + orjson.dumps(event.tree)
        return element + b"]" if event.error else element
