"""Takes over the SQLite file in which a core kept everything before it had a PostgreSQL database (forms 1 to 11).

Rules of this file: all of it or nothing, in one transaction; the file is only read. The list goes on in its epoch at its
version, so no lane notices.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from core.errors import CoreSettingsError
from core.ledger import event_months
from core.ledger.store import CoreStore, LedgerConnection
from domain.hong_kong import UTC_OFFSET_MS
from domain.times import DAY_MS

_FORMS = (10, 11)
"""The last forms of that file: without named people, and with them."""


def import_sqlite(file: Path, store: CoreStore) -> dict[str, int]:
    """Copies every table into an empty database; how many rows of each.

    Raises:
        CoreSettingsError: the file is not a core's store of the last two forms, or the database has a list already.
        StoreError: the database refuses; nothing was taken over.
    """
    if not file.is_file():
        raise CoreSettingsError(f"{file}: there is no such file; name the core's former store")
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as old:
        _check(old, file)
        with store.transaction() as new:
            if new.execute("SELECT 1 FROM head").fetchone():
                raise CoreSettingsError(f"{store.name}: there is a list already; import into an empty database")
            _make_months(old, new)
            counts = {name: _copy(old, new, name) for name in _tables(old, new)}
            new.execute("SELECT setval(pg_get_serial_sequence('alarms', 'id'), GREATEST(max(id), 1)) FROM alarms")
    return counts


def _check(old: sqlite3.Connection, file: Path) -> None:
    try:
        (form,) = old.execute("PRAGMA user_version").fetchone()
        old.execute("SELECT 1 FROM head").fetchone()
    except sqlite3.DatabaseError as error:
        raise CoreSettingsError(f"{file}: it is not the store of a core ({error}); correct the path") from error
    if form not in _FORMS:
        raise CoreSettingsError(
            f"{file}: it is of form {form}, and only forms {_FORMS[0]} and {_FORMS[1]} are taken over; start the last version "
            "that used such a file on it once"
        )


def _make_months(old: sqlite3.Connection, new: LedgerConnection) -> None:
    """The tables for what lanes said before."""
    days = old.execute(f"SELECT DISTINCT (received_ms + {UTC_OFFSET_MS}) / {DAY_MS} FROM events").fetchall()  # noqa: S608 (numbers)
    for month in sorted({event_months.EventMonth.at(day * DAY_MS) for (day,) in days}):
        event_months.make(new, month)


def _tables(old: sqlite3.Connection, new: LedgerConnection) -> list[str]:
    here = {name for (name,) in new.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')")}
    there = [name for (name,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")]
    return [name for name in there if name in here]


def _copy(old: sqlite3.Connection, new: LedgerConnection, table: str) -> int:
    types: dict[str, str] = dict(
        new.execute(
            "SELECT attname, atttypid::regtype::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
            (table,),
        ).fetchall()
    )
    columns = [name for (_, name, *_) in old.execute(f"PRAGMA table_info({table})") if name in types]
    names = ", ".join(columns)
    count = 0
    with new.cursor().copy(f"COPY {table} ({names}) FROM STDIN".encode()) as into:
        into.set_types([types[name] for name in columns])
        for row in old.execute(f"SELECT {names} FROM {table} ORDER BY rowid"):  # noqa: S608 (names from the schema)
            into.write_row(row)
            count += 1
    return count
