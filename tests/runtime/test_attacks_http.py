"""HTTP parsing and smuggling, against the real listener: rows H, W and D-03 of the attack catalogue."""

from __future__ import annotations

import contextlib
import json
import ssl
import time
from collections.abc import Iterator

import pytest

from tests.support.attacks import MARKER, Attacker, answers
from tests.support.gateway import RunningGateway, chat, post, running

pytestmark = pytest.mark.runtime

BODY = chat(MARKER)
LENGTH = str(len(BODY))
PATH = "/v1/chat/completions"
HEADER_BYTES = 32_768


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    limits = {"headers_seconds": 0.5, "body_seconds": 0.5, "body_bytes": 200_000, "decoded_bytes": 100_000}
    with running(tmp_path_factory.mktemp("http"), settings={"limits": limits}) as instance:
        yield instance


@pytest.fixture(scope="module")
def attacker(gateway: RunningGateway) -> Attacker:
    return Attacker(gateway)


def head(*lines: str, start: str = f"POST {PATH} HTTP/1.1", host: str = "host: localhost") -> bytes:
    fields = [host, "content-type: application/json", *lines] if host else list(lines)
    return "\r\n".join([start, *fields, "", ""]).encode("latin-1")


def with_length(*lines: str, start: str = f"POST {PATH} HTTP/1.1") -> bytes:
    return head(f"content-length: {LENGTH}", *lines, start=start) + BODY


def chunked(data: bytes, *lines: str) -> bytes:
    return head("transfer-encoding: chunked", "connection: close", *lines) + data


CHUNK = f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n"

