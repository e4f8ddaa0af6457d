"""Tells a value that was cut from a whole one that only stands beside something."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final

from dlp_recognizers.hits import Hit
from gateway.entities import EntityGroup, group_of
from gateway.model import Finding

_PLAIN_WORD: Final = re.compile(r"[A-Za-z]?[a-z]{1,11}(?![A-Za-z0-9_+/=-])")

_NEAR: Final = 8
_WORD_BEFORE: Final = re.compile(r"[\s|;,.!?]*(?:[A-Za-z]?[a-z]{0,11}[\s|;,.!?]+)?")
_WORD_AFTER: Final = re.compile(r"(?:[\s|;,.!?]+[A-Za-z]?[a-z]{0,11})?[\s|;,.!?]*")
"""A plain word and what parts cells and lines; no quotes or pluses, which put pieces together."""


def only_grown(guesses: Sequence[Hit], found: Sequence[Hit], text: str) -> frozenset[Hit]:
    """The guesses that are a whole value and a plain word of the next cell or line. Passwords may be plain words."""
    whole: dict[str, list[Hit]] = {}
    for hit in sorted(found, key=lambda each: each.start):
        if hit.score >= 0.5:
            whole.setdefault(hit.entity, []).append(hit)
    grown = set()
    for guess in guesses:
        if guess.entity == "PASSWORD":
            continue
        inside = whole.get(guess.entity, [])
        at = bisect_left(inside, guess.start, key=lambda each: each.start)
        # The word before it is short, so the whole value begins with one of the next few.
        if any(_beside(guess, hit, text) for hit in inside[at : at + _NEAR]):
            grown.add(guess)
    return frozenset(grown)


def _beside(guess: Hit, hit: Hit, text: str) -> bool:
    """Whether `guess` is `hit` and a plain word on either side."""
    if not (hit.end <= guess.end and hit.end - hit.start < guess.end - guess.start):
        return False
    before, after = text[guess.start : hit.start], text[hit.end : guess.end]
    return _WORD_BEFORE.fullmatch(before) is not None and _WORD_AFTER.fullmatch(after) is not None


def _is_whole(piece: Finding, whole: set[tuple[int, str, int]]) -> bool:
    """Whether a piece is a value by itself, which only looks longer with what happens to stand in the string beside it:
    `hello` and `ada@corp.example`."""
    return (piece.span, piece.entity, piece.start) in whole and (piece.span, piece.entity, piece.end) in whole


def inside_larger(piece: Finding, found: Sequence[Finding]) -> bool:
    """Whether a piece is the end or the beginning of a larger value that was found: `pw@host.example` of a URL, with
    what stands in the next string."""
    return any(
        each.span == piece.span
        and each.start <= piece.start
        and piece.end <= each.end
        and each.end - each.start > piece.end - piece.start
        for each in found
    )


def only_beside(pieces: Sequence[Finding], whole: set[tuple[int, str, int]], text_at: Callable[[Finding], str]) -> bool:
    """Whether a whole value and its neighbours were taken for one. A secret goes on where it seems to, but not into a
    plain word: `Who` begins the next sentence. `whole` holds span, entity and either end of what was found in one
    string; `text_at` gives the text from a piece on."""
    if not any(_is_whole(piece, whole) for piece in pieces):
        return False
    if group_of(pieces[0].entity) is not EntityGroup.SECRET:
        return True
    return all(_is_whole(piece, whole) or _PLAIN_WORD.match(text_at(piece)) is not None for piece in pieces)
