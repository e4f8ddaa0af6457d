"""Many requests at once, two agents, clients that leave in mid-answer: nobody ever gets a word of anybody else's."""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.support.answers import Client, said
from tests.support.gateway import RunningGateway, post, running
from tests.support.requests import marker_of

pytestmark = [pytest.mark.runtime, pytest.mark.slow]

THREADS = 8
REQUESTS = 40
"""Of each thread."""
MARKER = re.compile(rb"zq[b-t]{6}zq")
PATHS = ("/v1/chat/completions", "/v1/responses", "/v1/messages")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """Two workers, so that requests of one agent meet others in both."""
    with running(tmp_path_factory.mktemp("concurrency"), workers=2) as instance:
        for stub in instance.stubs.by_name.values():
            stub._pause = 0.001  # so that a client that leaves does so within an answer
        yield instance


@dataclass(slots=True)
class Tally:
    """What one thread did."""

    faults: list[str] = field(default_factory=list)
    finished: int = 0
    left: int = 0
    request_ids: list[str] = field(default_factory=list)


def body(path: str, text: str, *, stream: bool, tool: bool) -> bytes:
    """A request of the dialect of `path`."""
    messages = [{"role": "user", "content": text}]
    schema = {"type": "object", "properties": {"text": {"type": "string"}}}
    if path == "/v1/responses":
        tree = {"model": "gpt-4.1", "input": messages}
        tools = [{"type": "function", "name": "send", "parameters": schema}]
    elif path == "/v1/messages":
        tree = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": messages}
        tools = [{"name": "send", "input_schema": schema}]
    else:
        tree = {"model": "gpt-4.1", "messages": messages}
        tools = [{"type": "function", "function": {"name": "send", "parameters": schema}}]
    return json.dumps({**tree, "stream": stream, **({"tools": tools} if tool else {})}).encode()


def leave_early(gateway: RunningGateway, context: ssl.SSLContext, data: bytes, rng: random.Random) -> bytes:
    """Send a request, read a little of the answer or none, and go; what was read."""
    got = b""
    plain = socket.create_connection(("127.0.0.1", gateway.port), timeout=10)
    with context.wrap_socket(plain, server_hostname="localhost") as secure:
        secure.sendall(data if rng.random() < 0.8 else data[: rng.randint(1, len(data) - 1)])
        secure.settimeout(rng.choice((0.001, 0.01, 0.05)))
        with contextlib.suppress(TimeoutError, ssl.SSLError, OSError):
            got = secure.recv(rng.choice((1, 200, 4096)))
    return got


def work(gateway: RunningGateway, number: int, tally: Tally) -> None:
    """One thread: its own markers and mail addresses, one kept connection, and now and then one that is cut."""
    rng = random.Random(number)
    agent = "demo" if number % 2 else "other"
    context = gateway.client_context(agent)
    client = Client(gateway, agent)
    for turn in range(REQUESTS):
        marker = marker_of(number * 1000 + turn)
        mail = f"{marker}@customer.example"
        text = f"{marker} write to {mail} and to both.shared@customer.example please, {marker}"
        path, stream, tool = rng.choice(PATHS), rng.random() < 0.6, rng.random() < 0.3
        data = body(path, text, stream=stream, tool=tool)
        if rng.random() < 0.25:
            got = leave_early(gateway, context, post(path, data, close=False), rng)
            tally.left += 1
        else:
            answer = client.post(path, data, {"content-type": "application/json"})
            got = answer.body
            tally.finished += 1
            tally.request_ids.append(answer.headers["x-llmgw-request-id"])
            if answer.status != 200:
                tally.faults.append(f"{agent} {turn}: {answer.status} {answer.code}")
            elif said(path, got, stream=stream) != text:
                tally.faults.append(f"{agent} {turn}: another text came back (stream={stream} tool={tool} {path})")
        foreign = set(MARKER.findall(got)) - {marker.encode()}
        if foreign:
            tally.faults.append(f"{agent} {turn}: {len(foreign)} markers of other requests")
    client.close()


def test_no_answer_holds_a_word_of_another_request(gateway: RunningGateway) -> None:
    tallies = [Tally() for _ in range(THREADS)]
    threads = [threading.Thread(target=work, args=(gateway, number, tally)) for number, tally in enumerate(tallies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    faults = [fault for tally in tallies for fault in tally.faults]
    assert not faults, f"{len(faults)}: {faults[:20]}"
    finished = sum(tally.finished for tally in tallies)
    left = sum(tally.left for tally in tallies)
    assert finished + left == THREADS * REQUESTS and left > 30
    upstream_holds_one_marker_at_most(gateway)
    events_match(gateway, [name for tally in tallies for name in tally.request_ids], finished + left)


def upstream_holds_one_marker_at_most(gateway: RunningGateway) -> None:
    """Each recorded request belongs to one marker, holds no address, and the two agents' placeholders differ."""
    for stub in gateway.stubs.by_name.values():
        for _, data in stub.requests:
            assert len(set(MARKER.findall(data))) == 1
            assert b"@customer.example" not in data
    shared = {
        found
        for stub in gateway.stubs.by_name.values()
        for _, data in stub.requests
        for found in re.findall(rb"and to (\[EMAIL_ADDRESS_[a-z2-7]{12}\]) please", data)
    }
    assert len(shared) == 2, "one placeholder of the shared address for each agent"


def events_match(gateway: RunningGateway, finished: list[str], most: int) -> None:
    """An event for each answered request exactly once, and for those that left at most one each."""
    wanted = set(finished)
    assert len(wanted) == len(finished), "a request id was given twice"
    deadline = time.monotonic() + 15
    while True:
        mine = [event for event in gateway.events() if event["agent_id"] in ("demo", "other")]
        counts = Counter(event["request_id"] for event in mine)
        if wanted <= counts.keys() or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    assert wanted <= counts.keys()
    assert max(counts.values()) == 1
    assert len({event["event_id"] for event in mine}) == len(mine)
    assert len(finished) <= len(mine) <= most
    assert gateway.stubs.count <= len(mine), "something was sent without an event"


def test_the_gateway_is_well_afterwards(gateway: RunningGateway) -> None:
    client = Client(gateway)
    with contextlib.closing(client):
        data = body("/v1/chat/completions", "Are you there?", stream=False, tool=False)
        assert client.post("/v1/chat/completions", data, {"content-type": "application/json"}).status == 200
    for state in gateway.states(2):
        assert gateway.admin("/readyz", port=int(state["admin_port"]))[0] == 200
    deadline = time.monotonic() + 10
    while open_connections(gateway) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert open_connections(gateway) == 0, "a client that left still has a connection"


def open_connections(gateway: RunningGateway) -> float:
    """Client connections that the workers count as open."""
    total = 0.0
    for state in gateway.states(2):
        metrics = gateway.admin("/metrics", port=int(state["admin_port"]))[1].decode()
        total += sum(float(value) for value in re.findall(r"^llmgw_connections ([0-9.]+)$", metrics, re.MULTILINE))
    return total
