"""Patterns that people write: which are refused, and why; how the others are run. Knows RE2 and nothing else."""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass
from functools import cache
from typing import Final

import re2

from dlp_recognizers.page import Page

_MEMORY: Final = 8 << 20
_MOST_STATES: Final = 4_000
"""Instructions of a compiled pattern."""
_MOST_PER_KB: Final = 8
"""Matches in a thousand characters of ordinary text from which on a pattern says too little to be worth its cost."""
_PROBE: Final = 16_384
"""Characters of the texts that a pattern is timed on."""
_PROBE_SECONDS: Final = 0.06
"""CPU time over a probe that only a pattern with a bad worst case needs; a good one takes a tenth of it."""
_STATES_SECONDS: Final = 0.004
"""The same over 32 KB in a set; a good pattern takes a tenth of a millisecond, a bad one ten or more."""
_ORDINARY: Final = (
    "The committee met on Tuesday to discuss the budget for next year; nobody objected, and the chair (Ms Example) "
    'closed the meeting at half past four.\n{"id": 48213, "status": "shipped", "items": [{"sku": "A-100", "qty": 2}], '
    '"total": 129.90}\n2026-03-04T10:11:12.345Z INFO server.http: GET /v1/items/48213 200 in 12 ms\n'
    "def total(items: list[Item]) -> float:\n    return sum(item.price * item.quantity for item in items)\n"
    "Bitte senden Sie die Unterlagen bis Ende der Woche. Le rapport est prêt, merci. name,amount\nwidget,17\n"
)

_FLAGS: Final = re.compile(r"\(\?([a-z]+)\)")
_CODED: Final = re.compile(r"\\[xpPQC0-9]")
"""Escapes that stand for characters by number or class, or quote what follows."""
_COUNT: Final = re.compile(r"(?<!\\)\{[0-9]+(?:,[0-9]*)?\}")
_NO_RUN: Final = frozenset("[({*+?|^$.)]}")


@dataclass(frozen=True, slots=True)
class PatternFault:
    """Why a pattern cannot be used."""

    message: str
    fix: str
    code: str


def program_of(pattern: str, *, memory: int = _MEMORY) -> re2._Regexp:
    """The RE2 program of `pattern` over the bytes of a page. Raises re2.error."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.log_errors = False
    options.max_mem = memory
    return re2.compile(pattern.encode("latin-1"), options)


def fault_of(pattern: str) -> PatternFault | None:
    """What is wrong with `pattern`; None if it can be used."""
    try:
        program = program_of(pattern)
    except UnicodeEncodeError:
        return PatternFault(
            "the pattern has a character beyond Latin-1",
            "put words of other scripts into deny:, or write the pattern without them",
            "pattern-script",
        )
    except re2.error as error:
        reason = error.args[0].decode("latin-1") if error.args and isinstance(error.args[0], bytes) else "not a pattern"
        return PatternFault(f"RE2 refuses the pattern: {reason}", _fix_for(reason), "pattern-syntax")
    if _matches_nothing(program):
        return PatternFault("the pattern matches the empty text", "make one part of it required", "pattern-empty")
    if max(program.programsize, program.reverseprogramsize) > _MOST_STATES:
        return PatternFault(
            "the pattern is too large once its repetitions are written out",
            "use smaller counts in {}, or + and *",
            "pattern-large",
        )
    matches = sum(1 for _ in _spans(program, Page.of(_ORDINARY).data))
    if matches * 1000 > _MOST_PER_KB * len(_ORDINARY):
        return PatternFault(
            f"the pattern matches {matches * 1000 // len(_ORDINARY)} times in 1,000 characters of ordinary text",
            "add a literal part, a word border (\\b) or a length",
            "pattern-everywhere",
        )
    return _exploding(pattern)


def _fix_for(reason: str) -> str:
    if "perl operator" in reason:
        return "RE2 has no look-around and no atomic groups: use \\b, context: or checksum: instead"
    if "escape" in reason:
        return "RE2 has no back-references and knows few escapes: write the character itself, or \\xHH"
    if "repetition" in reason or "large" in reason:
        return "repeat at most 1,000 times, and nest repetitions less"
    return "correct the pattern; the syntax is that of RE2"


def _matches_nothing(program: re2._Regexp) -> bool:
    for text in (b"", b"a", b"0", b" ", b"a a", b"\n", b"a-a", b"A\nA"):
        if any(start == end for start, end in _spans(program, text, most=8)):
            return True
    return False


def _spans(program: re2._Regexp, data: bytes, *, most: int = 1_000_000) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    position = 0
    while len(found) < most and (match := program.search(data, position)) is not None:
        found.append(match.span())
        position = max(match.end(), match.start() + 1)
    return found


def _exploding(pattern: str) -> PatternFault | None:
    """Whether the automaton of the pattern needs new states all along a text that never repeats."""
    for _ in range(3):
        tried = _set_of(pattern)
        started = time.thread_time()
        tried.Match(_shuffled())
        if time.thread_time() - started < _STATES_SECONDS:
            return None
    return PatternFault(
        "the pattern keeps too many places of a text in mind at once",
        "replace counted repetitions of wide classes, such as .{200}, by context:",
        "pattern-states",
    )


def _set_of(pattern: str) -> re2.Set:
    """`pattern` in a set of its own, which has no states yet."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = _MEMORY
    made = re2.Set.SearchSet(options)
    made.Add(pattern.encode("latin-1"))
    made.Add(rb"\x00\x01\x02\x03")  # never there, so that the pass goes to the end as it does among other patterns
    made.Compile()
    return made


