"""What the lane knows besides the in-order log; at lookup the strictest wins (design §3).

Rules of this file:
- Neither overlay is in a hash, and neither ever releases anything: a hold stops, a used bundle is no longer live.
- A **hold ahead of its turn** carries the epoch and version of the delta it came in. It drops when the in-order log of
  that epoch has reached that version. Versions of two epochs cannot be compared, so a hold of another epoch stays
  until an in-order delta says anything about a hold on that vehicle: the centre can always lift it, in its turn.
- A **UBR used at this lane** is written with the journal row of the visit that used it (`journal.Journal.append`). It
  drops when an in-order row of that bundle names its use, whoever's; a debundled or vanished bundle does not.
- Both survive snapshots and restarts. A lift never applies ahead of its turn.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from domain.marks import normalise
from wire.messages import Delta
from wire.records import BundleRecord, HoldRecord, Record


def holds_in(changes: Iterable[Record]) -> tuple[HoldRecord, ...]:
    """The holds that stop somebody."""
    return tuple(record for record in changes if isinstance(record, HoldRecord) and not record.deleted)


def keep_holds(connection: sqlite3.Connection, holds: Iterable[HoldRecord], delta: Delta) -> None:
    """Stores the holds of a delta whose turn has not come."""
    connection.executemany(
        "INSERT OR REPLACE INTO holds_ahead VALUES (?, ?, ?, ?, ?)",
        [(hold.vrn, delta.epoch, delta.version, normalise(hold.vrn), hold.reason) for hold in holds],
    )


def drop_passed_by_delta(connection: sqlite3.Connection, delta: Delta) -> None:
    """Drops what this delta, just applied in its turn, supersedes."""
    drop_passed_by_version(connection, delta.epoch, delta.version)
    for record in delta.changes:
        if isinstance(record, HoldRecord):
            connection.execute("DELETE FROM holds_ahead WHERE vrn = ? AND epoch <> ?", (record.vrn, delta.epoch))
        drop_passed_use(connection, record)


def drop_passed_by_version(connection: sqlite3.Connection, epoch: str, version: int) -> None:
    """Drops the holds ahead that the in-order log, now at `version` of `epoch`, has reached."""
    connection.execute("DELETE FROM holds_ahead WHERE epoch = ? AND version <= ?", (epoch, version))


def used(connection: sqlite3.Connection) -> list[str]:
    """Every UBR used at this lane that the log has not passed yet."""
    return [row[0] for row in connection.execute("SELECT ubr FROM used_here ORDER BY ubr")]


def drop_passed_use(connection: sqlite3.Connection, record: Record) -> None:
    """Drops the use at this lane of a bundle whose row, applied in its turn, names a use."""
    if isinstance(record, BundleRecord) and record.used_by:
        connection.execute("DELETE FROM used_here WHERE ubr = ?", (record.ubr,))


def held_ahead(connection: sqlite3.Connection, marks: str) -> set[str]:
    """Which of these marks (a JSON array) have a hold ahead of its turn."""
    sql = "SELECT mark FROM holds_ahead WHERE mark IN (SELECT value FROM json_each(?))"
    return {row[0] for row in connection.execute(sql, (marks,))}


def used_by(connection: sqlite3.Connection, ubrs: Iterable[str]) -> dict[str, str]:
    """The visit that used each of these bundles at this lane, for those that were."""
    sql = "SELECT ubr, visit FROM used_here WHERE ubr IN (SELECT value FROM json_each(?))"
    return dict(connection.execute(sql, (json.dumps(list(ubrs)),)).fetchall())
