"""One set of everything that decides about a request, and the store that swaps it.

A request takes the snapshot at its first header and keeps it: a reload never mixes two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from dlp_recognizers.own.bundle import NOTHING, OwnData, load_own
from gateway import pem
from gateway.errors import ConfigurationError
from gateway.identity import RevocationList
from gateway.keys import load_keys
from gateway.registry import Registry, load_registry
from routing_rules.compile import load_policy
from routing_rules.policy import Policy

if TYPE_CHECKING:
    from gateway.model import Upstream
    from gateway.settings import Listen, Settings


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Settings, policy, registry, revocations and keys that belong together."""

    settings: Settings
    policy: Policy
    """Made with the entities and levels of `own`."""
    registry: Registry
    revocations: tuple[RevocationList, ...] | None
    """None when no revocation list is configured."""
    hash_key_id: str
    hash_key: bytes = field(repr=False)
    placeholder_master: bytes = field(repr=False)
    loaded_at: datetime
    own: OwnData = field(default=NOTHING, repr=False)
    """The organisation's own data, as the scan processes get it."""


def read_revocations(listen: Listen) -> tuple[RevocationList, ...] | None:
    """The configured lists, signatures checked against the client CAs. Raises ConfigurationError."""
    if listen.client_crl is None:
        return None
    return pem.revocations(
        (pem.read_file(listen.client_crl, "listen.client_crl"), f"listen.client_crl ({listen.client_crl})"),
        (pem.read_file(listen.client_ca, "listen.client_ca"), f"listen.client_ca ({listen.client_ca})"),
    )


def load_snapshot(settings: Settings, now: datetime) -> Snapshot:
    """Load everything the settings name. Raises ConfigurationError with every problem of the first broken file."""
    keys = load_keys(settings.keys.file)
    own = load_own(settings)
    return Snapshot(
        settings=settings,
        policy=load_policy(settings.policy, own.levels),
        registry=load_registry(settings.identity.registry, settings.identity.trust_domain),
        revocations=read_revocations(settings.listen),
        hash_key_id=keys.active_id,
        hash_key=keys.derive("prompt-hash"),
        placeholder_master=keys.derive("placeholder"),
        loaded_at=now,
        own=own,
    )


class SnapshotStore:
    """Holds the current snapshot. A part that cannot be loaded keeps its last good value, visibly."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        """Raises ConfigurationError when there is no first good one."""
        self._clock = clock
        self._canary: tuple[Upstream, str] | None = None
        self._plain = load_snapshot(settings, clock())
        self._current = self._plain
        self.problems: dict[str, str] = {}
        """Part (`policy`, `recognizers`, `registry`, `revocations`) to what is wrong with its file, for operators."""

    def current(self) -> Snapshot:
        """The snapshot for a request that begins now."""
        return self._current

    def set_canary(self, upstream: Upstream, spiffe_id: str) -> None:
        """Route the self-check agent to its local sink, in this and every later policy."""
        self._canary = (upstream, spiffe_id)
        self._publish()

    def reload(self) -> bool:
        """Read what can change again; returns whether anything did. Never raises for a file.

        A policy and the organisation's own data are one part to each other: names in one come from the other.
        """
        settings, before = self._plain.settings, self._plain
        own = self._try("recognizers", lambda: load_own(settings), before.own)
        policy = self._try("policy", lambda: load_policy(settings.policy, own.levels), before.policy)
        if "policy" in self.problems:
            own = before.own  # a policy that was made with other entities must not meet these
        registry = self._try(
            "registry",
            lambda: load_registry(settings.identity.registry, settings.identity.trust_domain),
            before.registry,
        )
        revocations = self._try("revocations", lambda: read_revocations(settings.listen), before.revocations)
        same = (
            policy.version == before.policy.version
            and registry.version == before.registry.version
            and revocations == before.revocations
            and own.version == before.own.version
        )
        if same:
            return False
        policy = before.policy if policy.version == before.policy.version else policy
        self._plain = replace(
            before, policy=policy, registry=registry, revocations=revocations, loaded_at=self._clock(), own=own
        )
        self._publish()
        return True

    def _publish(self) -> None:
        if self._canary is None:
            self._current = self._plain
        else:
            self._current = replace(self._plain, policy=self._plain.policy.with_canary(*self._canary))

    def _try[T](self, part: str, load: Callable[[], T], last_good: T) -> T:
        try:
            value = load()
        except ConfigurationError as error:
            self.problems[part] = str(error)
            return last_good
        self.problems.pop(part, None)
        return value
