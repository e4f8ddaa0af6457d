"""Refusals and lists of models in the shape that each family's clients know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
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
_AWS_TYPES: Final = {
    401: "UnrecognizedClientException", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
    429: "ThrottlingException", 503: "ServiceUnavailableException", 504: "ModelTimeoutException",
}  # fmt: skip
_GOOGLE_STATUS: Final = {
    401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
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
    if family == "bedrock":
        headers += [("x-amzn-errortype", _AWS_TYPES.get(refusal.status, _aws_type(refusal.status)))]
        headers.append(("x-amzn-requestid", request_id))
        return NativeRefusal(refusal.status, tuple(headers), orjson.dumps({"message": _coded(refusal)}))
    headers.append(("x-request-id", request_id))
    return NativeRefusal(refusal.status, tuple(headers), _BODIES.get(family, _openai)(refusal))


def _coded(refusal: Refusal) -> str:
    """The message with the code in it, for families whose errors have no place for one."""
    return f"{refusal.message} [{refusal.code}]"


def _aws_type(status: int) -> str:
    return "InternalServerException" if status >= 500 else "ValidationException"


def _openai(refusal: Refusal) -> bytes:
    kind = "server_error" if refusal.status >= 500 else _OPENAI_TYPES.get(refusal.status, "invalid_request_error")
    return orjson.dumps({"error": {"message": refusal.message, "type": kind, "param": None, "code": refusal.code}})


def _azure(refusal: Refusal) -> bytes:
    inner = {"code": refusal.code}
    return orjson.dumps({"error": {"code": refusal.code, "message": refusal.message, "innererror": inner}})


def _google(refusal: Refusal) -> bytes:
    status = "INTERNAL" if refusal.status >= 500 else _GOOGLE_STATUS.get(refusal.status, "INVALID_ARGUMENT")
    return orjson.dumps({"error": {"code": refusal.status, "message": _coded(refusal), "status": status}})


def _mistral(refusal: Refusal) -> bytes:
    kind = "server_error" if refusal.status >= 500 else _OPENAI_TYPES.get(refusal.status, "invalid_request_error")
    return orjson.dumps({"object": "error", "message": refusal.message, "type": kind, "code": refusal.code})


def _cohere(refusal: Refusal) -> bytes:
    return orjson.dumps({"message": _coded(refusal)})


def _ollama(refusal: Refusal) -> bytes:
    return orjson.dumps({"error": _coded(refusal)})


_BODIES: Final[Mapping[str, Callable[[Refusal], bytes]]] = MappingProxyType(
    {"openai": _openai, "azure": _azure, "gemini": _google, "mistral": _mistral, "cohere": _cohere, "ollama": _ollama}
)


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
    if family == "gemini":
        return orjson.dumps({"models": [{"name": f"models/{name}", "displayName": name} for name in models]})
    if family in ("cohere", "ollama"):
        return orjson.dumps({"models": [{"name": name, "model": name} for name in models]})
    return orjson.dumps(
        {
            "object": "list",
            "data": [{"id": name, "object": "model", "created": 0, "owned_by": "llmgw"} for name in models],
        }
    )
