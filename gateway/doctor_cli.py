"""`llmgw doctor` at the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import typer

from gateway.doctor import DoctorLine, healthy, run
from gateway.documents import load_settings

_COLOURS: Final = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


def print_report(config: Path) -> int:
    """Print a line for each check, with the fix below where there is one; 1 if anything fails, else 0.

    Raises ConfigurationError when the settings themselves cannot be loaded.
    """
    lines = run(load_settings(config))
    for line in lines:
        typer.echo(render(line))
    counts = {status: sum(line.status == status for line in lines) for status in _COLOURS}
    typer.echo(f"{counts['ok']} fine, {counts['warn']} to look at, {counts['fail']} failed")
    return 0 if healthy(lines) else 1


def render(line: DoctorLine) -> str:
    """One finding as text; colours are left out by `echo` where the output is not a terminal."""
    status = typer.style(f"{line.status:<4}", fg=_COLOURS[line.status])
    text = f"{status}  {line.name}: {line.detail}"
    return f"{text}\n      fix: {line.fix}" if line.fix else text
