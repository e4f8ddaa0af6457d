"""The stage of the demonstration: a working folder, three stub upstreams in processes of their own, the gateway."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from certs.authority import Pki, make_pki
from gateway.init import init

TRUST_DOMAIN = "corp.example"
STUBS = {"on-prem": "on-prem", "sovereign-eu": "sovereign-eu", "third-party": "third-party"}
UPSTREAM_KEY = "sk-upstream-" + "4711-never-shown-to-agents"


@dataclass
class Stage:
    """Everything that runs. Leave it by `close`."""

    folder: Path
    pki: Pki
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    port: int = 0
    admin_port: int = 0

    def record(self, name: str) -> bytes:
        """The raw bytes that one upstream has seen."""
        file = self.folder / f"seen-by-{name}.http"
        return file.read_bytes() if file.exists() else b""

    def context(self, certificate: Path | None, key: Path | None = None) -> ssl.SSLContext:
        """TLS for a client, with the given certificate or none."""
        context = ssl.create_default_context(cafile=str(self.pki.gateway_ca))
        if certificate is not None:
            context.load_cert_chain(certificate, key)
        return context

    def agent(self, name: str) -> ssl.SSLContext:
        """TLS for a registered agent."""
        return self.context(self.folder / f"pki/agents/{name}.crt", self.folder / f"pki/agents/{name}.key")

    def scanners(self) -> list[psutil.Process]:
        """The scan processes of the gateway."""
        return [
            child
            for process in self.processes
            for child in _children(process.pid)
            if "dlp_recognizers.worker" in " ".join(_command(child))
        ]

    def events(self) -> list[dict[str, Any]]:
        """Events in the outbox, oldest first."""
        found: list[dict[str, Any]] = []
        for file in (self.folder / "state" / "outbox").glob("*.sqlite3"):
            with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
                found += [json.loads(row[0]) for row in database.execute("select event from events order by seq")]
        return found

    def event(self, request_id: str) -> dict[str, Any]:
        """The event of one request; waits a moment for it to reach the disk."""
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            for event in reversed(self.events()):
                if event["request_id"] == request_id:
                    return event
            time.sleep(0.05)
        return {}

    def metrics(self) -> list[str]:
        """The metrics that are not zero and speak of requests."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        wanted = (
            "llmgw_requests_total",
            "llmgw_refusals_total",
            "llmgw_findings_total",
            "llmgw_tls_failures_total",
            "llmgw_scanner_restarts_total",
            "llmgw_scan_bytes_total",
            "llmgw_placeholders_restored_total",
        )
        return [line for line in lines if line.startswith(wanted) and not line.endswith(" 0.0")]

    def close(self) -> None:
        """Stop every process."""
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Set up everything in `folder` (made anew) and wait until the gateway is ready."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pki = make_pki(folder / "pki", trust_domain=TRUST_DOMAIN, agents=("agent/demo", "agent/coder", "agent/leaver"))
    init(folder, TRUST_DOMAIN)
    found = Stage(folder, pki)
    try:
        ports = {name: _start_stub(found, name) for name in STUBS}
        _write_documents(folder, ports)
        _start_gateway(found)
        yield found
    finally:
        found.close()


def _start_stub(found: Stage, name: str) -> int:
    command = [sys.executable, "-m", "demo.stub_upstream", "--name", name]
    command += ["--record", str(found.folder / f"seen-by-{name}.http")]
    pair = found.pki.upstreams["stub"]
    command += ["--certificate", str(pair.certificate), "--key", str(pair.key)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    found.processes.append(process)
    assert process.stdout is not None
    return int(json.loads(process.stdout.readline())["port"])


def _write_documents(folder: Path, ports: dict[str, int]) -> None:
    (folder / "secrets" / "upstream.key").write_text(UPSTREAM_KEY)
    settings = yaml.safe_load((folder / "gateway.yaml").read_text())
    settings["listen"]["port"] = 0
    settings["admin"] = {"port": 0}
    settings["dlp"] = {"workers": 1, "deadline_seconds": 2.0}
    (folder / "gateway.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    rules = yaml.safe_load((folder / "rules.yaml").read_text())
    for upstream in rules["upstreams"]:
        port = ports["third-party" if upstream["tier"] == "third_party" else upstream["id"]]
        upstream["base_url"] = f"https://127.0.0.1:{port}/v1"
        upstream["ca_file"] = "pki/upstreams/ca.crt"
        if upstream["tier"] == "third_party":
            header = {"header": "authorization", "prefix": "Bearer "}
            if "anthropic" in upstream["id"]:
                header = {"header": "x-api-key"}
            upstream["credential"] = {**header, "file": "secrets/upstream.key"}
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules, sort_keys=False))
    agents = yaml.safe_load((folder / "agents.yaml").read_text())
    for name in ("coder", "leaver"):
        entry = {**agents["agents"][0], "id": name, "spiffe_id": f"spiffe://{TRUST_DOMAIN}/agent/{name}", "user": name}
        agents["agents"].append(entry)
    (folder / "agents.yaml").write_text(yaml.safe_dump(agents, sort_keys=False))


def _start_gateway(found: Stage) -> None:
    log = (found.folder / "gateway.log").open("wb")
    command = [sys.executable, "-m", "gateway", "serve", "-c", str(found.folder / "gateway.yaml")]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    found.processes.append(process)
    state = found.folder / "state" / "worker-0.json"
    deadline = time.monotonic() + 45
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            values = json.loads(state.read_text())
            if values["ready"]:
                found.port, found.admin_port = values["port"], values["admin_port"]
                return
        time.sleep(0.05)
    raise RuntimeError(f"the gateway did not start:\n{(found.folder / 'gateway.log').read_text()[-2000:]}")
