"""Who is calling: the handshake under our own context, then the registry, for every request anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.serialization import Encoding
from mitmproxy import http, tls
from OpenSSL import SSL

from addons.state import EXCHANGE, Phase
from gateway.errors import Refusal, Refused
from gateway.identity import admit, identity_from_der

if TYPE_CHECKING:
    from mitmproxy.connection import Client

    from addons.dispatch import FailClosedAddons
    from addons.surroundings import Surroundings
    from addons.trust import ServerTrust
    from gateway.exchange import Exchange

TRUST_CHANGED: Final = Refusal(
    "llmgw_trust_changed", 503, "The gateway's trusted certificates have changed. Connect again.", retry=True
)
TOO_MANY: Final = Refusal(
    "llmgw_too_many_connections",
    429,
    "This agent has too many connections open to the gateway. Close idle ones or use fewer at a time.",
    retry=True,
)


class ClientIdentity:
    """The only source of identity. Headers that claim one are never read and never forwarded."""

    def __init__(self, surroundings: Surroundings, manager: FailClosedAddons, trust: ServerTrust) -> None:
        self._surroundings = surroundings
        self._connections = manager.connections
        self._trust = trust

    def tls_start_client(self, data: tls.TlsData) -> None:
        """Our context, never mitmproxy's: that one accepts any certificate, and none."""
        context, version = self._trust.current()
        connection = SSL.Connection(context)
        connection.set_accept_state()
        self._connections[data.conn.id].trust_version = version
        data.ssl_conn = connection

    def tls_established_client(self, data: tls.TlsData) -> None:
        """Keep what the chain proved. A certificate that names nobody is told so at its first request."""
        state = self._connections[data.conn.id]
        around = self._surroundings
        state.enter(Phase.IDLE, around.monotonic())
        leaf = data.ssl_conn.get_peer_certificate(as_cryptography=True) if data.ssl_conn else None
        if leaf is None:
            raise Refused(TRUST_CHANGED)
        try:
            state.identity = identity_from_der(
                leaf.public_bytes(Encoding.DER), trust_domain=around.snapshot().settings.identity.trust_domain
            )
        except Refused as refused:
            state.identity_refusal = refused.refusal
            return
        record = around.snapshot().registry.by_spiffe_id.get(state.identity.spiffe_id)
        if record is None:
            return
        open_now = around.agent_connections.get(record.agent_id, 0) + 1
        around.agent_connections[record.agent_id] = open_now
        state.agent_id = record.agent_id
        if open_now > around.snapshot().settings.limits.connections_per_agent:
            state.identity_refusal = TOO_MANY

    def tls_failed_client(self, data: tls.TlsData) -> None:
        """Count why, in a closed set of words."""
        self._surroundings.metrics.tls_failure(failure_word(data.conn.error or ""))

    def client_disconnected(self, client: Client) -> None:
        """Give the connection's place back."""
        state = self._connections.get(client.id)
        if state is None or not state.agent_id:
            return
        left = self._surroundings.agent_connections.get(state.agent_id, 1) - 1
        if left > 0:
            self._surroundings.agent_connections[state.agent_id] = left
        else:
            self._surroundings.agent_connections.pop(state.agent_id, None)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Admit the agent under this request's snapshot: registry, validity and revocation are checked every time."""
        exchange: Exchange = flow.metadata[EXCHANGE]
        state = self._connections[flow.client_conn.id]
        exchange.identity = state.identity
        if state.trust_version != self._trust.current()[1]:
            state.closing = True
            raise Refused(TRUST_CHANGED)
        refusal = state.identity_refusal
        if state.identity is None or (refusal is not None and refusal is not TOO_MANY):
            state.closing = True
            raise Refused(refusal or TRUST_CHANGED)
        snapshot = exchange.snapshot
        record = admit(state.identity, snapshot.registry, revocations=snapshot.revocations, now=exchange.when)
        exchange.agent = record
        if refusal is not None:  # told only now, so that the event names the agent
            state.closing = True
            raise Refused(refusal)
        oauth = snapshot.settings.identity.oauth
        if oauth is not None and not record.canary:
            self._check_token(flow, exchange)

    def _check_token(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        """OAuth2 as the second proof: the token must be this agent's, and bound to this certificate if it says so."""
        tokens = self._surroundings.token_verifier
        record, identity = exchange.agent, exchange.identity
        if tokens is None or record is None or identity is None:
            raise Refused(TRUST_CHANGED)
        headers = ((n.decode("latin-1"), v.decode("latin-1")) for n, v in flow.request.headers.fields)
        claims = tokens.authenticate(record, headers, identity=identity, now=exchange.when)
        exchange.token_client = claims.client_id if claims is not None else ""


def failure_word(error: str) -> str:
    """The metric label for a failed handshake."""
    for needle, word in _WORDS.items():
        if needle in error:
            return word
    return "protocol"


_WORDS: Final = {
    "certificate has expired": "expired",
    "not yet valid": "not_yet_valid",
    "certificate revoked": "revoked",
    "CRL has expired": "crl_stale",
    "unable to get certificate CRL": "crl_stale",
    "self-signed": "untrusted",
    "self signed": "untrusted",
    "issuer": "untrusted",
    "purpose": "wrong_purpose",
    "Certificate verify failed": "untrusted",
    "peer did not return a certificate": "no_certificate",
}
