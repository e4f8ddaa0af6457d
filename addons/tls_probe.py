"""One TLS handshake with an upstream, to see whether it would be trusted. Nothing is requested."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

from OpenSSL import SSL

from addons.tls_context import build_upstream_context, upstream_connection
from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.model import Upstream


def probe(upstream: Upstream, plain: socket.socket) -> tuple[str, datetime]:
    """The TLS version that was agreed on over `plain`, and when the upstream's certificate ends.

    The socket's own timeout bounds each step. Raises ConfigurationError (its files, or why it is not trusted), OSError.
    """
    connection = upstream_connection(build_upstream_context(upstream), upstream)
    while True:
        try:
            connection.do_handshake()
            break
        except SSL.WantReadError:
            _flush(connection, plain)
            data = plain.recv(65_535)
            if not data:
                raise ConnectionResetError("closed during the TLS handshake") from None
            connection.bio_write(data)
        except SSL.Error as error:
            # The alert tells the other side why; whether it still listens does not matter.
            with contextlib.suppress(OSError):
                _flush(connection, plain)
            raise ConfigurationError(_reason(connection, error)) from None
    _flush(connection, plain)
    leaf: Any = connection.get_peer_certificate(as_cryptography=True)
    return connection.get_protocol_version_name(), leaf.not_valid_after_utc


def _flush(connection: SSL.Connection, plain: socket.socket) -> None:
    with contextlib.suppress(SSL.WantReadError):
        while True:
            plain.sendall(connection.bio_read(65_535))


def _reason(connection: SSL.Connection, error: SSL.Error) -> str:
    library: Any = SSL._lib  # type: ignore[attr-defined]  # the reason is not in pyOpenSSL's public interface
    result = library.SSL_get_verify_result(connection._ssl)
    if result != 0:
        text = SSL._ffi.string(library.X509_verify_cert_error_string(result)).decode()  # type: ignore[attr-defined]
        return f"its certificate is not trusted: {text}"
    first = error.args[0][-1] if error.args and error.args[0] else ("", "", "no TLS")
    return f"the TLS handshake failed: {first[-1]}"
