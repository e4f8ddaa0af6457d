"""Addons that are missing, misspelt or hostile, options that change, a refusal that fails: the barriers hold."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mitmproxy import http

import addons.dispatch
from addons.state import EXCHANGE, Permit
from gateway.errors import internal_error
from gateway.exchange import SlotTakenError
from gateway.model import ScanResult
from tests.addons.rig import ECHO, MAIL, PLACEHOLDER, Answer, Rig, World

CHAIN = (
    "Parking", "ClientIdentity", "Routes", "Dlp", "RefersUpstream", "Classifier", "Router", "EgressGuard", "Response",
    "Telemetry",
)  # fmt: skip


def nothing_left(rig: Rig, answer: Answer) -> None:
    """No byte at the upstream, no answer, nobody hangs."""
    assert not answer.hung
    assert rig.upstream.connections == 0
    assert not rig.upstream.data
    assert answer.status != 200
    assert answer.status == 0 or answer.code.startswith("llmgw_")


def no_raw_answer(answer: Answer) -> None:
    assert not answer.hung
    assert answer.status != 200
    assert PLACEHOLDER not in answer.data
    assert ECHO.encode() not in answer.data
    assert b"x-raw" not in answer.data


def test_the_list_of_addons_is_the_chain(world: World) -> None:
    async def names() -> tuple[str, ...]:
        return tuple(type(addon).__name__ for addon in Rig(world).chain())

    assert asyncio.run(names()) == CHAIN


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("missing", CHAIN)
async def test_a_missing_addon(world: World, missing: str, stream: bool) -> None:
    rig = Rig(world)
    chain = [addon for addon in rig.chain() if type(addon).__name__ != missing]
    assert len(chain) == len(CHAIN) - 1
    async with rig.open(chain):
        answer = await rig.ask(stream=stream)
    if missing == "Response":
        no_raw_answer(answer)
    elif missing == "Telemetry":
        if not stream:  # a stream's event is written at its end: only the self-check, which is plain, can tell
            no_raw_answer(answer)
    else:
        nothing_left(rig, answer)
    assert MAIL.encode() not in rig.upstream.data


@pytest.mark.parametrize("swapped", range(len(CHAIN) - 1))
async def test_two_addons_in_the_wrong_order(world: World, swapped: int) -> None:
    """Either the order does not matter, or nothing passes. It never lets a value out."""
    rig = Rig(world)
    chain = rig.chain()
    chain[swapped], chain[swapped + 1] = chain[swapped + 1], chain[swapped]
    async with rig.open(chain):
        answer = await rig.ask()
    assert not answer.hung
    assert MAIL.encode() not in rig.upstream.data
    assert PLACEHOLDER not in answer.data
    if answer.status != 200:
        assert answer.status == 0 or answer.code.startswith("llmgw_")


async def test_a_misspelt_hook_is_found_at_start(world: World) -> None:
    class Typo:
        def requst(self, flow: http.HTTPFlow) -> None:
            """Never called by anybody."""

    rig = Rig(world)
    chain = rig.chain()
    with pytest.raises(RuntimeError, match=r"Typo\.requst is not a hook"):
        rig.master.addons.install([*chain, Typo()])


async def test_the_refusal_itself_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret detail")

    rig = Rig(world)

    async def fails(_spans: object) -> Any:
        raise ValueError("first")

    rig.scanner.behave = fails
    monkeypatch.setattr(addons.dispatch, "refusal_response", broken)
    async with rig.open():
        answer = await rig.ask()
    nothing_left(rig, answer)
    assert rig.crashes[:2] == ["request", "refusal"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("stream_large_bodies", "1"), ("connection_strategy", "eager"), ("ssl_insecure", True), ("rawtcp", True)],
)
async def test_an_option_changed_at_run_time(world: World, option: str, value: object) -> None:
    rig = Rig(world)
    async with rig.open():
        assert (await rig.ask()).status == 200
        before = bytes(rig.upstream.data)
        rig.master.options.update(**{option: value})
        assert rig.surroundings.tampered == option
        answer = await rig.ask()
        assert answer.data == b"" and not answer.hung
        assert bytes(rig.upstream.data) == before


async def test_an_option_changed_under_an_open_connection(world: World) -> None:
    class Meddler:
        def requestheaders(self, flow: http.HTTPFlow) -> None:
            rig.master.options.update(stream_large_bodies="1")

    rig = Rig(world)
    async with rig.open([Meddler(), *rig.chain()]):
        answer = await rig.ask()
    nothing_left(rig, answer)


def rogue(hook: str, act: Any) -> Any:
    return type("Rogue", (), {hook: lambda self, flow: act(flow)})()


def _stream_request(flow: http.HTTPFlow) -> None:
    flow.request.stream = True


def _unlatch(flow: http.HTTPFlow) -> None:
    flow.response = None


def _redirect(flow: http.HTTPFlow) -> None:
    flow.response = None
    flow.request.host = "127.0.0.1"


def _forge_release(flow: http.HTTPFlow) -> None:
    flow.response = None
    flow.metadata[EXCHANGE].released = flow.request.host


def _drop_exchange(flow: http.HTTPFlow) -> None:
    flow.metadata.clear()
    flow.response = None


@pytest.mark.parametrize("act", [_stream_request, _unlatch, _redirect, _forge_release, _drop_exchange])
@pytest.mark.parametrize(
    ("hook", "place"), [("requestheaders", 1), ("requestheaders", 9), ("request", 0), ("request", 1)]
)
async def test_an_addon_that_unlatches(world: World, act: Any, hook: str, place: int) -> None:
    """Before the egress guard nothing but the guard can let a request through; the chain after it must still run."""
    rig = Rig(world)
    chain = rig.chain()

    def with_port(flow: http.HTTPFlow) -> None:
        act(flow)
        if act is _redirect:
            flow.request.port = world.upstream_port

    chain.insert(place, rogue(hook, with_port))
    async with rig.open(chain):
        answer = await rig.ask()
    assert not answer.hung
    assert MAIL.encode() not in rig.upstream.data
    assert PLACEHOLDER not in answer.data
    if hook == "requestheaders" or place == 0:
        nothing_left(rig, answer)


@pytest.mark.parametrize("act", [_unlatch, _redirect, _forge_release])
async def test_unlatching_after_a_refusal(world: World, act: Any) -> None:
    """The last addon takes the latch off although the scan was incomplete: neither permit nor release, no dial."""

    async def incomplete(_spans: object) -> ScanResult:
        return ScanResult((), False, "error")

    class Late:
        def responseheaders(self, flow: http.HTTPFlow) -> None:
            act(flow)

        def response(self, flow: http.HTTPFlow) -> None:
            act(flow)

    rig = Rig(world)
    rig.scanner.behave = incomplete
    async with rig.open([*rig.chain(), Late()]):
        answer = await rig.ask()
    nothing_left(rig, answer)


async def test_a_second_host_after_the_release(world: World) -> None:
    """An addon behind the guard points the released request elsewhere: the stream and the dial both compare."""

    def elsewhere(flow: http.HTTPFlow) -> None:
        flow.request.host, flow.request.port = "127.0.0.1", world.upstream_port

    rig = Rig(world)
    async with rig.open([*rig.chain(), rogue("request", elsewhere)]):
        answer = await rig.ask()
    nothing_left(rig, answer)
    assert rig.metric("llmgw_barrier_refusals_total") >= 1


async def test_a_permit_that_is_gone(world: World) -> None:
    def take(flow: http.HTTPFlow) -> None:
        rig.master.addons.connections[flow.client_conn.id].permit = None

    rig = Rig(world)
    async with rig.open([*rig.chain(), rogue("request", take)]):
        answer = await rig.ask()
    nothing_left(rig, answer)
    assert rig.metric("llmgw_barrier_refusals_total") >= 1


async def test_a_permit_for_another_address(world: World) -> None:
    def swap(flow: http.HTTPFlow) -> None:
        state = rig.master.addons.connections[flow.client_conn.id]
        state.permit = Permit("other.upstream.llmgw.invalid", "127.0.0.1", world.upstream_port, True, 1.0)

    rig = Rig(world)
    async with rig.open([*rig.chain(), rogue("request", swap)]):
        answer = await rig.ask()
    nothing_left(rig, answer)


async def test_a_permit_is_used_up(world: World) -> None:
    def look(flow: http.HTTPFlow) -> None:
        left.append(rig.master.addons.connections[flow.client_conn.id].permit)

    left: list[object] = []
    rig = Rig(world)
    async with rig.open([*rig.chain(), rogue("responseheaders", look)]):
        assert (await rig.ask()).status == 200
    assert left == [None]


@pytest.mark.parametrize("slot", ["identity", "agent", "route", "prompt", "scan", "decision", "redaction", "released"])
async def test_a_slot_that_is_set_twice(world: World, slot: str) -> None:
    def again(flow: http.HTTPFlow) -> None:
        exchange = flow.metadata[EXCHANGE]
        assert getattr(exchange, slot) is not None
        with pytest.raises(SlotTakenError):
            setattr(exchange, slot, getattr(exchange, slot))
        setattr(exchange, slot, getattr(exchange, slot))

    rig = Rig(world)
    async with rig.open([*rig.chain(), rogue("request", again)]):
        answer = await rig.ask()
    nothing_left(rig, answer)
    assert answer.code == internal_error().code
    assert rig.crashes == ["request"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_raw_answer_is_stopped_behind_the_chain(world: World, stream: bool) -> None:
    """An addon switches the answer's own streaming on: nothing that the filter has not seen goes out."""

    def raw(flow: http.HTTPFlow) -> None:
        flow.response.stream = True

    rig = Rig(world)
    async with rig.open([*rig.chain(), rogue("responseheaders", raw)]):
        answer = await rig.ask(stream=stream)
    no_raw_answer(answer)


