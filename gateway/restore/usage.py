"""Reads the token counts out of answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.model import Json, Usage

MENTIONED: Final = re.compile(
    rb'"(?:usage|usageMetadata|usage_metadata|(?:prompt_)?eval_count)"|TokenCount"|token_count"'
)
"""Matches JSON that may hold token counts."""
_HOLDERS: Final = ("response", "message", "delta", "metadata")
"""Members below which some events hold their counts."""
_USAGE: Final = ("usage", "usageMetadata", "usage_metadata", "amazon-bedrock-invocationMetrics")
_INPUT: Final = (
    ("prompt_tokens",),
    ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"),
    ("inputTokens", "cacheWriteInputTokens", "cacheReadInputTokens"),
    ("promptTokenCount",),
    ("inputTokenCount",),
    ("inputTextTokenCount",),
    ("prompt_token_count",),
    ("prompt_eval_count",),
)
"""Names of the input's count, with those that are to be added to it. What is read from a cache or written to one is
counted by itself in the APIs of Anthropic and Amazon."""
_OUTPUT: Final = (
    ("completion_tokens",),
    ("output_tokens",),
    ("outputTokens",),
    ("candidatesTokenCount", "thoughtsTokenCount"),
    ("outputTokenCount",),
    ("totalOutputTextTokenCount",),
    ("generation_token_count",),
    ("eval_count",),
)


def merged_usage(known: Usage, tree: Json) -> Usage:
    """`known`, overridden by what `tree` (a whole answer or one event of a stream) says."""
    if not isinstance(tree, dict):
        return known
    for holder in (tree, *(tree.get(name) for name in _HOLDERS)):
        for usage in _usages(holder):
            read = _sum(usage, _INPUT), _sum(usage, _OUTPUT)
            if read != (None, None):
                return _override(known, *read)
    return known


def _usages(holder: Json) -> list[Mapping[str, Any]]:
    """The objects in or at `holder` that may hold counts."""
    if not isinstance(holder, dict):
        return []
    found = [usage for name in _USAGE if isinstance(usage := holder.get(name), dict)]
    # Cohere's counts are one object further down.
    found += [counts for usage in found if isinstance(counts := usage.get("tokens"), dict)]
    return [*found, holder]


def _sum(usage: Mapping[str, Any], names: tuple[tuple[str, ...], ...]) -> int | None:
    for group in names:
        counts = [_count(usage, name) for name in group]
        if counts[0] is not None:
            return sum(count or 0 for count in counts)
    return None


def _override(known: Usage, input_tokens: int | None, output_tokens: int | None) -> Usage:
    return Usage(
        known.input_tokens if input_tokens is None else input_tokens,
        known.output_tokens if output_tokens is None else output_tokens,
    )


def _count(usage: Mapping[str, Any], name: str) -> int | None:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
