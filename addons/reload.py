"""Takes changed files into use: policy, the organisation's own recognizers, lists and tables, registry, revocation
lists, certificates. Within two seconds, or at SIGHUP; what is scanned for changes once new scan processes are up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from watchfiles import awatch

from dlp_recognizers.own.sources import files_of
from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from addons.trust import ServerTrust, Targets
    from dlp_recognizers.own.sources import OwnSources
    from gateway.settings import Settings
    from gateway.snapshot import SnapshotStore

RELOAD_SECONDS: Final = 2.0
"""Stated bound: how long after a file changed the old trust and the old policy are gone."""
_POLL_SECONDS: Final = 1.0
log = structlog.get_logger("gateway.reload")


class Reloader:
    """Watches the folders of every file that decides, and compares what is in them."""

    def __init__(
        self,
        settings: Settings,
        store: SnapshotStore,
        trust: ServerTrust,
        *,
        targets: Targets,
        published: Callable[[], None],
        rescan: Callable[[OwnSources], None],
    ) -> None:
        """`rescan` is told what to scan for from now on, when that changes."""
        self._settings = settings
        self._store = store
        self._trust = trust
        self._targets = targets
        self._published = published
        self._rescan = rescan
        self._wake = asyncio.Event()
        self._marks = self._read_marks()
        self.problems: dict[str, str] = {}

    def wake(self) -> None:
        """Reload now (SIGHUP)."""
        self._marks = ()
        self._wake.set()

    async def run(self) -> None:
        """Reload on changes until cancelled. Network file systems send no notices, so it also looks every second."""
        folders = sorted(
            {str(path if path.is_dir() else path.parent) for path in self._files() if path.parent.is_dir()}
        )
        stop = asyncio.Event()
        try:
            async for _ in awatch(
                *folders,
                stop_event=stop,
                debounce=200,
                recursive=False,
                rust_timeout=int(_POLL_SECONDS * 1000),
                yield_on_timeout=True,
                watch_filter=None,
            ):
                await self._look()
        finally:
            stop.set()

    async def _look(self) -> None:
        marks = self._read_marks()
        if marks == self._marks and not self._store.problems and not self.problems:
            return
        if marks == self._marks:
            return
        self._marks = marks
        before = self._store.current().own.version
        # In a thread: recognizers are compiled and tried on their own tests, which takes longer than a loop may stand.
        changed = await asyncio.to_thread(self._store.reload)
        own = self._store.current().own
        if own.version != before:
            self._rescan(own.sources)
        try:
            changed = self._trust.reload() or changed
            self.problems.pop("trust", None)
        except ConfigurationError as error:
            self.problems["trust"] = str(error)
        self._targets.refresh(self._store.current().policy.version)
        problems = {**self._store.problems, **self.problems}
        self._published()
        if problems:
            log.error("reload_failed", parts=sorted(problems))
        elif changed:
            log.info("reloaded", policy=self._store.current().policy.version)

    def _files(self) -> list[Path]:
        settings = self._settings
        listen = settings.listen
        files = [settings.policy, settings.identity.registry, listen.certificate, listen.key, listen.client_ca]
        if listen.client_crl is not None:
            files.append(listen.client_crl)
        for upstream in self._store.current().policy.upstreams.values():
            names = (upstream.ca_file, upstream.client_cert_file, upstream.client_key_file)
            files += [Path(name) for name in names if name]
        return [*map(Path, files), *files_of(settings.dlp)]

    def _read_marks(self) -> tuple[tuple[int, int, int], ...]:
        return tuple(_mark(path) for path in self._files())


def _mark(path: Path) -> tuple[int, int, int]:
    try:
        info = path.stat()
    except OSError:
        return (0, 0, 0)
    return (info.st_mtime_ns, info.st_size, info.st_ino)
