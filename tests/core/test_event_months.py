"""What lanes said is a table a month: nothing of a database from before is lost, and the coming months are there in time."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

import pytest

from core.ledger import store as stores
from core.ledger.event_months import AHEAD, REST, EventMonth, make, make_ahead, months, tables
from core.ledger.store import CoreStore, connected
from core.sql import SQL_FILES
from domain.times import DAY_MS
from simulation.ledgers import database_at, shared_cluster
from tests.core.conftest import NOON

NOVEMBER = EventMonth(2026, 11)


def in_table(core: Any, table: str) -> list[int]:
    """The rows of one of the tables."""
    return [seq for (seq,) in core.store.connection.execute(f"SELECT seq FROM {table} ORDER BY seq")]  # noqa: S608


def test_a_month_is_one_of_hong_kong() -> None:
    """Its first moment is eight hours before that of UTC."""
    assert EventMonth.at(NOON) == NOVEMBER == EventMonth.of("2026-11")
    assert EventMonth.at(NOVEMBER.start_ms) == NOVEMBER
    assert str(EventMonth.at(NOVEMBER.start_ms - 1)) == "2026-10"
    assert EventMonth(2026, 12).next == EventMonth(2027, 1)
    assert [str(one) for one in months(EventMonth(2026, 12), EventMonth(2027, 2))] == ["2026-12", "2027-01", "2027-02"]
    for wrong in ("2026-13", "2026", "26-11", "0000-01", "2026-11-01"):
        with pytest.raises(ValueError, match=wrong):
            EventMonth.of(wrong)


def test_the_coming_months_are_made_once_and_rows_lie_in_theirs(core: Any, lane: Any) -> None:
    """What no month fits lies among the rest, and is found like any other."""
    assert [make_ahead(core.store.dsn, now_ms=NOON) for _ in range(2)] == [AHEAD, 0]
    assert [one.name for one in tables(core.store.connection)] == [
        *(month.table for month in months(NOVEMBER, EventMonth(2027, 1))),
        REST,
    ]
    for at_ms in (NOON, EventMonth(2026, 12).start_ms - 1, EventMonth(2026, 12).start_ms, 2_060_000_000_000):
        core.clock.now = at_ms
        core.exchange.hear(lane.sends(lane.write()))
    assert (in_table(core, "events_2026_11"), in_table(core, "events_2026_12")) == ([1, 2], [3])
    assert in_table(core, REST) == [4]
    assert [seq for seq, _ in core.intake.bodies(lane.name, lane.journal)] == [1, 2, 3, 4]
    core.clock.now = EventMonth(2027, 1).start_ms
    assert make_ahead(core.store.dsn, now_ms=core.clock()) == 2


def test_rows_of_a_month_that_has_no_table_yet_stay_among_the_rest(core: Any, lane: Any) -> None:
    """The others are made all the same."""
    core.exchange.hear(lane.sends(lane.write()))
    assert make_ahead(core.store.dsn, now_ms=NOON) == AHEAD - 1
    core.exchange.hear(lane.sends(lane.write()))
    assert in_table(core, REST) == [1, 2]


def test_nobody_is_held_up_while_a_backup_reads_the_table(core: Any, lane: Any) -> None:
    """Making a month needs all of it for a moment; it gives up at once, and a row goes through meanwhile."""
    with closing(connected(core.store.dsn)) as backup, backup.transaction():
        backup.execute("LOCK TABLE events IN ACCESS SHARE MODE")
        began = time.monotonic()
        assert make_ahead(core.store.dsn, now_ms=NOON) == 0
        core.exchange.hear(lane.sends(lane.write()))
        assert time.monotonic() - began < 2
    assert in_table(core, "events") == [1]


@pytest.mark.parametrize("months_ago", range(3))
def test_a_row_that_comes_again_in_another_month_is_stored_and_projected_once(
    core: Any, lane: Any, make_record: Any, months_ago: int
) -> None:
    """No index says so any more: the same row is known, another one of its number is refused."""
    make_ahead(core.store.dsn, now_ms=NOON)
    said = make_record("VehicleArrived", 1)
    rows = [lane.write(said), lane.write(make_record("RowEntered", 1, name="x"))]
    core.exchange.hear(lane.sends(*rows))
    core.clock.now += months_ago * 31 * DAY_MS
    core.exchange.hear(lane.sends(*rows))
    assert in_table(core, "events") == [1, 2]
    assert len(core.projection.crossing(lane.name, lane.journal, 1).records) == 2
    assert core.intake.again[lane.name, lane.journal] == 2
    other = type(lane)(lane.name)
    other.signer = lane.signer
    core.exchange.hear(other.sends(other.write(make_record("VehicleArrived", 9))))
    refused = "SELECT count(*) FROM alarms WHERE kind = 'EventRefused'"
    assert core.store.connection.execute(refused).fetchone() == (1,)
    assert in_table(core, "events") == [1, 2]
    assert core.projection.crossing(lane.name, lane.journal, 9) is None


@pytest.fixture
def former(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A database that has had the files up to 0014, by a core of then, with a reader of its own."""
    dsn = database_at(tmp_path / "former.db")
    with connected(dsn) as db:
        db.execute("DROP SCHEMA public CASCADE")
        db.execute("CREATE SCHEMA public")
        db.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
    with monkeypatch.context() as then:
        then.setattr(stores, "SQL_FILES", [one for one in SQL_FILES if one.number <= 14])
        CoreStore(dsn, create=True).close()
    with connected(shared_cluster().dsn()) as admin:
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 'portal'").fetchone():
            admin.execute("CREATE ROLE portal LOGIN")
    with closing(connected(dsn)) as db:
        db.execute("SELECT grant_office('portal')")
        yield db


