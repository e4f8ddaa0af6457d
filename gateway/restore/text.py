"""Puts values back into a text that comes in pieces: sans-io, bounded hold-back, the same result for every cutting."""

from __future__ import annotations

import enum
import functools
import json
import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.redaction.placeholders import MAX_LENGTH, PATTERN
from gateway.restore.links import LinkTracker
from gateway.restore.nesting import JsonNesting

CREDENTIAL: Final = "[credential]"
"""What stands in an answer where the upstream quoted a credential of ours."""


class Escape(enum.Enum):
    """How a value must be written in the place of its placeholder."""

    NONE = enum.auto()
    """As it is, unless the text turns out to be JSON (structured output)."""
    JSON = enum.auto()
    """In JSON that is itself text (tool-call arguments): escaped for the string it stands in, without quotes."""


@dataclass(slots=True)
class Tally:
    """Counts placeholders put back in one answer."""

    restored: int = 0


@functools.lru_cache(maxsize=64)
def _patterns(masks: tuple[str, ...]) -> tuple[tuple[str, ...], re.Pattern[str], re.Pattern[bytes]]:
    """The masks in order, what to look for, and what may hold it. A gateway has few credentials: remembered."""
    masks = tuple(sorted({mask for mask in masks if mask}, key=lambda mask: (-len(mask), mask)))
    parts = [*(re.escape(mask) for mask in masks), PATTERN]
    source = "|".join(parts)
    escaped = "".join(f"|{re.escape(_escaped(mask))}" for mask in masks if _escaped(mask) != mask)
    return masks, re.compile(source), re.compile(rf"{source}{escaped}|\\[u/]".encode())


@dataclass(frozen=True, slots=True)
class Table:
    """What to look for in one answer. Made once, shared by all its texts."""

    values: Mapping[str, str] = field(repr=False)
    """Placeholder to value. Nothing else is ever resolved."""
    masks: tuple[str, ...] = field(repr=False)
    """Texts that must not come through, longest first."""
    keys: tuple[str, ...] = field(repr=False)
    """The placeholders, sorted."""
    pattern: re.Pattern[str] = field(repr=False)
    suspicious: re.Pattern[bytes] = field(repr=False)
    """Matches UTF-8 JSON text that may hold something to replace outside the texts that come in pieces."""

    special: bool
    """Whether any value would be written differently in a JSON string."""

    @classmethod
    def of(cls, values: Mapping[str, str], masks: tuple[str, ...]) -> Table:
        """A table of `values` and `masks`; empty masks count as none. Raises ValueError for a key that is no
        placeholder."""
        if any(re.fullmatch(PATTERN, key) is None for key in values):
            raise ValueError("a key of the restore mapping is not a placeholder")
        masks, pattern, suspicious = _patterns(masks)
        special = any(_escaped(value) != value for value in values.values())
        return cls(values, masks, tuple(sorted(values)), pattern, suspicious, special)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to look for."""
        return not self.keys and not self.masks

    def hold_from(self, text: str, position: int) -> int:
        """Where the end of `text` begins, at `position` or later, that may still become something to replace."""
        hold = len(text)
        bracket = text.rfind("[", max(position, len(text) - MAX_LENGTH))
        if bracket >= 0:
            tail = text[bracket:]
            at = bisect_left(self.keys, tail)
            if at < len(self.keys) and self.keys[at] != tail and self.keys[at].startswith(tail):
                hold = bracket
        for mask in self.masks:
            start = text.find(mask[0], max(position, len(text) - len(mask) + 1))
            while 0 <= start < hold:
                if mask.startswith(text[start:]):
                    hold = start
                    break
                start = text.find(mask[0], start + 1)
        return hold


class TextRestorer:
    """One text of one answer. What it returns depends on the text alone, never on how it was cut."""

    def __init__(
        self, table: Table, tally: Tally | None = None, *, escape: Escape = Escape.NONE, in_urls: bool = False
    ) -> None:
        self._table = table
        self._tally = tally if tally is not None else Tally()
        self._nesting = JsonNesting(certain=escape is Escape.JSON) if table.special else None
        self._least = 1 if escape is Escape.JSON else 0
        self._links = None if in_urls or escape is Escape.JSON else LinkTracker()
        self._held = ""
        self.restored = 0

    @property
    def holding(self) -> bool:
        """Whether some text is held back."""
        return bool(self._held)

    def feed(self, text: str) -> str:
        """Take the next characters; return those that are settled."""
        return self._advance(self._held + text, final=False)

    def flush(self) -> str:
        """The text ended: return what was held back."""
        return self._advance(self._held, final=True)

    def _advance(self, text: str, *, final: bool) -> str:
        table = self._table
        hold = len(text) if final else table.hold_from(text, 0)
        out: list[str] = []
        position = 0
        for match in table.pattern.finditer(text):
            if match.start() >= hold:
                break
            replacement = self._replacement(match[0])
            out.append(self._settled(text[position : match.start()]))
            out.append(self._resolve(match[0], replacement))
            if self._nesting is not None:
                self._nesting.passed(match[0])
            position = match.end()
            if position > hold:
                hold = table.hold_from(text, position)
        out.append(self._settled(text[position:hold]))
        self._held = text[hold:]
        return "".join(out)

    def _replacement(self, found: str) -> str | None:
        if found in self._table.masks:
            return CREDENTIAL
        return self._table.values.get(found)

    def _resolve(self, found: str, replacement: str | None) -> str:
        """`found` or what stands for it; asked only once everything before it has passed the link tracker."""
        known = replacement is not None and found not in self._table.masks
        if replacement is None or (known and self._links is not None and self._links.inside):
            return self._passed(found)
        if known:
            self.restored += 1
            self._tally.restored += 1
        if self._nesting is not None:
            for _ in range(max(self._least, self._nesting.depth)):
                replacement = _escaped(replacement)
        return self._passed(replacement)

    def _settled(self, text: str) -> str:
        if self._nesting is not None:
            self._nesting.passed(text)
        return self._passed(text)

    def _passed(self, text: str) -> str:
        if self._links is not None:
            self._links.passed(text)
        return text


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def restore_text(table: Table, text: str, tally: Tally, *, escape: Escape = Escape.NONE, in_urls: bool = False) -> str:
    """The whole of `text` with values put back."""
    if table.pattern.search(text) is None:
        return text
    restorer = TextRestorer(table, tally, escape=escape, in_urls=in_urls)
    return restorer.feed(text) + restorer.flush()
