"""Where a request may end up: rows P, T-17 and T-18 of the attack catalogue."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.x509.oid import ExtendedKeyUsageOID

from addons.proxy.dial import DialRefusedError, check_address, resolve
from certs.authority import SERVER_ONLY, Authority, Issued, LeafSpec, self_signed
from demo.stub_upstream import StubUpstream
from tests.support.attacks import MARKER, Attacker
from tests.support.gateway import CREDENTIAL, RunningGateway, chat, post

pytestmark = pytest.mark.runtime

PATH = "/v1/chat/completions"
NOW = datetime.now(UTC)
LEAF = LeafSpec("stub", names=("127.0.0.1", "localhost", socket.gethostname()), usages=SERVER_ONLY)


def server_context(folder: Path, issued: Issued) -> ssl.SSLContext:
    pem = folder / f"server-{issued.certificate.serial_number:x}.pem"
    pem.write_bytes(issued.pem + issued.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def old_tls(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


UNPROVEN = ("other-ca", "self-signed", "expired", "not-yet", "other-name", "clear", "old-tls", "client-only", "dead")
NAMED = ("by-name", "twin-a", "twin-b", "twin-c")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("destination")
    instance = RunningGateway(folder)
    make_upstreams(instance, folder)
    system_store = folder / "system-store.pem"  # holds every CA there is: nobody may look at it
    system_store.write_bytes(OTHER.pem + instance.pki.stubs.pem + instance.pki.servers.pem)
    dead = "http://127.0.0.1:9"
    environment = {
        "SSL_CERT_FILE": str(system_store),
        "REQUESTS_CA_BUNDLE": str(system_store),
        "HTTPS_PROXY": dead,
        "HTTP_PROXY": dead,
        "ALL_PROXY": dead,
    }
    try:
        yield instance.start(environment=environment)
    finally:
        instance.close()


OTHER = Authority.root("somebody else's CA")


@pytest.fixture(scope="module")
def attacker(gateway: RunningGateway) -> Attacker:
    return Attacker(gateway)


def make_upstreams(gateway: RunningGateway, folder: Path) -> None:
    """One upstream, one rule and one model name for each case."""
    pki = gateway.pki
    good = server_context(folder, pki.stubs.mint(LEAF))
    past, future = NOW - timedelta(seconds=5), NOW + timedelta(days=1)
    contexts: dict[str, ssl.SSLContext | None] = {
        "other-ca": server_context(folder, OTHER.mint(LEAF)),
        "self-signed": server_context(folder, self_signed(LEAF)),
        "expired": server_context(
            folder, pki.stubs.mint(replace(LEAF, not_before=past - timedelta(days=1), not_after=past))
        ),
        "not-yet": server_context(
            folder, pki.stubs.mint(replace(LEAF, not_before=future, not_after=future + timedelta(days=1)))
        ),
        "other-name": good,
        "clear": None,
        "old-tls": old_tls(server_context(folder, pki.stubs.mint(LEAF))),
        "client-only": server_context(folder, pki.stubs.mint(replace(LEAF, usages=(ExtendedKeyUsageOID.CLIENT_AUTH,)))),
        "by-name": good,
        "twin-a": good,
    }
    ports = {name: add_stub(gateway, name, context) for name, context in contexts.items()}
    ports |= {"twin-b": ports["twin-a"], "twin-c": ports["twin-a"], "dead": 9}
    (folder / "other-ca.pem").write_bytes(OTHER.pem)
    path = folder / "rules.yaml"
    policy = yaml.safe_load(path.read_text("utf-8"))
    upstreams = [definition(name, ports[name]) for name in (*UNPROVEN, *NAMED)]
    rules = [{"id": f"to-{up['id']}", "when": {"model": [up["id"]]}, "then": {"route": [up["id"]], "profile": "pii"}}
             for up in upstreams]  # fmt: skip
    policy["upstreams"] += upstreams
    policy["rules"] = rules + policy["rules"]
    path.write_text(yaml.safe_dump(policy, sort_keys=False), "utf-8")


def definition(name: str, port: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": name,
        "tier": "third_party",
        "base_url": f"https://127.0.0.1:{port}/v1",
        "ca_file": "pki/upstreams/ca.crt",
        "allow_private": True,
        "dialects": ["openai.chat"],
        "models": {"*": "*"},
        "credential": {"header": "authorization", "prefix": "Bearer ", "file": "secrets/upstream.key"},
    }
    if name == "clear":
        found["response_seconds"] = 0.5  # it waits for the end of what it takes for a header block
    elif name == "other-name":
        found["sni"] = "api.openai.com"
    elif name == "by-name":
        found |= {"base_url": f"https://{socket.gethostname()}:{port}/v1", "allow_private": False}
    elif name == "twin-b":
        found["ca_file"] = "other-ca.pem"
    elif name == "twin-c":
        found |= {"client_certificate": "pki/agents/other.crt", "client_key": "pki/agents/other.key"}
    return found


def add_stub(gateway: RunningGateway, name: str, context: ssl.SSLContext | None) -> int:
    stub = StubUpstream(name, context=context)
    asyncio.run_coroutine_threadsafe(stub.start(), gateway.stubs._loop).result(5)
    gateway.stubs.by_name[name] = stub
    return stub.port


@pytest.mark.parametrize("name", UNPROVEN)
def test_an_upstream_that_cannot_prove_its_name_gets_nothing(
    gateway: RunningGateway, attacker: Attacker, name: str
) -> None:
    answer = attacker.chat(MARKER, model=name)
    wanted = (504, "llmgw_upstream_timeout") if name == "clear" else (502, "llmgw_upstream_unreachable")
    assert (answer.status, answer.code) == wanted
    assert gateway.stubs.count == 0
    assert CREDENTIAL.encode() not in answer.body


def test_a_private_address_behind_a_name_is_not_dialled(gateway: RunningGateway, attacker: Attacker) -> None:
    """The policy's check saw a name; the barrier sees the address it has now."""
    answer = attacker.chat(MARKER, model="by-name")
    assert (answer.status, answer.code) == (502, "llmgw_upstream_unreachable")
    assert gateway.stubs["by-name"].connections == 0


