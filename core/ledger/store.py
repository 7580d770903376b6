"""The core's one SQLite file (`runtime.sqlite_store`): its tables, as numbered migrations, and its series and diary.

Rules of this file: a migration that has been released is never edited; the next one is appended, and only adds
(`StoreSchema.opens_from`).
"""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database

from core.errors import CoreSettingsError
from runtime.sqlite_store import SqliteStore, StoreSchema, create_table
from runtime.store_errors import StoreError


def _table(db: Database, name: str, columns: dict[str, type], *, pk: str | tuple[str, ...], null: str = "") -> None:
    """A table whose columns are never NULL but those named in `null`; a primary key's columns are so by themselves."""
    create_table(db, name, columns, pk=pk, null={*((pk,) if isinstance(pk, str) else pk), *null.split()})


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


def _doubted(db: Database) -> None:
    """What is not taken at a lane's word: rows that could not be read, uses that no read bears out."""
    journal = {"lane": str, "journal": str}
    _table(db, "quarantine", {**journal, "seq": int, "at_ms": int, "why": str}, pk=("lane", "journal", "seq"))
    visit = {**journal, "visit": int, "mark": str}
    _table(db, "marks", visit, pk=tuple(visit))
    _table(db, "disputes", {"ubr": str, "lane": str, "visit": str, "at_ms": int}, pk="ubr")


def _vehicles(db: Database) -> None:
    db.conn.execute("CREATE INDEX crossings_of_vrn ON crossings(vrn, first_ms)")


CORE_SCHEMA = StoreSchema(
    owner="core",
    migrations=(_lodgements, _replicated, _lanes, _commands, _seals, _doubted, _vehicles),
    reads_older=True,
    opens_from=7,
)


class CoreStore(SqliteStore):
    """The open store. One process writes, in one thread.

    Args:
        path: the file.
        create: make it; it must not be there. Otherwise it must be there, so that a mistyped path is not an empty list.
        reading: only read it, also while a core runs on it.

    Raises:
        CoreSettingsError: it cannot be used so; the message says what to do.
    """

    def __init__(self, path: Path, *, create: bool = False, reading: bool = False) -> None:
        _check_presence(path, create=create)
        try:
            super().__init__(path, CORE_SCHEMA, read_only=reading)
        except StoreError as error:
            raise CoreSettingsError(str(error)) from error

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


def _check_presence(path: Path, *, create: bool) -> None:
    if create and path.exists():
        raise CoreSettingsError(f"{path}: there is a store already; move it away first, or name another file")
    if not create and not path.is_file():
        raise CoreSettingsError(f"{path}: there is no store; make one with rocars-core init, or correct the path")
