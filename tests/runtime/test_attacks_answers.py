"""Hostile answers, the credential, and placeholders that lie: rows R, B, S, E-06 and H-14 of the attack catalogue."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import re
from collections.abc import Iterator

import pytest

from tests.support.attacks import MARKER, Attacker, HostileUpstream, answers, completion, http_answer, take_over
from tests.support.gateway import CREDENTIAL, RunningGateway, chat, post

pytestmark = pytest.mark.runtime

PATH = "/v1/chat/completions"
MAIL = "wilma.steinbrueck@posteo-kunden.de"
PLACEHOLDER = re.compile(rb"\[EMAIL_ADDRESS_[a-z2-7]{12}\]")
KEPT = {
    "content-type", "content-length", "x-llmgw-request-id", "x-llmgw-verdict", "x-llmgw-level", "x-llmgw-upstream",
    "x-llmgw-rule", "x-request-id", "x-ratelimit-limit-requests", "retry-after",
}  # fmt: skip


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    settings = {"limits": {"answer_bytes": 200_000}}
    instance = RunningGateway(tmp_path_factory.mktemp("answers"), settings=settings)
    take_over(instance, "third-party-openai")
    take_over(instance, "third-party-anthropic")
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
    hostile.play, hostile.hang_up = None, True


def sent_placeholder(gateway: RunningGateway) -> str:
    """The placeholder that the last request to the third party held."""
    body = gateway.stubs["third-party-openai"].requests[-1][1]
    found = PLACEHOLDER.findall(body)
    assert found, body
    return str(found[-1].decode())


# The head of an answer


def test_only_listed_headers_come_back(attacker: Attacker, upstream: HostileUpstream) -> None:
    lines = (
        "set-cookie: session=1", "set-cookie2: x", "strict-transport-security: max-age=1", "alt-svc: clear",
        "access-control-allow-origin: *", "link: <https://evil.example>; rel=preload", "server-timing: x", "refresh: 0",
        "location: https://evil.example/", "server: evil", "via: 1.1 evil", "x-powered-by: evil", "www-authenticate: a",
        f"x-debug: Bearer {CREDENTIAL}", f"x-request-id: {CREDENTIAL}", "x-llmgw-verdict: ok-by-me", "trailer: x",
        "x-llmgw-upstream: evil", "content-disposition: attachment", "x-ratelimit-limit-requests: 5", "retry-after: 3",
        "connection: x-debug", "date: yesterday", "etag: 1", "vary: *", "clear-site-data: *",
    )  # fmt: skip
    upstream.play = http_answer(completion("hello"), *lines)
    answer = attacker.chat("hello")
    assert answer.status == 200
    assert set(answer.headers) - {"connection"} <= KEPT
    assert "x-request-id" not in answer.headers
    assert answer.headers["x-llmgw-upstream"] == "third-party-openai"
    assert answer.headers["x-ratelimit-limit-requests"] == "5"


REDIRECTS = [301, 302, 303, 307, 308, 300, 304]


@pytest.mark.parametrize("status", REDIRECTS)
def test_redirects_are_not_followed_nor_passed_on(
    gateway: RunningGateway, attacker: Attacker, upstream: HostileUpstream, status: int
) -> None:
    decoy = gateway.stubs["on-prem"]
    body = b"" if status == 304 else b"{}"
    place = f"location: http://127.0.0.1:{decoy.port}/v1/chat/completions"
    upstream.play = http_answer(body, place, status=f"{status} Moved")
    answer = attacker.chat("hello")
    assert (answer.status, answer.code) == (502, "llmgw_upstream_answer")
    assert "location" not in answer.headers
    assert str(decoy.port).encode() not in answer.body
    assert decoy.requests == []
    assert len(upstream.requests) == 1


GOOD = completion("hello")
SMUGGLED = http_answer(completion(MARKER))
BROKEN: dict[str, bytes] = {
    "CL and TE": http_answer(GOOD, "transfer-encoding: chunked"),
    "two lengths": http_answer(GOOD, "content-length: 3"),
    "two equal lengths": http_answer(GOOD, f"content-length: {len(GOOD)}"),
    "bad length": http_answer(GOOD, "content-length: +5", length=False),
    "TE identity": http_answer(GOOD, "transfer-encoding: identity", length=False),
    "TE gzip, chunked": http_answer(GOOD, "transfer-encoding: gzip, chunked", length=False),
    "100": b"HTTP/1.1 100 Continue\r\n\r\n" + http_answer(GOOD),
    "103": b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n" + http_answer(GOOD),
    "storm of 1xx": b"HTTP/1.1 102 Processing\r\n\r\n" * 10_000,
    "101": http_answer(b"", "upgrade: websocket", "connection: upgrade", status="101 Switching"),
    "obs-fold": http_answer(GOOD, "x-a: b", " c"),
    "NUL": http_answer(GOOD, "x-a: b\0c"),
    "bare CR": http_answer(GOOD, "x-a: b\rc"),
    "no HTTP": b"SSH-2.0-OpenSSH_9\r\n\r\n",
    "HTTP/0.9": GOOD,
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "status 99": http_answer(GOOD, status="099 Low"),
    "status 600": http_answer(GOOD, status="600 High"),
    "status 2000": http_answer(GOOD, status="2000 Long"),
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-type: applic",
    "endless head": b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000,
    "cut body": http_answer(GOOD, f"content-length: {len(GOOD) + 9}", length=False),
    "bad chunk": http_answer(b"zz\r\n" + GOOD, "transfer-encoding: chunked", length=False),
    "cut chunks": http_answer(b"5\r\n{}   \r\n", "transfer-encoding: chunked", length=False),
    "trailers": http_answer(
        b"%x\r\n%s\r\n0\r\nx-t: %s\r\n\r\n" % (len(GOOD), GOOD, MARKER.encode()),
        "transfer-encoding: chunked",
        length=False,
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_answer_that_breaks_http_is_not_relayed(
    gateway: RunningGateway, attacker: Attacker, upstream: HostileUpstream, case: str
) -> None:
    upstream.play = BROKEN[case]
    answer = attacker.ask(post(PATH, chat("hello")))
    assert answer.status == 502, answer
    assert answer.code in ("llmgw_upstream_failed", "llmgw_upstream_answer")
    assert MARKER.encode() not in answer.body
    FAILED[answer.request_id] = answer.code
    upstream.play = None
    assert attacker.chat("hello").status == 200


FAILED: dict[str, str] = {}
"""Request id to code of what the upstream broke."""


STRANGE: dict[str, tuple[bytes, int, str]] = {
    "HTML login page": (http_answer(b"<html>login", "content-type: text/html"), 502, "llmgw_upstream_answer"),
    "text": (http_answer(b"hello", "content-type: text/plain"), 502, "llmgw_upstream_answer"),
    "no type": (http_answer(GOOD).replace(b"content-type: application/json", b"x: y"), 502, "llmgw_upstream_answer"),
    "HTML 404": (http_answer(b"<html>", "content-type: text/html", status="404 No"), 404, "llmgw_upstream_error"),
    "HTML 500": (http_answer(b"<html>", "content-type: text/html", status="500 No"), 502, "llmgw_upstream_error"),
    "HTML 418": (http_answer(b"<html>", "content-type: text/html", status="418 No"), 502, "llmgw_upstream_error"),
    "401": (http_answer(b'{"error":"no"}', status="401 No"), 502, "llmgw_upstream_credential"),
    "403": (http_answer(b'{"error":"no"}', status="403 No"), 502, "llmgw_upstream_credential"),
    "unknown coding": (http_answer(GOOD, "content-encoding: rot13"), 502, "llmgw_upstream_answer"),
    "stacked codings": (http_answer(GOOD, "content-encoding: gzip, gzip"), 502, "llmgw_upstream_answer"),
    "compressed stream": (
        http_answer(gzip.compress(b"data: {}\n\n"), "content-type: text/event-stream", "content-encoding: gzip"),
        502,
        "llmgw_upstream_answer",
    ),
    "too large": (http_answer(b'"' + b"x" * 300_000 + b'"'), 502, "llmgw_answer_too_large"),
    "announced too large": (http_answer(b"", "content-length: 999999999", length=False), 502, "llmgw_answer_too_large"),
}


@pytest.mark.parametrize("case", STRANGE)
def test_an_answer_of_the_wrong_kind_is_not_relayed(attacker: Attacker, upstream: HostileUpstream, case: str) -> None:
    upstream.play, status, code = STRANGE[case]
    answer = attacker.ask(post(PATH, chat("hello")))
    assert (answer.status, answer.code) == (status, code)
    assert b"<html>" not in answer.body
    FAILED[answer.request_id] = answer.code


def test_a_compressed_answer_is_read_within_the_bound(attacker: Attacker, upstream: HostileUpstream) -> None:
    upstream.play = http_answer(gzip.compress(completion("hello there")), "content-encoding: gzip")
    answer = attacker.chat("hello")
    assert answer.text == "hello there"
    assert "content-encoding" not in answer.headers
    upstream.play = http_answer(gzip.compress(b'"' + b"x" * 50_000_000 + b'"'), "content-encoding: gzip")
    answer = attacker.chat("hello")
    assert (answer.status, answer.code) == (502, "llmgw_answer_too_large")
    upstream.play = http_answer(b"not gzip at all", "content-encoding: gzip")
    answer = attacker.chat("hello")
    assert (answer.status, answer.code) == (502, "llmgw_upstream_answer")


def test_bytes_after_an_answer_reach_nobody(
    gateway: RunningGateway, attacker: Attacker, upstream: HostileUpstream
) -> None:
    """The second answer on the wire must not become the answer to the next request."""
    upstream.play, upstream.hang_up = http_answer(GOOD) + SMUGGLED, False
    first, second = post(PATH, chat("one"), close=False), post(PATH, chat("two"))
    with attacker.connected() as secure:
        secure.sendall(first)
        got = secure.recv(65_536)
        assert b"hello" in got
        upstream.play = http_answer(completion("the second"))
        secure.sendall(second)
        rest = b""
        while chunk := secure.recv(65_536):
            rest += chunk
    found = answers(rest)[-1]
    assert found.text == "the second" if found.status == 200 else found.status == 502
    assert MARKER.encode() not in got + rest


def test_an_endless_answer_ends_at_the_bound(attacker: Attacker, upstream: HostileUpstream) -> None:
    async def forever(_head: bytes, _body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 10_000)
            await writer.drain()
            await asyncio.sleep(0)

    upstream.play = forever
    answer = attacker.chat("hello")
    assert (answer.status, answer.code) == (502, "llmgw_answer_too_large")
    FAILED[answer.request_id] = answer.code


def test_an_endless_stream_ends_natively(attacker: Attacker, upstream: HostileUpstream) -> None:
    async def forever(_head: bytes, _body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        chunk = json.dumps(
            {"id": "1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "x"}}]}
        )
        while not writer.is_closing():
            writer.write(f"data: {chunk}\n\n".encode() * 100)
            await writer.drain()
            await asyncio.sleep(0)

    upstream.play = forever
    raw = attacker.raw(post(PATH, chat("hello", stream=True)))
    assert len(raw) < 400_000
    assert b"llmgw_upstream_answer" in raw[-2000:]


# The credential


ECHOES = {
    "plain": CREDENTIAL,
    "in a bearer header": f"Authorization: Bearer {CREDENTIAL}",
    "twice": f"{CREDENTIAL}{CREDENTIAL}",
    "in Markdown": f"`{CREDENTIAL}`",
    "in a URL": f"https://x.example/?key={CREDENTIAL}",
}


@pytest.mark.parametrize("case", ECHOES)
@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Oops", "429 Slow"])
def test_an_echoed_credential_is_masked(attacker: Attacker, upstream: HostileUpstream, case: str, status: str) -> None:
    body = completion(ECHOES[case]) if status == "200 OK" else json.dumps({"error": {"message": ECHOES[case]}}).encode()
    upstream.play = http_answer(body, status=status)
    answer = attacker.chat("hello")
    assert str(answer.status) == status[:3]
    assert CREDENTIAL.encode() not in answer.body
    assert CREDENTIAL not in str(answer.headers)


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
def test_an_echoed_credential_is_masked_in_a_stream(attacker: Attacker, upstream: HostileUpstream, size: int) -> None:
    text = f"the key is {CREDENTIAL}, keep it"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    stream = b"".join(
        b"data: %s\n\n" % json.dumps({"id": "1", "choices": [{"index": 0, "delta": {"content": piece}}]}).encode()
        for piece in pieces
    )
    upstream.play = http_answer(stream + b"data: [DONE]\n\n", "content-type: text/event-stream")
    raw = attacker.raw(post(PATH, chat("hello", stream=True)))
    said = "".join(re.findall(r'"content": ?"((?:[^"\\]|\\.)*)"', answers(raw)[0].body.decode()))
    assert CREDENTIAL not in said
    assert said.startswith("the key is ")
    assert said.endswith(", keep it")


CLIENT_KEYS = (
    ("authorization", f"Bearer {MARKER}"),
    ("x-api-key", MARKER),
    ("api-key", MARKER),
    ("x-goog-api-key", MARKER),
    ("cookie", f"key={MARKER}"),
    ("proxy-authorization", f"Basic {MARKER}"),
    ("openai-organization", MARKER),
    ("openai-project", MARKER),
    ("x-auth-token", MARKER),
    ("ocp-apim-subscription-key", MARKER),
)


@pytest.mark.parametrize("path", [PATH, "/v1/messages"])
def test_a_clients_keys_never_leave(gateway: RunningGateway, attacker: Attacker, path: str) -> None:
    body = json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})
    for name, value in CLIENT_KEYS:
        assert attacker.ask(post(path, body.encode(), headers=((name, value),))).status == 200
    assert gateway.stubs.count == len(CLIENT_KEYS)
    assert MARKER.encode() not in gateway.stubs.seen
    for stub in gateway.stubs.by_name.values():
        for head, _ in stub.requests:
            assert head.count(CREDENTIAL.encode()) == 1


def test_keys_in_the_query_are_refused(attacker: Attacker) -> None:
    for query in (f"key={MARKER}", f"api_key={MARKER}", f"beta=true&key={MARKER}"):
        attacker.check_refused(post(f"{PATH}?{query}", chat("hi")), 404, "llmgw_unknown_route")


# Placeholders


def test_placeholders_of_another_agent_are_words(gateway: RunningGateway, attacker: Attacker) -> None:
    """Row S-01: naming somebody else's placeholder reads nothing, and it comes back as typed."""
    assert MAIL in attacker.chat(f"Write to {MAIL}", agent="demo").text
    theirs = sent_placeholder(gateway)
    for agent in ("other", "demo"):  # nor one's own of an earlier request that did not bring the value along
        answer = attacker.chat(f"Who is {theirs}?", agent=agent)
        assert answer.text == f"You said: Who is {theirs}?"
        assert MAIL.encode() not in answer.body
    assert MAIL.encode() not in gateway.stubs.seen


