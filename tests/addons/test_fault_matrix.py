"""Every hook of the chain, at every place in it, meets every kind of fault: nothing unchecked passes, nobody hangs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy import exceptions

from addons.chain import build_chain
from addons.dispatch import HOOKS
from gateway.errors import Refusal, Refused
from tests.addons.rig import ECHO, MAIL, PLACEHOLDER, Answer, Rig, World

BEFORE = frozenset(
    {
        "client_connected", "tls_clienthello", "tls_start_client", "tls_established_client", "requestheaders",
        "request", "server_connect", "tls_start_server", "tls_established_server",
    }
)  # fmt: skip
"""Hooks that run before the request is sent: a fault in one of them means that nothing is."""
NO_DIAL = BEFORE - {"tls_start_server", "tls_established_server"}
ON_THE_WAY_BACK = frozenset({"responseheaders", "response"})
CLOSING = frozenset(HOOKS) - BEFORE - ON_THE_WAY_BACK
"""Hooks that close books, or hear of what has failed already."""


class Rogue(BaseException):
    """Something that no `except Exception` catches."""


def _raise(error: Callable[[], BaseException]) -> Callable[[], None]:
    def fault() -> None:
        raise error()

    return fault


async def _never() -> None:
    await asyncio.Event().wait()


async def _cancel_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


async def _raise_later() -> None:
    await asyncio.sleep(0)
    raise RuntimeError("a secret detail")


FAULTS: dict[str, Callable[[], Any]] = {
    "Exception": _raise(lambda: RuntimeError("a secret detail")),
    "BaseException": _raise(Rogue),
    "SystemExit": _raise(lambda: SystemExit(0)),
    "TimeoutError": _raise(TimeoutError),
    "CancelledError": _raise(asyncio.CancelledError),
    "AddonHalt": _raise(exceptions.AddonHalt),
    "OptionsError": _raise(exceptions.OptionsError),
    "Refused": _raise(lambda: Refused(Refusal("llmgw_made_up", 403, "no"))),
    "raises later": _raise_later,
    "never returns": _never,
    "cancels itself": _cancel_itself,
}


def owners() -> dict[str, list[int]]:
    """Hook to the places in the chain of the addons that have it. Read off the real chain: a new hook is covered."""
    chain = build_chain(SimpleNamespace(), SimpleNamespace(connections={}), SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]
    return {
        hook: [place for place, addon in enumerate(chain) if inspect.ismethod(getattr(addon, hook, None))]
        for hook in HOOKS
    }


def places(hook: str, having: list[int]) -> list[tuple[str, int]]:
    """Before each addon of the hook, and after the last."""
    return [(hook, place) for place in having] + [(hook, having[-1] + 1 if having else 0)]


PLACES = [each for hook, having in owners().items() for each in places(hook, having)]


class Fault:
    """An addon with one hook, in which it fails once."""

    def __new__(cls, hook: str, fault: Callable[[], Any]) -> Any:
        state = SimpleNamespace(calls=0)

        def plain(self: object, subject: object) -> None:
            state.calls += 1
            if state.calls == 1:
                fault()

        async def deferred(self: object, subject: object) -> None:
            state.calls += 1
            if state.calls == 1:
                await fault()

        function = deferred if inspect.iscoroutinefunction(fault) else plain
        addon = type("Fault", (), {hook: function})()
        addon.state = state
        return addon


async def drive(rig: Rig, hook: str) -> Answer:
    """A request on whose way the hook is called."""
    if hook == "tls_failed_client":
        return await rig.ask(agent=None)
    if hook == "tls_failed_server":
        rig.upstream.context = rig.world.upstream_context("wrong")
    elif hook == "error":
        rig.upstream.reply = _hang_up
    answer = await rig.ask()
    rig.upstream.context = rig.world.upstream_context()
    rig.upstream.reply = type(rig.upstream)(0, rig.upstream.context).reply
    return answer


async def _hang_up(_body: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def holds(rig: Rig, hook: str, answer: Answer) -> None:
    """What is true after any fault in that hook."""
    assert not answer.hung, "the client was left hanging"
    assert MAIL.encode() not in rig.upstream.data
    assert PLACEHOLDER not in answer.data
    assert b"x-raw" not in answer.data
    assert b"secret detail" not in answer.data
    if hook in BEFORE:
        assert not rig.upstream.data
        assert answer.status != 200
    if hook in NO_DIAL:
        assert rig.upstream.connections == 0
    if hook in ON_THE_WAY_BACK:
        assert ECHO.encode() not in answer.data
        assert answer.status != 200
    if answer.status not in (0, 200):
        assert answer.code.startswith("llmgw_"), answer.data


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("hook", "place"), PLACES)
async def test_fault(world: World, hook: str, place: int, fault: str) -> None:
    rig = Rig(world)
    chain = rig.chain()
    rogue = Fault(hook, FAULTS[fault])
    chain.insert(place, rogue)
    async with rig.open(chain, upstream=hook != "server_connect_error"):
        answer = await drive(rig, hook)
        for _ in range(100):
            if rogue.state.calls and (rig.crashes or fault == "Refused"):
                break
            await asyncio.sleep(0.01)
        assert rogue.state.calls, "the hook was never called: this row shows nothing"
        holds(rig, hook, answer)
        if fault != "Refused":
            assert rig.metric("llmgw_hook_failures_total") >= 1 or rig.evidence.events
            assert rig.crashes, "the log was not told"
        if hook == "server_connect_error":
            await rig.upstream.start()
        rig.surroundings.unavailable.clear()
        healthy = await rig.ask()
        assert healthy.status == 200, "the next connection does not work"
        assert MAIL.encode() in healthy.body and PLACEHOLDER not in healthy.data


def test_every_hook_has_its_place() -> None:
    """A hook that is new counts as one that closes books: sort it on purpose."""
    assert set(HOOKS) > BEFORE | ON_THE_WAY_BACK
    assert {
        "client_disconnected", "server_disconnected", "error", "tls_failed_client", "tls_failed_server",
        "server_connect_error",
    } == CLOSING  # fmt: skip
