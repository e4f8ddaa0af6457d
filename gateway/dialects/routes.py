"""From a request target to a dialect, along one canonical path (RFC 3986 sections 3.3, 3.4 and 5.2.4, narrowed)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NoReturn

from gateway.dialects.dialect import Dialect
from gateway.dialects.every import DIALECTS, MOUNTS
from gateway.dialects.paths import MODEL_PARAMETERS, decoded, filled, pattern, query_of
from gateway.errors import Refusal, Refused

_PLAIN: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))(?:[A-Za-z0-9._:@-]|%3[Aa]|%2[Ff]){0,384}){1,16}")
_HELP: Final = (
    "POST /v1/chat/completions, POST /v1/responses, POST /v1/messages, GET /v1/models and the other paths that "
    "docs/dialects.md lists"
)
_NO_PARAMETERS: Final[Mapping[str, str]] = MappingProxyType({})
_LONGEST_TARGET: Final = 1024
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
    """Canonical upstream path with the client's parameters, without query."""
    query: str = ""
    """Query to send upstream, without `?`: known parameters, in the dialect's order."""
    parameters: Mapping[str, str] = field(default_factory=lambda: _NO_PARAMETERS, repr=False)
    """Path parameters, percent-decoded."""

    def target(self, model: str) -> str:
        """Path and query to send upstream, where the model is called `model`."""
        path = self.path
        if self.parameters:
            named = {name: model for name in MODEL_PARAMETERS if model and name in self.parameters}
            path = filled(self.dialect.path, {**self.parameters, **named})
        return f"{path}?{self.query}" if self.query else path


class _Table:
    """Templates with their dialects, as they are looked for."""

    def __init__(self) -> None:
        self._exact: dict[str, list[tuple[Dialect, Mapping[str, str]]]] = {}
        self._patterns: dict[int, list[tuple[re.Pattern[str], Dialect]]] = {}
        """By the number of segments."""
        for dialect in DIALECTS:
            for mount in MOUNTS[dialect.family]:
                template = mount + dialect.path
                if "{" in template:
                    self._patterns.setdefault(template.count("/"), []).append((pattern(template), dialect))
                else:
                    self._exact.setdefault(template, []).append((dialect, _NO_PARAMETERS))

    def find(self, path: str) -> list[tuple[Dialect, Mapping[str, str]]]:
        """Every dialect of a path, whatever the method, with the path's parameters. A path without parameters comes
        before one that could take it for an id."""
        known = self._exact.get(path)
        if known is not None:
            return known
        tried = ((dialect, each.fullmatch(path)) for each, dialect in self._patterns.get(path.count("/"), ()))
        return [(dialect, decoded(match.groupdict())) for dialect, match in tried if match is not None]


_TABLE: Final = _Table()


def route(method: str, target: str, headers: Mapping[str, str] | None = None) -> Route:
    """The route of a request.

    `target` is the request target as received (origin form, query included); `headers`, names in lower case, tell
    apart what OpenAI and Anthropic have at the same path, and show an upgrade.

    Repeated slashes and a doubled `/v1` are collapsed; nothing else is repaired. Raises Refused: `llmgw_unknown_route`
    (404 for what does not exist, 400 for a target that no honest client sends), `llmgw_method_not_allowed` (405),
    `llmgw_upgrade_refused` (426).
    """
    path, mark, query = target.partition("?")
    if len(target) > _LONGEST_TARGET or _PLAIN.fullmatch(path) is None:
        _unknown(400, "The request target is not a plain path.")
    path = _canonical(path)
    found = _TABLE.find(path)
    if not found:
        if "%" in path:
            _unknown(400, "The request target is not a plain path.")
        _unknown(404, "The gateway does not serve this path.")
    if headers is not None and "websocket" in headers.get("upgrade", "").lower():
        raise Refused(_NO_WEBSOCKET)
    chosen = _chosen([each for each in found if each[0].method == method], headers)
    if chosen is None:
        methods = ", ".join(dict.fromkeys(dialect.method for dialect, _ in found))
        raise Refused(Refusal("llmgw_method_not_allowed", 405, f"This path takes {methods} only."))
    dialect, parameters = chosen
    sent = query_of(query, dialect.query, dialect.dropped) if mark else ""
    if sent is None:
        _unknown(404, "The gateway does not know this query string.")
    upstream_path = filled(dialect.path, parameters) if parameters else dialect.path
    return Route(dialect, dialect.operation, upstream_path, sent, parameters)


type _Found = tuple[Dialect, Mapping[str, str]]


def _chosen(found: list[_Found], headers: Mapping[str, str] | None) -> _Found | None:
    """The dialect of a path that several have: Anthropic's or Google's for clients that show their headers, else the
    first."""
    if len(found) > 1 and headers is not None:
        family = "anthropic" if _speaks_anthropic(headers) else "gemini" if "x-goog-api-key" in headers else ""
        return next((each for each in found if each[0].family == family), found[0])
    return found[0] if found else None


def _canonical(path: str) -> str:
    path = re.sub("/{2,}", "/", path)
    while path.startswith("/v1/v1/"):
        path = path[3:]
    return path


def _unknown(status: int, what: str) -> NoReturn:
    raise Refused(Refusal("llmgw_unknown_route", status, f"{what} It serves {_HELP}."))


def _speaks_anthropic(headers: Mapping[str, str]) -> bool:
    return "anthropic-version" in headers or "anthropic-beta" in headers or "x-api-key" in headers


_HINTS: Final = (
    ("/openai/deployments/", "azure"), ("/openai/responses", "azure"), ("/v1beta", "gemini"), ("/v1alpha", "gemini"),
    ("/cachedContents", "gemini"), ("/files", "gemini"), ("/upload/", "gemini"), ("/v1/projects/", "gemini"),
    ("/v1/cachedContents", "gemini"), ("/guardrail", "bedrock"), ("/async-invoke", "bedrock"), ("/model/", "bedrock"),
    ("/api/", "ollama"), ("/v2/", "cohere"),
    *((mount, family) for family, mounts in MOUNTS.items() for mount in mounts if mount),
)  # fmt: skip
_SAMPLES: Final = {dialect.family: dialect for dialect in reversed(DIALECTS)}
"""Family to its first dialect."""


def dialect_for_error(target: str, headers: Mapping[str, str]) -> Dialect:
    """The dialect in whose shape an error is best understood. A guess; never raises."""
    path = _canonical(target.partition("?")[0])
    lower = {name.lower(): value for name, value in headers.items()}
    known = _chosen(_TABLE.find(path), lower) if _PLAIN.fullmatch(path) else None
    if known is not None:
        return known[0]
    if _speaks_anthropic(lower) or "/messages" in path:
        return _SAMPLES["anthropic"]
    return next((_SAMPLES[name] for hint, name in _HINTS if path.startswith(hint) and name in _SAMPLES), DIALECTS[0])
