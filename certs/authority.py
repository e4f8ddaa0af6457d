"""Certificate authorities for demonstrations and tests: ordinary certificates, and any odd one that a test needs.

Everything made here is a throw-away. Keys are ECDSA P-256; chains satisfy OpenSSL's strict checks (RFC 5280).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certs.certificate import (
    CA_USAGE,
    CLIENT_AND_SERVER,
    CLOCK_SKEW,
    LEAF_USAGE,
    SERVER_ONLY,
    Issued,
    LeafSpec,
    PrivateKey,
    builder_for,
    new_key,
    self_signed,
    write_new,
)

__all__ = [
    "CA_USAGE",
    "CLIENT_AND_SERVER",
    "LEAF_USAGE",
    "SERVER_ONLY",
    "Authority",
    "Issued",
    "KeyPair",
    "LeafSpec",
    "Pki",
    "make_pki",
    "self_signed",
]


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
            builder_for(spec, key)
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
