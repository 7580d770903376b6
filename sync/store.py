"""The lane's one SQLite file: opened, locked, and written in transactions that are on the medium when they return.

Rules of this file:
- WAL with `synchronous=FULL`: a commit that returned survives a power cut; NORMAL loses acknowledged rows, OFF loses
  the file (lessons 17). The WAL is capped (lessons 18).
- One agent, one store: an exclusive lock on a side file, `<store>.lock`, held for as long as the store is open. It is
  the process's: children are started by exec (subprocess, spawn), which does not inherit it.
- A store is created under another name and renamed when whole, so an empty file is damage, not a new store.
- Nothing is repaired or moved by itself; `move_aside` is an operator's action.
- One connection, one lock: a reader never sees half a transaction, in whichever thread it runs.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Self

from sqlite_utils import Database

from runtime.files import flush_folder
from sync import schema
from sync.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreNewerError,
    StoreReadOnlyError,
    translated,
)

_WAL_PAGES = 1_000  # a checkpoint every 4 MB
_LOADING_PAGES = 4_000  # and every 16 MB while a list is loaded, whose pages would else be moved again and again
_WAL_BYTES = 8 << 20  # and the file is cut back to this after it
_CACHE_KIB = 32 << 10  # pages of the code indexes that stay in memory, 32 MiB at most


def _lock(path: Path) -> int:
    """The descriptor that holds `<path>.lock`; closing it gives the lock up."""
    side = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(side, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise StoreReadOnlyError(
            f"store {path}: its lock {side} cannot be written; look at the mount and the folder's rights ({error})"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreBusyError(
            f"store {path}: another agent has it (`fuser {side}` names it); stop that one, or give this lane its own"
        ) from error
    return descriptor


def _connect(path: Path, *, mode: str) -> Database:
    """A connection in autocommit: transactions are begun and ended by `LaneStore.transaction` alone."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("PRAGMA foreign_keys = ON")
        if mode != "ro":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        return Database(connection, execute_plugins=False)
    except BaseException:
        connection.close()
        raise


def _leftovers(path: Path) -> list[Path]:
    return [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]


def _create(path: Path) -> None:
    """Builds an empty store under another name and renames it, so that it is there whole or not at all."""
    building = path.with_name(path.name + ".new")
    for file in _leftovers(building):
        file.unlink(missing_ok=True)
    with closing(_connect(building, mode="rwc")) as db:
        schema.migrate(db)
    building.rename(path)
    flush_folder(path.parent)


def _checked(db: Database, path: Path, *, read_only: bool) -> None:
    """Whether this software may use the file; brings an older one up to date."""
    if db.execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION_ID:
        raise StoreDamagedError(f"store {path}: it is not a lane's store; correct the path, or move it aside by hand")
    found, known = schema.version(db), len(schema.MIGRATIONS)
    if found > known:
        raise StoreNewerError(
            f"store {path}: written by newer software (schema {found}, this one knows {known}); install that version"
        )
    if found < known and read_only:
        raise StoreError(f"store {path}: of schema {found}, not {known}; start the agent on it once, then read it")
    schema.migrate(db)


