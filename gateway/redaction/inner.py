"""Values inside an encoded blob: how a finding tells where, and how the blob is written again without them. Pure.

A finding covers the whole blob, because that is what stands in the text. Behind the recognizer's name it may say which
places of the blob's contents it means, and a checksum of these contents: `email@0a1b2c3d/12-30:EMAIL_ADDRESS:0.95`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.redaction.encodings import Held, Unreadable, read, write

MAX_PARTS: Final = 32
"""A blob with more values than this is replaced as a whole."""
JOINED: Final = "/joined"
"""Stands behind the name of a recognizer that found a value over several strings."""
_LABEL: Final = re.compile(r"@([0-9a-f]{8})/((?:[0-9]{1,8}-[0-9]{1,8}:[A-Z0-9_]{1,48}:[01]\.[0-9]{1,3},?){1,32})$")


@dataclass(frozen=True, slots=True)
class Part:
    """A value in a blob."""

    start: int
    end: int
    """Offsets into the text that the blob holds."""
    entity: str
    score: float


@dataclass(frozen=True, slots=True)
class Parts:
    """What the finding on a blob means."""

    stamp: str
    """Of the text that was read in the blob; see `stamp`."""
    parts: tuple[Part, ...]
    """In order; they may overlap."""


def stamp(text: str) -> str:
    """A checksum, so that a blob which reads differently here and there is noticed."""
    return f"{zlib.crc32(text.encode('utf-8', 'surrogatepass')):08x}"


def label(stamp: str, parts: Sequence[Part]) -> str:
    """What stands behind the recognizer's name; nothing if there are too many parts to say."""
    if not 0 < len(parts) <= MAX_PARTS:
        return ""
    said = ",".join(f"{each.start}-{each.end}:{each.entity}:{min(each.score, 1.0):.2f}" for each in parts)
    return f"@{stamp}/{said}"


def parts_of(recognizer: str) -> Parts | None:
    """What a recognizer's name tells; None if it tells nothing."""
    match = _LABEL.search(recognizer) if "@" in recognizer else None
    if match is None:
        return None
    found = []
    for each in match.group(2).rstrip(",").split(","):
        place, entity, score = each.split(":")
        start, end = place.split("-")
        found.append(Part(int(start), int(end), entity, float(score)))
    return Parts(match.group(1), tuple(sorted(found, key=lambda part: (part.start, part.end))))


def bare_name(recognizer: str) -> str:
    """The name without what stands behind it."""
    return recognizer.partition("@")[0]


@dataclass(frozen=True, slots=True)
class OpenBlob:
    """A blob that can be written again."""

    blob: str = field(repr=False)
    held: Held

    def value(self, start: int, end: int) -> str:
        """What stands at a place inside."""
        return self.held.text[start:end]

    def write(self, replacements: Iterable[tuple[int, int, str]]) -> str | None:
        """The blob with these places, in order and disjoint, replaced; None if it cannot be encoded."""
        out: list[str] = []
        done = 0
        for start, end, value in replacements:
            out += (self.held.text[done:start], value)
            done = end
        out.append(self.held.text[done:])
        return write(self.held.coding, "".join(out), self.blob)


def open_blob(blob: str, told: Parts) -> OpenBlob | None:
    """`blob` opened, if it reads as the finding says and can be written again; None: it is replaced as a whole."""
    try:
        held = read(blob)
        if held is None or stamp(held.text) != told.stamp:
            return None
        if any(not 0 <= part.start < part.end <= len(held.text) for part in told.parts):
            return None
        again = write(held.coding, held.text, blob)
        return OpenBlob(blob, held) if again is not None and read(again) == held else None
    except Unreadable:
        return None
