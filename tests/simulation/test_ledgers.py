"""Databases of cores in a folder: each test begins with empty tables, whatever the one before did to its own."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from core.ledger.store import CoreStore
from simulation.ledgers import copy_database, database_at, databases_in, forget_below, forget_database, has_database


def test_a_database_is_emptied_for_the_next_test(tmp_path: Path) -> None:
    """Rows and numbers are gone; a path names nothing any more."""
    path = tmp_path / "core.db"
    with CoreStore(database_at(path)) as store, store.transaction():
        assert store.take_number("ccrn", 7) == 7
        store.write_diary(at_ms=1, who="x", what="y", detail="z")
    used = database_at(path)
    forget_below(tmp_path)
    assert not has_database(path)
    assert database_at(tmp_path / "next.db") == used
    with CoreStore(used) as store, store.transaction():
        assert store.take_number("ccrn", 1) == 1
        assert store.connection.execute("SELECT count(*) FROM audit").fetchone() == (0,)


@pytest.mark.parametrize(
    "spoils",
    ["DROP TABLE audit", "ALTER TABLE cargo ADD COLUMN more text", "UPDATE sql_files SET digest = 'other'"],
)
def test_a_database_that_was_changed_is_not_used_again(tmp_path: Path, spoils: str) -> None:
    """The next test would find out by failing."""
    spoilt = database_at(tmp_path / "core.db")
    with psycopg.connect(spoilt, autocommit=True) as connection:
        connection.execute(spoils.encode())
    forget_database(tmp_path / "core.db")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(spoilt)


def test_a_copy_is_of_one_moment_and_lies_in_its_folder(tmp_path: Path) -> None:
    """As a backup is; what was written after it is not in it."""
    with CoreStore(database_at(tmp_path / "core.db")) as store:
        store.connection.execute("INSERT INTO series VALUES ('ubr', 1)")
        copy = copy_database(tmp_path / "core.db", tmp_path / "copies" / "1.db")
        store.connection.execute("UPDATE series SET last = 2")
    assert databases_in(tmp_path / "copies") == [copy]
    with psycopg.connect(database_at(copy)) as connection:
        assert connection.execute("SELECT last FROM series").fetchall() == [(1,)]
