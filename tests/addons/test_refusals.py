"""What is refused early, late or twice: the client is told the first reason, with every header, and nobody hangs."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pytest

from addons.trust import Targets
from gateway.model import Upstream
from tests.addons.rig import Rig, World

HEADERS = (b"x-llmgw-request-id: ", b"x-llmgw-verdict: ", b"x-llmgw-level: ", b"x-llmgw-upstream: ", b"x-llmgw-rule: ")
PATH = "/v1/chat/completions"


def head(*fields: str, start: str = f"POST {PATH} HTTP/1.1") -> bytes:
    return "\r\n".join([start, "host: localhost", *fields, "", ""]).encode()


def nobody_known(rig: Rig) -> None:
    """Take every agent out of the registry."""
    registry = replace(rig.snapshot.registry, by_spiffe_id=MappingProxyType({}))
    rig.snapshot = replace(rig.snapshot, registry=registry)


async def test_a_stranger_with_a_large_body_is_told_that_it_is_a_stranger(world: World) -> None:
    rig = Rig(world)
    nobody_known(rig)
    async with rig.open():
        answer = await rig.send(head("content-type: application/json", "content-length: 99999999"))
    assert (answer.status, answer.code) == (401, "llmgw_unknown_agent")
    assert all(name in answer.data for name in HEADERS)
    assert [event["refusal_code"] for event in rig.evidence.events] == ["llmgw_unknown_agent"]


@pytest.mark.parametrize(
    "request_bytes",
    [b"GET / HTTP/1.0\r\n\r\n", b"nonsense\r\n\r\n", head("host: twice"), head("upgrade: websocket")],
    ids=["version", "no request", "two hosts", "upgrade"],
)
async def test_what_no_request_could_be_read_from_has_every_header(world: World, request_bytes: bytes) -> None:
    rig = Rig(world)
    async with rig.open():
        answer = await rig.send(request_bytes)
    assert 400 <= answer.status < 600
    assert all(name in answer.data for name in HEADERS)


async def test_a_fault_after_100_continue_is_told(world: World) -> None:
    rig = Rig(world)
    body = json.dumps({"model": "gpt-4.1", "messages": [{"role": "user", "content": "hello"}]}).encode()
    fields = ("content-type: application/json", "expect: 100-continue", f"content-length: {len(body)}")

    async def leave(_body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    rig.upstream.reply = leave
    async with rig.open():
        answer = await rig.send(head(*fields) + body)
        broken = await rig.send(head(*fields[:2], "transfer-encoding: chunked") + b"no size\r\n")
    assert b"HTTP/1.1 100" in answer.data and b"HTTP/1.1 502 " in answer.data
    assert b'"llmgw_upstream_failed"' in answer.data
    assert b"HTTP/1.1 100" in broken.data and b"HTTP/1.1 400 " in broken.data


async def test_the_refusal_of_head_ends_the_connection(world: World) -> None:
    rig = Rig(world)
    async with rig.open():
        answer = await rig.send(head(start=f"HEAD {PATH} HTTP/1.1"))
    assert answer.status == 405 and not answer.hung
    assert b"connection: close" in answer.data


async def test_a_flood_behind_a_request_is_cut(world: World) -> None:
    rig = Rig(world)
    limits = rig.snapshot.settings.limits.model_copy(update={"body_bytes": 100_000})
    settings = rig.snapshot.settings.model_copy(update={"limits": limits})
    rig.snapshot = replace(rig.snapshot, settings=settings)
    sent = 0

    async def never(_body: bytes, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    rig.upstream.reply = never
    body = json.dumps({"model": "gpt-4.1", "messages": [{"role": "user", "content": "hello"}]}).encode()
    async with rig.open():
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", rig.port, ssl=world.client_context("demo"), server_hostname="localhost"
        )
        writer.write(head("content-type: application/json", f"content-length: {len(body)}") + body)
        with pytest.raises(OSError):
            async with asyncio.timeout(5):
                while sent < 20_000_000:
                    writer.write(b"x" * 50_000)
                    await writer.drain()
                    sent += 50_000
                await reader.read()
                raise OSError  # closed in silence is closed too
        writer.transport.abort()
    assert sent < 20_000_000


def test_an_upstream_in_use_keeps_its_alias_however_often_another_changes() -> None:
    targets = Targets()
    plain: dict[str, Any] = {"scheme": "http", "port": 80, "sni": "", "prefix": ""}
    lasting = cast("Upstream", SimpleNamespace(id="lasting", host="a.example", **plain))
    alias = targets.of(lasting, "1").alias
    for number in range(400):
        renewed = cast("Upstream", SimpleNamespace(id="renewed", host=f"{number}.example", **plain))
        newest = targets.of(renewed, "1").alias
    targets.refresh("1")
    assert targets.of(lasting, "1").alias == alias
    assert targets.by_alias(alias).upstream is lasting
    assert targets.by_alias(newest).alias == newest
    assert len(targets._by_alias) <= 258
