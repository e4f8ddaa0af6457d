"""Upstreams that answer wrongly, too much, in pieces or not at all: a native error, never their bytes."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

import addons.response
from gateway.errors import Refusal, Refused
from tests.addons.rig import (
    ECHO,
    MAIL,
    PLACEHOLDER,
    Answer,
    Rig,
    World,
    chunk,
    completion,
    http_answer,
    said,
    soon,
)

type Reply = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
MARK = b"the-upstreams-own-words"
HTML = b"<html><title>the-upstreams-own-words</title>Please log in</html>"
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def always(data: bytes, *, close: bool = True) -> Reply:
    async def reply(_body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if close:
            writer.close()

    return reply


BODY = completion(MARK.decode())
JSON = "content-type: application/json"
GZIP = "content-encoding: gzip"
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
ANSWERS: dict[str, bytes] = {
    "html": http_answer(HTML, "content-type: text/html"),
    "html that claims json": http_answer(HTML),
    "no content type": http_answer(BODY, "x-nothing: 1"),
    "plain text": http_answer(BODY, "content-type: text/plain"),
    "json that is cut": http_answer(BODY[:-9]),
    "not utf-8": http_answer(b'{"id":"\xff the-upstreams-own-words"}'),
    "redirect 301": http_answer(b"", "location: https://evil.example/", status="301 Moved"),
    "redirect 302": http_answer(BODY, "location: /v2", JSON, status="302 Found"),
    "redirect 307": http_answer(BODY, "location: //evil.example", JSON, status="307 T"),
    "redirect 308": http_answer(BODY, "location: https://evil.example", JSON, status="308 P"),
    "switching protocols": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"
    + MARK,
    "interim status": b"HTTP/1.1 103 Early Hints\r\nlink: </the-upstreams-own-words>\r\n\r\n" + http_answer(BODY),
    "interim storm": b"HTTP/1.1 100 Continue\r\n\r\n" * 2000 + http_answer(BODY),
    "garbage": b"\x16\x03\x01the-upstreams-own-words" * 100,
    "an ssh banner": b"SSH-2.0-the-upstreams-own-words\r\n",
    "HTTP/0.9": b"the-upstreams-own-words",
    "HTTP/2.0 status line": b"HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "status 99": b"HTTP/1.1 099 What\r\ncontent-length: 2\r\n\r\n{}",
    "status 999": b"HTTP/1.1 999 What\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    "two lengths": OK + b"content-length: 2\r\ncontent-length: 90\r\n\r\n{}",
    "length and chunked": OK + b"content-length: 2\r\n"
    b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "unknown transfer coding": OK + b""
    b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "bad chunk size": OK + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
    "trailers": OK + b"transfer-encoding: chunked\r\n\r\n"
    b"2\r\n{}\r\n0\r\nx-the-upstreams-own-words: 1\r\n\r\n",
    "folded header": OK + b"x-a: 1\r\n the-upstreams-own-words\r\n"
    b"content-length: 2\r\n\r\n{}",
    "bare line feeds": b"HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-length: 2\n\n{}",
    "endless header": b"HTTP/1.1 200 OK\r\n" + b"x-pad: " + b"a" * 80_000,
    "announced too large": OK + b"content-length: 99999999\r\n\r\n" + MARK,
    "too large, chunked": OK + b"transfer-encoding: chunked\r\n\r\n"
    + (b"8000\r\n" + b"a" * 0x8000 + b"\r\n") * 4,
    "gzip bomb": http_answer(gzip.compress(b" " * 2_000_000 + BODY), JSON, GZIP),
    "gzip that is none": http_answer(BODY, JSON, GZIP),
    "unknown coding": http_answer(BODY, JSON, "content-encoding: the-upstreams-own"),
    "compressed stream": http_answer(
        gzip.compress(b"data: {}\n\n"), "content-type: text/event-stream", GZIP
    ),
    "cut before its length": OK + b"content-length: 900\r\n\r\n" + BODY,
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-type: appl",
    "401": http_answer(b'{"error":{"message":"the-upstreams-own-words: bad key"}}', status="401 Unauthorized"),
    "403": http_answer(b'{"error":{"message":"the-upstreams-own-words"}}', status="403 Forbidden"),
    "500 html": http_answer(HTML, "content-type: text/html", status="500 Internal Server Error"),
    "503 html": http_answer(HTML, "content-type: text/html", status="503 Service Unavailable"),
}  # fmt: skip


def native_error(answer: Answer) -> None:
    assert not answer.hung
    assert answer.status == 502, answer.data[:200]
    assert answer.code.startswith("llmgw_")
    assert MARK not in answer.data
    assert b"evil.example" not in answer.data
    assert answer.data.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_wrong_answer(world: World, kind: str, stream: bool) -> None:
    rig = Rig(world)
    rig.upstream.reply, echo = always(ANSWERS[kind]), rig.upstream.reply
    async with rig.open():
        answer = await rig.ask(stream=stream)
        native_error(answer)
        assert rig.upstream.connections == 1, "a retry or a redirect was followed"
        (event,) = rig.evidence.events
        assert event["outcome"] in ("upstream_error", "refused")
        assert event["refusal_code"] == answer.code
        assert MARK.decode() not in json.dumps(event)
        rig.upstream.reply = echo
        rig.surroundings.unavailable.clear()
        assert (await rig.ask()).status == 200, "the next client is not touched"


async def test_bytes_after_an_answer_reach_nobody(world: World) -> None:
    """Response splitting: a second answer behind the first is not taken for the answer to the next request."""
    rig = Rig(world)
    rig.upstream.reply = always(http_answer(completion("first")) + http_answer(completion(MARK.decode())), close=False)
    async with rig.open():
        body = json.dumps({"model": "gpt-4.1", "messages": [{"role": "user", "content": "hello"}]}).encode()
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: "
        request = head + str(len(body)).encode() + b"\r\n"
        data = request + b"\r\n" + body + request + b"connection: close\r\n\r\n" + body
        rest = await rig.send(data)
    assert MARK not in rest.data


async def test_headers_of_an_answer_pass_by_a_list(world: World) -> None:
    rig = Rig(world)
    secret = (
        "set-cookie: a=the-upstreams-own-words",
        "strict-transport-security: max-age=1",
        "server: nginx",
        "link: </x>",
    )
    other = ("alt-svc: h3=:443", "refresh: 0; url=//evil.example", "access-control-allow-origin: *", "via: 1.1 x")
    kept = ("content-type: application/json", "x-request-id: req_1", "x-ratelimit-remaining-tokens: 7")
    rig.upstream.reply = always(http_answer(completion("fine"), *secret, *other, *kept))
    async with rig.open():
        answer = await rig.ask("hello")
    assert answer.status == 200
    head = answer.data.partition(b"\r\n\r\n")[0].lower()
    names = {line.partition(b":")[0] for line in head.split(b"\r\n")[1:]}
    assert {name for name in names if not name.startswith(b"x-llmgw-")} == {
        b"content-type", b"content-length", b"x-request-id", b"x-ratelimit-remaining-tokens",
    }  # fmt: skip


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "429 Too Many Requests", "500 Internal"])
async def test_an_error_of_the_upstream_is_restored_like_an_answer(world: World, status: str) -> None:
    async def quote(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http_answer(json.dumps({"error": {"message": f"bad: {said(body)}"}}).encode(), status=status))

    rig = Rig(world)
    rig.upstream.reply = quote
    async with rig.open():
        answer = await rig.ask()
    assert answer.status == int(status[:3])
    assert MAIL.encode() in answer.body and PLACEHOLDER not in answer.data


def events_of(answer: Answer) -> list[Any]:
    """Data of each event of a chunked stream."""
    body, rest = b"", answer.body
    while match := re.match(rb"([0-9a-f]+)\r\n", rest):
        size = int(match[1], 16)
        body += rest[match.end() : match.end() + size]
        rest = rest[match.end() + size + 2 :]
    return [json.loads(line[6:]) for line in body.split(b"\n") if line.startswith(b"data: {")]


def ends_natively(answer: Answer) -> None:
    """The stream began, ended with an error event, and its chunked framing is whole."""
    assert not answer.hung
    assert answer.status == 200
    assert answer.data.endswith(b"0\r\n\r\n"), answer.data[-200:]
    last = events_of(answer)[-1]
    assert str(last["error"]["code"]).startswith("llmgw_")
    assert PLACEHOLDER not in answer.data


@pytest.mark.parametrize("broken", [RuntimeError("a secret detail"), Refused(Refusal("llmgw_made_up", 502, "no"))])
async def test_a_filter_that_fails_in_mid_stream(
    world: World, monkeypatch: pytest.MonkeyPatch, broken: Exception
) -> None:
    real = addons.response.stream_filter
    fed: list[bytes] = []

    def fragile(*args: Any, **more: Any) -> Any:
        made = real(*args, **more)
        feed = made.feed

        def failing(data: bytes) -> bytes:
            fed.append(data)
            if len(fed) > 1:
                raise broken
            return bytes(feed(data))

        made.feed = failing
        return made

    async def slow(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM_HEAD + chunk(ECHO))
        await writer.drain()
        await asyncio.sleep(0.05)
        for piece in re.findall(".{1,9}", said(body)):
            writer.write(chunk(piece))
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.write(chunk("the-upstreams-own-words") + b"0\r\n\r\n")

    monkeypatch.setattr(addons.response, "stream_filter", fragile)
    rig = Rig(world)
    rig.upstream.reply = slow
    async with rig.open():
        answer = await rig.ask(stream=True)
        ends_natively(answer)
        assert MARK not in answer.data
        assert b"secret detail" not in answer.data
        assert rig.metric("llmgw_hook_failures_total") == 1
        (event,) = rig.evidence.events
        assert event["refusal_code"].startswith("llmgw_")
        monkeypatch.undo()
        assert (await rig.ask(stream=True)).status == 200


BREAKS: dict[str, bytes] = {
    "closes": b"",
    "closes in a chunk": b"40\r\ndata: {",
    "bad chunk": b"zz\r\nthe-upstreams-own-words",
    "an endless event": b"".join(b"8000\r\n" + b"data: " + b"a" * (0x8000 - 6) + b"\r\n" for _ in range(4)),
    "not utf-8": b"c\r\ndata: \xff\xfe\n\n\r\n0\r\n\r\n",
    "trailers": b"0\r\nx-the-upstreams-own-words: 1\r\n\r\n",
}


@pytest.mark.parametrize("kind", BREAKS)
async def test_an_upstream_that_breaks_off_in_mid_stream(world: World, kind: str) -> None:
    async def breaks(body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM_HEAD + chunk(ECHO))
        for piece in re.findall(".{1,9}", said(body))[:4]:
            writer.write(chunk(piece))
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(BREAKS[kind])
        await writer.drain()
        writer.close()

    rig = Rig(world)
    rig.upstream.reply, echo = breaks, rig.upstream.reply
    async with rig.open():
        answer = await rig.ask(stream=True)
        ends_natively(answer)
        assert MARK not in answer.data
        (event,) = rig.evidence.events
        assert event["refusal_code"].startswith("llmgw_")
        rig.upstream.reply = echo
        assert (await rig.ask(stream=True)).status == 200


async def test_an_upstream_that_stalls_in_mid_stream(world: World) -> None:
    """The sweeper's deadline ends the stream natively."""

    async def stalls(_body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM_HEAD + chunk(ECHO))
        await writer.drain()
        await asyncio.sleep(30)

    rig = Rig(world)
    rig.upstream.reply = stalls
    rig.snapshot = _impatient(world)
    async with rig.open():
        answer = await rig.ask(stream=True)
        ends_natively(answer)
        assert events_of(answer)[-1]["error"]["code"] == "llmgw_upstream_timeout"


