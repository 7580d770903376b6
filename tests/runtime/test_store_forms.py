"""The way back to older software: a store that a newer version has only added to is written on, and nothing is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from runtime.sqlite_store import SqliteStore, StoreSchema, migrate, opens_from
from runtime.store_errors import StoreNewerError
from sync.schema import LANE_SCHEMA
from sync.store import LaneStore

Change = Callable[[Database], None]


def _adds(db: Database) -> None:
    db.execute("CREATE TABLE added (one INTEGER PRIMARY KEY) STRICT")
    db.execute("ALTER TABLE orders ADD COLUMN note TEXT NOT NULL DEFAULT ''")


def _newer(schema: StoreSchema, change: Change, *, least: int) -> StoreSchema:
    return replace(schema, migrations=(*schema.migrations, change), opens_from=least)


def test_going_back_keeps_what_the_newer_version_recorded(tmp_path: Path) -> None:
    """Old, new, old, new: every version reads all rows and writes its own."""
    path = tmp_path / "lane.db"
    newer = _newer(LANE_SCHEMA, _adds, least=LANE_SCHEMA.least)
    rows = []
    for number, schema in enumerate((LANE_SCHEMA, newer, LANE_SCHEMA, newer)):
        with SqliteStore(path, schema) as store, store.transaction() as connection:
            connection.execute("INSERT INTO orders (command, expires_ms) VALUES (?, 1)", (f"c{number}",))
            rows = [row[0] for row in connection.execute("SELECT command FROM orders ORDER BY command")]
    assert rows == ["c0", "c1", "c2", "c3"]
    assert opens_from(path) == LANE_SCHEMA.least
    with LaneStore(path) as store:
        assert store.probe() is None


def test_a_version_that_changed_what_was_there_closes_the_way_back(tmp_path: Path) -> None:
    """Refused by name before anything is written, and for good: also after a third version that only adds."""
    path = tmp_path / "lane.db"
    breaking = _newer(LANE_SCHEMA, lambda db: db.execute("DROP TABLE uploads") and None, least=KNOWN + 1)
    SqliteStore(path, breaking).close()
    SqliteStore(path, replace(breaking, migrations=(*breaking.migrations, _adds), opens_from=KNOWN + 1)).close()
    assert opens_from(path) == KNOWN + 1
    with pytest.raises(StoreNewerError, match=f"schema {KNOWN + 2}, this one knows {KNOWN}"):
        LaneStore(path)


def test_a_store_from_before_this_rule_counts_as_it_is(tmp_path: Path) -> None:
    """It does not say what may open it; then only what knows all of it."""
    path = tmp_path / "lane.db"
    LaneStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE opens_from")
        connection.execute(f"PRAGMA user_version = {KNOWN + 1}")
    connection.close()
    assert opens_from(path) == KNOWN + 1
    with pytest.raises(StoreNewerError):
        LaneStore(path)


KNOWN = len(LANE_SCHEMA.migrations)
"""How many migrations this version of the lane knows."""

Form = dict[str, list[tuple[str, str, int, str | None, int]]]


def _form(schema: StoreSchema, number: int) -> tuple[Form, set[str]]:
    """Columns of each table, and the triggers and unique indexes, after so many migrations."""
    db = Database(sqlite3.connect(":memory:", isolation_level=None))
    migrate(db.conn, schema.migrations[:number])
    tables = {}
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        tables[name] = [tuple(row[1:6]) for row in db.execute(f"PRAGMA table_info({name})")]
    watches = "SELECT tbl_name || ': ' || sql FROM sqlite_master WHERE type = 'trigger' OR sql LIKE 'CREATE UNIQUE%'"
    return tables, {row[0] for row in db.execute(watches)}


def breaks(schema: StoreSchema) -> list[str]:
    """What migrations after `opens_from` do to older software: nothing, or that number is wrong."""
    (old, old_watches), (new, new_watches) = _form(schema, schema.least), _form(schema, len(schema.migrations))
    found = [f"{name} is gone" for name in old if name not in new]
    for name in set(old) & set(new):
        columns = {row[0]: row for row in new[name]}
        found += [f"{name}.{row[0]} is another" for row in old[name] if columns.get(row[0]) != row]
        more = [row for row in new[name] if row[0] not in {each[0] for each in old[name]}]
        found += [f"{name}.{row[0]} must be given" for row in more if row[2] and row[3] is None]
    return found + [watch for watch in new_watches - old_watches if watch.split(":")[0] in old]


def test_migrations_since_the_oldest_that_may_open_only_add() -> None:
    """`opens_from` is a promise to a box that goes back."""
    assert breaks(LANE_SCHEMA) == []


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE uploads",
        "ALTER TABLE orders RENAME COLUMN command TO id",
        "CREATE UNIQUE INDEX once ON orders (expires_ms)",
        "CREATE TRIGGER no BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'no'); END",
    ],
)
def test_the_test_before_would_notice_a_broken_promise(sql: str) -> None:
    """Each kind of change that older software would trip over. A new column that must be given SQLite itself refuses."""
    assert breaks(_newer(LANE_SCHEMA, lambda db: db.execute(sql) and None, least=3)) != []