def test_no_row_of_a_database_from_before_is_lost(former: Any, tmp_path: Any) -> None:
    """Old ones, those of this month, one of a clock that was years ahead: as they were, in their order; nothing is copied."""
    ahead = 32_000_000_000_000
    former.execute(
        "INSERT INTO events(lane, journal, seq, boot, hash, body, received_ms) SELECT 'l', 'j', n, 'b', '', 'x', "
        "CASE WHEN n = 7 THEN %s ELSE %s + n * 86400000::bigint END FROM generate_series(1, 10) AS n",
        (ahead, NOON - 5 * DAY_MS),
    )
    whole = "SELECT place, lane, journal, seq, boot, hash, body, received_ms FROM events ORDER BY place"
    rows = former.execute(whole).fetchall()
    (file,) = former.execute("SELECT pg_relation_filenode('events')").fetchone()
    with CoreStore(database_at(tmp_path / "former.db")) as store:
        db = store.connection
        assert db.execute(whole).fetchall() == rows
        assert [one.name for one in tables(db)] == ["events_before", REST]
        assert db.execute("SELECT pg_relation_filenode('events_before')").fetchone() == (file,)
        assert db.execute("SELECT seq FROM events_other").fetchall() == [(7,)]
        added = "INSERT INTO events(lane, journal, seq, boot, hash, body, received_ms) VALUES ('l', 'j', %s, 'b', '', '', %s)"
        db.execute(added, (11, NOON))
        db.execute(added, (12, 33_000_000_000_000))
        assert db.execute("SELECT place FROM events WHERE seq > 10 ORDER BY seq").fetchall() == [(11,), (12,)]
        db.execute("SET enable_seqscan = off")  # so few rows need no index
        plan = db.execute("EXPLAIN SELECT hash FROM events WHERE lane='l' AND journal='j' AND seq=3").fetchall()
        assert "Seq Scan" not in str(plan)
        assert not make(db, EventMonth.at(NOON))
    with closing(connected(database_at(tmp_path / "former.db").replace("user=postgres", "user=portal"))) as portal:
        assert portal.execute("SELECT count(*) FROM events").fetchone() == (12,)


def test_of_an_empty_database_from_before_no_table_is_left(former: Any, tmp_path: Any) -> None:
    """The first row has number 1."""
    with CoreStore(database_at(tmp_path / "former.db")) as store:
        assert [one.name for one in tables(store.connection)] == [REST]
        store.connection.execute(
            "INSERT INTO events(lane, journal, seq, boot, hash, body, received_ms) VALUES ('l', 'j', 1, 'b', '', '', 1)"
        )
        assert store.connection.execute("SELECT place FROM events").fetchone() == (1,)
