"""TLS at the real listener: rows T-07, T-09 to T-12 and D-03 to D-04 of the attack catalogue."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import LeafSpec
from tests.support.attacks import MARKER, Attacker, answers
from tests.support.gateway import TRUST_DOMAIN, RunningGateway, chat, post, running

pytestmark = pytest.mark.runtime

PATH = "/v1/chat/completions"
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
both_versions = pytest.mark.parametrize("version", VERSIONS, ids=["tls12", "tls13"])
CONNECTIONS = 40


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    limits = {"handshake_seconds": 1, "idle_seconds": 1, "connections": CONNECTIONS, "connections_per_agent": 8}
    with running(tmp_path_factory.mktemp("tls"), settings={"limits": limits}) as instance:
        yield instance


@pytest.fixture(scope="module")
def attacker(gateway: RunningGateway) -> Attacker:
    return Attacker(gateway)


def closed(gateway: RunningGateway, data: bytes, seconds: float = 5.0) -> bytes:
    """What comes back before the gateway closes the connection."""
    got = b""
    with (
        socket.create_connection(("127.0.0.1", gateway.port), timeout=seconds) as plain,
        contextlib.suppress(ConnectionError),
    ):
        plain.sendall(data)
        while chunk := plain.recv(65_536):
            got += chunk
    return got


def hello(size: int) -> bytes:
    """The beginning of a TLS record stream that announces a ClientHello of `size` bytes."""
    body = b"\x01" + size.to_bytes(3, "big") + b"\x03\x03" + b"A" * size
    return b"".join(
        b"\x16\x03\x01" + struct.pack("!H", len(part)) + part
        for part in (body[at : at + 16_000] for at in range(0, len(body), 16_000))
    )


GREETINGS = {
    "SSLv2 hello": bytes.fromhex("802e0100020015000000100100800200800300800400800500800600400700c0") + b"\0" * 16,
    "SSLv3 record": b"\x16\x03\x00\x00\x02\x01\x00",
    "SOCKS 4": b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00",
    "SOCKS 5": b"\x05\x01\x00",
    "PROXY protocol": b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n",
    "PROXY protocol 2": b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\x7f\0\0\1" * 3,
    "CONNECT in clear": b"CONNECT api.openai.com:443 HTTP/1.1\r\n\r\n",
    "STARTTLS": b"STARTTLS\r\n",
    "DNS": b"\x00\x1d\x12\x34\x01\x00\x00\x01",
    "alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "application data": b"\x17\x03\x03\x00\x05hello",
    "huge hello": hello(200_000),
    "garbage hello": b"\x16\x03\x01\x00\x10" + b"\x01" * 16,
    "one byte": b"\x16",
    "hello that stops": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "nothing": b"",
}


@pytest.mark.parametrize("case", GREETINGS)
def test_what_is_no_handshake_is_closed(gateway: RunningGateway, case: str) -> None:
    start = time.monotonic()
    assert b"HTTP/" not in closed(gateway, GREETINGS[case])
    assert time.monotonic() - start < 3
    assert gateway.stubs.count == 0


def failed(gateway: RunningGateway, context: ssl.SSLContext) -> str:
    with (
        pytest.raises((ssl.SSLError, ConnectionError)) as found,
        socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        secure.sendall(post(PATH, chat(MARKER)))
        if not secure.recv(100):
            raise ConnectionError("closed")
    return str(found.value).lower()


@both_versions
def test_http2_alone_is_not_spoken(gateway: RunningGateway, version: ssl.TLSVersion) -> None:
    context = gateway.client_context()
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    assert "no application protocol" in failed(gateway, context).replace("_", " ")
    assert gateway.stubs.count == 0


def test_http2_beside_http1_is_not_chosen(gateway: RunningGateway) -> None:
    context = gateway.client_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert secure.selected_alpn_protocol() == "http/1.1"


WEAK = ["AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "NULL", "ADH"]


@pytest.mark.parametrize("ciphers", WEAK)
def test_weak_ciphers_are_refused(gateway: RunningGateway, ciphers: str) -> None:
    context = gateway.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    except ssl.SSLError:
        pytest.skip("this OpenSSL cannot offer it")
    assert "handshake failure" in failed(gateway, context).replace("_", " ")


def test_a_second_handshake_inside_is_just_bytes(gateway: RunningGateway, attacker: Attacker) -> None:
    inner = gateway.client_context("other")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tunnel = inner.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        tunnel.do_handshake()
    raw = attacker.raw(outgoing.read() + b"\r\n\r\n")
    assert [(each.status, each.code) for each in answers(raw)] == [(400, "llmgw_malformed_request")]
    attacker.remember(answers(raw)[0])
    for start in ("CONNECT localhost:443", "CONNECT api.openai.com:443"):
        attacker.check_refused(f"{start} HTTP/1.1\r\nhost: x\r\n\r\n".encode(), 400, "llmgw_malformed_request")


@pytest.mark.parametrize("name", ["api.openai.com", "169.254.169.254", "evil.example", "x" * 63 + ".example"])
def test_the_name_in_the_handshake_means_nothing(gateway: RunningGateway, attacker: Attacker, name: str) -> None:
    context = gateway.client_context()
    context.check_hostname = False
    with (
        socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        secure.sendall(post(PATH, chat("hello")))
        assert secure.recv(100).startswith(b"HTTP/1.1 200 ")
    assert name.encode() not in gateway.stubs.seen
    assert [stub.name for stub in gateway.stubs.by_name.values() if stub.requests] == ["third-party-openai"]


def resumed(
    gateway: RunningGateway, context: ssl.SSLContext, session: ssl.SSLSession | None
) -> tuple[bool, ssl.SSLSession | None, bytes]:
    with (
        socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost", session=session) as secure,
    ):
        secure.sendall(post(PATH, chat("hello")))
        got = b""
        while chunk := secure.recv(65_536):
            got += chunk
        return bool(secure.session_reused), secure.session, got


@both_versions
def test_resumption_keeps_the_identity(gateway: RunningGateway, attacker: Attacker, version: ssl.TLSVersion) -> None:
    context = gateway.client_context("demo")
    context.minimum_version = context.maximum_version = version
    _, session, _ = resumed(gateway, context, None)
    assert session is not None
    # The same session, now with the certificate of another agent at hand.
    context.load_cert_chain(gateway.folder / "pki/agents/other.crt", gateway.folder / "pki/agents/other.key")
    reused, _, raw = resumed(gateway, context, session)
    assert reused
    [answer] = answers(raw)
    assert answer.status == 200
    events = {event["request_id"]: event for event in gateway.wait_for_events(len(gateway.events()) + 1, 1.0)}
    assert events[answer.request_id]["agent_id"] == "demo"


def test_a_chain_of_fifty_certificates_is_refused_in_time(gateway: RunningGateway, tmp_path: Path) -> None:
    authority = gateway.pki.clients
    uri = f"spiffe://{TRUST_DOMAIN}/agent/demo"
    for number in range(50):
        authority = authority.intermediate(f"intermediate {number}", path_length=None)
    issued = authority.issue_agent(uri)
    start = time.monotonic()
    failed(gateway, presenting(gateway, tmp_path, issued.pem + issued.key_pem))
    assert time.monotonic() - start < 3
    assert gateway.stubs.count == 0


CHAINS = {"complete": True, "missing": False, "extra": True}


@pytest.mark.parametrize("case", CHAINS)
def test_a_chain_through_an_intermediate(gateway: RunningGateway, tmp_path: Path, case: str) -> None:
    """The revocation list covers the root's certificates only: an intermediate without a list of its own is refused."""
    middle = gateway.pki.clients.intermediate("middle")
    issued = middle.issue_agent(f"spiffe://{TRUST_DOMAIN}/agent/demo")
    leaf = issued.certificate.public_bytes(Encoding.PEM)
    chain = {
        "complete": leaf + middle.pem,
        "missing": leaf,
        "extra": leaf + middle.pem + gateway.pki.stubs.pem,
    }[case]
    failed(gateway, presenting(gateway, tmp_path, chain + issued.key_pem))
    assert gateway.stubs.count == 0


