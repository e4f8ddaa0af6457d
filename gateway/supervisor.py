"""The process that keeps the workers running: starts, replaces, drains them, and tells systemd."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import ConfigurationError
from gateway.settings import Settings

_TICK: Final = 0.1
_BACKOFF: Final = (0.1, 5.0)
_STEADY_SECONDS: Final = 30.0
"""A worker that lived this long starts again without delay."""
_CONFIGURATION: Final = 2


@dataclass(slots=True)
class _Slot:
    index: int
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    restarts: int = 0
    backoff: float = _BACKOFF[0]


class Supervisor:
    """Runs `workers` copies of the worker module on one port."""

    def __init__(self, config: Path, settings: Settings, *, workers: int, announce: Callable[[str], None]) -> None:
        self._config = config
        self._settings = settings
        self._announce = announce
        self._slots = [_Slot(index) for index in range(workers)]
        self._stopping = False
        self._state = Path(settings.run.state)
        self._ready_once = False

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT. Returns the exit code: 0 drained, 2 a worker refused its configuration."""
        self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = self._reserve_port()
        port = int(held.getsockname()[1])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._forward_hangup)
        try:
            return self._supervise(port)
        finally:
            held.close()

    def _reserve_port(self) -> socket.socket:
        """Bind without listening: finds a free port for port 0, and a port that is taken before any worker starts."""
        listen = self._settings.listen
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            # Without SO_REUSEPORT first: another gateway would share the port, and some agents would meet its policy.
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((listen.host, listen.port))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind((listen.host, listen.port))
        except OSError as error:
            sock.close()
            raise ConfigurationError(
                f"listen: cannot use {listen.host} port {listen.port} ({error.strerror}). Stop what uses it, or change "
                "listen.port."
            ) from None
        return sock

    def _supervise(self, port: int) -> int:
        while not self._stopping:
            now = time.monotonic()
            for slot in self._slots:
                code = self._poll(slot, port, now)
                if code is not None:
                    self._drain()
                    return code
            self._announce_ready()
            time.sleep(_TICK)
        self._drain()
        return 0

    def _poll(self, slot: _Slot, port: int, now: float) -> int | None:
        """Start or restart a worker that is due; returns an exit code when going on makes no sense."""
        if slot.process is None:
            if now >= slot.due:
                self._start(slot, port, now)
            return None
        code = slot.process.poll()
        if code is None:
            return None
        if code == _CONFIGURATION and not self._ready_once:
            return _CONFIGURATION
        if now - slot.started > _STEADY_SECONDS:
            slot.backoff = _BACKOFF[0]
        slot.process = None
        slot.restarts += 1
        slot.due = now + slot.backoff
        slot.backoff = min(slot.backoff * 2, _BACKOFF[1])
        with contextlib.suppress(FileNotFoundError):
            self._state_file(slot).unlink()
        self._announce(f"worker {slot.index} ended with code {code}; starting it again")
        return None

    def _start(self, slot: _Slot, port: int, now: float) -> None:
        command = [sys.executable, "-m", "addons.worker", "--config", str(self._config), "--index", str(slot.index)]
        command += ["--port", str(port), "--restarts", str(sum(each.restarts for each in self._slots))]
        command += ["--workers", str(len(self._slots))]
        slot.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own module
        slot.started = now

    def _announce_ready(self) -> None:
        if self._ready_once:
            return
        states = [self._read_state(slot) for slot in self._slots]
        if not all(state.get("ready") for state in states):
            return
        self._ready_once = True
        admin = self._settings.admin.host
        ports = ", ".join(str(state["admin_port"]) for state in states)
        self._announce(
            f"serving on https://{self._settings.listen.host}:{states[0]['port']} with {len(states)} worker(s); "
            f"status on http://{admin}:{states[0]['admin_port']}/status (admin ports: {ports})"
        )
        notify("READY=1")

    def _state_file(self, slot: _Slot) -> Path:
        return self._state / f"worker-{slot.index}.json"

    def _read_state(self, slot: _Slot) -> dict[str, object]:
        try:
            state = json.loads(self._state_file(slot).read_text())
        except (OSError, ValueError):
            return {}
        current = slot.process is not None and state.get("pid") == slot.process.pid
        return state if current else {}

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _forward_hangup(self, _number: int, _frame: object) -> None:
        for slot in self._slots:
            if slot.process is not None and slot.process.poll() is None:
                slot.process.send_signal(signal.SIGHUP)

    def _drain(self) -> None:
        notify("STOPPING=1")
        running = [slot.process for slot in self._slots if slot.process is not None and slot.process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + self._settings.run.drain_seconds + 10
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def notify(message: str) -> None:
    """Tell systemd (sd_notify(3)); does nothing when it did not ask."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    target = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, contextlib.suppress(OSError):
        sock.sendto(message.encode(), target)
