"""The gateway with the whole chain on: mutual TLS, CRL, scan, classify, route, redact, restore, events to Redis."""

from __future__ import annotations

import os
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path

import yaml

from benchmarks.http_client import Endpoint
from benchmarks.pki import TRUST_DOMAIN, Pki
from benchmarks.processes import CLIENT_CORE, TARGET_CORE, Tree, free_port, wait_for_port
from benchmarks.targets import BIN, WORK, Running, await_port
from gateway.keys import new_key_file

ENTITIES = {"*": "internal", "@personal": "confidential", "@secret": "restricted"}


class Gateway:
    """`llmgw serve` with one proxy worker and one scan process, both on the one core."""

    slow = False
    scans = True

    def __init__(self, pki: Pki) -> None:
        self._pki = pki
        self.name = "llmgw"

    def missing(self) -> str | None:
        if not (BIN / "llmgw").exists():
            return "no llmgw beside this Python: run `make setup`"
        return None

    def start(self, upstream_port: int) -> Running:
        folder = WORK / "gateway"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        port, admin = free_port(), free_port()
        redis_port, redis = self._redis(folder)
        configuration = self._write(folder, port=port, admin=admin, redis_port=redis_port, upstream_port=upstream_port)
        command = [str(BIN / "llmgw"), "serve", "-c", str(configuration)]
        env = {**os.environ, "BENCH_UPSTREAM_KEY": "sk-" + secrets.token_hex(16)}
        tree = Tree(command, core=TARGET_CORE, log=WORK / "llmgw.log", env=env)
        running = Running(
            Endpoint(port, self._pki.client_context()), [tree], helpers=[redis] if redis else [], proxy="addons.worker"
        )
        await_port(running, port, seconds=60)
        running.wait_ready(admin, seconds=60)
        return running

    def _redis(self, folder: Path) -> tuple[int | None, Tree | None]:
        """A Redis of our own beside client and stub; it is not counted, as no peer has one."""
        program = shutil.which("redis-server")
        if program is None:
            return None, None
        port = free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        tree = Tree(command, core=CLIENT_CORE, log=WORK / "redis.log")
        wait_for_port(port, tree, seconds=10)
        return port, tree

    def _write(self, folder: Path, *, port: int, admin: int, redis_port: int | None, upstream_port: int) -> Path:
        documents = {
            "gateway.yaml": self._settings(port, admin, redis_port),
            "agents.yaml": self._agents(),
            "rules.yaml": self._rules(upstream_port),
        }
        for name, document in documents.items():
            (folder / name).write_text(yaml.safe_dump(document, sort_keys=False))
        keys = folder / "gateway.keys"
        keys.write_text(new_key_file(datetime.now(UTC)))
        keys.chmod(0o600)
        return folder / "gateway.yaml"

    def _settings(self, port: int, admin: int, redis_port: int | None) -> dict[str, object]:
        pki = self._pki.made
        return {
            "version": 1,
            "listen": {
                "port": port,
                "certificate": str(pki.gateway.certificate),
                "key": str(pki.gateway.key),
                "client_ca": str(pki.clients_ca),
                "client_crl": str(pki.clients_crl),
            },
            "identity": {"trust_domain": TRUST_DOMAIN, "registry": "agents.yaml"},
            "policy": "rules.yaml",
            "keys": {"file": "gateway.keys"},
            "canary": {"certificate": str(pki.canary.certificate), "key": str(pki.canary.key)},
            "limits": {"connections_per_agent": 512},
            # Names by rules: the peers' Presidio has no model of names either.
            "dlp": {"workers": 1, "names": "rules"},
            "evidence": {"redis": {"url": f"redis://127.0.0.1:{redis_port}/0"}} if redis_port else {},
            "admin": {"port": admin},
            "run": {"workers": 1},
            "log": {"level": "warning"},
        }

    def _agents(self) -> dict[str, object]:
        common = {"user": "bench", "tenant": "bench", "clearance": "restricted"}
        agents = [
            {"id": "bench", "spiffe_id": f"spiffe://{TRUST_DOMAIN}/agent/bench", **common},
            {"id": "canary", "spiffe_id": f"spiffe://{TRUST_DOMAIN}/llmgw/canary", **common, "canary": True},
        ]
        return {"version": 1, "agents": agents}

    def _rules(self, upstream_port: int) -> dict[str, object]:
        upstream = {
            "id": "stub",
            "tier": "third_party",
            "base_url": f"http://127.0.0.1:{upstream_port}/v1",
            "dialects": ["openai.chat"],
            "models": {"*": "*"},
            "credential": {"prefix": "Bearer ", "env": "BENCH_UPSTREAM_KEY"},
            "allow_private": True,
        }
        keys_stay = {
            "id": "no-private-keys",
            "when": {"entities": {"any": ["PRIVATE_KEY"]}},
            "then": {"deny": "Private keys stay."},
        }
        rest = {"id": "everything-else-redacted", "then": {"route": ["stub"], "profile": "pii"}}
        classification = {"entities": ENTITIES, "attachments": "confidential", "default": "internal"}
        return {"version": 1, "classification": classification, "upstreams": [upstream], "rules": [keys_stay, rest]}
