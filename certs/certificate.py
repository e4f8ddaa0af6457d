"""One certificate: what it is to say, and the builder that makes it say so, sensible or not."""

from __future__ import annotations

import ipaddress
import os
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


def self_signed(spec: LeafSpec) -> Issued:
    """A certificate that vouches for itself, whatever `spec` says."""
    key = spec.key or new_key()
    builder = (
        builder_for(spec, key)
        .issuer_name(_name(spec.common_name))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    return Issued(builder.sign(key, hashes.SHA256()), key)


def builder_for(spec: LeafSpec, key: PrivateKey) -> x509.CertificateBuilder:
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
