"""From a request target to a dialect, along one canonical path (RFC 3986 sections 3.3, 3.4 and 5.2.4, narrowed)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.dialects import anthropic_messages, openai_plain
from gateway.dialects.dialect import Dialect
from gateway.dialects.openai_chat import CHAT
from gateway.dialects.openai_responses import RESPONSES
from gateway.errors import Refusal, Refused

DIALECTS: Final[tuple[Dialect, ...]] = (
    CHAT,
    RESPONSES,
    openai_plain.COMPLETIONS,
    openai_plain.EMBEDDINGS,
    openai_plain.MODELS,
    anthropic_messages.MESSAGES,
    anthropic_messages.COUNT_TOKENS,
    anthropic_messages.MODELS,
)
"""Every dialect that the gateway speaks."""

_BY_PATH: Final = {dialect.path: dialect for dialect in reversed(DIALECTS)}
"""For `/v1/models` the OpenAI form; `route` picks the other by header."""
_PLAIN: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._:@-]{0,64}){1,16}")
_KNOWN_PATHS: Final = ", ".join(
    f"{dialect.method} {dialect.path}" for dialect in DIALECTS if dialect is not anthropic_messages.MODELS
)
_MODELS_QUERY: Final = re.compile(r"limit=[0-9]{1,4}")
_LONGEST_TARGET: Final = 512
_NO_WEBSOCKET: Final = Refusal(
    "llmgw_upgrade_refused",
    426,
    "The gateway does not take WebSocket connections. Send POST /v1/responses instead.",
)
"""At 426 Codex goes on over HTTP at once; any other status costs it several attempts."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes by its method and target alone."""

    dialect: Dialect
    operation: str
    path: str
    """Canonical upstream path, without query."""
    query: str = ""
    """Query to send upstream, without `?`; one of the dialect's own or empty."""


def route(method: str, target: str, headers: Mapping[str, str] | None = None) -> Route:
    """The route of a request.

    `target` is the request target as received (origin form, query included); `headers`, names in lower case, tell the
    two forms of `GET /v1/models` apart and show an upgrade.

    Repeated slashes and a doubled `/v1` are collapsed; nothing else is repaired. Raises Refused: `llmgw_unknown_route`
    (404 for what does not exist, 400 for a target that no honest client sends), `llmgw_method_not_allowed` (405),
    `llmgw_upgrade_refused` (426).
    """
    path, mark, query = target.partition("?")
    if len(target) > _LONGEST_TARGET or _PLAIN.fullmatch(path) is None:
        raise Refused(_unknown(400, "The request target is not a plain path."))
    path = _canonical(path)
    dialect = _BY_PATH.get(path)
    if dialect is None:
        raise Refused(_unknown(404, "The gateway does not serve this path."))
    if dialect is openai_plain.MODELS and headers is not None and _speaks_anthropic(headers):
        dialect = anthropic_messages.MODELS
    if (
        method == "GET"
        and dialect is RESPONSES
        and headers is not None
        and "websocket" in headers.get("upgrade", "").lower()
    ):
        raise Refused(_NO_WEBSOCKET)
    if method != dialect.method:
        message = f"This path takes {dialect.method} only. The gateway serves {_KNOWN_PATHS}."
        raise Refused(Refusal("llmgw_method_not_allowed", 405, message))
    if mark and not _query_known(dialect, query):
        raise Refused(_unknown(404, "The gateway does not know this query string."))
    return Route(dialect, dialect.operation, dialect.path, query if dialect.queries else "")


def _canonical(path: str) -> str:
    path = re.sub("/{2,}", "/", path)
    while path.startswith("/v1/v1/"):
        path = path[3:]
    return path


def _query_known(dialect: Dialect, query: str) -> bool:
    return query in dialect.queries or (dialect.operation == "models" and _MODELS_QUERY.fullmatch(query) is not None)


def _unknown(status: int, what: str) -> Refusal:
    return Refusal("llmgw_unknown_route", status, f"{what} It serves {_KNOWN_PATHS}.")


def _speaks_anthropic(headers: Mapping[str, str]) -> bool:
    return "anthropic-version" in headers or "anthropic-beta" in headers or "x-api-key" in headers


def dialect_for_error(target: str, headers: Mapping[str, str]) -> Dialect:
    """The dialect in whose shape an error is best understood. A guess; never raises."""
    path = target.partition("?")[0]
    known = _BY_PATH.get(_canonical(path))
    lower = {name.lower(): value for name, value in headers.items()}
    if known is not None and known is not openai_plain.MODELS:
        return known
    if _speaks_anthropic(lower) or "/messages" in path:
        return anthropic_messages.MODELS if known is not None else anthropic_messages.MESSAGES
    return known or CHAT
