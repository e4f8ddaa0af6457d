"""Process trees: start them on one core, add up their CPU time and memory, end them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

CORES = sorted(os.sched_getaffinity(0))
TARGET_CORE = CORES[0]
"""Whatever is measured runs here, alone."""
CLIENT_CORE = CORES[-1]
"""Client, stub and Redis run here; the same core where the machine has only one."""


_YARDSTICK = """
import time
began = time.process_time()
total = 0
for number in range(2_000_000):
    total += number & 7
print(time.process_time() - began)
"""


def yardstick() -> float:
    """Milliseconds of CPU that a fixed loop takes on the measured core right now; busy neighbours make it grow."""
    pin = ["taskset", "-c", str(TARGET_CORE)] if shutil.which("taskset") else []
    done = subprocess.run([*pin, sys.executable, "-c", _YARDSTICK], capture_output=True, text=True, check=True)
    return float(done.stdout) * 1e3


def free_port() -> int:
    """A port of the loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Tree:
    """One program and everything it starts. `log` takes its output."""

    def __init__(self, command: Sequence[str], *, core: int, log: Path, env: Mapping[str, str] | None = None) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        pin = ["taskset", "-c", str(core)] if shutil.which("taskset") and len(CORES) > 1 else []
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [*pin, *command],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=env,
                start_new_session=True,
            )
        self._psutil = psutil.Process(self._process.pid)

    def cpu(self, holding: str = "") -> float:
        """User and system seconds: of the whole tree, children that ended included; or of the processes whose command
        line holds `holding`, without their children."""
        total = 0.0
        for process in self.members():
            try:
                if holding and not any(holding in word for word in process.cmdline()):
                    continue
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
            if not holding:
                total += times.children_user + times.children_system
        return total

    def rss(self, holding: str = "") -> list[int]:
        """Resident bytes of each process, of those whose command line holds `holding`."""
        found = []
        for process in self.members():
            try:
                if not holding or any(holding in word for word in process.cmdline()):
                    found.append(int(process.memory_info().rss))
            except psutil.NoSuchProcess:
                continue
        return found

    def alive(self) -> bool:
        return self._process.poll() is None

    def tail(self) -> str:
        """The end of its output, for an error message."""
        return self._log.read_text("utf-8", "replace")[-2000:]

    def stop(self) -> None:
        """Ask, then insist, the whole process group."""
        for sent in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, sent)
            except ProcessLookupError:
                break
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                continue
            break
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def members(self) -> list[psutil.Process]:
        try:
            return [self._psutil, *self._psutil.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def wait_for_port(port: int, tree: Tree, *, seconds: float) -> None:
    """Until something accepts on the port. Raises RuntimeError when the program ended or the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not tree.alive():
            raise RuntimeError(f"ended at start:\n{tree.tail()}")
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port} after {seconds:.0f} s:\n{tree.tail()}")
