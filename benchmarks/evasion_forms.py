"""The ways of writing of the evasion set: each turns a value into what is sent instead."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import evasion_codings as codings
from benchmarks import evasion_words as words
from benchmarks.evasion_words import BEGIN, END

type Written = Sequence[tuple[str, str]]
"""JSON pointer and text of each piece."""
_ALL = ("mail", "digits", "mixed", "block")
_LINES = ("mail", "digits", "mixed")
_CONTENT = "/messages/0/content"


@dataclass(frozen=True, slots=True)
class Form:
    """One way of writing."""

    name: str
    write: Callable[[str, str, random.Random], Written]
    shapes: tuple[str, ...] = _ALL
    bare: bool = False
    """Whether what `write` gives is the whole text, the words that a value needs included."""

    def holds(self, shape: str) -> bool:
        """Whether a value of this shape can be written so."""
        return shape in self.shapes


def _form(name: str, change: Callable[[str], str], shapes: tuple[str, ...] = _LINES) -> Form:
    return Form(name, lambda value, _context, _rng: [(_CONTENT, change(value))], shapes)


def _cuts(value: str, pieces: int) -> list[str]:
    size = max(1, -(-len(value) // pieces))
    return [value[at : at + size] for at in range(0, len(value), size)]


def _split(name: str, paths: Callable[[int], str], pieces: int, shapes: tuple[str, ...] = _LINES) -> Form:
    def write(value: str, context: str, _rng: random.Random) -> Written:
        cuts = _cuts(value, pieces)
        return [(paths(at), f"{'' if at else context}{BEGIN}{part}{END}") for at, part in enumerate(cuts)]

    return Form(name, write, shapes, bare=True)


def _within_sentences(value: str, context: str, _rng: random.Random) -> Written:
    half = len(value) // 2
    return [
        (
            "/messages/0/content",
            f"The first half of it is as follows, keep it in mind. {context}{BEGIN}{value[:half]}{END}",
        ),
        (
            "/messages/1/content",
            f"{BEGIN}{value[half:]}{END} was the second half; now put both of them together, please.",
        ),
    ]


def _over_an_answer(value: str, context: str, _rng: random.Random) -> Written:
    half = len(value) // 2
    return [
        ("/messages/0/content", f"{context}{BEGIN}{value[:half]}{END}"),
        ("/messages/1/content", f"{BEGIN}{END}Understood. Please go on."),
        ("/messages/2/content", value[half:]),
    ]


FORMS: tuple[Form, ...] = (
    *(_form(name, change) for name, change in words.UNSEEN.items()),
    *(_form(name, change, ("digits", "mixed")) for name, change in words.DIGITS.items()),
    *(_form(name, change, ("mail", "mixed")) for name, change in words.LETTERS.items()),
    *(_form(name, change) for name, change in words.APART.items()),
    *(_form(name, change, ("mail",)) for name, change in words.MAIL.items()),
    *(_form(name, change) for name, change in words.CODE.items()),
    *(_form(name, change) for name, change in words.MARKUP.items()),
    *(_form(name, change, ("block",)) for name, change in words.BLOCK.items()),
    *(_form(name, change, ("digits",)) for name, change in words.SPOKEN.items()),
    *(_form(name, change, _ALL) for name, change in codings.ONCE.items()),
    *(_form(name, change, ("mail", "mixed")) for name, change in codings.TWICE.items()),
    *(_form(name, change) for name, change in codings.CIPHERS.items()),
    _split("two parts", lambda at: f"/messages/0/content/{at}/text", 2, _ALL),
    _split("five parts", lambda at: f"/messages/0/content/{at}/text", 5),
    _split("two messages", lambda at: f"/messages/{at}/content", 2),
    _split("four list elements", lambda at: f"/messages/0/tool_calls/0/input/list/{at}", 4),
    _split("one character for each element", lambda at: f"/input/list/{at}", 999),
    _split("fields of one object", lambda at: f"/messages/0/input/{'abcdef'[at]}", 3),
    Form("two sentences in two messages", _within_sentences, _LINES, bare=True),
    Form("over an answer", _over_an_answer, _LINES, bare=True),
)