def test_definitions_with_one_address_never_share_a_connection(gateway: RunningGateway, attacker: Attacker) -> None:
    """What was authenticated for one CA or client certificate is not used for another."""
    stub = gateway.stubs["twin-a"]
    before = stub.connections
    wanted = [("twin-a", 200), ("twin-b", 502), ("twin-a", 200), ("twin-c", 200), ("twin-a", 200), ("twin-b", 502)]
    with attacker.connected() as secure:
        stream = secure.makefile("rb")
        got = []
        for model, status in wanted:
            if secure.fileno() < 0:
                break
            secure.sendall(post(PATH, chat("hello", model=model), close=False))
            line = stream.readline()
            got.append((model, int(line.split(b" ")[1])))
            length = 0
            while (header := stream.readline()) != b"\r\n":
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            stream.read(length)
            if status == 502:
                break  # the gateway closes after an upstream's fault
    assert got == wanted[: len(got)]
    assert len(got) == 2
    assert stub.connections - before == 1  # the handshake for twin-b failed
    for model, status in (("twin-a", 200), ("twin-c", 200), ("twin-b", 502), ("twin-a", 200)):
        assert attacker.chat("hello", model=model).status == status


def test_one_client_connection_has_one_upstream_connection_for_each_definition(
    gateway: RunningGateway, attacker: Attacker
) -> None:
    stub = gateway.stubs["twin-a"]
    before = stub.connections
    requests = [
        post(PATH, chat("hello", model=model), close=False) for model in ("twin-a", "twin-c", "twin-a", "twin-c")
    ]
    raw = attacker.raw(b"".join(requests) + post(PATH, chat("bye", model="twin-a")))
    assert raw.count(b"HTTP/1.1 200 ") == 5
    assert stub.connections - before == 2


