"""The SQLite file of a core before PostgreSQL is taken over whole, and the list goes on where it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.errors import CoreSettingsError
from core.ledger.log import ReplicatedLog
from core.ledger.sqlite_import import import_sqlite
from core.ledger.store import CoreStore
from core.link.alarms import AlarmBook
from domain.alarms import CoreAlarmKind
from simulation.ledgers import database_at, exported

TABLES = (
    "cargo",
    "bundles",
    "audit",
    "parties",
    "accounts",
    "owned",
    "carriers",
    "drafts",
    "batches",
    "head",
    "epochs",
    "log",
    "rows",
    "streams",
    "events",
    "crossings",
    "alarms",
    "claims",
)


def rows(store: CoreStore, table: str) -> list[str]:
    """Every row but for its place in the table, in one order."""
    found = store.connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 (fixed names)
    return sorted(repr(row[1:] if table in {"events", "log"} else row) for row in found)


@pytest.fixture
def former(core: Any, lane: Any, make_record: Any, tmp_path: Path) -> Path:
    """A file with something of everything, of the last form."""
    ubr = core.bundle(core.lodge())
    core.office.hold("CD5678", who="x", reason="y\0z")
    rows = [lane.write(make_record("VehicleArrived", 1)), lane.reads(1), lane.uses(1, ubr), lane.uses(2, "9")]
    core.exchange.hear(lane.sends(*rows))
    return exported(tmp_path / "core.db", tmp_path / "former.db")


def test_a_former_store_is_taken_over_whole(core: Any, former: Path, tmp_path: Path) -> None:
    """Every table, the list proved from its first delta; numbers go on behind the last."""
    with CoreStore(database_at(tmp_path / "new.db")) as store:
        counts = import_sqlite(former, store)
        assert counts["events"] == 4
        assert store.connection.execute("SELECT count(*) FROM events_2026_11").fetchone() == (4,)
        for table in TABLES:
            assert rows(store, table) == rows(core.store, table), table
        log = ReplicatedLog(store, core.signer)
        log.check()
        assert log.list_at(log.head().epoch, log.head().version).state_hash == core.log.head().state_hash
        with store.transaction():
            store.write_diary(at_ms=1, who="x", what="y", detail="z")
            kind = CoreAlarmKind.LIST_EDITED
            AlarmBook(store.connection).raise_once(at_ms=1, lane="l", kind=kind, detail="d")
        with pytest.raises(CoreSettingsError, match="there is a list already"):
            import_sqlite(former, store)


def test_a_former_store_without_named_people_is_taken_over(former: Path, tmp_path: Path) -> None:
    """What people did then is kept as it was written down; the chain begins with the database."""
    with closing(sqlite3.connect(former)) as old:
        for table in ("audit", "parties", "accounts", "owned", "carriers", "drafts", "batches"):
            old.execute(f"DROP TABLE {table}")
        old.execute("ALTER TABLE cargo DROP COLUMN cancelled_ms")
        old.execute("INSERT INTO diary VALUES (7, 1, 'wong', 'held', 'CD5678')")
        old.execute("PRAGMA user_version = 10")
        old.commit()
    with CoreStore(database_at(tmp_path / "new.db")) as store:
        import_sqlite(former, store)
        db = store.connection
        assert db.execute("SELECT * FROM diary").fetchall() == [(7, 1, "wong", "held", "CD5678")]
        assert db.execute("SELECT DISTINCT cancelled_ms FROM cargo").fetchall() == [(0,)]
        assert db.execute("SELECT count(*) FROM audit").fetchone() == (0,)


def test_what_is_no_former_store_is_named(tmp_path: Path, former: Path) -> None:
    """Nothing is taken over of it."""
    with CoreStore(database_at(tmp_path / "new.db")) as store:
        with pytest.raises(CoreSettingsError, match="no such file"):
            import_sqlite(tmp_path / "none.db", store)
        (tmp_path / "text.db").write_bytes(b"this is not a database, " * 100)
        with pytest.raises(CoreSettingsError, match="not the store of a core"):
            import_sqlite(tmp_path / "text.db", store)
        with closing(sqlite3.connect(former)) as old:
            old.execute("PRAGMA user_version = 9")
        with pytest.raises(CoreSettingsError, match="only forms 10 and 11"):
            import_sqlite(former, store)
        assert store.connection.execute("SELECT count(*) FROM rows").fetchone() == (0,)
