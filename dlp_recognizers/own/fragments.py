"""Adds up the fragments of a document over the spans of a request. Pure; runs in the proxy, which has no table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.model import Finding, ScanResult

COPY_SCORE: Final = 0.9
MOST_FRAGMENT: Final = 0.49
"""The score of a fragment is half of how much it is of what makes a copy, and never enough to count alone."""
_PREFIX: Final = "fingerprints:"


def recognizer_name(table: str, document: int) -> str:
    """The recognizer of findings of one document: `fingerprints:TABLE#NUMBER`."""
    return f"{_PREFIX}{table}#{document}"


def joined(result: ScanResult) -> ScanResult:
    """`result` in which the fragments of a document count, if together they are enough of it.

    The same fragment again and again, as in a footer, is one: fragments of equal length and score are taken once.
    """
    fragments: dict[str, list[Finding]] = {}
    for finding in result.findings:
        if finding.score <= MOST_FRAGMENT and finding.recognizer.startswith(_PREFIX):
            fragments.setdefault(finding.recognizer, []).append(finding)
    enough = {name for name, found in fragments.items() if _adds_up(found)}
    if not enough:
        return result
    findings = tuple(
        replace(each, score=COPY_SCORE) if each.recognizer in enough and each.score <= MOST_FRAGMENT else each
        for each in result.findings
    )
    return replace(result, findings=findings)


def _adds_up(found: Sequence[Finding]) -> bool:
    return sum(score for _, score in {(each.end - each.start, each.score) for each in found}) >= 0.5
