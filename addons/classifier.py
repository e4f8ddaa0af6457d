"""How sensitive the request is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from addons.state import EXCHANGE
from gateway.classification import classify
from gateway.errors import Refused, internal_error
from gateway.upstream_state import raised

if TYPE_CHECKING:
    from mitmproxy import http

    from gateway.exchange import Exchange


class Classifier:
    """Calls the pure classification and keeps its value."""

    def request(self, flow: http.HTTPFlow) -> None:
        """Prompt and ScanResult -> Classification."""
        exchange: Exchange = flow.metadata[EXCHANGE]
        if exchange.route is not None and exchange.route.operation == "models":
            return
        prompt, scan, agent = exchange.judged, exchange.scan, exchange.agent
        if prompt is None or scan is None or agent is None:
            raise Refused(internal_error())
        found = classify(prompt, scan, agent, exchange.snapshot.policy.classification_table)
        exchange.classification = raised(found, exchange.held)
