"""Real handshakes over memory BIOs: the gateway's contexts on one side, the standard library's TLS on the other."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL

from addons.tls_context import (
    ClientTrust,
    UpstreamTrust,
    build_server_context,
    build_upstream_context,
    upstream_connection,
)
from certs.authority import CA_USAGE, SERVER_ONLY, Authority, Issued, LeafSpec, Pki, make_pki, self_signed
from gateway.errors import ConfigurationError, Refused
from gateway.identity import identity_from_der
from gateway.model import Tier, Upstream
from gateway.settings import Listen

TRUST_DOMAIN = "corp.example"
AGENT = f"spiffe://{TRUST_DOMAIN}/agent/demo"
NOW = datetime.now(UTC)
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
both_versions = pytest.mark.parametrize("version", VERSIONS, ids=["tls12", "tls13"])


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki") / "certs", trust_domain=TRUST_DOMAIN, agents=["agent/demo"])


@pytest.fixture(scope="module")
def listen(pki: Pki) -> Listen:
    return Listen(
        certificate=pki.gateway.certificate, key=pki.gateway.key, client_ca=pki.clients_ca, client_crl=pki.clients_crl
    )


@pytest.fixture(scope="module")
def trust(listen: Listen) -> ClientTrust:
    return ClientTrust.read(listen)


@dataclass
class Outcome:
    """What each side saw."""

    server: SSL.Connection
    client: ssl.SSLObject
    server_error: Exception | None = None
    client_error: ssl.SSLError | None = None
    answer: bytes = b""

    @property
    def alert(self) -> str:
        """The alert as the client's OpenSSL names it, without the differing prefixes."""
        reason = "" if self.client_error is None else str(self.client_error.reason)
        return reason.partition("ALERT_")[2].lower()


