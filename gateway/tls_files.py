"""Whether the certificate files that the documents name can be used. Reads files; opens no connection."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from gateway.diagnostics import Diagnostic
from gateway.document_model import Loc, SourceMap

_PAIR_FIX = "give the PEM chain and the private key that belong together, the key without a passphrase"
_BUNDLE_FIX = "give a PEM file with at least one certificate"


def pair_fault(source: SourceMap, loc: Loc, certificate: Path, key: Path) -> Iterator[Diagnostic]:
    """At most one fault: certificate and key cannot be read or do not belong together."""
    if not certificate.is_file() or not key.is_file():
        return  # reported where the file is named
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        # An empty passphrase makes OpenSSL fail for an encrypted key, where it would else ask at the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as error:
        why = _why(error)
        yield source.diagnostic(loc, f"certificate and key cannot be used together ({why})", _PAIR_FIX, "bad-pair")


def bundle_fault(source: SourceMap, loc: Loc, bundle: Path) -> Iterator[Diagnostic]:
    """At most one fault: the file holds no certificates that could be trusted."""
    if not bundle.is_file():
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(bundle)
        usable = context.cert_store_stats()["x509"] > 0
        why = "no certificate in it"
    except (OSError, ssl.SSLError) as error:
        usable, why = False, _why(error)
    if not usable:
        yield source.diagnostic(loc, f"this is no bundle of certificates ({why})", _BUNDLE_FIX, "bad-bundle")


def _why(error: OSError) -> str:
    reason = getattr(error, "reason", None) or error.strerror or "unreadable"
    return str(reason).replace("_", " ").lower()
