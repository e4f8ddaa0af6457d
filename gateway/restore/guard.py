"""Looks for what must not be in an answer while the answer streams: sans-io, the same result for every cutting.

The text is judged in steps of `STEP` characters and what is left of the run they end in (a run has no space). Each step
is scanned once, with `BEFORE` characters of what came before it and at least `AFTER` of what comes after it, so that a
value that lies across two steps is seen whole and has its context. Where the scan happens depends on the text alone,
never on how it was cut into pieces.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from gateway.entities import group_of
from gateway.errors import Refusal, Refused

STEP: Final = 128
BEFORE: Final = 256
AFTER: Final = 96
LONGEST: Final = 4096
"""Longest run that is taken as a whole, in characters. What is held back is less than twice this, `STEP` and `AFTER`;
in prose it is `STEP` and `AFTER` and two words."""
MAX_SEEN: Final = 10_000
"""Different values of one answer that are counted once; further ones count each time."""
_SPACE: Final = re.compile(r"\s")
_KEY_END: Final = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|-----END PGP")
_KEY_TAIL: Final = 80
"""Longest end line of a private key."""


class AnswerAction(enum.StrEnum):
    """What happens to a value in an answer that was not in the request."""

    OFF = "off"
    REPORT = "report"
    """Counted in the event."""
    REDACT = "redact"
    """Replaced before it reaches the agent, and counted."""
    CUT = "cut"
    """The answer ends there with a native error, and it is counted."""


@dataclass(frozen=True, slots=True)
class AnswerProfile:
    """What a rule does about the values in an answer."""

    name: str
    entities: Mapping[str, AnswerAction]
    """Entity name, or `@group`, or `*`, to its action; the most specific wins, none means off."""
    minimum_score: float = 0.5

    def action(self, entity: str) -> AnswerAction:
        """What happens to a value of `entity`."""
        for name in (entity, f"@{group_of(entity).value}", "*"):
            if name in self.entities:
                return self.entities[name]
        return AnswerAction.OFF

    @property
    def idle(self) -> bool:
        """Whether nothing is looked for."""
        return all(action is AnswerAction.OFF for action in self.entities.values())

    @property
    def holds(self) -> bool:
        """Whether text must wait until it was scanned."""
        return any(action in (AnswerAction.REDACT, AnswerAction.CUT) for action in self.entities.values())


class Spotted(Protocol):
    """Something found: offsets in code points, end exclusive."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def entity(self) -> str: ...
    @property
    def score(self) -> float: ...


type Finder = Callable[[str], Sequence[Spotted]]
"""Finds values in a text. Pure and quick: it runs on the loop. Raises for a text it could not look through."""


@dataclass(slots=True)
class AnswerReport:
    """What was found in one answer, counted by entity. Holds no text."""

    found: Counter[str] = field(default_factory=Counter)
    """Different new values by entity."""
    redacted: int = 0
    """Replacements; a text that a dialect sends twice counts twice."""
    cut: bool = False
    _seen: set[int] = field(default_factory=set, repr=False)

    def note(self, entity: str, value: str, action: AnswerAction) -> None:
        """Count one value. Raises AnswerCut where it ends the answer."""
        mark = hash((entity, value))
        if mark not in self._seen:
            self.found[entity] += 1
            if len(self._seen) < MAX_SEEN:
                self._seen.add(mark)
        if action is AnswerAction.CUT:
            self.cut = True
            raise _blocked(entity)
        if action is AnswerAction.REDACT:
            self.redacted += 1


@dataclass(frozen=True, slots=True)
class AnswerGuard:
    """What one answer is looked through with; shared by its texts."""

    profile: AnswerProfile
    finder: Finder
    known: frozenset[str] = field(repr=False)
    """Values that the request itself held: nothing new when the answer says them again."""
    report: AnswerReport = field(default_factory=AnswerReport)

    def judge(self, text: str) -> list[tuple[int, int, str, AnswerAction]]:
        """(start, end, entity, action) of what is new in `text`, in order; what is off is left out."""
        found = []
        for hit in self.finder(text):
            if hit.score < self.profile.minimum_score or text[hit.start : hit.end] in self.known:
                continue
            action = self.profile.action(hit.entity)
            if action is not AnswerAction.OFF:
                found.append((hit.start, hit.end, hit.entity, action))
        return sorted(found)


class AnswerCut(Refused):
    """An answer ends here, because a rule says so."""


def _blocked(entity: str) -> AnswerCut:
    message = (
        f"The model's answer held something that must not reach this agent ({entity}), so it was cut off. Ask your "
        "security team if you need it; asking the model again does not help."
    )
    return AnswerCut(Refusal("llmgw_answer_blocked", 502, message))


def replacement(entity: str) -> str:
    """What stands for a value that was taken out of an answer. ASCII without quotes: valid inside any JSON string."""
    return f"[REMOVED_{entity}]"


