"""The code log: each step applied whole and in its turn, or not at all and said so."""

from __future__ import annotations

import sqlite3

import msgspec
import pytest

from domain.marks import normalise
from runtime.store_errors import StoreError
from sync.codelog import CodeLog
from sync.link.log_result import (
    Applied,
    CodeLogHead,
    Fork,
    Gap,
    Known,
    Loading,
    Mismatch,
    OtherEpoch,
    Swapped,
)
from sync.lookup import Lookup
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from tests.rigs.lists import apply, bundle, equal
from wire.codec import encode
from wire.hashes import EMPTY_STATE, ZERO
from wire.records import BundleRecord, HoldRecord


def rows(store: LaneStore) -> object:
    """All that the store holds of the codes, to see that nothing changed."""
    tables = ("code_head", "codes", "holds_ahead", "used_here")
    return [store.connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables]  # noqa: S608 the four above


def test_a_lane_begins_with_nothing(store: LaneStore) -> None:
    """Before the first snapshot there is no epoch, and every delta is of another one."""
    log = CodeLog(store, far=-1)
    assert log.head == CodeLogHead("", 0, ZERO, EMPTY_STATE)
    delta = SimulatedLog("epoch-1").change(bundle("1", "AB1"))
    assert apply(log, delta) == OtherEpoch(log.head, "epoch-1", ())
    assert log.head.version == 0


def test_deltas_apply_in_order_and_survive_a_restart(store: LaneStore, core: SimulatedLog, log: CodeLog) -> None:
    """After each delta the lane is where the core is, and again after opening the store anew."""
    for record in (bundle("3", "GH1"), bundle("1", "AB1234", deleted=True), HoldRecord(vrn="EF9", deleted=True)):
        old = core.rows.get(record.key)
        delta = core.change(record)
        assert apply(log, delta) == Applied(log.head, (record,), (old,) if old else ())
        assert equal(log, core)
    again = CodeLog(store, far=-1)
    assert equal(again, core)
    assert again.damage == ""


def test_one_delta_may_change_a_row_twice(log: CodeLog, core: SimulatedLog) -> None:
    """The last row of a key stands, as at the core."""
    delta = core.change(HoldRecord(vrn="XY1"), bundle("9", "XY1"), HoldRecord(vrn="XY1", deleted=True))
    assert isinstance(apply(log, delta), Applied)
    assert equal(log, core)
    assert not Lookup(log).find("XY1").held


def test_an_empty_delta_is_a_step(log: CodeLog, core: SimulatedLog) -> None:
    """A delta without changes still moves version and chain."""
    assert isinstance(apply(log, core.change()), Applied)
    assert equal(log, core)


def test_a_known_delta_changes_nothing(store: LaneStore, log: CodeLog, core: SimulatedLog) -> None:
    """Delivered twice, or late, it is known; its holds are no news either."""
    delta = core.change(HoldRecord(vrn="XY1"))
    apply(log, delta)
    apply(log, core.change(HoldRecord(vrn="XY1", deleted=True)))
    before = rows(store)
    assert apply(log, delta) == Known(log.head)
    assert rows(store) == before
    assert not Lookup(log).find("XY1").held


@pytest.mark.parametrize("payload", [b"", b"as it came"])
def test_the_newest_delta_delivered_twice_is_known(log: CodeLog, core: SimulatedLog, payload: bytes) -> None:
    """Kept or not: a broker may deliver each message twice, and that is no other history."""
    delta = core.change(HoldRecord(vrn="XY1"))
    assert isinstance(log.apply(delta, encode(delta), payload), Applied)
    assert log.apply(delta, encode(delta), payload) == Known(log.head)


