"""The core's one SQLite file (`runtime.sqlite_store`): its tables, as numbered migrations, and its series and audit log.

Rules of this file: a migration that has been released is never edited; the next one is appended, and only adds
(`StoreSchema.opens_from`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CoreSettingsError
from core.ledger import audit_log
from domain.alarms import CoreAlarmKind
from runtime.alarm_table import CURSOR, INDEXES, LATER_COLUMNS
from runtime.sqlite_store import SqliteStore, StoreSchema, create_table
from runtime.store_errors import StoreError

if TYPE_CHECKING:
    from sqlite_utils import Database


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


def _alarm_lives(db: Database) -> None:
    """Alarms are counted, taken, and end by themselves (`domain.alarm_lifecycle`). Those of older rows keep what they say."""
    for name, kind in LATER_COLUMNS.items():
        form = "TEXT NOT NULL DEFAULT ''" if kind is str else "INTEGER NOT NULL DEFAULT 0"
        db.conn.execute(f"ALTER TABLE alarms ADD COLUMN {name} {form}")
    own = ", ".join(f"'{kind.value}'" for kind in (CoreAlarmKind.USE_WITHOUT_READ, CoreAlarmKind.COMPOUND_OVERDUE))
    db.conn.execute(f"UPDATE alarms SET count=1, last_ms=at_ms, of_core = journal='' OR kind IN ({own})")  # noqa: S608
    db.conn.execute("UPDATE alarms SET closed_ms=at_ms, taken_by=cleared_by, taken_ms=at_ms WHERE cleared_by!=''")
    for statement in (*INDEXES, CURSOR):
        db.conn.execute(statement)


def _claims(db: Database) -> None:
    """Which bundle is claimed by which visit, and what became of every visit's newest claim."""
    visit = {"lane": str, "journal": str, "visit": int, "claim": int}
    _table(db, "claims", {"ubr": str, **visit, "at_ms": int}, pk="ubr")
    _table(db, "visit_claims", {**visit, "state": str, "ubrs": str, "at_ms": int}, pk=("lane", "journal", "visit"))
    db.conn.execute("CREATE INDEX claims_of_lane ON claims(lane)")


def _carried(db: Database) -> None:
    """Which journal of a lane a boot began in: rows that a lane carried over into another one are known by it."""
    _table(db, "boots", {"lane": str, "boot": str, "journal": str}, pk=("lane", "boot"))
    db.conn.execute("INSERT OR IGNORE INTO boots SELECT lane, boot, journal FROM events ORDER BY received_ms, seq")


def _people(db: Database) -> None:
    """Named people, whose a thing is, what they have not lodged yet, and the chain of what everybody did and looked at."""
    _table(db, "parties", {"id": str, "name": str}, pk="id")
    account = {"name": str, "shown": str, "roles": str, "party": str, "login": str, "closed": int}
    sign_in = {"password": str, "secret": str, "step": int, "wrong": int, "locked_until_ms": int}
    _table(db, "accounts", {**account, **sign_in}, pk="name")
    _table(db, "owned", {"kind": str, "number": str, "party": str, "account": str}, pk=("kind", "number"))
    _table(db, "carriers", {"ccrn": str, "party": str}, pk=("ccrn", "party"))
    draft = {"account": str, "name": str, "template": int, "body": bytes, "saved_ms": int}
    _table(db, "drafts", draft, pk=("account", "name"))
    batch = {"party": str, "batch": str, "digest": bytes, "ccrns": str, "at_ms": int}
    _table(db, "batches", batch, pk=("party", "batch"))
    line = {"seq": int, "at_ms": int, "who": str, "what": str, "detail": str, "hash": bytes}
    _table(db, "audit", line, pk="seq")
    db.conn.execute("ALTER TABLE cargo ADD COLUMN cancelled_ms INTEGER NOT NULL DEFAULT 0")


def _marks(db: Database) -> None:
    """A search by near-misses looks some hundred marks up (`core.office.visit_search`)."""
    db.conn.execute("CREATE INDEX marks_by_mark ON marks(mark)")


CORE_SCHEMA = StoreSchema(
    owner="core",
    migrations=(
        *(
            _lodgements,
            _replicated,
            _lanes,
            _commands,
            _seals,
            _doubted,
            _vehicles,
            _alarm_lives,
            _claims,
            _carried,
            _people,
            _marks,
        ),
    ),
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
        self._joined = False
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

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction as `SqliteStore` has it; inside one it joins it, so that a request and its line of the audit log are one."""
        with self._guard:
            if self._joined:
                yield self.connection
                return
            with super().transaction() as connection:
                self._joined = True
                try:
                    yield connection
                finally:
                    self._joined = False

    def write_diary(self, *, at_ms: int, who: str, what: str, detail: str) -> None:
        """Adds a line to the audit log, inside the caller's transaction."""
        audit_log.append(self.connection, at_ms=at_ms, who=who, what=what, detail=detail)


def _check_presence(path: Path, *, create: bool) -> None:
    if create and path.exists():
        raise CoreSettingsError(f"{path}: there is a store already; move it away first, or name another file")
    if not create and not path.is_file():
        raise CoreSettingsError(f"{path}: there is no store; make one with rocars-core init, or correct the path")
