"""Files change under a running gateway: each takes effect, or is refused, within the stated time."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from addons.reload import RELOAD_SECONDS
from certs.authority import Authority
from tests.support.gateway import CREDENTIAL, TRUST_DOMAIN, RunningGateway
from tests.support.load import Line, code_of, until

pytestmark = [pytest.mark.runtime, pytest.mark.slow]
BOUND = RELOAD_SECONDS + 1.0
"""The stated time and a second for two busy cores."""


def replace(path: Path, data: bytes) -> None:
    """As a careful operator does: whole, in one step."""
    fresh = path.with_name(path.name + ".fresh")
    fresh.write_bytes(data)
    fresh.replace(path)


def ready(gateway: RunningGateway, part: str) -> Any:
    tree = json.loads(gateway.admin("/readyz")[1])
    return tree["checks"][part]


def metric(gateway: RunningGateway, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", gateway.admin("/metrics")[1].decode(), re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def status_and_code(line: Line) -> tuple[int, str]:
    """What a request gets; (0, kind) when the connection was closed."""
    try:
        status, body, _ = line.ask("hello")
    except (OSError, http.client.HTTPException) as error:
        return 0, type(error).__name__
    return status, code_of(body)


def handshake_works(gateway: RunningGateway, agent: str = "demo") -> bool:
    line = Line(gateway, agent, seconds=3)
    try:
        return status_and_code(line)[0] == 200
    finally:
        line.close()


def eventually(gateway: RunningGateway, condition: Callable[[], bool], what: str) -> None:
    until(condition, BOUND, what)


def test_a_broken_policy_keeps_the_last_good_one_and_says_so(gateway: RunningGateway) -> None:
    path = gateway.folder / "rules.yaml"
    good = path.read_bytes()
    version = ready(gateway, "policy")["detail"]
    replace(path, good + b"\nrulez: []\n")
    eventually(gateway, lambda: metric(gateway, "llmgw_policy_stale") == 1, "the metric tells")
    detail = ready(gateway, "policy")["detail"]
    assert "rules.yaml" in detail and "rulez" in detail and re.search(r":\d+:\d+", detail)
    assert gateway.admin("/readyz")[0] == 200
    assert handshake_works(gateway), "the last good policy serves"
    until(lambda: version in {event["policy_version"] for event in gateway.events()}, 5, "the event names the policy")
    for broken in (b"", b"rules: [", b"\xff\xfe"):
        replace(path, broken)
        time.sleep(0.3)
        assert handshake_works(gateway)
    tree = yaml.safe_load(good)
    tree["rules"][0]["description"] = "changed while running"
    replace(path, yaml.safe_dump(tree, sort_keys=False).encode())
    eventually(gateway, lambda: metric(gateway, "llmgw_policy_stale") == 0, "the fixed file takes over")
    assert ready(gateway, "policy")["detail"] != version
    assert handshake_works(gateway)
    replace(path, good)
    eventually(gateway, lambda: ready(gateway, "policy")["detail"] == version, "the first policy is back")


def test_a_suspended_agent_is_refused_on_a_kept_alive_connection(gateway: RunningGateway) -> None:
    path = gateway.folder / "agents.yaml"
    good = path.read_bytes()
    line = Line(gateway, "other")
    assert status_and_code(line) == (200, "")
    tree = yaml.safe_load(good)
    for agent in tree["agents"]:
        if agent["id"] == "other":
            agent["state"] = "suspended"
    replace(path, yaml.safe_dump(tree, sort_keys=False).encode())
    got: list[tuple[int, str]] = []

    def refused() -> bool:
        got.append(status_and_code(line))
        return got[-1][0] != 200

    eventually(gateway, refused, "the suspension takes effect")
    assert got[-1][1] == "llmgw_agent_suspended"
    assert handshake_works(gateway, "demo"), "nobody else is touched"
    count = gateway.stubs.count
    assert status_and_code(line)[1] == "llmgw_agent_suspended"
    assert gateway.stubs.count == count
    until(lambda: "llmgw_agent_suspended" in {event["refusal_code"] for event in gateway.events()}, 5, "an event tells")
    replace(path, good)
    eventually(gateway, lambda: handshake_works(gateway, "other"), "the agent is active again")
    line.close()


def test_a_broken_registry_keeps_the_last_good_one(gateway: RunningGateway) -> None:
    path = gateway.folder / "agents.yaml"
    good = path.read_bytes()
    replace(path, b"agents: 7\n")
    eventually(gateway, lambda: "agents.yaml" in ready(gateway, "registry")["detail"], "it is told")
    assert handshake_works(gateway)
    replace(path, good)
    eventually(gateway, lambda: ready(gateway, "registry")["detail"] == "", "it is told no more")


def test_a_revoked_certificate_is_refused_at_once(gateway: RunningGateway) -> None:
    pki = gateway.pki
    line = Line(gateway, "other")
    assert status_and_code(line) == (200, "")
    serial = x509.load_pem_x509_certificate(pki.agents["agent/other"].certificate.read_bytes()).serial_number
    pki.write_crl([serial], number=2)
    got: list[tuple[int, str]] = []

    def refused() -> bool:
        got.append(status_and_code(line))
        return got[-1][0] != 200

    eventually(gateway, refused, "the revocation reaches a kept-alive connection")
    assert got[-1] == (401, "llmgw_certificate_revoked")
    line.close()
    with pytest.raises(ssl.SSLError, match=r"(?i)revoked"):
        _read_first_byte(gateway, "other")
    assert handshake_works(gateway, "demo")
    assert b'llmgw_tls_failures_total{reason="revoked"}' in gateway.admin("/metrics")[1]
    pki.write_crl([], number=3)
    eventually(gateway, lambda: handshake_works(gateway, "other"), "the emptied list takes effect")


def test_a_stale_list_refuses_everybody_and_says_so(gateway: RunningGateway) -> None:
    pki = gateway.pki
    line = Line(gateway)
    assert status_and_code(line) == (200, "")
    now = datetime.now(UTC)
    stale = pki.clients.crl(this_update=now - timedelta(days=2), next_update=now - timedelta(days=1), number=4)
    replace(pki.clients_crl, stale.public_bytes(Encoding.PEM))
    eventually(gateway, lambda: gateway.admin("/readyz")[0] == 503, "readiness falls")
    check = ready(gateway, "revocations")
    assert not check["ok"] and "refused" in check["detail"]
    assert metric(gateway, "llmgw_crl_stale") == 1
    status, code = status_and_code(line)
    assert (status, code) == (401, "llmgw_crl_stale") or status == 503, (status, code)
    count = gateway.stubs.count
    assert not handshake_works(gateway)
    assert gateway.stubs.count == count
    pki.write_crl([], number=5)
    eventually(gateway, lambda: handshake_works(gateway), "a current list brings everybody back")
    until(lambda: gateway.admin("/readyz")[0] == 200, 10, "ready again")
    line.close()


def test_replaced_authorities_refuse_old_clients_and_accept_new_ones(gateway: RunningGateway, tmp_path: Path) -> None:
    pki = gateway.pki
    files = (pki.clients_ca, pki.clients_crl, pki.canary.certificate, pki.canary.key)
    before = {path: path.read_bytes() for path in files}
    line = Line(gateway)
    assert status_and_code(line) == (200, "")
    fresh = Authority.root("a new clients CA")
    folder = gateway.folder / "pki/agents"
    fresh.issue_agent(f"spiffe://{TRUST_DOMAIN}/agent/demo").write(folder / "renewed.crt", folder / "renewed.key")
    fresh.issue_agent(f"spiffe://{TRUST_DOMAIN}/llmgw/canary").write(tmp_path / "canary.crt", tmp_path / "canary.key")
    replace(pki.canary.certificate, (tmp_path / "canary.crt").read_bytes())
    replace(pki.canary.key, (tmp_path / "canary.key").read_bytes())
    replace(pki.clients_crl, fresh.crl().public_bytes(Encoding.PEM))
    replace(pki.clients_ca, fresh.pem)
    eventually(gateway, lambda: handshake_works(gateway, "renewed"), "the new authority is trusted")
    assert not handshake_works(gateway, "demo"), "the old authority is trusted no more"
    assert status_and_code(line)[0] != 200, "a connection outlived its trust"
    line.close()
    until(lambda: gateway.admin("/readyz")[0] == 200, 12, "the canary has its new certificate")
    for path, data in before.items():
        replace(path, data)
    eventually(gateway, lambda: handshake_works(gateway, "demo"), "the old authority is back")
    assert not handshake_works(gateway, "renewed")


def test_a_new_server_certificate_is_shown_to_new_connections(gateway: RunningGateway, tmp_path: Path) -> None:
    pki = gateway.pki
    before = {path: path.read_bytes() for path in (pki.gateway.certificate, pki.gateway.key)}
    old = x509.load_pem_x509_certificate(before[pki.gateway.certificate]).serial_number
    line = Line(gateway)
    assert status_and_code(line) == (200, "")
    issued = pki.servers.issue_server(("localhost", "127.0.0.1"))
    issued.write(tmp_path / "new.crt", tmp_path / "new.key")
    replace(pki.gateway.certificate, (tmp_path / "new.crt").read_bytes())
    time.sleep(0.3)
    assert handshake_works(gateway), "a certificate without its key must not be taken"
    replace(pki.gateway.key, (tmp_path / "new.key").read_bytes())
    eventually(gateway, lambda: handshake_works(gateway) and _serial(gateway) != old, "the new certificate is shown")
    assert status_and_code(line) == (200, ""), "an open connection goes on"
    line.close()
    for path, data in before.items():
        replace(path, data)
    eventually(gateway, lambda: _serial(gateway) == old, "the old certificate is back")


def _serial(gateway: RunningGateway) -> int:
    plain = socket.create_connection(("127.0.0.1", gateway.port), timeout=3)
    with gateway.client_context().wrap_socket(plain, server_hostname="localhost") as secure:
        der = secure.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der).serial_number


def _read_first_byte(gateway: RunningGateway, agent: str) -> None:
    """In TLS 1.3 a client learns only here what became of its certificate."""
    plain = socket.create_connection(("127.0.0.1", gateway.port), timeout=3)
    with gateway.client_context(agent).wrap_socket(plain, server_hostname="localhost") as secure:
        secure.recv(1)


def test_a_rotated_credential_is_in_the_next_request(gateway: RunningGateway) -> None:
    path = gateway.folder / "secrets" / "upstream.key"
    line = Line(gateway)
    stub = gateway.stubs["third-party-openai"]
    assert status_and_code(line) == (200, "")
    assert CREDENTIAL.encode() in stub.requests[-1][0]
    rotated = "sk-upstream-" + "rotated-9876543210"
    replace(path, rotated.encode())
    assert status_and_code(line) == (200, "")
    assert rotated.encode() in stub.requests[-1][0]
    assert CREDENTIAL.encode() not in stub.requests[-1][0]
    path.unlink()
    count = gateway.stubs.count
    assert status_and_code(line) == (502, "llmgw_credential_missing")
    assert gateway.stubs.count == count
    replace(path, CREDENTIAL.encode())
    assert status_and_code(line)[0] == 200 or handshake_works(gateway)
    line.close()
