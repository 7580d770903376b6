"""One SQLite file that survives power cuts: opened, locked, migrated, and written in durable transactions.

The lane's store and the core's are both one of these; each has its own schema and its own rows.

Rules of this file:
- WAL with `synchronous=FULL`: a commit that returned survives a power cut; NORMAL loses acknowledged rows, OFF loses
  the file (lessons 17). The WAL is capped (lessons 18).
- One writer: an exclusive lock on a side file, `<store>.lock`, held for as long as the store is open. It is the
  process's: children are started by exec (subprocess, spawn), which does not inherit it.
- A store is created under another name and renamed when complete, so an empty file is damage, not a new store.
- Nothing is repaired or moved by itself; `move_aside` is an operator's action.
- One connection, one lock: a reader never sees half a transaction, in whichever thread it runs.
- sqlite-utils writes the schema; rows are read and written through the plain connection under it (docs/decisions.md). It
  is loaded only where a migration runs: it loads numpy, which costs every short command half a second.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from runtime.files import flush_folder
from runtime.store_errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreNewerError,
    StoreReadOnlyError,
    translated_sqlite_error,
)

if TYPE_CHECKING:
    from sqlite_utils import Database

WAL_PAGES = 1_000
"""A checkpoint every 4 MB."""

_WAL_BYTES = 8 << 20  # the WAL's file is cut back to this after a checkpoint
_CACHE_KIB = 32 << 10  # pages of indexes that stay in memory, 32 MiB at most

Migration = Callable[["Database"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSchema:
    """What a kind of store consists of.

    Attributes:
        owner: the program that writes it, for messages.
        migrations: number n of them leads from schema n - 1 to schema n, in one transaction with its number. One that
            has been released is never edited; the next one is appended.
        application_id: `PRAGMA application_id`; the first migration sets it.
        reads_older: whether a reader may open a store whose migrations have not all been run.
        opens_from: software that knows this many migrations may still write in a store that has had all of them, so that
            a box can go back to the version before. A migration that only adds (tables, and columns that may be left
            out) leaves it as it is; any other raises it to its own number, and closes the way back.
    """

    owner: str
    migrations: Sequence[Migration]
    application_id: int = 0
    reads_older: bool = False
    opens_from: int = 0

    @property
    def newest(self) -> int:
        """The newest form."""
        return len(self.migrations)

    @property
    def least(self) -> int:
        """`opens_from`, where it is given."""
        return self.opens_from or len(self.migrations)


def create_table(
    db: Database,
    name: str,
    columns: dict[str, type],
    *,
    pk: str | tuple[str, ...],
    null: Iterable[str] = (),
    refers: Sequence[tuple[str, str, str]] = (),
    options: str = "",
) -> None:
    """Makes a table inside the caller's transaction; sqlite-utils' own `create` would commit a migration half-way.

    Args:
        db: the store.
        name: the table's.
        columns: names and types, in order; all are NOT NULL except those in `null`.
        pk: the primary key.
        null: columns that may be NULL, or whose NOT NULL is left to the primary key.
        refers: foreign keys: (column, other table, other column).
        options: of the table, as "STRICT", which sqlite-utils only adds with a commit of its own.
    """
    sql = db.create_table_sql(name, columns, pk=pk, not_null=set(columns) - set(null), foreign_keys=list(refers))
    db.execute(f"{sql.rstrip().rstrip(';')} {options}")


def _view(connection: sqlite3.Connection) -> Database:
    """sqlite-utils' view of an open file."""
    from sqlite_utils import Database

    return Database(connection, execute_plugins=False)


def schema_version(connection: sqlite3.Connection) -> int:
    """How many migrations this file has had."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Runs the missing migrations, each in one transaction with its number; stops at the first that fails.

    Raises:
        sqlite3.Error: the migration did not happen; those before it did.
    """
    done = schema_version(connection)
    for number, migration in enumerate(migrations[done:], done + 1):
        with _all_or_nothing(connection):
            migration(_view(connection))
            connection.execute(f"PRAGMA user_version = {number}")


