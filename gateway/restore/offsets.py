"""Knows entries that point into a text by offsets, and removes those that no longer fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.model import Json

_NAMES: Final = frozenset({"start_index", "start_char_index", "startIndex", "endIndex"})
_DEPTH: Final = 3
_HOLDERS: Final = ("groundingMetadata", "grounding_metadata", "citationMetadata", "citation_metadata")
_ENTRIES: Final = ("groundingSupports", "grounding_supports", "citations", "citationSources", "citation_sources")


def has_offsets(entry: Json, depth: int = _DEPTH) -> bool:
    """Whether an annotation or citation points into a text by offsets, here or up to three objects below."""
    if not isinstance(entry, dict):
        return False
    if not _NAMES.isdisjoint(entry) or points_into_answer(entry):
        return True
    return depth > 0 and any(has_offsets(value, depth - 1) for value in entry.values())


def points_into_answer(entry: Json) -> bool:
    """Whether a citation is of Cohere's kind: `start` and `end` count characters of the answer's own text."""
    return isinstance(entry, dict) and isinstance(entry.get("start"), int) and isinstance(entry.get("end"), int)


def without_offsets(holder: dict[str, Any], name: str, unfit: Callable[[Json], bool] = has_offsets) -> bool:
    """Remove the entries of the list `holder[name]` that are `unfit`; return whether there was any."""
    entries = holder.get(name)
    if not isinstance(entries, list):
        return False
    kept = [entry for entry in entries if not unfit(entry)]
    if len(kept) == len(entries):
        return False
    holder[name] = kept
    return True


def without_grounding(candidate: dict[str, Any]) -> bool:
    """Remove what points into the text of one of Gemini's candidates; return whether there was any."""
    dropped = False
    for holder in (candidate.get(name) for name in _HOLDERS):
        if isinstance(holder, dict):
            for name in _ENTRIES:
                dropped |= without_offsets(holder, name)
    return dropped
