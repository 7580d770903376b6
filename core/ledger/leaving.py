"""Rows that are in the archive leave the database: a month's table at once, what lies elsewhere a few at a time.

Rules of this file:
- What leaves is what an anchor has: rows of a journal up to it. What else is in a table that goes moves to the rest first.
- No row is lost for want of an anchor, whoever wrote it: all rows of a table are counted before, and it goes only if what leaves and
  what moves is all of it. Who wrote into it since then moved the row of `streams`, too.
- The whole table is needed for a moment, and not waited for: whoever waited would hold the core up behind them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import psycopg

from core.errors import RefusedError
from core.ledger.event_months import EventTable, tables
from core.ledger.store import LedgerConnection, the_row

MOST_MOVED = 5_000
"""Rows that move; some tenths of a second. Of a table in which more stay, those that leave are deleted a few at a time."""

_AT_ONCE = 5_000
_LOCK_MS = 300
_TRIES = 20
_PAUSE_S = 0.5
_COLUMNS = "place, lane, journal, seq, boot, hash, body, received_ms"


def anchored(db: LedgerConnection) -> dict[tuple[str, str], int]:
    """The last row of each (lane, journal) that is in the archive."""
    found = db.execute("SELECT lane, journal, max(seq) FROM anchors GROUP BY lane, journal").fetchall()
    return {(lane, journal): int(seq) for lane, journal, seq in found}


def let_go(
    db: LedgerConnection,
    note: Callable[[], None],
    upto: Mapping[tuple[str, str], int],
    *,
    until_ms: int,
    most_moved: int = MOST_MOVED,
) -> None:
    """Writes the anchors, and in the same transaction the tables go that end by then; tried again while somebody reads them.

    Args:
        db: a connection that is in no transaction.
        note: writes the anchors.
        upto: the last row that goes, of each (lane, journal); those that went before as well.
        until_ms: UTC.
        most_moved: see `MOST_MOVED`.

    Raises:
        RefusedError: somebody reads the whole table all the time; nothing has changed.
    """
    going = [one for one in tables(db) if one.until_ms is not None and one.until_ms <= until_ms]
    stay = {one: _staying(db, one, upto) for one in going}  # looks at every row, and is long over before anybody waits
    for _ in range(_TRIES):
        try:
            with db.transaction():
                db.execute(f"SET LOCAL lock_timeout = {_LOCK_MS:d}".encode())
                note()
                for one, rows in stay.items():
                    if rows <= most_moved:
                        _drop(db, one, upto, stay=rows)
        except psycopg.errors.LockNotAvailable:
            time.sleep(_PAUSE_S)
        else:
            return
    raise RefusedError(
        "the file is made, and its rows are still here, too: somebody reads all of them (a backup?); try again later"
    )


def _staying(db: LedgerConnection, table: EventTable, upto: Mapping[tuple[str, str], int]) -> int:
    """How many of its rows do not leave."""
    sql = (
        f"SELECT count(*) FROM {table.name} AS row LEFT JOIN unnest(%s::text[], %s::text[], %s::bigint[]) "  # noqa: S608 (from the catalogue)
        "AS gone(lane, journal, seq) USING (lane, journal) WHERE row.seq > COALESCE(gone.seq, 0)"
    )
    values = ([lane for lane, _ in upto], [journal for _, journal in upto], list(upto.values()))
    return int(the_row(db.execute(sql.encode(), values))[0])


def _drop(db: LedgerConnection, table: EventTable, upto: Mapping[tuple[str, str], int], *, stay: int) -> None:
    db.execute(f"ALTER TABLE events DETACH PARTITION {table.name}".encode())
    move = f"INSERT INTO events({_COLUMNS}) SELECT {_COLUMNS} FROM {table.name} WHERE lane=%s AND journal=%s AND seq>%s"  # noqa: S608
    streams = db.execute("SELECT lane, journal FROM streams").fetchall()
    moved = sum(db.execute(move.encode(), (*stream, upto.get(stream, 0))).rowcount for stream in streams)
    if moved < stay:
        raise RefusedError(
            f"{stay - moved} rows in {table.name} are of a journal that is not in streams: somebody changed the database; "
            "nothing has left it"
        )
    db.execute(f"DROP TABLE {table.name}".encode())


def clear(db: LedgerConnection, *, until_ms: int) -> int:
    """Deletes what is anchored and still here, a few rows at a time, then tables that are empty and end by then; how many rows.

    Such rows are there where a month had no table of its own, where much of it had to stay, and after a run that was broken off.
    """
    gone = 0
    for (lane, journal), last in anchored(db).items():
        where = "WHERE lane=%s AND journal=%s AND seq<=%s"
        while (first := _first(db, lane, journal, last)) is not None:
            done = db.execute(
                f"DELETE FROM events {where} AND seq>=%s".encode(),  # noqa: S608 (fixed text)
                (lane, journal, min(last, first + _AT_ONCE - 1), first),
            )
            gone += done.rowcount
    for one in tables(db):
        if one.until_ms is not None and one.until_ms <= until_ms:
            _drop_empty(db, one)
    return gone


def _first(db: LedgerConnection, lane: str, journal: str, last: int) -> int | None:
    found = db.execute(
        "SELECT seq FROM events WHERE lane=%s AND journal=%s AND seq<=%s ORDER BY seq LIMIT 1", (lane, journal, last)
    ).fetchone()
    return None if found is None else int(found[0])


def _drop_empty(db: LedgerConnection, table: EventTable) -> None:
    """Where it is empty, and nobody reads it now; else it goes another time."""
    is_empty = f"SELECT NOT EXISTS (SELECT 1 FROM {table.name})".encode()  # noqa: S608 (from the catalogue)
    if not the_row(db.execute(is_empty))[0]:
        return
    try:
        with db.transaction():
            db.execute(f"SET LOCAL lock_timeout = {_LOCK_MS:d}".encode())
            db.execute(f"ALTER TABLE events DETACH PARTITION {table.name}".encode())
            if the_row(db.execute(is_empty))[0]:
                db.execute(f"DROP TABLE {table.name}".encode())
            else:  # by a clock that went back just now
                raise psycopg.Rollback
    except psycopg.errors.LockNotAvailable:
        return
