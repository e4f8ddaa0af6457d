"""Models that a local server does not run itself. Source: Ollama's documentation of its cloud models."""

from __future__ import annotations

from gateway.model import Tier, Upstream


def runs_in_cloud(model: str) -> bool:
    """Whether an Ollama server hands requests for `model` on to ollama.com: its tag is `cloud` or ends in it."""
    _, mark, tag = model.rpartition(":")
    return bool(mark) and tag.lower().endswith("cloud")


def would_leave(upstream: Upstream, model: str) -> bool:
    """Whether a request for `model` (the upstream's own name) would go on from our own machines to its vendor."""
    return upstream.tier is Tier.ON_PREM and runs_in_cloud(model)
