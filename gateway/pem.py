"""Certificates, keys and revocation lists out of PEM files, with errors for the operator.

`name` is what the file is called in errors; the contents are never quoted. Every function raises ConfigurationError.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from gateway.errors import ConfigurationError
from gateway.identity import RevocationList, load_crls, verify_crl

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


def private_key(data: bytes, name: str) -> PrivateKeyTypes:
    """The private key in a PEM file."""
    try:
        return serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # no cause: it may quote the file
        raise ConfigurationError(
            f"{name} is not an unencrypted PEM private key of a supported kind. Convert it with openssl pkey."
        ) from None


def certificates(data: bytes, name: str) -> list[x509.Certificate]:
    """The certificates in a PEM file, in their order; at least one."""
    try:
        found = x509.load_pem_x509_certificates(data)
    except ValueError:
        found = []
    if not found:
        raise ConfigurationError(f"{name} holds no PEM certificate. Give a file with BEGIN CERTIFICATE blocks.")
    return found


def authorities(data: bytes, name: str) -> list[x509.Certificate]:
    """The CA certificates of a bundle; anything else in it would be trusted as a peer by itself, so it is refused."""
    found = certificates(data, name)
    for certificate in found:
        try:
            constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
            constraints = x509.BasicConstraints(False, None)
        if not constraints.ca:
            raise ConfigurationError(f"{name} holds a certificate that is not a CA. Leave only CA certificates in it.")
    return found


def revocations(listed: tuple[bytes, str], bundle: tuple[bytes, str]) -> tuple[RevocationList, ...]:
    """The revocation lists of a file, each signed by a CA of the bundle. Both are contents and what to call them."""
    known = authorities(*bundle)
    try:
        lists = load_crls(listed[0])
        for each in lists:
            verify_crl(each, known)
    except ConfigurationError as error:
        raise ConfigurationError(f"{listed[1]}: {error}") from None
    return lists


def read_file(path: Path, name: str) -> bytes:
    """The contents of a file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{name}: cannot read {path}: {error.strerror}. Give a file the gateway may read."
        ) from None