@contextmanager
def _all_or_nothing(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def opens_from(path: Path) -> int:
    """How many migrations software must know to write in this store; it may be in use.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        with closing(_connect(path, mode="ro")) as connection:
            return _least(connection)
    except sqlite3.Error as error:
        raise translated_sqlite_error(error, path) from error


def _least(connection: sqlite3.Connection) -> int:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'opens_from'").fetchone():
        return schema_version(connection)
    return int(connection.execute("SELECT schema FROM opens_from").fetchone()[0])


def _tell_older(connection: sqlite3.Connection, least: int) -> None:
    """Writes down, for older software, whether it may still write here; what was closed is never opened again."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'opens_from'").fetchone() and (
        _least(connection) >= least
    ):
        return
    with _all_or_nothing(connection):
        _write_least(connection, least)


def _write_least(connection: sqlite3.Connection, least: int) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS opens_from (one INTEGER PRIMARY KEY, schema INTEGER NOT NULL) STRICT"
    )
    connection.execute("INSERT OR REPLACE INTO opens_from VALUES (1, ?)", (least,))


def _lock(path: Path, owner: str) -> int:
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
            f"store {path}: another {owner} has it (`fuser {side}` names it); stop that one, or correct the path"
        ) from error
    return descriptor


def _connect(path: Path, *, mode: str) -> sqlite3.Connection:
    """A connection in autocommit: transactions are begun and ended by `SqliteStore.transaction` alone."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")  # else REPLACE deletes past a trigger that forbids it
        if not mode.startswith("ro"):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _on_read_only_medium(path: Path) -> bool:
    """Whether nobody can write there, so that the file stays as it is."""
    try:
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _files_of(path: Path) -> list[Path]:
    return [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]


def _create(path: Path, schema: StoreSchema) -> None:
    """Builds an empty store under another name and renames it, so that it is there complete or not at all.

    All its migrations are one transaction: nobody ever has half of it, so one durable commit does for a dozen.
    """
    building = path.with_name(path.name + ".new")
    for file in _files_of(building):
        file.unlink(missing_ok=True)
    with closing(_connect(building, mode="rwc")) as connection, _all_or_nothing(connection):
        for migration in schema.migrations:
            migration(_view(connection))
        _write_least(connection, schema.least)
        connection.execute(f"PRAGMA user_version = {len(schema.migrations)}")
    building.rename(path)
    flush_folder(path.parent)


def _check(connection: sqlite3.Connection, path: Path, schema: StoreSchema, *, read_only: bool) -> None:
    """Whether this software may use the file; a writer brings an older one up to date."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != schema.application_id:
        raise StoreDamagedError(
            f"store {path}: it was not made by the {schema.owner}; correct the path, or move it aside by hand"
        )
    found, known = schema_version(connection), len(schema.migrations)
    if found > known:
        if _least(connection) <= known:
            return  # newer, and only added to: what this version knows is as it was
        raise StoreNewerError(
            f"store {path}: written by a newer version of this software (schema {found}, this one knows {known}); "
            "install that version"
        )
    if not read_only:
        migrate(connection, schema.migrations)
        _tell_older(connection, schema.least)
    elif found < known and not schema.reads_older:
        raise StoreError(
            f"store {path}: of schema {found}, not {known}; start the {schema.owner} on it once, then read it"
        )


