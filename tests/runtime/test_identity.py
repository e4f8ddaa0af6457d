"""Who gets in through the real listener: certificates, revocation under the running process, the registry, tokens."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from joserfc import jwt
from joserfc.jwk import ECKey

from addons.reload import RELOAD_SECONDS
from certs.authority import CA_USAGE, SERVER_ONLY, Authority, Issued, LeafSpec, Pki, self_signed
from tests.support.gateway import TRUST_DOMAIN, RunningGateway

pytestmark = pytest.mark.runtime

AGENT = f"spiffe://{TRUST_DOMAIN}/agent/demo"
NOW = datetime.now(UTC)
BODY = json.dumps({"model": "gpt-4.1", "messages": [{"role": "user", "content": "What is the capital of France?"}]})
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
both_versions = pytest.mark.parametrize("version", VERSIONS, ids=["tls12", "tls13"])
SLACK = 3.0
"""Seconds beyond the stated time, for a busy machine."""


def context(gateway: RunningGateway, issued: Issued | None, folder: Path) -> ssl.SSLContext:
    made = gateway.client_context(None)
    if issued is not None:
        pem = folder / f"{issued.certificate.serial_number}.pem"
        pem.write_bytes(issued.pem + issued.key_pem)
        made.load_cert_chain(pem)
    return made


def exchange(
    gateway: RunningGateway, tls: ssl.SSLContext, headers: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """One chat completion: status, the code of a refusal, request id. Raises OSError when the handshake fails."""
    connection = http.client.HTTPSConnection("localhost", gateway.port, context=tls, timeout=20)
    sent = {"content-type": "application/json", **(headers or {})}
    try:
        connection.request("POST", "/v1/chat/completions", BODY, sent)
        answer = connection.getresponse()
        tree = json.loads(answer.read())
    finally:
        connection.close()
    return answer.status, tree["error"]["code"] if "error" in tree else "", answer.headers["x-llmgw-request-id"]


def ask(gateway: RunningGateway, tls: ssl.SSLContext, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Status and code alone."""
    return exchange(gateway, tls, headers)[:2]