def test_a_gap_is_said_and_only_stops(store: LaneStore, log: CodeLog, core: SimulatedLog) -> None:
    """Ahead of its turn a delta's hold stops at once; a lift and a bundle wait."""
    missed = core.change(bundle("5", "MM5"))
    ahead = core.change(HoldRecord(vrn="XY1", reason="tip"), HoldRecord(vrn="EF9", deleted=True), bundle("4", "KL4"))
    head = log.head
    assert apply(log, ahead) == Gap(head, 5, (HoldRecord(vrn="XY1", reason="tip"),))
    look = Lookup(log)
    assert log.head == head
    assert look.find("XY1").held
    assert look.find("EF9").held
    assert look.find("KL4").bundles == ()
    assert isinstance(apply(log, missed), Applied)
    assert isinstance(apply(log, ahead), Applied)
    assert equal(log, core)
    assert look.find("XY1").held
    assert not look.find("EF9").held
    assert store.db["holds_ahead"].count == 0


def test_a_fork_is_said(log: CodeLog, core: SimulatedLog) -> None:
    """The next version on another history does not apply; what it stops is stopped."""
    delta = msgspec.structs.replace(core.change(HoldRecord(vrn="XY1")), previous=ZERO)
    head = log.head
    assert apply(log, delta) == Fork(head, ZERO, (HoldRecord(vrn="XY1"),))
    assert log.head == head
    assert Lookup(log).find("XY1").held


def test_another_epoch_is_said(log: CodeLog) -> None:
    """A step of another life of the log does not apply, whatever its version; what it stops is stopped."""
    other = SimulatedLog("epoch-2")
    for version in range(1, 5):
        delta = other.change(HoldRecord(vrn=f"XY{version}"))
        assert apply(log, delta) == OtherEpoch(log.head, "epoch-2", (HoldRecord(vrn=f"XY{version}"),))
    assert log.head.epoch == "epoch-1"
    assert Lookup(log).find("XY3").held


def test_a_state_hash_that_does_not_come_out_is_said(store: LaneStore, log: CodeLog, core: SimulatedLog) -> None:
    """The rows stay as they were, the head too; only the hold in it stops from now on."""
    delta = msgspec.structs.replace(core.change(bundle("1", "ZZ1"), HoldRecord(vrn="XY1")), state_hash=ZERO)
    before, head = rows(store), log.head
    verdict = apply(log, delta)
    assert verdict == Mismatch(head, core.version, core.state_hash, ZERO, (HoldRecord(vrn="XY1"),))
    assert rows(store)[:2] == before[:2]
    assert CodeLog(store, far=-1).head == log.head == head
    assert Lookup(log).find("XY1").held


def test_a_delta_that_cannot_be_written_is_no_step(store: LaneStore, log: CodeLog, core: SimulatedLog) -> None:
    """With a failing commit nothing changed, in memory or in the file; the same delta applies afterwards."""
    delta = core.change(bundle("6", "QR6"))
    before, head = rows(store), log.head
    store.connection.set_authorizer(
        lambda action, what, *_: (
            sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_TRANSACTION and what == "COMMIT" else sqlite3.SQLITE_OK
        )
    )
    with pytest.raises(StoreError):
        apply(log, delta)
    with pytest.raises(StoreError):
        log.load(core.snapshot()[0])
    store.connection.set_authorizer(None)
    assert rows(store) == before
    assert log.head == head
    assert isinstance(apply(log, delta), Applied)
    assert equal(log, core)


def test_a_snapshot_in_parts_changes_nothing_until_it_is_whole(
    store: LaneStore, log: CodeLog, core: SimulatedLog
) -> None:
    """Parts in any order, some twice: the old list stands until the last missing part, then the new one does."""
    core.change(*(bundle(str(n), f"NN{n}") for n in range(10, 20)))
    parts = core.snapshot(size=3)
    head = log.head
    assert len(parts) == 5
    for have, part in enumerate((parts[4], parts[1], parts[0], parts[3]), 1):
        assert log.load(part) == Loading(log.head, have, 5)
        assert log.load(part) == Loading(log.head, have, 5)
        assert log.head == head == CodeLog(store, far=-1).head
        assert Lookup(log).find("NN10").bundles == ()
    assert log.load(parts[2]) == Swapped(log.head)
    assert equal(log, core)
    assert Lookup(log).find("NN10").bundles
    assert equal(CodeLog(store, far=-1), core)


