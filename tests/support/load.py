"""Clients that keep asking a running gateway, each text with a value of its own, and what became of each."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from dataclasses import dataclass, field

from tests.support.gateway import RunningGateway, chat

JSON = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One request. Status 0: the connection broke."""

    status: int
    code: str
    request_id: str
    restored: bool
    at: float


class Line:
    """One kept-alive connection."""

    def __init__(self, gateway: RunningGateway, agent: str = "demo", seconds: float = 15.0) -> None:
        self._connection = http.client.HTTPSConnection(
            "localhost", gateway.port, context=gateway.client_context(agent), timeout=seconds
        )

    def ask(self, text: str, **more: object) -> tuple[int, bytes, str]:
        """Status, body and request id. Raises OSError or HTTPException when the connection breaks."""
        self._connection.request("POST", "/v1/chat/completions", chat(text, **more), JSON)
        answer = self._connection.getresponse()
        return answer.status, answer.read(), answer.getheader("x-llmgw-request-id") or ""

    def open(self) -> bool:
        """Whether the connection has been made and not been closed by either side."""
        return self._connection.sock is not None

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def code_of(body: bytes) -> str:
    """Code of a native refusal; empty when this is none."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(body)["error"]["code"])
    return ""


@dataclass
class Load:
    """Threads that ask until told to stop."""

    gateway: RunningGateway
    threads: int = 4
    pause: float = 0.0
    outcomes: list[Outcome] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        for number in range(self.threads):
            thread = threading.Thread(target=self._run, args=(number,), daemon=True)
            thread.start()
            self._running.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join(30)

    def wait_for(self, count: int, seconds: float = 60.0) -> None:
        """Wait until that many requests have ended."""
        ends = time.monotonic() + seconds
        while len(self.outcomes) < count:
            assert time.monotonic() < ends, f"only {len(self.outcomes)} of {count} requests ended"
            time.sleep(0.02)

    def _run(self, number: int) -> None:
        line, count = Line(self.gateway), 0
        while not self._stop.is_set():
            count += 1
            secret = f"thread{number}.request{count}@customer.example"
            self.secrets.append(secret)
            try:
                status, body, request_id = line.ask(f"write to {secret}")
            except (OSError, http.client.HTTPException):
                line.close()
                line = Line(self.gateway)
                self.outcomes.append(Outcome(0, "", "", False, time.monotonic()))
                time.sleep(0.05)
                continue
            restored = secret.encode() in body
            self.outcomes.append(Outcome(status, code_of(body), request_id, restored, time.monotonic()))
            if status == 503:
                time.sleep(0.05)
            time.sleep(self.pause)
        line.close()

    def nothing_leaked(self) -> None:
        """No value of any request was seen by an upstream, and every answer had its own value put back."""
        seen = self.gateway.stubs.seen
        assert [secret for secret in self.secrets if secret.encode() in seen] == []
        assert all(outcome.restored for outcome in self.outcomes if outcome.status == 200)


def until(condition: object, seconds: float, what: str) -> float:
    """Wait for a callable to be true; returns the seconds it took."""
    assert callable(condition)
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - begin
