"""What a generator of values makes, and which words tell what it is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dlp_recognizers.engine import Engine


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value: its entity, how to make one."""

    entity: str
    make: Callable[[random.Random], str]
    labels: tuple[str, ...] = ()
    """Words of which one has to stand before the value; none: the value is found without."""


CARRIERS = (
    "{l}: {v}",
    "My {l} is {v}, please check.",
    "| {l} | {v} |",
    '{{"{l}": "{v}"}}',
    "{l}\t{v}",
    '{l} = "{v}"  # fixture',
    "2026-01-02 03:04:05 INFO user update {l}={v} done",
    "id,{l},note\n1,{v},ok\n2,,\n",
    "Hello,\n{l}: {v}\nthanks",
)
"""Prose, tables, JSON, code, a log line, CSV: places for a value with a word."""
BARE_CARRIERS = (
    "Please look at {v} and tell me.",
    "{v}",
    '{{"k": "{v}"}}',
    "a;{v};b",
    "x = '{v}'",
    "2026-01-02 03:04:05 INFO got {v} done",
)
"""The same without a word."""


def coverage(engine: Engine, kind: Kind, *, seeds: Iterable[int]) -> tuple[int, int, int]:
    """How often a value was covered as a whole, how often its entity was named, and how often it was tried."""
    found = named = total = 0
    for seed in seeds:
        rng = random.Random(seed)
        value = kind.make(rng)
        label = rng.choice(kind.labels) if kind.labels else ""
        for carrier in CARRIERS if kind.labels else BARE_CARRIERS:
            text = carrier.format(l=label, v=value)
            at = text.rindex(value)
            hits = [hit for hit in engine.scan(text) if hit.score >= 0.5]
            covered = {place for hit in hits for place in range(hit.start, hit.end)}
            found += covered.issuperset(range(at, at + len(value)))
            named += any(hit.entity == kind.entity for hit in hits)
            total += 1
    return found, named, total
