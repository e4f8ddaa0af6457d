"""The workloads. Each takes a running target and gives one row; each is bounded in time."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from benchmarks import texts
from benchmarks.http_client import Caller, Tally, closed_loop, paced, percentile
from benchmarks.targets import Running, Target

CONNECTIONS = 16
KILOBYTE = 1024
MEANINGFUL = 20
"""Requests in a slice, at least, for its CPU time to say something: the kernel counts in hundredths of a second."""


@dataclass(frozen=True)
class Row:
    """One target under one workload. Times in milliseconds, CPU in microseconds; None: not measured."""

    workload: str
    target: str
    requests: int
    errors: int
    per_second: float
    p50: float
    p99: float
    cpu_us: float | None
    """CPU time of all its processes for one request."""
    cpu_proxy_us: float | None
    """The same of the proxy process alone, without scan processes or services beside it."""
    note: str = ""

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Scale:
    """How long things take; `quick` is for trying the programs out."""

    seconds: float = 4.0
    slow_seconds: float = 12.0
    turns: int = 50
    slow_turns: int = 5
    memory_requests: int = 100_000
    memory_seconds: float = 200.0


QUICK = Scale(seconds=1.0, slow_seconds=4.0, slow_turns=2, memory_requests=2_000, memory_seconds=5.0)


class Meter:
    """CPU time per request between two moments; the cheapest slice where it was watched on the way.

    A busy neighbour on the same physical core makes the same work cost more CPU time, never less.
    """

    def __init__(self, running: Running) -> None:
        self._running = running
        self._marks = [(running.cpu(), running.cpu_proxy(), 0)]

    async def watch(self, tally: Tally, every: float) -> None:
        """Note a slice every so many seconds, until cancelled."""
        while True:
            await asyncio.sleep(every)
            self._note(len(tally.latencies))

    def per_request(self, requests: int) -> tuple[float | None, float | None]:
        if not self._running.trees or not requests:
            return None, None
        if len(self._marks) == 1:
            self._note(requests)
        slices = [
            ((cpu - before) / (count - counted) * 1e6, (proxy - proxy_before) / (count - counted) * 1e6)
            for (before, proxy_before, counted), (cpu, proxy, count) in itertools.pairwise(self._marks)
            if count - counted >= MEANINGFUL or len(self._marks) == 2
        ]
        return min(slices) if slices else (None, None)

    def _note(self, requests: int) -> None:
        self._marks.append((self._running.cpu(), self._running.cpu_proxy(), requests))


async def _steady(running: Running, bodies: Iterator[bytes], seconds: float) -> tuple[Meter, Tally, float]:
    """A closed loop in which four slices are noted."""
    await closed_loop(running.endpoint, bodies, connections=4, seconds=0.5)
    meter, tally = Meter(running), Tally()
    watching = asyncio.ensure_future(meter.watch(tally, seconds / 4 - 0.02))
    tally, took = await closed_loop(running.endpoint, bodies, connections=CONNECTIONS, seconds=seconds, tally=tally)
    watching.cancel()
    return meter, tally, took


def _row(workload: str, target: Target, meter: Meter, tally: Tally, seconds: float, note: str = "") -> Row:
    count = len(tally.latencies)
    cpu, first = meter.per_request(count)
    if tally.bad:
        reason = tally.first_error.splitlines()[0] if tally.first_error else "connection closed"
        note = f"{note} first error: {reason}".strip()
    return Row(
        workload,
        target.name,
        count,
        tally.bad,
        tally.good / seconds,
        percentile(tally.latencies, 0.5) * 1e3,
        percentile(tally.latencies, 0.99) * 1e3,
        cpu,
        first,
        note,
    )


def _prepared(target: Target, seed: int, seconds: float) -> Iterator[bytes]:
    """Bodies made before the clock starts, as many as the target could possibly take, then made on the way."""
    most = int(seconds * (200 if target.slow else 4_000))
    bodies = texts.singles(seed, KILOBYTE)
    return itertools.chain(list(itertools.islice(bodies, most)), bodies)


async def new_text(target: Target, running: Running, scale: Scale) -> Row:
    """1 KB in each request, never the same twice."""
    seconds = scale.slow_seconds if target.slow else scale.seconds
    bodies = _prepared(target, 1, seconds)
    meter, tally, took = await _steady(running, bodies, seconds)
    return _row("1 KB new", target, meter, tally, took)


async def seen_text(target: Target, running: Running, scale: Scale) -> Row:
    """The same 1 KB again and again."""
    seconds = scale.slow_seconds / 2 if target.slow else scale.seconds
    body = itertools.repeat(texts.single(random.Random(2), KILOBYTE))
    meter, tally, took = await _steady(running, body, seconds)
    return _row("1 KB seen", target, meter, tally, took)


async def conversation(target: Target, running: Running, scale: Scale) -> Row:
    """An agent's conversation: 50 KB at first, 100 KB after 50 turns, one turn after the other.

    The first turn is not counted: it is all new for everybody. A slow target gets a few turns spread evenly over the
    same fifty; it keeps nothing between turns, so what it spends on one does not depend on the ones left out.
    """
    bodies = texts.conversation(3, history=50 * KILOBYTE, turns=scale.turns + 1, growth=KILOBYTE)
    if target.slow:
        step = max(1, scale.turns // scale.slow_turns)
        bodies = [bodies[0], *bodies[step // 2 :: step][: scale.slow_turns]]
    tally = Tally()
    caller = Caller(running.endpoint, tally)
    await caller.ask(running.endpoint.request(bodies[0]))
    tally.latencies.clear()
    tally.statuses.clear()
    meter = Meter(running)
    started = time.perf_counter()
    for body in bodies[1:]:
        await caller.ask(running.endpoint.request(body))
    took = time.perf_counter() - started
    caller.close()
    return _row("conversation 50-100 KB", target, meter, tally, took, "turns sampled" if target.slow else "")


async def beside_large(target: Target, running: Running, scale: Scale) -> list[Row]:
    """A steady stream of 1 KB requests, first alone, then beside a caller that sends 100 KB of new text nonstop."""
    rate = 2.0 if target.slow else 50.0
    seconds = (scale.slow_seconds if target.slow else scale.seconds) * 1.5
    meter = Meter(running)
    alone = await paced(running.endpoint, texts.singles(4, KILOBYTE), rate=rate, seconds=seconds)
    rows = [_row(f"1 KB at {rate:.0f}/s, alone", target, meter, alone, seconds)]
    large = Tally()
    rng = random.Random(5)
    over = False

    async def load() -> None:
        caller = Caller(running.endpoint, large)
        while not over:
            await caller.ask(running.endpoint.request(texts.single(rng, 100 * KILOBYTE)), within=60)
        caller.close()

    loading = asyncio.ensure_future(load())
    meter = Meter(running)
    beside = await paced(running.endpoint, texts.singles(6, KILOBYTE), rate=rate, seconds=seconds)
    over = True
    middle = percentile(large.latencies, 0.5) * 1e3
    note = f"beside {len(large.latencies)} of 100 KB (p50 {middle:.0f} ms, {large.bad} errors)"
    rows.append(_row(f"1 KB at {rate:.0f}/s, beside 100 KB", target, meter, beside, seconds, note))
    await loading
    return rows


async def stream(target: Target, running: Running, _scale: Scale) -> Row:
    """Four streams of 60 events, 20 ms apart: how long an event is under way from the stub to the client."""
    body = texts.single(random.Random(7), KILOBYTE, stream=True)
    await closed_loop(running.endpoint, iter([body]), connections=1, seconds=10, most=1)
    meter = Meter(running)
    tally, took = await closed_loop(running.endpoint, itertools.repeat(body), connections=4, seconds=3, most=8)
    row = _row("SSE, one event", target, meter, tally, took)
    events = len(tally.under_way)
    spent = row.cpu_us * len(tally.latencies) / events if row.cpu_us is not None and events else None
    first = row.cpu_proxy_us * len(tally.latencies) / events if row.cpu_proxy_us is not None and events else None
    p50, p99 = percentile(tally.under_way, 0.5) * 1e3, percentile(tally.under_way, 0.99) * 1e3
    return Row(row.workload, target.name, events, row.errors, events / took, p50, p99, spent, first, row.note)


@dataclass(frozen=True)
class Memory:
    """Resident memory of the proxy process, in megabytes, on the way through many requests."""

    target: str
    requests: int
    start: float
    middle: float
    end: float
    all_processes: float


async def memory(target: Target, running: Running, scale: Scale) -> Memory:
    """Many small requests; memory at the start (after a warm-up), in the middle and at the end."""
    rng = random.Random(8)
    pool = [texts.single(rng, KILOBYTE) for _ in range(4_000)]
    bodies = (rng.choice(pool) for _ in itertools.count())
    await closed_loop(running.endpoint, bodies, connections=CONNECTIONS, seconds=60, most=1_000)
    sizes = [running.rss_proxy()]
    done = 0
    for _ in range(2):
        tally, _took = await closed_loop(
            running.endpoint,
            bodies,
            connections=CONNECTIONS,
            seconds=scale.memory_seconds / 2,
            most=scale.memory_requests // 2,
        )
        done += len(tally.latencies)
        sizes.append(running.rss_proxy())
    start, middle, end = (size / 1e6 for size in sizes)
    return Memory(target.name, done, start, middle, end, sum(running.rss()) / 1e6)
