"""Certificate authorities for demonstrations and tests: ordinary certificates, and any odd one that a test needs.

Everything made here is a throw-away. Keys are ECDSA P-256; chains satisfy OpenSSL's strict checks (RFC 5280).
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

type PrivateKey = ec.EllipticCurvePrivateKey

CLIENT_AND_SERVER: Final = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)
"""X509-SVID section 4.4: where the extension is present, a leaf carries both."""
SERVER_ONLY: Final = (ExtendedKeyUsageOID.SERVER_AUTH,)
LEAF_USAGE: Final = frozenset({"digital_signature"})
CA_USAGE: Final = frozenset({"key_cert_sign", "crl_sign"})
CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far in the past a certificate begins, so that a clock that is a little behind accepts it."""
_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, slots=True)
class LeafSpec:
    """What a certificate is to say. The defaults make an ordinary end-entity certificate of 30 days."""

    common_name: str = "leaf"
    uris: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """DNS names and IP addresses for the subject alternative name."""
    usages: tuple[ObjectIdentifier, ...] | None = CLIENT_AND_SERVER
    """Extended key usages; None leaves the extension out."""
    key_usage: frozenset[str] | None = LEAF_USAGE
    """Key usage bits by cryptography's names; None leaves the extension out."""
    ca: bool = False
    path_length: int | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    key: PrivateKey | None = None
    serial: int | None = None
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    """Further extensions, each with whether it is critical."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key and the intermediates a peer needs to see."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        """The leaf's DER form."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """Leaf and intermediates, leaf first."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in (self.certificate, *self.chain))

    @property
    def key_pem(self) -> bytes:
        """The key, PKCS #8, not encrypted."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def write(self, certificate: Path, key: Path) -> None:
        """Write both files, the key with mode 0600. Raises FileExistsError rather than overwrite."""
        write_new(certificate, self.pem)
        write_new(key, self.key_pem, mode=0o600)


def write_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file that does not exist yet, with that mode from its first byte. Raises FileExistsError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def new_key() -> PrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(bits: frozenset[str]) -> x509.KeyUsage:
    unknown = bits.difference(_USAGES)
    if unknown:
        raise ValueError(f"not a key usage: {', '.join(sorted(unknown))}")
    return x509.KeyUsage(**{usage: usage in bits for usage in _USAGES})


@dataclass(frozen=True)
class Authority:
    """A certificate authority: a root, or an intermediate below one."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()
    """What a peer needs besides the root: this certificate if it is an intermediate, and those above it."""

    @classmethod
    def root(cls, name: str, *, now: datetime | None = None, days: float = 3650) -> Authority:
        """A new self-signed root called `name`."""
        spec = LeafSpec(
            name,
            usages=None,
            key_usage=CA_USAGE,
            ca=True,
            not_before=(now or datetime.now(UTC)) - CLOCK_SKEW,
            not_after=(now or datetime.now(UTC)) + timedelta(days=days),
        )
        issued = self_signed(spec)
        return cls(issued.certificate, issued.key)

    def intermediate(self, name: str, *, path_length: int | None = 0) -> Authority:
        """A new authority below this one."""
        issued = self.mint(LeafSpec(name, usages=None, key_usage=CA_USAGE, ca=True, path_length=path_length))
        return Authority(issued.certificate, issued.key, (issued.certificate, *self.chain))

    @property
    def pem(self) -> bytes:
        """This authority's certificate alone."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """This authority's key, PKCS #8, not encrypted."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def mint(self, spec: LeafSpec) -> Issued:
        """Sign whatever `spec` says, sensible or not."""
        key = spec.key or new_key()
        issuer_key_id = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            _builder(spec, key)
            .issuer_name(self.certificate.subject)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key_id), critical=False
            )
        )
        return Issued(builder.sign(self.key, hashes.SHA256()), key, self.chain)

    def issue_server(self, names: Sequence[str], *, common_name: str = "server", days: float = 365) -> Issued:
        """An ordinary server certificate for those DNS names and IP addresses."""
        end = datetime.now(UTC) + timedelta(days=days)
        return self.mint(LeafSpec(common_name, names=tuple(names), usages=SERVER_ONLY, not_after=end))

    def issue_agent(self, spiffe_id: str, *, days: float = 365) -> Issued:
        """An X509-SVID for that SPIFFE ID."""
        end = datetime.now(UTC) + timedelta(days=days)
        return self.mint(LeafSpec("agent", uris=(spiffe_id,), not_after=end))

    def crl(
        self,
        revoked: Sequence[int] = (),
        *,
        this_update: datetime | None = None,
        next_update: datetime | None = None,
        number: int = 1,
    ) -> x509.CertificateRevocationList:
        """A revocation list with those serials, current for 30 days from now unless said otherwise."""
        start = this_update or datetime.now(UTC) - CLOCK_SKEW
        key_id = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(start)
            .next_update(next_update or datetime.now(UTC) + timedelta(days=30))
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False)
        )
        for serial in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(start).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256())