def test_pages_are_moved_less_often_while_a_snapshot_is_loaded_and_only_then(
    store: LaneStore, core: SimulatedLog
) -> None:
    """Whether it is taken or refused in the end; and each commit is on the medium as ever."""
    log = CodeLog(store, together=1, far=-1)

    def now() -> tuple[int, int]:
        connection = store.connection
        pages, full = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("wal_autocheckpoint", "synchronous")
        )
        return pages, full

    ordinary = now()
    for good in (True, False):
        *first, last = core.snapshot(request=str(good), size=1)
        last = last if good else msgspec.structs.replace(last, records=())
        assert all(isinstance(log.load(part), Loading) and now() == (4_000, ordinary[1]) for part in first)
        assert isinstance(log.load(last), Swapped if good else Mismatch)
        assert now() == ordinary == (1_000, 2)


def test_a_snapshot_replaces_what_is_not_in_it(log: CodeLog) -> None:
    """A new epoch begins with fewer rows: the others are gone, tombstones too; the hold is lifted by name."""
    core = SimulatedLog("epoch-2", (bundle("7", "ST7"), HoldRecord(vrn="EF9", deleted=True)))
    for part in core.snapshot():
        assert isinstance(log.load(part), Swapped)
    assert equal(log, core)
    assert Lookup(log).find("AB1234").bundles == ()
    assert not Lookup(log).find("EF9").held


def test_deltas_go_on_beside_a_snapshot_being_loaded(log: CodeLog, core: SimulatedLog) -> None:
    """Steps applied meanwhile are not undone by a snapshot that is now older than the list."""
    parts = core.snapshot(size=1)
    for part in parts[:-1]:
        log.load(part)
    apply(log, core.change(HoldRecord(vrn="XY1")))
    assert log.load(parts[-1]) == Known(log.head)
    assert equal(log, core)
    assert Lookup(log).find("XY1").held


def test_a_list_in_doubt_is_not_replaced_by_an_older_one(log: CodeLog, core: SimulatedLog) -> None:
    """It may be on its way for long while deltas go on; where the core has gone back, the hold stays all the same."""
    parts = core.snapshot()
    apply(log, core.change(HoldRecord(vrn="XY1")))
    assert isinstance(log.load(parts[0], doubted=True), Swapped)
    assert log.head.version == 4
    assert Lookup(log).find("XY1").held


def test_another_snapshot_begins_afresh(store: LaneStore, log: CodeLog, core: SimulatedLog) -> None:
    """Parts of two requests never mix; what the first left is taken away in time."""
    first = core.snapshot(request="first", size=1)
    log.load(first[0])
    core.change(bundle("8", "UV8"))
    second = core.snapshot(request="second", size=2)
    assert log.load(second[0]) == Loading(log.head, 1, 3)
    assert log.load(second[1]) == Loading(log.head, 2, 3)
    assert isinstance(log.load(second[2]), Swapped)
    assert equal(log, core)
    assert isinstance(log.load(core.snapshot(request="third")[0]), Swapped)
    generations = store.connection.execute("SELECT count(DISTINCT generation) FROM codes").fetchone()[0]
    assert generations == 2  # the live list, and the one before it until the next snapshot


def test_an_unfinished_snapshot_is_forgotten_by_a_restart(store: LaneStore, log: CodeLog, core: SimulatedLog) -> None:
    """After a crash between two parts the old list stands, and the snapshot has to come whole."""
    core.change(bundle("8", "UV8"))
    parts = core.snapshot(size=1)
    for part in parts[:-1]:
        log.load(part)
    head, log = log.head, CodeLog(store, far=-1)
    assert log.head == head
    assert log.load(parts[-1]) == Loading(log.head, 1, len(parts))
    for part in parts[:-1]:
        verdict = log.load(part)
    assert isinstance(verdict, Swapped)
    assert equal(log, core)


