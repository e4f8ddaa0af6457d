"""The admin endpoint: health, readiness, metrics, the status page; GET alone, its own names, nothing from outside."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest

from gateway.admin import (
    AdminServer,
    AdminSources,
    CertificateStatus,
    Check,
    DecisionRow,
    ScannerStatus,
    SinkStatus,
    Status,
)
from gateway.evidence.metrics import Metrics

CHROMIUM = shutil.which("chromium")
NOW = 1_768_651_200.0


def decision(number: int, **changes: object) -> DecisionRow:
    facts: dict[str, object] = {
        "time": f"2026-01-17T12:00:{number % 60:02d}.123Z",
        "request_id": f"req-{number:06d}",
        "agent": "demo",
        "dialect": "openai.chat",
        "model": "gpt-4.1",
        "level": "confidential",
        "rule": "personal-data-sovereign",
        "upstream": "sovereign-eu",
        "verdict": "redacted,rerouted",
        "milliseconds": 412.25,
        "status": 200,
    }
    return DecisionRow(**(facts | changes))  # type: ignore[arg-type]


STATUS = Status(
    now=NOW,
    started_at=NOW - 93_784,
    version="0.1.0",
    node="gw-1",
    worker=0,
    policy_version="p-3f9a1c7e",
    policy_loaded_at=NOW - 4_000,
    counters={
        "requests": 18_204,
        "redacted": 2_113,
        "rerouted": 640,
        "refused": 87,
        "hook_failures": 0,
        "events_lost": 0,
    },
    scanner=ScannerStatus(alive=2, wanted=2, queue=0, restarts=1),
    canary_ok=True,
    canary_at=NOW - 14,
    sinks=(SinkStatus(name="redis", state="up", lag=12, delivered=18_192),),
    outbox_pending=12,
    certificates=(
        CertificateStatus(name="gateway certificate", expires_at=NOW + 12 * 86_400),
        CertificateStatus(name="revocation list", expires_at=NOW + 86_400, detail="next update due"),
        CertificateStatus(name="client CA", expires_at=NOW - 5, ok=False),
    ),
    builds={"python": "3.13.0", "mitmproxy": "12.2.3"},
    decisions=(
        decision(
            9, level="restricted", verdict="blocked", rule="private-keys", upstream="", status=403, code="llmgw_denied"
        ),
        decision(8),
        decision(7, level="public", verdict="ok", rule="public-third-party", upstream="third-party", milliseconds=98.0),
        decision(6, level="internal", verdict="redacted", model="<img src=x onerror=alert(1)>"),
    ),
)


class Rig:
    """A server on a free port, with answers that a test may change."""

    def __init__(self) -> None:
        self.checks: Mapping[str, Check] = {"policy": Check(True, "p-3f9a1c7e"), "canary": Check(True, "14 s ago")}
        self.status = STATUS
        self.metrics = Metrics()
        self.url = ""

    def sources(self) -> AdminSources:
        return AdminSources(readiness=lambda: self.checks, metrics=self.metrics.render, status=lambda: self.status)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    server = AdminServer("127.0.0.1", 0, made.sources(), hosts=("gateway.example",))
    made.url = f"http://127.0.0.1:{await server.start()}"
    yield made
    await server.close()


async def call(rig: Rig, path: str, method: str = "GET", **headers: str) -> tuple[int, Mapping[str, str], str]:
    async with aiohttp.ClientSession() as session, session.request(method, rig.url + path, headers=headers) as answer:
        return answer.status, answer.headers, await answer.text()


async def test_healthz_lives(rig: Rig) -> None:
    rig.checks = {"policy": Check(False)}
    status, _, text = await call(rig, "/healthz")
    assert (status, text) == (200, "ok\n")


async def test_readyz_says_which_check_fails(rig: Rig) -> None:
    status, _, text = await call(rig, "/readyz")
    assert status == 200
    rig.checks = {"policy": Check(True, "p1"), "sink": Check(False, "redis: OOM")}
    status, headers, text = await call(rig, "/readyz")
    assert status == 503
    assert headers["Content-Type"] == "application/json"
    assert text == (
        '{"ready":false,"checks":{"policy":{"ok":true,"detail":"p1"},"sink":{"ok":false,"detail":"redis: OOM"}}}'
    )


async def test_no_check_at_all_is_not_ready(rig: Rig) -> None:
    rig.checks = {}
    assert (await call(rig, "/readyz"))[0] == 503


async def test_metrics_are_served_as_prometheus_wants_them(rig: Rig) -> None:
    rig.metrics.hook_failure("request")
    status, headers, text = await call(rig, "/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'llmgw_hook_failures_total{hook="request"} 1.0' in text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.", "localhost:80:80", "a b"])
async def test_another_host_name_is_refused(rig: Rig, host: str) -> None:
    for path in ("/status", "/metrics", "/readyz", "/status.json", "/healthz"):
        status, _, text = await call(rig, path, Host=host)
        assert status in {400, 421}
        assert "llmgw_" not in text


async def test_a_request_without_or_with_two_hosts_is_refused(rig: Rig) -> None:
    port = int(rig.url.rsplit(":", 1)[1])
    for hosts in (b"", b"Host: localhost\r\nHost: evil.example\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metrics HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        assert answer.split(b" ", 2)[1] in {b"400", b"421"}
        assert b"llmgw_" not in answer


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9464", "127.0.0.1", "[::1]:9464", "gateway.example:9464"])
async def test_its_own_names_are_served(rig: Rig, host: str) -> None:
    assert (await call(rig, "/healthz", Host=host))[0] == 200


async def test_on_every_interface_any_address_is_served_but_no_foreign_name() -> None:
    made = Rig()
    server = AdminServer("0.0.0.0", 0, made.sources())
    made.url = f"http://127.0.0.1:{await server.start()}"
    assert (await call(made, "/healthz", Host="10.1.2.3:9464"))[0] == 200
    assert (await call(made, "/healthz", Host="gateway:9464"))[0] == 200
    for name in ("evil.example", "a_b", "gateway.", ""):
        assert (await call(made, "/healthz", Host=name))[0] in {400, 421}
    await server.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_nothing_but_get_and_head(rig: Rig, method: str) -> None:
    status, headers, _ = await call(rig, "/status", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


async def test_head_has_no_body(rig: Rig) -> None:
    status, _, text = await call(rig, "/metrics", "HEAD")
    assert (status, text) == (200, "")


async def test_unknown_paths_are_not_echoed(rig: Rig) -> None:
    status, _, text = await call(rig, "/etc/passwd<script>")
    assert status == 404
    assert "passwd" not in text


async def test_every_answer_carries_the_security_headers(rig: Rig) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/status", "/status.json", "/nothing"):
        _, headers, _ = await call(rig, path)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers


async def test_the_page_may_run_its_own_script_only(rig: Rig) -> None:
    _, headers, _ = await call(rig, "/status")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


class _Assets(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if name in {"src", "href", "action"}]
        assert not [name for name, _ in attrs if name.startswith("on")]


async def test_the_page_loads_nothing_from_elsewhere(rig: Rig) -> None:
    _, _, page = await call(rig, "/status")
    parser = _Assets()
    parser.feed(page)
    assert parser.loaded == ["data:,"]
    assert not re.search(r"https?://|innerHTML|insertAdjacent|document\.write|url\(", page)


async def test_status_json_is_bounded_and_has_the_checks(rig: Rig) -> None:
    rig.status = replace(STATUS, decisions=tuple(decision(number) for number in range(80)))
    async with aiohttp.ClientSession() as session, session.get(rig.url + "/status.json") as answer:
        shown = await answer.json()
    assert len(shown["decisions"]) == 50
    assert shown["ready"] is True
    assert shown["checks"]["policy"] == {"ok": True, "detail": "p-3f9a1c7e"}


async def test_a_port_that_is_taken_says_so(rig: Rig) -> None:
    port = int(rig.url.rsplit(":", 1)[1])
    server = AdminServer("127.0.0.1", port, rig.sources())
    with pytest.raises(OSError, match="address already in use"):
        await server.start()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
async def test_the_page_in_a_browser(rig: Rig, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    rig.checks = {"policy": Check(True), "revocation_list": Check(False, "past its nextUpdate")}
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--virtual-time-budget=4000", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", rig.url + "/status",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    dom = out.decode()
    assert 'data-loaded="yes"' in dom
    assert '<span class="pill bad" id="ready">not ready</span>' in dom
    assert "past its nextUpdate" in dom
    assert "p-3f9a1c7e" in dom
    assert "18,204" in dom
    assert '<span class="pill bad">blocked</span>' in dom
    assert "1 d 2 h" in dom  # how long it has been up
    assert "expired" in dom
    assert "&lt;img src=x onerror=alert(1)&gt;" in dom
    assert "<img" not in dom
    assert dom.count("<tr>") == 1 + 4
