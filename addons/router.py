"""What the policy says of the request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from addons.native import make_response, verdict_headers
from addons.state import EXCHANGE
from gateway.dialects import models_answer
from gateway.errors import Refused, internal_error
from gateway.steps import HARMLESS, denial, rule_context
from gateway.upstream_state import pinned
from routing_rules.decide import decide, offers

if TYPE_CHECKING:
    from mitmproxy import http

    from addons.surroundings import Surroundings
    from gateway.exchange import Exchange
    from gateway.model import Decision


class Router:
    """Calls the pure decision and keeps its value; answers the model list from the policy."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    def request(self, flow: http.HTTPFlow) -> None:
        """Classification -> Decision. A denial is a refusal with the rule author's sentence."""
        exchange: Exchange = flow.metadata[EXCHANGE]
        route, agent = exchange.route, exchange.agent
        if route is None or agent is None:
            raise Refused(internal_error())
        if route.operation == "models":
            exchange.answer = models_answer(route.dialect.family, exchange.snapshot.policy.models_for(agent))
            headers = [("content-type", "application/json"), *verdict_headers(exchange)]
            flow.response = make_response(200, headers, exchange.answer)
            return
        begin = self._surroundings.monotonic()
        decision = self._decide(exchange)
        exchange.timings["decide"] = (self._surroundings.monotonic() - begin) * 1000
        exchange.decision = decision
        if not decision.allow or decision.upstream is None or decision.profile is None:
            raise Refused(denial(decision))

    def _decide(self, exchange: Exchange) -> Decision:
        agent, prompt, scan, classification = exchange.agent, exchange.judged, exchange.scan, exchange.classification
        if agent is None or prompt is None or scan is None or classification is None:
            raise Refused(internal_error())
        context = rule_context(agent, prompt, scan, classification, unavailable=self._unavailable())
        policy = exchange.snapshot.policy
        decision = pinned(
            decide(policy, context), exchange.held, lambda each: offers(each, context.dialect, context.model)
        )
        if decision.allow and decision.upstream is not None:
            harmless = decide(policy, replace(context, classification=HARMLESS, entities={}, attachments=0))
            exchange.rerouted = harmless.upstream is not None and harmless.upstream.id != decision.upstream.id
        return decision

    def _unavailable(self) -> frozenset[str]:
        down = self._surroundings.unavailable
        if not down:
            return frozenset()
        now = self._surroundings.monotonic()
        return frozenset(name for name, until in down.items() if until > now)
