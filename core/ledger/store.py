"""The core's one SQLite file: schema, migrations, transactions.

Rules of this file: WAL and `synchronous=FULL`, so that what was committed survives a power cut; the WAL is capped
(lessons 17, 18). sqlite-utils makes the schema; the rest of the core uses the connection under it, in explicit
transactions. Schema steps are only ever added, never changed.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO

from sqlite_utils import Database

from core.errors import CoreSettingsError

_WAL_LIMIT = 64 << 20
_BUSY_MS = 5_000


def _table(db: Database, name: str, columns: dict[str, type], *, pk: str | tuple[str, ...], null: str = "") -> None:
    """Makes a table whose columns are never NULL but those named in `null`, inside the caller's transaction.

    sqlite-utils writes the statement; run through its own `create` it would commit the migration half-way.
    """
    keys = {pk} if isinstance(pk, str) else set(pk)
    filled = set(columns) - keys - set(null.split())
    db.conn.execute(db.create_table_sql(name, columns, pk=pk, not_null=filled))


def _lodgements(db: Database) -> None:
    _table(db, "series", {"name": str, "last": int}, pk="name")
    cargo = {"ccrn": str, "info": bytes, "lodged_ms": int, "valid_until_ms": int}
    code = {"code": str, "code_by": str, "code_reason": str}
    _table(db, "cargo", {**cargo, **code, "ubr": str, "crossed": int}, pk="ccrn")
    _table(db, "bundles", {"ubr": str, "mark": str, "driver": str, "bundled_ms": int, "origin": str}, pk="ubr")
    _table(db, "diary", {"id": int, "at_ms": int, "who": str, "what": str, "detail": str}, pk="id")


def _replicated(db: Database) -> None:
    hashes = {"log_hash": bytes, "state_hash": bytes}
    _table(db, "head", {"id": int, "epoch": str, "version": int, **hashes, "total": bytes}, pk="id")
    _table(db, "epochs", {"number": int, "epoch": str, "began_ms": int, "reason": str}, pk="number")
    log = {"epoch": str, "version": int, "at_ms": int, "payload": bytes}
    _table(db, "log", {**log, **hashes}, pk=("epoch", "version"))
    _table(db, "rows", {"kind": str, "key": str, "vrn": str, "body": bytes}, pk=("kind", "key"))
    db.conn.execute("CREATE INDEX rows_of_vrn ON rows(vrn)")


def _lanes(db: Database) -> None:
    journal = {"lane": str, "journal": str}
    visit = {**journal, "visit": int}
    _table(db, "streams", {**journal, "seq": int, "hash": bytes, "since_ms": int}, pk=("lane", "journal"))
    row = {"seq": int, "boot": str, "hash": bytes, "body": bytes, "received_ms": int}
    _table(db, "events", {**journal, **row}, pk=("lane", "journal", "seq"))
    crossing = {"first_ms": int, "last_ms": int, "vrn": str, "base": str, "records": str, "ubrs": str}
    _table(db, "crossings", {**visit, **crossing}, pk=tuple(visit))
    alarm = {"id": int, "at_ms": int, **visit, "kind": str, "detail": str, "cleared_by": str}
    _table(db, "alarms", alarm, pk="id")
    sent = {"vrn": str, "sent_ms": int, "due_ms": int, "overdue": int, "arrived_ms": int}
    _table(db, "compound", {**visit, **sent}, pk=tuple(visit), null="arrived_ms")
    db.conn.execute("CREATE INDEX crossings_by_time ON crossings(first_ms)")


def _commands(db: Database) -> None:
    sent = {"id": str, "lane": str, "issuer": str, "name": str, "visit": str, "text": str}
    answer = {"issued_ms": int, "expires_ms": int, "outcome": str, "detail": str}
    _table(db, "commands", {**sent, **answer}, pk="id")


def _seals(db: Database) -> None:
    seal = {"lane": str, "journal": str, "seq": int, "payload": bytes}
    _table(db, "seals", seal, pk=("lane", "journal"))


_STEPS: tuple[Callable[[Database], None], ...] = (_lodgements, _replicated, _lanes, _commands, _seals)
"""`PRAGMA user_version` counts those done."""


class CoreStore:
    """The open store. One process writes, on one connection, in one thread.

    Args:
        path: the file.
        create: make it; it must not be there. Otherwise it must be there, so that a mistyped path is not an empty list.
        reading: only read it, also while a core runs on it.

    Raises:
        SettingsError: it cannot be used so; the message says what to do.
    """

    def __init__(self, path: Path, *, create: bool = False, reading: bool = False) -> None:
        self.path = path
        _check_presence(path, create=create)
        mode = "ro" if reading else "rwc" if create else "rw"
        try:
            with ExitStack() as opened:
                if not reading:
                    opened.enter_context(_locked(path))
                uri = f"{path.absolute().as_uri()}?mode={mode}"
                self.connection = opened.enter_context(closing(sqlite3.connect(uri, uri=True, isolation_level=None)))
                self._prepare(reading=reading)
                self._opened = opened.pop_all()
        except (sqlite3.Error, OSError) as error:
            raise CoreSettingsError(
                f"{path}: the store cannot be used ({error}); check that its directory exists and can be written"
            ) from error

    def _prepare(self, *, reading: bool) -> None:
        self.connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        if not reading:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", f"journal_size_limit={_WAL_LIMIT}"):
                self.connection.execute(f"PRAGMA {pragma}")
            self._migrate()

    def _migrate(self) -> None:
        done = int(self.connection.execute("PRAGMA user_version").fetchone()[0])
        if done > len(_STEPS):
            raise CoreSettingsError(f"{self.path}: written by a newer version of this software; install that version")
        for number, step in enumerate(_STEPS[done:], start=done + 1):
            with self.transaction():
                step(Database(self.connection))
                self.connection.execute(f"PRAGMA user_version={number}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: committed, and on the disk, when the block ends; rolled back if it raises."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def take_number(self, series: str, first: int) -> int:
        """The next number of a series, inside the caller's transaction."""
        row = self.connection.execute(
            "INSERT INTO series(name, last) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET last = last + 1 "
            "RETURNING last",
            (series, first),
        ).fetchone()
        return int(row[0])

    def write_diary(self, *, at_ms: int, who: str, what: str, detail: str) -> None:
        """Records who changed what, inside the caller's transaction."""
        self.connection.execute(
            "INSERT INTO diary(at_ms, who, what, detail) VALUES (?, ?, ?, ?)", (at_ms, who, what, detail)
        )

    def close(self) -> None:
        """Closes the file and gives up the lock; an open transaction is lost."""
        self._opened.close()


def _check_presence(path: Path, *, create: bool) -> None:
    if create and path.exists():
        raise CoreSettingsError(f"{path}: there is a store already; move it away first, or name another file")
    if not create and not path.is_file():
        raise CoreSettingsError(f"{path}: there is no store; make one with rocars-core init, or correct the path")


def _locked(path: Path) -> IO[bytes]:
    """Holds `<store>.lock` for this process; two cores on one store would tell the lanes two histories."""
    lock = path.with_name(path.name + ".lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CoreSettingsError(f"{path}: another core uses this store; stop that one first") from error
    return lock