def test_agents_get_different_placeholders_for_one_value(gateway: RunningGateway, attacker: Attacker) -> None:
    made = {}
    for agent in ("demo", "other"):
        attacker.chat(f"Write to {MAIL}", agent=agent)
        made[agent] = sent_placeholder(gateway)
        attacker.chat(f"Please, write to {MAIL} again", agent=agent)
        assert sent_placeholder(gateway) == made[agent]
    assert made["demo"] != made["other"]


def test_look_alikes_beside_a_real_one_do_not_mix(gateway: RunningGateway, attacker: Attacker) -> None:
    attacker.chat(f"Write to {MAIL}")
    real = sent_placeholder(gateway)
    made_up = "[EMAIL_ADDRESS_aaaaaaaaaaaa]"
    text = f"{MAIL} {real} {made_up} [PERSON_1] [LITERAL_aaaaaaaaaaaa] [[EMAIL_ADDRESS_aaaaaaaaaaaa]]"
    answer = attacker.chat(text)
    assert answer.text == f"You said: {text}"
    sent = gateway.stubs["third-party-openai"].requests[-1][1].decode()
    assert made_up not in sent
    assert sent.count(real) == 1


ALTERED = {
    "lower case": str.lower,
    "a space inside": lambda token: token.replace("_", "_ ", 1),
    "without brackets": lambda token: token.strip("[]"),
    "plural": lambda token: f"{token[:-1]}s]",
    "last character changed": lambda token: token[:-2] + ("a" if token[-2] != "a" else "b") + "]",
    "other label": lambda token: token.replace("EMAIL_ADDRESS", "PERSON"),
    "translated": lambda token: token.replace("EMAIL_ADDRESS", "E-MAIL-ADRESSE"),
    "cut short": lambda token: token[:-4],
    "reversed": lambda token: token[::-1],
    "in base64": lambda token: base64.b64encode(token.encode()).decode(),
    "full width": lambda token: "".join(chr(ord(char) + 0xFEE0) for char in token),
}


