"""Generates requests of every dialect with made-up sensitive values at random places. One number, the same request.

A case never shows a value in its name, so that a failing test can say which case it was.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import brotli
import zstandard

from gateway.entities import EntityGroup, group_of
from tests.dlp_recognizers.values import KINDS, Kind

Json = Any

REMOVABLE = tuple(kind for kind in KINDS if kind.entity != "PRIVATE_KEY")
"""Kinds that the shipped rules let out without their value; a private key stops the request."""

WRAPPERS = (
    "Please look at {v} and tell me.", "{v}", "value: {v}", "(see {v})", "{v},next", "| a | {v} | b |",
    "INSERT INTO t VALUES ('{v}');", "x = '{v}'  # note", "Das ist {v}, wie gewünscht.", "<td>{v}</td>", "a;{v};b",
    "[{v}]", "first line\n{v}\nlast line", "\t{v}\t", 'she said "{v}" twice', "日本語 {v} です", "🙂 {v} 🙃",
    "naïve café – {v} – fin", "back\\slash {v} and/or", "`{v}`", "**{v}**", "{{\"k\": \"{v}\"}}", "Привет, {v}!",
)  # fmt: skip
FILLERS = (
    "Write a short poem about the sea.", "Wie wird das Wetter morgen?", "Sum up the minutes.", "Schreib es um.",
    "Explain \"recursion\" to a child.", "何か面白い話をして。", "A C:\\path\\to\\file and a tab\there.", "🙂", "",
)  # fmt: skip
_LABELS = {"PL_PESEL": "PESEL "}
"""Kinds that a bare row of digits does not tell outside running text: one order number in ten passes the check."""
_PASSWORD = re.compile(r"://[^:/@]*:([^@]+)@")


@dataclass(frozen=True, slots=True)
class Placed:
    """A value, and where it was put."""

    entity: str
    place: str
    value: str = field(repr=False)

    @property
    def secret(self) -> bool:
        """Whether the value must never come back either."""
        return group_of(self.entity) is EntityGroup.SECRET

    @property
    def needles(self) -> tuple[str, ...]:
        """What must not be found: the value, the password alone of a URL, and the value less its edges."""
        inner = _PASSWORD.search(self.value)
        if inner:
            return (self.value, inner[1])
        return (self.value, self.value[:-3], self.value[3:])


@dataclass(frozen=True, slots=True)
class Case:
    """One request and what is known about it."""

    name: str
    path: str
    tree: Json = field(repr=False)
    raw: bytes = field(repr=False)
    """The JSON text."""
    coding: str
    chunked: bool
    stream: bool
    tool: bool
    marker: str
    placed: tuple[Placed, ...]
    echoed: str | None = field(repr=False)
    """What a model that repeats the user would repeat; None where nothing is repeated."""
    refusals: frozenset[str] = frozenset()
    """Codes with which this shape may be refused."""

    @property
    def body(self) -> bytes:
        """The bytes on the wire, less their framing."""
        return ENCODERS[self.coding](self.raw)


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": lambda data: gzip.compress(data, 1),
    "deflate": lambda data: zlib.compress(data, 1),
    "br": lambda data: bytes(brotli.compress(data, quality=1)),
    "zstd": lambda data: zstandard.ZstdCompressor(level=1).compress(data),
}


def marker_of(number: int) -> str:
    """A word of letters alone that names a case and means nothing else."""
    letters = ""
    for _ in range(6):
        number, rest = divmod(number, 16)
        letters += "bcdfghjklmnpqrst"[rest]
    return f"zq{letters}zq"


# JSON as clients write it


def dump(rng: random.Random, tree: Json) -> str:
    """`tree` as JSON, with spellings that mean the same: \\u escapes, escaped slashes, white space."""
    style = rng.choice(("plain", "ascii", "every", "some"))
    gap = rng.choice(("", " ", "\n "))
    return _dump(rng, tree, style, gap)


def _dump(rng: random.Random, tree: Json, style: str, gap: str) -> str:
    if isinstance(tree, str):
        return spell(rng, tree, style)
    if isinstance(tree, dict):
        members = (f"{spell(rng, name, style)}{gap}:{gap}{_dump(rng, each, style, gap)}" for name, each in tree.items())
        return "{" + gap + f",{gap}".join(members) + "}"
    if isinstance(tree, list):
        return "[" + f",{gap}".join(_dump(rng, each, style, gap) for each in tree) + gap + "]"
    return json.dumps(tree)


def spell(rng: random.Random, text: str, style: str) -> str:
    """A JSON string that says `text`."""
    if style in ("plain", "ascii"):
        return json.dumps(text, ensure_ascii=style == "ascii")
    share = 1.0 if style == "every" else 0.2
    out = []
    for char in text:
        if rng.random() < share:
            units = char.encode("utf-16-be").hex()
            hexes = (units[at : at + 4] for at in range(0, len(units), 4))
            out.append("".join("\\u" + (each.upper() if rng.random() < 0.5 else each) for each in hexes))
        else:
            out.append("\\/" if char == "/" and rng.random() < 0.5 else json.dumps(char, ensure_ascii=False)[1:-1])
    return '"' + "".join(out) + '"'


# Building


class Builder:
    """Makes one case. Every text that it hands out may hold values, which it notes."""

    def __init__(self, number: int, *, kinds: tuple[Kind, ...] = REMOVABLE) -> None:
        self.rng = random.Random(number)
        self.number = number
        self.marker = marker_of(number)
        self.placed: list[Placed] = []
        self._kinds = kinds

    def value(self, place: str, kind: Kind | None = None) -> str:
        """A fresh value, noted."""
        kind = kind or self.rng.choice(self._kinds)
        value = kind.make(self.rng)
        self.placed.append(Placed(kind.entity, place, value))
        return value

    def text(self, place: str, chance: float = 0.25) -> str:
        """A text that holds values with this chance."""
        rng = self.rng
        if rng.random() >= chance:
            return rng.choice(FILLERS) or "Thanks."
        # A function, because a value may hold braces of its own.
        parts = [self._wrapped(place) for _ in range(rng.choice((1, 1, 1, 2)))]
        if rng.random() < 0.3:
            parts.insert(0, rng.choice(FILLERS))
        return rng.choice((" ", "\n", " - ")).join(parts)

    def _wrapped(self, place: str) -> str:
        before, after = self.rng.choice(WRAPPERS).replace("{{", "{").replace("}}", "}").split("{v}")
        value = self.value(place)
        return before + _LABELS.get(self.placed[-1].entity, "") + value + after

    def free(self, place: str, depth: int = 3) -> Json:
        """An object or list that no API knows."""
        rng = self.rng
        kind = rng.random() if depth else 0.0
        if kind < 0.4:
            return self.text(place, 0.4)
        if kind < 0.6:
            return [self.free(place, depth - 1) for _ in range(rng.randint(0, 3))]
        names = [self.key(place) for _ in range(rng.randint(1, 3))]
        return {name: self.free(place, depth - 1) for name in names}

    def key(self, place: str) -> str:
        """A name in an object, at times a value."""
        if self.rng.random() < 0.15:
            value = self.value(f"{place} key")
            return _LABELS.get(self.placed[-1].entity, "") + value
        return self.rng.choice(("customer", "note", "größe", "x/y", "a~b", "owner")) + str(self.rng.randint(0, 99))

    def nested(self, place: str) -> str:
        """JSON in a string, at times in a string once more."""
        rng = self.rng
        inner = dump(rng, {"query": self.text(place, 0.6), "options": self.free(place, 1)})
        return dump(rng, {"input": inner, "n": rng.randint(0, 9)}) if rng.random() < 0.5 else inner

    def schema(self, place: str) -> Json:
        """A JSON Schema that says more than it should."""
        rng = self.rng
        shape: Json = {"type": "string", "description": self.text(f"{place} description")}
        if rng.random() < 0.3:
            shape["enum"] = [self.text(f"{place} enum"), "other"]
        if rng.random() < 0.3:
            shape["default"] = self.text(f"{place} default")
        if rng.random() < 0.2:
            shape["examples"] = [self.text(f"{place} example")]
        name = self.value(f"{place} property") if rng.random() < 0.08 else "text"
        return {"type": "object", "properties": {name: shape}, "required": [name]}

    def last_words(self) -> str:
        """The user's last message, which a stub repeats."""
        return f"{self.marker} {self.text('last message', 0.7)}"

    def parts(self, kind: str, text: str) -> Json:
        """A message's content: a string or parts (whose texts the stub joins with a blank)."""
        if self.rng.random() < 0.6:
            return text
        if not text.startswith(self.marker):
            return [{"type": kind, "text": text}, *([{"type": kind, "text": "Thanks."}] if self.some(0.3) else [])]
        # Cut behind the marker, never within a value.
        return [{"type": kind, "text": self.marker}, {"type": kind, "text": text[len(self.marker) + 1 :]}]

    def some(self, chance: float) -> bool:
        """True with this chance."""
        return self.rng.random() < chance


