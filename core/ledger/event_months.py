"""The table of the lanes' rows is one a month (file 0015): which months there are, and that the coming ones are there in time.

Rules of this file:
- A month is one of Hong Kong, by when a row came. Where none fits, by a wrong clock or after a long pause, the row goes into the table
  of the rest (`REST`) and is found like any other.
- Making one needs the whole table for a moment. While somebody reads it for long (a backup) it is not waited for: whoever
  waited would hold the core up behind them. It is tried again, months before it is needed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import NamedTuple

import psycopg

from core.ledger.store import LedgerConnection, connected
from domain.times import hong_kong, start_of
from runtime.store_errors import StoreError

log = logging.getLogger("rocars.core")

AHEAD = 3
"""Months that are there beforehand, with the present one."""

REST = "events_other"
"""The table of rows that are of no month's."""

_LOCK_MS = 300
_BOUNDS = re.compile(r"FROM \((?:MINVALUE|'?(-?\d+)'?)\) TO \('?(-?\d+)'?\)")


class EventMonth(NamedTuple):
    """A month of Hong Kong; in order of time."""

    year: int
    month: int

    @classmethod
    def at(cls, utc_ms: int) -> EventMonth:
        """The one of a moment."""
        day = hong_kong(utc_ms)
        return cls(day.year, day.month)

    @classmethod
    def of(cls, text: str) -> EventMonth:
        """The one that is written as 2026-11; raises ValueError."""
        found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text)
        if found is None or int(found[1]) < 1:
            raise ValueError(text)
        return cls(int(found[1]), int(found[2]))

    @property
    def next(self) -> EventMonth:
        """The one after it."""
        return EventMonth(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def start_ms(self) -> int:
        """Its first moment, UTC ms."""
        return start_of(date(self.year, self.month, 1))

    @property
    def table(self) -> str:
        """What its table is called."""
        return f"events_{self.year:04d}_{self.month:02d}"

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


class EventTable(NamedTuple):
    """One of the tables, and from when until before when its rows came (UTC ms; None for no bound)."""

    name: str
    since_ms: int | None
    until_ms: int | None


def tables(db: LedgerConnection) -> list[EventTable]:
    """All of them, the oldest first, that of the rest last."""
    found = db.execute(
        "SELECT relname, pg_get_expr(relpartbound, pg_class.oid) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
        "WHERE inhparent = 'events'::regclass"
    ).fetchall()
    every = [_table(name, bounds) for name, bounds in found]
    return sorted(every, key=lambda one: (one.until_ms is None, one.until_ms or 0))


def _table(name: str, bounds: str) -> EventTable:
    found = _BOUNDS.search(bounds)
    if found is None:
        return EventTable(name, None, None)
    return EventTable(name, None if found[1] is None else int(found[1]), int(found[2]))


def months(first: EventMonth, last: EventMonth) -> Iterator[EventMonth]:
    """From the one to the other, both included."""
    while first <= last:
        yield first
        first = first.next


def make(db: LedgerConnection, month: EventMonth) -> bool:
    """Makes the table of a month, inside the caller's transaction; False where all or a part of it is there.

    Raises:
        psycopg.errors.CheckViolation: rows of that month are among the rest; they stay there.
        psycopg.errors.LockNotAvailable: somebody reads the whole table.
    """
    since, until = month.start_ms, month.next.start_ms
    for one in tables(db):
        if one.until_ms is not None and one.until_ms > since and (one.since_ms is None or one.since_ms < until):
            return False
    db.execute(f"CREATE TABLE {month.table} PARTITION OF events FOR VALUES FROM ({since:d}) TO ({until:d})".encode())
    return True


def make_ahead(dsn: str, *, now_ms: int, ahead: int = AHEAD) -> int:
    """Makes the tables of this month and the coming ones where they are missing; how many. What fails is tried the next time."""
    made, month = 0, EventMonth.at(now_ms)
    try:
        with closing(connected(dsn)) as db:
            db.execute(f"SET lock_timeout = {_LOCK_MS:d}".encode())
            for _ in range(ahead):
                made += _made(db, month)
                month = month.next
    except (psycopg.Error, StoreError) as error:
        log.warning("the table of %s could not be made, it is tried again: %s", month, error)
    return made


def _made(db: LedgerConnection, month: EventMonth) -> bool:
    try:
        with db.transaction():
            return make(db, month)
    except psycopg.errors.CheckViolation:
        log.warning(
            "rows of %s are among the rest already (was the clock wrong?), and those to come will be, too", month
        )
        return False
