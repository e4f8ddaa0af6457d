"""After a workload with every kind of value, good and bad: no value stands anywhere that outlives a request."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import redis

from tests.dlp_recognizers.values import KINDS, password, private_key
from tests.support.answers import Client
from tests.support.gateway import RunningGateway, chat, post, raw_request, running
from tests.support.redis_server import RedisServer, available
from tests.support.requests import case

pytestmark = [
    pytest.mark.runtime,
    pytest.mark.redis,
    pytest.mark.slow,
    pytest.mark.skipif(not available(), reason="redis-server is not installed"),
]
CASES = 150
HEADERS = (
    "content-type", "content-encoding", "accept", "x-request-id", "openai-beta", "user-agent", "expect", "host",
    "cookie", "transfer-encoding", "x-api-key", "x-agent-id", "traceparent", "te", "upgrade",
)  # fmt: skip
AGENTS_OWN_KEY = "sk" + "-agents-own-4f9c2a7e1b8d6053"


@dataclass(slots=True)
class Planted:
    """Every value that was sent, by a name that may be shown."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    rng: random.Random = field(default_factory=lambda: random.Random(20_000), repr=False)

    def new(self, name: str, *, kind: int | None = None) -> str:
        """A fresh value, noted."""
        made = KINDS[kind % len(KINDS)] if kind is not None else self.rng.choice(KINDS[:-3])
        value = made.make(self.rng)
        return self.note(f"{name} ({made.entity})", value)

    def token(self, name: str) -> str:
        """A fresh value without blanks, for places that take a token."""
        return self.note(name, "AKIA" + "".join(self.rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16)))

    def note(self, name: str, value: str) -> str:
        """Remember a value."""
        self.values[f"{len(self.values)} {name}"] = value
        return value


