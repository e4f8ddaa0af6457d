"""What a check of `llmgw doctor` says, and what it is given."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from gateway.versions import check_versions

if TYPE_CHECKING:
    from gateway.settings import Redis, Settings
    from routing_rules.policy import Policy

type Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class DoctorLine:
    """One finding. `fix` is empty when all is well."""

    name: str
    status: Status
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: settings with absolute paths, the moment, and the outside as the checks see it."""

    settings: Settings
    now: datetime
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    versions: Callable[[], list[str]] = check_versions
    ping_redis: Callable[[Redis], None] | None = None
    """Sends PING and raises OSError if the answer is not PONG; None: only the port is tried."""
    policy: Policy | None = None
    """The policy, once it has loaded."""


type Check = Callable[[Patient], Iterator[DoctorLine]]


def ok(name: str, detail: str) -> DoctorLine:
    """All is well."""
    return DoctorLine(name, "ok", detail)


def warn(name: str, detail: str, fix: str) -> DoctorLine:
    """It works, and somebody should look."""
    return DoctorLine(name, "warn", detail, fix)


def fail(name: str, detail: str, fix: str) -> DoctorLine:
    """It does not work, or is not safe."""
    return DoctorLine(name, "fail", detail, fix)
