"""Which of a client's headers go upstream: a short allow-list, each value checked. Everything else stays here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

_BETAS: Final = re.compile(r"[a-z0-9_=.-]{1,80}(?:, ?[a-z0-9_=.-]{1,80}){0,31}")
_ACCEPT: Final = re.compile(
    r"(?:application/json|text/event-stream|\*/\*)(?:, ?(?:application/json|text/event-stream|\*/\*)){0,2}"
)
_DATE: Final = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]")
_OPENAI_BETA: Final = _BETAS

REQUEST_HEADERS: Final = MappingProxyType(
    {
        "openai": (("accept", _ACCEPT), ("openai-beta", _OPENAI_BETA)),
        "azure": (("accept", _ACCEPT), ("openai-beta", _OPENAI_BETA)),
        "gemini": (("accept", _ACCEPT),),
        "bedrock": (("accept", _ACCEPT),),
        "mistral": (("accept", _ACCEPT),),
        "cohere": (("accept", _ACCEPT),),
        "ollama": (("accept", _ACCEPT),),
        "anthropic": (("accept", _ACCEPT), ("anthropic-version", _DATE), ("anthropic-beta", _BETAS)),
    }
)
"""For each family the client headers that may go upstream and the whole value each may have."""

_LONG_NUMBER: Final = re.compile(r"[0-9]{9}")


def allowed(family: str, content_type: str, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers to send upstream, lower-case, in a fixed order: `content_type` unless it is empty, then the client's.
    A name that comes twice, or whose value does not fit, is dropped."""
    given: dict[str, list[str]] = {}
    for name, value in headers:
        given.setdefault(name.lower(), []).append(value.strip(" \t"))
    sent = [("content-type", content_type)] if content_type else []
    for name, pattern in REQUEST_HEADERS[family]:
        values = given.get(name, [])
        if len(values) == 1 and pattern.fullmatch(values[0]) and not _LONG_NUMBER.search(values[0]):
            sent.append((name, values[0]))
    return tuple(sent)
