"""What is wrong in a document that somebody wrote, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.errors import ConfigurationError


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One fault in one document. Never quotes a value that could be a secret; names and keys it may quote."""

    file: str
    line: int
    """Counted from 1."""
    column: int
    """Counted from 1, in code points."""
    message: str
    """What is wrong, without a full stop at the end."""
    fix: str
    """What to do, in the imperative."""
    code: str
    """Stable, for machines: `unknown-key`, `wrong-type`, ..."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}; fix: {self.fix} [{self.code}]"


class DocumentError(ConfigurationError):
    """A document that cannot be used, with every fault that one run could find, in the order of the file."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(set(diagnostics)))
        super().__init__("\n".join(str(each) for each in self.diagnostics))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A fix that names the closest of `known`, and all of them when they are few."""
    names = sorted(known)
    folded = {name.lower(): name for name in reversed(names)}
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    listing = ", ".join(names) if len(names) <= 24 else ", ".join(names[:8]) + f", ... ({len(names)} in all)"
    if close:
        return f"did you mean {folded[close[0]]}? Known: {listing}"
    return f"use one of: {listing}" if names else "remove it"