@cache
def _shuffled() -> bytes:
    """Ordinary words in an order that never repeats."""
    chance = random.Random(1)  # noqa: S311 - the same text every time
    words = _ORDINARY.split()
    text = " ".join(chance.choice(words) + chance.choice("abcdefghijklmnop") for _ in range(_PROBE))
    return Page.of(text[: 2 * _PROBE]).data


def slow_on(pattern: str, examples: tuple[str, ...]) -> bool:
    """Whether finding every match takes more than linear time on a text made of `examples` and their beginnings."""
    program = program_of(pattern)
    for example in examples[:4]:
        for seed in {example, example[: len(example) // 2 or 1], example[:1], example[-1:]}:
            data = Page.of((seed * (_PROBE // len(seed) + 1))[:_PROBE]).data
            if all(_cpu_seconds(program, data) > _PROBE_SECONDS for _ in range(3)):
                return True
    return False


def _cpu_seconds(program: re2._Regexp, data: bytes) -> float:
    started = time.thread_time()
    position = 0
    while (match := program.search(data, position)) is not None:
        position = max(match.end(), match.start() + 1)
        if time.thread_time() - started > 2 * _PROBE_SECONDS:
            break
    return time.thread_time() - started


def gate_of(pattern: str) -> str:
    """A literal that stands in every match of `pattern`, as a pattern; empty if none shows or it is short."""
    body, folding = pattern, ""
    flags = _FLAGS.match(body)
    if flags:
        body = body[flags.end() :]
        folding = "(?i)" if "i" in flags[1] else ""
    if "|" in body or "(?" in body or _CODED.search(body):
        return ""
    body = _COUNT.sub("{", body)
    best = ""
    for run in _runs(body):
        best = max(best, run, key=len)
    return folding + re2.escape(best) if len(best) >= 3 and best.isascii() else ""


def _runs(body: str) -> list[str]:
    """The stretches of literal characters outside groups and classes, without those that are optional."""
    runs: list[str] = [""]
    depth, index = 0, 0
    while index < len(body):
        char = body[index]
        literal, step = _literal(body, index)
        index += step
        if char == "[":
            index = _class_end(body, index)
        depth += (char == "(") - (char == ")")
        if literal and depth == 0 and body[index : index + 1] not in {"?", "*", "{"}:
            runs[-1] += literal
        else:
            runs.append("")
    return runs


def _literal(body: str, index: int) -> tuple[str, int]:
    char = body[index]
    if char == "\\":
        escaped = body[index + 1 : index + 2]
        return (escaped if escaped and not escaped.isalnum() else ""), 2
    return ("" if char in _NO_RUN else char), 1


def _class_end(body: str, index: int) -> int:
    """Just behind the class whose first character is at `index`."""
    index += body[index : index + 1] == "^"
    index += body[index : index + 1] == "]"
    while index < len(body) and body[index] != "]":
        if body.startswith("[:", index):
            index = body.find(":]", index) + 1 or len(body)
        index += 2 if body[index : index + 1] == "\\" else 1
    return index + 1