def test_rows_that_an_unfinished_snapshot_left_are_in_no_other(
    store: LaneStore, log: CodeLog, core: SimulatedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are taken away little by little; a list that is loaded before the last of them is gone has none of them."""
    monkeypatch.setattr("sync.codelog._SWEEP", 1)
    begun = CodeLog(store, together=1, far=-1)
    parts = core.snapshot(size=1)
    for part in parts[:-1]:
        begun.load(part)
    later = SimulatedLog("epoch-1", tuple(row for row in core.rows.values() if not isinstance(row, BundleRecord)))
    later.version = 9
    again = CodeLog(store, far=-1)
    assert isinstance(again.load(later.snapshot(request="again")[0]), Swapped)
    assert equal(again, later)
    assert equal(CodeLog(store, far=-1), later)


def test_a_snapshot_that_is_not_what_was_signed_is_refused(store: LaneStore, log: CodeLog, core: SimulatedLog) -> None:
    """A row missing, doubled or changed between the parts: said, and the list is as it was."""
    head = log.head
    parts = core.snapshot(size=2)
    for records in (parts[0].records[:1], parts[0].records + parts[1].records[:1], (HoldRecord(vrn="ZZ9"),)):
        log.load(msgspec.structs.replace(parts[0], records=records))
        verdict = log.load(parts[1])
        assert isinstance(verdict, Mismatch)
        assert verdict.signed == core.state_hash
        assert log.head == head == CodeLog(store, far=-1).head
    for part in parts:
        verdict = log.load(part)
    assert isinstance(verdict, Swapped)


def test_a_snapshot_that_does_not_lie_on_the_medium_whole_is_refused(store: LaneStore, core: SimulatedLog) -> None:
    """Rows of an early part that are gone when the last one arrives: the list stays as it was."""
    log = CodeLog(store, together=1, far=-1)
    parts, head = core.snapshot(size=2), log.head
    log.load(parts[0])
    store.connection.execute("DELETE FROM codes WHERE generation = (SELECT max(generation) FROM codes)")
    assert isinstance(log.load(parts[1]), Mismatch)
    assert log.head == head == CodeLog(store, far=-1).head


def test_a_row_stands_under_its_normalised_mark(store: LaneStore) -> None:
    """Whatever the mark is written like: every character by itself, and between others."""
    every = [chr(number) for number in (*range(33, 127), 0xE9, 0xFF21, 0x7CA4)]
    core = SimulatedLog("e", tuple(HoldRecord(vrn=vrn) for one in every for vrn in (one, f"A{one}1")))
    for part in core.snapshot():
        CodeLog(store, far=-1).load(part)
    found = store.connection.execute("SELECT name, mark FROM codes").fetchall()
    assert len(found) == len(core.rows)
    assert all(mark == normalise(name) for name, mark in found)


def test_rows_that_cannot_be_written_wait_until_they_can(store: LaneStore, core: SimulatedLog) -> None:
    """A failing write of a snapshot's rows leaves the list; any part sent again writes them, and the last swaps."""
    log = CodeLog(store, together=2, far=-1)
    parts, head = core.snapshot(size=2), log.head
    store.connection.set_authorizer(
        lambda action, what, *_: (
            sqlite3.SQLITE_DENY if (action, what) == (sqlite3.SQLITE_INSERT, "codes") else sqlite3.SQLITE_OK
        )
    )
    for part in parts:
        with pytest.raises(StoreError):
            log.load(part)
    assert log.head == head == CodeLog(store, far=-1).head
    store.connection.set_authorizer(None)
    assert isinstance(log.load(parts[0]), Swapped)
    assert log.head == CodeLog(store, far=-1).head
    assert log.head.state_hash == core.state_hash


def test_a_swap_that_cannot_be_written_may_be_tried_again(store: LaneStore, log: CodeLog, core: SimulatedLog) -> None:
    """A failing commit of the swap leaves the old list; any part sent again brings the swap about."""
    apply(log, core.change(bundle("8", "UV8")))
    part = core.snapshot(request="again")[0]
    head = log.head
    store.connection.set_authorizer(
        lambda action, what, *_: (
            sqlite3.SQLITE_DENY if (action, what) == (sqlite3.SQLITE_UPDATE, "code_head") else sqlite3.SQLITE_OK
        )
    )
    with pytest.raises(StoreError):
        log.load(part)
    store.connection.set_authorizer(None)
    assert log.head == head == CodeLog(store, far=-1).head
    assert isinstance(log.load(part), Swapped)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE codes SET body = CAST(replace(CAST(body AS TEXT), '1234', '1235') AS BLOB) WHERE name = '1'",
        "UPDATE codes SET body = x'00' WHERE name = 'EF9'",
        "UPDATE codes SET mark = 'EF8' WHERE name = 'EF9'",
        "UPDATE codes SET name = 'EF8' WHERE name = 'EF9'",
        "UPDATE codes SET kind = 'vehicle' WHERE name = 'EF9'",
        "UPDATE codes SET generation = 99 WHERE name = 'EF9'",
        "DELETE FROM codes WHERE name = 'EF9'",
        "DELETE FROM codes",
    ],
)
def test_rows_changed_on_the_medium_are_noticed_and_replaced(
    store: LaneStore, log: CodeLog, core: SimulatedLog, statement: str
) -> None:
    """A changed, misplaced or missing row shows in the state hash told to the core; a snapshot puts it right."""
    store.connection.execute(statement)
    assert log.verify() != ""
    again = CodeLog(store, far=-1)
    assert again.damage != ""
    assert again.head.state_hash != core.state_hash
    assert isinstance(apply(again, core.change(bundle("8", "UV8"))), Mismatch)
    assert isinstance(again.load(core.snapshot()[0]), Swapped)
    assert again.damage == again.verify() == ""
    assert equal(again, core)


