"""Refusals and lists of models in the shape that each family's clients know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from gateway.errors import Refusal

POLICY_CODES: Final = frozenset(
    ("llmgw_denied", "llmgw_no_rule", "llmgw_clearance", "llmgw_sealed_finding", "llmgw_residual_value")
)
"""Refusals by policy. Anthropic clients get them as 451: at 400 some send the same prompt five times more, at 403 they
tell their user that signing in failed; at 451 they ask once and show the message."""

_OPENAI_TYPES: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_ANTHROPIC_TYPES: Final = {
    401: "authentication_error", 403: "permission_error", 404: "not_found_error", 413: "request_too_large",
    429: "rate_limit_error", 504: "timeout_error", 529: "overloaded_error",
}  # fmt: skip
_EPOCH: Final = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class NativeRefusal:
    """A whole HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


def native(family: str, refusal: Refusal, request_id: str, *, allow: str = "POST") -> NativeRefusal:
    """`refusal` as an answer of `family`. SDKs are told not to retry, unless a retry can help; `allow` is the method
    that a 405 names."""
    headers = [("content-type", "application/json")]
    headers.append(("x-should-retry", "true" if refusal.retry else "false"))
    if refusal.retry:
        headers.append(("retry-after", "1"))
    if refusal.status == 405:
        headers.append(("allow", allow))
    if family == "anthropic":
        headers.append(("request-id", request_id))
        status = 451 if refusal.status == 400 and refusal.code in POLICY_CODES else refusal.status
        return NativeRefusal(status, tuple(headers), _anthropic(refusal, request_id))
    headers.append(("x-request-id", request_id))
    return NativeRefusal(refusal.status, tuple(headers), _openai(refusal))


def _openai(refusal: Refusal) -> bytes:
    kind = "server_error" if refusal.status >= 500 else _OPENAI_TYPES.get(refusal.status, "invalid_request_error")
    return orjson.dumps({"error": {"message": refusal.message, "type": kind, "param": None, "code": refusal.code}})


def _anthropic(refusal: Refusal, request_id: str) -> bytes:
    fallback = "api_error" if refusal.status >= 500 else "invalid_request_error"
    error = {
        "type": _ANTHROPIC_TYPES.get(refusal.status, fallback),
        "message": f"{refusal.message} [{refusal.code}]",
    }
    return orjson.dumps({"type": "error", "error": error, "request_id": request_id})


def models_answer(family: str, models: Sequence[str]) -> bytes:
    """The answer to `GET /v1/models`: these names, in this order, in the list shape of `family`."""
    if family == "anthropic":
        entries = [{"type": "model", "id": name, "display_name": name, "created_at": _EPOCH} for name in models]
        ends = {"first_id": models[0] if models else None, "last_id": models[-1] if models else None}
        return orjson.dumps({"data": entries, "has_more": False, **ends})
    return orjson.dumps(
        {
            "object": "list",
            "data": [{"id": name, "object": "model", "created": 0, "owned_by": "llmgw"} for name in models],
        }
    )
