"""AWS event streams (`application/vnd.amazon.eventstream`), sans-io: a parser that checks and a writer that recomputes.

One frame: 4 bytes total length, 4 bytes header length, CRC-32 of those 8, headers, payload, CRC-32 of all before it.
A header: 1 byte name length, name, 1 byte type, value. Integers are big-endian. Source: Smithy's specification of
event streams over HTTP, "Amazon Event Stream".
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from gateway.errors import Refused
from gateway.restore.shape import Event
from gateway.restore.sse import answer_too_large, untrusted_answer

_PRELUDE: Final = struct.Struct(">III")
_CRC: Final = struct.Struct(">I")
_LEAST: Final = _PRELUDE.size + _CRC.size
MAX_HEADER_BYTES: Final = 128 * 1024
"""The specification's own bound on the headers of one frame."""
_MAX_HEADERS: Final = 64
_STRING: Final = 7
_FIXED: Final[Mapping[int, int]] = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a value by type: true, false, byte, short, integer, long, timestamp, UUID."""
_COUNTED: Final = frozenset({6, _STRING})
"""Byte array and string: a length of two bytes stands before the value."""
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame that was checked."""

    raw: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """The headers that are strings."""
    payload: bytes = field(repr=False)
    _head: bytes = field(repr=False)
    """The header block as it came."""

    @property
    def data(self) -> bytes | None:
        """What the frame says; None if it says nothing."""
        return self.payload or None

    @property
    def ends(self) -> bool:
        """A frame never says that the stream is over."""
        return False

    def with_data(self, data: bytes) -> bytes:
        """The frame's bytes with another payload; its headers stay."""
        return _framed(self._head, data)


class ChunkFrame(Frame):
    """A frame of InvokeModelWithResponseStream: its payload holds one event of the model's own, in base64."""

    __slots__ = ()

    @property
    def data(self) -> bytes | None:
        """The model's own event; the payload itself where there is none, as in an exception."""
        tree = _object(self.payload)
        inner = tree.get("bytes")
        if not isinstance(inner, str):
            return self.payload or None
        try:
            return base64.b64decode(inner, validate=True)
        except binascii.Error:
            raise Refused(untrusted_answer()) from None

    def with_data(self, data: bytes) -> bytes:
        """The frame's bytes with another event in it. Padding, whose length told the old event's, is left out."""
        tree = _object(self.payload)
        if not isinstance(tree.get("bytes"), str):
            return super().with_data(data)
        tree.pop("p", None)
        return super().with_data(orjson.dumps({**tree, "bytes": base64.b64encode(data).decode("ascii")}))


class EventStreamParser:
    """Cuts bytes into frames, and writes ours. Raises Refused for a wrong checksum, lengths that do not fit, headers
    that cannot be read, and a frame above `max_event_bytes`."""

    gap = b""
    frame: type[Frame] = Frame

    def __init__(self, max_event_bytes: int) -> None:
        self._limit = max_event_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take the next bytes; yield the frames that are complete."""
        self._buffer += data
        position = 0
        while len(self._buffer) - position >= _PRELUDE.size:
            total, head = self._prelude(position)
            if len(self._buffer) - position < total:
                break
            yield self._read(bytes(self._buffer[position : position + total]), head)
            position += total
        del self._buffer[:position]

    def close(self) -> Frame | None:
        """The stream ended. A frame that was cut off is dropped: without its checksum it cannot be trusted."""
        self._buffer.clear()
        return None

    def render(self, event: Event) -> bytes:
        """A frame that holds the tree of `event`; for an error, the exception of its name."""
        if event.error:
            return exception_frame(event.name, orjson.dumps(event.tree))
        return event_frame(event.name, orjson.dumps(event.tree))

    def _prelude(self, position: int) -> tuple[int, int]:
        total, head, checksum = _PRELUDE.unpack_from(self._buffer, position)
        if checksum != zlib.crc32(self._buffer[position : position + 8]):
            raise Refused(untrusted_answer())
        if total > self._limit:
            raise Refused(answer_too_large())
        if head > MAX_HEADER_BYTES or total < _LEAST + head:
            raise Refused(untrusted_answer())
        return total, head

    def _read(self, raw: bytes, head: int) -> Frame:
        if _CRC.unpack_from(raw, len(raw) - _CRC.size)[0] != zlib.crc32(raw[: -_CRC.size]):
            raise Refused(untrusted_answer())
        start = _PRELUDE.size
        block = raw[start : start + head]
        return self.frame(raw, _headers(block), raw[start + head : -_CRC.size], block)


class ChunkStreamParser(EventStreamParser):
    """The same for InvokeModelWithResponseStream, whose frames hold the model's own events."""

    frame = ChunkFrame

    def render(self, event: Event) -> bytes:
        """A frame with the model's own event in it; for an error, the exception of its name."""
        if event.error:
            return super().render(event)
        inner = base64.b64encode(orjson.dumps(event.tree)).decode("ascii")
        return event_frame("chunk", orjson.dumps({"bytes": inner}))


def encode_frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """A frame with string headers. Raises ValueError for a name or value that does not fit."""
    block = bytearray()
    for name, value in headers.items():
        encoded, text = name.encode("utf-8"), value.encode("utf-8")
        if not 0 < len(encoded) < 256 or len(text) > 32_767:
            raise ValueError("a header of an event stream does not fit")
        block += bytes((len(encoded),)) + encoded + bytes((_STRING,)) + struct.pack(">H", len(text)) + text
    return _framed(bytes(block), payload)


def event_frame(kind: str, payload: bytes) -> bytes:
    """A frame that carries the event `kind`, as Bedrock writes them."""
    return encode_frame({":event-type": kind, ":content-type": _JSON, ":message-type": "event"}, payload)


def exception_frame(kind: str, payload: bytes) -> bytes:
    """A frame on which the AWS SDKs raise: `kind` is the member of the event union, as `validationException`."""
    headers = {":exception-type": kind, ":content-type": _JSON, ":message-type": "exception"}
    return encode_frame(headers, payload)


def _framed(head: bytes, payload: bytes) -> bytes:
    lengths = struct.pack(">II", _LEAST + len(head) + len(payload), len(head))
    whole = lengths + _CRC.pack(zlib.crc32(lengths)) + head + payload
    return whole + _CRC.pack(zlib.crc32(whole))


def _headers(block: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    position = count = 0
    try:
        while position < len(block):
            count += 1
            name, position = _take(block, position + 1, block[position])
            kind, position = block[position], position + 1
            if kind in _COUNTED:
                size = int.from_bytes(_take(block, position, 2)[0])
                position += 2
            else:
                size = _FIXED[kind]
            value, position = _take(block, position, size)
            if kind == _STRING:
                found[name.decode("utf-8")] = value.decode("utf-8")
            if count > _MAX_HEADERS:
                raise Refused(untrusted_answer())
    except (IndexError, KeyError, UnicodeDecodeError):
        raise Refused(untrusted_answer()) from None
    return found


def _take(block: bytes, position: int, size: int) -> tuple[bytes, int]:
    if position + size > len(block):
        raise Refused(untrusted_answer())
    return block[position : position + size], position + size


def _object(payload: bytes) -> dict[str, object]:
    try:
        tree = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return {}
    return tree if isinstance(tree, dict) else {}
