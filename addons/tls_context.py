"""TLS contexts of our own: strict mutual TLS towards agents, pinned trust towards upstreams.

mitmproxy's own contexts ask for a client certificate and then accept any, or none, and fall back to the machine's trust
store. Nothing here ever loads default paths: what a file names is trusted, and nothing else.

A context is built from file *contents* and never changed, so a reload builds a new one. A new context has new ticket
keys: sessions made under old trust do not resume.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from OpenSSL import SSL, crypto

from gateway import pem
from gateway.errors import ConfigurationError
from gateway.identity import RevocationList

if TYPE_CHECKING:
    from gateway.model import Upstream
    from gateway.settings import Listen

ALPN: Final = b"http/1.1"
TLS12_CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"
"""TLS 1.2: forward secrecy and AEAD only; level 2 also rules out SHA-1 signatures and RSA below 2048 bits."""
SESSION_SECONDS: Final = 3600
"""How long a session may be resumed. Validity and revocation are checked again at each request all the same."""
CHAIN_DEPTH: Final = 3
"""Intermediates that a client's chain may have."""
_NO_PARTIAL_WILDCARDS: Final = 0x4
_NEVER_CHECK_SUBJECT: Final = 0x20
"""X509_CHECK_FLAG_*: no `w*.example`, and the common name is never a host name."""


@dataclass(frozen=True, slots=True)
class ClientTrust:
    """Everything that decides about a handshake with an agent, as it stood in the files at one moment."""

    certificate: bytes
    """PEM chain of the gateway."""
    key: bytes = field(repr=False)
    client_ca: bytes
    client_crl: bytes | None
    minimum_tls: Literal["1.2", "1.3"] = "1.2"
    names: tuple[str, str, str, str] = ("listen.certificate", "listen.key", "listen.client_ca", "listen.client_crl")
    """What to call the four files in errors."""

    @classmethod
    def read(cls, listen: Listen) -> ClientTrust:
        """Read the files. Raises ConfigurationError with the file and what to do."""
        return cls(
            certificate=pem.read_file(listen.certificate, "listen.certificate"),
            key=pem.read_file(listen.key, "listen.key"),
            client_ca=pem.read_file(listen.client_ca, "listen.client_ca"),
            client_crl=None if listen.client_crl is None else pem.read_file(listen.client_crl, "listen.client_crl"),
            minimum_tls=listen.minimum_tls,
            names=(
                f"listen.certificate ({listen.certificate})",
                f"listen.key ({listen.key})",
                f"listen.client_ca ({listen.client_ca})",
                f"listen.client_crl ({listen.client_crl})",
            ),
        )

    def fingerprint(self) -> str:
        """Hex SHA-256 over the contents. Two values are equal exactly if a reload would change nothing."""
        return _digest(self.certificate, self.key, self.client_ca, self.client_crl, self.minimum_tls.encode())

    def revocations(self) -> tuple[RevocationList, ...] | None:
        """The verified revocation lists; None when none are configured. Raises ConfigurationError."""
        if self.client_crl is None:
            return None
        return pem.revocations((self.client_crl, self.names[3]), (self.client_ca, self.names[2]))


def build_server_context(listen: Listen | ClientTrust) -> SSL.Context:
    """The context for agents: a client certificate under the configured CA, or no handshake.

    A revocation list that is out of date refuses everybody. Raises ConfigurationError with the file and the fix.
    """
    trust = listen if isinstance(listen, ClientTrust) else ClientTrust.read(listen)
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    _harden(context, trust.minimum_tls)
    _present(context, (trust.certificate, trust.names[0]), (trust.key, trust.names[1]))
    store = _store(context)
    # Every certificate of the bundle is an anchor, an intermediate too: the bundle is what the operator trusts.
    flags = crypto.X509StoreFlags.X509_STRICT | crypto.X509StoreFlags.PARTIAL_CHAIN
    for authority in pem.authorities(trust.client_ca, trust.names[2]):
        store.add_cert(crypto.X509.from_cryptography(authority))
    for revocation in trust.revocations() or ():
        if revocation.source is not None:
            store.add_crl(revocation.source)
        flags |= crypto.X509StoreFlags.CRL_CHECK
    store.set_flags(flags)
    # No callback: pyOpenSSL turns a callback's true result into "verified", whatever OpenSSL had found.
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, None)
    context.set_verify_depth(CHAIN_DEPTH)
    context.set_alpn_select_callback(_select_alpn)
    # Without an id context every resumption of a session with a client certificate is a fatal error. Made from the
    # trust, it also keeps a session from resuming under any other.
    context.set_session_id(bytes.fromhex(trust.fingerprint()))
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # tickets resume; the server keeps nothing per client
    context.set_timeout(SESSION_SECONDS)
    return context


def _select_alpn(_connection: SSL.Connection, offered: list[bytes]) -> bytes:
    if ALPN in offered:
        return ALPN
    # pyOpenSSL has no other way to the fatal alert no_application_protocol (RFC 7301, 3.2) than an exception; an
    # SSL.Error is what the caller of do_handshake is ready for.
    raise SSL.Error([("SSL routines", "", "no application protocol")])