def client_context(
    tmp_path: Path, pki: Pki, issued: Issued | None, version: ssl.TLSVersion, alpn: tuple[str, ...] = ()
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=str(pki.gateway_ca))
    context.minimum_version = context.maximum_version = version
    if issued is not None:
        both = tmp_path / f"{issued.certificate.serial_number}.pem"
        both.write_bytes(issued.pem + issued.key_pem)
        context.load_cert_chain(str(both))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def connect(server_context: SSL.Context, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> Outcome:
    """Handshake, then one application byte from the gateway. In TLS 1.3 a refusal only shows on that read."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="localhost", session=session)
    server = SSL.Connection(server_context)
    server.set_accept_state()
    outcome = Outcome(server, client)
    client_done = server_done = sent = False
    for _ in range(12):
        try:
            if not client_done:
                client.do_handshake()
                client_done = True
            outcome.answer += client.read(100)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            outcome.client_error = error
        data = outgoing.read()
        if data:
            server.bio_write(data)
        try:
            if not server_done and outcome.server_error is None:
                server.do_handshake()
                server_done = True
            if server_done and not sent:
                server.send(b"served")
                sent = True
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            outcome.server_error = error
        with contextlib.suppress(SSL.WantReadError):
            incoming.write(server.bio_read(65535))
        if outcome.answer or outcome.client_error:
            break
    return outcome


def agent(pki: Pki, **changes: object) -> Issued:
    return pki.clients.mint(replace(LeafSpec("agent", uris=(AGENT,)), **changes))


@both_versions
@pytest.mark.parametrize("alpn", [(), ("http/1.1",), ("h2", "http/1.1")], ids=["none", "http1", "both"])
def test_an_agent_gets_in(
    pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion, alpn: tuple[str, ...]
) -> None:
    issued = agent(pki)
    outcome = connect(build_server_context(trust), client_context(tmp_path, pki, issued, version, alpn))
    assert outcome.server_error is None
    assert outcome.answer == b"served"
    assert outcome.client.selected_alpn_protocol() == ("http/1.1" if alpn else None)
    assert outcome.client.compression() is None
    leaf = outcome.server.get_peer_certificate()
    assert leaf is not None
    identity = identity_from_der(leaf.to_cryptography().public_bytes(Encoding.DER), trust_domain=TRUST_DOMAIN)
    assert identity.spiffe_id == AGENT
    assert identity.serial == issued.certificate.serial_number


def _wrong_authority(pki: Pki) -> Issued:
    twin = Authority.root("llmgw throw-away clients CA")
    return twin.mint(LeafSpec("agent", uris=(AGENT,)))


def _rsa_1024(pki: Pki) -> Issued:
    key = rsa.generate_private_key(65537, 1024)
    return agent(pki, key=key)


def _below_the_gateway_ca(pki: Pki) -> Issued:
    return pki.servers.mint(LeafSpec("agent", uris=(AGENT,)))


REFUSED: dict[str, tuple[Callable[[Pki], Issued | None], set[str]]] = {
    # case: how to make the certificate, the alerts that may be sent (RFC 8446 section 6.2)
    "none": (lambda pki: None, {"certificate_required", "handshake_failure"}),
    "self-signed": (lambda pki: self_signed(LeafSpec("agent", uris=(AGENT,))), {"unknown_ca"}),
    "another CA of the same name": (_wrong_authority, {"unknown_ca", "decrypt_error"}),
    "the CA of the gateway's own certificate": (_below_the_gateway_ca, {"unknown_ca"}),
    "expired by a second": (
        lambda pki: agent(pki, not_before=NOW - timedelta(days=2), not_after=NOW - timedelta(seconds=1)),
        {"certificate_expired"},
    ),
    "expired by a year": (
        lambda pki: agent(pki, not_before=NOW - timedelta(days=700), not_after=NOW - timedelta(days=365)),
        {"certificate_expired"},
    ),
    "not valid before tomorrow": (
        lambda pki: agent(pki, not_before=NOW + timedelta(days=1), not_after=NOW + timedelta(days=2)),
        {"bad_certificate"},
    ),
    "for servers only": (lambda pki: agent(pki, usages=SERVER_ONLY), {"unsupported_certificate"}),
    "critical extension nobody knows": (
        lambda pki: agent(
            pki, extra=((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00"), True),)
        ),
        {"certificate_unknown", "unsupported_certificate", "bad_certificate"},
    ),
    "below an agent's certificate": (
        lambda pki: Authority(agent(pki).certificate, agent(pki).key).mint(LeafSpec("x", uris=(AGENT,))),
        {"unknown_ca"},
    ),
}


@both_versions
@pytest.mark.parametrize("case", REFUSED)
def test_a_certificate_that_does_not_hold_is_refused_with_an_alert(
    pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion, case: str
) -> None:
    make, alerts = REFUSED[case]
    outcome = connect(build_server_context(trust), client_context(tmp_path, pki, make(pki), version))
    assert outcome.server_error is not None
    assert outcome.answer == b""
    assert outcome.alert in alerts


@both_versions
def test_a_weak_key_is_refused(pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion) -> None:
    context = client_context(tmp_path, pki, None, version)
    context.set_ciphers("ALL:@SECLEVEL=0")
    both = tmp_path / "weak.pem"
    weak = _rsa_1024(pki)
    key = weak.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(weak.pem + key)
    context.load_cert_chain(str(both))
    outcome = connect(build_server_context(trust), context)
    assert outcome.answer == b""
    assert outcome.server_error is not None


@both_versions
def test_revoked_is_refused_and_the_others_are_not(
    pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    revoked, other = agent(pki), agent(pki)
    crl = pki.clients.crl([revoked.certificate.serial_number]).public_bytes(Encoding.PEM)
    context = build_server_context(replace(trust, client_crl=crl))
    refused = connect(context, client_context(tmp_path, pki, revoked, version))
    assert (refused.alert, refused.answer) == ("certificate_revoked", b"")
    assert connect(context, client_context(tmp_path, pki, other, version)).answer == b"served"


@both_versions
@pytest.mark.parametrize("which", ["stale", "future"])
def test_a_list_that_is_not_current_refuses_everybody(
    pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion, which: str
) -> None:
    start = NOW - timedelta(days=2) if which == "stale" else NOW + timedelta(days=1)
    crl = pki.clients.crl(this_update=start, next_update=start + timedelta(days=1)).public_bytes(Encoding.DER)
    outcome = connect(
        build_server_context(replace(trust, client_crl=crl)), client_context(tmp_path, pki, agent(pki), version)
    )
    assert outcome.answer == b""
    assert "CRL" in str(outcome.server_error) or outcome.alert in {"certificate_expired", "bad_certificate"}


@both_versions
def test_what_tls_lets_through_is_refused_by_the_rules_for_a_leaf(
    pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """OpenSSL takes a CA certificate, or one without key usages, for a client; X509-SVID does not."""
    for changes in ({"ca": True, "key_usage": CA_USAGE | {"digital_signature"}}, {"usages": None}):
        outcome = connect(build_server_context(trust), client_context(tmp_path, pki, agent(pki, **changes), version))
        if outcome.server_error is None:
            leaf = outcome.server.get_peer_certificate()
            assert leaf is not None
            der = leaf.to_cryptography().public_bytes(Encoding.DER)
            with pytest.raises(Refused, match="llmgw_certificate_invalid"):
                identity_from_der(der, trust_domain=TRUST_DOMAIN)


@both_versions
def test_only_h2_is_refused(pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion) -> None:
    outcome = connect(build_server_context(trust), client_context(tmp_path, pki, agent(pki), version, ("h2",)))
    assert outcome.answer == b""
    assert "no application protocol" in str(outcome.server_error)
    assert "alert no application protocol" in str(outcome.client_error)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_are_refused(pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion) -> None:
    context = client_context(tmp_path, pki, agent(pki), version)
    context.set_ciphers("ALL:@SECLEVEL=0")
    outcome = connect(build_server_context(trust), context)
    assert outcome.answer == b""
    assert outcome.alert == "protocol_version"


def test_the_minimum_can_be_raised(pki: Pki, trust: ClientTrust, tmp_path: Path) -> None:
    context = build_server_context(replace(trust, minimum_tls="1.3"))
    old = connect(context, client_context(tmp_path, pki, agent(pki), ssl.TLSVersion.TLSv1_2))
    assert old.alert == "protocol_version"
    assert connect(context, client_context(tmp_path, pki, agent(pki), ssl.TLSVersion.TLSv1_3)).answer == b"served"


@pytest.mark.parametrize("ciphers", ["AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA"])
def test_weak_ciphers_are_refused(pki: Pki, trust: ClientTrust, tmp_path: Path, ciphers: str) -> None:
    context = client_context(tmp_path, pki, agent(pki), ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    assert connect(build_server_context(trust), context).alert == "handshake_failure"


@both_versions
def test_sessions_resume_and_keep_the_identity_until_trust_changes(
    pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    context = build_server_context(trust)
    client = client_context(tmp_path, pki, agent(pki), version)
    first = connect(context, client)
    assert not first.client.session_reused
    second = connect(context, client, first.client.session)
    assert second.client.session_reused
    assert second.answer == b"served"
    leaf = second.server.get_peer_certificate()
    assert leaf is not None
    assert (
        identity_from_der(leaf.to_cryptography().public_bytes(Encoding.DER), trust_domain=TRUST_DOMAIN).spiffe_id
        == AGENT
    )
    for changed in (trust, replace(trust, client_crl=pki.clients.crl(number=7).public_bytes(Encoding.PEM))):
        third = connect(build_server_context(changed), client, second.client.session or first.client.session)
        assert not third.client.session_reused
        assert third.answer == b"served"


@both_versions
def test_a_ticket_of_a_since_revoked_agent_ends_in_a_full_handshake_and_a_refusal(
    pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    issued = agent(pki)
    client = client_context(tmp_path, pki, issued, version)
    first = connect(build_server_context(trust), client)
    crl = pki.clients.crl([issued.certificate.serial_number]).public_bytes(Encoding.PEM)
    again = connect(build_server_context(replace(trust, client_crl=crl)), client, first.client.session)
    assert (again.alert, again.answer) == ("certificate_revoked", b"")


@both_versions
def test_an_intermediate_must_be_sent_or_trusted(
    pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    between = pki.clients.intermediate("between")
    issued = between.mint(LeafSpec("agent", uris=(AGENT,)))
    unchecked = build_server_context(replace(trust, client_crl=None))
    sent = client_context(tmp_path, pki, issued, version)
    assert connect(unchecked, sent).answer == b"served"
    (tmp_path / f"{issued.certificate.serial_number}.pem").unlink()
    missing = client_context(tmp_path, pki, replace(issued, chain=()), version)
    assert connect(unchecked, missing).alert == "unknown_ca"
    bundle = replace(trust, client_ca=trust.client_ca + between.pem)
    # With revocation on, an issuer without a list is refused, and one with a list is not.
    assert connect(build_server_context(bundle), missing).answer == b""
    assert bundle.client_crl is not None
    lists = bundle.client_crl + between.crl().public_bytes(Encoding.PEM)
    assert connect(build_server_context(replace(bundle, client_crl=lists)), missing).answer == b"served"
    # An intermediate of the bundle is an anchor without the root above it.
    alone = replace(trust, client_ca=between.pem, client_crl=between.crl().public_bytes(Encoding.PEM))
    assert connect(build_server_context(alone), missing).answer == b"served"
    assert connect(build_server_context(alone), client_context(tmp_path, pki, agent(pki), version)).answer == b""


@both_versions
def test_the_order_of_a_chain_and_what_else_is_in_it_do_not_matter(
    pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    upper = pki.clients.intermediate("upper", path_length=1)
    lower = upper.intermediate("lower")
    issued = lower.mint(LeafSpec("agent", uris=(AGENT,)))
    # Fifty more of the same name, with other keys: a search that tries every path would take for ever.
    noise = tuple(Authority.root("upper").certificate for _ in range(50))
    context = build_server_context(replace(trust, client_crl=None))
    shuffled = replace(issued, chain=(*noise, upper.certificate, lower.certificate))
    assert connect(context, client_context(tmp_path, pki, shuffled, version)).answer == b"served"
    (tmp_path / f"{issued.certificate.serial_number}.pem").unlink()
    without = replace(issued, chain=(*noise, lower.certificate))
    assert connect(context, client_context(tmp_path, pki, without, version)).alert == "unknown_ca"


def test_a_large_revocation_list_is_taken(pki: Pki, trust: ClientTrust, tmp_path: Path) -> None:
    issued = agent(pki)
    serials = [*range(1, 5_000), issued.certificate.serial_number]
    known = replace(trust, client_crl=pki.clients.crl(serials).public_bytes(Encoding.DER))
    lists = known.revocations()
    assert lists is not None
    assert lists[0].serials == frozenset(serials)
    outcome = connect(build_server_context(known), client_context(tmp_path, pki, issued, ssl.TLSVersion.TLSv1_3))
    assert outcome.alert == "certificate_revoked"


@both_versions
def test_too_long_a_chain_is_refused(pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion) -> None:
    authority = pki.clients
    for number in range(6):
        authority = authority.intermediate(f"level {number}", path_length=None)
    outcome = connect(
        build_server_context(replace(trust, client_crl=None)),
        client_context(tmp_path, pki, authority.mint(LeafSpec("agent", uris=(AGENT,))), version),
    )
    assert outcome.answer == b""
    assert outcome.alert == "unknown_ca"


@both_versions
@pytest.mark.parametrize(("domain", "answer"), [(TRUST_DOMAIN, b"served"), ("other.example", b"")])
def test_name_constraints_bind(
    pki: Pki, trust: ClientTrust, tmp_path: Path, version: ssl.TLSVersion, domain: str, answer: bytes
) -> None:
    limits = x509.NameConstraints([x509.UniformResourceIdentifier(domain)], None)
    made = pki.clients.mint(LeafSpec("limited", usages=None, key_usage=CA_USAGE, ca=True, extra=((limits, True),)))
    limited = Authority(made.certificate, made.key, (made.certificate,))
    outcome = connect(
        build_server_context(replace(trust, client_crl=None)),
        client_context(tmp_path, pki, limited.mint(LeafSpec("agent", uris=(AGENT,))), version),
    )
    assert outcome.answer == answer


@pytest.mark.parametrize(
    "greeting",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x05\x01\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10",
        b"\x00" * 64,
    ],
    ids=["clear text", "socks", "h2 preface", "sslv2", "zeros"],
)
def test_bytes_that_are_not_tls_never_complete(trust: ClientTrust, greeting: bytes) -> None:
    server = SSL.Connection(build_server_context(trust))
    server.set_accept_state()
    server.bio_write(greeting)
    with pytest.raises(SSL.Error):
        server.do_handshake()
    assert server.get_peer_certificate() is None


def test_clients_cannot_renegotiate(pki: Pki, trust: ClientTrust, tmp_path: Path) -> None:
    issued = agent(pki)
    server = SSL.Connection(build_server_context(trust))
    server.set_accept_state()
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.use_certificate(issued.certificate)
    context.use_privatekey(issued.key)
    client = SSL.Connection(context)
    client.set_connect_state()
    pump(client, server)
    assert client.renegotiate()
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    server.bio_write(client.bio_read(65535))
    with pytest.raises(SSL.WantReadError):
        server.recv(1)
    client.bio_write(server.bio_read(65535))
    with pytest.raises(SSL.Error, match="no renegotiation"):
        client.do_handshake()
    assert server.total_renegotiations() == 0


def pump(client: SSL.Connection, server: SSL.Connection) -> list[Exception]:
    """Move a handshake on until both sides rest; the errors it ended with."""
    failed: list[Exception] = []
    for _ in range(8):
        for here, there in ((client, server), (server, client)):
            try:
                here.do_handshake()
            except SSL.WantReadError:
                pass
            except SSL.Error as error:
                failed.append(error)
            with contextlib.suppress(SSL.WantReadError):
                there.bio_write(here.bio_read(65535))
    return failed


# What cannot be loaded


BROKEN: dict[str, tuple[Callable[[Pki, ClientTrust], ClientTrust], str]] = {
    "key of another certificate": (
        lambda pki, trust: replace(trust, key=pki.canary.key.read_bytes()),
        "not the key of",
    ),
    "no key": (lambda pki, trust: replace(trust, key=b"nothing"), "not an unencrypted PEM private key"),
    "no certificate": (lambda pki, trust: replace(trust, certificate=b""), "holds no PEM certificate"),
    "empty client CA": (lambda pki, trust: replace(trust, client_ca=b"\n"), "listen.client_ca"),
    "an agent as anchor": (lambda pki, trust: replace(trust, client_ca=trust.client_ca + agent(pki).pem), "not a CA"),
    "no list": (lambda pki, trust: replace(trust, client_crl=b""), "listen.client_crl"),
    "list of another CA": (
        lambda pki, trust: replace(
            trust, client_crl=Authority.root("llmgw throw-away clients CA").crl().public_bytes(Encoding.PEM)
        ),
        "not signed by a CA of the client bundle",
    ),
    "list of a CA with another name": (
        lambda pki, trust: replace(trust, client_crl=Authority.root("y").crl().public_bytes(Encoding.PEM)),
        "not signed by a CA of the client bundle",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_configuration_errors(pki: Pki, trust: ClientTrust, case: str) -> None:
    breaking, says = BROKEN[case]
    with pytest.raises(ConfigurationError, match=says) as caught:
        build_server_context(breaking(pki, trust))
    assert "PRIVATE KEY" not in str(caught.value)


def test_a_missing_file_is_named(listen: Listen, tmp_path: Path) -> None:
    missing = listen.model_copy(update={"client_crl": tmp_path / "gone.crl"})
    with pytest.raises(ConfigurationError, match=r"listen\.client_crl: cannot read .*gone\.crl"):
        build_server_context(missing)


def test_the_fingerprint_follows_every_part(trust: ClientTrust) -> None:
    variants = [
        trust,
        replace(trust, certificate=b"x"),
        replace(trust, key=b"x"),
        replace(trust, client_ca=b"x"),
        replace(trust, client_crl=None),
        replace(trust, client_crl=b""),
        replace(trust, minimum_tls="1.3"),
    ]
    assert len({each.fingerprint() for each in variants}) == len(variants)
    assert replace(trust).fingerprint() == trust.fingerprint()
    assert "PRIVATE" not in repr(trust)


# Towards upstreams


def upstream(pki: Pki, host: str = "localhost", **changes: object) -> Upstream:
    plain = Upstream(
        "sovereign-eu", Tier.SOVEREIGN, "https", host, 443, "", frozenset(), {}, ca_file=str(pki.upstream_ca)
    )
    return replace(plain, **changes)


def dial(pki: Pki, tmp_path: Path, target: Upstream, issued: Issued, *, ask_client: bool = False) -> list[Exception]:
    """Handshake with a stub that presents `issued`; the errors, none when trust was reached."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate(issued.certificate)
    for each in issued.chain:
        context.add_extra_chain_cert(each)
    context.use_privatekey(issued.key)
    context.set_alpn_select_callback(lambda connection, offered: offered[0])
    if ask_client:
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *found: True)
    server = SSL.Connection(context)
    server.set_accept_state()
    client = upstream_connection(build_upstream_context(target), target)
    failed = pump(client, server)
    if not failed:
        assert client.get_alpn_proto_negotiated() == b"http/1.1"
        name = target.sni or target.host
        assert server.get_servername() == (None if name[0].isdigit() or ":" in name else name.encode())
        if ask_client:
            assert server.get_peer_certificate() is not None
    return failed


