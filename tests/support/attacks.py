"""What an attacker needs: raw bytes over mutual TLS, a ledger of refusals, an upstream that answers anything."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.stub_upstream import StubUpstream
from tests.support.gateway import RunningGateway, chat, post

MARKER = "zanzibar-4711-marker"
"""Stands in every hostile request; nobody but the attacker may ever see it."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The stable code of a refusal, empty for anything else."""
        try:
            tree = json.loads(self.body)
        except ValueError:
            return ""
        error = tree.get("error") if isinstance(tree, dict) else None
        if not isinstance(error, dict):
            return ""
        code = error.get("code")
        if isinstance(code, str):
            return code
        return error.get("message", "").rpartition("[")[2].removesuffix("]")  # Anthropic's shape has no field for it

    @property
    def request_id(self) -> str:
        """Empty if the gateway gave none."""
        return self.headers.get("x-llmgw-request-id", "")

    @property
    def text(self) -> str:
        """What the model said, of a chat completion."""
        content = json.loads(self.body)["choices"][0]["message"]["content"]
        assert isinstance(content, str)
        return content


def answers(raw: bytes) -> list[Answer]:
    """Every answer in what came back. Raises AssertionError for bytes that are none."""
    found = []
    while raw:
        head, mark, rest = raw.partition(b"\r\n\r\n")
        assert mark, f"half an answer: {raw[:200]!r}"
        lines = head.decode("ascii").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if headers.get("transfer-encoding") == "chunked":
            body, raw = _unchunked(rest)
        else:
            length = int(headers.get("content-length", "0"))
            body, raw = rest[:length], rest[length:]
        found.append(Answer(int(lines[0].split(" ")[1]), headers, body))
    return found


def _unchunked(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        length = int(size or b"0", 16)
        if not length:
            return body, data.removeprefix(b"\r\n")
        body, data = body + data[:length], data[length + 2 :]


@dataclass
class Attacker:
    """A client of one gateway that remembers what it was told."""

    gateway: RunningGateway
    told: dict[str, str] = field(default_factory=dict)
    """Request id to the refusal code that the client saw."""
    contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)

    def context(self, agent: str = "demo") -> ssl.SSLContext:
        """TLS of an agent, made once."""
        if agent not in self.contexts:
            self.contexts[agent] = self.gateway.client_context(agent)
        return self.contexts[agent]

    @contextlib.contextmanager
    def connected(self, agent: str = "demo", seconds: float = 10.0) -> Any:
        """A connection after its handshake."""
        with (
            socket.create_connection(("127.0.0.1", self.gateway.port), timeout=seconds) as plain,
            self.context(agent).wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            yield secure

    def raw(self, data: bytes, *, agent: str = "demo", seconds: float = 10.0) -> bytes:
        """Send, read to the end. Raises TimeoutError if the gateway neither answers nor closes."""
        got = b""
        with self.connected(agent, seconds) as secure:
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                secure.sendall(data)
            with contextlib.suppress(ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                while chunk := secure.recv(65_536):
                    got += chunk
        return got

    def ask(self, data: bytes, *, agent: str = "demo") -> Answer:
        """Send one request with `connection: close`; its final answer."""
        found = [each for each in answers(self.raw(data, agent=agent)) if each.status >= 200]
        assert len(found) == 1, found
        self.remember(found[0])
        return found[0]

    def remember(self, answer: Answer) -> None:
        """Keep a refusal for `check_events`."""
        if answer.code.startswith("llmgw_"):
            assert answer.request_id, "a refusal has a request id"
            self.told[answer.request_id] = answer.code

    def chat(self, text: str, *, agent: str = "demo", **more: Any) -> Answer:
        """A well-formed chat completion."""
        return self.ask(post("/v1/chat/completions", chat(text, **more)), agent=agent)

    def check_alive(self) -> None:
        """An honest request works and the gateway is ready."""
        before = self.gateway.stubs.count
        answer = self.chat("What is the capital of France?")
        assert answer.status == 200, answer
        assert self.gateway.stubs.count == before + 1
        assert self.gateway.admin("/readyz")[0] == 200

    def check_events(self) -> None:
        """Every refusal that a client saw is in the events, with its code and agent and without client text."""
        deadline = time.monotonic() + 5
        while True:
            events = {event["request_id"]: event for event in self.gateway.events()}
            missing = [request_id for request_id in self.told if request_id not in events]
            if not missing or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        assert missing == []
        for request_id, code in self.told.items():
            event = events[request_id]
            assert (event["refusal_code"], event["outcome"]) == (code, "refused")
            assert event["agent_id"] in ("demo", "other")
            assert event["verdict"] == "blocked"
        assert MARKER not in json.dumps(list(events.values()))

    def check_refused(self, data: bytes, status: int, code: str, *, agent: str = "demo") -> Answer:
        """Exactly that refusal, in the dialect's shape, and not a byte at any upstream."""
        stubs = self.gateway.stubs
        connections = sum(stub.connections for stub in stubs.by_name.values())
        before = stubs.count
        answer = self.ask(data, agent=agent)
        assert (answer.status, answer.code) == (status, code), answer
        assert answer.headers["x-llmgw-verdict"] == "blocked"
        assert MARKER.encode() not in answer.body
        assert MARKER not in str(answer.headers)
        assert stubs.count == before
        assert sum(stub.connections for stub in stubs.by_name.values()) == connections
        assert MARKER.encode() not in stubs.seen
        return answer


type Play = Callable[[bytes, bytes, asyncio.StreamWriter], Awaitable[None]]


class HostileUpstream(StubUpstream):
    """Answers with whatever a test says; records as every stub does."""

    play: bytes | Play | None = None
    """Bytes to send, or a coroutine function that sends them; None: answer as an honest stub."""
    hang_up: bool = True
    """Whether the connection is closed after the bytes."""

    async def _answer(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        if self.play is None:
            await super()._answer(head, body, writer)
            return
        if isinstance(self.play, bytes):
            writer.write(self.play)
            await writer.drain()
        else:
            await self.play(head, body, writer)
        if self.hang_up:
            raise ConnectionResetError


def take_over(gateway: RunningGateway, name: str, context: ssl.SSLContext | None = None) -> HostileUpstream:
    """Put a hostile upstream in the place, and on the port, of a stub. Before the gateway starts."""
    stubs = gateway.stubs
    old = stubs.by_name[name]
    port = old.port
    hostile = HostileUpstream(name, context=context or old._context)

    async def swap() -> None:
        await old.close()
        await hostile.start(port)

    asyncio.run_coroutine_threadsafe(swap(), stubs._loop).result(5)
    stubs.by_name[name] = hostile
    return hostile


def http_answer(body: bytes, *headers: str, status: str = "200 OK", length: bool = True) -> bytes:
    """The bytes of an upstream's answer."""
    lines = [f"HTTP/1.1 {status}", *headers]
    if not any(line.lower().startswith("content-type:") for line in headers):
        lines.append("content-type: application/json")
    if length:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def completion(text: str) -> bytes:
    """The body of a chat completion that says `text`."""
    message = {"role": "assistant", "content": text}
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4.1",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    ).encode()
