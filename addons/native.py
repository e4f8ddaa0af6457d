"""Refusals as bytes on the wire: the shape of the dialect that was spoken, never the proxy's own error page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mitmproxy import http

from gateway.dialects import dialect_for_error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.errors import Refusal
    from gateway.exchange import Exchange

_REASONS: Final = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 408: "Request Timeout", 413: "Content Too Large", 414: "URI Too Long",
    415: "Unsupported Media Type", 421: "Misdirected Request", 426: "Upgrade Required", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons", 500: "Internal Server Error",
    501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
}  # fmt: skip


def reason(status: int) -> bytes:
    """The reason phrase of a status (RFC 9110 section 15); the upstream's own is never passed on."""
    return _REASONS.get(status, "Upstream Status").encode("ascii")


def verdict_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """The `x-llmgw-*` headers of CONTRACT.md for an answer to `exchange`."""
    decision = exchange.decision
    upstream = decision.upstream.id if decision and decision.upstream and not exchange.refusal else ""
    return [
        ("x-llmgw-request-id", exchange.request_id),
        ("x-llmgw-verdict", exchange.verdict),
        ("x-llmgw-level", exchange.classification.level.label if exchange.classification else ""),
        ("x-llmgw-upstream", upstream),
        ("x-llmgw-rule", decision.rule if decision else ""),
    ]


def _unread(request_id: str) -> list[tuple[str, str]]:
    """The same headers where there was no request that could be read."""
    blocked = [("x-llmgw-request-id", request_id), ("x-llmgw-verdict", "blocked")]
    return [*blocked, ("x-llmgw-level", ""), ("x-llmgw-upstream", ""), ("x-llmgw-rule", "")]


def refusal_parts(
    refusal: Refusal, exchange: Exchange | None, *, target: str = "", request_id: str = ""
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of a refusal."""
    if exchange is not None and exchange.route is not None:
        dialect = exchange.route.dialect
    else:
        dialect = dialect_for_error(exchange.target if exchange else target, {})
    request_id = exchange.request_id if exchange else request_id
    native = dialect.refuse(refusal, request_id)
    headers = list(native.headers)
    headers += _unread(request_id) if exchange is None else verdict_headers(exchange)
    return native.status, headers, native.body


def refusal_response(refusal: Refusal, exchange: Exchange) -> http.Response:
    """The refusal of `exchange` as a proxy response."""
    status, headers, body = refusal_parts(refusal, exchange)
    return make_response(status, headers, body)


def make_response(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> http.Response:
    """A response of the gateway's own with a content length."""
    fields = [(name.encode("ascii"), value.encode("ascii", "replace")) for name, value in headers]
    fields.append((b"content-length", b"%d" % len(body)))
    return http.Response(
        http_version=b"HTTP/1.1",
        status_code=status,
        reason=reason(status),
        headers=http.Headers(fields),
        content=body,
        trailers=None,
        timestamp_start=0.0,
        timestamp_end=0.0,
    )


def refusal_bytes(refusal: Refusal, exchange: Exchange | None, *, target: str = "", request_id: str = "") -> bytes:
    """A whole HTTP/1.1 response after which the connection is closed."""
    status, headers, body = refusal_parts(refusal, exchange, target=target, request_id=request_id)
    head = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}"]
    head += [f"{name}: {value}" for name, value in headers]
    head += [f"content-length: {len(body)}", "connection: close", "", ""]
    return "\r\n".join(head).encode("ascii", "replace") + body