@dataclass(frozen=True, slots=True)
class _Cut:
    start: int
    end: int
    entity: str
    action: AnswerAction
    more: bool = False
    """Goes on where an earlier one ended: nothing more is put in its place."""


class TextGuard:
    """One text of one answer. `feed` returns what may go on; in a profile that only reports that is everything."""

    def __init__(self, guard: AnswerGuard) -> None:
        self._guard = guard
        self._holds = guard.profile.holds
        self._text = ""
        """The text from position `_base` on."""
        self._base = 0
        self._judged = 0
        """Up to here every character has been judged."""
        self._released = 0
        self._size = 0
        self._cuts: list[_Cut] = []
        """What was found and reaches into text that has not been released, in order."""
        self._counted = 0
        """End of the last value that was counted."""
        self.removed = 0
        """Replacements made in this text so far."""
        self._open: _Cut | None = None
        """A private key whose end line has not been seen."""

    @property
    def holding(self) -> bool:
        """Whether some text is held back."""
        return self._holds and self._released < self._size

    def feed(self, text: str) -> str:
        """Take the next characters; return those that may go out. Raises AnswerCut where a profile cuts."""
        return self._advance(text, final=False)

    def flush(self) -> str:
        """The text ended: judge and return the rest. Raises AnswerCut where a profile cuts."""
        return self._advance("", final=True)

    def _advance(self, text: str, *, final: bool) -> str:
        self._text += text
        self._size += len(text)
        while self._judged < self._size:
            stop = self._run_end(self._judged + STEP, final=final)
            end = self._run_end(stop + AFTER, final=final) if stop is not None else None
            if stop is None or end is None:
                break
            self._judge(self._judged, stop, end)
        out = self._release() if self._holds else text
        self._forget()
        return out

    def _run_end(self, least: int, *, final: bool) -> int | None:
        """The end of the run that `least` stands in, or None if more text must come first."""
        if self._size > least:
            space = _SPACE.search(self._text, least - self._base, least + LONGEST - self._base)
            if space is not None:
                return space.start() + self._base
            if self._size >= least + LONGEST:
                return least + LONGEST
        return self._size if final else None

    def _judge(self, start: int, stop: int, end: int) -> None:
        begin = max(self._base, start - BEFORE)
        window = self._text[begin - self._base : end - self._base]
        if self._open is not None:
            self._through_key(begin, stop, window)
        for low, high, entity, action in self._guard.judge(window):
            cut = _Cut(low + begin, high + begin, entity, action)
            if cut.end <= start or cut.start >= stop or self._inside_open(cut):
                continue
            if entity == "PRIVATE_KEY" and high == len(window) and _KEY_END.search(window, low) is None:
                self._open = cut
            self._add(cut)
        self._judged = stop

    def _through_key(self, begin: int, stop: int, window: str) -> None:
        """Everything up to the end line belongs to the key whose beginning was seen."""
        key = self._open
        if key is None:
            return
        ended = _KEY_END.search(window, max(0, self._judged - _KEY_TAIL - begin))
        end = ended.end() + begin if ended is not None else stop
        if key.action is AnswerAction.REDACT:
            self._cuts.append(_Cut(self._judged, max(end, self._judged), key.entity, key.action, more=True))
        if ended is not None and end <= stop:
            self._open = None

    def _inside_open(self, cut: _Cut) -> bool:
        return any(each.start <= cut.start and cut.end <= each.end for each in self._cuts)

    def _add(self, cut: _Cut) -> None:
        if cut.start >= self._counted:
            self._counted = cut.end
            value = self._text[cut.start - self._base : cut.end - self._base]
            self._guard.report.note(cut.entity, value, cut.action)
        if cut.action is AnswerAction.REDACT:
            self.removed += 1
            self._cuts.append(cut)
            self._cuts.sort(key=lambda each: (each.start, -each.end))

    def _release(self) -> str:
        out: list[str] = []
        at = self._released
        for cut in self._cuts:
            if cut.start >= self._judged:
                break
            if cut.end <= at:
                continue
            if cut.start >= at:
                out.append(self._text[at - self._base : cut.start - self._base])
                if not cut.more:
                    out.append(replacement(cut.entity))
            # else: its beginning went out, replaced, with the step before
            at = max(at, min(cut.end, self._size))
        if at < self._judged:
            out.append(self._text[at - self._base : self._judged - self._base])
            at = self._judged
        self._released = at
        self._cuts = [cut for cut in self._cuts if cut.end > at]
        return "".join(out)

    def _forget(self) -> None:
        keep = self._judged - BEFORE
        if self._holds:
            keep = min(keep, self._released)
        if keep - self._base > LONGEST:
            self._text = self._text[keep - self._base :]
            self._base = keep


def guard_text(guard: AnswerGuard, text: str) -> str:
    """The whole of `text`, looked through."""
    each = TextGuard(guard)
    return each.feed(text) + each.flush()