@dataclass(frozen=True, slots=True)
class UpstreamTrust:
    """The files of one upstream, as they stood at one moment."""

    ca: bytes
    certificate: bytes | None
    key: bytes | None = field(repr=False)
    names: tuple[str, str, str]

    @classmethod
    def read(cls, upstream: Upstream) -> UpstreamTrust:
        """Read the files. Raises ConfigurationError with the file and what to do."""
        where = f"upstream {upstream.id}"
        if upstream.scheme != "https":
            raise ConfigurationError(f"{where}: scheme {upstream.scheme} has no TLS. Use https.")
        if not upstream.ca_file:
            raise ConfigurationError(f"{where}: ca_file is missing. Name the PEM bundle that alone is to be trusted.")
        if bool(upstream.client_cert_file) != bool(upstream.client_key_file):
            raise ConfigurationError(f"{where}: give both client_cert_file and client_key_file, or neither.")
        names = (
            f"{where}: ca_file ({upstream.ca_file})",
            f"{where}: client_cert_file ({upstream.client_cert_file})",
            f"{where}: client_key_file ({upstream.client_key_file})",
        )
        own = bool(upstream.client_cert_file)
        return cls(
            ca=pem.read_file(Path(upstream.ca_file), names[0]),
            certificate=pem.read_file(Path(upstream.client_cert_file), names[1]) if own else None,
            key=pem.read_file(Path(upstream.client_key_file), names[2]) if own else None,
            names=names,
        )

    def fingerprint(self) -> str:
        """Hex SHA-256 over the contents."""
        return _digest(self.ca, self.certificate, self.key)


def build_upstream_context(upstream: Upstream, trust: UpstreamTrust | None = None) -> SSL.Context:
    """The context towards one upstream: its `ca_file` alone, TLS 1.2+, its client certificate if it has one.

    Use it through `upstream_connection`, which adds the check of the name. Raises ConfigurationError.
    """
    trust = trust or UpstreamTrust.read(upstream)
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    _harden(context, "1.2")
    store = _store(context)
    for authority in pem.certificates(trust.ca, trust.names[0]):
        store.add_cert(crypto.X509.from_cryptography(authority))
    # Not X509_STRICT: chains of public CAs do not all satisfy it, and the anchors are pinned.
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    if trust.certificate is not None and trust.key is not None:
        _present(context, (trust.certificate, trust.names[1]), (trust.key, trust.names[2]))
    context.set_verify(SSL.VERIFY_PEER, None)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_alpn_protos([ALPN])
    return context


def upstream_connection(context: SSL.Context, upstream: Upstream) -> SSL.Connection:
    """A client connection over memory BIOs that accepts only a certificate for the upstream's name.

    The name is `sni` if the policy sets one, else `host`; never anything an agent said. An IP address is checked
    against IP names and is not sent as SNI (RFC 6066, section 3).
    """
    name = upstream.sni or upstream.host
    connection = SSL.Connection(context)
    connection.set_connect_state()
    library = SSL._lib  # type: ignore[attr-defined]  # pyOpenSSL has no public way to set the expected name
    parameters = library.SSL_get0_param(connection._ssl)
    library.X509_VERIFY_PARAM_set_hostflags(parameters, _NO_PARTIAL_WILDCARDS | _NEVER_CHECK_SUBJECT)
    try:
        address = ipaddress.ip_address(name.strip("[]")).packed
    except ValueError:
        host = _host_name(name, upstream.id)
        connection.set_tlsext_host_name(host)
        done = library.X509_VERIFY_PARAM_set1_host(parameters, host, len(host))
    else:
        done = library.X509_VERIFY_PARAM_set1_ip(parameters, address, len(address))
    if done != 1:
        raise ConfigurationError(f"upstream {upstream.id}: {name!r} is not a host name that TLS can check.")
    return connection


def _host_name(name: str, upstream_id: str) -> bytes:
    try:
        host = name.encode("idna")
    except UnicodeError:
        host = b""
    # OpenSSL takes an empty name for "check nothing", and a leading dot for "any name below".
    if not host or host.startswith(b".") or b"\0" in host:
        raise ConfigurationError(f"upstream {upstream_id}: {name!r} is not a host name that TLS can check.")
    return host


def _store(context: SSL.Context) -> crypto.X509Store:
    """The context's own store: empty at first, and default paths are never loaded into it."""
    store = context.get_cert_store()
    if store is None:
        raise ConfigurationError("OpenSSL gave a context without a certificate store.")
    return store


def _harden(context: SSL.Context, minimum: str) -> None:
    context.set_min_proto_version(SSL.TLS1_3_VERSION if minimum == "1.3" else SSL.TLS1_2_VERSION)
    context.set_cipher_list(TLS12_CIPHERS)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)


def _present(context: SSL.Context, certificate: tuple[bytes, str], key: tuple[bytes, str]) -> None:
    """Make the context show a certificate. Both pairs are contents and what to call them in errors."""
    leaf, *chain = pem.certificates(*certificate)
    private = pem.private_key(*key)
    if private.public_key() != leaf.public_key():
        raise ConfigurationError(
            f"{key[1]} is not the key of {certificate[1]}. Give the pair that was made together, the leaf certificate "
            "first."
        )
    try:
        context.use_certificate(leaf)
        for each in chain:
            context.add_extra_chain_cert(each)
        context.use_privatekey(private)  # type: ignore[arg-type]
        context.check_privatekey()
    except (SSL.Error, TypeError):
        raise ConfigurationError(
            f"{certificate[1]} or {key[1]} cannot be used for TLS. Use an ECDSA P-256 key, or RSA of 2048 bits or more."
        ) from None


def _digest(*parts: bytes | None) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"-" if part is None else b"+%d:" % len(part) + part)
    return digest.hexdigest()
