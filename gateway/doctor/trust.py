"""Checks of certificates, keys and lists: readable, together, in their time, closed to others."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from addons.tls_context import ClientTrust, build_server_context
from gateway import pem
from gateway.doctor.line import DoctorLine, Patient, fail, ok, warn
from gateway.errors import ConfigurationError, Refused
from gateway.identity import identity_from_der
from gateway.jwk_set import parse_jwks
from gateway.jwks import token_verifier

CERTIFICATE_WARNING: Final = timedelta(days=14)
LIST_WARNING: Final = timedelta(days=1)


def listener(patient: Patient) -> Iterator[DoctorLine]:
    """Certificate, key, client CAs and list make a TLS context, and are in their time."""
    try:
        trust = ClientTrust.read(patient.settings.listen)
        build_server_context(trust)
    except ConfigurationError as error:
        yield fail("listener TLS", str(error), "Correct the file; certs/ makes a throw-away set.")
        return
    yield ok("listener TLS", "certificate, key and client CAs fit together")
    for name, data in (("gateway certificate", trust.certificate), ("client CA", trust.client_ca)):
        for certificate in pem.certificates(data, name):
            yield certificate_dates(name, certificate, patient.now)
    lists = trust.revocations()
    if lists is None:
        yield warn(
            "revocation list",
            "none is configured: a stolen certificate is only stopped by the registry, or by its end",
            "Set listen.client_crl.",
        )
    for each in lists or ():
        yield _list_dates(each.this_update, each.next_update, each.issuer, patient.now)


def certificate_dates(name: str, certificate: x509.Certificate, now: datetime) -> DoctorLine:
    """Whether a certificate is in its time, and for how long."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    subject = certificate.subject.rfc4514_string()
    if now < start:
        here = f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        detail = f"{subject} is not valid before {start:%Y-%m-%d %H:%M} UTC; this machine says it is {here}"
        return fail(name, detail, "Set this machine's clock (NTP), or wait.")
    if now > end:
        return fail(name, f"{subject} expired on {end:%Y-%m-%d %H:%M} UTC", "Renew it; no restart is needed.")
    if end - now < CERTIFICATE_WARNING:
        return warn(name, f"{subject} expires on {end:%Y-%m-%d %H:%M} UTC", "Renew it; no restart is needed.")
    return ok(name, f"{subject} is good until {end:%Y-%m-%d}")


def _list_dates(start: datetime, end: datetime, issuer: str, now: datetime) -> DoctorLine:
    fix = "Publish a new list and put it in the place of the old file; no restart is needed."
    if now < start:
        return fail("revocation list", f"of {issuer}: from {start:%Y-%m-%d %H:%M} UTC on, which is not yet", fix)
    if now > end:
        return fail("revocation list", f"of {issuer}: ended {end:%Y-%m-%d %H:%M} UTC; every agent is refused", fix)
    if end - now < LIST_WARNING:
        return warn("revocation list", f"of {issuer}: ends {end:%Y-%m-%d %H:%M} UTC, then every agent is refused", fix)
    return ok("revocation list", f"of {issuer}: good until {end:%Y-%m-%d %H:%M} UTC")


def canary(patient: Patient) -> Iterator[DoctorLine]:
    """The self-check's own certificate would be admitted. Without it the gateway never becomes ready."""
    settings, name = patient.settings, "canary certificate"
    fix = "Issue one under listen.client_ca with the SPIFFE ID of the canary."
    try:
        leaf = pem.certificates(pem.read_file(settings.canary.certificate, "canary.certificate"), name)[0]
        key = pem.private_key(pem.read_file(settings.canary.key, "canary.key"), "canary.key")
        identity = identity_from_der(leaf.public_bytes(Encoding.DER), trust_domain=settings.identity.trust_domain)
        authorities = pem.authorities(pem.read_file(settings.listen.client_ca, "listen.client_ca"), "listen.client_ca")
    except ConfigurationError as error:
        yield fail(name, str(error), fix)
        return
    except Refused as refused:
        yield fail(name, refused.refusal.message, fix)
        return
    if key.public_key() != leaf.public_key():
        yield fail(name, "canary.key is not the key of canary.certificate", "Give the pair that was made together.")
    elif not any(_issued(leaf, authority) for authority in authorities):
        yield fail(name, "it is not issued by a CA of listen.client_ca", fix)
    else:
        yield certificate_dates(f"{name} ({identity.spiffe_id})", leaf, patient.now)


def _issued(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def private_files(patient: Patient) -> Iterator[DoctorLine]:
    """Whatever holds a secret is closed to group and others."""
    settings = patient.settings
    files = {"listen.key": settings.listen.key, "canary.key": settings.canary.key, "keys.file": settings.keys.file}
    redis = settings.evidence.redis
    if redis is not None and redis.password_file is not None:
        files["evidence.redis.password_file"] = redis.password_file
    for upstream in patient.policy.upstreams.values() if patient.policy is not None else ():
        if upstream.client_key_file:
            files[f"client key of upstream {upstream.id}"] = Path(upstream.client_key_file)
        if upstream.credential is not None and upstream.credential.source.startswith("file:"):
            files[f"credential of upstream {upstream.id}"] = Path(upstream.credential.source.removeprefix("file:"))
    for name, path in files.items():
        yield _private_file(name, path)


def _private_file(name: str, path: Path) -> DoctorLine:
    label = f"permissions of {name}"
    try:
        status = path.stat()
    except OSError as error:
        return fail(label, f"{path}: {error.strerror}", "Create it, readable for the gateway's user only.")
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        return fail(label, f"{path} has mode {mode:04o}: others may read or change it", f"chmod 600 {path}")
    if status.st_uid not in (os.geteuid(), 0):
        return warn(label, f"{path} belongs to another user", f"chown it to the gateway's user: {path}")
    return ok(label, f"{path} has mode {mode:04o}")


def oauth(patient: Patient) -> Iterator[DoctorLine]:
    """The issuer's keys, where tokens are checked."""
    settings = patient.settings.identity.oauth
    if settings is None:
        return
    try:
        token_verifier(settings)
        if settings.jwks_file is None:
            yield ok("OAuth2 keys", "they come from a URL, which is not tried here")
            return
        keys = parse_jwks(pem.read_file(settings.jwks_file, "identity.oauth.jwks_file"))
    except ConfigurationError as error:
        yield fail("OAuth2 keys", str(error), "Give the issuer's public JWK set.")
    else:
        yield ok("OAuth2 keys", f"{len(keys.keys)} in {settings.jwks_file}")