class LaneStore:
    """An open store.

    Attributes:
        path: the file.
        journal_id: this store's own name, 32 hexadecimal digits, made when it was created.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Opens `path`, creating it where there is none.

        Args:
            path: the file; its folder must exist.
            read_only: look only, without the lock, also beside a running agent.

        Raises:
            StoreError: one of its kinds; the text says what a technician does. Nothing was changed.
        """
        self.path = path
        self._read_only = read_only
        self._guard = threading.RLock()
        self._stuck = False
        self._side = -1 if read_only else self._prepared()
        try:
            with self._errors():
                self.db = self._opened()
                self.journal_id = str(self._value("SELECT value FROM meta WHERE name = 'journal'"))
        except BaseException:
            self._unlock()
            raise

    def _prepared(self) -> int:
        if not self.path.parent.is_dir():
            raise StoreError(f"store {self.path}: its folder is missing; mount the data partition, or create it")
        return _lock(self.path)

    def _opened(self) -> Database:
        if not self.path.exists() and not self._read_only:
            wal = self.path.with_name(self.path.name + "-wal")
            if wal.exists():
                raise StoreDamagedError(f"store {self.path}: missing, but {wal.name} is there; put the file back")
            _create(self.path)
        if self.path.exists() and self.path.stat().st_size == 0:
            raise StoreDamagedError(f"store {self.path}: it is empty; keep it, move it aside by hand, then start again")
        db = _connect(self.path, mode="ro" if self._read_only else "rw")
        try:
            _checked(db, self.path, read_only=self._read_only)
        except BaseException:
            db.close()
            raise
        return db

    def _value(self, sql: str) -> object:
        row = self.db.execute(sql).fetchone()
        if row is None:
            raise StoreDamagedError(f"store {self.path}: a row of its own is missing; move it aside by hand")
        return row[0]

    def _unlock(self) -> None:
        if self._side >= 0:
            os.close(self._side)
            self._side = -1

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """SQLite's errors as the store's own; a misuse of the interface stays what it is."""
        try:
            yield
        except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
            raise
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        except UnicodeDecodeError as error:  # SQLite quotes its damaged schema, which is no longer text
            raise StoreDamagedError(f"store {self.path}: it is damaged; keep it, move it aside by hand") from error

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction that is on the medium when the block ends, or has left nothing behind when it raises.

        Raises:
            StoreError: it is not durable. The store may be used again as soon as the cause is gone.
        """
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection: sqlite3.Connection = self.db.conn
        with self._guard, self._errors():
            self._make_up()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._stuck = True
                with suppress(sqlite3.Error):  # the first error is the one to tell
                    self._make_up()
                raise

    def _make_up(self) -> None:
        """Rolls a failed transaction back, later if it could not be at once, so that nobody reads what was not kept."""
        if self._stuck and self.db.conn.in_transaction:
            self.db.conn.execute("ROLLBACK")
        self._stuck = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for several SELECTs that belong together; nobody writes meanwhile."""
        with self._guard, self._errors():
            self._make_up()
            yield self.db.conn

    def loading(self, *, much: bool) -> None:
        """Whether much is written now that nobody reads: the WAL may then grow longer before it is moved into the file.

        What is committed is on the medium either way. The end is told before the last commit, which then moves what is
        left.
        """
        pages = _LOADING_PAGES if much else _WAL_PAGES
        with self._guard, self._errors():
            self.db.conn.execute(f"PRAGMA wal_autocheckpoint = {pages}")

    def probe(self) -> None:
        """Writes one row and waits for the medium: whether the store works *now* (lessons 19).

        Raises:
            StoreError: it does not.
        """
        with self.transaction() as connection:
            connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'probe'")

    def flaws(self) -> list[str]:
        """What SQLite finds wrong with the file, each page and index read; empty where all is well. Takes long."""
        with self._guard:
            try:
                found = [str(row[0]) for row in self.db.conn.execute("PRAGMA integrity_check")]
                found += [
                    f"{row[0]} row {row[1]} refers to nothing"
                    for row in self.db.conn.execute("PRAGMA foreign_key_check")
                ]
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                return [str(error)]
        return [flaw for flaw in found if flaw != "ok"]

    def close(self) -> None:
        """Closes the file and gives the lock up."""
        with self._guard:
            self.db.close()
            self._unlock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def move_aside(path: Path) -> Path:
    """The operator's action on a damaged store: renames it and what belongs to it, so that a new one can begin.

    Returns:
        Where it lies now: beside the old place, `<name>.aside-<n>`. Nothing is deleted; give it to the maintainers.

    Raises:
        StoreError: an agent has it, or the folder cannot be written.
        FileNotFoundError: there is no such store.
    """
    if not path.exists():
        raise FileNotFoundError(f"store {path}: there is none to move aside")
    side = _lock(path)
    try:
        number = 1
        while (aside := path.with_name(f"{path.name}.aside-{number}")).exists():
            number += 1
        for old, new in zip(_leftovers(path), _leftovers(aside), strict=True):
            if old.exists():
                old.rename(new)
        flush_folder(path.parent)
    finally:
        os.close(side)
    return aside
