"""The code log: each step applied whole and in its turn, or not at all and said so."""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Iterator
from pathlib import Path

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
    Refuted,
    Swapped,
)
from sync.lookup import Lookup, Touch, touching
from sync.simulated.core_log import SimulatedLog
from sync.store import LaneStore
from wire.codec import encode
from wire.forgetting import CLOCK_MS, EXPIRED_MS, STOPPING_MS
from wire.hashes import EMPTY_STATE, ZERO
from wire.messages import Delta
from wire.records import BundleRecord, CargoRecord, HoldRecord, Kind, VehicleRecord


def bundle(ubr: str, vrn: str, code: str = "release", *, deleted: bool = False, used_by: str = "") -> BundleRecord:
    """A bundle of one consignment."""
    cargo = (CargoRecord(ccrn=ubr, code=code),)
    return BundleRecord(
        ubr=ubr, vrn=vrn, direction="inbound", point="MKT", earliest_ms=0, valid_until_ms=2**45, cargo=cargo,
        deleted=deleted, used_by=used_by,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LaneStore]:
    """An open store."""
    with LaneStore(tmp_path / "lane.db") as store:
        yield store


@pytest.fixture
def core() -> SimulatedLog:
    """The core's log: two bundles, a hold and an approved vehicle, in three steps."""
    core = SimulatedLog("epoch-1")
    core.change(bundle("1", "AB1234"), bundle("2", "CD5678", "inspect"))
    core.change(HoldRecord(vrn="EF9"))
    core.change(VehicleRecord(vrn="AB1234", mainland="粤ZAB12港"))
    return core


@pytest.fixture
def log(store: LaneStore, core: SimulatedLog) -> CodeLog:
    """The lane's copy of it."""
    log = CodeLog(store, far=-1)
    for part in core.snapshot():
        log.load(part)
    return log


def apply(log: CodeLog, delta: Delta) -> object:
    """Offers a delta as the link does."""
    return log.apply(delta, encode(delta))


def rows(store: LaneStore) -> object:
    """All that the store holds of the codes, to see that nothing changed."""
    tables = ("code_head", "codes", "holds_ahead", "used_here")
    return [store.connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables]  # noqa: S608 the four above


def equal(log: CodeLog, core: SimulatedLog) -> bool:
    """Whether the lane is where the core is."""
    return log.head == CodeLogHead(core.epoch, core.version, core.log_hash, core.state_hash)


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


def test_a_damaged_list_takes_a_snapshot_of_any_version(store: LaneStore, log: CodeLog, core: SimulatedLog) -> None:
    """A damaged version number cannot keep the right list out."""
    store.connection.execute("UPDATE code_head SET version = 1000000, total = zeroblob(512)")
    again = CodeLog(store, far=-1)
    assert again.damage != ""
    assert isinstance(again.load(core.snapshot()[0]), Swapped)
    assert equal(again, core)


NOW = 2**45
"""After the end of every bundle here, and long after."""


def test_rows_that_have_ended_leave_by_a_delta_that_forgets_them(log: CodeLog, core: SimulatedLog) -> None:
    """Row and hash; whoever is in the lane is told what was taken out; also after the store was opened again."""
    used = bundle("1", "AB1234", used_by="szb-in-01/j/7")
    apply(log, core.change(used))
    result = apply(log, core.forget(("bundle", "1"), core_ms=5))
    assert isinstance(result, Applied)
    assert (result.changes, result.replaced) == ((), (used,))
    assert touching(result.changes, "AB1234", replaced=result.replaced) is Touch.CHANGE
    assert Lookup(log).find("AB1234").bundles == ()
    again = CodeLog(log.store)
    assert (again.damage, again.head) == ("", log.head)
    assert log.head.state_hash == core.state_hash


@pytest.mark.parametrize(
    ("key", "core_ms"),
    [
        (("hold", "EF9"), NOW * 2),
        (("vehicle", "AB1234"), NOW * 2),
        (("bundle", "1"), NOW + EXPIRED_MS - 1),
        (("bundle", "2"), NOW + STOPPING_MS - 1),
    ],
)
def test_a_row_that_could_stop_somebody_does_not_leave(
    log: CodeLog, core: SimulatedLog, key: tuple[Kind, str], core_ms: int
) -> None:
    """Signed or not: the list stays as it is, and no later word of that epoch is believed, a snapshot neither."""
    before, held = log.head, bodies(log)
    honest = copy.deepcopy(core)
    delta = core.forget(key, core_ms=core_ms)
    refuted = log.apply(delta, encode(delta))
    assert isinstance(refuted, Refuted)
    assert key[1] in refuted.why or "AB1234" in refuted.why
    assert (log.head, bodies(log)) == (before, held)
    assert all(isinstance(log.load(part), Refuted) for part in core.snapshot())
    anew = honest.change(HoldRecord("GH29"))
    assert isinstance(log.apply(anew, encode(anew)), Applied)
    assert all(isinstance(log.load(part), Swapped) for part in honest.snapshot())


def test_a_row_leaves_by_time_only_where_the_core_proved_that_time(log: CodeLog, core: SimulatedLog) -> None:
    """A clock that was set far ahead ends no bundle; what the core proved, or no knowledge at all, does."""
    delta = core.forget(("bundle", "1"), core_ms=NOW + EXPIRED_MS)
    refuted = log.apply(delta, encode(delta), at_ms=NOW + EXPIRED_MS - CLOCK_MS - 1)
    assert isinstance(refuted, Refuted)
    assert "clock" in refuted.why
    log.refuted = None
    assert isinstance(log.apply(delta, encode(delta), at_ms=NOW + EXPIRED_MS - CLOCK_MS), Applied)


def test_a_snapshot_of_the_same_epoch_without_a_hold_that_is_held_here_is_refuted(
    store: LaneStore, core: SimulatedLog
) -> None:
    """Even where the lane is so far behind that it loads what it cannot follow; lifted by name, the hold may be gone."""
    log = CodeLog(store, far=0)
    for part in core.snapshot():
        log.load(part)
    core.rows.pop(("hold", "EF9"))
    core.change(HoldRecord("GH29"))
    core = SimulatedLog("epoch-1", tuple(core.rows.values()))
    core.version = 9
    (part,) = core.snapshot()
    refuted = log.load(part)
    assert isinstance(refuted, Refuted)
    assert "EF9" in refuted.why
    core.change(HoldRecord("EF9", deleted=True))
    (part,) = core.snapshot(request="another")
    assert isinstance(log.load(part), Swapped)


def test_a_lifted_hold_that_has_left_the_list_is_missed_by_nobody(store: LaneStore, core: SimulatedLog) -> None:
    """A lane that was away for long has it as lifted; the snapshot that it loads says nothing of it any more."""
    core.change(HoldRecord("EF9", deleted=True))
    log = CodeLog(store, far=0)
    for part in core.snapshot():
        log.load(part)
    later = SimulatedLog("epoch-1", tuple(row for row in core.rows.values() if not isinstance(row, HoldRecord)))
    later.version = 9
    (part,) = later.snapshot()
    assert isinstance(log.load(part), Swapped)


def bodies(log: CodeLog) -> set[bytes]:
    """The rows of the live list."""
    with log.store.reading() as connection:
        return {
            body for (body,) in connection.execute("SELECT body FROM codes WHERE generation = ?", (log.generation,))
        }
