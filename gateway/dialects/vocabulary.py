"""Closed lists of words, written as text."""

from __future__ import annotations


def names(spaced: str) -> tuple[str, ...]:
    """The words of `spaced`, which white space separates."""
    return tuple(spaced.split())
