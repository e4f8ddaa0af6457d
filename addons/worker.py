"""One proxy worker: a process with its own loop, master, scan processes, outbox and admin endpoint."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog
import uvloop

import gateway
from addons.answer_guard import AnswerGuards, prepare
from addons.canary import Canary, CanaryResult, canary_spiffe_id
from addons.chain import build_chain
from addons.ids import RequestIds
from addons.listener import Listener, bind
from addons.master import GatewayMaster
from addons.outboxes import leftover_outboxes, open_outbox
from addons.reload import Reloader
from addons.status import DecisionLog, WorkerStatus
from addons.surroundings import Surroundings
from addons.sweeper import Sweeper
from addons.trust import ServerTrust, Targets
from addons.upstream_state import keep_tidy
from dlp_recognizers.attachments.pool import OpenerPool
from dlp_recognizers.attachments.setup import opening_of
from dlp_recognizers.operators import PresidioOperator
from dlp_recognizers.pool import ScannerPool
from gateway import logs
from gateway.admin import AdminServer
from gateway.confine import confine
from gateway.credentials import CredentialStore
from gateway.documents import load_settings
from gateway.errors import ConfigurationError
from gateway.evidence.metrics import Metrics
from gateway.evidence.redis_sink import RedisSink, drain_leftover
from gateway.jwks import token_verifier
from gateway.snapshot import SnapshotStore
from gateway.state_store import open_store
from gateway.versions import check_versions

if TYPE_CHECKING:
    from gateway.settings import Settings

log = structlog.get_logger("gateway.worker")
_ACCEPT_WHILE_DRAINING: Final = 1.0
"""Seconds during which a draining worker still accepts, so that a balancer can notice first."""


@dataclass(slots=True)
class WorkerArguments:
    """What the supervisor says on the command line."""

    config: Path
    index: int = 0
    port: int = 0
    restarts: int = 0
    workers: int = 0
    """Workers in all; 0 when run alone."""


@dataclass(eq=False)
class Worker:
    """The parts of a running worker, in the order in which they start."""

    settings: Settings
    arguments: WorkerArguments
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def run(self) -> None:
        """Start, serve until told to stop, drain. Raises ConfigurationError before anything is served."""
        settings = self.settings
        loop = asyncio.get_running_loop()
        self.metrics = Metrics()
        self.metrics.build(gateway.__version__, platform.python_version())
        self.metrics.worker_restarts(self.arguments.restarts)
        self.store = SnapshotStore(settings, _now)
        self.trust = ServerTrust(settings.listen)
        self.targets = Targets()
        self.outbox = open_outbox(settings.evidence, self.arguments.index, self.metrics)
        self.decisions = DecisionLog(self.outbox)
        self.sink: RedisSink | None = None
        own = self.store.current().own.sources
        self.pool = ScannerPool(settings.dlp, on_event=self._scanner_event, own=own)
        self.opener = OpenerPool(opening_of(settings.dlp), on_event=self._scanner_event)
        self.surroundings = self._surroundings()
        self.master = GatewayMaster(self._tampered)
        self.master.addons.crashes.append(_report_crash)
        self.master.addons.install(build_chain(self.surroundings, self.master.addons, self.trust, self.targets))
        self.listener = Listener(self.master, self.surroundings)
        self.status = WorkerStatus(self)
        logs.handle_loop_errors(loop)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        try:
            await self._serve()
        finally:
            await self._close()

    async def _serve(self) -> None:
        settings = self.settings
        self.admin = AdminServer(
            settings.admin.host,
            settings.admin.port and settings.admin.port + self.arguments.index,
            self.status.sources(),
            hosts=settings.admin.hosts,
        )
        admin_port = await self.admin.start()
        await asyncio.gather(self.pool.start(), prepare(self.surroundings.answer_guards, self.store.current()))
        sock = bind(settings.listen.host, self.arguments.port or settings.listen.port)
        address = await self.listener.start(sock)
        self.canary = Canary(settings, lambda: address, self.listener.accepted_ports)
        sink = await self.canary.start()
        self.store.set_canary(sink, canary_spiffe_id(settings.canary.certificate, settings.identity.trust_domain))
        self.status.published()
        self.reloader = Reloader(
            settings,
            self.store,
            self.trust,
            targets=self.targets,
            published=self._published,
            rescan=partial(self.pool.reconfigure, settings.dlp),
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.reloader.wake)
        self._spawn(Sweeper(self.surroundings, self.master.addons, self.trust).run())
        self._spawn(self.reloader.run())
        self._spawn(self._watch_canary())
        self._spawn(self.status.run())
        self._spawn(keep_tidy(self.surroundings))
        if self.token_keys is not None:
            self._spawn(self.token_keys.run())
        if settings.evidence.redis is not None:
            self.sink = RedisSink(settings.evidence.redis, self.outbox, self.metrics)
            self._spawn(self.sink.run())
            for path in leftover_outboxes(settings.evidence, self.arguments.index, self.arguments.workers):
                self._spawn(
                    drain_leftover(settings.evidence.redis, path, self.metrics, retain=settings.evidence.retain_events)
                )
        # What start-up made stays for the life of the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        self._write_state(address[1], admin_port)
        log.info("serving", host=address[0], port=address[1], admin_port=admin_port, worker=self.arguments.index)
        await self.stop.wait()
        await self._drain()

    async def _drain(self) -> None:
        log.info("draining", worker=self.arguments.index)
        self.surroundings.draining = True
        await asyncio.sleep(_ACCEPT_WHILE_DRAINING)
        self.listener.stop_accepting()
        if not await self.listener.drained(self.settings.run.drain_seconds):
            log.warning("connections_cut", worker=self.arguments.index)

    async def _close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if hasattr(self, "canary"):
            await self.canary.close()
        await self.pool.close()
        await self.opener.close()
        if hasattr(self, "admin"):
            await self.admin.close()
        await asyncio.to_thread(self.outbox.close)
        with contextlib.suppress(FileNotFoundError):
            self._state_file().unlink()

    async def _watch_canary(self) -> None:
        failures = 0
        while True:
            result = await self.canary.check() if self.pool.stats().workers_alive else CanaryResult(False, "no scanner")
            self.status.canary = result
            self.status.canary_at = time.time()
            self.metrics.canary(ok=result.ok)
            if result.ok:
                failures = 0
                if not self.status.was_ready:
                    self.status.was_ready = True
                    self._mark_ready()
            else:
                failures += 1
                log.warning("canary_failed", detail=result.detail)
            interval = self.settings.canary.interval_seconds
            await asyncio.sleep(interval if result.ok else min(interval, 0.2 * 2 ** min(failures, 6)))

    def _surroundings(self) -> Surroundings:
        tokens, self.token_keys = token_verifier(self.settings.identity.oauth)
        return Surroundings(
            snapshot=self.store.current,
            scanner=self.pool,
            opener=self.opener,
            operator=PresidioOperator(),
            evidence=self.decisions,
            metrics=self.metrics,
            clock=_now,
            monotonic=time.monotonic,
            new_id=RequestIds(_now),
            credentials=CredentialStore(),
            answer_guards=AnswerGuards(self.settings.dlp),
            token_verifier=tokens,
            upstream_state=open_store(self.settings),
            worker=self.arguments.index,
        )

    def _published(self) -> None:
        self.status.published()
        self._spawn(prepare(self.surroundings.answer_guards, self.store.current()))

    def _scanner_event(self, event: str) -> None:
        if event in ("worker_died", "worker_overdue", "worker_start_failed", "opener_died"):
            self.metrics.scanner_restarted()

    def _tampered(self, option: str) -> None:
        self.surroundings.tampered = option
        log.error("option_changed", option=option)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._task_ended)
        self.tasks.append(task)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            # A worker without its sweeper, reloader or drain is not the worker that was tested: start a new one.
            log.error("task_failed", kind=type(task.exception()).__name__)
            self.stop.set()

    def _state_file(self) -> Path:
        return Path(self.settings.run.state) / f"worker-{self.arguments.index}.json"

    def _write_state(self, port: int, admin_port: int) -> None:
        self._state = {"pid": os.getpid(), "port": port, "admin_port": admin_port, "ready": False}
        self._save_state()

    def _mark_ready(self) -> None:
        self._state["ready"] = True
        self._save_state()
        log.info("ready", worker=self.arguments.index)

    def _save_state(self) -> None:
        file = self._state_file()
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(self._state))
        fresh.replace(file)


def _now() -> datetime:
    return datetime.now(UTC)


def _report_crash(where: str, crash: BaseException) -> None:
    log.error("step_failed", where=where, exc_info=(type(crash), crash, crash.__traceback__))


def main(argv: list[str] | None = None) -> int:
    """Run one worker. Exit codes: 0 drained, 2 configuration."""
    parser = argparse.ArgumentParser(prog="llmgw-worker")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--restarts", type=int, default=0)
    parser.add_argument("--workers", type=int, default=0)
    given = parser.parse_args(argv)
    confine(signal.SIGTERM)
    try:
        problems = check_versions()
        if problems:
            raise ConfigurationError("; ".join(str(problem) for problem in problems))
        settings = load_settings(given.config)
        logs.configure(settings.log.level, settings.log.format)
        worker_arguments = WorkerArguments(**vars(given))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(Worker(settings, worker_arguments).run())
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the operator's terminal
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
