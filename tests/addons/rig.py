"""The whole chain in one process: real listener, real TLS on both sides, a recording upstream, an obedient scanner."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from addons.answer_guard import AnswerGuards
from addons.chain import build_chain
from addons.listener import Listener, bind
from addons.master import GatewayMaster
from addons.surroundings import Surroundings
from addons.sweeper import Sweeper
from addons.trust import ServerTrust, Targets
from certs.authority import Pki, make_pki
from dlp_recognizers.operators import PresidioOperator
from gateway.credentials import CredentialStore
from gateway.documents import load_settings
from gateway.evidence.metrics import Metrics
from gateway.init import init
from gateway.model import Finding, ScanResult, TextSpan
from gateway.settings import Dlp
from gateway.snapshot import Snapshot, load_snapshot

MAIL = "maria.lindqvist@customer.example"
PLACEHOLDER = b"[EMAIL_ADDRESS_"
ECHO = "upstream-echo"
"""What every answer of the recording upstream begins with."""
BOUND = 3.0
"""Seconds after which a client counts as left hanging."""
HOOK_SECONDS = 0.25


class RecordingUpstream:
    """A TLS server that keeps what it gets after the handshake. `reply` writes the answer."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self.connections = 0
        self.data = bytearray()
        self.requests = 0
        self.reply: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]] = echo
        self.context = context
        self._port = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, sock=bind("127.0.0.1", self._port))

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError, asyncio.IncompleteReadError):
            await writer.start_tls(self.context)
            while True:
                head = await self._keep(reader.readuntil(b"\r\n\r\n"))
                length = re.search(rb"content-length: (\d+)", head)
                body = await self._keep(reader.readexactly(int(length[1]) if length else 0))
                self.requests += 1
                await self.reply(body, writer)
                await writer.drain()
        writer.close()
        self._tasks.discard(task)

    async def _keep(self, reading: Awaitable[bytes]) -> bytes:
        try:
            got = await reading
        except asyncio.IncompleteReadError as cut:
            self.data += cut.partial
            raise
        self.data += got
        return got


def http_answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """The bytes of an answer with a length."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *(headers or ("content-type: application/json",))]
    return "\r\n".join([*lines, "", ""]).encode() + body


def completion(content: str) -> bytes:
    """A chat completion with that content."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return json.dumps(
        {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    ).encode()


def chunk(content: str) -> bytes:
    """One server-sent event with that piece of text, in an HTTP chunk."""
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": None}
    tree = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    event = b"data: " + json.dumps(tree).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(event), event)


def said(body: bytes) -> str:
    """The text of the request's last message, as the upstream got it."""
    return str(json.loads(body)["messages"][-1]["content"])


async def echo(body: bytes, writer: asyncio.StreamWriter) -> None:
    """Answer with what was said, streamed if asked."""
    if json.loads(body).get("stream"):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for piece in re.findall(".{1,9}", f"{ECHO} {said(body)}"):
            writer.write(chunk(piece))
        writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
    else:
        writer.write(http_answer(completion(f"{ECHO} {said(body)}"), "content-type: application/json", "x-raw: 1"))


class ObedientScanner:
    """Finds addresses, unless `behave` says what to do instead."""

    def __init__(self) -> None:
        self.behave: Callable[[Sequence[TextSpan]], Awaitable[ScanResult]] = self.find

    async def scan(self, spans: Sequence[TextSpan], *, agent: str) -> ScanResult:
        return await self.behave(spans)

    async def find(self, spans: Sequence[TextSpan]) -> ScanResult:
        found = [
            Finding(index, match.start(), match.end(), "EMAIL_ADDRESS", 1.0, "obedient")
            for index, span in enumerate(spans)
            for match in re.finditer(r"[\w.]+@[\w.]+", span.text)
        ]
        return ScanResult(tuple(found), True, "", sum(len(span.text) for span in spans), 0)


class Evidence:
    """Keeps events; `broken` makes it fail as a sink must not."""

    def __init__(self) -> None:
        self.events: list[Mapping[str, Any]] = []
        self.broken = False

    def emit(self, event: Mapping[str, object]) -> None:
        if self.broken:
            raise OSError("the disk is gone")
        self.events.append(event)


@dataclass(eq=False)
class World:
    """What the tests of a module share: a folder, a PKI, one loaded snapshot, the port of the upstream."""

    folder: Path
    pki: Pki
    snapshot: Snapshot
    upstream_port: int
    held: Any
    guards: AnswerGuards
    contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)

    def client_context(self, agent: str | None) -> ssl.SSLContext:
        """TLS for a client with the certificate of `agent`, or none."""
        key = agent or ""
        if key not in self.contexts:
            context = ssl.create_default_context(cafile=str(self.pki.gateway_ca))
            if agent is not None:
                pair = self.pki.agents[f"agent/{agent}"]
                context.load_cert_chain(pair.certificate, pair.key)
            self.contexts[key] = context
        return self.contexts[key]

    def upstream_context(self, name: str = "stub") -> ssl.SSLContext:
        """TLS of the upstream."""
        if f"/{name}" not in self.contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            pair = self.pki.upstreams[name] if name == "stub" else self.pki.gateway
            context.load_cert_chain(pair.certificate, pair.key)
            self.contexts[f"/{name}"] = context
        return self.contexts[f"/{name}"]


