"""The chain, written out: one addon for each step, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from addons.classifier import Classifier
from addons.client_identity import ClientIdentity
from addons.dlp import Dlp
from addons.egress_guard import EgressGuard
from addons.parking import Parking, Routes
from addons.response import Response
from addons.router import Router
from addons.telemetry import Telemetry
from addons.upstream_state import RefersUpstream

if TYPE_CHECKING:
    from addons.dispatch import FailClosedAddons
    from addons.surroundings import Surroundings
    from addons.trust import ServerTrust, Targets


def build_chain(
    surroundings: Surroundings, manager: FailClosedAddons, trust: ServerTrust, targets: Targets
) -> tuple[object, ...]:
    """Every addon, in the order in which its hooks run."""
    return (
        Parking(surroundings, manager),
        ClientIdentity(surroundings, manager, trust),
        Routes(),
        Dlp(surroundings),
        RefersUpstream(surroundings),
        Classifier(),
        Router(surroundings),
        EgressGuard(surroundings, manager, targets),
        Response(surroundings, manager),
        Telemetry(surroundings, manager),
    )
