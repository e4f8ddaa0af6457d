"""What the gateway is measured against: the stub alone, stock mitmdump, LiteLLM with Presidio. Each gets one core."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import subprocess
import sys
import time
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.http_client import Endpoint
from benchmarks.pki import Pki
from benchmarks.processes import TARGET_CORE, Tree, free_port, wait_for_port

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".bench"
BIN = Path(sys.executable).parent
LITELLM = "litellm[proxy]==1.106.2"


@dataclass
class Running:
    """A target that answers: where, and the trees that are its own."""

    endpoint: Endpoint
    trees: list[Tree] = field(default_factory=list)
    helpers: list[Tree] = field(default_factory=list)
    """Ended with it and not counted."""
    proxy: str = ""
    """What the command line of the proxy process holds; empty: the proxy is the whole first tree."""

    def cpu(self) -> float:
        """CPU seconds so far of everything that belongs to it."""
        return sum(tree.cpu() for tree in self.trees)

    def cpu_proxy(self) -> float:
        """CPU seconds of the proxy alone, without services and helpers of its own."""
        return self.trees[0].cpu(self.proxy) if self.trees else 0.0

    def rss_proxy(self) -> int:
        """Resident bytes of the proxy process."""
        return max(self.trees[0].rss(self.proxy), default=0) if self.trees else 0

    def rss(self) -> list[int]:
        """Resident bytes of each of its processes."""
        return [size for tree in self.trees for size in tree.rss()]

    def alive(self) -> bool:
        return all(tree.alive() for tree in self.trees)

    def stop(self) -> None:
        for tree in [*self.trees, *self.helpers]:
            tree.stop()

    def wait_ready(self, admin_port: int, *, seconds: float) -> None:
        """Until /readyz says yes; ends it and raises RuntimeError when it does not."""
        end = time.monotonic() + seconds
        said = "no answer"
        while time.monotonic() < end and self.alive():
            connection = http.client.HTTPConnection("127.0.0.1", admin_port, timeout=5)
            try:
                connection.request("GET", "/readyz")
                answer = connection.getresponse()
                said = answer.read(500).decode("utf-8", "replace")
                if answer.status == 200:
                    return
            except OSError as error:
                said = str(error)
            finally:
                connection.close()
            time.sleep(0.2)
        self.stop()
        raise RuntimeError(f"not ready: {said}\n{self.trees[0].tail()}")


class Target(Protocol):
    """Something to measure. `slow` ones get fewer requests. `scans` says whether it looks into the text."""

    name: str
    slow: bool
    scans: bool

    def missing(self) -> str | None:
        """Why it cannot be measured here; None: it can."""

    def start(self, upstream_port: int) -> Running:
        """Start it in front of the stub; returns once it answers. Raises RuntimeError."""


class Direct:
    """No proxy: what client and stub cost by themselves."""

    name = "direct"
    slow = False
    scans = False

    def missing(self) -> str | None:
        return None

    def start(self, upstream_port: int) -> Running:
        return Running(Endpoint(upstream_port))


class Mitmdump:
    """The stock program as a reverse proxy. It looks at nothing, and checks no certificate where it asks for one."""

    slow = False
    scans = False

    def __init__(self, pki: Pki | None) -> None:
        self._pki = pki
        self.name = "mitmdump+tls" if pki else "mitmdump"

    def missing(self) -> str | None:
        return None if (BIN / "mitmdump").exists() else "no mitmdump beside this Python"

    def start(self, upstream_port: int) -> Running:
        port = free_port()
        command = [
            str(BIN / "mitmdump"),
            *(
                "--mode",
                f"reverse:http://127.0.0.1:{upstream_port}",
                "--listen-host",
                "127.0.0.1",
                "--listen-port",
                str(port),
            ),
            *("--set", "flow_detail=0", "--set", "termlog_verbosity=error", "--set", f"confdir={WORK / 'mitmproxy'}"),
        ]
        if self._pki:
            command += ["--set", "request_client_cert=true", "--certs", f"*={self._pki.server_pair}"]
        tree = Tree(command, core=TARGET_CORE, log=WORK / f"{self.name}.log")
        running = Running(Endpoint(port, self._pki.client_context() if self._pki else None), [tree])
        await_port(running, port, seconds=30)
        return running


class LiteLLM:
    """LiteLLM's proxy with its Presidio guardrail before every call, in a virtual environment of its own."""

    name = "litellm+presidio"
    slow = True
    scans = True

    def missing(self) -> str | None:
        program = WORK / "litellm-venv" / "bin" / "litellm"
        if program.exists():
            return None
        print(f"installing {LITELLM} into {program.parent.parent.relative_to(ROOT)} ...", flush=True)
        venv.create(program.parent.parent, with_pip=True)
        pip = [str(program.parent / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check", LITELLM]
        done = subprocess.run(pip, capture_output=True, text=True, check=False, timeout=600)
        return None if done.returncode == 0 else f"pip could not install {LITELLM}: {done.stderr.strip()[-300:]}"

    def start(self, upstream_port: int) -> Running:
        port, service = free_port(), free_port()
        config = WORK / "litellm.json"  # JSON is YAML
        config.write_text(json.dumps(self._config(upstream_port)))
        key = "sk-" + secrets.token_hex(16)
        env = {
            **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            "LITELLM_MASTER_KEY": key,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_LOG": "ERROR",
            "PRESIDIO_ANALYZER_API_BASE": f"http://127.0.0.1:{service}",
            "PRESIDIO_ANONYMIZER_API_BASE": f"http://127.0.0.1:{service}",
        }
        presidio = Tree(
            [sys.executable, "-m", "benchmarks.presidio_service", "--port", str(service)],
            core=TARGET_CORE,
            log=WORK / "presidio.log",
        )
        program = WORK / "litellm-venv" / "bin" / "litellm"
        command = [
            str(program),
            "--config",
            str(config),
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--num_workers",
            "1",
        ]
        proxy = Tree(command, core=TARGET_CORE, log=WORK / "litellm.log", env=env)
        running = Running(Endpoint(port, None, (("authorization", f"Bearer {key}"),)), [proxy, presidio])
        await_port(running, service, seconds=60)
        await_port(running, port, seconds=90)
        return running

    def _config(self, upstream_port: int) -> Mapping[str, object]:
        upstream = {"model": "openai/gpt-4.1", "api_base": f"http://127.0.0.1:{upstream_port}/v1", "api_key": "sk-none"}
        guardrail = {"guardrail": "presidio", "mode": "pre_call", "default_on": True}
        return {
            "model_list": [{"model_name": "gpt-4.1", "litellm_params": upstream}],
            "guardrails": [{"guardrail_name": "presidio-pre-guard", "litellm_params": guardrail}],
            "litellm_settings": {"telemetry": False},
        }


def await_port(running: Running, port: int, *, seconds: float) -> None:
    """Until it accepts on the port; ends it and raises RuntimeError when it does not."""
    try:
        wait_for_port(port, running.trees[0], seconds=seconds)
    except RuntimeError:
        running.stop()
        raise
