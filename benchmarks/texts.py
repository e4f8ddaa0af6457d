"""Request bodies: English-looking text with personal data at a fixed rate. A seed gives the same bodies everywhere.

Every third thousand characters holds an e-mail address or a phone number, as a support conversation would; all made up.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator

_PROSE = """
the customer asked whether our invoice for last quarter covers extended support and how a refund would be
handled when several orders were merged into one shipment because the warehouse moved while new prices were
already published on every page of that catalogue please write short polite answers which explain each step
without promising anything more than what is written in those terms then list open questions about delivery
dates payment methods return labels repair options spare parts training courses version numbers release notes
change requests meeting minutes project plans risk registers test reports design documents code reviews error
messages log files stack traces data models table names
"""
WORDS = tuple(_PROSE.split())
MODEL = "gpt-4.1"


def text(rng: random.Random, size: int) -> str:
    """About `size` characters of sentences; a mail address or a telephone number in every third thousand of them."""
    return "\n".join(_paragraph(rng, min(1000, size - start)) for start in range(0, max(1, size - 60), 1000))


def _paragraph(rng: random.Random, size: int) -> str:
    parts: list[str] = []
    length = 0
    while length < size:
        sentence = " ".join(rng.choices(WORDS, k=12)).capitalize() + f" in case {rng.randrange(10_000)}. "
        parts.append(sentence)
        length += len(sentence)
    words = "".join(parts)[: max(40, size - 40)].rstrip()
    number = rng.randrange(10**6, 10**7)
    return words + rng.choice((f" Mail {person(rng)}.", f" Call +49 30 {number}.", *[" That is all."] * 4))


def person(rng: random.Random) -> str:
    """A made-up mail address in a domain that is reserved for documentation."""
    return f"{rng.choice(WORDS)}.{rng.choice(WORDS)}{rng.randrange(100)}@{rng.choice(WORDS)}.example.com"


def chat(messages: list[dict[str, str]], *, stream: bool = False) -> bytes:
    """One Chat Completions request body."""
    body: dict[str, object] = {"model": MODEL, "messages": messages, "temperature": 0.2}
    if stream:
        body["stream"] = True
    return json.dumps(body).encode()


def single(rng: random.Random, size: int, *, stream: bool = False) -> bytes:
    """One user message so that the whole body has about `size` bytes."""
    return chat([{"role": "user", "content": text(rng, max(80, size - 90))}], stream=stream)


def singles(seed: int, size: int) -> Iterator[bytes]:
    """Endless bodies no two of them alike."""
    rng = random.Random(seed)
    while True:
        yield single(rng, size)


def conversation(seed: int, *, history: int, turns: int, growth: int) -> list[bytes]:
    """What an agent sends: its whole history each turn, longer by `growth` bytes (an answer and a new question).

    `history` bytes are there from the first turn on, in messages of 1,000 characters.
    """
    rng = random.Random(seed)
    messages = [{"role": "system", "content": text(rng, 400)}]
    roles = itertools.cycle(("user", "assistant"))
    messages += [{"role": next(roles), "content": text(rng, 980)} for _ in range(history // 1024)]
    bodies = []
    for _ in range(turns):
        messages.append({"role": "user", "content": text(rng, growth // 2 - 40)})
        bodies.append(chat(messages))
        messages.append({"role": "assistant", "content": text(rng, growth // 2 - 40)})
    return bodies
