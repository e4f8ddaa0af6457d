"""What `explain` shows of findings and attachments: places and names, never text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.model import Prompt, ScanResult, SpanKind


def findings_of(prompt: Prompt | None, scan: ScanResult | None) -> Iterator[dict[str, Any]]:
    """Every finding. Offsets only where they are those of a string in the body."""
    if scan is None or prompt is None:
        return
    spans = prompt.spans
    hidden = _hidden_pointers(prompt, scan)
    for finding in scan.findings:
        span = spans[finding.span]
        nested = span.kind in (SpanKind.NUMBER, SpanKind.ATTACHED)
        yield {
            "entity": finding.entity,
            "path": _public(span.path, hidden),
            "start": None if nested else finding.start,
            "end": None if nested else finding.end,
            "score": finding.score,
            "recognizer": finding.recognizer,
            "in": span.kind.value,
        }


def attachments_of(prompt: Prompt | None, scan: ScanResult | None) -> Iterator[dict[str, Any]]:
    """Every attachment: what it is, whether it was read in full or why not, how many findings are in it."""
    if prompt is None:
        return
    hidden = _hidden_pointers(prompt, scan)
    for each in prompt.attachments:
        spans = {part.span for part in each.parts}
        found = Counter(one.entity for one in scan.findings if one.span in spans) if scan else {}
        yield {
            "path": _public(each.path, hidden),
            "media_type": each.media_type,
            "content_type": each.content_type or None,
            "size": each.size,
            "state": "unknown" if each.unknown else "opened",
            "unknown": list(each.unknown),
            "findings": dict(sorted(found.items())),
        }


def _hidden_pointers(prompt: Prompt, scan: ScanResult | None) -> dict[str, str]:
    """Pointers whose last token is a key that holds a finding: the key is text and must not be shown."""
    if scan is None:
        return {}
    spans = prompt.spans
    keys = {spans[each.span].path for each in scan.findings if spans[each.span].kind is SpanKind.KEY}
    return {path: f"{path.rpartition('/')[0]}/<key {number}>" for number, path in enumerate(sorted(keys), 1)}


def _public(path: str, hidden: Mapping[str, str]) -> str:
    for pointer, shown in hidden.items():
        if path == pointer or path.startswith(pointer + "/"):
            return _public(shown + path[len(pointer) :], {k: v for k, v in hidden.items() if k != pointer})
    return path
