"""Ties a request to what an upstream keeps of earlier ones, and remembers what its answer says is kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import orjson

from addons.state import EXCHANGE
from gateway.errors import Refused, internal_error
from gateway.upstream_state import IdWatch, following, judged, keeps, tidied, together

if TYPE_CHECKING:
    from mitmproxy import http

    from addons.surroundings import Surroundings
    from gateway.exchange import Exchange
    from gateway.state_store import StateStore

_TIDY_SECONDS: Final = 60.0


class RefersUpstream:
    """Before the classifier, which will not work without it: whose are the ids that the request names?"""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    def request(self, flow: http.HTTPFlow) -> None:
        """Prompt -> Held, and the prompt as it is classified. Refuses ids that are not this agent's."""
        exchange: Exchange = flow.metadata[EXCHANGE]
        prompt, agent, route = exchange.prompt, exchange.agent, exchange.route
        if route is not None and route.operation == "models":
            return
        if prompt is None or agent is None or route is None:
            raise Refused(internal_error())
        store = self._surroundings.upstream_state
        found = {each: store.find(each) if store is not None else None for each in prompt.references}
        exchange.held = together(found.values(), agent.agent_id, unknown=exchange.snapshot.policy.unknown_state)
        exchange.judged = judged(prompt, {each for each, held in found.items() if held is not None})
        if store is not None and keeps(route.dialect, prompt.body):
            exchange.watch = IdWatch(route.dialect, lambda ids: _keep(store, exchange, ids))


def keep_and_tidy(exchange: Exchange, body: bytes, store: StateStore | None) -> bytes:
    """A whole answer that may go out: its ids are noted, and what is not the agent's is left out of lists."""
    route = exchange.route
    if route is None or exchange.status >= 300:
        return body
    if exchange.watch is not None:
        tree = _tree(body)
        if isinstance(tree, dict):
            exchange.watch.take(tree)
    return tidied(route.dialect, body, lambda each: _owned(exchange, each, store))


def _owned(exchange: Exchange, identifier: str, store: StateStore | None) -> bool:
    held = store.find(identifier) if store is not None else None
    if held is None or exchange.agent is None:
        return held is None and exchange.snapshot.policy.unknown_state == "pass"
    return held.agent == exchange.agent.agent_id


async def keep_tidy(surroundings: Surroundings) -> None:
    """Forget what has expired, once a minute, for ever."""
    while True:
        await asyncio.sleep(_TIDY_SECONDS)
        if surroundings.upstream_state is not None:
            await asyncio.to_thread(surroundings.upstream_state.tidy)


def _keep(store: StateStore, exchange: Exchange, ids: list[str]) -> None:
    agent, decision = exchange.agent, exchange.decision
    classification, redaction = exchange.classification, exchange.redaction
    if agent is None or decision is None or classification is None or redaction is None:
        return
    held = following(exchange.held, agent.agent_id, decision, level=classification.level, restore=redaction.restore)
    if not store.keep(ids, held):
        exchange.degraded = (*exchange.degraded, "upstream_state")


def _tree(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
