"""TLS contexts by what is on disk: the server's, and one per upstream definition with its alias."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from OpenSSL import SSL

from addons.state import ALIAS_SUFFIX
from addons.tls_context import (
    ClientTrust,
    UpstreamTrust,
    build_server_context,
    build_upstream_context,
    upstream_connection,
)
from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from gateway.model import Upstream
    from gateway.settings import Listen


_PAST_ALIASES: Final = 256


class ServerTrust:
    """The context for agents. A reload that fails keeps the last good one and says why."""

    def __init__(self, listen: Listen) -> None:
        """Raises ConfigurationError when there is no first good one."""
        self._listen = listen
        trust = ClientTrust.read(listen)
        self._fingerprint = trust.fingerprint()
        self._version = _anchors(trust)
        self._context = build_server_context(trust)

    def current(self) -> tuple[SSL.Context, str]:
        """The context for the next handshake, and the version of the anchors behind it."""
        return self._context, self._version

    def reload(self) -> bool:
        """Build a new context if any file changed; returns whether it did. Raises ConfigurationError."""
        trust = ClientTrust.read(self._listen)
        if trust.fingerprint() == self._fingerprint:
            return False
        self._context = build_server_context(trust)
        self._fingerprint = trust.fingerprint()
        self._version = _anchors(trust)
        return True


def _anchors(trust: ClientTrust) -> str:
    """Connections outlive a new server certificate or revocation list, but not a change of the anchors."""
    return hashlib.sha256(trust.client_ca).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Target:
    """An upstream definition as it can be dialled."""

    alias: str
    """Names this definition, its files included, and no other: the key of connection reuse."""
    upstream: Upstream
    context: SSL.Context | None = field(repr=False)

    def connection(self) -> SSL.Connection:
        """A new TLS connection that accepts this upstream alone. Raises RuntimeError for a clear-text upstream."""
        if self.context is None:
            raise RuntimeError("this upstream has no TLS")
        return upstream_connection(self.context, self.upstream)


class Targets:
    """Upstream definitions to targets. Contexts are rebuilt when a file behind them changes."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], Target] = {}
        self._by_alias: dict[str, Target] = {}

    def of(self, upstream: Upstream, policy_version: str) -> Target:
        """The target for an upstream of a policy. Raises ConfigurationError when its files are unusable."""
        key = (policy_version, upstream.id)
        target = self._by_key.get(key)
        if target is None or target.upstream is not upstream:
            target = _make(upstream)
            self._by_key[key] = target
            self._by_alias[target.alias] = target
        return target

    def by_alias(self, alias: str) -> Target:
        """The target behind an alias. Raises KeyError."""
        return self._by_alias[alias]

    def refresh(self, policy_version: str) -> None:
        """Forget targets of other policies and those whose files changed. Raises nothing: a broken file is met by the
        next request, which is refused."""
        for key, target in list(self._by_key.items()):
            if key[0] != policy_version or _fingerprint_now(target.upstream) != target.alias:
                del self._by_key[key]
        # Aliases of the past stay until nothing can be in flight for them any more.
        current = {target.alias for target in self._by_key.values()}
        past = [alias for alias in self._by_alias if alias not in current]
        for alias in past[:-_PAST_ALIASES]:
            del self._by_alias[alias]


def _fingerprint_now(upstream: Upstream) -> str:
    try:
        return _alias(upstream, UpstreamTrust.read(upstream).fingerprint() if upstream.scheme == "https" else "")
    except ConfigurationError:  # unreadable counts as changed: the next use builds anew, or refuses
        return ""


def _alias(upstream: Upstream, fingerprint: str) -> str:
    definition = "\0".join(
        (upstream.id, upstream.scheme, upstream.host, str(upstream.port), upstream.sni, upstream.prefix, fingerprint)
    )
    return f"u{hashlib.sha256(definition.encode()).hexdigest()[:24]}{ALIAS_SUFFIX}"


def _make(upstream: Upstream) -> Target:
    if upstream.scheme != "https":
        return Target(_alias(upstream, ""), upstream, None)
    trust = UpstreamTrust.read(upstream)
    return Target(_alias(upstream, trust.fingerprint()), upstream, build_upstream_context(upstream, trust))