def alert(gateway: RunningGateway, tls: ssl.SSLContext, seconds: float = 20) -> str:
    """How the gateway ends the handshake. In TLS 1.3 a client learns it when it first reads."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=seconds) as plain:
        try:
            with tls.wrap_socket(plain, server_hostname="localhost") as secure:
                return f"nothing, and then {secure.recv(1)!r}"
        except ssl.SSLError as error:
            return str(error).lower()
        except TimeoutError:
            return "it waits for a request"


def until(gateway: RunningGateway, tls: ssl.SSLContext, wanted: tuple[int, str]) -> float:
    """Seconds until a request is answered like that."""
    start = time.monotonic()
    while True:
        found: object
        try:
            found = ask(gateway, tls)
        except OSError as error:
            found = error
        passed = time.monotonic() - start
        if found == wanted or passed > RELOAD_SECONDS + SLACK:
            assert found == wanted
            return passed
        time.sleep(0.05)


def mint(pki: Pki, **changes: object) -> Issued:
    return pki.clients.mint(replace(LeafSpec("agent", uris=(AGENT,)), **changes))


def test_an_agent_is_served(gateway: RunningGateway) -> None:
    assert ask(gateway, gateway.client_context()) == (200, "")
    assert gateway.stubs.count == 1


AT_THE_HANDSHAKE: dict[str, Callable[[Pki], Issued | None]] = {
    "none": lambda pki: None,
    "self-signed": lambda pki: self_signed(LeafSpec("agent", uris=(AGENT,))),
    "another CA of the same name": lambda pki: Authority.root("llmgw throw-away clients CA").issue_agent(AGENT),
    "expired": lambda pki: mint(pki, not_before=NOW - timedelta(days=2), not_after=NOW - timedelta(seconds=1)),
    "not yet valid": lambda pki: mint(pki, not_before=NOW + timedelta(days=1), not_after=NOW + timedelta(days=2)),
    "for servers only": lambda pki: mint(pki, usages=SERVER_ONLY),
}


@both_versions
@pytest.mark.parametrize("case", AT_THE_HANDSHAKE)
def test_a_bad_certificate_ends_the_handshake_with_an_alert(
    gateway: RunningGateway, tmp_path: Path, case: str, version: ssl.TLSVersion
) -> None:
    tls = context(gateway, AT_THE_HANDSHAKE[case](gateway.pki), tmp_path)
    tls.minimum_version = tls.maximum_version = version
    assert "alert" in alert(gateway, tls)
    assert gateway.stubs.count == 0


BY_THE_LEAF: dict[str, dict[str, object]] = {
    "no URI": {"uris": (), "common_name": AGENT},
    "two URIs": {"uris": (AGENT, f"spiffe://{TRUST_DOMAIN}/agent/other")},
    "root path": {"uris": (f"spiffe://{TRUST_DOMAIN}",)},
    "other trust domain": {"uris": ("spiffe://evil.example/agent/demo",)},
    "upper case": {"uris": (AGENT.replace("agent", "Agent") + "/",)},
    "CA": {"ca": True, "key_usage": CA_USAGE | {"digital_signature"}},
    "no client use": {"usages": None},
}


@pytest.mark.parametrize("case", BY_THE_LEAF)
def test_a_certificate_that_is_no_svid_is_told_why(gateway: RunningGateway, tmp_path: Path, case: str) -> None:
    tls = context(gateway, mint(gateway.pki, **BY_THE_LEAF[case]), tmp_path)
    found = ask(gateway, tls)
    assert found == (401, "llmgw_certificate_invalid")
    assert gateway.stubs.count == 0


def test_an_agent_that_nobody_registered(gateway: RunningGateway, tmp_path: Path) -> None:
    stranger = gateway.pki.clients.issue_agent(f"spiffe://{TRUST_DOMAIN}/agent/stranger")
    assert ask(gateway, context(gateway, stranger, tmp_path)) == (401, "llmgw_unknown_agent")
    assert gateway.stubs.count == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(gateway: RunningGateway) -> None:
    tls = gateway.client_context()
    tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    tls.set_ciphers("ALL:@SECLEVEL=0")
    assert "alert protocol version" in alert(gateway, tls)
    assert gateway.stubs.count == 0


@pytest.mark.parametrize(
    "greeting",
    [
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}",
        b"\x05\x01\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00" * 32,
        b"SSH-2.0-x\r\n",
    ],
    ids=["clear text", "socks", "h2 preface", "zeros", "ssh"],
)
def test_what_is_not_tls_is_closed(gateway: RunningGateway, greeting: bytes) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=15) as plain:
        plain.sendall(greeting)
        answer = b""
        try:
            while data := plain.recv(1000):
                answer += data
        except ConnectionError:
            pass
    assert b"HTTP/" not in answer
    assert gateway.stubs.count == 0


def test_identity_headers_change_nothing(gateway: RunningGateway) -> None:
    claimed = {"x-agent-id": "other", "x-forwarded-client-cert": f"URI=spiffe://{TRUST_DOMAIN}/agent/other"}
    status, _, request_id = exchange(gateway, gateway.client_context(), claimed)
    assert status == 200
    assert b"agent/other" not in gateway.stubs.seen
    deadline = time.monotonic() + 10
    while not (mine := [each for each in gateway.events() if each["request_id"] == request_id]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [each["agent_id"] for each in mine] == ["demo"]


def test_revocation_takes_effect_under_the_running_process(gateway: RunningGateway, tmp_path: Path) -> None:
    issued = mint(gateway.pki)
    tls = context(gateway, issued, tmp_path)
    kept = http.client.HTTPSConnection("localhost", gateway.port, context=tls, timeout=20)
    try:
        kept.request("POST", "/v1/chat/completions", BODY, {"content-type": "application/json"})
        first = kept.getresponse()
        first.read()
        assert first.status == 200
        gateway.pki.write_crl([issued.certificate.serial_number])
        # New connections fail in the handshake, the open one at its next request.
        start = time.monotonic()
        while time.monotonic() - start < RELOAD_SECONDS + SLACK:
            if "revoked" in alert(gateway, tls, 0.5):
                break
            time.sleep(0.05)
        else:
            pytest.fail("the revoked certificate is still accepted")
        gateway.stubs.clear()
        try:
            kept.request("POST", "/v1/chat/completions", BODY, {"content-type": "application/json"})
            second = kept.getresponse()
            found = (second.status, json.loads(second.read())["error"]["code"])
            assert found == (401, "llmgw_certificate_revoked")
        except (http.client.RemoteDisconnected, ConnectionError):
            pass
        assert gateway.stubs.count == 0
    finally:
        kept.close()
        gateway.pki.write_crl([], number=3)
    until(gateway, tls, (200, ""))


def test_a_stale_list_refuses_everybody_until_there_is_a_new_one(gateway: RunningGateway) -> None:
    tls = gateway.client_context()
    try:
        gateway.pki.write_crl([], next_update=datetime.now(UTC) + timedelta(seconds=1), number=4)
        deadline = time.monotonic() + 1 + RELOAD_SECONDS + SLACK
        while time.monotonic() < deadline:
            if "expired" in alert(gateway, tls, 0.5):
                break
            time.sleep(0.1)
        else:
            pytest.fail("a list that has run out is still good")
    finally:
        gateway.pki.write_crl([], number=5)
    until(gateway, tls, (200, ""))


def test_suspension_takes_effect_at_the_next_request(gateway: RunningGateway) -> None:
    path = gateway.folder / "agents.yaml"
    before = path.read_text("utf-8")
    document = yaml.safe_load(before)
    for entry in document["agents"]:
        if entry["id"] == "other":
            entry["state"] = "suspended"
    tls = gateway.client_context("other")
    assert ask(gateway, tls) == (200, "")
    try:
        path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
        until(gateway, tls, (401, "llmgw_agent_suspended"))
        assert ask(gateway, gateway.client_context("demo")) == (200, "")
    finally:
        path.write_text(before, "utf-8")
    until(gateway, tls, (200, ""))


# Tokens


KEY = ECKey.generate_key("P-256", {"kid": "k1"})
ISSUER = "https://login.corp.example"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway that wants a token too."""
    folder = tmp_path_factory.mktemp("oauth")
    (folder / "jwks.json").write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}), "utf-8")
    identity = {"oauth": {"issuer": ISSUER, "audience": "llm-gateway", "jwks_file": "jwks.json", "required": True}}
    instance = RunningGateway(folder, settings={"identity": identity})
    path = folder / "agents.yaml"
    document = yaml.safe_load(path.read_text("utf-8"))
    for entry in document["agents"]:
        entry["oauth_client_id"] = f"client-{entry['id']}"
    path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    try:
        yield instance.start()
    finally:
        instance.close()


