"""Who may be whom: tables for SPIFFE IDs and leaves, revocation, admission. Every refusal is asserted by its code."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from certs.authority import CA_USAGE, SERVER_ONLY, Authority, Issued, LeafSpec, self_signed
from gateway.errors import ConfigurationError, Refused
from gateway.identity import (
    RevocationList,
    SpiffeIdError,
    admit,
    identity_from_der,
    load_crl,
    load_crls,
    parse_spiffe_id,
    verify_crl,
)
from gateway.model import AgentRecord, AgentState, Identity, Level

TRUST_DOMAIN = "corp.example"
AGENT = f"spiffe://{TRUST_DOMAIN}/agent/demo"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.root("clients")


def leaf(authority: Authority, **changes: object) -> Issued:
    return authority.mint(replace(LeafSpec("agent", uris=(AGENT,)), **changes))


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        call()
    refusal = caught.value.refusal
    assert refusal.status == 401
    assert not refusal.retry
    assert refusal.message.rstrip().endswith(".")
    return refusal.code


# SPIFFE IDs


@pytest.mark.parametrize("path", ["agent/demo", "a", "A.b-c_9/...", "agent/demo/" + "x" * 1900])
def test_a_workload_of_the_trust_domain_is_taken_as_it_stands(path: str) -> None:
    text = f"spiffe://{TRUST_DOMAIN}/{path}"
    assert parse_spiffe_id(text, TRUST_DOMAIN) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "spiffe",
        "spiffe:",
        "spiffe://",
        "spiffe:///agent/demo",
        "spiffe:/corp.example/agent",
        "SPIFFE://corp.example/agent/demo",
        "Spiffe://corp.example/agent/demo",
        "https://corp.example/agent/demo",
        " spiffe://corp.example/agent/demo",
        "spiffe://corp.example/agent/demo ",
        "spiffe://corp.example/agent/demo\n",
        "spiffe://Corp.example/agent/demo",
        "spiffe://corp.example:443/agent/demo",
        "spiffe://u@corp.example/agent/demo",
        "spiffe://corp.example%2e/agent",
        "spiffe://corp.example\n/agent",
        "spiffe://corp.example",
        "spiffe://corp.example/",
        "spiffe://corp.example//agent",
        "spiffe://corp.example/agent/",
        "spiffe://corp.example/agent//demo",
        "spiffe://corp.example/agent/./demo",
        "spiffe://corp.example/agent/../demo",
        "spiffe://corp.example/..",
        "spiffe://corp.example/agent/%64emo",
        "spiffe://corp.example/agent/demo?x=1",
        "spiffe://corp.example/agent/demo#x",
        "spiffe://corp.example/agent/d\u0435mo",
        "spiffe://corp.example/agent/demo\0",
        "spiffe://corp.example/agent\\demo",
        "spiffe://corp.example/agent;demo",
        "spiffe://corp.example/a b",
        "spiffe://corp.example.evil.example/agent/demo",
        "spiffe://evil.example/agent/demo",
        "spiffe://corp.example/" + "x" * 2048,
        "spiffe://corp.example/\ud800",
    ],
)
def test_anything_else_is_not_a_spiffe_id(text: str) -> None:
    with pytest.raises(SpiffeIdError) as caught:
        parse_spiffe_id(text, TRUST_DOMAIN)
    if len(text) > 30:
        assert text not in str(caught.value)


def test_length_is_counted_in_bytes() -> None:
    start = f"spiffe://{TRUST_DOMAIN}/"
    assert parse_spiffe_id(start + "x" * (2048 - len(start)), TRUST_DOMAIN)
    with pytest.raises(SpiffeIdError, match="2048"):
        parse_spiffe_id(start + "x" * (2049 - len(start)), TRUST_DOMAIN)


@given(st.text(max_size=60))
def test_whatever_is_accepted_has_only_plain_segments(path: str) -> None:
    text = f"spiffe://{TRUST_DOMAIN}/{path}"
    try:
        assert parse_spiffe_id(text, TRUST_DOMAIN) == text
    except SpiffeIdError:
        return
    allowed = set(string.ascii_letters + string.digits + ".-_")
    assert all(segment and segment not in (".", "..") and set(segment) <= allowed for segment in path.split("/"))


# Leaves


def test_an_svid_gives_the_identity(authority: Authority) -> None:
    issued = leaf(authority, common_name="spiffe://corp.example/agent/other")
    identity = identity_from_der(issued.der, trust_domain=TRUST_DOMAIN)
    assert identity.spiffe_id == AGENT
    assert identity.serial == issued.certificate.serial_number
    assert identity.issuer == "CN=clients"
    assert identity.not_before == issued.certificate.not_valid_before_utc
    assert identity.not_after == issued.certificate.not_valid_after_utc
    assert len(identity.fingerprint) == 64


def test_other_kinds_of_names_do_no_harm(authority: Authority) -> None:
    issued = leaf(authority, names=("demo.corp.example", "10.0.0.1"))
    assert identity_from_der(issued.der, trust_domain=TRUST_DOMAIN).spiffe_id == AGENT


def test_client_use_alone_is_enough(authority: Authority) -> None:
    issued = leaf(authority, usages=(ExtendedKeyUsageOID.CLIENT_AUTH,))
    assert identity_from_der(issued.der, trust_domain=TRUST_DOMAIN).spiffe_id == AGENT


NOT_A_LEAF: dict[str, tuple[dict[str, object], str]] = {
    "no URI": ({"uris": (), "common_name": AGENT}, "0 URI names"),
    "no URI, but a DNS name": ({"uris": (), "names": ("agent.example",)}, "0 URI names"),
    "two URIs": ({"uris": (AGENT, "spiffe://corp.example/agent/other")}, "2 URI names"),
    "the same URI twice": ({"uris": (AGENT, AGENT)}, "2 URI names"),
    "a URI and a web address": ({"uris": (AGENT, "https://corp.example")}, "2 URI names"),
    "root path": ({"uris": ("spiffe://corp.example",)}, "has a path"),
    "slash only": ({"uris": ("spiffe://corp.example/",)}, "empty path segment"),
    "other trust domain": ({"uris": ("spiffe://evil.example/agent/demo",)}, "another trust domain"),
    "not SPIFFE": ({"uris": ("https://corp.example/agent/demo",)}, "begins with spiffe"),
    "CA": ({"ca": True, "key_usage": CA_USAGE | {"digital_signature"}}, "CA certificate"),
    "signs certificates": ({"key_usage": frozenset({"digital_signature", "key_cert_sign"})}, "may sign"),
    "signs lists": ({"key_usage": frozenset({"digital_signature", "crl_sign"})}, "may sign"),
    "no digital signature": ({"key_usage": frozenset({"key_agreement"})}, "lacks digitalSignature"),
    "no key usage": ({"key_usage": None}, "no key usage"),
    "servers only": ({"usages": SERVER_ONLY}, "lacks clientAuth"),
    "no extended usage": ({"usages": None}, "lacks clientAuth"),
    "any usage": ({"usages": (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)}, "lacks clientAuth"),
    "unknown critical extension": (
        {"extra": ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00"), True),)},
        "critical extension",
    ),
}


@pytest.mark.parametrize("case", NOT_A_LEAF)
def test_what_is_not_an_svid_is_refused(authority: Authority, case: str) -> None:
    changes, says = NOT_A_LEAF[case]
    issued = leaf(authority, **changes)
    with pytest.raises(Refused) as caught:
        identity_from_der(issued.der, trust_domain=TRUST_DOMAIN)
    assert caught.value.refusal.code == "llmgw_certificate_invalid"
    assert caught.value.refusal.status == 401
    assert says in caught.value.refusal.message


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_mangled_der_is_a_refusal_and_never_another_error(authority: Authority) -> None:
    der = leaf(authority).der
    assert code_of(lambda: identity_from_der(b"", trust_domain=TRUST_DOMAIN)) == "llmgw_certificate_invalid"
    for position in range(0, len(der), 3):
        for value in (0x00, 0x7F, 0xFF):
            mangled = der[:position] + bytes([value]) + der[position + 1 :]
            try:
                identity = identity_from_der(mangled, trust_domain=TRUST_DOMAIN)
            except Refused as refused:
                assert refused.refusal.code == "llmgw_certificate_invalid"
            else:
                assert identity.spiffe_id.startswith(f"spiffe://{TRUST_DOMAIN}/")
    for end in range(0, len(der), 5):
        assert code_of(lambda cut=der[:end]: identity_from_der(cut, trust_domain=TRUST_DOMAIN)) == (  # type: ignore[misc]
            "llmgw_certificate_invalid"
        )


def test_a_self_signed_leaf_has_no_privilege_here() -> None:
    """The chain is the handshake's business; this function only reads the leaf."""
    issued = self_signed(LeafSpec("agent", uris=(AGENT,)))
    assert identity_from_der(issued.der, trust_domain=TRUST_DOMAIN).issuer == "CN=agent"