def presenting(gateway: RunningGateway, folder: Path, pem: bytes) -> ssl.SSLContext:
    context = gateway.client_context(None)
    file = folder / "presented.pem"
    file.write_bytes(pem)
    context.load_cert_chain(file)
    return context


def test_names_in_the_common_name_are_not_read(gateway: RunningGateway, tmp_path: Path) -> None:
    for name in ("demo", f"spiffe://{TRUST_DOMAIN}/agent/demo"):
        spec = replace(LeafSpec(name), uris=(f"spiffe://{TRUST_DOMAIN}/agent/nobody",))
        issued = gateway.pki.clients.mint(spec)
        context = presenting(gateway, tmp_path, issued.pem + issued.key_pem)
        _, _, raw = resumed(gateway, context, None)
        assert [each.code for each in answers(raw)] == ["llmgw_unknown_agent"]


def test_silent_connections_are_closed_and_give_their_places_back(gateway: RunningGateway, attacker: Attacker) -> None:
    """Row D-04: half-open handshakes up to the cap; honest agents are served again once their time is over."""
    flood = [socket.create_connection(("127.0.0.1", gateway.port), timeout=5) for _ in range(CONNECTIONS + 20)]
    try:
        deadline = time.monotonic() + 6
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, AssertionError):
                if attacker.chat("hello").status == 200:
                    break
            time.sleep(0.1)
        else:
            pytest.fail("nobody is served any more")
        for each in flood:
            each.settimeout(3)
            with contextlib.suppress(ConnectionError):
                assert each.recv(1) == b""
    finally:
        for each in flood:
            each.close()


def test_an_agent_has_a_bound_of_connections_of_its_own(gateway: RunningGateway, attacker: Attacker) -> None:
    with contextlib.ExitStack() as stack:
        kept = [stack.enter_context(attacker.connected("demo")) for _ in range(8)]
        answer = attacker.chat("hello", agent="demo")
        assert (answer.status, answer.code) == (429, "llmgw_too_many_connections")
        assert attacker.chat("hello", agent="other").status == 200
        assert len(kept) == 8
    deadline = time.monotonic() + 5
    while attacker.chat("hello", agent="demo").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_idle_connections_end(attacker: Attacker) -> None:
    with attacker.connected() as secure:
        start = time.monotonic()
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            assert secure.recv(1) == b""
        assert 0.8 < time.monotonic() - start < 4


def test_last_every_refusal_is_an_event_and_the_gateway_is_well(gateway: RunningGateway, attacker: Attacker) -> None:
    attacker.check_events()
    attacker.check_alive()
    lines = gateway.log.read_text().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert "step_failed" not in "\n".join(lines)
