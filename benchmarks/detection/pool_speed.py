"""The pool of scan processes: seen text, a conversation that is sent again and again, an edit, memory, a flood."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from dataclasses import dataclass
from typing import Final

import psutil

from benchmarks.detection.results import Aim
from benchmarks.detection.speed_texts import KINDS, pieces
from dlp_recognizers.engine import Engine, EngineSettings
from dlp_recognizers.pool import ScannerPool
from gateway.model import TextSpan
from gateway.settings import Dlp

TURNS: Final = 50
TURN: Final = 2_000
_MEGABYTE: Final = 1_000_000


@dataclass(slots=True)
class PoolFigures:
    """What was measured."""

    seen_us_per_kb: float = 0.0
    """CPU of the proxy's side."""
    conversation_kb: float = 0.0
    scanned_per_new: float = 0.0
    """Characters that went to a scan process, for each new one."""
    cpu_below_whole: float = 0.0
    """CPU of scanning each request whole, over what the pool and its processes spent."""
    edit_kb: float = 0.0
    """Scanned again after one line of a 200 KB file changed, median."""
    rss_start_mb: float = 0.0
    rss_middle_mb: float = 0.0
    rss_end_mb: float = 0.0
    distinct_mb: int = 0
    alone_p99_ms: float = 0.0
    beside_flood_p99_ms: float = 0.0
    """A small request of one agent while another floods."""

    def aims(self) -> list[Aim]:
        """The aims that these figures belong to."""
        flooded = self.beside_flood_p99_ms / max(0.001, self.alone_p99_ms)
        grown = (self.rss_end_mb - self.rss_middle_mb) / max(1.0, self.rss_middle_mb)
        return [
            Aim.at_most("seen text, for each KB", 30, self.seen_us_per_kb, unit=" us"),
            Aim.at_most(f"{TURNS} turns to {self.conversation_kb:.0f} KB, scanned/new", 1.05, self.scanned_per_new),
            Aim.at_least("the same, CPU below scanning each whole, times", 20, self.cpu_below_whole, digits=1),
            Aim.at_most("a line changed in 200 KB, scanned again", 20, self.edit_kb, unit=" KB"),
            Aim.at_most("p99 of one agent beside a flood by another, of alone", 2, flooded, unit="x"),
            Aim.at_most(f"a worker's memory after {self.distinct_mb} MB", 400, self.rss_end_mb, unit=" MB"),
            Aim.at_most("the same, growth in the second half", 0.05, grown),
        ]


def _spans(messages: list[str]) -> list[TextSpan]:
    return [TextSpan(f"/messages/{index}/content", text) for index, text in enumerate(messages)]


def _scanned(pool: ScannerPool) -> int:
    return sum(process.scanned for process in pool._crew.serving)


def _cpu(pool: ScannerPool) -> float:
    """Seconds of the scan processes and of this one."""
    theirs = sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pool.pids())
    return theirs + time.process_time()


def _rss(pool: ScannerPool) -> float:
    return max(psutil.Process(pid).memory_info().rss for pid in pool.pids()) / _MEGABYTE


async def _scan(pool: ScannerPool, texts: list[str], agent: str = "a") -> None:
    result = await pool.scan(_spans(texts), agent=agent)
    if not result.complete:
        raise RuntimeError(f"the pool refused: {result.reason}")


async def measure(*, megabytes: int, rng: random.Random) -> PoolFigures:
    """Everything, with one scan process."""
    figures = PoolFigures(distinct_mb=megabytes)
    pool = ScannerPool(Dlp(workers=1, deadline_seconds=120.0))
    await pool.start()
    try:
        for kind in KINDS:
            await _scan(pool, pieces(kind, 50_000, 2, 90))
        await _conversation(pool, figures)
        await _seen(pool, figures)
        await _edit(pool, figures, rng)
        await _flood(pool, figures)
        await _memory(pool, figures)
    finally:
        await pool.close()
    return figures


async def _conversation(pool: ScannerPool, figures: PoolFigures) -> None:
    texts = [text for kind in ("prose", "code") for text in pieces(kind, TURN, TURNS // 2, 11)]
    random.Random(3).shuffle(texts)
    before, spent = _scanned(pool), _cpu(pool)
    for turn in range(1, TURNS + 1):
        await _scan(pool, texts[:turn])
    spent = _cpu(pool) - spent
    new = sum(map(len, texts))
    figures.conversation_kb = new / 1000
    figures.scanned_per_new = (_scanned(pool) - before) / new
    engine = Engine(EngineSettings())
    engine.warm()
    for text in texts:
        engine.scan(text)
    begin = time.process_time()
    for text in texts:
        engine.scan(text)
    # Message number i is in every request from the i-th on; what one scan of each costs, weighted so.
    each = (time.process_time() - begin) / TURNS
    figures.cpu_below_whole = each * TURNS * (TURNS + 1) / 2 / spent


async def _seen(pool: ScannerPool, figures: PoolFigures) -> None:
    texts = pieces("prose", 1_000, 50, 12)
    await _scan(pool, texts)
    await _scan(pool, texts)
    begin = time.process_time()
    for _ in range(100):
        await _scan(pool, texts)
    figures.seen_us_per_kb = (time.process_time() - begin) / (100 * sum(map(len, texts)) / 1000) * 1e6


async def _edit(pool: ScannerPool, figures: PoolFigures, rng: random.Random) -> None:
    (text,) = pieces("code", 200_000, 1, 13)
    await _scan(pool, [text])
    again = []
    for number in range(9):
        at = text.index("\n", rng.randrange(150_000)) + 1
        before = _scanned(pool)
        await _scan(pool, [f"{text[:at]}    changed = {number}\n{text[at:]}"])
        again.append(_scanned(pool) - before)
    figures.edit_kb = statistics.median(again) / 1000


async def _flood(pool: ScannerPool, figures: PoolFigures) -> None:
    small = iter(pieces("prose", 1_000, 160, 14))

    async def latencies(count: int) -> float:
        spent = []
        for _ in range(count):
            begin = time.perf_counter()
            await _scan(pool, [next(small)], agent="small")
            spent.append((time.perf_counter() - begin) * 1000)
        return statistics.quantiles(spent, n=100)[-1]

    figures.alone_p99_ms = await latencies(80)
    floods = [asyncio.create_task(_scan(pool, [text], "flood")) for text in pieces("prose", 100_000, 24, 15)]
    await asyncio.sleep(0.02)
    figures.beside_flood_p99_ms = await latencies(40)
    for flood in floods:
        flood.cancel()
    await asyncio.gather(*floods, return_exceptions=True)


async def _memory(pool: ScannerPool, figures: PoolFigures) -> None:
    figures.rss_start_mb = figures.rss_middle_mb = figures.rss_end_mb = _rss(pool)
    for number in range(figures.distinct_mb):
        texts = [text for kind in KINDS for text in pieces(kind, 125_000, 2, 1000 + number)]
        await _scan(pool, texts)
        figures.rss_end_mb = _rss(pool)
        if number == figures.distinct_mb // 2:
            figures.rss_middle_mb = figures.rss_end_mb
