"""The self-check against gateways that do not do their work: each is found out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from addons.canary import Canary, CanaryResult
from certs.authority import make_pki
from gateway.documents import load_settings
from gateway.init import init
from gateway.settings import Settings

type Act = Callable[[bytes, int], Awaitable[bytes]]
FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("canary")
    make_pki(made / "pki", trust_domain="corp.example", agents=("agent/demo",))
    init(made, "corp.example")
    return made


@pytest.fixture(scope="module")
def settings(folder: Path) -> Settings:
    return load_settings(folder / "gateway.yaml")


async def to_sink(port: int, body: bytes) -> None:
    """What a gateway would send to the sink."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    await reader.read()
    writer.close()


def redacted(body: bytes) -> bytes:
    """As the chain would."""
    text = json.loads(body)["messages"][0]["content"]
    text = re.sub(r"[\w.-]+@[\w.-]+", "[EMAIL_ADDRESS_abc]", re.sub("ghp_[A-Za-z0-9]+", "[SECRET]", text))
    return json.dumps({"messages": [{"content": text}]}).encode()


@contextlib.asynccontextmanager
async def scripted(settings: Settings, folder: Path, act: Act, *, accepts: bool = True) -> AsyncIterator[Canary]:
    """A listener that does with the canary's prompt what `act` says."""
    accepted: set[int] = set()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pki/gateway.crt", folder / "pki/gateway.key")
    where: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if accepts:
            accepted.add(writer.get_extra_info("peername")[1])
        with contextlib.suppress(OSError, EOFError, asyncio.IncompleteReadError):
            await writer.start_tls(context)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            assert length is not None
            writer.write(await act(await reader.readexactly(int(length[1])), where[0]))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    canary = Canary(settings, lambda: (str(address[0]), int(address[1])), accepted)
    where.append((await canary.start()).port)
    try:
        yield canary
    finally:
        await canary.close()
        server.close()


async def check(settings: Settings, folder: Path, act: Act) -> CanaryResult:
    async with scripted(settings, folder, act) as canary:
        return await canary.check()


async def _good(body: bytes, sink: int) -> bytes:
    await to_sink(sink, redacted(body))
    return FINE


async def _unredacted(body: bytes, sink: int) -> bytes:
    await to_sink(sink, body)
    return FINE


async def _half(body: bytes, sink: int) -> bytes:
    await to_sink(sink, re.sub(rb"[\w.-]+@[\w.-]+", b"[EMAIL_ADDRESS_abc]", body))
    return FINE


async def _removed(body: bytes, sink: int) -> bytes:
    await to_sink(sink, b'{"messages":[]}')
    return FINE


async def _twice(body: bytes, sink: int) -> bytes:
    await to_sink(sink, redacted(body))
    await to_sink(sink, redacted(body))
    return FINE


async def _nowhere(body: bytes, sink: int) -> bytes:
    return FINE


async def _refuses(body: bytes, sink: int) -> bytes:
    return FINE.replace(b"200 OK", b"503 Busy")


async def _silent(body: bytes, sink: int) -> bytes:
    return b""


@pytest.mark.parametrize(
    ("act", "ok", "detail"),
    [
        (_good, True, "came out redacted"),
        (_unredacted, False, "reached the sink"),
        (_half, False, "reached the sink"),
        (_removed, False, "no placeholder"),
        (_twice, False, "saw 2 requests"),
        (_nowhere, False, "saw 0 requests"),
        (_refuses, False, "HTTP/1.1 503"),
        (_silent, False, "answered with"),
    ],
)
async def test_what_the_canary_says(settings: Settings, folder: Path, act: Act, ok: bool, detail: str) -> None:
    result = await check(settings, folder, act)
    assert result.ok is ok
    assert detail in result.detail
    assert "canary-" not in result.detail and "ghp_" not in result.detail


async def test_a_listener_that_is_not_there(settings: Settings) -> None:
    canary = Canary(settings, lambda: ("127.0.0.1", 1), set())
    await canary.start()
    result = await canary.check()
    await canary.close()
    assert not result.ok and "did not answer" in result.detail


async def test_only_the_worker_s_own_listener_counts(settings: Settings, folder: Path) -> None:
    """With several workers on one port, another one's good work proves nothing."""
    async with scripted(settings, folder, _good, accepts=False) as canary:
        result = await canary.check()
    assert not result.ok


async def test_every_check_asks_with_new_values(settings: Settings, folder: Path) -> None:
    asked: list[bytes] = []

    async def keep(body: bytes, sink: int) -> bytes:
        asked.append(body)
        return await _good(body, sink)

    async with scripted(settings, folder, keep) as canary:
        assert (await canary.check()).ok
        assert (await canary.check()).ok
    assert asked[0] != asked[1]