def self_signed(spec: LeafSpec) -> Issued:
    """A certificate that vouches for itself, whatever `spec` says."""
    key = spec.key or new_key()
    builder = (
        _builder(spec, key)
        .issuer_name(_name(spec.common_name))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    return Issued(builder.sign(key, hashes.SHA256()), key)


def _builder(spec: LeafSpec, key: PrivateKey) -> x509.CertificateBuilder:
    """Everything of a certificate but its issuer."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(spec.common_name))
        .public_key(key.public_key())
        .serial_number(spec.serial or x509.random_serial_number())
        .not_valid_before(spec.not_before or now - CLOCK_SKEW)
        .not_valid_after(spec.not_after or now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(spec.ca, spec.path_length if spec.ca else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if spec.key_usage is not None:
        builder = builder.add_extension(_key_usage(spec.key_usage), critical=True)
    if spec.usages is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(spec.usages), critical=False)
    alternative: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri) for uri in spec.uris]
    alternative += [_general_name(name) for name in spec.names]
    if alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    for extension, critical in spec.extra:
        builder = builder.add_extension(extension, critical=critical)
    return builder


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Where a certificate chain and its key lie."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Pki:
    """A whole throw-away PKI on disk, and the authorities to mint more from."""

    directory: Path
    trust_domain: str
    clients_ca: Path
    clients_crl: Path
    gateway_ca: Path
    gateway: KeyPair
    canary: KeyPair
    upstream_ca: Path
    upstreams: Mapping[str, KeyPair]
    agents: Mapping[str, KeyPair]
    """By SPIFFE path, without the leading slash."""
    clients: Authority = field(repr=False)
    servers: Authority = field(repr=False)
    stubs: Authority = field(repr=False)

    def write_crl(self, revoked: Sequence[int], *, next_update: datetime | None = None, number: int = 2) -> None:
        """Replace the clients' revocation list in one step."""
        data = self.clients.crl(revoked, next_update=next_update, number=number).public_bytes(Encoding.PEM)
        temporary = self.clients_crl.with_suffix(".new")
        temporary.write_bytes(data)
        temporary.replace(self.clients_crl)


CANARY_PATH: Final = "llmgw/canary"
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def make_pki(
    directory: Path,
    *,
    trust_domain: str,
    agents: Sequence[str],
    server_names: Sequence[str] = LOOPBACK,
    upstreams: Sequence[str] = ("stub",),
    days: float = 365,
) -> Pki:
    """Make a PKI in `directory`: CAs for clients, gateway and upstreams, one certificate for each peer, an empty CRL.

    `agents` are SPIFFE paths such as `agent/demo`; the files are named after the last segment. The CA keys stay in
    memory. The revocation list is current for `days`. Raises FileExistsError rather than overwrite a file, ValueError
    when two agents would share a file.
    """
    stems = [path.rsplit("/", 1)[-1] for path in agents]
    if len(set(stems)) != len(stems):
        raise ValueError("two agents end in the same path segment: their certificate files would have one name")
    clients = Authority.root("llmgw throw-away clients CA", days=days)
    servers = Authority.root("llmgw throw-away gateway CA", days=days)
    stubs = Authority.root("llmgw throw-away upstreams CA", days=days)
    directory.mkdir(parents=True, exist_ok=True)

    def pair(stem: str, issued: Issued) -> KeyPair:
        made = KeyPair(directory / f"{stem}.crt", directory / f"{stem}.key")
        issued.write(made.certificate, made.key)
        return made

    def agent(stem: str, path: str) -> KeyPair:
        return pair(stem, clients.issue_agent(f"spiffe://{trust_domain}/{path}", days=days))

    pki = Pki(
        directory=directory,
        trust_domain=trust_domain,
        clients_ca=directory / "clients-ca.crt",
        clients_crl=directory / "clients.crl",
        gateway_ca=directory / "gateway-ca.crt",
        gateway=pair("gateway", servers.issue_server(server_names, common_name="llmgw", days=days)),
        canary=agent("canary", CANARY_PATH),
        upstream_ca=directory / "upstreams" / "ca.crt",
        upstreams={
            name: pair(f"upstreams/{name}", stubs.issue_server((*LOOPBACK, name), common_name=name, days=days))
            for name in upstreams
        },
        agents={path: agent(f"agents/{stem}", path) for path, stem in zip(agents, stems, strict=True)},
        clients=clients,
        servers=servers,
        stubs=stubs,
    )
    write_new(pki.clients_ca, clients.pem)
    write_new(pki.gateway_ca, servers.pem)
    write_new(pki.upstream_ca, stubs.pem)
    end = datetime.now(UTC) + timedelta(days=days)
    write_new(pki.clients_crl, clients.crl(next_update=end).public_bytes(Encoding.PEM))
    return pki
