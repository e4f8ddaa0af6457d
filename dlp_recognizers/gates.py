"""Gates for patterns: cheap things that must stand in a text for a pattern to match.

All gates run as one automaton. Counted repetitions in it multiply its states, and every new state costs more than a
hundred characters of reading; words and short runs do not.
"""

from __future__ import annotations

import re
from typing import Final

SIX_DIGITS: Final = r"[0-9](?:[ ./-]?[0-9]){5}"
"""So many digits, with at most one separator between two."""

_ATOM: Final = re.compile(
    r"\\b|\\?[^\[\](){}?*+.|^$\\]|\\[.$*+?|/-]|\[[^\]]*\]|\(\?:(?:[^\[\](){}?*+.^$\\]|\\\.|\[[^\]]*\])*\)"
)
"""One unit of a pattern that holds no repetition itself."""


def fixed_start(regex: str) -> str:
    """What `regex` begins with before anything is repeated; empty if that is no three letters or classes of them."""
    at, length, before = 0, 0, 0
    while (atom := _ATOM.match(regex, at)) is not None:
        if regex[atom.end() : atom.end() + 1] in {"?", "*", "+", "{"}:
            break
        before = at = atom.end()
        text = atom.group()
        if text.startswith("(?:"):
            length += min(len(part) for part in text[3:-1].split("|"))
        elif text != r"\b":
            length += 1
    return regex[:before] if length >= 3 and "|" not in _outside(regex) else ""


def _outside(regex: str) -> str:
    """`regex` without its groups: a choice at its top level has no common start."""
    depth, out = 0, ""
    for char in re.sub(r"\\.|\[[^\]]*\]", "", regex):
        depth += (char == "(") - (char == ")")
        out += char if not depth else ""
    return out
