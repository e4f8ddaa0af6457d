"""Keeps a number of scan processes alive: starts, replaces, recycles, and stops them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from dlp_recognizers.frames import UnitResult
from dlp_recognizers.own.sources import OwnSources
from dlp_recognizers.pending import Unit
from dlp_recognizers.process import ScanProcess, start_process
from gateway.errors import ConfigurationError
from gateway.settings import Dlp

_CLOSE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Tuning:
    """Sizes and times that nobody needs to set; tests do."""

    job_chars: int = 4096
    """Code points in a job, unless one window alone is larger: what a small request may have to wait for."""
    job_texts: int = 256
    queued_bytes: int = 256 * 1024 * 1024
    """UTF-8 bytes of new text that may wait, in all; one agent may have half of it."""
    recycle_chars: int = 512 * 1024 * 1024
    """Code points after which a process is replaced, because what it has learnt of words only grows."""
    growth_bytes: int = 512 * 1024 * 1024
    """Resident bytes above those at its start that get a process replaced."""
    backoff_seconds: float = 0.05
    """Pause before the second start after a death; doubles with each death until something has been scanned."""
    backoff_most_seconds: float = 2.0
    quarantine_seconds: float = 60.0
    """How long a text that killed a process is refused without another try."""


def setup_of(dlp: Dlp, engine: str, own: OwnSources | None) -> dict[str, Any]:
    """What a scan process is told first: `engine` is `module:function`, and the rest is what that function takes."""
    config: dict[str, Any] = {
        "spacy_pipelines": list(dlp.spacy_pipelines),
        "allow_examples": dlp.allow_examples,
        "names": dlp.names,
        "unknown_language": dlp.unknown_language,
    }
    if own:
        config["own"] = own.plain()
    return {"engine": engine, "config": config}


class CrewClient(Protocol):
    """Who gives the crew its work."""

    def crew_ready(self, process: ScanProcess) -> None: ...
    def crew_replied(self, process: ScanProcess, job: Sequence[Unit], results: Sequence[UnitResult]) -> None: ...
    def crew_lost(self, job: Sequence[Unit], *, overdue: bool) -> None: ...


class Crew:
    """The processes of one pool."""

    def __init__(
        self, client: CrewClient, *, setup: dict[str, Any], size: int, tuning: Tuning, on_event: Callable[[str], None]
    ) -> None:
        self._client = client
        self._setup = {**setup, "parent": os.getpid()}
        self._size = size
        self._tuning = tuning
        self._on_event = on_event
        self._processes: set[ScanProcess] = set()
        self._starts: set[asyncio.Task[None]] = set()
        self._deaths = 0
        """Deaths in a row, with nothing scanned in between."""
        self._open = False
        self.generation = 0
        self.problem = ""
        """Why the last process that could not load its engine could not."""
        self.restarts = 0

    async def start(self) -> None:
        """Start every process and wait until each serves or has failed. Raises ConfigurationError if none serves."""
        self._setup["parent"] = os.getpid()
        firsts = await asyncio.gather(*(self._begin() for _ in range(self._size)), return_exceptions=True)
        started = [first for first in firsts if isinstance(first, ScanProcess)]
        problems = [await process.ready for process in started] or ["no scan process could be started"]
        if all(problems):
            await self.close()
            raise ConfigurationError(f"{problems[0]}. Run `llmgw doctor` to see what is missing.")
        self._open = True
        self._replenish()

    async def close(self) -> None:
        """Stop every process; returns when all are gone."""
        self._open = False
        for task in self._starts:
            task.cancel()
        await asyncio.gather(*self._starts, return_exceptions=True)
        leaving = list(self._processes)
        for process in leaving:
            # A busy one could take long: nobody wants its answer any more.
            process.retire() if process.idle else process.kill()
        if leaving:
            await asyncio.wait([process.gone for process in leaving], timeout=_CLOSE_SECONDS)
        for process in leaving:
            process.kill()
        await asyncio.gather(*(process.gone for process in leaving))

    def reconfigure(self, setup: dict[str, Any], size: int) -> None:
        """Replace every process by one with this set-up, each after its replacement serves."""
        if setup != {key: value for key, value in self._setup.items() if key != "parent"}:
            self._setup = {**setup, "parent": os.getpid()}
            self.generation += 1
            for process in self._processes:
                process.recycling = True
        self._size = size
        for process in self._wanted()[size:]:
            process.retire()
        self._replenish()

    def idle(self) -> Iterator[ScanProcess]:
        """The processes that can take a job."""
        return (process for process in tuple(self._processes) if process.idle)

    @property
    def serving(self) -> tuple[ScanProcess, ...]:
        """The processes that are up."""
        return tuple(process for process in self._processes if process.serving)

    def process_ready(self, process: ScanProcess) -> None:
        self._on_event("worker_started")
        self.problem = ""
        old = next((other for other in self._processes if other.recycling and not other.retired), None)
        if old is not None and process.generation == self.generation:
            old.retire()
        self._client.crew_ready(process)

    def process_replied(self, process: ScanProcess, job: Sequence[Unit], results: list[UnitResult]) -> None:
        self._deaths = 0
        grown = process.resident - process.baseline > self._tuning.growth_bytes
        if (grown or process.scanned > self._tuning.recycle_chars) and not process.recycling:
            process.recycling = True
            self._on_event("worker_recycled")
            self._replenish()
        self._client.crew_replied(process, job, results)

    def process_gone(self, process: ScanProcess, job: Sequence[Unit]) -> None:
        self._processes.discard(process)
        if process.ready.done() and process.ready.result():
            self.problem = process.ready.result()
        if self._open and not process.retired:
            self._deaths += 1
            self.restarts += 1
            self._on_event("worker_overdue" if process.overdue else "worker_died")
        self._replenish()
        self._client.crew_lost(job, overdue=process.overdue)

    def _wanted(self) -> list[ScanProcess]:
        """Processes that are to stay."""
        return [process for process in self._processes if not process.recycling and not process.retired]

    def _replenish(self) -> None:
        """Start what is missing, unless the first ones are just being started, or all are being stopped."""
        if not self._open:
            return
        for _ in range(self._size - len(self._wanted()) - len(self._starts)):
            task = asyncio.get_running_loop().create_task(self._begin_later(self._pause()))
            self._starts.add(task)
            task.add_done_callback(self._started)

    def _started(self, task: asyncio.Task[None]) -> None:
        self._starts.discard(task)
        self._replenish()

    def _pause(self) -> float:
        if not self._deaths:
            return 0.0
        tuning = self._tuning
        return min(tuning.backoff_most_seconds, tuning.backoff_seconds * 2.0 ** min(self._deaths - 1, 16))

    async def _begin_later(self, pause: float) -> None:
        await asyncio.sleep(pause)
        try:
            await self._begin()
        except OSError:
            # No process, memory or descriptor to be had: as good as a death, tried again after a pause.
            self._deaths += 1
            self._on_event("worker_start_failed")

    async def _begin(self) -> ScanProcess:
        process = await start_process(self, self._setup, self.generation)
        if process.gone.done():
            return process
        self._processes.add(process)
        return process
