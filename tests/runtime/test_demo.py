"""The demo is what a newcomer sees first: it runs to its end and does what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.runtime
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_demo_runs_to_its_end(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo.run"], cwd=repository, capture_output=True, timeout=170, check=False
    )
    text = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 0, text[-3000:]
    assert "Traceback" not in text
