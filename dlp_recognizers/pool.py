"""The scanner of the proxy: a pool of processes behind a cache and a fair, bounded queue.

The event loop only hashes, looks up and moves frames; recognizers run in processes of their own, under a time limit.
Whatever goes wrong makes the result incomplete, with a reason, and an incomplete result refuses the request.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Final

from dlp_recognizers.crew import Crew, Tuning, setup_of
from dlp_recognizers.fair_queue import Admission, Bounds, FairQueue
from dlp_recognizers.frames import UnitResult
from dlp_recognizers.lookup import Lookup, Piece, digests_of, look_up, pieces_of
from dlp_recognizers.own.sources import OwnSources
from dlp_recognizers.pending import PendingText, Quarantine, Request, Unit
from dlp_recognizers.pool_stats import PoolStats
from dlp_recognizers.process import ScanProcess
from dlp_recognizers.span_cache import SpanCache
from dlp_recognizers.stitching import TOO_MANY, Stitching, Tails, TooManyJoins
from gateway.model import ScanResult, TextSpan
from gateway.settings import Dlp

_TEXT_BYTES: Final = 512
"""What a waiting text counts for besides its own bytes."""
_ATTEMPTS: Final = 2


def _ignore(_event: str) -> None:
    """Nobody counts events."""


class ScannerPool:
    """ports.Scanner over processes. Used from one event loop, between `start` and `close`.

    `engine` is `module:function`; the function takes the set-up as a dict and returns what scans. `on_event` hears of
    `worker_started`, `worker_died`, `worker_overdue`, `worker_recycled`, `worker_start_failed`.
    """

    def __init__(
        self,
        dlp: Dlp,
        *,
        engine: str = "dlp_recognizers.engine:create",
        on_event: Callable[[str], None] = _ignore,
        tuning: Tuning | None = None,
        own: OwnSources | None = None,
    ) -> None:
        self._dlp = dlp
        self._engine = engine
        self._tuning = tuning or Tuning()
        setup = setup_of(dlp, engine, own)
        self._crew = Crew(self, setup=setup, size=dlp.workers, tuning=self._tuning, on_event=on_event)
        self._cache = SpanCache(dlp.cache_bytes)
        self._queue: FairQueue[Unit] = FairQueue(size=_unit_size, live=_unit_live)
        self._retries: deque[Unit] = deque()
        self._admission = Admission(_bounds(dlp, self._tuning))
        self._in_flight: dict[bytes, PendingText] = {}
        self._quarantine = Quarantine(self._tuning.quarantine_seconds)
        self._requests: set[Request] = set()
        self._stitching = Stitching(Tails())
        self._secret = secrets.token_bytes(32)
        self._stamp = (0, "")
        self._key = self._secret
        self._open = False
        self._hits = 0
        self._misses = 0
        self._incomplete: Counter[str] = Counter()

    async def start(self) -> None:
        """Start the processes and wait for them. Raises ConfigurationError if the engine cannot be loaded."""
        await self._crew.start()
        self._open = True

    async def close(self) -> None:
        """Refuse whatever waits and end every process."""
        self._open = False
        for request in tuple(self._requests):
            request.fail("closed")
        await self._crew.close()
        self._cache.clear()
        self._stitching.clear()

    def reconfigure(self, dlp: Dlp, own: OwnSources | None = None) -> None:
        """Take new settings; processes are replaced only if what they scan for has changed, with no gap in service."""
        self._dlp = dlp
        self._cache.resize(dlp.cache_bytes)
        self._admission.bounds = _bounds(dlp, self._tuning)
        self._crew.reconfigure(setup_of(dlp, self._engine, own), dlp.workers)

    def pids(self) -> tuple[int, ...]:
        """Process ids of the scan processes that serve."""
        return tuple(process.pid for process in self._crew.serving)

    def stats(self) -> PoolStats:
        """Counters and gauges."""
        return PoolStats(
            workers_alive=len(self._crew.serving),
            queued=self._admission.requests,
            restarts=self._crew.restarts,
            cache_bytes=self._cache.size,
            cache_entries=len(self._cache),
            hits=self._hits,
            misses=self._misses,
            problem=self._crew.problem,
            incomplete=dict(self._incomplete),
        )

    async def scan(self, spans: Sequence[TextSpan], *, agent: str) -> ScanResult:
        """See ports.Scanner.

        Reasons: `closed`, `queue_full`, `deadline`, `worker_died`, `recognizer_failed`, `error`, `too_many_joins`.
        """
        if not self._open:
            return self._refused("closed", Lookup())
        now = asyncio.get_running_loop().time()
        ends = now + self._dlp.deadline_seconds
        try:
            spans, finish = self._stitching.prepare(spans, agent, now)
        except TooManyJoins:
            return self._refused(TOO_MANY, Lookup())
        lookup = look_up(spans, await digests_of(spans, self._key), self._cache)
        self._hits += len(spans) - len(lookup.missing)
        self._misses += len(lookup.missing)
        if lookup.missing:
            reason = await self._scan_missing(lookup, agent, ends)
            if reason:
                return self._refused(reason, lookup)
        return finish(ScanResult(lookup.findings(), True, "", lookup.total_bytes, lookup.new_bytes))

    async def _scan_missing(self, lookup: Lookup, agent: str, ends: float) -> str:
        """Have the missing texts scanned; returns why that failed, or nothing."""
        loop = asyncio.get_running_loop()
        if poisoned := self._quarantine.reason(lookup.missing, now=loop.time()):
            return poisoned
        size = lookup.new_bytes + _TEXT_BYTES * len(lookup.missing)
        if not self._admission.enter(agent, size):
            return "queue_full"
        request = Request(agent, loop.create_future())
        timer = loop.call_at(ends, request.fail, "deadline")
        self._requests.add(request)
        try:
            self._submit(request, lookup.missing, await pieces_of(lookup.missing, self._key))
            reason = await request.outcome
        finally:
            timer.cancel()
            self._leave(request)
            self._admission.leave(agent, size)
        lookup.known.update(request.hits)
        lookup.new_bytes = sum(pending.new_bytes for pending in request.texts.values())
        return reason

    def _submit(self, request: Request, missing: Mapping[bytes, str], pieces: Mapping[bytes, Sequence[Piece]]) -> None:
        """Queue what nobody scans yet, and wait along for the rest."""
        units: list[Unit] = []
        for digest, text in missing.items():
            pending = self._in_flight.get(digest)
            if pending is None:
                pending = self._in_flight[digest] = PendingText(digest, text, pieces[digest])
                pending.recall(self._cache, self._stamp)
            pending.waiters.add(request)
            request.texts[digest] = pending
            units.extend(unit for unit in pending.units if not unit.taken)
        for pending in request.texts.values():
            if not pending.left:
                self._complete(pending)
        self._queue.push(request.agent, request, units)
        self._pump()

    def _leave(self, request: Request) -> None:
        """The request waits no more: what only it wanted is dropped."""
        self._requests.discard(request)
        self._queue.drop(request.agent, request)
        for pending in request.texts.values():
            pending.waiters.discard(request)
            self._settle(pending)

    def _settle(self, pending: PendingText) -> None:
        """Forget a text that nobody waits for and no process has."""
        if not pending.waiters and not pending.running and self._in_flight.get(pending.digest) is pending:
            del self._in_flight[pending.digest]

    def _pump(self) -> None:
        """Give every idle process a job."""
        for process in self._crew.idle():
            job = self._next_job()
            if not job:
                return
            for unit in job:
                unit.taken = True
                unit.owner.running += 1
            # Half of a request's time: a process that hangs is gone while most who wait behind it still have theirs.
            process.run(job, self._dlp.deadline_seconds / 2)

    def _next_job(self) -> list[Unit]:
        while self._retries:
            unit = self._retries.popleft()
            if unit.live:
                # Alone, so that a text which kills processes takes no other text with it.
                return [unit]
        return self._queue.pop(self._tuning.job_chars, self._tuning.job_texts)

    def crew_ready(self, process: ScanProcess) -> None:
        """A process serves. If it finds other things than those before it, what is cached is of no use any more."""
        stamp = (process.generation, process.version)
        if stamp != self._stamp and process.generation == self._crew.generation:
            self._stamp = stamp
            self._key = blake2b(repr(stamp).encode(), key=self._secret, digest_size=32).digest()
            self._cache.clear()
        self._pump()

    def crew_replied(self, process: ScanProcess, job: Sequence[Unit], results: Sequence[UnitResult]) -> None:
        """A job is done."""
        stamp = (process.generation, process.version)
        for unit, result in zip(job, results, strict=True):
            pending = unit.owner
            pending.running -= 1
            if pending.closed:
                continue
            if isinstance(result, str):
                self._fail(pending, result)
                continue
            pending.finish(unit, result, stamp)
            if pending.left:
                self._settle(pending)
            else:
                self._complete(pending)
        self._pump()

    def crew_lost(self, job: Sequence[Unit], *, overdue: bool) -> None:
        """A process ended, with a job perhaps: its texts are tried once more, each alone, to find the one to blame."""
        for unit in job:
            pending = unit.owner
            pending.running -= 1
            unit.attempts += 1
            if pending.closed:
                continue
            if len(job) == 1 and (overdue or unit.attempts >= _ATTEMPTS):
                reason = "deadline" if overdue else "worker_died"
                self._quarantine.put(pending.digest, reason, now=asyncio.get_running_loop().time())
                self._fail(pending, reason)
            else:
                unit.taken = False
                self._retries.append(unit)
                self._settle(pending)
        self._pump()

    def _complete(self, pending: PendingText) -> None:
        hits = pending.hits()
        self._close_text(pending)
        pending.store(self._cache, self._stamp, hits)
        for request in tuple(pending.waiters):
            request.done(pending.digest, hits)

    def _fail(self, pending: PendingText, reason: str) -> None:
        self._close_text(pending)
        for request in tuple(pending.waiters):
            request.fail(reason)

    def _close_text(self, pending: PendingText) -> None:
        pending.closed = True
        if self._in_flight.get(pending.digest) is pending:
            del self._in_flight[pending.digest]

    def _refused(self, reason: str, lookup: Lookup) -> ScanResult:
        self._incomplete[reason] += 1
        return ScanResult((), False, reason, lookup.total_bytes, 0)


def _bounds(dlp: Dlp, tuning: Tuning) -> Bounds:
    return Bounds(dlp.queue, dlp.queue_per_agent, tuning.queued_bytes, tuning.queued_bytes // 2)


def _unit_size(unit: Unit) -> int:
    return unit.size


def _unit_live(unit: Unit) -> bool:
    return unit.live
