"""The self-check that gates readiness: a known-bad prompt through the real listener to a local sink.

It finds at once what no unit test can: a hook that is never called, an addon that was dropped, an option that changed,
a scanner that finds nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from gateway.model import Tier, Upstream

if TYPE_CHECKING:
    from gateway.settings import Settings

SINK_ID: Final = "llmgw-canary"
_TIMEOUT: Final = 10.0
_CONNECT_TRIES: Final = 64
_ANSWER: Final = (
    b'{"id":"canary","object":"chat.completion","created":0,"model":"canary","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"ok"},"finish_reason":"stop"}]}'
)


@dataclass(frozen=True, slots=True)
class CanaryResult:
    """How a self-check ended. `detail` is for operators."""

    ok: bool
    detail: str


def sink_upstream(port: int) -> Upstream:
    """The canary's upstream: a listener of this process on loopback."""
    return Upstream(
        id=SINK_ID,
        tier=Tier.THIRD_PARTY,
        scheme="http",
        host="127.0.0.1",
        port=port,
        prefix="",
        dialects=frozenset({"openai.chat"}),
        models={"canary": "canary"},
        allow_private=True,
        connect_seconds=5.0,
        response_seconds=_TIMEOUT,
    )


class Canary:
    """Client and sink of the self-check of one worker."""

    def __init__(self, settings: Settings, address: Callable[[], tuple[str, int]], accepted: set[int]) -> None:
        """`accepted` holds the peer ports that this worker's listener has taken: with several workers on one port the
        kernel decides which one gets a connection, and the check must meet its own."""
        self._settings = settings
        self._address = address
        self._accepted = accepted
        self._sink: asyncio.Server | None = None
        self._seen: list[bytes] = []

    async def start(self) -> Upstream:
        """Open the sink; returns the upstream that stands for it."""
        self._sink = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._sink.sockets[0].getsockname()[1]
        return sink_upstream(port)

    async def close(self) -> None:
        """Close the sink."""
        if self._sink is not None:
            self._sink.close()
            await self._sink.wait_closed()

    async def check(self) -> CanaryResult:
        """Send one bad prompt; fine only if exactly one request came out, and redacted."""
        self._seen.clear()
        marker = secrets.token_hex(8)
        # The forms are real, the values are made anew each time.
        address = f"canary-{marker}@llmgw.example"
        key = "ghp_" + "".join(
            secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789") for _ in range(36)
        )
        text = f"Write to {address} and use the token {key} for it."
        body = orjson.dumps({"model": "canary", "messages": [{"role": "user", "content": text}]})
        try:
            async with asyncio.timeout(_TIMEOUT):
                answer = await self._post(body)
        except (OSError, ssl.SSLError, TimeoutError, EOFError) as error:
            return CanaryResult(False, f"the gateway's own listener did not answer ({type(error).__name__})")
        if not answer.startswith(b"HTTP/1.1 200"):
            return CanaryResult(False, f"the self-check was answered with {answer[:12].decode('ascii', 'replace')!r}")
        if len(self._seen) != 1:
            return CanaryResult(False, f"the sink saw {len(self._seen)} requests instead of one")
        if marker.encode() in self._seen[0] or key.encode() in self._seen[0]:
            return CanaryResult(False, "a value that had to be removed reached the sink")
        if b"[EMAIL_ADDRESS_" not in self._seen[0]:
            return CanaryResult(False, "the sink saw no placeholder")
        return CanaryResult(True, "a known-bad prompt came out redacted")

    async def _post(self, body: bytes) -> bytes:
        reader, writer = await self._connect()
        try:
            writer.write(
                b"POST /v1/chat/completions HTTP/1.1\r\nhost: canary\r\ncontent-type: application/json\r\n"
                b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            )
            writer.write(body)
            await writer.drain()
            return await reader.read(65_536)
        finally:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = self._context()
        host, port = self._address()
        for _ in range(_CONNECT_TRIES):
            reader, writer = await asyncio.open_connection(host, port)
            own_port: int = writer.get_extra_info("sockname")[1]
            for _ in range(20):
                if own_port in self._accepted:
                    break
                await asyncio.sleep(0.001)
            if own_port in self._accepted:
                await writer.start_tls(context, server_hostname="localhost")
                return reader, writer
            writer.close()
        raise OSError("no connection reached this worker's own listener")

    def _context(self) -> ssl.SSLContext:
        canary = self._settings.canary
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # The peer is this very process, reached by its own port: its certificate proves nothing more.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(canary.certificate, canary.key)
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length" and value.strip().isdigit():
                    length = int(value)
            self._seen.append(await reader.readexactly(min(length, 65_536)))
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
                b"content-length: %d\r\n\r\n%s" % (len(_ANSWER), _ANSWER)
            )
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # an incomplete request is no request seen
        finally:
            writer.close()


def canary_spiffe_id(certificate: Path, trust_domain: str) -> str:
    """The SPIFFE ID in the canary's certificate. Raises ConfigurationError."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    from gateway.errors import ConfigurationError, Refused
    from gateway.identity import identity_from_der

    try:
        leaf = x509.load_pem_x509_certificate(Path(certificate).read_bytes())
        return identity_from_der(leaf.public_bytes(Encoding.DER), trust_domain=trust_domain).spiffe_id
    except (OSError, ValueError, Refused) as error:
        raise ConfigurationError(
            f"{certificate}: the canary certificate cannot be used ({type(error).__name__}). `llmgw init` makes one."
        ) from None