@pytest.mark.parametrize("place", [0, 7, 8, 9])
@pytest.mark.parametrize("hook", ["responseheaders", "response"])
async def test_a_fault_on_the_way_back_of_a_stream(world: World, hook: str, place: int) -> None:
    def fail(_flow: http.HTTPFlow) -> None:
        raise RuntimeError("a secret detail")

    rig = Rig(world)
    chain = rig.chain()
    chain.insert(place, rogue(hook, fail))
    async with rig.open(chain):
        answer = await rig.ask(stream=True)
    assert not answer.hung
    assert PLACEHOLDER not in answer.data
    if hook == "responseheaders":
        assert ECHO.encode() not in answer.data and answer.status != 200
    else:
        assert MAIL.encode() in answer.data.replace(b'"}', b"") or answer.status == 200  # it had gone out, restored
    assert rig.crashes == [hook]


async def test_evidence_that_fails_is_counted_and_the_answer_held_back(world: World) -> None:
    rig = Rig(world)
    async with rig.open():
        rig.evidence.broken = True
        answer = await rig.ask()
        assert answer.status == 502 and answer.code == "llmgw_answer_failed"
        no_raw_answer(answer)
        assert rig.metric("llmgw_hook_failures_total") == 1
        assert rig.crashes == ["response"]
        rig.evidence.broken = False
        assert (await rig.ask()).status == 200
    assert len(rig.evidence.events) == 1


async def test_an_event_for_every_refusal(world: World) -> None:
    async def fails(_spans: object) -> Any:
        raise ValueError(MAIL)

    rig = Rig(world)
    rig.scanner.behave = fails
    async with rig.open():
        await rig.ask()
    (event,) = rig.evidence.events
    assert (event["verdict"], event["refusal_code"], event["outcome"]) == ("blocked", "llmgw_internal_error", "refused")
    assert MAIL not in str(event)