def test_agents_never_share_an_upstream_connection(gateway: RunningGateway, attacker: Attacker) -> None:
    stub = gateway.stubs["twin-a"]
    before = stub.connections
    with attacker.connected("demo") as first, attacker.connected("other") as second:
        for secure in (first, second, first, second):
            secure.sendall(post(PATH, chat("hello", model="twin-a"), close=False))
            assert secure.recv(65_536).startswith(b"HTTP/1.1 200 ")
    assert stub.connections - before == 2


CLAIMS = {
    "host of another": [("x-forwarded-host", "evil.example")],
    "forwarded": [("forwarded", "host=evil.example;proto=http")],
    "original host": [("x-original-host", "evil.example"), ("x-host", "evil.example")],
}


@pytest.mark.parametrize("case", CLAIMS)
def test_no_header_moves_a_request(gateway: RunningGateway, attacker: Attacker, case: str) -> None:
    assert attacker.ask(post(PATH, chat("hello"), headers=tuple(CLAIMS[case]))).status == 200
    assert [stub.name for stub in gateway.stubs.by_name.values() if stub.requests] == ["third-party-openai"]
    assert b"evil.example" not in gateway.stubs.seen


@pytest.mark.parametrize("host", ["api.openai.com", "evil.example:1", "169.254.169.254", "[::1]", "a@b", "localhost\t"])
def test_the_host_field_means_nothing(gateway: RunningGateway, attacker: Attacker, host: str) -> None:
    request = post(PATH, chat("hello")).replace(b"host: localhost", f"host: {host}".encode())
    assert attacker.ask(request).status == 200
    [(head, _)] = gateway.stubs["third-party-openai"].requests
    assert f"host: 127.0.0.1:{gateway.stubs['third-party-openai'].port}".encode() in head


@pytest.mark.parametrize("name", ["SSLKEYLOGFILE", "MITMPROXY_SSLKEYLOGFILE"])
def test_a_gateway_that_would_write_session_keys_does_not_start(gateway: RunningGateway, name: str) -> None:
    keys = gateway.folder / "keys.log"
    command = [sys.executable, "-m", "gateway", "serve", "-c", str(gateway.config)]
    environment = {**os.environ, name: str(keys)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert name in done.stderr
    assert not keys.exists() or "SECRET" not in keys.read_text()


NEVER = (
    "169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1", "fe80::1%eth0", "0.1.2.3",
)  # fmt: skip
PRIVATE = (
    "127.0.0.1", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "fd00::1", "::ffff:10.0.0.1", "100.64.0.1",
    "198.18.0.1", "192.0.2.1",
)  # fmt: skip


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("allow_private", [True, False])
def test_addresses_that_nobody_may_dial(address: str, allow_private: bool) -> None:
    with pytest.raises(DialRefusedError):
        check_address(address, allow_private=allow_private)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_want_to_be_allowed(address: str) -> None:
    with pytest.raises(DialRefusedError):
        check_address(address, allow_private=False)


@pytest.mark.parametrize("answers", [["8.8.8.8", "169.254.169.254"], ["10.0.0.1", "8.8.8.8"], [], ["8.8.8.8", "::1"]])
def test_one_bad_answer_of_a_resolver_refuses_them_all(answers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    async def scripted() -> None:
        async def answer(*_: object, **__: object) -> list[Any]:
            return [(0, 0, 0, "", (address, 443)) for address in answers]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)
        with pytest.raises(DialRefusedError):
            await resolve("rebind.example", 443, allow_private=False)

    asyncio.run(scripted())


def test_the_checked_address_is_the_dialled_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def scripted() -> None:
        async def answer(*_: object, **__: object) -> list[Any]:
            asked.append(1)
            return [(0, 0, 0, "", ("8.8.8.8" if len(asked) == 1 else "127.0.0.1", 443))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)
        assert await resolve("rebind.example", 443, allow_private=False) == ("8.8.8.8", 443)

    asyncio.run(scripted())
    assert asked == [1]


def test_last_the_gateway_is_well(gateway: RunningGateway, attacker: Attacker) -> None:
    attacker.check_alive()
    log = gateway.log.read_text()
    assert "step_failed" not in log
    assert MARKER not in log
    assert CREDENTIAL not in log