def case(number: int, *, kinds: tuple[Kind, ...] = REMOVABLE) -> Case:
    """Case `number`: always the same."""
    # Imported late: the dialects below use the builder above.
    from tests.support.request_shapes import SHAPES

    builder = Builder(number, kinds=kinds)
    rng = builder.rng
    path, make = rng.choice(SHAPES)
    tree, echoed = make(builder)
    stream = bool(tree.get("stream"))
    raw = dump(rng, tree).encode("utf-8")
    return Case(
        name=f"{number} {path}",
        path=path,
        tree=tree,
        raw=raw,
        coding=rng.choice(tuple(ENCODERS)),
        chunked=builder.some(0.3),
        stream=stream,
        tool=bool(tree.get("tools")),
        marker=builder.marker,
        placed=tuple(builder.placed),
        echoed=echoed,
    )


# Looking for values

_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def unescaped(text: str) -> str:
    """`text` with JSON's escapes read once, whether it is JSON or not."""
    plain = _ESCAPE.sub(lambda hit: chr(int(hit[1], 16)) if hit[1] else _SHORT.get(hit[2], hit[2]), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def views(data: bytes, depth: int = 5) -> Iterator[str]:
    """What a reader could make of bytes: as they are, and with escapes read up to `depth` times."""
    text = data.decode("utf-8", "replace")
    for _ in range(depth):
        yield text
        inner = unescaped(text)
        if inner == text:
            return
        text = inner


def leaks(data: bytes, placed: tuple[Placed, ...]) -> list[tuple[str, str]]:
    """Entity and place of every value that `data` holds in any spelling."""
    seen = list(views(data))
    return [
        (each.entity, each.place) for each in placed if any(needle in view for view in seen for needle in each.needles)
    ]
