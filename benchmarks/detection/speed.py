"""Measure the scan alone: CPU by kind and size of text, seen text, a growing conversation, an edit, memory.

    make bench
    .venv/bin/python -m benchmarks.detection.speed --megabytes 1024     # the memory of a worker over a whole gigabyte

CPU time, not wall-clock time: it does not change when others want the core too. Stock Presidio reads the same text in
the same process, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.detection import pool_speed, results
from benchmarks.detection.pool_speed import PoolFigures
from benchmarks.detection.results import Aim
from benchmarks.detection.speed_texts import KINDS, pieces
from benchmarks.report import machine
from dlp_recognizers.detectors import Detector, OwnDetector, PresidioDetector
from dlp_recognizers.engine import Engine, EngineSettings

OUTPUT: Final = Path(__file__).resolve().parents[1] / "results" / "scan.json"
KB: Final = 1_000
_ROUNDS: Final = {1: 60, 100: 5, 1000: 1}
"""How many texts of so many KB are read."""
_PEER_ROUNDS: Final = {1: 20, 100: 1}


@dataclass(frozen=True, slots=True)
class Row:
    """One kind and size of text, read by one engine."""

    kind: str
    kilobytes: int
    engine: str
    p50_ms: float
    most_ms: float


@dataclass(slots=True)
class Figures:
    """Everything that was measured."""

    rows: list[Row] = field(default_factory=list)
    pool: PoolFigures | None = None

    def p50(self, kind: str, kilobytes: int, engine: str) -> float | None:
        """CPU ms of the text in the middle; None if it was not measured."""
        wanted = (kind, kilobytes, engine)
        return next((row.p50_ms for row in self.rows if (row.kind, row.kilobytes, row.engine) == wanted), None)


def _cpu_ms(read: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    spent = []
    for text in texts:
        begin = time.process_time_ns()
        read(text)
        spent.append((time.process_time_ns() - begin) / 1e6)
    return spent


def _measure(detector: Detector, name: str, rounds: dict[int, int], rows: list[Row]) -> None:
    for kind in KINDS:
        for kilobytes, count in rounds.items():
            # The automata have met text of this kind before, as in a worker that serves; but not this text.
            warm, texts = pieces(kind, kilobytes * KB, max(1, count // 5), 1), pieces(kind, kilobytes * KB, count, 2)
            _cpu_ms(detector.find, warm)
            spent = _cpu_ms(detector.find, texts)
            rows.append(Row(kind, kilobytes, name, statistics.median(spent), max(spent)))


def measure(*, megabytes: int, peer: bool) -> Figures:
    """Everything; the memory over so many megabytes of text that is new each time."""
    figures = Figures()
    patterns = Engine(EngineSettings(names="rules"))
    patterns.warm()
    _measure(OwnDetector(patterns), "patterns", _ROUNDS, figures.rows)
    full = Engine(EngineSettings())
    full.warm()
    _measure(OwnDetector(full), "everything", {1: 40, 100: 2}, figures.rows)
    if peer:
        _measure(PresidioDetector(), "presidio", _PEER_ROUNDS, figures.rows)
    figures.pool = asyncio.run(pool_speed.measure(megabytes=megabytes, rng=random.Random(7)))
    return figures


def aims(figures: Figures) -> list[Aim]:
    """The aims, from this run alone."""

    def most(what: str, wanted: float, value: float | None, unit: str = " ms") -> Aim:
        return Aim.at_most(what, wanted, value, unit=unit)

    found = [
        most("1 KB of new prose, patterns", 0.5, figures.p50("prose", 1, "patterns")),
        most("1 KB of new prose, everything", 6, figures.p50("prose", 1, "everything")),
    ]
    found += [most(f"100 KB of new {kind}, patterns", 60, figures.p50(kind, 100, "patterns")) for kind in KINDS]
    found += [most(f"100 KB of new {kind}, everything", 700, figures.p50(kind, 100, "everything")) for kind in KINDS]
    for kind in KINDS:
        small, large = figures.p50(kind, 100, "patterns"), figures.p50(kind, 1000, "patterns")
        ratio = large / small if small and large else None
        found.append(most(f"1 MB of {kind}, of 100 KB of it", 11, ratio, unit="x"))
    if figures.pool is not None:
        found += figures.pool.aims()
    return found


def _show(figures: Figures, console: Console) -> None:
    table = Table(title="CPU of one scan, ms", title_justify="left")
    table.add_column("text")
    for name in ("KB", "engine", "p50", "most", "of it stock Presidio"):
        table.add_column(name, justify="right")
    for row in figures.rows:
        peer = figures.p50(row.kind, row.kilobytes, "presidio")
        ratio = f"{peer / row.p50_ms:.1f}x" if peer and row.engine != "presidio" else "-"
        table.add_row(row.kind, str(row.kilobytes), row.engine, f"{row.p50_ms:.2f}", f"{row.most_ms:.2f}", ratio)
    console.print(table)
    console.print(results.table_of_aims(aims(figures)))


def main(given: Sequence[str] | None = None) -> int:
    """Run; 0 when every aim is met, 1 otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=16, help="new text that one worker reads (default 16)")
    parser.add_argument("--no-peer", action="store_true", help="leave stock Presidio out")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the JSON goes")
    arguments = parser.parse_args(given)
    begin = time.monotonic()
    figures = measure(megabytes=arguments.megabytes, peer=not arguments.no_peer)
    _show(figures, Console(width=None if sys.stdout.isatty() else 150, highlight=False))
    print(f"{time.monotonic() - begin:.0f} s")
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
        "rows": [asdict(row) for row in figures.rows],
        "pool": asdict(figures.pool) if figures.pool else None,
        "aims": [asdict(aim) for aim in aims(figures)],
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(document, indent=1) + "\n")
    return 0 if all(aim.met is not False for aim in aims(figures)) else 1


if __name__ == "__main__":
    sys.exit(main())
