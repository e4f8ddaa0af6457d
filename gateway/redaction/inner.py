"""Values inside an encoded blob: how a finding tells where, and how the blob is written again without them. Pure.

A finding covers the whole blob, because that is what stands in the text. Behind the recognizer's name it may say which
places of the blob's contents it means: `email@12-30:EMAIL_ADDRESS:0.95`. Several are joined by commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.redaction.encodings import Held, Unreadable, read, write

MAX_PARTS: Final = 32
"""A blob with more values than this is replaced as a whole."""
_LABEL: Final = re.compile(r"@((?:[0-9]{1,8}-[0-9]{1,8}:[A-Z0-9_]{1,48}:[01]\.[0-9]{1,3},?){1,32})$")


@dataclass(frozen=True, slots=True)
class Part:
    """A value in a blob."""

    start: int
    end: int
    """Offsets into the text that the blob holds."""
    entity: str
    score: float


def label(parts: Sequence[Part]) -> str:
    """What stands behind the recognizer's name; nothing if there are too many parts to say."""
    if not 0 < len(parts) <= MAX_PARTS:
        return ""
    return "@" + ",".join(f"{each.start}-{each.end}:{each.entity}:{min(each.score, 1.0):.2f}" for each in parts)


def parts_of(recognizer: str) -> tuple[Part, ...]:
    """The parts that a recognizer's name tells, in order; none if it tells none."""
    match = _LABEL.search(recognizer) if "@" in recognizer else None
    if match is None:
        return ()
    found = []
    for each in match.group(1).rstrip(",").split(","):
        place, entity, score = each.split(":")
        start, end = place.split("-")
        found.append(Part(int(start), int(end), entity, float(score)))
    return tuple(sorted(found, key=lambda part: (part.start, part.end)))


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


def open_blob(blob: str, parts: Sequence[Part]) -> OpenBlob | None:
    """`blob` opened, if it reads as the parts say and what is written again reads the same; None: replace it whole."""
    try:
        held = read(blob)
    except Unreadable:
        return None
    if held is None or any(not 0 <= part.start < part.end <= len(held.text) for part in parts):
        return None
    again = write(held.coding, held.text, blob)
    if again is None:
        return None
    try:
        return OpenBlob(blob, held) if read(again) == held else None
    except Unreadable:
        return None