class SqliteStore:
    """An open store.

    Attributes:
        path: the file.
        connection: the plain connection; writing belongs in a `transaction`.
    """

    def __init__(self, path: Path, schema: StoreSchema, *, read_only: bool = False, as_it_is: bool = False) -> None:
        """Opens `path`, creating it where there is none.

        Args:
            path: the file; its folder must exist.
            schema: what the file must be.
            read_only: look only, without the lock, also beside the running owner.
            as_it_is: with `read_only`: the file alone, without what is still in its WAL, and making nothing beside it: for a disk that
                is full. Nobody may write meanwhile.

        Raises:
            StoreError: one of its kinds; the text says what a technician does. Nothing was changed.
        """
        self.path = path
        self._schema = schema
        self._read_only = read_only
        self._guard = threading.RLock()
        self._broken_off = False
        self._as_it_is = as_it_is
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._side = -1 if read_only else self._locked()
        try:
            with self._errors():
                self.connection = self._opened()
        except BaseException:
            self._unlock()
            raise

    @cached_property
    def db(self) -> Database:
        """sqlite-utils' view of it."""
        return _view(self.connection)

    def _locked(self) -> int:
        if not self.path.parent.is_dir():
            raise StoreError(f"store {self.path}: its folder is missing; mount the data partition, or create it")
        return _lock(self.path, self._schema.owner)

    def _opened(self) -> sqlite3.Connection:
        if not self.path.exists() and not self._read_only:
            wal = self.path.with_name(self.path.name + "-wal")
            if wal.exists():
                raise StoreDamagedError(f"store {self.path}: missing, but {wal.name} is there; put the file back")
            _create(self.path, self._schema)
        if self.path.exists() and self.path.stat().st_size == 0:
            raise StoreDamagedError(f"store {self.path}: it is empty; keep it, move it aside by hand, then start again")
        connection = _connect(self._readable(), mode=self._mode())
        try:
            _check(connection, self.path, self._schema, read_only=self._read_only)
        except BaseException:
            connection.close()
            raise
        return connection

    def _mode(self) -> str:
        if not self._read_only:
            return "rw"
        still = self._as_it_is or (self._copy is None and _on_read_only_medium(self.path))
        return "ro&immutable=1" if still else "ro"

    def _readable(self) -> Path:
        """The file to be opened. On a read-only medium SQLite cannot read what is still in the WAL: a copy is read then."""
        wal = self.path.with_name(self.path.name + "-wal")
        if self._as_it_is or not (
            self._read_only and _on_read_only_medium(self.path) and wal.exists() and wal.stat().st_size
        ):
            return self.path
        self._copy = tempfile.TemporaryDirectory(prefix="store-")
        for file in (self.path, wal):
            shutil.copyfile(file, Path(self._copy.name) / file.name)
        return Path(self._copy.name) / self.path.name

    def _unlock(self) -> None:
        if self._copy is not None:
            self._copy.cleanup()
            self._copy = None
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
            raise translated_sqlite_error(error, self.path) from error
        except UnicodeDecodeError as error:  # SQLite quotes its damaged schema, which is no longer text
            raise StoreDamagedError(f"store {self.path}: it is damaged; keep it, move it aside by hand") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is on the medium when the block ends, or has left nothing behind when it raises.

        Raises:
            StoreError: it is not durable. The store may be used again as soon as the cause is gone.
        """
        with self._guard, self._errors():
            self._roll_back()
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                self._broken_off = True
                with suppress(sqlite3.Error):  # the first error is the one to tell
                    self._roll_back()
                raise

    def _roll_back(self) -> None:
        """Rolls a failed transaction back, later if it could not be at once, so that nobody reads what was not kept."""
        if self._broken_off and self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self._broken_off = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for several SELECTs that belong together; nobody writes meanwhile.

        Raises:
            StoreError: it cannot be read.
        """
        with self._guard, self._errors():
            self._roll_back()
            yield self.connection

    def flaws(self) -> list[str]:
        """What SQLite finds wrong with the file, each page and index read; empty where all is well. Takes long."""
        with self._guard:
            try:
                found = [str(row[0]) for row in self.connection.execute("PRAGMA integrity_check")]
                found += [
                    f"{row[0]} row {row[1]} refers to nothing"
                    for row in self.connection.execute("PRAGMA foreign_key_check")
                ]
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                return [str(error)]
        return [flaw for flaw in found if flaw != "ok"]

    def close(self) -> None:
        """Closes the file and gives the lock up; an open transaction is lost."""
        with self._guard:
            self.connection.close()
            self._unlock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def move_aside(path: Path, owner: str) -> Path:
    """The operator's action on a damaged store: renames it and what belongs to it, so that a new one can begin.

    Returns:
        Where it is now: in the same folder, `<name>.aside-<n>`. Nothing is deleted; give it to the maintainers.

    Raises:
        StoreError: its owner has it open, or the folder cannot be written.
        FileNotFoundError: there is no such store.
    """
    if not path.exists():
        raise FileNotFoundError(f"store {path}: there is none to move aside")
    side = _lock(path, owner)
    try:
        number = 1
        while (aside := path.with_name(f"{path.name}.aside-{number}")).exists():
            number += 1
        for old, new in zip(_files_of(path), _files_of(aside), strict=True):
            if old.exists():
                old.rename(new)
        flush_folder(path.parent)
    finally:
        os.close(side)
    return aside
