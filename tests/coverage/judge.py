"""What the gateway does with a string at one place: asked of the code itself, with a marker."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from gateway.dialects import BY_NAME
from gateway.dialects.dialect import Dialect
from gateway.errors import Refused
from gateway.model import Finding, Operator, Profile, Prompt, ScanResult, SpanKind
from gateway.redaction import redact, verify
from gateway.restore.answer import restore_answer
from gateway.restore.eventstream import event_frame
from gateway.restore.stream import stream_filter

MARKER: Final = "zq7.marker@coverage.example"
BINARY: Final = base64.b64encode(bytes(range(128, 256)) * 3).decode()
"""Base64 of what is no text: an attachment where the API has one."""
PLACEHOLDER: Final = "[EMAIL_ADDRESS_c2ffee7cafee]"
_PROFILE: Final = Profile("coverage", {"*": Operator.PLACEHOLDER})
_KINDS: Final[Mapping[SpanKind, str]] = {
    SpanKind.TEXT: "scanned, redacted",
    SpanKind.KEY: "scanned, redacted",
    SpanKind.NUMBER: "scanned, redacted",
    SpanKind.SEALED: "scanned, byte-identical, refused on a finding",
}
PASSED: Final = "PASSED UNSEEN"
"""What no row may say."""


def request(dialect: Dialect, parameters: Mapping[str, str], body: Any) -> str:
    """What becomes of a request that holds the marker somewhere."""
    try:
        prompt = _parse(dialect, parameters, body)
    except Refused as refused:
        return f"refused (`{refused.refusal.code}`)"
    found = [index for index, span in enumerate(prompt.spans) if MARKER in span.text]
    if not found:
        return "attachment" if prompt.attachments else PASSED
    verdict = _redacted(prompt, found)
    return f"{verdict}, attachment" if prompt.attachments else verdict


def _parse(dialect: Dialect, parameters: Mapping[str, str], body: Any) -> Prompt:
    return dialect.parse(json.loads(json.dumps(body)), parameters)


def _redacted(prompt: Prompt, found: list[int]) -> str:
    findings = tuple(
        Finding(index, at, at + len(MARKER), "EMAIL_ADDRESS", 1.0, "coverage")
        for index in found
        if (at := prompt.spans[index].text.find(MARKER)) >= 0
    )
    kinds = {_KINDS[prompt.spans[index].kind] for index in found}
    try:
        redaction = redact(
            prompt, ScanResult(findings, True), _PROFILE, key=b"k" * 32, operator=lambda *_: "x", model=prompt.model
        )
        verify(redaction)
    except Refused:
        return _KINDS[SpanKind.SEALED] if kinds == {_KINDS[SpanKind.SEALED]} else "scanned, refused on a finding"
    return PASSED if MARKER.encode() in redaction.body else " / ".join(sorted(kinds))


def binary(dialect: Dialect, parameters: Mapping[str, str], body: Any) -> bool:
    """Whether base64 of binary content at this place counts as an attachment. A refusal counts as none."""
    try:
        prompt = _parse(dialect, parameters, json.loads(json.dumps(body).replace(MARKER, BINARY)))
    except Refused:
        return False
    return any(each.size >= 0 for each in prompt.attachments)


def answer(dialect: str, body: Any) -> str:
    """What becomes of a placeholder in an answer."""
    data = json.dumps(body).replace(MARKER, PLACEHOLDER).encode()
    try:
        restored = restore_answer(dialect, data, {PLACEHOLDER: MARKER}).body
    except Refused:
        return "refused"
    return _outcome(restored)


def event(dialect: str, body: Any) -> str:
    """What becomes of a placeholder in one event of a stream."""
    data = json.dumps(body).replace(MARKER, PLACEHOLDER).encode()
    media_type = next(iter(BY_NAME[dialect].framings))
    restorer = stream_filter(dialect, {PLACEHOLDER: MARKER}, media_type=media_type)
    try:
        return _outcome(restorer.feed(_framed(media_type, data)) + restorer.close())
    except Refused:
        return "refused"


def _framed(media_type: str, data: bytes) -> bytes:
    if media_type == "text/event-stream":
        return b"data: " + data + b"\n\n"
    if media_type == "application/json":
        return b"[" + data + b"]"
    if media_type.startswith("application/vnd.amazon"):
        return event_frame("event", data)
    return data + b"\n"


def _outcome(data: bytes) -> str:
    if MARKER.encode() in data:
        return "restored"
    return "placeholder stays" if PLACEHOLDER.encode() in data else "left out"
