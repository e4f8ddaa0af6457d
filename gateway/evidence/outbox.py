"""The durable local outbox: events go in without waiting, a thread commits them, sinks read them in order.

`emit` serialises and puts the bytes in a bounded queue; it never blocks and never raises. One thread commits what is
queued every 50 ms or 200 events. While the disk refuses, the thread holds its batch and tries again; at the bound of
the queue or of the undelivered rows, new events are counted as lost.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import orjson
import structlog

from gateway.evidence.outbox_file import OutboxFile, OutboxReader, OutboxState, first_seq, is_broken, move_aside

BATCH_EVENTS: Final = 200
BATCH_SECONDS: Final = 0.05
QUEUE_EVENTS: Final = 10_000
_COMMIT_EVENTS: Final = 2_000
_PRUNE_EVENTS: Final = 2_000
_RETRY_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
_OPEN_SECONDS: Final = 5.0

_log = structlog.get_logger("gateway.evidence.outbox")


class Outbox:
    """One outbox, one file, one writing thread. Fulfils `ports.EvidenceSink`."""

    def __init__(
        self,
        path: Path,
        *,
        bound: int,
        retain: int,
        on_lost: Callable[[], None],
        drained: bool = True,
    ) -> None:
        """Open or make the database at `path` and start the thread.

        `bound`: undelivered events beyond which new ones are lost. `retain`: delivered events that are kept.
        `drained=False` means that no sink reads this outbox: an event counts as delivered once it is on disk, and the
        newest `bound` are kept. A disk that cannot be used raises nothing: see `state().failing`.
        """
        self._path = path
        self._bound = bound
        self._retain = retain if drained else bound
        self._drained = drained
        self._on_lost = on_lost
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._queue_bound = min(bound, QUEUE_EVENTS)
        self._hurry = threading.Event()
        self._closing = False
        self._opened = threading.Event()
        self._lock = threading.Lock()
        self._reader = OutboxReader(path, self._unreadable)
        self._file: OutboxFile | None = None
        self._emitted = self._settled = 0  # events that emit queued; events that were committed or given up
        self._broken = False
        self._held: list[bytes] = []
        self._outbox_id = ""
        self._next_seq = 1
        self._pending = self._rows = 0
        self._delivered = 0
        self._delivered_seq = self._delivered_written = 0
        self._lost = self._lost_written = 0
        self._failing = self._moved_aside = ""
        self._thread = threading.Thread(target=self._run, name="llmgw-outbox", daemon=True)
        self._thread.start()
        self._opened.wait(_OPEN_SECONDS)

    # the hot side

    def emit(self, event: Mapping[str, object]) -> None:
        """Queue an event; from one thread only. Never blocks; at a bound the event is counted as lost."""
        waiting = self._emitted - self._settled
        if self._closing or waiting >= self._queue_bound or self._pending + waiting >= self._bound:
            self._lose(1)
            return
        try:
            data = orjson.dumps(event)
        except TypeError:  # a value that JSON has no word for: a fault of ours, and no reason to fail a request
            self._lose(1)
            return
        self._emitted += 1
        self._queue.put(data)
        if waiting >= BATCH_EVENTS:
            self._hurry.set()

    def pending(self) -> int:
        """Events that no sink has taken yet, queued ones included."""
        return self._pending + self._emitted - self._settled

    def delivered(self) -> int:
        """Events that a sink has taken since this process began."""
        return self._delivered

    @property
    def lost(self) -> int:
        """Events lost at a bound, over the life of the file."""
        return self._lost

    @property
    def outbox_id(self) -> str:
        """Random name of the file, made once; empty until the file could be opened."""
        return self._outbox_id

    @property
    def delivered_seq(self) -> int:
        """Sequence number up to which events are delivered."""
        return self._delivered_seq

    def state(self) -> OutboxState:
        """A snapshot for metrics, readiness and the status page."""
        return OutboxState(
            pending=self.pending(),
            retained=max(0, self._rows - self._pending),
            delivered=self._delivered,
            lost=self._lost,
            failing=self._failing,
            moved_aside=self._moved_aside,
        )

    # the reading side: call from a thread

    def after(self, seq: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to `limit` committed events above `seq`, in order. Empty while the file cannot be read."""
        return self._reader.ask(lambda file: file.after(seq, limit), [])

    def newest(self, limit: int) -> list[bytes]:
        """The last `limit` committed events, newest first."""
        return self._reader.ask(lambda file: file.newest(limit), [])

    def mark_delivered(self, seq: int) -> None:
        """A sink holds everything up to `seq`. Goes back, too: a sink that lost its data has to get it again."""
        current = self._delivered_seq
        if seq == current:
            return
        moved = self._reader.ask(lambda file: file.count(min(seq, current), max(seq, current)), 0)
        with self._lock:
            self._delivered_seq = seq
            self._pending = max(0, self._pending + (moved if seq < current else -moved))
            self._delivered += moved if seq > current else 0

    def _unreadable(self, error: Exception) -> None:
        self._broken = self._broken or is_broken(error)
        _log.error("outbox_unreadable", error=type(error).__name__)

    # the writing side

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until everything emitted so far is on disk; False if that took longer than `seconds`."""
        deadline = time.monotonic() + seconds
        target = self._emitted
        while self._settled < target:
            self._hurry.set()
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    def close(self, seconds: float = 5.0) -> None:
        """Commit what is queued and stop. What the disk would not take within `seconds` is counted as lost."""
        self._closing = True
        self._hurry.set()
        self._queue.put(None)
        self._thread.join(seconds)
        self._reader.close()

    def _run(self) -> None:
        failures = 0
        while True:
            if self._file is None and not self._open():
                failures = self._pause(failures)
            else:
                self._collect()
                failures = 0 if self._commit() else self._pause(failures)
            if self._closing and (failures or self._settled == self._emitted):
                break
        self._lose(self._emitted - self._settled)
        self._settled = self._emitted
        if self._file is not None:
            with contextlib.suppress(sqlite3.Error):
                self._save_marks(self._file)
                self._file.close()

    def _pause(self, failures: int) -> int:
        """Wait before the next attempt; returns the number of failures in a row."""
        if not self._closing:
            time.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
        return failures + 1

    def _open(self) -> bool:
        try:
            file = OutboxFile(self._path)
        except (OSError, sqlite3.Error) as error:
            self._fail(error)
            if is_broken(error):
                self._set_aside()
            self._opened.set()
            return False
        with self._lock:
            self._delivered_seq = self._delivered_written = int(file.meta("delivered") or 0)
            self._lost += int(file.meta("lost") or 0) - self._lost_written
            self._lost_written = int(file.meta("lost") or 0)
            self._pending = file.count(self._delivered_seq)
            self._rows = int(file.meta("rows") or 0)
            self._next_seq = first_seq(max(file.last_seq(), self._delivered_seq), time.time_ns())
            self._outbox_id = file.meta("outbox_id")
            self._failing = ""
            self._file = file
        self._opened.set()
        return True

    def _set_aside(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(sqlite3.Error):
                file.close()
        self._reader.close()
        try:
            kept = move_aside(self._path)
        except OSError as error:
            self._fail(error)
            return
        self._broken = False
        self._outbox_id = ""
        self._lost_written = 0
        self._moved_aside = kept.name
        _log.error("outbox_moved_aside", kept_as=kept.name, fix="read the old file with sqlite3 .recover")

    def _collect(self) -> None:
        """Wait for the first event, then for the rest of its batch."""
        if not self._held and not self._closing:
            with contextlib.suppress(queue.Empty):
                self._hold(self._queue.get(timeout=1.0))
                self._hurry.wait(BATCH_SECONDS)
        self._hurry.clear()
        while len(self._held) < _COMMIT_EVENTS:
            try:
                self._hold(self._queue.get_nowait())
            except queue.Empty:
                return

    def _hold(self, event: bytes | None) -> None:
        if event is not None:
            self._held.append(event)

    def _commit(self) -> bool:
        """Write the held batch and the marks in one transaction. False if the disk refused: the batch stays held."""
        file = self._file
        if self._broken:
            self._set_aside()
        if file is None or self._file is None:
            return False
        rows = list(enumerate(self._held, self._next_seq))
        if not rows and self._delivered_seq == self._delivered_written and self._lost == self._lost_written:
            return True
        try:
            with file.transaction():
                file.append(rows)
                self._save_marks(file)
                kept = self._rows + len(rows) - file.prune(self._delivered_seq, self._retain, _PRUNE_EVENTS)
                file.set_meta("rows", str(kept))
        except sqlite3.Error as error:
            self._fail(error)
            if is_broken(error):
                self._set_aside()
            return False
        with self._lock:
            self._next_seq += len(rows)
            self._pending += len(rows)
            self._rows = kept
            self._settled += len(rows)
            self._held = []
            self._failing = ""
            if not self._drained:
                self._delivered_seq = self._next_seq - 1
                self._delivered += len(rows)
                self._pending = 0
        return True

    def _save_marks(self, file: OutboxFile) -> None:
        delivered, lost = self._delivered_seq, self._lost
        file.set_meta("delivered", str(delivered))
        file.set_meta("lost", str(lost))
        self._delivered_written, self._lost_written = delivered, lost

    def _fail(self, error: Exception) -> None:
        name = type(error).__name__
        if self._failing != name:
            _log.error("outbox_unwritable", error=name, fix="check space and rights of the outbox folder")
        self._failing = name

    def _lose(self, count: int) -> None:
        if count:
            self._lost += count
            for _ in range(count):
                self._on_lost()
