"""What the pool and its scan processes say to each other: length-prefixed frames over two pipes, sans-io.

A frame is a little-endian 32-bit length and that many bytes. Texts travel as UTF-8 with surrogates passed through, so
that offsets stay code points whatever a client sent; everything else is JSON.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

MAX_FRAME: Final = 16 * 1024 * 1024
"""Bytes in the largest frame that either side accepts."""

_LENGTH: Final = struct.Struct("<I")

type RawHit = tuple[int, int, str, float, str]
"""Start, end (code points, end exclusive), entity, score, recognizer."""

type UnitResult = tuple[RawHit, ...] | str
"""The hits in one text, or the reason why it was not scanned."""


class FrameError(Exception):
    """The other side does not keep to the protocol. Holds no content."""


class FrameReader:
    """Cuts a stream of bytes into frames; the same frames for every chunking."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes and yield each frame that is complete. Raises FrameError for an oversized one."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer)
            if size > self._limit:
                raise FrameError("frame over the bound")
            end = _LENGTH.size + size
            if len(self._buffer) < end:
                return
            frame = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield frame


def frame(body: bytes) -> bytes:
    """`body` with its length in front. Raises FrameError above `MAX_FRAME`."""
    if len(body) > MAX_FRAME:
        raise FrameError("frame over the bound")
    return _LENGTH.pack(len(body)) + body


def pack_json(value: Any) -> bytes:
    """A frame that holds `value` as JSON."""
    return frame(orjson.dumps(value))


def pack_texts(texts: Sequence[str]) -> bytes:
    """A frame that holds the texts of one job."""
    parts: list[bytes] = []
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        parts.append(_LENGTH.pack(len(data)))
        parts.append(data)
    return frame(b"".join(parts))


def unpack_texts(body: bytes) -> list[str]:
    """The texts of a job. Raises FrameError when the body is not one."""
    texts: list[str] = []
    at = 0
    while at < len(body):
        if at + _LENGTH.size > len(body):
            raise FrameError("job cut short")
        (size,) = _LENGTH.unpack_from(body, at)
        at += _LENGTH.size
        if at + size > len(body):
            raise FrameError("job cut short")
        try:
            texts.append(body[at : at + size].decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            # Not chained: that exception carries the text.
            raise FrameError("job is not UTF-8") from None
        at += size
    return texts


def unpack_reply(body: bytes, lengths: Sequence[int]) -> tuple[int, list[UnitResult]]:
    """Resident bytes of the process, and one result for each text of the job, whose lengths in code points are given.

    Raises FrameError for anything that does not fit the job: a process that reads hostile text is not believed blindly.
    """
    try:
        rss, results = orjson.loads(body)
        if not isinstance(rss, int) or len(results) != len(lengths):
            raise FrameError("reply does not fit the job")
        return rss, [_unit_result(result, length) for result, length in zip(results, lengths, strict=True)]
    except (ValueError, TypeError) as error:
        raise FrameError("reply is malformed") from error


def _unit_result(result: object, length: int) -> UnitResult:
    if isinstance(result, str):
        return result
    if not isinstance(result, list):
        raise FrameError("reply is malformed")
    return tuple(_hit(raw, length) for raw in result)


def _hit(raw: Any, length: int) -> RawHit:
    start, end, entity, score, recognizer = raw
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length):
        raise FrameError("hit outside its text")
    if not (isinstance(entity, str) and isinstance(recognizer, str) and isinstance(score, int | float)):
        raise FrameError("hit is malformed")
    return start, end, _shared(entity), float(score), _shared(recognizer)


_NAMES: Final[dict[str, str]] = {}
_MAX_NAMES: Final = 1024


def _shared(name: str) -> str:
    """One object for each entity and recognizer name, so that cached hits do not hold copies; bounded."""
    known = _NAMES.get(name)
    if known is not None:
        return known
    if len(_NAMES) < _MAX_NAMES:
        _NAMES[name] = name
    return name
