"""A scanner that fails in any way refuses: fakes for each way, and the real pool with an obedient engine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from dlp_recognizers.pool import ScannerPool
from gateway.model import Finding, ScanResult, TextSpan
from gateway.settings import Dlp
from tests.addons.rig import MAIL, Answer, Rig, World

REASONS = ("deadline", "queue_full", "worker_died", "recognizer_failed", "error", "closed", "a reason nobody knows")
RETRY_HELPS = {"deadline", "queue_full", "worker_died"}
ENGINE = "tests.dlp_recognizers.fake_engines:create"


def refused(rig: Rig, answer: Answer) -> None:
    assert not answer.hung
    assert rig.upstream.connections == 0
    assert not rig.upstream.data
    assert answer.status in (413, 422, 500, 503)
    assert answer.code.startswith("llmgw_")
    assert MAIL.encode() not in answer.data
    (event,) = rig.evidence.events
    assert event["verdict"] == "blocked"
    assert event["refusal_code"] == answer.code


@pytest.mark.parametrize("reason", REASONS)
async def test_an_incomplete_scan(world: World, reason: str) -> None:
    async def incomplete(spans: Sequence[TextSpan]) -> ScanResult:
        return ScanResult((), False, reason)

    rig = Rig(world)
    rig.scanner.behave = incomplete
    async with rig.open():
        answer = await rig.ask()
        refused(rig, answer)
        rig.scanner.behave = rig.scanner.find
        assert (await rig.ask()).status == 200
    retry = b"x-should-retry: true" in answer.data
    assert retry or reason not in RETRY_HELPS


async def test_findings_do_not_save_an_incomplete_scan(world: World) -> None:
    async def half(spans: Sequence[TextSpan]) -> ScanResult:
        found = await rig.scanner.find(spans)
        return ScanResult(found.findings, False, "deadline")

    rig = Rig(world)
    rig.scanner.behave = half
    async with rig.open():
        refused(rig, await rig.ask())


@pytest.mark.parametrize(
    "error", [RuntimeError(MAIL), TimeoutError(), asyncio.CancelledError(), BaseExceptionGroup("x", [SystemExit(MAIL)])]
)
async def test_a_scan_that_raises(world: World, error: BaseException) -> None:
    async def fails(_spans: object) -> Any:
        raise error

    rig = Rig(world)
    rig.scanner.behave = fails
    async with rig.open():
        refused(rig, await rig.ask())


async def test_a_scan_that_never_ends(world: World) -> None:
    async def hangs(_spans: object) -> Any:
        await asyncio.Event().wait()

    rig = Rig(world)
    rig.scanner.behave = hangs
    async with rig.open():
        refused(rig, await rig.ask())
        rig.scanner.behave = rig.scanner.find
        assert (await rig.ask()).status == 200


@pytest.mark.parametrize(
    "result",
    [
        None,
        ScanResult((Finding(7, 0, 4, "EMAIL_ADDRESS", 1.0, "liar"),), True),
        ScanResult((Finding(0, 5, 99_999, "EMAIL_ADDRESS", 1.0, "liar"),), True),
        ScanResult((Finding(0, 9, 3, "EMAIL_ADDRESS", 1.0, "liar"),), True),
        ScanResult((Finding(0, -4, 3, "EMAIL_ADDRESS", 1.0, "liar"),), True),
    ],
)
async def test_a_scan_that_answers_nonsense(world: World, result: Any) -> None:
    async def nonsense(_spans: object) -> Any:
        return result

    rig = Rig(world)
    rig.scanner.behave = nonsense
    async with rig.open():
        refused(rig, await rig.ask())


async def test_the_client_leaves_while_the_scan_runs(world: World) -> None:
    """Nothing is dialled for somebody who has gone, and the exchange leaves an event."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def waits(spans: Sequence[TextSpan]) -> ScanResult:
        begun.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await go_on.wait()
        return await rig.scanner.find(spans)

    rig = Rig(world)
    rig.scanner.behave = waits
    async with rig.open():
        client = asyncio.create_task(rig.ask())
        await begun.wait()
        client.cancel()
        await asyncio.gather(client, return_exceptions=True)
        await asyncio.sleep(0.3)
        assert MAIL.encode() not in rig.upstream.data
        rig.scanner.behave = rig.scanner.find
        assert (await rig.ask()).status == 200
    assert len(rig.evidence.events) == 2
    assert rig.evidence.events[0]["outcome"] == "aborted"


async def recovers(rig: Rig) -> None:
    """Served again within eight seconds."""
    for _ in range(160):
        if (await rig.ask("a harmless text")).status == 200:
            return
        await asyncio.sleep(0.05)
    pytest.fail("the service did not recover")


@contextlib.asynccontextmanager
async def with_pool(world: World, **dlp: Any) -> AsyncIterator[tuple[Rig, ScannerPool]]:
    pool = ScannerPool(Dlp(**dlp), engine=ENGINE)
    await pool.start()
    rig = Rig(world, scanner=pool)
    rig.snapshot = _patient(world)
    try:
        async with rig.open():
            yield rig, pool
    finally:
        await pool.close()


def _patient(world: World) -> Any:
    """Hooks get more time than the scanner's own deadline: the reason must be the scanner's."""
    settings = world.snapshot.settings
    limits = settings.limits.model_copy(update={"hook_seconds": 20.0})
    return replace(world.snapshot, settings=settings.model_copy(update={"limits": limits}))


@pytest.mark.parametrize("command", ["crash-always", "raise-incomplete", "raise-error", "sleep=5"])
async def test_the_real_pool_with_a_text_that_breaks_it(world: World, command: str) -> None:
    async with with_pool(world, deadline_seconds=0.8) as (rig, _pool):
        answer = await rig.ask(f"{command} {MAIL}")
        refused(rig, answer)
        await recovers(rig)


async def test_the_real_pool_with_every_process_dead(world: World) -> None:
    async with with_pool(world, workers=2, deadline_seconds=2.0) as (rig, pool):
        assert (await rig.ask("first")).status == 200
        sent = len(rig.upstream.data)
        for pid in pool.pids():
            os.kill(pid, signal.SIGKILL)
        answer = await rig.ask(f"second {MAIL}")
        if answer.status != 200:  # a process may be back before the deadline
            assert answer.code.startswith("llmgw_scan")
            assert len(rig.upstream.data) == sent
        await recovers(rig)


async def test_the_real_pool_when_it_is_closed(world: World) -> None:
    async with with_pool(world) as (rig, pool):
        await pool.close()
        refused(rig, await rig.ask())


async def test_the_real_pool_with_a_full_queue(world: World) -> None:
    async with with_pool(world, queue=2, queue_per_agent=2, deadline_seconds=5.0) as (rig, pool):
        slow = [asyncio.create_task(rig.ask(f"sleep=0.15 {number}")) for number in range(6)]
        answers = await asyncio.gather(*slow)
        assert {answer.status for answer in answers} == {200, 503} or {answer.status for answer in answers} == {
            200,
            429,
        }
        full = [answer for answer in answers if answer.status != 200]
        assert all(answer.code.startswith("llmgw_") for answer in full)
        assert pool.stats().incomplete["queue_full"] == len(full)
        assert rig.upstream.requests == len(answers) - len(full)
        sent = [json.loads(body)["messages"][0]["content"] for body in _bodies(bytes(rig.upstream.data))]
        assert len(set(sent)) == len(sent)


def _bodies(data: bytes) -> list[bytes]:
    return [b"{" + part.partition(b"{")[2] for part in data.split(b"POST ")[1:]]
