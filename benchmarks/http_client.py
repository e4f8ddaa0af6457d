"""A cheap HTTP/1.1 client: prebuilt bytes out, as little parsing as possible in, over plain TCP or mutual TLS."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks.stub import unstamp


@dataclass(frozen=True)
class Endpoint:
    """Where a target listens and how a request to it starts."""

    port: int
    tls: ssl.SSLContext | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def request(self, body: bytes) -> bytes:
        """The whole request as it goes over the wire."""
        lines = ["POST /v1/chat/completions HTTP/1.1", f"host: localhost:{self.port}", "content-type: application/json"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


@dataclass
class Tally:
    """What came back. Times are seconds."""

    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    under_way: list[float] = field(default_factory=list)
    """How long each event of a stream took from the stub to here."""
    first_error: str = ""

    @property
    def good(self) -> int:
        return self.statuses.get(200, 0)

    @property
    def bad(self) -> int:
        return sum(self.statuses.values()) - self.good


class _Connection(asyncio.Protocol):
    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._buffer = bytearray()
        self._answer: asyncio.Future[int] | None = None
        self._need = 0  # bytes that make the answer whole; 0: not known yet; -1: chunked
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def ask(self, request: bytes) -> asyncio.Future[int]:
        """Send one request; the future gives the status once the answer is whole, or 0 when the connection broke."""
        self._answer = asyncio.get_running_loop().create_future()
        self._buffer.clear()
        self._need = 0
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if b"t=" in data:
            now = time.monotonic()
            self._tally.under_way += [now - sent for sent in unstamp(data)]
        if self._need == 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            at = head.find(b"content-length:")
            self._need = end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else -1
        if (len(self._buffer) >= self._need) if self._need > 0 else self._buffer.endswith(b"0\r\n\r\n"):
            status = int(self._buffer[9:12])
            if status != 200 and not self._tally.first_error:
                self._tally.first_error = bytes(self._buffer[:600]).decode("utf-8", "replace")
            if b"connection: close" in self._buffer[:600].lower():
                self.closed = True
            self._finish(status)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._finish(0)

    def _finish(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)


class Caller:
    """One connection that is kept, and opened again when it was closed."""

    def __init__(self, endpoint: Endpoint, tally: Tally) -> None:
        self._endpoint, self._tally = endpoint, tally
        self._connection: _Connection | None = None

    async def ask(self, request: bytes, *, since: float | None = None, within: float = 120.0) -> int:
        """One exchange, counted in the tally. `since` is when it was due, for a caller that keeps a pace."""
        started = since if since is not None else time.perf_counter()
        if self._connection is None or self._connection.closed:
            loop = asyncio.get_running_loop()
            _, self._connection = await loop.create_connection(
                lambda: _Connection(self._tally),
                "127.0.0.1",
                self._endpoint.port,
                ssl=self._endpoint.tls,
                server_hostname="localhost" if self._endpoint.tls else None,
            )
        try:
            status = await asyncio.wait_for(self._connection.ask(request), within)
        except TimeoutError:
            self._connection.transport.abort()
            status = 0
        self._tally.latencies.append(time.perf_counter() - started)
        self._tally.statuses[status] = self._tally.statuses.get(status, 0) + 1
        return status

    def close(self) -> None:
        if self._connection is not None:
            self._connection.transport.abort()


async def closed_loop(
    endpoint: Endpoint,
    bodies: Iterator[bytes],
    *,
    connections: int,
    seconds: float,
    most: int = 1 << 30,
    tally: Tally | None = None,
) -> tuple[Tally, float]:
    """Each connection asks again as soon as it was answered. Returns the tally and how long it took."""
    tally = Tally() if tally is None else tally
    started = time.perf_counter()
    end = started + seconds
    left = most

    async def run() -> None:
        nonlocal left
        caller = Caller(endpoint, tally)
        while left > 0 and time.perf_counter() < end:
            left -= 1
            body = next(bodies, None)
            if body is None:
                break
            await caller.ask(endpoint.request(body))
        caller.close()

    await asyncio.gather(*(run() for _ in range(connections)))
    return tally, time.perf_counter() - started


async def paced(
    endpoint: Endpoint,
    bodies: Iterator[bytes],
    *,
    rate: float,
    seconds: float,
    running: Callable[[], bool] = lambda: True,
) -> Tally:
    """Requests at a fixed rate over as many connections as needed. A latency counts from when the request was due."""
    tally = Tally()
    idle: list[Caller] = []
    every: list[Caller] = []
    tasks: list[asyncio.Task[None]] = []

    async def one(due: float, request: bytes) -> None:
        caller = idle.pop() if idle else Caller(endpoint, tally)
        if caller not in every:
            every.append(caller)
        await caller.ask(request, since=due)
        idle.append(caller)

    started = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = started + number / rate
        request = endpoint.request(next(bodies))
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if not running():
            break
        tasks.append(asyncio.ensure_future(one(due, request)))
    await asyncio.gather(*tasks)
    for caller in every:
        caller.close()
    return tally


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie; 0.0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
