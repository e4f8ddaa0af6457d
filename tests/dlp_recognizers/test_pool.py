"""The pool with real processes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dlp_recognizers.crew import Tuning
from dlp_recognizers.pool import ScannerPool
from gateway.errors import ConfigurationError
from gateway.model import ScanResult, TextSpan
from gateway.settings import Dlp

FAKES = "tests.dlp_recognizers.fake_engines"


@contextlib.asynccontextmanager
async def pool_of(engine: str = "create", *, tuning: Tuning | None = None, **dlp: Any) -> AsyncIterator[ScannerPool]:
    events: list[str] = []
    pool = ScannerPool(Dlp(**dlp), engine=f"{FAKES}:{engine}", on_event=events.append, tuning=tuning)
    pool.events = events  # type: ignore[attr-defined]
    await pool.start()
    try:
        yield pool
    finally:
        await pool.close()


def spans(*texts: str) -> list[TextSpan]:
    return [TextSpan(f"/{number}", text) for number, text in enumerate(texts)]


def places(result: ScanResult) -> list[tuple[int, int, int, str]]:
    return [(f.span, f.start, f.end, f.entity) for f in result.findings]


async def until(condition: Any, seconds: float = 5.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "the condition never held"
        await asyncio.sleep(0.01)


def leftovers(pool: ScannerPool) -> tuple[int, int, int, int]:
    return len(pool._queue), len(pool._in_flight), len(pool._requests), pool.stats().queued


async def test_finds_in_each_span_and_answers_seen_text_from_the_cache() -> None:
    async with pool_of() as pool:
        first = await pool.scan(spans("über MARK-1", "nothing", "MARK-22 x MARK-3", ""), agent="a")
        assert first.complete and first.reason == ""
        assert places(first) == [(0, 5, 11, "MARK"), (2, 0, 7, "MARK"), (2, 10, 16, "MARK")]
        assert (first.total_bytes, first.new_bytes) == (12 + 7 + 16, 12 + 7 + 16)
        os.kill(pool.pids()[0], signal.SIGSTOP)  # a seen text touches no process
        again = await pool.scan(spans("MARK-22 x MARK-3", "über MARK-1"), agent="b")
        os.kill(pool.pids()[0], signal.SIGCONT)
        assert places(again) == [(0, 0, 7, "MARK"), (0, 10, 16, "MARK"), (1, 5, 11, "MARK")]
        assert again.new_bytes == 0
        assert pool.stats().misses == 3


async def test_lone_surrogates_and_identical_spans() -> None:
    async with pool_of() as pool:
        text = "\ud800 🙂 MARK-1"
        result = await pool.scan(spans(text, text), agent="a")
        assert places(result) == [(0, 4, 10, "MARK"), (1, 4, 10, "MARK")]
        assert result.new_bytes * 2 == result.total_bytes


@pytest.mark.parametrize(("text", "reason"), [("raise-incomplete", "recognizer_failed"), ("raise-error", "error")])
async def test_an_engine_that_raises_makes_the_scan_incomplete(text: str, reason: str) -> None:
    async with pool_of() as pool:
        result = await pool.scan(spans("MARK-1", text), agent="a")
        assert (result.complete, result.reason, result.findings) == (False, reason, ())
        assert pool.stats().incomplete == {reason: 1}
        assert pool.stats().restarts == 0
        assert (await pool.scan(spans("MARK-1"), agent="a")).complete


async def test_a_hung_worker_is_killed_and_replaced() -> None:
    async with pool_of(deadline_seconds=2.0) as pool:
        before = pool.pids()
        started = time.monotonic()
        hung = asyncio.create_task(pool.scan(spans("hang"), agent="a"))
        behind = await pool.scan(spans("MARK-1"), agent="b")
        result = await hung
        assert (result.complete, result.reason) == (False, "deadline")
        assert time.monotonic() - started < 2.5
        assert behind.complete, "who waits behind a hung job is served by the replacement"
        assert pool.pids() != before
        assert pool.stats().restarts == 1
        assert pool.events.count("worker_overdue") == 1  # type: ignore[attr-defined]
        again = await pool.scan(spans("hang"), agent="a")
        assert again.reason == "deadline"
        assert pool.stats().restarts == 1, "a text that hung a worker is not tried again at once"


async def test_the_deadline_holds_while_a_request_waits() -> None:
    async with pool_of(deadline_seconds=0.5) as pool:
        busy = asyncio.create_task(pool.scan(spans("sleep=0.2"), agent="a"))
        texts = [f"sleep=0.2{n} " + "fills most of a job " * 300 for n in range(8)]
        rest = [asyncio.create_task(pool.scan(spans(text), agent="a")) for text in texts]
        reasons = [(await task).reason for task in rest]
        assert (await busy).complete
        assert "deadline" in reasons
        assert pool.stats().restarts == 0, "a worker that is slow within its limit is left alone"
        await until(lambda: leftovers(pool) == (0, 0, 0, 0))


async def test_a_job_of_a_killed_worker_is_tried_again(tmp_path: Path) -> None:
    async with pool_of(spacy_pipelines=(str(tmp_path / "flag"),)) as pool:
        result = await pool.scan(spans("crash-once MARK-1", "MARK-2"), agent="a")
        assert result.complete
        assert places(result) == [(0, 11, 17, "MARK"), (1, 0, 6, "MARK")]
        assert pool.stats().restarts == 1


async def test_sigkill_from_outside_in_mid_job() -> None:
    async with pool_of(workers=2) as pool:
        task = asyncio.create_task(pool.scan(spans("sleep=0.4 MARK-1"), agent="a"))
        await asyncio.sleep(0.1)
        (busy,) = (process for process in pool._crew.serving if not process.idle)
        os.kill(busy.pid, signal.SIGKILL)
        result = await task
        assert places(result) == [(0, 10, 16, "MARK")]
        await until(lambda: pool.stats().workers_alive == 2)
        assert pool.stats().restarts == 1


async def test_a_text_that_kills_workers_is_refused_and_others_are_served() -> None:
    async with pool_of() as pool:
        result = await pool.scan(spans("MARK-1", "crash-always"), agent="a")
        assert (result.complete, result.reason) == (False, "worker_died")
        assert pool.stats().restarts == 2
        assert (await pool.scan(spans("crash-always"), agent="a")).reason == "worker_died"
        assert pool.stats().restarts == 2, "it is not tried a third time"
        assert places(await pool.scan(spans("MARK-1"), agent="b")) == [(0, 0, 6, "MARK")]


async def test_with_no_worker_the_scan_waits_until_its_deadline_and_refuses(tmp_path: Path) -> None:
    async with pool_of("starts_once", spacy_pipelines=(str(tmp_path / "f"),), deadline_seconds=0.6) as pool:
        assert (await pool.scan(spans("MARK-1"), agent="a")).complete
        os.kill(pool.pids()[0], signal.SIGKILL)
        await until(lambda: not pool.pids())
        result = await pool.scan(spans("MARK-2"), agent="a")
        assert (result.complete, result.reason) == (False, "deadline")
        assert (await pool.scan(spans("MARK-1"), agent="a")).complete, "seen text needs no worker"
        (tmp_path / "f").unlink()
        await until(lambda: pool.stats().workers_alive == 1)
        assert (await pool.scan(spans("MARK-2"), agent="a")).complete


@pytest.mark.parametrize(
    ("engine", "message"), [("missing_pipeline", "spaCy pipeline 'xx'"), ("broken", "RuntimeError")]
)
async def test_an_engine_that_cannot_be_loaded_is_an_error_at_start(engine: str, message: str) -> None:
    pool = ScannerPool(Dlp(workers=2), engine=f"{FAKES}:{engine}")
    with pytest.raises(ConfigurationError, match=message) as caught:
        await pool.start()
    assert "secret" not in str(caught.value)
    assert pool.pids() == ()
    assert (await pool.scan(spans("x"), agent="a")).reason == "closed"


async def test_queue_bounds() -> None:
    async with pool_of(queue=4, queue_per_agent=2) as pool:
        waiting = [asyncio.create_task(pool.scan(spans(f"sleep=0.1 {n}"), agent="a")) for n in range(3)]
        waiting += [asyncio.create_task(pool.scan(spans(f"sleep=0.1 {a}"), agent=a)) for a in "bcd"]
        results = await asyncio.gather(*waiting)
        assert [r.reason for r in results] == ["", "", "queue_full", "", "", "queue_full"]
        assert pool.stats().incomplete == {"queue_full": 2}
        assert leftovers(pool) == (0, 0, 0, 0)


async def test_queued_bytes_are_bounded() -> None:
    async with pool_of(tuning=Tuning(queued_bytes=40_000)) as pool:
        big = asyncio.create_task(pool.scan(spans("sleep=0.2" + "x " * 8000), agent="a"))
        await asyncio.sleep(0)
        assert (await pool.scan(spans("y " * 8000), agent="a")).reason == "queue_full"
        assert (await pool.scan(spans("small"), agent="b")).complete
        assert (await big).complete


async def test_a_flood_of_one_agent_does_not_delay_another() -> None:
    async with pool_of("slow", queue=512, queue_per_agent=128) as pool:
        flood = [
            asyncio.create_task(pool.scan(spans(f"{n} " + "word " * 1600), agent="flood")) for n in range(100)
        ]  # about 8 ms each
        await asyncio.sleep(0.02)
        took = []
        for n in range(10):
            started = time.monotonic()
            assert (await pool.scan(spans(f"MARK-{n}"), agent="quiet")).complete
            took.append(time.monotonic() - started)
        assert not all(task.done() for task in flood)
        assert sorted(took)[5] < 0.2, "the whole flood takes five times as long"
        assert all(result.complete for result in await asyncio.gather(*flood))


async def test_a_small_request_passes_a_huge_one_of_the_same_agent() -> None:
    async with pool_of("slow") as pool:
        huge = asyncio.create_task(pool.scan(spans("word " * 200_000), agent="a"))  # about a second
        await asyncio.sleep(0.05)
        started = time.monotonic()
        assert (await pool.scan(spans("MARK-1"), agent="a")).complete
        assert time.monotonic() - started < 0.2
        assert not huge.done()
        assert (await huge).complete


async def test_a_storm_of_cancellations_leaves_nothing_behind() -> None:
    async with pool_of("slow") as pool:
        tasks = [asyncio.create_task(pool.scan(spans(f"{n} " + "word " * 5000), agent=f"a{n % 5}")) for n in range(100)]
        await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert len(pool._queue) == 0 and pool.stats().queued == 0
        started = time.monotonic()
        assert (await pool.scan(spans("MARK-1"), agent="z")).complete
        assert time.monotonic() - started < 1
        await until(lambda: leftovers(pool) == (0, 0, 0, 0))
        assert pool.stats().restarts == 0


async def test_who_joins_a_text_in_flight_keeps_it_when_the_first_leaves() -> None:
    async with pool_of() as pool:
        text = "sleep=0.2 MARK-1"
        first = asyncio.create_task(pool.scan(spans(text), agent="a"))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(pool.scan(spans(text), agent="b"))
        await asyncio.sleep(0.05)
        first.cancel()
        assert places(await second) == [(0, 10, 16, "MARK")]
        assert [process.scanned for process in pool._crew.serving] == [len(text)], "it was scanned once"


async def test_concurrent_scans_never_mix() -> None:
    async with pool_of(workers=2) as pool:

        async def one(n: int) -> None:
            texts = [f"{'.' * (n * 7 + k)}MARK-{n * 100 + k} {'pad ' * (k * 900)}" for k in range(4)]
            result = await pool.scan(spans(*texts), agent=f"agent{n % 7}")
            found = [texts[f.span][f.start : f.end] for f in result.findings]
            assert found == [f"MARK-{n * 100 + k}" for k in range(4)]

        await asyncio.gather(*(one(n) for n in range(60)))
        assert leftovers(pool) == (0, 0, 0, 0)


async def test_a_worker_that_grew_is_replaced_without_a_gap() -> None:
    async with pool_of(tuning=Tuning(growth_bytes=32 * 1024 * 1024)) as pool:
        (old,) = pool.pids()
        assert (await pool.scan(spans("hoard"), agent="a")).complete
        served = 0
        while old in pool.pids():
            assert (await pool.scan(spans(f"MARK-{served}"), agent="a")).complete
            served += 1
        assert served > 0
        await until(lambda: pool.stats().workers_alive == 1)
        assert pool.stats().restarts == 0
        assert pool.events == ["worker_started", "worker_recycled", "worker_started"]  # type: ignore[attr-defined]


async def test_close_ends_every_process_and_every_wait() -> None:
    pool = ScannerPool(Dlp(workers=2), engine=f"{FAKES}:create")
    await pool.start()
    pids = pool.pids()
    waiting = asyncio.create_task(pool.scan(spans("hang"), agent="a"))
    await asyncio.sleep(0.05)
    await pool.close()
    assert (await waiting).reason == "closed"
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_no_text_stays_behind() -> None:
    async with pool_of() as pool:
        marker = "zebra" + "crossing-MARK-77"
        await pool.scan(spans(f"{marker} once", *(f"{marker} {n} " + "pad " * 5000 for n in range(3))), agent="a")
        seen: set[int] = set()
        todo: list[Any] = [pool._cache, pool._queue, pool._in_flight, pool._requests, pool._crew, pool._quarantine]
        while todo:
            thing = todo.pop()
            if id(thing) in seen or isinstance(thing, type) or callable(thing) or type(thing).__name__ == "module":
                continue
            seen.add(id(thing))
            assert not (isinstance(thing, str) and marker in thing)
            assert not (isinstance(thing, bytes | bytearray) and marker.encode() in thing)
            if not isinstance(thing, str | bytes) and "loop" not in type(thing).__name__.lower():
                todo.extend(gc.get_referents(thing))


async def test_reconfigure_replaces_the_workers_and_forgets_what_they_found(tmp_path: Path) -> None:
    async with pool_of() as pool:
        before = pool.pids()
        await pool.scan(spans("MARK-1"), agent="a")
        pool.reconfigure(Dlp(workers=2, allow_examples=False))
        await until(lambda: len(pool.pids()) == 2 and not set(before) & set(pool.pids()))
        result = await pool.scan(spans("MARK-1"), agent="a")
        assert result.complete and result.new_bytes == 6


async def test_a_long_text_that_grows_is_scanned_at_its_end_only() -> None:
    async with pool_of() as pool:
        text = "MARK-1 " + "wörd " * 20_000 + "MARK-2"
        first = await pool.scan(spans(text), agent="a")
        assert first.new_bytes == first.total_bytes
        grown = text + " and more MARK-3"
        second = await pool.scan(spans(grown), agent="a")
        assert [grown[f.start : f.end] for f in second.findings] == ["MARK-1", "MARK-2", "MARK-3"]
        assert 0 < second.new_bytes < 20_000 < second.total_bytes
        assert (await pool.scan(spans(text), agent="a")).new_bytes == 0


async def test_the_pieces_are_enough_when_the_whole_was_forgotten() -> None:
    async with pool_of() as pool:
        text = "MARK-1 " + "word " * 20_000
        first = await pool.scan(spans(text), agent="a")
        whole = next(iter(pool._cache._entries))
        pool._cache._forget(whole)
        os.kill(pool.pids()[0], signal.SIGSTOP)
        again = await pool.scan(spans(text, "", text), agent="a")
        os.kill(pool.pids()[0], signal.SIGCONT)
        assert again.new_bytes == 0 and len(again.findings) == 2
        assert again.findings[0] == first.findings[0]
        assert leftovers(pool) == (0, 0, 0, 0)


async def test_only_the_text_that_hangs_is_blamed() -> None:
    async with pool_of(deadline_seconds=1.5) as pool:
        result = await pool.scan(spans("MARK-1", "hang", "MARK-2"), agent="a")
        assert result.reason == "deadline"
        await until(lambda: pool.stats().restarts == 2)
        assert (await pool.scan(spans("MARK-1", "MARK-2"), agent="a")).complete
        started = time.monotonic()
        assert (await pool.scan(spans("hang"), agent="b")).reason == "deadline"
        assert time.monotonic() - started < 0.3, "a text that hung a worker is not tried again at once"


def test_under_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        async with pool_of(deadline_seconds=2.0) as pool:
            assert places(await pool.scan(spans("MARK-1"), agent="a")) == [(0, 0, 6, "MARK")]
            assert (await pool.scan(spans("crash-always"), agent="b")).reason == "worker_died"
            assert (await pool.scan(spans("hang"), agent="a")).reason == "deadline"
            assert (await pool.scan(spans("MARK-2" + " pad" * 50_000), agent="a")).complete

    uvloop.run(main())


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_answers_are_right_or_refused_and_nothing_stays(seed: int) -> None:
    chance = random.Random(seed)
    tuning = Tuning(growth_bytes=1, recycle_chars=20_000, backoff_most_seconds=0.1)  # every worker is soon replaced
    async with pool_of(workers=2, cache_bytes=chance.choice([0, 2_000, 1 << 20]), tuning=tuning) as pool:

        async def client(number: int) -> str:
            await asyncio.sleep(chance.random() * 0.6)
            texts = [f"{chance.randrange(12)} MARK-{n} " + "pad " * chance.choice([0, 50, 6_000]) for n in range(4)]
            if chance.random() < 0.1:
                texts.append(f"raise-error {number}")
            scanned = pool.scan(spans(*texts), agent=f"agent{number % 5}")
            if chance.random() < 0.2:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(scanned, chance.random() * 0.1)
                return "left"
            result = await scanned
            if result.complete:
                found = [texts[f.span][f.start : f.end] for f in result.findings]
                assert found == [f"MARK-{n}" for n in range(4)]
            else:
                assert result.findings == ()
            return result.reason

        async def killer() -> None:
            for _ in range(6):
                await asyncio.sleep(0.08)
                for pid in pool.pids()[:1]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

        reasons, _ = await asyncio.gather(asyncio.gather(*(client(n) for n in range(250))), killer())
        assert set(reasons) <= {"", "left", "error", "worker_died"}
        assert reasons.count("") > 100
        await until(lambda: leftovers(pool) == (0, 0, 0, 0))
        await until(lambda: pool.stats().workers_alive >= 2)
        assert not pool._retries or not any(unit.live for unit in pool._retries)
        await until(lambda: len(pool._crew._processes) == 2)


async def test_fewer_workers_after_reconfigure() -> None:
    async with pool_of(workers=3) as pool:
        pool.reconfigure(Dlp(workers=1, queue=1))
        await until(lambda: pool.stats().workers_alive == 1)
        busy = asyncio.create_task(pool.scan(spans("sleep=0.1"), agent="a"))
        await asyncio.sleep(0)
        assert (await pool.scan(spans("other"), agent="b")).reason == "queue_full"
        assert (await busy).complete
        assert pool.stats().restarts == 0


async def test_a_worker_that_breaks_the_protocol_is_replaced() -> None:
    async with pool_of("liar") as pool:
        result = await pool.scan(spans("lie"), agent="a")
        assert (result.complete, result.reason) == (False, "worker_died")
        assert places(await pool.scan(spans("MARK-1"), agent="a")) == [(0, 0, 6, "MARK")]
