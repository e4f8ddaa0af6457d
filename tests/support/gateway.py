"""A real gateway for tests: its own folder and PKI, stub upstreams on free ports, `llmgw serve` as a process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from certs.authority import Pki, make_pki
from demo.stub_upstream import StubUpstream
from gateway.init import init

TRUST_DOMAIN = "corp.example"
CREDENTIAL = "sk-upstream-" + "credential-0123456789abcdef"
UPSTREAMS = ("on-prem", "sovereign-eu", "third-party-openai", "third-party-anthropic")


class Stubs:
    """The stub upstreams, on a loop of their own in a thread."""

    def __init__(
        self,
        pki: Pki | None = None,
        *,
        names: tuple[str, ...] = UPSTREAMS,
        pause: float = 0.0,
        kind: type[StubUpstream] = StubUpstream,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        context = None
        if pki is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pki.upstreams["stub"].certificate, pki.upstreams["stub"].key)
        self.by_name = {
            name: kind(name, context=context if name.startswith("third") else None, pause=pause) for name in names
        }
        for stub in self.by_name.values():
            asyncio.run_coroutine_threadsafe(stub.start(), self._loop).result(5)

    def __getitem__(self, name: str) -> StubUpstream:
        return self.by_name[name]

    @property
    def seen(self) -> bytes:
        """Every byte that any upstream got."""
        return b"".join(stub.seen for stub in self.by_name.values())

    @property
    def count(self) -> int:
        """Requests that any upstream got."""
        return sum(len(stub.requests) for stub in self.by_name.values())

    def clear(self) -> None:
        """Forget what was recorded."""
        for stub in self.by_name.values():
            stub.requests.clear()

    def close(self) -> None:
        """Stop the servers and the thread."""
        for stub in self.by_name.values():
            asyncio.run_coroutine_threadsafe(stub.close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


class RunningGateway:
    """`llmgw serve` in a folder of its own. Third-party upstreams speak TLS and want a credential."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: dict[str, Any] | None = None,
        rules: dict[str, Any] | None = None,
        stub: type[StubUpstream] = StubUpstream,
    ) -> None:
        self.folder = folder
        self.pki = make_pki(folder / "pki", trust_domain=TRUST_DOMAIN, agents=("agent/demo", "agent/other"))
        init(folder, TRUST_DOMAIN)
        self.stubs = Stubs(self.pki, kind=stub)
        self.config = folder / "gateway.yaml"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.admin_port = 0
        self._edit(settings or {}, rules or {})

    def _edit(self, settings: dict[str, Any], rules: dict[str, Any]) -> None:
        document = yaml.safe_load(self.config.read_text())
        document["listen"]["port"] = 0
        document["admin"] = {"port": 0}
        document["canary"]["interval_seconds"] = 5
        document["run"] = {"drain_seconds": 10}
        for key, value in settings.items():
            document[key] = {**document[key], **value} if isinstance(document.get(key), dict) else value
        self.config.write_text(yaml.safe_dump(document, sort_keys=False))
        (self.folder / "secrets" / "upstream.key").write_text(CREDENTIAL)
        policy = yaml.safe_load((self.folder / "rules.yaml").read_text())
        for upstream in policy["upstreams"]:
            port = self.stubs[upstream["id"]].port
            upstream["base_url"] = f"http://127.0.0.1:{port}/v1"
            if upstream["tier"] == "third_party":
                upstream["base_url"] = f"https://127.0.0.1:{port}/v1"
                upstream["ca_file"] = "pki/upstreams/ca.crt"
                bearer = {"header": "authorization", "prefix": "Bearer ", "file": "secrets/upstream.key"}
                plain = {"header": "x-api-key", "file": "secrets/upstream.key"}
                upstream["credential"] = plain if "anthropic" in upstream["id"] else bearer
        policy.update(rules)
        (self.folder / "rules.yaml").write_text(yaml.safe_dump(policy, sort_keys=False))
        agents = yaml.safe_load((self.folder / "agents.yaml").read_text())
        other = {**agents["agents"][0], "id": "other", "spiffe_id": f"spiffe://{TRUST_DOMAIN}/agent/other"}
        agents["agents"].append(other)
        (self.folder / "agents.yaml").write_text(yaml.safe_dump(agents, sort_keys=False))

    def start(
        self, *, workers: int = 1, seconds: float = 60.0, environment: dict[str, str] | None = None
    ) -> RunningGateway:
        """Start and wait until every worker is ready."""
        command = [sys.executable, "-m", "gateway", "serve", "-c", str(self.config), "--workers", str(workers)]
        self.log = self.folder / "gateway.log"
        # What is said to the person at the terminal goes to stdout; stderr is the log, JSON lines alone.
        with self.log.open("ab") as log, (self.folder / "gateway.out").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=log, env={**os.environ, **(environment or {})})
        deadline = time.monotonic() + seconds
        while not (states := self.states(workers)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the gateway did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)
        self.port = int(states[0]["port"])
        self.admin_port = int(states[0]["admin_port"])
        return self

    def states(self, workers: int) -> list[dict[str, Any]]:
        """State files of the workers once all of them are ready, else an empty list."""
        found = []
        for index in range(workers):
            try:
                found.append(json.loads((self.folder / "state" / f"worker-{index}.json").read_text()))
            except (OSError, ValueError):
                return []
        return found if all(state["ready"] for state in found) else []

    @property
    def url(self) -> str:
        """Base URL for clients, without a path."""
        return f"https://localhost:{self.port}"

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        """The process of `llmgw serve`."""
        assert self._process is not None
        return self._process

    def client_context(self, agent: str | None = "demo") -> ssl.SSLContext:
        """TLS for a client of this gateway, with the certificate of `agent`, or none."""
        context = ssl.create_default_context(cafile=str(self.pki.gateway_ca))
        if agent is not None:
            context.load_cert_chain(self.folder / f"pki/agents/{agent}.crt", self.folder / f"pki/agents/{agent}.key")
        return context

    def admin(self, path: str, *, port: int = 0) -> tuple[int, bytes]:
        """GET from the admin endpoint."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port or self.admin_port}{path}", timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def events(self) -> list[dict[str, Any]]:
        """Every event in the outboxes, oldest first."""
        found: list[dict[str, Any]] = []
        for file in sorted((self.folder / "state" / "outbox").glob("*.sqlite3")):
            with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
                rows = database.execute("select event from events order by seq").fetchall()
            found += [json.loads(row[0]) for row in rows]
        return sorted(found, key=lambda event: str(event["timestamp"]))

    def wait_for_events(self, count: int, seconds: float = 5.0) -> list[dict[str, Any]]:
        """Wait until at least `count` events are on disk."""
        deadline = time.monotonic() + seconds
        while len(events := self.events()) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return events

    def stop(self, *, kill: bool = False) -> int:
        """Drain (or kill) and return the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        code = self._process.wait(45)
        self._process = None
        return code

    def close(self) -> None:
        """Stop everything."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.stop()
        if self._process is not None:
            self._process.kill()
        self.stubs.close()


@contextlib.contextmanager
def running(folder: Path, *, workers: int = 1, **edits: Any) -> Iterator[RunningGateway]:
    """A gateway that is ready, stopped at the end."""
    gateway = RunningGateway(folder, **edits)
    try:
        yield gateway.start(workers=workers)
    finally:
        gateway.close()


def raw_request(gateway: RunningGateway, data: bytes, *, agent: str | None = "demo", seconds: float = 5.0) -> bytes:
    """Send bytes over mutual TLS and read until the end or the time-out; what came back."""
    context = gateway.client_context(agent)
    answer = b""
    with (
        socket.create_connection(("127.0.0.1", gateway.port), timeout=seconds) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        secure.sendall(data)
        with contextlib.suppress(TimeoutError, ssl.SSLError, ConnectionError):
            while chunk := secure.recv(65_536):
                answer += chunk
    return answer


def post(path: str, body: bytes, *, headers: tuple[tuple[str, str], ...] = (), close: bool = True) -> bytes:
    """The bytes of a POST request."""
    lines = [f"POST {path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}"]
    if not any(name == "content-type" for name, _ in headers):
        lines.append("content-type: application/json")
    lines += [f"{name}: {value}" for name, value in headers]
    if close:
        lines.append("connection: close")
    return "\r\n".join([*lines, "", ""]).encode() + body


def chat(text: str, **more: Any) -> bytes:
    """The body of a chat completion with one user message."""
    return json.dumps({"model": "gpt-4.1", "messages": [{"role": "user", "content": text}], **more}).encode()