@pytest.mark.parametrize(
    ("host", "changes"),
    [
        ("localhost", {}),
        ("127.0.0.1", {}),
        ("::1", {}),
        ("10.9.8.7", {"sni": "localhost"}),
    ],
)
def test_an_upstream_with_its_name_is_trusted(pki: Pki, tmp_path: Path, host: str, changes: dict[str, object]) -> None:
    issued = pki.stubs.issue_server(("localhost", "127.0.0.1", "::1"))
    assert dial(pki, tmp_path, upstream(pki, host, **changes), issued) == []


def test_the_client_certificate_of_an_upstream_is_shown(pki: Pki, tmp_path: Path) -> None:
    pair = pki.agents["agent/demo"]
    target = upstream(pki, client_cert_file=str(pair.certificate), client_key_file=str(pair.key))
    assert dial(pki, tmp_path, target, pki.stubs.issue_server(("localhost",)), ask_client=True) == []


UNTRUSTED: dict[str, Callable[[Pki], Issued]] = {
    "wrong name": lambda pki: pki.stubs.issue_server(("other.example",)),
    "name in the subject only": lambda pki: pki.stubs.issue_server((), common_name="localhost"),
    "partial wildcard": lambda pki: pki.stubs.issue_server(("l*",)),
    "address instead of name": lambda pki: pki.stubs.issue_server(("127.0.0.1",)),
    "another CA": lambda pki: Authority.root("llmgw throw-away upstreams CA").issue_server(("localhost",)),
    "the agents' CA": lambda pki: pki.clients.issue_server(("localhost",)),
    "self-signed": lambda pki: self_signed(LeafSpec("localhost", names=("localhost",))),
    "expired": lambda pki: pki.stubs.mint(
        LeafSpec(names=("localhost",), not_before=NOW - timedelta(days=2), not_after=NOW - timedelta(seconds=1))
    ),
    "for clients only": lambda pki: pki.stubs.mint(
        LeafSpec(names=("localhost",), usages=(ExtendedKeyUsageOID.CLIENT_AUTH,))
    ),
}


