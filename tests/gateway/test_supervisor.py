"""The supervisor's small parts; what it does with real workers is in tests/runtime."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.documents import load_settings
from gateway.errors import ConfigurationError
from gateway.init import init
from gateway.supervisor import Supervisor, notify


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    """A supervisor of a fresh folder that has not started anything."""
    init(tmp_path / "gw")
    settings = load_settings(tmp_path / "gw" / "gateway.yaml")
    settings = settings.model_copy(
        update={"listen": settings.listen.model_copy(update={"host": "127.0.0.1", "port": 0})}
    )
    return Supervisor(tmp_path / "gw" / "gateway.yaml", settings, workers=2, announce=lambda text: None)


@pytest.mark.parametrize("abstract", [False, True])
def test_readiness_is_told_to_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    name = f"@llmgw-test-{os.getpid()}" if abstract else str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if abstract else name)
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify("READY=1")
        assert listener.recv(64) == b"READY=1"


def test_nobody_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify("READY=1")


def test_a_free_port_is_found_and_held(supervisor: Supervisor) -> None:
    with supervisor._reserve_port() as held:
        assert held.getsockname()[1] > 0
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(held.getsockname())


@pytest.mark.parametrize("shared", [False, True], ids=["anything", "another gateway"])
def test_a_taken_port_is_a_fault_of_the_configuration(supervisor: Supervisor, shared: bool) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = supervisor._settings.listen.model_copy(update={"port": other.getsockname()[1]})
        supervisor._settings = supervisor._settings.model_copy(update={"listen": listen})
        with pytest.raises(ConfigurationError, match=r"Stop what uses it, or change listen\.port"):
            supervisor._reserve_port()


def test_state_of_an_earlier_process_does_not_count(supervisor: Supervisor) -> None:
    slot = supervisor._slots[0]
    file = supervisor._state_file(slot)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"ready": True, "pid": 1, "port": 1, "admin_port": 1}))
    assert supervisor._read_state(slot) == {}
    slot.process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert supervisor._read_state(slot) == {}, "another process wrote it"
        file.write_text(json.dumps({"ready": True, "pid": slot.process.pid}))
        assert supervisor._read_state(slot)["ready"] is True
        file.write_text("{half")
        assert supervisor._read_state(slot) == {}
    finally:
        slot.process.kill()
        slot.process.communicate()


def test_a_worker_that_dies_comes_back_later_and_later(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    slot = supervisor._slots[0]
    started: list[float] = []

    def start(which: object, port: int, now: float) -> None:
        slot.process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
        slot.process.wait()
        slot.started = now
        started.append(now)

    monkeypatch.setattr(supervisor, "_start", start)
    delays = []
    now = 100.0
    for _ in range(8):
        assert supervisor._poll(slot, 1, now) is None  # starts it
        assert supervisor._poll(slot, 1, now) is None  # sees that it ended
        delays.append(round(slot.due - now, 3))
        assert supervisor._poll(slot, 1, now) is None
        assert slot.process is None, "not before it is due"
        now = slot.due
    assert delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert slot.restarts == len(started) == 8


def test_a_refused_configuration_ends_the_start_but_not_the_service(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = supervisor._slots[0]

    def ended(code: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({code})"])
        process.wait()
        return process

    slot.process = ended(2)
    assert supervisor._poll(slot, 1, 0.0) == 2
    # Once it has served, a broken file must not take the other workers down.
    supervisor._ready_once = True
    slot.process = ended(2)
    assert supervisor._poll(slot, 1, 0.0) is None
    assert slot.restarts == 1
