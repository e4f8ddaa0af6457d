"""What the openers' pool and its processes say to each other: frames as in `dlp_recognizers.frames`, larger ones."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from dlp_recognizers.attachments.budget import REASONS
from dlp_recognizers.frames import FrameError
from gateway.attached import PartRole, Reading, ReadPart, Rewritten

MAX_FRAME: Final = 160 * 1024 * 1024
LENGTH: Final = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Task:
    """One document to open, or to change and open again."""

    media_type: str
    name: str = field(repr=False)
    data: str | bytes = field(repr=False)
    change: bool = False
    source: str | None = field(default=None, repr=False)
    pixels: tuple[tuple[int, int], ...] = ()

    @property
    def size(self) -> int:
        """Characters or bytes of the document."""
        return len(self.data)


def pack_task(task: Task) -> bytes:
    """A frame with one task."""
    head = orjson.dumps(
        {
            "media_type": task.media_type,
            "name": task.name.encode("utf-8", "replace").decode(),
            "text": isinstance(task.data, str),
            "change": task.change,
            "pixels": task.pixels,
        }
    )
    source = b"" if task.source is None else task.source.encode("utf-8", "surrogatepass")
    data = task.data.encode("utf-8", "replace") if isinstance(task.data, str) else task.data
    head_lengths = struct.pack("<IIi", len(head), len(data), -1 if task.source is None else len(source))
    return packed(head_lengths + head + data + source)


def unpack_task(body: bytes) -> Task:
    """The task of a frame."""
    head_size, data_size, source_size = struct.unpack_from("<IIi", body)
    at = struct.calcsize("<IIi")
    head: dict[str, Any] = orjson.loads(body[at : at + head_size])
    at += head_size
    raw = body[at : at + data_size]
    source = body[at + data_size :].decode("utf-8", "surrogatepass") if source_size >= 0 else None
    return Task(
        head["media_type"],
        head["name"],
        raw.decode("utf-8", "replace") if head["text"] else raw,
        head["change"],
        source,
        tuple((start, end) for start, end in head["pixels"]),
    )


def packed(body: bytes) -> bytes:
    """`body` with its length in front. Raises FrameError above `MAX_FRAME`."""
    if len(body) > MAX_FRAME:
        raise FrameError("frame over the bound")
    return LENGTH.pack(len(body)) + body


def pack_reading(reading: Reading, data: str | bytes | None = None) -> bytes:
    """A frame with what was read, and for a change the new content."""
    return packed(
        orjson.dumps(
            {
                "kind": reading.content_type,
                "unknown": reading.unknown,
                "parts": [(part.role, part.text) for part in reading.parts],
                "data": data if isinstance(data, str) else None,
                "bytes": base64.b64encode(data).decode("ascii") if isinstance(data, bytes) else None,
            }
        )
    )


def unpack_reading(body: bytes) -> tuple[Reading, Rewritten | None]:
    """What was read, and the new content if there is one. Raises FrameError for anything else than that: a process
    that reads hostile files is not believed blindly."""
    try:
        reply = orjson.loads(body)
        unknown = tuple(reply["unknown"])
        parts = tuple(ReadPart(PartRole(role), _text(text)) for role, text in reply["parts"])
        if not REASONS.issuperset(unknown):
            raise FrameError("unknown reason")
        reading = Reading(_text(reply["kind"]), unknown, parts)
        data, raw = reply["data"], reply["bytes"]
        if raw is not None:
            return reading, Rewritten(base64.b64decode(raw, validate=True), reading)
        return reading, None if data is None else Rewritten(_text(data), reading)
    except (ValueError, TypeError, KeyError):
        raise FrameError("reply is malformed") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise FrameError("reply is malformed")
    return value