def forms(value: str) -> Iterator[bytes]:
    """How a value could be written."""
    data = value.encode()
    yield data
    yield json.dumps(value)[1:-1].encode()
    yield json.dumps(json.dumps(value))[3:-3].encode()
    yield "".join(f"\\u{ord(char):04x}" for char in value).encode()
    yield quote(value, safe="").encode()
    yield quote_plus(value).encode()
    yield data.hex().encode()
    yield data.hex().upper().encode()
    yield value.encode("utf-16-le")
    for shift, encode in itertools.product(range(3), (base64.b64encode, base64.urlsafe_b64encode)):
        # The characters that do not depend on what stands before and behind.
        yield encode(b"\0" * shift + data)[(shift * 8 + 5) // 6 : -4]


def broken(planted: Planted) -> Iterator[bytes]:
    """Requests that are refused, each holding a value where a careless program would repeat it."""
    body = chat(f"Hello {planted.new('body of a broken request')}")
    path = "/v1/chat/completions"
    mail = planted.new("malformed JSON")
    yield post(path, f'{{"model": "gpt-4.1", "messages": [{{"role": "user", "content": "{mail}"'.encode())
    yield post(path, f'{{"model": "{planted.new("duplicate key")}", "model": "gpt-4.1", "messages": []}}'.encode())
    yield post(path, f'{{"{planted.new("duplicate key name")}": 1, "a": 1, "a": 2}}'.encode())
    yield post(path, f'["{planted.new("list body")}"]'.encode())
    yield post(path, f'"{planted.new("string body")}"'.encode())
    yield post(path, planted.new("text body").encode(), headers=(("content-type", "text/plain"),))
    yield post(path, b"\xff\xfe" + planted.new("not UTF-8").encode())
    yield post(
        path, json.dumps({"model": planted.token("model"), "messages": [{"role": "user", "content": "hi"}]}).encode()
    )
    yield post(
        path,
        json.dumps(
            {"model": planted.new("odd model", kind=0), "messages": [{"role": "user", "content": "hi"}]}
        ).encode(),
    )
    yield post(
        path, json.dumps({"model": "gpt-4.1", "messages": [{"role": planted.new("role"), "content": "hi"}]}).encode()
    )
    yield post(path, json.dumps({"model": "gpt-4.1", "messages": planted.new("messages")}).encode())
    yield post(path, json.dumps({"model": "gpt-4.1", "input": planted.new("foreign field"), "messages": []}).encode())
    yield post(path, json.dumps({"model": "gpt-4.1", "stream": planted.new("stream"), "messages": []}).encode())
    yield post(path, chat("hi", logit_bias={planted.new("logit bias"): 1}))
    call = {
        "id": planted.token("call id"),
        "type": "function",
        "function": {"name": planted.token("tool name"), "arguments": "{}"},
    }
    yield post(
        path, json.dumps({"model": "gpt-4.1", "messages": [{"role": "assistant", "tool_calls": [call]}]}).encode()
    )
    yield post(path, chat(f"Fix it: {planted.note('private key', private_key(planted.rng))}"))
    yield post(
        path,
        chat(f"password: {planted.note('password', password(planted.rng))}", api_key=planted.token("api_key field")),
    )
    for name in HEADERS:
        yield post(path, body, headers=((name, planted.token(f"header {name}")),))
    yield post(path, body, headers=((planted.token("header name"), "x"),))
    yield post(f"/v1/{planted.token('path')}", body)
    yield post(f"{path}/{quote(planted.new('longer path'))}", body)
    yield post(f"{path}?user={quote(planted.new('query'))}&key={planted.token('query key')}", body)
    yield post(f"https://u:{planted.token('password of a target')}@{planted.token('authority')}.example{path}", body)
    yield post(path, b"").replace(b"POST", planted.token("method").encode(), 1)
    yield f"GET {planted.token('bare line')}\r\n\r\n".encode()
    yield f"{planted.token('garbage')}\r\n\r\n".encode()
    yield post(path, f"{planted.new('gzip')} is no gzip".encode(), headers=(("content-encoding", "gzip"),))
    yield post(path, body).replace(b"content-length: ", b"content-length: " + planted.token("length").encode(), 1)
    yield post(
        "/v1/messages", json.dumps({"model": "claude-sonnet-4-5", "messages": [planted.new("message")]}).encode()
    )
    yield post(
        "/v1/responses",
        json.dumps({"model": "gpt-4.1", "input": [{"type": planted.new("type"), "content": 1}]}).encode(),
    )
    yield post("/v1/embeddings", json.dumps({"model": "e", "input": [{"x": planted.new("embedding input")}]}).encode())


def work(gateway: RunningGateway, planted: Planted) -> None:
    """Ordinary requests with everything in them, then the broken ones."""
    client = Client(gateway)
    with contextlib.closing(client):
        for number in range(50_000, 50_000 + CASES):
            each = case(number)
            for placed in each.placed:
                planted.note(f"case {each.name} {placed.place} ({placed.entity})", placed.value)
            headers = {"content-type": "application/json", "authorization": f"Bearer {AGENTS_OWN_KEY}"}
            client.post(each.path, each.raw, headers, chunked=each.chunked)
    for request in broken(planted):
        raw_request(gateway, request, seconds=1.0)
    with contextlib.suppress(OSError):
        raw_request(gateway, post("/v1/models", chat(planted.new("without a certificate"))), agent=None, seconds=1.0)


def redis_bytes(server: RedisServer) -> bytes:
    """All that Redis holds: names, serialised values, stream entries, its log of slow commands."""
    with redis.Redis.from_url(server.url) as client:
        found = b""
        for name in client.scan_iter():
            found += name + (client.dump(name) or b"")
            if client.type(name) == b"stream":
                found += repr(client.xrange(name)).encode()
        return found + repr(client.slowlog_get(128)).encode() + repr(client.client_list()).encode()


def stored_bytes(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield str(file.relative_to(folder)), file.read_bytes()


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Planted, dict[str, bytes]]]:
    """The values that were sent, and by name every place that keeps something."""
    planted = Planted()
    planted.note("the agent's own key", AGENTS_OWN_KEY)
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        settings = {"evidence": {"redis": {"url": server.url}}, "log": {"level": "debug"}}
        with running(tmp_path_factory.mktemp("leaks"), settings=settings) as gateway:
            work(gateway, planted)
            places: dict[str, bytes] = {}
            wanted = len(gateway.wait_for_events(CASES + 20))
            deadline = time.monotonic() + 10
            with redis.Redis.from_url(server.url) as client:
                while client.xlen("llmgw:events") < wanted and time.monotonic() < deadline:
                    time.sleep(0.1)
            for path in ("/metrics", "/status", "/status.json", "/readyz", "/healthz"):
                places[path] = gateway.admin(path)[1]
            places["redis"] = redis_bytes(server)
            places["upstream heads"] = b"".join(
                head for stub in gateway.stubs.by_name.values() for head, _ in stub.requests
            )
            gateway.stop()
            places |= {f"state/{name}": data for name, data in stored_bytes(gateway.folder / "state")}
            places["log"] = gateway.log.read_bytes()
        yield planted, places


def test_every_place_was_written_to(after: tuple[Planted, dict[str, bytes]]) -> None:
    planted, places = after
    assert len(planted.values) > 250
    kinds = Counter(name.rpartition("(")[2] for name in planted.values)
    assert len(kinds) >= 20
    for name in ("/metrics", "/status", "/status.json", "/readyz", "redis", "log", "upstream heads"):
        assert places[name], name
    assert any(".sqlite3" in name and b"openai.chat" in data for name, data in places.items())
    assert b"openai.chat" in places["redis"]


def test_no_value_is_kept_anywhere(after: tuple[Planted, dict[str, bytes]]) -> None:
    planted, places = after
    found = [
        f"{name} in {place}"
        for name, value in planted.values.items()
        for place, data in places.items()
        if any(form in data for form in forms(value) if len(form) >= 6)
    ]
    assert not found, f"{len(found)} values kept:\n" + "\n".join(found[:40])


def test_the_log_is_json_and_holds_no_traceback(after: tuple[Planted, dict[str, bytes]]) -> None:
    _, places = after
    lines = [line for line in places["log"].splitlines() if line and not line.startswith(b"llmgw:")]
    for line in lines:
        assert isinstance(json.loads(line), dict)
    assert b"Traceback" not in places["log"]
