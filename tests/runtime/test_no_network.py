"""Nothing at run time needs, or even tries, a network beyond loopback: run in a network namespace that has none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = [pytest.mark.runtime, pytest.mark.slow]

# Tells of each name looked up and each address dialled outside. Every Python process of the run imports it but the scan
# processes, which get no environment of ours: what they run is run under `scan`.
WATCH = """
import os, sys
def hook(event, args):
    if event == "socket.getaddrinfo":
        name = args[0].decode() if isinstance(args[0], bytes) else args[0]
        outside = name not in (None, "", "localhost", "127.0.0.1", "::1")
    elif event in ("socket.connect", "socket.sendto"):
        name = args[1][0] if isinstance(args[1], tuple) else "127."
        outside = not str(name).startswith(("127.", "::1"))
    elif event in ("socket.gethostbyname", "socket.gethostbyaddr"):
        name, outside = args[0], True
    else:
        return
    if outside:
        with open(os.environ["NETWORK_WATCH"], "a") as file:
            file.write(f"{event} {name} in {sys.argv[:3]}\\n")
sys.addaudithook(hook)
"""
SCAN = """
import sys
from dlp_recognizers.engine import create
from dlp_recognizers.operators import PresidioOperator
from gateway.model import Operator
engine = create({})
text = "Dr. Ada Lovelace, ada@mail.unknown-tld-example.museum, +44 20 7946 0018, https://user:pw@host.example/x, "
found = {hit.entity for hit in engine.scan(text + "DE89 3704 0044 0532 0130 00 at 12 Baker Street, London. " * 40)}
assert {"EMAIL_ADDRESS", "PHONE_NUMBER", "URL_CREDENTIALS"} <= found, found
PresidioOperator()(Operator.HASH, "EMAIL_ADDRESS", "a@b.example")
"""
SHELL = 'ip link set lo up 2>/dev/null || true; exec "$@"'


def _namespace() -> list[str]:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare on this machine")
    flags = "-n" if os.geteuid() == 0 else "-rn"
    if subprocess.run([unshare, flags, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let a test make a network namespace")
    return [unshare, flags, "sh", "-c", SHELL, "sh"]


@pytest.mark.parametrize(
    "command", [pytest.param(["-c", textwrap.dedent(SCAN)], id="scan"), pytest.param(["-m", "demo.run"], id="demo")]
)
def test_nothing_tries_a_network(command: list[str], tmp_path: Path, repository: Path) -> None:
    watched = tmp_path / "watched"
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    environment = {
        **os.environ, "PYTHONPATH": f"{tmp_path}:{repository}", "NETWORK_WATCH": str(watched)
    }  # fmt: skip
    whole = [*_namespace(), sys.executable, *command]
    run = subprocess.run(whole, check=False, capture_output=True, text=True, timeout=110, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-3000:]
    assert not watched.exists(), watched.read_text()


def test_the_watch_sees_what_is_tried(tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    code = "import socket\ntry: socket.create_connection(('registry.example', 443), 1)\nexcept OSError: pass"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NETWORK_WATCH": str(watched)}
    subprocess.run([*_namespace(), sys.executable, "-c", code], check=True, env=environment, timeout=30)
    assert "registry.example" in watched.read_text()
