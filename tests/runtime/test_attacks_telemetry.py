"""What attackers leave in logs, metrics and events, and whom they disturb: rows M, I, D and S-07 of the catalogue."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.attacks import MARKER, Attacker, HostileUpstream, answers, completion, http_answer, take_over
from tests.support.gateway import RunningGateway, chat, post

pytestmark = pytest.mark.runtime

PATH = "/v1/chat/completions"
MODELS = 3_000
ESCAPE = "\x1b[2J\x1b]0;owned\x07"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """At the most talkative log level there is."""
    instance = RunningGateway(tmp_path_factory.mktemp("telemetry"), settings={"log": {"level": "debug"}})
    take_over(instance, "third-party-openai")
    try:
        yield instance.start()
    finally:
        instance.close()


@pytest.fixture(scope="module")
def attacker(gateway: RunningGateway) -> Attacker:
    return Attacker(gateway)


@pytest.fixture
def upstream(gateway: RunningGateway) -> Iterator[HostileUpstream]:
    hostile = gateway.stubs["third-party-openai"]
    assert isinstance(hostile, HostileUpstream)
    yield hostile
    hostile.play, hostile.hang_up, hostile._pause = None, True, 0.0


def series(gateway: RunningGateway) -> set[str]:
    """Names and labels of everything that is measured."""
    lines = gateway.admin("/metrics")[1].decode().splitlines()
    return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}


def test_made_up_names_make_no_series(gateway: RunningGateway, attacker: Attacker) -> None:
    attacker.chat("hello")
    before = series(gateway)
    for start in range(0, MODELS, 500):
        batch = [post(PATH, chat("hello", model=f"m-{number}"), close=False) for number in range(start, start + 500)]
        raw = attacker.raw(b"".join(batch) + post(PATH, chat("bye")), seconds=30)
        assert raw.count(b"HTTP/1.1 200 ") == 501
    for number in range(50):
        attacker.ask(post(f"/v1/{MARKER}-{number}", b"{}"))
        attacker.raw(f"M{chr(65 + number % 26)} /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
    after = series(gateway)
    assert len(after) - len(before) <= 8, sorted(after - before)
    text = "\n".join(after)
    assert MARKER not in text
    assert "m-17" not in text
    assert "gpt-4.1" not in text


NASTY = {
    "newline": f"{MARKER}\nforged: 1",
    "carriage return": f"{MARKER}\r\n\r\n{{}}",
    "escape": f"{MARKER}{ESCAPE}",
    "JSON": f'{MARKER}","level":"critical","x":"',
    "U+2028": f"{MARKER}\u2028forged",
    "bidi": f"\u202e{MARKER}",
    "HTML": f"<script>{MARKER}</script>",
    "template": f"{{{{{MARKER}}}}} %s {{0}} ${{jndi:ldap://x}}",
    "formula": f"=cmd|{MARKER}",
    "NUL": f"{MARKER}\0x",
    "long": MARKER * 1000,
}


@pytest.mark.parametrize("case", NASTY)
def test_hostile_words_stay_one_event_and_no_line(gateway: RunningGateway, attacker: Attacker, case: str) -> None:
    text = NASTY[case]
    lines = len(gateway.log.read_text().splitlines())
    refused = [
        attacker.ask(post(PATH, json.dumps({"model": text, "messages": 4711}).encode())),
        attacker.ask(post(PATH, json.dumps({text: text}).encode())),
        attacker.ask(post(PATH, json.dumps(text).encode())),
        attacker.ask(post(f"/v1/{MARKER}", b"{}")),
        attacker.ask(post(PATH, b"{}", headers=(("content-type", MARKER),))),
        attacker.ask(post(PATH, b"{}", headers=(("content-encoding", MARKER),))),
        attacker.ask(post(PATH, b"{}", headers=((MARKER + "\x1b", "x"),))),
    ]
    assert all(answer.code.startswith("llmgw_") for answer in refused)
    assert MARKER.encode() not in b"".join(answer.body for answer in refused)
    new = gateway.log.read_text().splitlines()[lines:]
    assert all(isinstance(json.loads(line), dict) for line in new)
    assert MARKER not in "\n".join(new)
    assert "\x1b" not in "\n".join(new)


def test_a_hostile_model_name_is_washed_in_the_event(gateway: RunningGateway, attacker: Attacker) -> None:
    answer = attacker.chat("hello", model="evil\n\x1b[2J\u2028<img src=x>")
    [event] = _events_of(gateway, answer.request_id)
    assert re.fullmatch(r"[A-Za-z0-9._:/@-]*", str(event["model"]))
    status = gateway.admin("/status")[1].decode()
    assert "<img src=x>" not in status
    assert "\x1b" not in status


def _events_of(gateway: RunningGateway, request_id: str) -> list[dict[str, object]]:
    for _ in range(50):
        found = [event for event in gateway.events() if event["request_id"] == request_id]
        if found:
            return found
        gateway.wait_for_events(10**9, 0.05)
    return []


def test_a_prompt_cannot_be_guessed_from_its_hash(gateway: RunningGateway, attacker: Attacker) -> None:
    body = chat("yes")
    answer = attacker.ask(post(PATH, body))
    [event] = _events_of(gateway, answer.request_id)
    digest = str(event["prompt_hash"]).rpartition(":")[2]
    for candidate in (body, b"yes", b"gpt-4.1"):
        for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s"):
            assert hashlib.new(name, candidate).hexdigest()[: len(digest)] != digest


def test_ids_are_ours(gateway: RunningGateway, attacker: Attacker) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    claimed = (
        ("traceparent", f"00-{trace}-00f067aa0ba902b7-01"),
        ("x-request-id", MARKER),
        ("x-llmgw-request-id", MARKER),
        ("x-client-request-id", MARKER),
        ("request-id", MARKER),
    )
    answer = attacker.ask(post(PATH, chat("hello", user="other"), headers=claimed))
    assert MARKER not in str(answer.headers)
    [event] = _events_of(gateway, answer.request_id)
    assert (event["trace_id"], event["agent_id"], event["user_id"]) == (trace, "demo", "demo")
    assert trace.encode() not in gateway.stubs.seen


IDENTITIES = (
    "x-agent-id", "x-user-id", "x-tenant", "x-forwarded-client-cert", "x-ssl-client-cert", "x-ssl-client-s-dn",
    "x-client-cert", "ssl-client-cert", "x-spiffe-id", "x-llmgw-agent", "x_agent_id", "client-cert", "x-real-ip",
)  # fmt: skip


@pytest.mark.parametrize("name", IDENTITIES)
def test_the_certificate_alone_says_who_calls(gateway: RunningGateway, attacker: Attacker, name: str) -> None:
    answer = attacker.ask(post(PATH, chat("hello"), headers=((name, "spiffe://corp.example/agent/other"),)))
    assert answer.status == 200
    [event] = _events_of(gateway, answer.request_id)
    assert event["agent_id"] == "demo"
    assert b"agent/other" not in gateway.stubs.seen


# The admin endpoint


def test_the_admin_endpoint_is_no_way_in(gateway: RunningGateway) -> None:
    base = f"http://127.0.0.1:{gateway.admin_port}"
    for path in ("/v1/chat/completions", "/v1/models", "/..%2fgateway.yaml", "/static/../../secrets/gateway.keys", "/"):
        assert gateway.admin(path)[0] in (302, 400, 403, 404), path
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        request = urllib.request.Request(f"{base}/metrics", method=method, data=b"x")
        with pytest.raises(urllib.error.HTTPError) as found:
            urllib.request.urlopen(request, timeout=5)
        assert found.value.code in (403, 404, 405)
    request = urllib.request.Request(f"{base}/status", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as found:
        urllib.request.urlopen(request, timeout=5)
    assert found.value.code in (400, 403, 421)


def test_the_agents_port_serves_no_metrics_and_the_admin_port_no_tls(
    gateway: RunningGateway, attacker: Attacker
) -> None:
    for path in ("/metrics", "/healthz", "/readyz", "/status"):
        raw = attacker.raw(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        assert raw.startswith(b"HTTP/1.1 404 ")
    assert gateway.port != gateway.admin_port
    with socket.socket() as other, pytest.raises(OSError, match=r"."):
        other.settimeout(2)
        other.connect(("127.0.0.2", gateway.admin_port))


# Others


def memory(gateway: RunningGateway) -> int:
    """Resident bytes of the worker."""
    pid = json.loads((gateway.folder / "state/worker-0.json").read_text())["pid"]
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def test_a_client_that_does_not_read_holds_no_memory(
    gateway: RunningGateway, attacker: Attacker, upstream: HostileUpstream
) -> None:
    event = {"id": "1", "choices": [{"index": 0, "delta": {"content": "x" * 20_000}}]}
    sent = 0

    async def flood(_head: bytes, _body: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        data = b"data: %s\n\n" % json.dumps(event).encode()
        while sent < 60_000_000 and not writer.is_closing():
            writer.write(data)
            sent += len(data)
            await writer.drain()
            await asyncio.sleep(0)

    upstream.play = flood
    before = memory(gateway)
    with attacker.connected() as secure:
        secure.sendall(post(PATH, chat("hello", stream=True)))
        assert secure.recv(100)
        last = -1
        while sent != last:
            last = sent
            attacker.gateway.wait_for_events(10**9, 0.3)
        assert sent < 30_000_000
        assert memory(gateway) - before < 30_000_000
        upstream.play = None
        assert attacker.chat("hello", agent="other").status == 200


async def _visit(gateway: RunningGateway, context: ssl.SSLContext, number: int, leave: bool) -> tuple[str, str]:
    address = f"visitor-{number:03d}@posteo-kunden.de"
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, ssl=context, server_hostname="localhost")
    try:
        writer.write(post(PATH, chat(f"Mail {address} please", stream=bool(number % 2))))
        if leave:
            await asyncio.wait_for(reader.read(50), 5) if number % 3 else await asyncio.sleep(0.01)
            writer.transport.abort()
            return address, ""
        return address, (await asyncio.wait_for(reader.read(), 20)).decode()
    finally:
        writer.close()


def test_a_storm_of_cancellations_mixes_nobody_up(
    gateway: RunningGateway, attacker: Attacker, upstream: HostileUpstream
) -> None:
    upstream._pause = 0.002

    async def storm() -> list[tuple[str, str]]:
        contexts = [attacker.context("demo"), attacker.context("other")]
        return await asyncio.gather(
            *(_visit(gateway, contexts[number % 2], number, number % 4 < 2) for number in range(100))
        )

    for address, answer in asyncio.run(storm()):
        if not answer:
            continue
        body = answers(answer.encode())[0].body.decode()
        said = "".join(re.findall(r'"content": ?"((?:[^"\\]|\\.)*)"', body))
        assert address in said
        assert set(re.findall(r"visitor-\d+", body)) == {address.partition("@")[0]}
    assert b"posteo-kunden" not in gateway.stubs.seen


def test_the_same_prompt_is_answered_anew_for_everybody(
    gateway: RunningGateway, attacker: Attacker, upstream: HostileUpstream
) -> None:
    for number, agent in enumerate(("demo", "other", "demo")):
        upstream.play = http_answer(completion(f"answer {number}"))
        assert attacker.chat("the same", agent=agent).text == f"answer {number}"
    assert len(upstream.requests) == 3


def test_last_every_refusal_is_an_event_and_the_gateway_is_well(gateway: RunningGateway, attacker: Attacker) -> None:
    attacker.check_events()
    attacker.check_alive()
    log = gateway.log.read_text()
    assert "step_failed" not in log
    assert MARKER not in log
    assert "posteo-kunden" not in log
    assert "posteo-kunden" not in json.dumps(gateway.events())
    # The line above is about the outbox; its file on disk is the same.
    for file in (gateway.folder / "state").rglob("*"):
        if file.is_file():
            assert b"posteo-kunden" not in file.read_bytes()
