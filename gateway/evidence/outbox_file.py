"""The SQLite file behind one outbox: schema, opening, moving a broken one aside, and the few statements there are.

WAL with `synchronous=NORMAL`: a killed process loses nothing that was committed; a machine that loses power may lose
the last commits, and because sequence numbers start from the clock at each opening, none is ever used twice.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

BUSY_SECONDS: Final = 2.0
_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, event BLOB NOT NULL) STRICT;
"""
_CHECKED_BYTES: Final = 64 * 1024 * 1024
"""Files up to this size are read through at opening; in a larger one damage shows when it is met."""
_ROWS_AT_ONCE: Final = 200
_SUFFIXES: Final = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class OutboxState:
    """What an outbox says of itself. `failing` is the type of the last disk error, empty while commits succeed."""

    pending: int
    retained: int
    """Delivered events that are kept for a sink that loses its data."""
    delivered: int
    lost: int
    failing: str
    moved_aside: str
    """File name under which a broken database was kept, empty if none was."""


class OutboxFile:
    """One open database. Not thread-safe: each thread opens its own. Methods raise sqlite3.Error."""

    def __init__(self, path: Path, *, reading: bool = False) -> None:
        """Open `path`, making it if it is missing, unless `reading`. Raises OSError, sqlite3.Error."""
        self._path = path
        if reading:
            uri = f"file:{quote(str(path.absolute()))}?mode=ro"
            self._db = sqlite3.connect(
                uri, timeout=BUSY_SECONDS, uri=True, isolation_level=None, check_same_thread=False
            )
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)  # before SQLite does, whose companion files take over these rights
        self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA journal_size_limit=67108864")
        self._db.executescript(_SCHEMA)
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _SCHEMA_VERSION):
            raise sqlite3.DatabaseError("outbox of another schema")
        with self.transaction():
            self._db.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
            self._db.execute(
                "INSERT OR IGNORE INTO meta VALUES ('outbox_id', ?), ('delivered', '0'), ('lost', '0')",
                (secrets.token_hex(8),),
            )
        self._inode = self._path.stat().st_ino
        small = self._path.stat().st_size <= _CHECKED_BYTES
        if small and self._db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("outbox fails its check")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block, or nothing of it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def is_gone(self) -> bool:
        """Whether somebody deleted or replaced the file: what is written now would be lost with it."""
        try:
            return self._path.stat().st_ino != self._inode
        except FileNotFoundError:
            return True

    def meta(self, key: str) -> str:
        """The value of a meta row; empty if there is none."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return "" if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Write a meta row."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def last_seq(self) -> int:
        """The highest sequence number in the file, 0 if it is empty."""
        return int(self._db.execute("SELECT COALESCE(MAX(seq), 0) FROM events").fetchone()[0])

    def count(self, after: int, through: int | None = None) -> int:
        """Number of events with `after < seq <= through`."""
        through = through if through is not None else 2**62
        row = self._db.execute("SELECT COUNT(*) FROM events WHERE seq > ? AND seq <= ?", (after, through)).fetchone()
        return int(row[0])

    def after(self, seq: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to `limit` events above `seq`, in order."""
        return self._db.execute(
            "SELECT seq, event FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
        ).fetchall()

    def newest(self, limit: int) -> list[bytes]:
        """The last `limit` events, newest first."""
        return [row[0] for row in self._db.execute("SELECT event FROM events ORDER BY seq DESC LIMIT ?", (limit,))]

    def append(self, rows: Sequence[tuple[int, bytes]]) -> None:
        """Add events whose sequence numbers are above every one in the file."""
        # One statement for many rows: `executemany` gives up the interpreter's lock and takes it again for each, and
        # each time waits for the loop's thread: some six `futex` calls a request.
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            values = ", ".join(["(?, ?)"] * len(some))
            self._db.execute(f"INSERT INTO events VALUES {values}", [each for row in some for each in row])  # noqa: S608

    def prune(self, delivered: int, most: int) -> int:
        """Delete up to `most` events, oldest first, none above `delivered`; returns how many that were."""
        if most <= 0:
            return 0
        return self._db.execute(
            "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE seq <= ? ORDER BY seq LIMIT ?)",
            (delivered, most),
        ).rowcount

    def close(self) -> None:
        """Close; the last connection folds the WAL into the file."""
        self._db.close()


class OutboxReader:
    """A second, read-only connection for the threads of the sinks; opened late, dropped at any error."""

    def __init__(self, path: Path, on_error: Callable[[Exception], None]) -> None:
        self._path = path
        self._on_error = on_error
        self._lock = threading.Lock()
        self._file: OutboxFile | None = None

    def ask[T](self, question: Callable[[OutboxFile], T], nothing: T) -> T:
        """The answer to `question`, or `nothing` while the file cannot be read. Thread-safe, one at a time."""
        with self._lock:
            try:
                if self._file is None:
                    self._file = OutboxFile(self._path, reading=True)
                return question(self._file)
            except (OSError, sqlite3.Error) as error:
                self._drop()
                self._on_error(error)
                return nothing

    def close(self) -> None:
        """Drop the connection; the next question opens another."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(sqlite3.Error):
                file.close()


def first_seq(last: int, clock_ns: int) -> int:
    """Where numbering goes on after an opening: the clock in microseconds, or above `last` if the clock went back.

    A number is so never used twice, not even for events that a power failure took; below 2**53 until the year 2255, so
    exact in a Lua double.
    """
    return max(last + 1, clock_ns // 1000)


def move_aside(path: Path) -> Path:
    """Rename a broken database and its companions; nothing is deleted. Returns the new path. Raises OSError."""
    kept = path.with_name(f"{path.name}.broken-{time.time_ns():x}")
    for suffix in _SUFFIXES:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{kept}{suffix}")
    return kept


def is_broken(error: Exception) -> bool:
    """Whether `error` says that the file itself is no good, rather than that it cannot be used right now."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.OperationalError | sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError
    )