def token(gateway: RunningGateway, client: str = "client-demo", **claims: object) -> dict[str, str]:
    body = {"iss": ISSUER, "aud": "llm-gateway", "exp": int(time.time()) + 300, "client_id": client, **claims}
    return {"authorization": f"Bearer {jwt.encode({'alg': 'ES256', 'kid': 'k1'}, body, KEY)}"}


def test_a_token_is_a_second_proof(guarded: RunningGateway) -> None:
    guarded.stubs.clear()
    tls = guarded.client_context("demo")
    leaf = x509.load_pem_x509_certificate(guarded.pki.agents["agent/demo"].certificate.read_bytes())
    thumbprint = base64.urlsafe_b64encode(leaf.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
    assert ask(guarded, tls, token(guarded)) == (200, "")
    assert ask(guarded, tls, token(guarded, cnf={"x5t#S256": thumbprint})) == (200, "")
    bearer = token(guarded)["authorization"]
    for elsewhere in ({"x-api-key": bearer.removeprefix("Bearer ")}, {"x-llmgw-token": bearer.removeprefix("Bearer ")}):
        assert ask(guarded, tls, elsewhere) == (200, "")
    assert ask(guarded, tls, {"x-llmgw-token": bearer, **token(guarded, jti="2")}) == (401, "llmgw_token_invalid")
    assert b"eyJ" not in guarded.stubs.seen
    guarded.stubs.clear()
    for headers, code in (
        ({}, "llmgw_token_missing"),
        ({"authorization": "Bearer sk-dummy"}, "llmgw_token_missing"),
        (token(guarded, exp=int(time.time()) - 300), "llmgw_token_invalid"),
        (token(guarded, aud="other"), "llmgw_token_invalid"),
        (token(guarded, client="another"), "llmgw_token_mismatch"),
        (token(guarded, cnf={"x5t#S256": thumbprint[::-1]}), "llmgw_token_mismatch"),
    ):
        assert ask(guarded, tls, headers) == (401, code)
    # Another agent with a good certificate, and the first one's token.
    assert ask(guarded, guarded.client_context("other"), token(guarded)) == (401, "llmgw_token_mismatch")
    assert guarded.stubs.count == 0
    assert "eyJ" not in guarded.log.read_text("utf-8")
