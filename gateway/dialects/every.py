"""Every dialect that the gateway speaks, written out: the one list that routes, policies and metrics read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.dialects import (
    anthropic_messages,
    anthropic_stored,
    azure,
    bedrock,
    cohere,
    gemini,
    local_servers,
    mistral,
    ollama,
    openai_chat,
    openai_files,
    openai_media,
    openai_plain,
    openai_responses,
    openai_stored,
)
from gateway.dialects.dialect import Dialect

DIALECTS: Final[tuple[Dialect, ...]] = (
    *openai_chat.DIALECTS,
    *openai_responses.DIALECTS,
    *openai_plain.DIALECTS,
    *openai_media.DIALECTS,
    *openai_files.DIALECTS,
    *openai_stored.DIALECTS,
    *azure.DIALECTS,
    *anthropic_messages.DIALECTS,
    *anthropic_stored.DIALECTS,
    *gemini.DIALECTS,
    *bedrock.DIALECTS,
    *cohere.DIALECTS,
    *ollama.DIALECTS,
    *mistral.DIALECTS,
    *local_servers.DIALECTS,
)
"""In order of precedence: of two with the same method and path, the first has the path to itself, the other is reached
under its family's mount."""
NAMES: Final = tuple(dialect.name for dialect in DIALECTS)
BY_NAME: Final[Mapping[str, Dialect]] = MappingProxyType({dialect.name: dialect for dialect in DIALECTS})
FAMILIES: Final = tuple(dict.fromkeys(dialect.family for dialect in DIALECTS))

MOUNTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "openai": ("", "/openai"),
        "anthropic": ("", "/anthropic"),
        "azure": ("", "/azure"),
        "gemini": ("", "/gemini"),
        "bedrock": ("", "/bedrock"),
        "mistral": ("", "/mistral"),
        "cohere": ("", "/cohere"),
        "ollama": ("", "/ollama"),
    }
)
"""Family to what may stand before its paths at the gateway (never upstream): for APIs whose paths are the same."""
