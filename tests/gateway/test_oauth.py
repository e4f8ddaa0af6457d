"""Tokens as a second proof: what is accepted, and the code for everything that is not."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from joserfc.registry import Header

from certs.authority import Authority
from gateway.errors import ConfigurationError, Refused
from gateway.jwk_set import KeysUnavailable, parse_jwks
from gateway.jwks import STALE_AFTER, FetchedKeys, FileKeys, https_fetch, token_verifier
from gateway.model import AgentRecord, Identity, Level
from gateway.oauth import ALGORITHMS, Claims, TokenVerifier, bind, find_token
from gateway.settings import OAuth

ISSUER, AUDIENCE, CLIENT = "https://login.corp.example", "llm-gateway", "agent-demo"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
RSA = RSAKey.generate_key(2048, {"kid": "r1", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "e1"})
ED = OKPKey.generate_key("Ed25519", {"kid": "d1"})
STRANGER = ECKey.generate_key("P-256", {"kid": "e1"})
FINGERPRINT = "ab" * 32
THUMBPRINT = base64.urlsafe_b64encode(bytes.fromhex(FINGERPRINT)).rstrip(b"=").decode()
RECORD = AgentRecord(
    "demo", "spiffe://corp.example/agent/demo", "ada", "research", Level.CONFIDENTIAL, oauth_client_id=CLIENT
)
IDENTITY = Identity(RECORD.spiffe_id, 7, "CN=clients", NOW, NOW, FINGERPRINT)
SETTINGS = OAuth(issuer=ISSUER, audience=AUDIENCE, jwks_file=Path("unused"))


class FixedKeys:
    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    def keys(self, now: datetime) -> KeySet:
        return self._keys


class NoKeys:
    def keys(self, now: datetime) -> KeySet:
        raise KeysUnavailable("gone")


def public(*keys: RSAKey | ECKey | OKPKey) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


VERIFIER = TokenVerifier(SETTINGS, FixedKeys(parse_jwks(public(RSA, EC, ED))))


class Careless(jws.JWSRegistry):
    """Signs whatever a test asks for."""

    def get_alg(self, name: str) -> JWSAlgModel:
        return self.algorithms[name]

    def check_header(self, header: Header) -> None:
        return


def claims(**changes: object) -> dict[str, object]:
    made: dict[str, object] = {"iss": ISSUER, "aud": AUDIENCE, "exp": AT + 300, "sub": "service-7", "client_id": CLIENT}
    made |= changes
    return {name: value for name, value in made.items() if value is not None}


def sign(body: dict[str, object] | bytes, key: RSAKey | ECKey | OKPKey | OctKey = EC, **header: object) -> str:
    head = {"alg": "ES256", "kid": "e1", "typ": "at+jwt", **header}
    head = {name: value for name, value in head.items() if value is not None}
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return jws.serialize_compact(head, payload, key, registry=Careless())


def code_of(call: Callable[[], object], *secrets: str) -> str:
    with pytest.raises(Refused) as caught:
        call()
    refusal = caught.value.refusal
    assert refusal.status == 401
    assert not refusal.retry
    assert caught.value.__cause__ is None
    for secret in secrets:
        assert secret not in refusal.message
    return refusal.code


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (RSA, {"alg": "RS256", "kid": "r1"}),
        (EC, {}),
        (ED, {"alg": "EdDSA", "kid": "d1"}),
        (ED, {"alg": "Ed25519", "kid": "d1"}),
    ],
)
def test_tokens_of_the_issuer_are_accepted(key: RSAKey | ECKey | OKPKey, header: dict[str, str]) -> None:
    assert VERIFIER.verify(sign(claims(), key, **header), NOW) == Claims(CLIENT, AT + 300)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["other", AUDIENCE]},
        {"exp": AT - 59},
        {"nbf": AT + 60},
        {"iat": AT + 60},
        {"exp": AT + 0.5},
        {"client_id": None, "azp": CLIENT},
        {"client_id": None, "sub": CLIENT},
        {"azp": CLIENT},
        {"cnf": {"x5t#S256": THUMBPRINT}},
    ],
)
def test_what_a_good_token_may_say(changes: dict[str, object]) -> None:
    found = VERIFIER.verify(sign(claims(**changes)), NOW)
    assert found.client_id == CLIENT
    assert found.certificate_thumbprint == (FINGERPRINT if "cnf" in changes else "")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": [ISSUER]},
        {"iss": ISSUER + "/"},
        {"aud": "other"},
        {"aud": None},
        {"aud": []},
        {"aud": {"x": AUDIENCE}},
        {"aud": [[AUDIENCE]]},
        {"exp": None},
        {"exp": AT - 60},
        {"exp": str(AT + 300)},
        {"exp": True},
        {"nbf": AT + 61},
        {"iat": AT + 61},
        {"client_id": None, "sub": None},
        {"client_id": ""},
        {"client_id": 7},
        {"client_id": [CLIENT]},
        {"azp": "another"},
        {"cnf": {}},
        {"cnf": {"jkt": "x"}},
        {"cnf": THUMBPRINT},
        {"cnf": {"x5t#S256": "!"}},
        {"cnf": {"x5t#S256": THUMBPRINT[:-4]}},
        {"cnf": None, "sub": 5, "client_id": None},
    ],
)
def test_claims_that_are_not_good(changes: dict[str, object]) -> None:
    token = sign(claims(**changes))
    assert code_of(lambda: VERIFIER.verify(token, NOW), token, CLIENT, ISSUER) == "llmgw_token_invalid"


def test_an_expired_token_says_so() -> None:
    with pytest.raises(Refused) as caught:
        VERIFIER.verify(sign(claims(exp=AT - 3600)), NOW)
    assert "expired" in caught.value.refusal.message


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (STRANGER, {}),
        (EC, {"kid": "unknown"}),
        (EC, {"kid": None}),
        (EC, {"typ": "dpop+jwt"}),
        (EC, {"typ": "logout+jwt"}),
        (EC, {"crit": ["exp"], "exp": 1}),
        (RSA, {"alg": "PS256", "kid": "r1"}),
        (RSA, {"alg": "RS384", "kid": "r1"}),
        (OctKey.import_key(b"k" * 32), {"alg": "HS256"}),
    ],
)
def test_signatures_that_are_not_good(key: RSAKey | ECKey | OctKey, header: dict[str, object]) -> None:
    token = sign(claims(), key, **header)
    assert code_of(lambda: VERIFIER.verify(token, NOW), token) == "llmgw_token_invalid"


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, 5, "HS256", "ES256"])
def test_a_token_without_a_signature(alg: object) -> None:
    for tail in ("", "AA"):
        token = f"{_part({'alg': alg, 'kid': 'e1'})}.{_part(claims())}.{tail}"
        assert code_of(lambda text=token: VERIFIER.verify(text, NOW), token) == "llmgw_token_invalid"  # type: ignore[misc]


def test_a_public_key_is_not_taken_for_a_shared_secret() -> None:
    for secret in (RSA.as_pem(private=False), json.dumps(RSA.as_dict(private=False)).encode()):
        signed = f"{_part({'alg': 'HS256', 'kid': 'r1'})}.{_part(claims())}"
        mac = hmac.digest(secret, signed.encode(), "sha256")
        token = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        assert code_of(lambda text=token: VERIFIER.verify(text, NOW)) == "llmgw_token_invalid"  # type: ignore[misc]


def test_keys_that_the_token_brings_itself_are_not_used() -> None:
    for header in (
        {"jwk": STRANGER.as_dict(private=False)},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example"},
    ):
        token = sign(claims(), STRANGER, **header)
        assert code_of(lambda text=token: VERIFIER.verify(text, NOW)) == "llmgw_token_invalid"  # type: ignore[misc]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"7",
        b"not json",
        b'{"iss": NaN}',
        b"\xff",
        b'{"iss": "https://login.corp.example", "aud": "llm-gateway", "exp": 9999999999, "client_id": "a", '
        b'"client_id": "agent-demo"}',
    ],
)
def test_payloads_that_are_not_one_object(payload: bytes) -> None:
    token = sign(payload)
    assert code_of(lambda: VERIFIER.verify(token, NOW), token) == "llmgw_token_invalid"


def test_every_other_signature_byte_matters() -> None:
    token = sign(claims())
    head, _, signature = token.rpartition(".")
    for position in range(0, len(signature) - 1, 7):
        other = "A" if signature[position] != "A" else "B"
        changed = f"{head}.{signature[:position]}{other}{signature[position + 1 :]}"
        assert code_of(lambda text=changed: VERIFIER.verify(text, NOW)) == "llmgw_token_invalid"  # type: ignore[misc]


@given(
    st.one_of(
        st.text(max_size=80),
        st.from_regex(r"eyJ[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{0,20}", fullmatch=True),
    )
)
def test_any_text_is_a_refusal_and_never_another_error(text: str) -> None:
    assert code_of(lambda: VERIFIER.verify(text, NOW)) == ("llmgw_token_invalid" if text else "llmgw_token_missing")


def test_a_huge_token_is_refused_at_once() -> None:
    token = sign(claims(padding="x" * 20_000))
    assert code_of(lambda: VERIFIER.verify(token, NOW)) == "llmgw_token_invalid"


def test_without_keys_nothing_is_accepted() -> None:
    with pytest.raises(Refused) as caught:
        TokenVerifier(SETTINGS, NoKeys()).verify(sign(claims()), NOW)
    assert caught.value.refusal.code == "llmgw_token_invalid"
    assert "no current keys" in caught.value.refusal.message


def test_a_single_key_needs_no_kid() -> None:
    verifier = TokenVerifier(SETTINGS, FixedKeys(parse_jwks(public(EC))))
    assert verifier.verify(sign(claims(), kid=None), NOW).client_id == CLIENT


# Binding


def test_binding() -> None:
    good = Claims(CLIENT, AT + 1, FINGERPRINT)
    bind(RECORD, good, fingerprint=FINGERPRINT)
    bind(RECORD, replace(good, certificate_thumbprint=""), fingerprint=FINGERPRINT)
    for call in (
        lambda: bind(RECORD, good, fingerprint="cd" * 32),
        lambda: bind(RECORD, good),
        lambda: bind(RECORD, replace(good, client_id="other"), fingerprint=FINGERPRINT),
        lambda: bind(RECORD, replace(good, client_id="agent-dém\u00f8"), fingerprint=FINGERPRINT),
        lambda: bind(replace(RECORD, oauth_client_id=""), good, fingerprint=FINGERPRINT),
    ):
        assert code_of(call, FINGERPRINT, CLIENT) == "llmgw_token_mismatch"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((), None),
        ((("authorization", "Bearer sk-dummy"),), None),
        ((("x-api-key", "sk-ant-dummy"),), None),
        ((("Authorization", "Basic eyJ.a.b"),), None),
        ((("Authorization", "bearer  eyJh.a.b "),), "eyJh.a.b"),
        ((("X-Api-Key", "eyJh.a.b"),), "eyJh.a.b"),
        ((("x-llmgw-token", "eyJh.a.b"), ("authorization", "Bearer sk-dummy")), "eyJh.a.b"),
        ((("x-llmgw-token", "Bearer eyJh.a.b"),), "eyJh.a.b"),
        ((("authorization", "Bearer eyJh.a.b"), ("x-api-key", "eyJh.a.b")), "eyJh.a.b"),
        ((("authorization", "Bearer eyJh.a.b"), ("x-api-key", "dummy")), "eyJh.a.b"),
        ((("cookie", "eyJh.a.b"),), None),
        ((("authorization", "Bearer eyJh.a.b.c.d"),), None),
    ],
)
def test_where_a_token_stands(headers: tuple[tuple[str, str], ...], found: str | None) -> None:
    assert find_token(headers) == found


def test_two_tokens_are_one_too_many() -> None:
    headers = (("authorization", "Bearer eyJh.a.b"), ("authorization", "Bearer eyJh.a.c"))
    assert code_of(lambda: find_token(headers), "eyJh") == "llmgw_token_invalid"


def test_authenticate() -> None:
    sent = (("authorization", f"Bearer {sign(claims())}"),)
    required = TokenVerifier(SETTINGS.model_copy(update={"required": True}), FixedKeys(parse_jwks(public(EC))))
    assert VERIFIER.authenticate(RECORD, sent, identity=IDENTITY, now=NOW) == Claims(CLIENT, AT + 300)
    assert VERIFIER.authenticate(RECORD, (), identity=IDENTITY, now=NOW) is None
    dummy = (("authorization", "Bearer sk-dummy"),)
    assert VERIFIER.authenticate(RECORD, dummy, identity=IDENTITY, now=NOW) is None
    for headers in ((), dummy):
        assert code_of(lambda h=headers: required.authenticate(RECORD, h, identity=IDENTITY, now=NOW)) == (  # type: ignore[misc]
            "llmgw_token_missing"
        )
    other = replace(RECORD, oauth_client_id="another")
    assert code_of(lambda: VERIFIER.authenticate(other, sent, identity=IDENTITY, now=NOW)) == "llmgw_token_mismatch"


# Keys


@pytest.mark.filterwarnings("ignore:Key size")
def test_which_keys_are_taken() -> None:
    small = RSAKey.import_key(rsa.generate_private_key(65537, 1024), {"kid": "small"})
    entries = [key.as_dict(private=False) for key in (RSA, EC, ED)]
    entries += [
        small.as_dict(private=False),
        ECKey.generate_key("P-521").as_dict(private=False),
        OKPKey.generate_key("X25519").as_dict(private=False),
        {"kty": "AKP", "alg": "ML-DSA-65"},
        {**EC.as_dict(private=False), "kid": "enc", "use": "enc"},
    ]
    found = parse_jwks(json.dumps({"keys": [*entries, "odd"]}).encode())
    assert {key.kid for key in found.keys} == {"r1", "e1", "d1"}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"[]", "no list of keys"),
        (b"{}", "no list of keys"),
        (b'{"keys": {}}', "no list of keys"),
        (b'{"keys": []}', "no RSA"),
        (b'{"keys": [], "keys": []}', "not JSON"),
        (json.dumps({"keys": [EC.as_dict(private=True)]}).encode(), "private or symmetric"),
        (b'{"keys": [{"kty": "oct", "k": "AAAA"}]}', "private or symmetric"),
        (b'{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}', "cannot be read"),
        (b'{"keys": [{"kty": "RSA", "n": "!", "e": "AQAB"}]}', "no RSA"),
        (b" " * 1_048_577, "larger than"),
        (json.dumps({"keys": [{}] * 101}).encode(), "no list of keys"),
    ],
)
def test_sets_that_cannot_be_used(data: bytes, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        parse_jwks(data)


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(public(EC))
    verifier, refresher = token_verifier(SETTINGS.model_copy(update={"jwks_file": path}))
    old, new = sign(claims()), sign(claims(), RSA, alg="RS256", kid="r1")
    assert verifier is not None
    assert refresher is None
    assert token_verifier(None) == (None, None)
    assert verifier.verify(old, NOW)
    path.write_bytes(public(RSA))
    assert verifier.verify(new, NOW)
    assert code_of(lambda: verifier.verify(old, NOW)) == "llmgw_token_invalid"
    path.write_bytes(b"broken")
    assert code_of(lambda: verifier.verify(new, NOW)) == "llmgw_token_invalid"
    assert code_of(lambda: verifier.verify(new, NOW)) == "llmgw_token_invalid"
    path.unlink()
    with pytest.raises(KeysUnavailable, match="No such file"):
        FileKeys(path).keys(NOW)


async def test_fetched_keys_end_after_an_hour() -> None:
    answers: list[bytes | Exception] = [OSError(), ValueError(), b"broken", public(EC), TimeoutError()]

    async def fetch(url: str) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    source = FetchedKeys("https://login.corp.example/jwks", fetch, clock=lambda: NOW)
    with pytest.raises(KeysUnavailable, match="not fetched yet"):
        source.keys(NOW)
    assert [await source.refresh() for _ in range(3)] == [False, False, False]
    with pytest.raises(KeysUnavailable, match="ConfigurationError"):
        source.keys(NOW)
    assert await source.refresh()
    assert source.problem == ""
    assert not await source.refresh()
    assert source.keys(NOW + STALE_AFTER)
    with pytest.raises(KeysUnavailable, match="TimeoutError"):
        source.keys(NOW + STALE_AFTER + timedelta(seconds=1))


async def test_a_fetch_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.jwks.FETCH_SECONDS", 0.01)

    async def fetch(url: str) -> bytes:
        await asyncio.Event().wait()
        return b""

    assert not await FetchedKeys("https://x", fetch).refresh()


async def test_the_refresher_keeps_going(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.jwks.RETRY_SECONDS", 0.001)
    done = asyncio.Event()
    calls = 0

    async def fetch(url: str) -> bytes:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise OSError
        done.set()
        return public(EC)

    source = FetchedKeys("https://x", fetch)
    task = asyncio.create_task(source.run())
    await asyncio.wait_for(done.wait(), 5)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.keys(datetime.now(UTC))


@pytest.mark.parametrize(
    ("changes", "fetch", "says"),
    [
        ({"jwks_file": None}, False, "one of jwks_file and jwks_url"),
        ({"jwks_url": "https://x"}, False, "one of jwks_file and jwks_url"),
        ({"jwks_file": None, "jwks_url": "http://x"}, True, "https://"),
        ({"jwks_file": None, "jwks_url": "https://x"}, False, "CA bundle"),
    ],
)
def test_settings_that_name_no_keys(changes: dict[str, object], fetch: bool, says: str) -> None:
    async def nothing(url: str) -> bytes:
        return b""

    with pytest.raises(ConfigurationError, match=says):
        token_verifier(SETTINGS.model_copy(update=changes), nothing if fetch else None)


def test_fetching_over_https_trusts_the_named_ca_alone(tmp_path: Path) -> None:
    authority = Authority.root("idp")
    authority.issue_server(("127.0.0.1",)).write(tmp_path / "idp.crt", tmp_path / "idp.key")
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    (tmp_path / "other.pem").write_bytes(Authority.root("idp").pem)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/jwks?v=1" else 302)
            self.send_header("location", "/jwks?v=1")
            self.end_headers()
            self.wfile.write(public(EC))

        def log_message(self, *arguments: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "idp.crt", tmp_path / "idp.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"https://127.0.0.1:{server.server_port}/jwks"
        fetch = https_fetch(tmp_path / "ca.pem")
        assert parse_jwks(asyncio.run(fetch(url + "?v=1"))).keys[0].kid == "e1"
        with pytest.raises(ValueError, match="200"):
            asyncio.run(fetch(url))
        with pytest.raises(ssl.SSLCertVerificationError):
            asyncio.run(https_fetch(tmp_path / "other.pem")(url))
        with pytest.raises(ValueError, match="https"):
            asyncio.run(fetch(url.replace("https", "http")))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    with pytest.raises(ConfigurationError, match="PEM bundle"):
        https_fetch(tmp_path / "none.pem")


def test_only_asymmetric_algorithms_are_listed() -> None:
    assert not [name for name in ALGORITHMS if name.lower().startswith(("hs", "none"))]
