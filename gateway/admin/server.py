"""Serves `/healthz`, `/readyz`, `/metrics` and `/status`, by GET alone, to callers that name the host they mean.

The check of the Host header keeps a web page that resolves its own name to loopback (DNS rebinding) from reading here.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Final

import orjson
from aiohttp import web

from gateway.admin.status import LAST_DECISIONS, Status

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BLOCKS: Final = re.compile(rb"<(script|style)>(.*?)</\1>", re.DOTALL)
_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of readiness. `detail` is for people and holds no secret."""

    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSources:
    """Where the answers come from. Each is called on the loop, for each request, and must be quick."""

    readiness: Callable[[], Mapping[str, Check]]
    metrics: Callable[[], bytes]
    status: Callable[[], Status]


type _Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AdminServer:
    """The admin listener of one worker."""

    def __init__(self, host: str, port: int, sources: AdminSources, *, hosts: tuple[str, ...] = ()) -> None:
        """Listen on `host` and `port` (0: any free one). `hosts`: further names that a Host header may carry."""
        self._host = host
        self._port = port
        self._sources = sources
        self._names = _LOOPBACK_NAMES | {host.strip("[]").lower()} | {name.lower() for name in hosts}
        self._page = resources.files("gateway.admin").joinpath("page.html").read_bytes()
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Begin to listen; returns the port. Raises OSError if the address is taken."""
        app = web.Application(middlewares=[self._guard], client_max_size=1024)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/status", self._status)
        app.router.add_get("/status.json", self._status_json)
        app.on_response_prepare.append(_unsigned)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, keepalive_timeout=30.0, shutdown_timeout=1.0
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port, backlog=64)
        try:
            await site.start()
        except OSError:
            await self.close()
            raise
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        if not self._host_is_ours(request.headers.getall("Host", [])):
            return _plain(421, "This host is not served here. Call the admin endpoint by its own address.\n")
        if request.method not in {"GET", "HEAD"}:
            return _plain(405, "Only GET and HEAD.\n", {"Allow": "GET, HEAD"})
        try:
            return await handler(request)
        except web.HTTPException:
            return _plain(404, "Here are /healthz, /readyz, /metrics and /status.\n")

    def _host_is_ours(self, given: list[str]) -> bool:
        if len(given) != 1:
            return False
        name = _host_name(given[0])
        if name in self._names:
            return True
        # A listener on every interface is reached by any of its addresses, and by the names of a container network.
        # A name without a dot is no public name, so no page can have been served from it.
        return self._host in {"0.0.0.0", "::"} and (_is_address(name) or (name != "" and "." not in name))

    async def _healthz(self, request: web.Request) -> web.Response:
        return _plain(200, "ok\n")

    async def _readyz(self, request: web.Request) -> web.Response:
        checks = self._sources.readiness()
        ready = bool(checks) and all(check.ok for check in checks.values())
        body = {"ready": ready, "checks": {name: asdict(check) for name, check in checks.items()}}
        return _json(body, 200 if ready else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=self._sources.metrics(), headers=_HEADERS | {"Content-Type": METRICS_TYPE})

    async def _status(self, request: web.Request) -> web.Response:
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _policy(self._page)}
        return web.Response(body=self._page, headers=_HEADERS | headers)

    async def _status_json(self, request: web.Request) -> web.Response:
        shown = asdict(self._sources.status())
        shown["decisions"] = shown["decisions"][:LAST_DECISIONS]
        checks = self._sources.readiness()
        shown["checks"] = {name: asdict(check) for name, check in checks.items()}
        shown["ready"] = bool(checks) and all(check.ok for check in checks.values())
        return _json(shown, 200)


async def _unsigned(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.pop("Server", None)


def _json(body: object, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, headers=_HEADERS | {"Content-Type": "application/json"})


def _plain(status: int, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    content = {"Content-Type": "text/plain; charset=utf-8"}
    return web.Response(body=text.encode(), status=status, headers=_HEADERS | content | dict(headers or {}))


def _policy(page: bytes) -> str:
    """A content security policy under which exactly the page's own script and style run."""
    hashes: dict[str, str] = {}
    for kind, text in _BLOCKS.findall(page):
        hashes[kind.decode()] = base64.b64encode(hashlib.sha256(text).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{hashes['script']}'; style-src 'sha256-{hashes['style']}'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _host_name(header: str) -> str:
    """The name in a Host header, without port and brackets, lower case; empty if it is not one."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::\d{1,5})?", header)
    return (match.group(1) or match.group(2)).lower() if match else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
