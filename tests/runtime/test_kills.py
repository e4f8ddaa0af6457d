"""Processes die in the middle of work: the service goes on, nothing leaks, the counters tell."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.gateway import RunningGateway, chat, post, raw_request, running
from tests.support.load import Line, Load, until

pytestmark = [pytest.mark.runtime, pytest.mark.slow]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """Two workers on one port."""
    with running(tmp_path_factory.mktemp("gateway"), workers=2) as instance:
        yield instance


def metric(gateway: RunningGateway, port: int, name: str) -> float:
    text = gateway.admin("/metrics", port=port)[1].decode()
    return sum(float(each) for each in re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE))


def pids(gateway: RunningGateway) -> dict[int, int]:
    """Process id to admin port of the ready workers."""
    return {int(state["pid"]): int(state["admin_port"]) for state in gateway.states(2)}


def scan_processes(gateway: RunningGateway) -> list[psutil.Process]:
    return [child for pid in pids(gateway) for child in psutil.Process(pid).children(recursive=True)]


def test_a_worker_killed_under_load_is_replaced_and_counted(gateway: RunningGateway) -> None:
    before = pids(gateway)
    victim = next(iter(before))
    with Load(gateway) as load:
        load.wait_for(100)
        os.kill(victim, signal.SIGKILL)
        load.wait_for(len(load.outcomes) + 150)
        until(lambda: len(pids(gateway)) == 2 and victim not in pids(gateway), 30, "the worker is replaced")
        load.wait_for(len(load.outcomes) + 50)
    load.nothing_leaked()
    outcomes = Counter(outcome.status for outcome in load.outcomes)
    assert set(outcomes) <= {200, 0}, outcomes
    assert outcomes[0] <= 2 * load.threads, "more connections broke than the dead worker can have had"
    fresh = next(port for pid, port in pids(gateway).items() if pid not in before)
    assert metric(gateway, fresh, "llmgw_worker_restarts") >= 1
    survivor = next(port for pid, port in before.items() if pid != victim)
    assert gateway.admin("/readyz", port=survivor)[0] == 200


def test_scan_processes_killed_under_load_refuse_and_recover(gateway: RunningGateway) -> None:
    with Load(gateway) as load:
        load.wait_for(50)
        for _ in range(4):
            for process in scan_processes(gateway):
                process.kill()
            time.sleep(0.3)
        killed = time.monotonic()
        load.wait_for(len(load.outcomes) + 100)
        until(lambda: [each.status for each in load.outcomes[-40:]].count(200) == 40, 30, "the service recovers")
    load.nothing_leaked()
    outcomes = Counter((outcome.status, outcome.code) for outcome in load.outcomes)
    assert {status for status, _ in outcomes} <= {200, 503}, outcomes
    assert {code for status, code in outcomes if status == 503} <= {"llmgw_scan_incomplete", "llmgw_scanner_busy"}
    last_refusal = max((each.at for each in load.outcomes if each.status != 200), default=killed)
    assert last_refusal - killed < 5, f"recovery took {last_refusal - killed:.1f} s"
    restarts = sum(metric(gateway, port, "llmgw_scanner_restarts_total") for port in pids(gateway).values())
    assert restarts >= 2


def test_readiness_falls_while_no_scanner_is_alive_and_comes_back(gateway: RunningGateway) -> None:
    pid, port = next(iter(pids(gateway).items()))
    for process in psutil.Process(pid).children(recursive=True):
        process.kill()
    until(lambda: gateway.admin("/readyz", port=port)[0] == 503, 5, "readiness falls")
    until(lambda: gateway.admin("/readyz", port=port)[0] == 200, 15, "readiness comes back")


def test_a_drain_lets_a_running_stream_finish(tmp_path: Path) -> None:
    with running(tmp_path) as gateway:
        stub = gateway.stubs["third-party-openai"]
        stub._pause = 0.08
        words = " ".join(f"word{number}" for number in range(20))
        idle = Line(gateway)
        assert idle.ask("hello")[0] == 200
        process = gateway.supervisor
        answers: list[bytes] = []
        reader = threading.Thread(
            target=lambda: answers.append(
                raw_request(gateway, post("/v1/chat/completions", chat(words, stream=True)), seconds=20)
            )
        )
        reader.start()
        until(lambda: gateway.stubs.count >= 2, 5, "the stream begins")
        begin = time.monotonic()
        process.terminate()
        until(lambda: gateway.admin("/readyz")[0] == 503, 1, "readiness goes off")
        assert b"draining" in gateway.admin("/readyz")[1]
        reader.join(20)
        assert process.wait(15) == 0
        assert time.monotonic() - begin < 9, "the drain waited for its limit although the stream was over"
        events = re.findall(rb"data: (\{.*\})", answers[0])
        text = "".join(json.loads(event)["choices"][0]["delta"].get("content") or "" for event in events)
        assert text == f"You said: {words}"
        assert b"data: [DONE]" in answers[0]
        assert answers[0].rstrip().endswith(b"0"), "the stream was cut before its last chunk"
        idle.close()
        assert [event["outcome"] for event in gateway.events()] == ["answered", "answered"]
