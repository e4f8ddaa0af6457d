"""The durable local outbox: events go in without waiting, a thread commits them, sinks read them in order.

`emit` serialises and puts the bytes in a bounded queue; it never blocks and never raises. One thread commits what is
queued every 50 ms or 200 events. While the disk refuses, the thread holds its batch and tries again; at the bound of
the queue or of the undelivered rows, new events are counted as lost.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import orjson
import structlog

from gateway.evidence.intake import Intake
from gateway.evidence.outbox_file import OutboxFile, OutboxReader, OutboxState, first_seq, is_broken, move_aside

QUEUE_EVENTS: Final = 10_000
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
        self._intake = Intake(min(bound, QUEUE_EVENTS))
        self._closing = False
        self._opened = threading.Event()
        self._lock = threading.Lock()
        self._reader = OutboxReader(path, self._unreadable)
        self._file: OutboxFile | None = None
        self._broken = False
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

    def emit(self, event: Mapping[str, object]) -> None:
        """Queue an event; from one thread only. Never blocks; at a bound the event is counted as lost."""
        if self._closing or self._pending + self._intake.waiting >= self._bound:
            self._lose(1)
            return
        try:
            data = orjson.dumps(event)
        except TypeError:  # a value that JSON has no word for: a fault of ours, and no reason to fail a request
            self._lose(1)
            return
        if not self._intake.put(data):
            self._lose(1)

    def pending(self) -> int:
        """Events that no sink has taken yet, queued ones included."""
        return self._pending + self._intake.waiting

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

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until everything emitted so far is on disk; False if that took longer than `seconds`."""
        return self._intake.flush(seconds)

    def close(self, seconds: float = 5.0) -> None:
        """Commit what is queued and stop. What the disk would not take within `seconds` is counted as lost."""
        self._closing = True
        self._intake.wake()
        self._thread.join(seconds)
        self._reader.close()

    def _run(self) -> None:
        failures = 0
        while True:
            if self._file is None and not self._open():
                failures = self._pause(failures)
            else:
                failures = 0 if self._commit() else self._pause(failures)
            if self._closing and (failures or not self._intake.waiting):
                break
        self._lose(self._intake.abandon())
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
            self._opened.set()
            return False
        lost = int(file.meta("lost") or 0)
        with self._lock:
            self._delivered_seq = self._delivered_written = int(file.meta("delivered") or 0)
            self._lost += lost - self._lost_written
            self._lost_written = lost
            self._pending = file.count(self._delivered_seq)
            self._rows = int(file.meta("rows") or 0)
            self._next_seq = first_seq(max(file.last_seq(), self._delivered_seq), time.time_ns())
            self._outbox_id = file.meta("outbox_id")
            self._file = file
        self._reader.close()  # it may hold the file that was here before
        self._opened.set()
        return True

    def _set_aside(self) -> None:
        self._reader.close()
        try:
            kept = move_aside(self._path)
        except OSError as error:
            _log.error("outbox_not_moved_aside", error=type(error).__name__)
            return
        self._broken = False
        self._outbox_id = ""
        self._lost_written = 0
        self._moved_aside = kept.name
        _log.error("outbox_moved_aside", kept_as=kept.name, fix="read the old file with sqlite3 .recover")

    def _commit(self) -> bool:
        """Write a batch and the marks in one transaction. False if the disk refused: the batch stays in the intake."""
        events = self._intake.collect(wait=not self._closing)
        file = self._file
        if file is None or self._broken or file.is_gone():
            self._fail(sqlite3.DatabaseError() if self._broken else FileNotFoundError())
            return False
        rows = list(enumerate(events, self._next_seq))
        if not rows and self._delivered_seq == self._delivered_written and self._lost == self._lost_written:
            self._failing = ""
            return True
        try:
            with file.transaction():
                file.append(rows)
                marks = self._save_marks(file)
                excess = self._rows - self._pending - self._retain
                kept = self._rows + len(rows) - file.prune(marks[0], min(excess, _PRUNE_EVENTS))
                file.set_meta("rows", str(kept))
        except sqlite3.Error as error:
            self._fail(error)
            return False
        with self._lock:
            self._delivered_written, self._lost_written = marks
            self._next_seq += len(rows)
            self._pending += len(rows)
            self._rows = kept
            self._intake.settle()
            self._failing = ""
            if not self._drained:
                self._delivered_seq = self._next_seq - 1
                self._delivered += len(rows)
                self._pending = 0
        return True

    def _save_marks(self, file: OutboxFile) -> tuple[int, int]:
        delivered, lost = self._delivered_seq, self._lost
        file.set_meta("delivered", str(delivered))
        file.set_meta("lost", str(lost))
        return delivered, lost

    def _fail(self, error: Exception) -> None:
        """Say so once, close the file, and put it aside if it is no good. The next turn opens it again."""
        name = type(error).__name__
        if self._failing != name:
            _log.error("outbox_unwritable", error=name, fix="check space and rights of the outbox folder")
        self._failing = name
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(sqlite3.Error):
                file.close()
        if is_broken(error):
            self._set_aside()

    def _lose(self, count: int) -> None:
        with self._lock:
            self._lost += count
        for _ in range(count):
            self._on_lost()