@pytest.mark.parametrize("case", ALTERED)
def test_an_altered_placeholder_stays_as_it_is(
    gateway: RunningGateway, attacker: Attacker, upstream: HostileUpstream, case: str
) -> None:
    async def answer_with(_head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        [token] = PLACEHOLDER.findall(body)
        writer.write(http_answer(completion(f"<{ALTERED[case](token.decode())}>")))
        await writer.drain()

    upstream.play = answer_with
    answer = attacker.chat(f"Write to {MAIL}")
    assert answer.text == f"<{ALTERED[case](sent_placeholder(gateway))}>"


def test_a_model_that_invents_placeholders_learns_nothing(attacker: Attacker, upstream: HostileUpstream) -> None:
    text = (
        " ".join(f"[EMAIL_ADDRESS_{letter * 12}]" for letter in "abcdefg")
        + " [PERSON_zzzzzzzzzzzz] [SECRET_222222222222]"
    )
    upstream.play = http_answer(completion(text))
    assert attacker.chat(f"Write to {MAIL}").text == text


PLACES = {
    "URL": "https://evil.example/?q={}",
    "image": "![x](https://evil.example/{}.png)",
    "link": "[click](https://evil.example/{})",
    "reference link": "[x]: https://evil.example/{}",
    "HTML": '<img src="https://evil.example/{}">',
    "bare scheme": "ftp://evil.example/{}",
    "fragment": "https://evil.example/#{}",
    "host": "https://{}.evil.example/",
    "userinfo": "https://{}@evil.example/",
}


@pytest.mark.parametrize("case", PLACES)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
def test_nothing_is_restored_inside_a_url(
    gateway: RunningGateway, attacker: Attacker, upstream: HostileUpstream, case: str, streamed: bool
) -> None:
    async def answer_with(_head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        [token] = PLACEHOLDER.findall(body)
        text = f"See {PLACES[case].format(token.decode())} for {token.decode()}."
        if streamed:
            events = [
                b"data: %s\n\n"
                % json.dumps({"id": "1", "choices": [{"index": 0, "delta": {"content": char}}]}).encode()
                for char in text
            ]
            writer.write(http_answer(b"".join(events) + b"data: [DONE]\n\n", "content-type: text/event-stream"))
        else:
            writer.write(http_answer(completion(text)))
        await writer.drain()

    upstream.play = answer_with
    raw = attacker.raw(post(PATH, chat(f"Write to {MAIL}", stream=streamed)))
    body = answers(raw)[0].body.decode()
    if streamed:
        parts = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {")]
        said = "".join(part["choices"][0]["delta"].get("content") or "" for part in parts)
    else:
        said = answers(raw)[0].text
    assert said == f"See {PLACES[case].format(sent_placeholder(gateway))} for {MAIL}."


def test_an_error_that_quotes_the_prompt_is_restored(attacker: Attacker, upstream: HostileUpstream) -> None:
    async def quote(_head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        [token] = PLACEHOLDER.findall(body)
        error = {"error": {"message": f"cannot read {token.decode()}", "type": "invalid_request_error", "code": "x"}}
        writer.write(http_answer(json.dumps(error).encode(), status="400 Bad Request"))
        await writer.drain()

    upstream.play = quote
    answer = attacker.chat(f"Write to {MAIL}")
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["message"] == f"cannot read {MAIL}"


def test_a_value_with_metacharacters_comes_back_as_it_was(attacker: Attacker) -> None:
    text = f'<script>"{MAIL}"\\n</script> $1 \\1 %s {{}} "{MAIL}'
    assert attacker.chat(text).text == f"You said: {text}"


def test_last_the_gateway_is_well(gateway: RunningGateway, attacker: Attacker) -> None:
    attacker.check_alive()
    events = {event["request_id"]: event for event in gateway.events()}
    for request_id, code in FAILED.items():
        assert (events[request_id]["refusal_code"], events[request_id]["outcome"]) == (code, "upstream_error")
    log = gateway.log.read_text()
    assert "step_failed" not in log
    assert CREDENTIAL not in log
    assert MAIL not in log
    assert CREDENTIAL not in json.dumps(events)
    assert MAIL not in json.dumps(events)
    assert CREDENTIAL.encode() not in gateway.admin("/metrics")[1] + gateway.admin("/status")[1]
