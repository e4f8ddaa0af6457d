"""Measure every target under every workload, side by side, in one run.

    make bench
    make bench BENCH_ARGS="--quick --targets llmgw,mitmdump"

Each target alone on the first core, with everything it starts; this client, the stub upstream and Redis on the last.
CPU per request is the figure to trust; wall-clock figures depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import uvloop
from rich.console import Console

from benchmarks import pki, report, workloads
from benchmarks.gateway_target import Gateway
from benchmarks.processes import CLIENT_CORE, CORES, Tree, free_port, wait_for_port, yardstick
from benchmarks.targets import WORK, Direct, LiteLLM, Mitmdump, Running, Target
from benchmarks.workloads import Memory, Row, Scale

RESULTS = Path(__file__).resolve().parent / "results"
NAMES = ("new", "seen", "conversation", "mixed", "stream", "memory")


def _targets(names: list[str]) -> list[Target]:
    made = pki.make(WORK / "pki")
    every: list[Target] = [Direct(), Mitmdump(None), Mitmdump(made), Gateway(made), LiteLLM()]
    unknown = set(names) - {target.name for target in every}
    if unknown:
        sys.exit(f"no target {', '.join(sorted(unknown))}; there are {', '.join(target.name for target in every)}")
    return [target for target in every if not names or target.name in names]


def _wanted(target: Target, chosen: list[str]) -> list[str]:
    """What a target is asked. The large requests only mean something where the text is looked at."""
    names = [name for name in NAMES if not chosen or name in chosen]
    if isinstance(target, Direct):
        return [name for name in names if name in ("seen", "stream")]
    if not target.scans:
        return [name for name in names if name not in ("mixed", "memory")]
    return [name for name in names if not (target.slow and name == "memory")]


async def _measure(target: Target, running: Running, names: list[str], scale: Scale) -> tuple[list[Row], list[Memory]]:
    rows: list[Row] = []
    memories: list[Memory] = []
    one: dict[str, Callable[[Target, Running, Scale], object]] = {
        "new": workloads.new_text,
        "seen": workloads.seen_text,
        "conversation": workloads.conversation,
        "stream": workloads.stream,
    }
    for name in names:
        started = time.monotonic()
        if name == "mixed":
            rows += await workloads.beside_large(target, running, scale)
        elif name == "memory":
            shorter = scale if target.name == "llmgw" else Scale(memory_requests=10_000, memory_seconds=12.0)
            memories.append(await workloads.memory(target, running, shorter))
        else:
            rows.append(await one[name](target, running, scale))  # type: ignore[misc]
        print(f"  {target.name}: {name} ({time.monotonic() - started:.0f} s)", flush=True)
    return rows, memories


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", default="", help="comma-separated; all by default")
    parser.add_argument("--workloads", default="", help=f"comma-separated of {', '.join(NAMES)}; all by default")
    parser.add_argument(
        "--quick", action="store_true", help="seconds instead of minutes: to try the programs, not to quote"
    )
    parser.add_argument("--output", type=Path, default=RESULTS / "latest.json", help="where the JSON goes")
    return parser.parse_args()


def main() -> int:
    """Run; 0 when every chosen target was measured without an error, 1 otherwise."""
    arguments = _arguments()
    scale = workloads.QUICK if arguments.quick else Scale()
    os.sched_setaffinity(0, {CLIENT_CORE})
    if len(CORES) < 2:
        print("only one core: client, stub and target share it, and every figure but CPU per request is worthless")
    WORK.mkdir(exist_ok=True)
    targets = _targets([name for name in arguments.targets.split(",") if name])
    chosen = [name for name in arguments.workloads.split(",") if name]
    port = free_port()
    stub = Tree([sys.executable, "-m", "benchmarks.stub", "--port", str(port)], core=CLIENT_CORE, log=WORK / "stub.log")
    rows: list[Row] = []
    memories: list[Memory] = []
    skipped: dict[str, str] = {}
    yardsticks: dict[str, float] = {}
    try:
        wait_for_port(port, stub, seconds=20)
        for target in targets:
            yardsticks[target.name] = round(yardstick(), 1)
            why = target.missing()
            if why is None:
                why = _one(target, port, _wanted(target, chosen), scale, rows, memories)
            if why is not None:
                skipped[target.name] = why
                print(f"  {target.name}: {why}", flush=True)
    finally:
        stub.stop()
    report.show(rows, memories, skipped, Console(width=None if sys.stdout.isatty() else 170))
    said = ", ".join(f"{name} {value:.0f} ms" for name, value in yardsticks.items())
    print(f"the same fixed loop took, just before each target: {said}")
    report.write(arguments.output, rows, memories, {"not_measured": skipped, "yardstick_ms": yardsticks})
    return 1 if skipped or any(row.errors for row in rows) else 0


def _one(
    target: Target, port: int, names: list[str], scale: Scale, rows: list[Row], memories: list[Memory]
) -> str | None:
    """Start, measure and end one target; gives back what went wrong."""
    try:
        running = target.start(port)
    except (RuntimeError, OSError) as error:
        return str(error)
    try:
        measured = uvloop.run(_measure(target, running, names, scale))
    except OSError as error:
        return f"{error}\n{running.trees[0].tail() if running.trees else ''}"
    finally:
        running.stop()
    rows += measured[0]
    memories += measured[1]
    return None


if __name__ == "__main__":
    sys.exit(main())