def make_world(folder: Path) -> World:
    """A working folder whose rules send everything to one TLS upstream."""
    pki = make_pki(folder / "pki", trust_domain="corp.example", agents=("agent/demo",))
    init(folder, "corp.example")
    held = bind("127.0.0.1", 0)  # keeps the port free for the upstreams of all tests, without listening
    port = held.getsockname()[1]
    rules = yaml.safe_load((folder / "rules.yaml").read_text())
    upstreams = []
    for upstream in rules["upstreams"]:
        upstream |= {"base_url": f"https://127.0.0.1:{port}/v1", "ca_file": "pki/upstreams/ca.crt"}
        upstream["allow_private"] = True
        upstreams.append(upstream)
    (folder / "rules.yaml").write_text(yaml.safe_dump({**rules, "upstreams": upstreams}, sort_keys=False))
    document = yaml.safe_load((folder / "gateway.yaml").read_text())
    document["limits"] = {"hook_seconds": HOOK_SECONDS, "answer_bytes": 65_536}
    (folder / "gateway.yaml").write_text(yaml.safe_dump(document))
    settings = load_settings(folder / "gateway.yaml")
    snapshot = load_snapshot(settings, datetime.now(UTC))
    return World(folder, pki, snapshot, port, held, _guards(snapshot))


def _guards(snapshot: Snapshot) -> AnswerGuards:
    guards = AnswerGuards(snapshot.settings.dlp)
    guards.prepare(snapshot)
    return guards


async def soon(condition: Callable[[], Any], seconds: float = 2.0) -> None:
    """Wait until the condition holds."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "the condition never held"
        await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    data: bytes
    hung: bool
    """Whether the connection was still open at the bound."""

    @property
    def status(self) -> int:
        """0 when the connection was closed without an answer."""
        return int(self.data[9:12]) if self.data.startswith(b"HTTP/1.1 ") else 0

    @property
    def body(self) -> bytes:
        """What follows the head."""
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def code(self) -> str:
        """Code of a native refusal; empty when this is none."""
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return str(json.loads(self.body)["error"]["code"])
        return ""


class Rig:
    """One worker's parts, with access to each."""

    def __init__(self, world: World, *, scanner: Any = None, dlp: Dlp | None = None) -> None:
        self.world = world
        self.snapshot = world.snapshot
        if dlp is not None:
            self.snapshot = replace(world.snapshot, settings=world.snapshot.settings.model_copy(update={"dlp": dlp}))
        self.scanner = scanner or ObedientScanner()
        self.evidence = Evidence()
        self.metrics = Metrics()
        self.crashes: list[str] = []
        numbers = count()
        self.surroundings = Surroundings(
            snapshot=lambda: self.snapshot,
            scanner=self.scanner,
            operator=PresidioOperator(),
            evidence=self.evidence,
            metrics=self.metrics,
            clock=lambda: datetime.now(UTC),
            monotonic=time.monotonic,
            new_id=lambda: f"{next(numbers):026}",
            credentials=CredentialStore(),
            answer_guards=world.guards,
        )
        self.upstream = RecordingUpstream(world.upstream_port, world.upstream_context())
        self.port = 0

    def chain(self) -> list[object]:
        """The real chain, to change before `open`."""
        self.master = GatewayMaster(lambda option: setattr(self.surroundings, "tampered", option))
        self.trust = ServerTrust(self.snapshot.settings.listen)
        self.master.addons.crashes.append(lambda where, _crash: self.crashes.append(where))
        return list(build_chain(self.surroundings, self.master.addons, self.trust, Targets()))

    @contextlib.asynccontextmanager
    async def open(self, chain: Sequence[object] | None = None, *, upstream: bool = True) -> AsyncIterator[Rig]:
        """Serve with that chain, or the real one."""
        chain = self.chain() if chain is None else chain
        self.master.addons.install(chain)
        self.listener = Listener(self.master, self.surroundings)
        self.port = (await self.listener.start(bind("127.0.0.1", 0)))[1]
        sweeper = asyncio.create_task(Sweeper(self.surroundings, self.master.addons, self.trust).run())
        if upstream:
            await self.upstream.start()
        try:
            yield self
        finally:
            sweeper.cancel()
            self.listener.stop_accepting()
            assert await self.listener.drained(2.0), "a connection was left open"
            await self.upstream.close()

    async def ask(self, text: str = f"write to {MAIL}", *, agent: str | None = "demo", **more: Any) -> Answer:
        """One chat completion on a connection of its own."""
        body = json.dumps({"model": "gpt-4.1", "messages": [{"role": "user", "content": text}], **more}).encode()
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            f"connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return await self.send(head.encode() + body, agent=agent)

    async def send(self, data: bytes, *, agent: str | None = "demo") -> Answer:
        """Send bytes on a connection of its own and read to its end."""
        got = bytearray()
        writer = None
        try:
            async with asyncio.timeout(BOUND):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", self.port, ssl=self.world.client_context(agent), server_hostname="localhost"
                )
                writer.write(data)
                while piece := await reader.read(65_536):
                    got += piece
        except TimeoutError:
            return Answer(bytes(got), True)
        except OSError:
            pass  # closed without an answer
        finally:
            if writer is not None:
                writer.transport.abort()
        return Answer(bytes(got), False)

    def metric(self, name: str) -> float:
        """Sum over every series of a metric."""
        lines = self.metrics.render().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}(\{{| )", line))