@pytest.mark.parametrize("case", UNTRUSTED)
def test_an_upstream_that_is_not_the_one_is_refused(pki: Pki, tmp_path: Path, case: str) -> None:
    failed = dial(pki, tmp_path, upstream(pki), UNTRUSTED[case](pki))
    assert any("certificate verify failed" in str(error) for error in failed)


def test_an_address_is_not_satisfied_by_a_dns_name(pki: Pki, tmp_path: Path) -> None:
    failed = dial(pki, tmp_path, upstream(pki, "127.0.0.1"), pki.stubs.issue_server(("localhost",)))
    assert any("certificate verify failed" in str(error) for error in failed)


def test_the_machines_trust_store_is_never_used(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public = Authority.root("a public CA")
    (tmp_path / "system.pem").write_bytes(public.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    failed = dial(pki, tmp_path, upstream(pki), public.issue_server(("localhost",)))
    assert any("certificate verify failed" in str(error) for error in failed)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"scheme": "http"}, "has no TLS"),
        ({"ca_file": ""}, "ca_file is missing"),
        ({"ca_file": "/nonexistent/ca.pem"}, "cannot read"),
        ({"client_cert_file": "x"}, "both client_cert_file and client_key_file"),
    ],
)
def test_an_upstream_without_pinned_trust_is_a_configuration_error(
    pki: Pki, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        build_upstream_context(upstream(pki, **changes))
    assert "sovereign-eu" in str(caught.value)


@pytest.mark.parametrize("name", ["", ".example", "a" * 300, "x\0y"])
def test_a_name_that_cannot_be_checked_is_never_left_unchecked(pki: Pki, name: str) -> None:
    context = build_upstream_context(upstream(pki))
    with pytest.raises(ConfigurationError, match="not a host name"):
        upstream_connection(context, upstream(pki, name))


def test_upstream_trust_has_a_fingerprint(pki: Pki) -> None:
    trust = UpstreamTrust.read(upstream(pki))
    assert trust.fingerprint() == UpstreamTrust.read(upstream(pki)).fingerprint()
    assert replace(trust, ca=b"x").fingerprint() != trust.fingerprint()