async def test_an_upstream_that_never_answers(world: World) -> None:
    async def never(_body: bytes, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    rig = Rig(world)
    rig.upstream.reply = never
    rig.snapshot = _impatient(world)
    async with rig.open():
        answer = await rig.ask()
    assert (answer.status, answer.code, answer.hung) == (504, "llmgw_upstream_timeout", False)


def _impatient(world: World) -> Any:
    policy = world.snapshot.policy
    quick = {name: replace(each, response_seconds=0.3) for name, each in policy.upstreams.items()}
    rules = tuple(replace(rule, route=tuple(quick[each.id] for each in rule.route)) for rule in policy.rules)
    return replace(world.snapshot, policy=replace(policy, upstreams=quick, rules=rules))


async def test_a_client_that_leaves_in_mid_stream_closes_the_upstream(world: World) -> None:
    gone = asyncio.Event()

    async def endless(_body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM_HEAD)
        try:
            for _ in range(500):
                writer.write(chunk("more"))
                await writer.drain()
                await asyncio.sleep(0.01)
        except OSError:
            gone.set()
            raise

    rig = Rig(world)
    rig.upstream.reply = endless
    async with rig.open():
        asking = asyncio.create_task(rig.ask(stream=True))
        await soon(lambda: rig.upstream.requests)
        await asyncio.sleep(0.1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        async with asyncio.timeout(2):
            await gone.wait()
        await soon(lambda: rig.evidence.events)
    assert rig.evidence.events[0]["outcome"] == "aborted"


async def test_chunks_where_there_can_be_none_are_the_upstreams_fault(world: World) -> None:
    for status in ("HTTP/1.0 200 OK", "HTTP/1.1 204 No Content"):
        head = f"{status}\r\n{JSON}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        rig = Rig(world)
        rig.upstream.reply = always(head + b"3\r\n{ }\r\n0\r\n\r\n")
        async with rig.open():
            answer = await rig.ask()
        assert (answer.status, answer.code) == (502, "llmgw_upstream_failed")
        assert b"x-llmgw-rule: " in answer.data
        assert [event["outcome"] for event in rig.evidence.events] == ["upstream_error"]
