"""Remembers what upstreams keep, in one SQLite file that the workers of a host share.

Ids stand in it as keyed hashes, everything else is sealed (AES-256-GCM): whoever has the file has neither ids nor
values nor who talked to whom. Reads and writes are single statements on the loop, tens of microseconds each; nothing on
it waits for the disk (write-ahead log, checkpoints in `tidy`, which belongs in a thread).
"""

from __future__ import annotations

import contextlib
import hmac
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import ConfigurationError
from gateway.keys import KeyRing, load_keys
from gateway.settings import Settings
from gateway.upstream_state import Held

_NONCE: Final = 12
_BUSY_SECONDS: Final = 0.25
"""How long a statement waits for another worker's write, which takes microseconds."""
_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, expires INTEGER NOT NULL, sealed BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS ids (
        hash BLOB PRIMARY KEY, entry INTEGER NOT NULL, expires INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS ids_by_expiry ON ids (expires);
    CREATE INDEX IF NOT EXISTS ids_by_entry ON ids (entry);
    CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires);
"""


class StateStore:
    """Ids of things kept upstream. Not for several threads, but for `tidy`."""

    def __init__(
        self, path: Path, keys: KeyRing, *, days: float, bound: int, clock: Callable[[], float] = time.time
    ) -> None:
        """`days` is how long an id is remembered since it was last named in an answer, `bound` how many ids there may
        be; `clock` is in seconds since 1970. A file that is no database is moved aside. Raises OSError and
        sqlite3.Error when there can be none."""
        self._path = path
        self._hash_keys = tuple(key.derive("upstream-state-id") for key in keys.keys)
        self._seals = tuple(AESGCM(key.derive("upstream-state")) for key in keys.keys)
        self._seconds = int(days * 86_400)
        self._bound = bound
        self._clock = clock
        self.failures = 0
        """Statements that the disk or a lock refused."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._db = _opened(path)
        except sqlite3.DatabaseError:
            path.replace(path.with_suffix(".broken"))
            self._db = _opened(path)

    def find(self, identifier: str) -> Held | None:
        """What is known of an id; None: nothing, or it has expired, or it cannot be read now."""
        now = int(self._clock())
        query = "SELECT sealed FROM ids JOIN entries ON entries.id = ids.entry WHERE hash = ? AND ids.expires > ?"
        try:
            for key in self._hash_keys:
                row = self._db.execute(query, (_hash(key, identifier), now)).fetchone()
                if row is not None:
                    return self._unsealed(row[0])
        except sqlite3.Error:
            self.failures += 1
        return None

    def keep(self, identifiers: Sequence[str], held: Held) -> bool:
        """Remember ids. One that is another agent's stays that agent's. Returns whether it was written; never raises
        for the disk."""
        mine = [each for each in identifiers if (known := self.find(each)) is None or known.agent == held.agent]
        if not mine:
            return True
        expires = int(self._clock()) + self._seconds
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._seals[0].encrypt(nonce, held.dump(), None)
        rows = [(_hash(self._hash_keys[0], each),) for each in mine]
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                entry = self._db.execute("INSERT INTO entries (expires, sealed) VALUES (?, ?)", (expires, sealed))
                self._db.executemany(
                    "INSERT OR REPLACE INTO ids (hash, entry, expires) VALUES (?, ?, ?)",
                    [(each[0], entry.lastrowid, expires) for each in rows],
                )
        except sqlite3.Error:
            self.failures += 1
            return False
        return True

    def tidy(self) -> None:
        """Forget what has expired and what is above the bound, oldest first; move the log into the file. On a
        connection of its own. Never raises for the disk."""
        try:
            with contextlib.closing(_opened(self._path)) as db:
                with db:
                    db.execute("DELETE FROM ids WHERE expires <= ?", (int(self._clock()),))
                    count = db.execute("SELECT count(*) FROM ids").fetchone()[0]
                    if count > self._bound:
                        db.execute(
                            "DELETE FROM ids WHERE hash IN (SELECT hash FROM ids ORDER BY expires LIMIT ?)",
                            (count - self._bound,),
                        )
                    db.execute("DELETE FROM entries WHERE id NOT IN (SELECT entry FROM ids)")
                db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error:
            self.failures += 1

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _unsealed(self, sealed: bytes) -> Held | None:
        for seal in self._seals:
            try:
                return Held.load(seal.decrypt(sealed[:_NONCE], sealed[_NONCE:], None))
            except InvalidTag:
                continue
            except ValueError:
                return None
        return None


def open_store(settings: Settings) -> StateStore:
    """The store of this host, in the folder and with the bounds that `run` names. Raises ConfigurationError."""
    run = settings.run
    path, keys = Path(run.state) / "upstream-state.sqlite3", load_keys(settings.keys.file)
    try:
        return StateStore(path, keys, days=run.upstream_state_days, bound=run.upstream_state_ids)
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(f"run.state: {path} cannot be opened ({type(error).__name__})") from None


def _hash(key: bytes, identifier: str) -> bytes:
    return hmac.digest(key, identifier.encode("utf-8", "surrogatepass"), sha256)


def _opened(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600, exist_ok=True)
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("PRAGMA secure_delete = ON")
        db.executescript(_SCHEMA)
    except sqlite3.Error:
        db.close()
        raise
    return db
