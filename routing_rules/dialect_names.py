"""Dialects as policies name them: one by one, or all of a family or kind (`openai.*`, `openai.files.*`)."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.dialects import NAMES


def named(pattern: str) -> frozenset[str]:
    """The dialects that `pattern` names; none if it is unknown. A `.*` at the end stands for all that begin so."""
    if pattern.endswith(".*"):
        return frozenset(name for name in NAMES if name.startswith(pattern[:-1]))
    return frozenset((pattern,)) if pattern in NAMES else frozenset()


def expanded(patterns: Iterable[str]) -> frozenset[str]:
    """The dialects that any of `patterns` names."""
    return frozenset(name for pattern in patterns for name in named(pattern))
