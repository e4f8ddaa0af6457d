"""Made-up tokens of every known vendor, put together at run time from the formats themselves."""

from __future__ import annotations

import random
import re._parser as parser  # type: ignore[import-not-found]
import string
from collections.abc import Callable

from dlp_recognizers.secret_contexts import CONTEXTS
from dlp_recognizers.secret_tokens import TOKENS
from tests.dlp_recognizers.kinds import Kind

type Node = tuple[object, object]


def _members(items: list[Node]) -> str:
    """The characters of a class; letters and digits only, where it has any."""
    chars: set[str] = set()
    for kind, value in items:
        if str(kind) == "RANGE":
            low, high = value  # type: ignore[misc]
            chars.update(map(chr, range(low, high + 1)))
        elif str(kind) == "LITERAL":
            chars.add(chr(value))  # type: ignore[call-overload]
    plain = chars & set(string.ascii_letters + string.digits)
    return "".join(sorted(plain or chars))


def _make(rng: random.Random, nodes: object) -> str:
    out = ""
    for kind, value in nodes:  # type: ignore[attr-defined]
        name = str(kind)
        if name == "LITERAL":
            out += chr(value)
        elif name == "IN":
            out += rng.choice(_members(value))
        elif name == "MAX_REPEAT":
            low, high, inner = value
            for _ in range(rng.randint(low, min(high, low + 6))):
                out += _make(rng, inner)
        elif name == "BRANCH":
            out += _make(rng, rng.choice(value[1]))
        elif name == "SUBPATTERN":
            out += _make(rng, value[3])
        elif name != "AT":
            raise ValueError(name)
    return out


def of_pattern(pattern: str) -> Callable[[random.Random], str]:
    """Makes strings that match `pattern`, as random as a vendor's."""
    nodes = parser.parse(pattern)

    def make(rng: random.Random) -> str:
        value = ""
        for _ in range(200):
            value = _make(rng, nodes)
            # Generated tokens have digits, and capitals where their alphabet has them.
            if sum(map(str.isdigit, value[-24:])) >= 3 and len(set(value)) >= 11:
                capitals = sum(map(str.isupper, value[-24:]))
                if capitals >= 2 or not value[-24:].isalnum() or value[-24:].islower() or value.isupper():
                    break
        return value

    return make


def _named(make: Callable[[random.Random], str], name: str) -> Callable[[random.Random], str]:
    make.__name__ = name.replace(" ", "_").replace(".", "_")
    return make


VENDOR_TOKENS = tuple(Kind("API_KEY", _named(of_pattern(regex), name)) for name, regex in TOKENS)
"""One kind for each format that is known by its shape."""
_LABELS = {
    "azure openai": "azure openai",
    "assemblyai": "assemblyai",
    "elevenlabs": "elevenlabs",
    "kubeadm": "kubeadm",
    "django": "django",
    "rails": "secret_key_base",
    "wireguard": "private_key",
    "azure devops": "azure devops",
    "grafana old": "grafana",
    "openweather": "openweather",
}
VENDOR_CONTEXTS = tuple(
    Kind(
        "API_KEY",
        _named(of_pattern(value), f"context {name}"),
        (f"{_LABELS.get(name, name)} api key", f"{_LABELS.get(name, name)} token"),
    )
    for name, _, value in CONTEXTS
)
"""One kind for each that is known by the vendor's name beside it."""
