"""Runs the addons of a hook. Nothing that goes wrong in one is swallowed: it ends in a refusal or a closed connection.

mitmproxy logs an exception of an addon and lets the flow go on (`addonmanager.safecall`). Here the first addon that
raises ends the hook; what it raised becomes the answer.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from mitmproxy import addonmanager, hooks, http
from mitmproxy.proxy import server_hooks
from mitmproxy.tls import TlsData

from addons.native import refusal_response
from addons.state import EXCHANGE
from gateway.errors import Refused, answer_failed, internal_error

if TYPE_CHECKING:
    from mitmproxy.proxy.commands import StartHook

    from addons.state import ConnectionState
    from gateway.errors import Refusal
    from gateway.exchange import Exchange

HOOKS: Final = (
    "client_connected", "client_disconnected", "tls_clienthello", "tls_start_client", "tls_established_client",
    "tls_failed_client", "requestheaders", "request", "server_connect", "server_connect_error", "server_disconnected",
    "tls_start_server", "tls_established_server", "tls_failed_server", "responseheaders", "response", "error",
)  # fmt: skip
"""Every hook that our layers start. A public method of an addon that is named like none of them is found at start."""
_REPORTING: Final = frozenset({"client_disconnected", "server_disconnected", "error", "tls_failed_client", "response"})
"""Hooks whose every addon runs even if one before it failed: they close books."""

type HookFunction = Callable[..., Any]


class FailClosedAddons(addonmanager.AddonManager):
    """The addon manager: a table from hook to bound methods, made once."""

    def __init__(self, master: Any) -> None:
        super().__init__(master)  # type: ignore[no-untyped-call]
        self.connections: dict[str, ConnectionState] = {}
        self.crashes: list[Callable[[str, BaseException], None]] = []
        self._table: dict[str, tuple[HookFunction, ...]] = {}
        self._sync: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[None]] = set()

    def install(self, addons: Iterable[object]) -> None:
        """Set the chain, in order. Raises RuntimeError for a public method that is no hook."""
        table: dict[str, list[HookFunction]] = {name: [] for name in HOOKS}
        for addon in addons:
            for name, function in inspect.getmembers(addon, callable):
                if name.startswith("_") or not inspect.ismethod(function):
                    continue
                if name not in table:
                    raise RuntimeError(f"{type(addon).__name__}.{name} is not a hook of this gateway")
                table[name].append(function)
        self._table = {name: tuple(functions) for name, functions in table.items()}
        self._sync = frozenset(
            name for name, functions in self._table.items() if not any(map(inspect.iscoroutinefunction, functions))
        )

    def is_sync(self, name: str) -> bool:
        """Whether every addon of this hook is a plain function."""
        return name in self._sync

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold a reference to a running hook."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def report_crash(self, where: str, crash: BaseException) -> None:
        """Tell the log, without the exception's text: it may quote what a client sent."""
        for listener in self.crashes:
            listener(where, crash)

    def run_sync(self, hook: StartHook, state: ConnectionState) -> None:
        """Run a hook whose addons are plain functions."""
        args = hook.args()
        for function in self._functions(hook, state):
            try:
                function(*args)
            except BaseException as error:  # noqa: BLE001 - the fail-closed wrapper
                if self._fail(hook, state, error):
                    return

    async def run(self, hook: StartHook, state: ConnectionState) -> None:
        """Run a hook. Whoever runs it bounds it by `limits.hook_seconds`: it sets `hook_overdue` and cancels."""
        args = hook.args()
        for function in self._functions(hook, state):
            try:
                result = function(*args)
                if result is not None:
                    await result
            except BaseException as error:
                stop = self._fail(hook, state, error)
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    if state.hook_overdue:
                        task.uncancel()
                        state.hook_overdue = False
                        return
                    if isinstance(error, asyncio.CancelledError):
                        raise
                if stop:
                    return

    def _functions(self, hook: StartHook, state: ConnectionState) -> tuple[HookFunction, ...]:
        functions = self._table.get(hook.name)
        if functions is None:
            # A hook we never heard of: a layer is at work that should not be there.
            state.surroundings.metrics.hook_failure("unknown")
            state.abort()
            return ()
        if hook.name == "request":
            exchange = exchange_of(hook.args()[0])
            if exchange is None or exchange.refusal is not None:
                return ()
        return functions

    def _fail(self, hook: StartHook, state: ConnectionState, error: BaseException) -> bool:
        """Turn a failure into a refusal. Returns whether the remaining addons of the hook are skipped."""
        if not isinstance(error, Refused):
            state.surroundings.metrics.hook_failure(hook.name)
            self.report_crash(hook.name, error)
        refusal = error.refusal if isinstance(error, Refused) else _fault(hook)
        try:
            _refuse(hook, state, refusal)
        except BaseException as second:  # noqa: BLE001 - the refusal itself failed: close
            self.report_crash("refusal", second)
            state.abort()
            return True
        return hook.name not in _REPORTING

    # mitmproxy's own entry points: lifecycle hooks (load, configure, running, done) of which we have none.
    async def handle_lifecycle(self, event: hooks.Hook) -> None:
        """Not used: connections call `run`. Raises, because a flow that came in this way is not ours."""
        raise RuntimeError("flows reach the addons through GatewayConnection only")

    async def trigger_event(self, event: hooks.Hook) -> None:
        """Lifecycle events of the master: nobody here listens."""

    def trigger(self, event: hooks.Hook) -> None:
        """Lifecycle events of the master: nobody here listens."""


def exchange_of(flow: http.HTTPFlow) -> Exchange | None:
    """The exchange that the parking opened for a flow."""
    found: Exchange | None = flow.metadata.get(EXCHANGE)
    return found


def _fault(hook: StartHook) -> Refusal:
    """What a fault of ours is called: before the request has left, and after."""
    subject = hook.args()[0]
    exchange = exchange_of(subject) if isinstance(subject, http.HTTPFlow) else None
    left = exchange is not None and "release" in exchange.timings and hook.name in ("responseheaders", "response")
    return answer_failed() if left else internal_error()


def _refuse(hook: StartHook, state: ConnectionState, refusal: Any) -> None:
    subject = hook.args()[0]
    if isinstance(subject, http.HTTPFlow):
        _refuse_flow(hook.name, subject, state, refusal)
    elif isinstance(subject, server_hooks.ServerConnectionHookData):
        subject.server.error = "refused"
        state.permit = None
    elif isinstance(subject, TlsData):
        subject.ssl_conn = None
        state.abort()
    else:
        state.abort()


def _refuse_flow(name: str, flow: http.HTTPFlow, state: ConnectionState, refusal: Any) -> None:
    exchange = exchange_of(flow)
    if exchange is None:
        # The parking itself failed: there is nothing to answer with.
        flow.kill()
        state.abort()
        return
    if exchange.refusal is None:
        exchange.refusal = refusal
    upstream_answers = exchange.released is not None
    object.__setattr__(exchange, "released", None)
    exchange.stream = None
    if name == "responseheaders" and upstream_answers:
        # The upstream's body is still to come and would be appended: `response` replaces the whole answer.
        exchange.status = exchange.status or exchange.refusal.status
        if flow.response is not None:
            flow.response.stream = False
        return
    if name == "error":
        return
    flow.request.stream = False
    flow.response = refusal_response(exchange.refusal, exchange)
