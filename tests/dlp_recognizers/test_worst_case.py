"""Texts made to be slow: for every pattern of every recognizer, and for every way of reading a text.

What is made for a pattern is what almost matches it, over and over, in a window as long as windows get.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from dlp_recognizers.engine import Engine
from dlp_recognizers.hits import ScanIncomplete
from dlp_recognizers.linear import LinearRecognizer, Shape
from dlp_recognizers.page import Page
from dlp_recognizers.windows import WINDOW, split

PATTERN_SECONDS = 0.5
"""CPU of one pattern over one window, on a slow and busy machine; it is some milliseconds."""
WINDOW_SECONDS = 3.0
"""CPU of everything over one window. A job has half of the deadline: ten seconds."""
REPEATS = 3


def example(tree: Any, rng: random.Random) -> str:
    """A string that the parsed pattern matches, near enough: anchors are left out, repetitions are short."""
    out = []
    for op, value in tree:
        if op is ops.LITERAL:
            out.append(chr(value))
        elif op is ops.NOT_LITERAL or op is ops.ANY:
            out.append("x")
        elif op is ops.IN:
            out.append(one_of(value, rng))
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
            low, high, inner = value
            times = min(int(high), max(int(low), 1) + (REPEATS if int(high) > int(low) + REPEATS else 0))
            out.append("".join(example(inner, rng) for _ in range(times)))
        elif op is ops.SUBPATTERN:
            out.append(example(value[-1], rng))
        elif op is ops.BRANCH:
            out.append(example(rng.choice(value[1]), rng))
    return "".join(out)


def one_of(members: Any, rng: random.Random) -> str:
    op, value = members[0]
    if op is ops.NEGATE:
        return "x"
    op, value = rng.choice(members)
    if op is ops.LITERAL:
        return chr(value)
    if op is ops.RANGE:
        return chr(rng.randint(value[0], min(value[1], 0xFF)))
    return {ops.CATEGORY_DIGIT: "7", ops.CATEGORY_SPACE: " "}.get(value, "w")


def texts_for(regex: str) -> Iterator[str]:
    rng = random.Random(regex)
    # RE2 takes a few things that the parser of the standard library does not.
    tree = parser.parse(regex.replace(r"\z", r"\Z").replace("[[:alnum:]]", "[A-Za-z0-9]"))
    whole = example(tree, rng) or "x"
    yield filled(whole + " ")
    yield filled(whole[:-1] or "x")
    yield filled(whole[: len(whole) // 2 + 1])
    yield whole[:-1] + filled(whole[-1:])
    yield filled("".join(example(tree, rng)[:-1] + rng.choice(" \n-.,") for _ in range(20)))


def filled(piece: str) -> str:
    return (piece * (WINDOW // max(1, len(piece)) + 1))[:WINDOW]


def lanes(engine: Engine) -> list[tuple[LinearRecognizer, Shape]]:
    return [(each, shape) for each in engine._recognizers for shape in each.shapes]


def spent(work: object) -> float:
    begin = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - begin


def test_no_pattern_is_slow_on_what_almost_matches_it(engine: Engine) -> None:
    slow, parsed = {}, 0
    for recognizer, shape in lanes(engine):
        try:
            texts = list(texts_for(shape.regex))
            parsed += 1
        except re.error:
            texts = [filled("a1-"), filled("9 ")]
        for number, text in enumerate(texts):
            page = Page.of(text)
            seconds = spent(lambda: list(recognizer.find(page, shape)))  # noqa: B023 - called at once
            if seconds > PATTERN_SECONDS:
                slow[recognizer.label, shape.name, number] = round(seconds, 2)
    assert not slow
    assert parsed > 0.9 * len(lanes(engine)), "most patterns can be taken apart"


HOSTILE = {
    "digits": "0123456789",
    "digits and blanks": "4 5 3 9 ",
    "card groups": "4539 1488 0343 6467 ",
    "counters": "1700000000123456 ",
    "at signs": "a@",
    "addresses": "a.b@c.d.",
    "nines": "9",
    "one letter": "a",
    "capitals": "AB12",
    "dots": "1.2.3.",
    "colons": "a1:b2:",
    "hex": "0123456789abcdef",
    "base64": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo",
    "base64 of base64": "UVVKRFJFVkdSMGhKU2t0TVRVNVBVRkZTVTFSVlZsZFlXVm89",
    "percent": "%41%42",
    "percent of percent": "%2541",
    "escapes": "\\u0041\\n",
    "backslashes": "\\",
    "entities": "&amp;&#65;",
    "quotes": '"a" + "b" ',
    "list": '"a", "b", ',
    "commas": "1,2,",
    "pipes": "a | b ",
    "lines": "a1\nb2\n",
    "blank lines": "\n",
    "blanks": " ",
    "tabs": "1\t",
    "tags": "<b>a</b>",
    "open tags": "<a ",
    "comments": "/* a */b",
    "stars": "**a**",
    "begins": "-----BEGIN ",
    "keys": "-----BEGIN PRIVATE KEY-----\nAAAA\n",
    "assignments": "password=",
    "quoted assignments": '"token": "',
    "urls": "https://a:b@",
    "headers": "Authorization: Bearer ",
    "names": "Dear Ada Roe ",
    "titles": "Dr. Prof. Dr. ",
    "zero width": "4\u200b5\u200b",
    "full width": "\uff14\uff15 ",
    "Cyrillic": "\u0430\u0435",
    "accents": "e\u0301",
    "Morse": ".- -... ",
    "Braille": "\u2801\u2803\u2809",
    "spelled": "one two three ",
    "reversed": "moc.elpmaxe@a ",
    "plus": "+49 30 1",
    "dates": "2024-05-14 ",
    "hyphens": "1-2-3-",
    "words": "abandon ability able about above ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_reading_is_slow(engine: Engine, name: str) -> None:
    text = filled(HOSTILE[name])

    def scan() -> None:
        try:
            engine.scan(text)
        except ScanIncomplete as error:  # too much of it: that refuses, and quickly
            assert error.reason == "too_many_readings"

    assert spent(scan) < WINDOW_SECONDS


def test_time_is_in_proportion_to_the_text(engine: Engine) -> None:
    rng = random.Random(8)
    pieces = sorted(HOSTILE)
    text = "".join(HOSTILE[rng.choice(pieces)] * rng.randint(1, 30) for _ in range(300))
    small, large = text[: len(text) // 5], text

    def scan(whole: str) -> float:
        return spent(lambda: [engine.scan(whole[low:high]) for low, high in split(whole)])

    scan(small)
    assert scan(large) < 10 * scan(small) + 0.5, "five times the text"
