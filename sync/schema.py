"""The tables of a lane's store, as numbered migrations (`runtime.sqlite_store`).

Rules of this file:
- A migration that has been released is never edited; the next one is appended. It only adds (`StoreSchema.opens_from`), so
  that a box can go back to the version before with all that it recorded.
- STRICT tables: a column holds the type it says, whoever writes it.
- What may only grow enforces it: triggers refuse UPDATE and DELETE on `journal`, `boots`, `journals` and `carried`.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runtime.alarm_table import CURSOR, FIRST_COLUMNS, INDEXES, LATER_COLUMNS
from runtime.sqlite_store import StoreSchema, create_table
from wire.hashes import ZERO, StateHash, journal_start

if TYPE_CHECKING:
    from sqlite_utils import Database

_APPLICATION_ID = 0x524C414E  # "RLAN"


def _table(
    db: Database,
    name: str,
    columns: dict[str, type],
    *,
    pk: str | tuple[str, ...],
    refers: Sequence[tuple[str, str, str]] = (),
    options: str = "STRICT",
) -> None:
    create_table(db, name, columns, pk=pk, refers=refers, options=options)


def _append_only(db: Database, table: str) -> None:
    for verb in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _journal(db: Database) -> None:
    """The hash-chained journal, its head kept apart (a cut tail shows), and the outbox as a cursor over it."""
    _table(db, "boots", {"boot": str, "software": str, "first_seq": int, "seal": bytes}, pk="boot")
    rows = {"seq": int, "boot": str, "body": bytes, "previous": bytes, "hash": bytes}
    _table(db, "journal", rows, pk="seq", refers=[("boot", "boots", "boot")])
    _table(db, "journal_head", {"one": int, "seq": int, "hash": bytes}, pk="one")
    _table(db, "outbox", {"one": int, "acknowledged": int}, pk="one")
    _append_only(db, "boots")
    _append_only(db, "journal")


def _codes(db: Database) -> None:
    """The replicated log's rows. `generation` tells the live list from the shadow that a snapshot is loaded into."""
    rows = {"generation": int, "kind": str, "name": str, "mark": str, "body": bytes}
    _table(db, "codes", rows, pk=("generation", "kind", "name"), options="STRICT, WITHOUT ROWID")
    db.execute("CREATE INDEX codes_by_mark ON codes (generation, mark)")
    head = {"one": int, "generation": int, "epoch": str, "version": int, "log_hash": bytes, "total": bytes}
    _table(db, "code_head", head, pk="one")


def _overlays(db: Database) -> None:
    """What the lane knows ahead of, or beside, the in-order log (design §3)."""
    holds = {"vrn": str, "epoch": str, "version": int, "mark": str, "reason": str}
    _table(db, "holds_ahead", holds, pk=("vrn", "epoch", "version"))
    db.execute("CREATE INDEX holds_ahead_by_mark ON holds_ahead (mark)")
    _table(db, "used_here", {"ubr": str, "visit": str, "seq": int}, pk="ubr", refers=[("seq", "journal", "seq")])


def _first(db: Database) -> None:
    """Schema 1. The store's own name is random: the core's key of an event is (lane, journal, seq)."""
    journal = secrets.token_hex(16)
    _table(db, "meta", {"name": str, "value": str}, pk="name")
    _journal(db)
    _codes(db)
    _overlays(db)
    db.execute("INSERT INTO meta VALUES ('journal', ?), ('probe', '0')", (journal,))
    db.execute("INSERT INTO journal_head VALUES (1, 0, ?)", (journal_start(journal),))
    db.execute("INSERT INTO outbox VALUES (1, 0)")
    db.execute("INSERT INTO code_head VALUES (1, 1, '', 0, ?, ?)", (ZERO, StateHash().total()))
    db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")


def _second(db: Database) -> None:
    """Schema 2. Commands taken from the centre, the mode that has to revert, pictures to be sent."""
    _table(db, "orders", {"command": str, "expires_ms": int}, pk="command")
    _table(db, "order_revert", {"one": int, "issuer": str, "until_ms": int}, pk="one")
    columns = {"place": int, "picture": str, "size": int, "kind": str, "reason": str, "asked": int}
    _table(db, "uploads", columns, pk="place")
    db.execute("CREATE UNIQUE INDEX uploads_by_picture ON uploads (picture)")


def _third(db: Database) -> None:
    """Schema 3. How far the core's clock is ahead of the machine's monotonic one, and since which of its starts."""
    columns = {"one": int, "boot": str, "low_ms": int, "high_ms": int, "at_ms": int}
    _table(db, "core_clock", columns, pk="one")


def _alarms(db: Database) -> None:
    """Schema 4. The alarms of this lane; the names of lane and journal are empty here (`runtime.alarm_table`)."""
    _table(db, "alarms", {**FIRST_COLUMNS, **LATER_COLUMNS}, pk="id")
    for statement in (*INDEXES, CURSOR):
        db.execute(statement)
    # What the rows before this schema say of alarms has no end in it: those alarms stay in the journal alone.
    db.execute("INSERT INTO alarm_cursor SELECT '', '', seq FROM journal_head")


def _fifth(db: Database) -> None:
    """Schema 5. What outlives a copy of the past (design §2.16): the journal's names, the core's word, signed deltas."""
    journals = {"number": int, "journal": str, "base": int, "first": int, "why": str}
    _table(db, "journals", journals, pk="number")
    carried = {"journal": str, "seq": int, "previous": bytes, "hash": bytes}
    _table(db, "carried", carried, pk=("journal", "seq"), options="STRICT, WITHOUT ROWID")
    _append_only(db, "journals")
    _append_only(db, "carried")
    _table(db, "receipt", {"one": int, "payload": bytes}, pk="one")
    delta = {"epoch": str, "version": int, "at_ms": int, "log_hash": bytes, "state_hash": bytes, "payload": bytes}
    _table(db, "deltas", delta, pk=("epoch", "version"))
    db.execute("CREATE INDEX deltas_by_time ON deltas (at_ms)")
    _table(db, "epochs_left", {"epoch": str}, pk="epoch")
    db.execute("INSERT INTO journals SELECT 1, value, 0, 1, '' FROM meta WHERE name = 'journal'")


LANE_SCHEMA = StoreSchema(
    owner="agent",
    migrations=(_first, _second, _third, _alarms, _fifth),
    application_id=_APPLICATION_ID,
    opens_from=3,
)