# Revocation lists


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_list_is_read_and_verified(authority: Authority, encoding: Encoding) -> None:
    data = authority.crl([7, 9], this_update=NOW, next_update=NOW + DAY).public_bytes(encoding)
    crl = load_crl(data)
    assert (crl.issuer, crl.serials) == ("CN=clients", frozenset({7, 9}))
    assert (crl.this_update, crl.next_update) == (NOW, NOW + DAY)
    verify_crl(crl, [Authority.root("x").certificate, authority.certificate])


def test_a_file_of_several_lists(authority: Authority) -> None:
    other = Authority.root("other")
    data = b"".join(
        each.crl([each_serial]).public_bytes(Encoding.PEM) for each, each_serial in ((authority, 1), (other, 2))
    )
    assert [each.issuer for each in load_crls(data)] == ["CN=clients", "CN=other"]
    with pytest.raises(ConfigurationError, match="2 revocation lists"):
        load_crl(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"-----BEGIN CERTIFICATE-----\n",
        b"\x30\x03\x02\x01\x01",
        b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    ],
)
def test_what_is_not_a_list(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match="CRL"):
        load_crls(data)


def test_a_cut_list_among_others_is_not_skipped(authority: Authority) -> None:
    whole = authority.crl([7]).public_bytes(Encoding.PEM)
    with pytest.raises(ConfigurationError, match="CRL"):
        load_crls(whole + whole[:-30])


