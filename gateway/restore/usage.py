"""Reads the token counts out of answers."""

from __future__ import annotations

from gateway.model import Json, Usage

_INPUT: tuple[str, ...] = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def merged_usage(known: Usage, tree: Json) -> Usage:
    """`known`, overridden by what `tree` (a whole answer or one event of a stream) says. Anthropic's input tokens
    include those written to and read from its cache."""
    if not isinstance(tree, dict):
        return known
    for holder in (tree, tree.get("response"), tree.get("message")):
        if isinstance(holder, dict) and isinstance(usage := holder.get("usage"), dict):
            if "prompt_tokens" in usage:
                return _override(known, _count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))
            read = [_count(usage, name) for name in _INPUT]
            total = sum(count or 0 for count in read) if read[0] is not None else None
            return _override(known, total, _count(usage, "output_tokens"))
    return known


def _override(known: Usage, input_tokens: int | None, output_tokens: int | None) -> Usage:
    return Usage(
        known.input_tokens if input_tokens is None else input_tokens,
        known.output_tokens if output_tokens is None else output_tokens,
    )


def _count(usage: dict[str, Json], name: str) -> int | None:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
