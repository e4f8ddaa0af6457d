"""`llmgw doctor`: what an operator would look at, a line each, with what to do about it.

It reads files, binds and frees the configured ports, opens connections to upstreams and Redis, and changes nothing. No
request is sent to any upstream; no secret is shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gateway.doctor import documents, machine, peers, trust
from gateway.doctor.line import Check, DoctorLine, Patient

if TYPE_CHECKING:
    from gateway.settings import Redis, Settings

__all__ = ["DoctorLine", "Patient", "examine", "healthy", "run"]

CHECKS: Final[tuple[Check, ...]] = (
    machine.versions,
    machine.pipelines,
    machine.ocr,
    machine.key_logging,
    machine.core_dumps,
    machine.open_files,
    machine.folders,
    machine.disk_space,
    machine.ports,
    trust.listener,
    trust.canary,
    trust.private_files,
    trust.oauth,
    documents.registry,
    documents.keys,
    peers.credentials,
    peers.upstreams,
    peers.redis,
)
"""In the order in which they are shown; the policy comes first."""


def run(
    settings: Settings,
    *,
    now: datetime | None = None,
    environment: Mapping[str, str] | None = None,
    ping_redis: Callable[[Redis], None] | None = None,
) -> list[DoctorLine]:
    """Every line for a deployment. Never raises for what it finds; takes at most about ten seconds."""
    patient = Patient(
        settings,
        now or datetime.now(UTC),
        environment=os.environ if environment is None else environment,
        ping_redis=ping_redis,
    )
    return examine(patient)


def examine(patient: Patient) -> list[DoctorLine]:
    """Run every check."""
    policy, lines = documents.policy(patient.settings.policy)
    known = replace(patient, policy=policy)
    return [*lines, *(line for check in CHECKS for line in check(known))]


def healthy(lines: list[DoctorLine]) -> bool:
    """Whether nothing fails; warnings do not count."""
    return all(line.status != "fail" for line in lines)