def test_a_list_is_only_good_with_the_authoritys_signature(authority: Authority) -> None:
    for impostor in (Authority.root("clients"), Authority.root("other")):
        with pytest.raises(ConfigurationError, match="not signed by a CA"):
            verify_crl(load_crl(impostor.crl().public_bytes(Encoding.DER)), [authority.certificate])
    with pytest.raises(ConfigurationError, match="not signed by a CA"):
        verify_crl(RevocationList("CN=clients", frozenset(), NOW, NOW + DAY), [authority.certificate])


def test_partial_lists_are_refused(authority: Authority) -> None:
    base = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + DAY)
    )
    delta = base.add_extension(x509.DeltaCRLIndicator(1), critical=True)
    scope = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    point = base.add_extension(scope, critical=True)
    for builder in (delta, point):
        data = builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)
        with pytest.raises(ConfigurationError, match="delta or partial"):
            load_crl(data)


# Admission


@dataclass
class Directory:
    by_spiffe_id: Mapping[str, AgentRecord] = field(default_factory=dict)


RECORD = AgentRecord("demo", AGENT, "ada", "research", Level.CONFIDENTIAL)
IDENTITY = Identity(AGENT, 77, "CN=clients", NOW - DAY, NOW + DAY, "ab" * 32)
CRL = RevocationList("CN=clients", frozenset({5, 6}), NOW - DAY, NOW + DAY)
REGISTRY = Directory({AGENT: RECORD})


def test_an_active_agent_is_admitted() -> None:
    assert admit(IDENTITY, REGISTRY, revocations=CRL, now=NOW) is RECORD
    assert admit(IDENTITY, REGISTRY, revocations=None, now=NOW) is RECORD
    other = replace(CRL, issuer="CN=other", serials=frozenset({77}), next_update=NOW - DAY)
    assert admit(IDENTITY, REGISTRY, revocations=(other, CRL), now=NOW) is RECORD


def test_validity_ends_to_the_second() -> None:
    for moment in (IDENTITY.not_before, IDENTITY.not_after):
        assert admit(IDENTITY, REGISTRY, revocations=None, now=moment) is RECORD
    for moment in (IDENTITY.not_before - timedelta(seconds=1), IDENTITY.not_after + timedelta(seconds=1)):
        assert code_of(lambda at=moment: admit(IDENTITY, REGISTRY, revocations=None, now=at)) == (  # type: ignore[misc]
            "llmgw_certificate_expired"
        )


@pytest.mark.parametrize(
    ("revocations", "code"),
    [
        (replace(CRL, serials=frozenset({77})), "llmgw_certificate_revoked"),
        # A serial stays revoked on a list that has run out, and on the older of two.
        (replace(CRL, serials=frozenset({77}), next_update=NOW - DAY), "llmgw_certificate_revoked"),
        ((CRL, replace(CRL, serials=frozenset({77}))), "llmgw_certificate_revoked"),
        (replace(CRL, next_update=NOW - timedelta(seconds=1)), "llmgw_crl_stale"),
        (replace(CRL, this_update=NOW + timedelta(seconds=1)), "llmgw_crl_stale"),
        (replace(CRL, issuer="CN=other"), "llmgw_crl_stale"),
        ((), "llmgw_crl_stale"),
    ],
)
def test_revocation(revocations: RevocationList | tuple[RevocationList, ...], code: str) -> None:
    assert code_of(lambda: admit(IDENTITY, REGISTRY, revocations=revocations, now=NOW)) == code


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (AgentState.SUSPENDED, "llmgw_agent_suspended"),
        (AgentState.REVOKED, "llmgw_agent_revoked"),
    ],
)
def test_only_active_agents_are_admitted(state: AgentState, code: str) -> None:
    registry = Directory({AGENT: replace(RECORD, state=state)})
    assert code_of(lambda: admit(IDENTITY, registry, revocations=CRL, now=NOW)) == code


def test_unknown_agents_are_refused_even_when_the_directory_is_lenient() -> None:
    assert code_of(lambda: admit(IDENTITY, Directory(), revocations=CRL, now=NOW)) == "llmgw_unknown_agent"
    lenient = Directory({AGENT: replace(RECORD, spiffe_id=AGENT.upper())})
    assert code_of(lambda: admit(IDENTITY, lenient, revocations=CRL, now=NOW)) == "llmgw_unknown_agent"


def test_a_revoked_certificate_is_named_before_an_unknown_agent() -> None:
    crl = replace(CRL, serials=frozenset({77}))
    assert code_of(lambda: admit(IDENTITY, Directory(), revocations=crl, now=NOW)) == "llmgw_certificate_revoked"
