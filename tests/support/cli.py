"""`llmgw` as a user at a terminal has it: a process, its exit code, what it wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def both(self) -> str:
        """Everything that it wrote."""
        return self.out + self.err


def llmgw(
    *arguments: str | Path,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    seconds: float = 60.0,
    prefix: Sequence[str] = (),
) -> Done:
    """Run the command, with `given` on standard input, wide enough that nothing is wrapped."""
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "gateway", *map(str, arguments)],
        input=given,
        capture_output=True,
        timeout=seconds,
        check=False,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb", **(environment or {})},
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())
