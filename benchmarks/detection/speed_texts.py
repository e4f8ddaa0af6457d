"""Text to measure speed on: prose, code, JSON, logs. A seed gives the same text."""

from __future__ import annotations

import functools
import json
import random
from typing import Final

from benchmarks.detection import innocent
from benchmarks.texts import person

KINDS: Final = ("prose", "code", "JSON", "logs")
_SENTENCES: Final = (
    "The {a} asked whether the {b} of last quarter covers {c}, and how a refund is handled.",
    "Please check the {a} before Friday; {b} is late and nobody has told {c} yet.",
    "According to the minutes, {a} was moved to the second floor while {b} waits for {c}.",
    "We compared {a} with {b}: the difference is {n} percent, which is more than {c} would explain.",
    "Ich habe {a} gestern geprüft, {b} fehlt noch, und {c} kommt erst am {n}. des Monats.",
    "La réunion sur {a} est reportée ; {b} doit encore valider {c} avant le {n} du mois.",
    "In chapter {n} the author explains why {a} and {b} are not the same as {c}.",
)
_NOUNS: Final = """
invoice shipment contract warehouse roof turbine garden bridge lecture harvest committee schedule manuscript kitchen
railway orchestra telescope budget survey museum bakery hospital ferry library vineyard workshop market tunnel
"""
_WORDS: Final = _NOUNS.split()


def _prose(rng: random.Random, size: int) -> str:
    parts: list[str] = []
    length = 0
    while length < size:
        names = {name: f"the {rng.choice(_WORDS)} {rng.choice(_WORDS)}" for name in "abc"}
        sentence = rng.choice(_SENTENCES).format(**names, n=rng.randint(1, 30))
        if rng.random() < 0.04:
            sentence += f" Mail {person(rng)} or call +49 30 {rng.randrange(10**6, 10**7)}."
        parts.append(sentence + ("\n\n" if rng.random() < 0.15 else " "))
        length += len(parts[-1])
    return "".join(parts)[:size]


def _json(rng: random.Random, size: int) -> str:
    rows: list[object] = []
    length = 0
    while length < size:
        row = {
            "id": rng.getrandbits(40),
            "state": rng.choice(_WORDS),
            "title": f"{rng.choice(_WORDS)} {rng.choice(_WORDS)} of {rng.choice(_WORDS)}",
            "created": f"2024-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}T10:{rng.randint(10, 59)}:12Z",
            "hash": f"{rng.getrandbits(128):032x}",
            "share": rng.random(),
            "tags": rng.sample(_WORDS, 3),
            "note": _prose(rng, 120) if rng.random() < 0.3 else None,
        }
        rows.append(row)
        length += len(json.dumps(row)) + 2
    return json.dumps(rows, indent=rng.choice((None, 1)))[:size]


@functools.cache
def _code(seed: int) -> str:
    return "".join(text for _, text in innocent.code(seed, 40_000))


def _logs(rng: random.Random, size: int) -> str:
    texts = [text for _, text in innocent.logs(rng.getrandbits(32), max(10, size // 800))]
    lines = "".join(texts).splitlines(keepends=True)
    rng.shuffle(lines)
    return "".join(lines)[:size]


def pieces(kind: str, size: int, count: int, seed: int) -> list[str]:
    """`count` texts of `size` characters, no two alike."""
    rng = random.Random(f"{kind} {size} {seed}")
    if kind == "code":
        source = _code(seed)
        starts = (source.index("\n", rng.randrange(len(source) - 2 * size)) + 1 for _ in range(count))
        return [_whole(source[at : at + size]) for at in starts]
    make = {"prose": _prose, "JSON": _json, "logs": _logs}[kind]
    return [_whole(make(rng, size)) for _ in range(count)]


def _whole(text: str) -> str:
    """`text` up to the end of its last line or sentence: nobody sends half a word."""
    return text[: max(text.rfind("\n"), text.rfind(". ") + 1, len(text) // 2)]