MALFORMED: dict[str, bytes] = {
    "CL and TE": head(f"content-length: {LENGTH}", "transfer-encoding: chunked") + CHUNK + b"0\r\n\r\n",
    "TE and CL": head("transfer-encoding: chunked", "content-length: 4") + CHUNK + b"0\r\n\r\n",
    "two lengths": with_length("content-length: 5"),
    "two equal lengths": with_length(f"content-length: {LENGTH}"),
    "list of lengths": head(f"content-length: {LENGTH}, {LENGTH}") + BODY,
    "length with plus": head(f"content-length: +{LENGTH}") + BODY,
    "length in hex": head("content-length: 0x20") + BODY,
    "negative length": head("content-length: -1") + BODY,
    "length with space inside": head("content-length: 1 0") + BODY,
    "length with underscore": head("content-length: 1_0") + BODY,
    "empty length": head("content-length:") + BODY,
    "absurd length": head(f"content-length: {'9' * 40}") + BODY,
    "space before colon": head(f"content-length : {LENGTH}") + BODY,
    "TE identity": chunked(CHUNK).replace(b": chunked", b": identity"),
    "TE gzip, chunked": chunked(CHUNK).replace(b": chunked", b": gzip, chunked"),
    "TE chunked twice": chunked(CHUNK).replace(b": chunked", b": chunked, chunked"),
    "TE xchunked": chunked(CHUNK).replace(b": chunked", b": xchunked"),
    "TE quoted": chunked(CHUNK).replace(b": chunked", b': "chunked"'),
    "TE vertical tab": chunked(CHUNK).replace(b": chunked", b": \x0bchunked"),
    "TE with parameter": chunked(CHUNK).replace(b": chunked", b": chunked;q=1"),
    "two TE": head("transfer-encoding: chunked", "transfer-encoding: chunked") + CHUNK,
    "TE.TE": head("transfer-encoding: chunked", "transfer-encoding: cow") + CHUNK,
    "trailer announced": chunked(CHUNK + b"0\r\n\r\n", "trailer: x-secret"),
    "obs-fold": with_length("x-a: b", " folded: c"),
    "obs-fold with tab": with_length("x-a: b", "\tfolded: c"),
    "fold before all": head().replace(b"host:", b" host:") + BODY,
    "NUL in a value": with_length("x-a: b\0c"),
    "NUL in a name": with_length("x\0a: b"),
    "bare CR": with_length("x-a: b\rx-c: d"),
    "bare LF": with_length("x-a: b\nx-c: d"),
    "bare LF all over": with_length().replace(b"\r\n", b"\n"),
    "LF LF in front of the end": with_length("x-a: b\n\nGET / HTTP/1.1"),
    "8-bit name": with_length("x-\xe9: b"),
    "name with a slash": with_length("x/a: b"),
    "no colon": with_length("broken line"),
    "empty name": with_length(": b"),
    "control in a value": with_length("x-a: b\x07"),
    "delete in a value": with_length("x-a: b\x7f"),
    "two hosts": with_length("host: other"),
    "no host": head(f"content-length: {LENGTH}", start=f"POST {PATH} HTTP/1.1", host="") + BODY,
    "empty host": head(f"content-length: {LENGTH}", host="host:") + BODY,
    "two content types": with_length("content-type: text/plain"),
    "two codings": with_length("content-encoding: identity", "content-encoding: gzip"),
    "two authorizations": with_length("authorization: Bearer a", "authorization: Bearer b"),
    "absolute form": with_length(start=f"POST https://api.openai.com{PATH} HTTP/1.1"),
    "absolute form, clear": with_length(start=f"POST http://127.0.0.1{PATH} HTTP/1.1"),
    "authority form": with_length(start="POST api.openai.com:443 HTTP/1.1"),
    "asterisk": head(start="OPTIONS * HTTP/1.1"),
    "CONNECT": head(start="CONNECT api.openai.com:443 HTTP/1.1"),
    "CONNECT to itself": head(start="CONNECT 127.0.0.1:22 HTTP/1.1"),
    "lower-case method": with_length(start=f"post {PATH} HTTP/1.1"),
    "mixed-case method": with_length(start=f"Post {PATH} HTTP/1.1"),
    "method with a tab": with_length(start=f"POST\t{PATH} HTTP/1.1"),
    "two spaces": with_length(start=f"POST  {PATH} HTTP/1.1"),
    "space in the target": with_length(start="POST /v1/chat /completions HTTP/1.1"),
    "8-bit target": with_length(start="POST /v1/ch\xe4t HTTP/1.1"),
    "space at the end": with_length(start=f"POST {PATH} HTTP/1.1 "),
    "lower-case version": with_length(start=f"POST {PATH} http/1.1"),
    "no version": with_length(start=f"POST {PATH}"),
    "HTTP/0.9": f"GET /v1/models?{MARKER}\r\n\r\n".encode(),
    "long version": with_length(start=f"POST {PATH} HTTP/1.10"),
    "empty line first": b"\r\n" + with_length(),
    "h2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "body on GET": head(f"content-length: {LENGTH}", start="GET /v1/models HTTP/1.1") + BODY,
    "body on DELETE": head(f"content-length: {LENGTH}", start="DELETE /v1/models HTTP/1.1") + BODY,
    "body on OPTIONS": head(f"content-length: {LENGTH}", start=f"OPTIONS {PATH} HTTP/1.1") + BODY,
    "body on TRACE": head(f"content-length: {LENGTH}", start=f"TRACE {PATH} HTTP/1.1") + BODY,
    "body on HEAD": head(f"content-length: {LENGTH}", start="HEAD /v1/models HTTP/1.1") + BODY,
    "chunked body on GET": head("transfer-encoding: chunked", start="GET /v1/models HTTP/1.1") + CHUNK + b"0\r\n\r\n",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_two_parsers_could_read_differently_is_refused(attacker: Attacker, case: str) -> None:
    answer = attacker.check_refused(MALFORMED[case], *EXPECTED.get(case, (400, "llmgw_malformed_request")))
    assert answer.headers["connection"] == "close"


EXPECTED = {
    "h2 preface": (505, "llmgw_malformed_request"),
}

VERSIONS = ["1.0", "1.2", "2.0", "0.9", "9.9"]


@pytest.mark.parametrize("version", VERSIONS)
def test_other_versions_are_refused(attacker: Attacker, version: str) -> None:
    request = with_length("connection: keep-alive", start=f"POST {PATH} HTTP/{version}")
    attacker.check_refused(request, 505, "llmgw_malformed_request")


UPGRADES: dict[str, bytes] = {
    "h2c": with_length("connection: upgrade, http2-settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQAAP__"),
    "unknown": with_length("connection: upgrade", "upgrade: TLS/1.0"),
    "websocket on GET": head("connection: upgrade", "upgrade: websocket", start="GET /v1/realtime HTTP/1.1"),
    "websocket on responses": head(
        "connection: Upgrade", "upgrade: websocket", "sec-websocket-key: x", start="GET /v1/responses HTTP/1.1"
    ),
    "without connection": with_length("upgrade: websocket"),
}


@pytest.mark.parametrize("case", UPGRADES)
def test_upgrades_are_refused_before_101(attacker: Attacker, case: str) -> None:
    attacker.check_refused(UPGRADES[case], 426, "llmgw_upgrade_refused")


TOO_MUCH: dict[str, bytes] = {
    "ten thousand headers": with_length(*(f"x{i}: y" for i in range(10_000))),
    "one header too many": with_length(*(f"x{i}: y" for i in range(100))),
    "a megabyte of headers": with_length(*(f"x{i}: {'y' * 8000}" for i in range(128))),
    "a megabyte in one": with_length("x: " + "y" * 1_000_000),
    "64 kB URL": with_length(start=f"POST /{'a' * 65_536} HTTP/1.1"),
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_header_bombs_end_at_the_bound(attacker: Attacker, case: str) -> None:
    attacker.check_refused(TOO_MUCH[case], 431, "llmgw_malformed_request")


TARGETS: dict[str, tuple[str, int]] = {
    "long": (f"/{'a' * 600}", 400),
    "longer than the line may be": (f"/{'a' * 9_000}", 400),
    "dot segments": ("/v1/../v1/chat/completions", 400),
    "dot": ("/v1/./chat/completions", 400),
    "encoded dot": ("/v1/%2e%2e/v1/chat/completions", 400),
    "encoded slash": ("/v1%2fchat/completions", 400),
    "encoded letter": ("/v1/%63hat/completions", 400),
    "semicolon": ("/v1/chat/completions;x=1", 400),
    "backslash": ("/v1\\chat/completions", 400),
    "overlong UTF-8": ("/v1/%c0%afchat", 400),
    "fragment": ("/v1/chat/completions#x", 400),
    "query": (f"/v1/chat/completions?key={MARKER}", 404),
    "upper case": ("/V1/chat/completions", 404),
    "trailing slash": ("/v1/chat/completions/", 404),
    "uploads": ("/v1/uploads", 404),
    "evals": ("/v1/evals", 404),
    "videos": ("/v1/videos", 404),
    "voices": ("/v1/audio/voices", 404),
    "fine-tuning": ("/v1/fine_tuning/jobs", 404),
    "vector stores": ("/v1/vector_stores", 404),
    "sessions": ("/v1/sessions", 404),
    "metrics": ("/metrics", 404),
    "readiness": ("/readyz", 404),
    "status": ("/status", 404),
    "canary": ("/canary", 404),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_target_is_one_canonical_path_or_refused(attacker: Attacker, case: str) -> None:
    target, status = TARGETS[case]
    code = "llmgw_malformed_request" if len(target) > 8_192 else "llmgw_unknown_route"
    attacker.check_refused(with_length("connection: close", start=f"POST {target} HTTP/1.1"), status, code)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO"])
def test_methods_are_on_a_list(gateway: RunningGateway, attacker: Attacker, method: str) -> None:
    got = attacker.raw(head("connection: close", start=f"{method} /v1/responses HTTP/1.1"))
    assert got.startswith(b"HTTP/1.1 405 ")
    assert gateway.stubs.count == 0


def test_repeated_slashes_reach_one_path(gateway: RunningGateway, attacker: Attacker) -> None:
    for target in ("//v1///chat/completions", "/v1/v1/chat/completions"):
        assert attacker.ask(post(target, chat("hello"))).status == 200
    assert {head.split(b" ")[1] for stub in gateway.stubs.by_name.values() for head, _ in stub.requests} == {
        PATH.encode()
    }


CHUNKS: dict[str, bytes] = {
    "size overflow": b"ffffffffffffffffff\r\n" + BODY,
    "0x": b"0x" + CHUNK + b"0\r\n\r\n",
    "negative": b"-1\r\n" + BODY + b"\r\n0\r\n\r\n",
    "space in front": b" " + CHUNK + b"0\r\n\r\n",
    "empty size": b"\r\n" + BODY,
    "bare LF": CHUNK.replace(b"\r\n", b"\n") + b"0\n\n",
    "no CRLF after data": CHUNK[:-2] + b"0\r\n\r\n",
    "too much data": CHUNK[:-2] + b"XX\r\n0\r\n\r\n",
    "plain body": BODY,
    "a trailer": CHUNK + b"0\r\nx-trailer: " + MARKER.encode() + b"\r\n\r\n",
    "many trailers": CHUNK + b"0\r\n" + b"content-length: 3\r\nhost: evil\r\n" * 10 + b"\r\n",
}

ENDLESS = frozenset({"size overflow", "bare LF", "plain body"})
"""What could still become a chunk: cut at the deadline for bodies."""


@pytest.mark.parametrize("case", CHUNKS)
def test_bad_chunks_are_refused(gateway: RunningGateway, attacker: Attacker, case: str) -> None:
    before = gateway.stubs.count
    found = answers(attacker.raw(chunked(CHUNKS[case])))
    wanted = [] if case in ENDLESS else [(400, "llmgw_malformed_request")]
    assert [(each.status, each.code) for each in found] == wanted
    for each in found:
        attacker.remember(each)
    assert gateway.stubs.count == before


def test_chunk_extensions_do_not_leave(gateway: RunningGateway, attacker: Attacker) -> None:
    body = chat("hello")
    data = f"{len(body):x};{MARKER}={MARKER}\r\n".encode() + body + f"\r\n0;{MARKER}\r\n\r\n".encode()
    assert attacker.ask(chunked(data)).status in (200, 400)
    assert MARKER.encode() not in gateway.stubs.seen


def test_pipelined_requests_are_decided_each_on_its_own(gateway: RunningGateway, attacker: Attacker) -> None:
    good = post(PATH, chat("hello"), close=False)
    found = answers(attacker.raw(good + MALFORMED["CL and TE"]))
    assert [(each.status, each.code) for each in found] == [(200, ""), (400, "llmgw_malformed_request")]
    attacker.remember(found[1])
    assert gateway.stubs.count == 1
    assert MARKER.encode() not in gateway.stubs.seen
    secret = post(
        PATH,
        chat("-----BEGIN RSA PRIVATE KEY-----\nMIIEow" + "A" * 80 + "\n-----END RSA PRIVATE KEY-----"),
        close=False,
    )
    found = answers(attacker.raw(good + secret + post(PATH, chat("again"))))
    assert [each.status for each in found] == [200, 400, 200]
    assert found[1].code == "llmgw_denied"
    assert len({each.request_id for each in found}) == 3
    assert gateway.stubs.count == 3


def test_a_smuggled_request_is_a_body_and_nothing_else(gateway: RunningGateway, attacker: Attacker) -> None:
    inner = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n"
    answer = attacker.ask(post(PATH, inner))
    assert (answer.status, answer.code) == (400, "llmgw_invalid_json")
    assert gateway.stubs.count == 0


STRIPPED = (
    ("x-http-method-override", "DELETE"),
    ("x-http-method", "PUT"),
    ("x-method-override", "PUT"),
    ("x-original-url", f"/{MARKER}"),
    ("x-rewrite-url", f"/{MARKER}"),
    ("x-forwarded-for", MARKER),
    ("x-forwarded-host", MARKER),
    ("forwarded", f"for={MARKER}"),
    ("via", f"1.1 {MARKER}"),
    ("x_agent_id", MARKER),
    ("x-agent-id", MARKER),
    ("x-llmgw-token", MARKER),
    ("x-llmgw-upstream", MARKER),
    ("cookie", f"a={MARKER}"),
    ("referer", f"https://{MARKER}"),
    ("user-agent", MARKER),
    ("traceparent", MARKER),
    ("baggage", MARKER),
    ("openai-organization", MARKER),
    ("openai-beta", f"{MARKER} x"),
    ("accept", MARKER),
    ("accept-language", MARKER),
    ("te", "trailers"),
    ("connection", "close"),
    ("proxy-authorization", f"Basic {MARKER}"),
    ("keep-alive", MARKER),
)


def test_only_listed_headers_go_upstream(gateway: RunningGateway, attacker: Attacker) -> None:
    answer = attacker.ask(post(PATH, chat("hello"), headers=STRIPPED, close=False))
    assert answer.status == 200
    [(sent, _)] = gateway.stubs["third-party-openai"].requests
    names = [line.split(b":")[0] for line in sent.split(b"\r\n")[1:] if line]
    wanted = [b"host", b"user-agent", b"content-type", b"accept-encoding", b"content-length", b"authorization"]
    assert names == wanted
    assert MARKER.encode() not in gateway.stubs.seen


def closed_within(attacker: Attacker, data: bytes, seconds: float, *, drip: bytes = b"") -> tuple[float, bytes]:
    """How long the gateway keeps a connection that sends `data` and then a byte of `drip` now and then."""
    with attacker.connected(seconds=0.2) as secure:
        secure.sendall(data)
        start, got, drip = time.monotonic(), b"", drip * 1000
        while time.monotonic() - start < seconds:
            with contextlib.suppress(TimeoutError):
                try:
                    chunk = secure.recv(65_536)
                except TimeoutError:
                    raise
                except (ConnectionError, ssl.SSLError):
                    chunk = b""
                if not chunk:
                    return time.monotonic() - start, got
                got += chunk
            if drip:
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    secure.sendall(drip[:1])
                drip = drip[1:]
    pytest.fail(f"still open after {seconds} s")


SLOW: dict[str, tuple[bytes, bytes]] = {
    "headers stop": (b"POST /v1/chat/completions HTTP/1.1\r\nx: " + MARKER.encode(), b""),
    "headers drip": (b"POST /v1/chat/completions HTTP/1.1\r\nx: ", b"y"),
    "body stops": (head("content-length: 1000") + b"{", b""),
    "body drips": (head("content-length: 1000") + b"{", b" "),
    "chunks drip": (head("transfer-encoding: chunked"), b"1\r\n \r\n"),
    "100-continue without a body": (head("content-length: 1000", "expect: 100-continue"), b""),
}


@pytest.mark.parametrize("case", SLOW)
def test_slow_requests_end_at_a_total_deadline(gateway: RunningGateway, attacker: Attacker, case: str) -> None:
    data, drip = SLOW[case]
    took, _ = closed_within(attacker, data, 6.0, drip=drip)
    assert took >= 0.4
    assert gateway.stubs.count == 0


def test_slow_requests_leave_events(gateway: RunningGateway, attacker: Attacker) -> None:
    before = len(gateway.events())
    closed_within(attacker, SLOW["headers stop"][0], 6.0)
    closed_within(attacker, SLOW["body stops"][0], 6.0)
    events = gateway.wait_for_events(before + 2)[before:]
    assert sorted((event["action"], event["refusal_code"], event["agent_id"]) for event in events) == [
        ("llm_call", "llmgw_request_timeout", "demo"),
        ("protocol_error", "llmgw_request_timeout", "demo"),
    ]


def test_expect_is_answered_and_the_body_taken(gateway: RunningGateway, attacker: Attacker) -> None:
    body = chat("hello")
    with attacker.connected() as secure:
        secure.sendall(head(f"content-length: {len(body)}", "expect: 100-continue", "connection: close"))
        assert secure.recv(1000).startswith(b"HTTP/1.1 100 ")
        secure.sendall(body)
        got = b""
        while chunk := secure.recv(65_536):
            got += chunk
    assert answers(got)[0].status == 200
    assert b"expect" not in gateway.stubs.seen


def test_a_body_over_the_bound_is_refused_before_it_comes(attacker: Attacker) -> None:
    attacker.check_refused(head("content-length: 200001", "connection: close"), 413, "llmgw_body_too_large")
    big = f"{200_001:x}\r\n".encode() + b" " * 200_001
    attacker.check_refused(chunked(big), 413, "llmgw_body_too_large")


def test_half_a_header_block_is_not_logged(gateway: RunningGateway, attacker: Attacker) -> None:
    with attacker.connected() as secure:
        secure.sendall(f"POST {PATH} HTTP/1.1\r\nauthorization: Bearer {MARKER}\r\nx".encode())
        secure.close()
    time.sleep(0.2)
    assert MARKER not in gateway.log.read_text()


def test_refusals_have_the_shape_of_the_dialect(attacker: Attacker) -> None:
    bad = with_length("content-length: 5", start="POST /v1/messages HTTP/1.1")
    tree = json.loads(attacker.ask(bad).body)
    assert tree["type"] == "error"
    assert tree["error"]["type"] == "invalid_request_error"


def test_last_every_refusal_is_an_event_and_the_gateway_is_well(gateway: RunningGateway, attacker: Attacker) -> None:
    attacker.check_events()
    attacker.check_alive()
    kinds = {event["action"] for event in gateway.events()}
    assert kinds == {"llm_call", "protocol_error"}
    lines = gateway.log.read_text().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert MARKER not in "\n".join(lines)
    assert "step_failed" not in "\n".join(lines)