def test_a_damaged_row_is_named(store: LaneStore, log: CodeLog) -> None:
    """A technician reads which; only where a row is missing nobody can say which it was."""
    store.connection.execute("UPDATE codes SET body = x'00' WHERE name = 'EF9'")
    assert log.verify() == "the row of hold EF9 is not what was written"
    store.connection.execute("DELETE FROM codes WHERE name = 'EF9'")
    assert log.verify() == "rows of the codes are missing or are not what was written"


def test_damage_that_a_delta_comes_upon_is_not_the_cores_fault(
    store: LaneStore, log: CodeLog, core: SimulatedLog
) -> None:
    """The rows are read again before the core is disbelieved; its snapshot then puts them right."""
    store.connection.execute(
        "UPDATE codes SET body = CAST(replace(CAST(body AS TEXT), '1234', '1235') AS BLOB) WHERE name = '1'"
    )
    assert isinstance(apply(log, core.change(bundle("1", "AB1234", used_by="szb-in-01/j/1"))), Mismatch)
    assert log.refuted is None
    assert all(isinstance(log.load(part), Swapped) for part in core.snapshot())
    assert equal(log, core)


def test_a_damaged_list_takes_the_snapshot_of_the_newest_delta_that_it_keeps(
    store: LaneStore, log: CodeLog, core: SimulatedLog
) -> None:
    """The ordinary way to heal: nothing was signed since."""
    delta = core.change(HoldRecord("GH29"))
    assert isinstance(log.apply(delta, encode(delta), b"as it came", at_ms=1), Applied)
    store.connection.execute("DELETE FROM codes WHERE name = '1'")
    again = CodeLog(store)
    assert again.damage != ""
    assert all(isinstance(again.load(part), Swapped) for part in core.snapshot())
    assert equal(again, core)


def test_a_damaged_list_takes_a_snapshot_of_any_version(store: LaneStore, log: CodeLog, core: SimulatedLog) -> None:
    """A damaged version number cannot keep the right list out."""
    store.connection.execute("UPDATE code_head SET version = 1000000, total = zeroblob(512)")
    again = CodeLog(store, far=-1)
    assert again.damage != ""
    assert isinstance(again.load(core.snapshot()[0]), Swapped)
    assert equal(again, core)
