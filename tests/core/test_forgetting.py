"""The list does not age: what has ended leaves it, what could stop somebody does not, and nothing comes back by a late word."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.errors import RefusedError
from core.ledger.changes import Sequencer, asked, listed
from core.ledger.forgetting import AT_ONCE, STEADY_MS, STEP_MS, Forgetter
from core.ledger.log import ReplicatedLog
from core.ledger.strictest import strictest
from core.link.alarms import AlarmBook
from core.office.service import ImportedBundle
from domain.alarms import CoreAlarmKind
from domain.crossing import Direction
from domain.times import DAY_MS, MINUTE_MS
from wire.codec import decode, encode
from wire.forgetting import LIFTED_MS
from wire.hashes import StateHash
from wire.messages import ClaimWanted, Delta
from wire.records import BundleRecord, CargoRecord, HoldRecord, Record, VehicleRecord
from wire.topics import LOG

GOES = (CargoRecord("5000000001", "release"),)


class Days:
    """A core's list, and time that passes over it."""

    def __init__(self, core: Any) -> None:
        self.core = core
        self.forgetter = Forgetter(core.store, core.log, ticks=core.clock)
        self.pass_ms(0)

    def pass_ms(self, ms: int) -> int:
        """Time passes by all clocks, and the core looks; how many rows left."""
        self.core.clock.now += ms
        return self.forgetter.tick(self.core.clock())

    def append(self, *rows: Record) -> None:
        """Signs rows."""
        with self.core.store.transaction():
            self.core.log.append(rows, at_ms=self.core.clock())

    def last(self) -> Delta:
        """The newest delta, its signature checked."""
        log = self.core.log
        head = log.head()
        ((_, payload),) = log.payloads_after(head.epoch, head.version - 1)
        return decode(Delta, log.ring.open(LOG, payload))


@pytest.fixture
def days(core: Any) -> Days:
    """A core whose clock has been steady."""
    days = Days(core)
    days.pass_ms(STEADY_MS)
    return days


def bundle(core: Any, ubr: str = "4000000001", **changes: Any) -> BundleRecord:
    """A bundle of AB1234 for today."""
    now = core.clock()
    row = BundleRecord(ubr, "AB1234", "inbound", "SZB", now - 1, now + DAY_MS, GOES)
    return msgspec.structs.replace(row, **changes)


ENDED = {
    "used": lambda core: bundle(core, used_by="szb-in-01/j1/1"),
    "withdrawn": lambda core: bundle(core, deleted=True),
    "no longer approved": lambda _: VehicleRecord("AB1234", deleted=True),
}


@pytest.mark.parametrize("what", ENDED)
def test_a_row_leaves_a_day_after_it_has_ended(days: Days, what: str) -> None:
    """And not before; the list is what its deltas say, and what the row was is still known."""
    core, row = days.core, ENDED[what](days.core)
    days.append(row, HoldRecord("CD5678", "keeps"))
    assert days.pass_ms(DAY_MS - 1_000) == 0
    assert days.pass_ms(MINUTE_MS) == 1
    assert core.log.row(*row.key) is None
    assert core.log.forgotten(*row.key) == row
    assert [one.key for one in days.last().forgets] == [row.key]
    assert core.log.head().state_hash == StateHash.of([HoldRecord("CD5678", "keeps")]).digest()
    core.log.check()
    head = core.log.head()
    assert core.log.list_at(head.epoch, head.version).rows == {("hold", "CD5678"): HoldRecord("CD5678", "keeps")}
    assert core.log.list_at(head.epoch, head.version - 1).rows[row.key] == row


@pytest.mark.parametrize("code", ["release", "inspect"])
def test_a_bundle_that_ran_out_leaves_later_still(days: Days, code: str) -> None:
    """Two days after its end; a month and a day where it would have stopped somebody."""
    row = bundle(days.core, cargo=(CargoRecord("5000000001", code),))
    days.append(row)
    stays = DAY_MS + (2 if code == "release" else 32) * DAY_MS
    assert days.pass_ms(stays - 1_000) == 0
    assert days.pass_ms(MINUTE_MS) == 1


def test_holds_and_approvals_stay_and_lifted_holds_for_long(days: Days) -> None:
    """A lane that was away sees for 92 days that a hold was lifted, and not lost."""
    days.append(HoldRecord("AB1234"), VehicleRecord("AB1234"), HoldRecord("CD5678", deleted=True))
    assert days.pass_ms(LIFTED_MS - 1_000) == 0
    assert days.pass_ms(MINUTE_MS) == 1
    assert days.pass_ms(1_000 * DAY_MS) == 0
    assert {row.key for kind in ("hold", "vehicle") for row in days.core.log.rows(kind)} == {
        ("hold", "AB1234"), ("vehicle", "AB1234"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        HoldRecord("AB1234"),
        VehicleRecord("AB1234"),
        BundleRecord("4000000001", "AB1234", "inbound", "", 0, 2**45, GOES),
    ],
)
def test_the_log_signs_no_delta_that_lanes_would_refuse(days: Days, row: Record) -> None:
    """Whoever asks it."""
    days.append(row)
    before = days.core.log.head()
    with pytest.raises(RefusedError, match="AB1234"), days.core.store.transaction():
        days.core.log.forget([row.key], at_ms=days.core.clock())
    with pytest.raises(RefusedError, match="is not in the list"), days.core.store.transaction():
        days.core.log.forget([("hold", "GH29")], at_ms=days.core.clock())
    assert days.core.log.head() == before


def test_an_edit_of_when_a_row_ends_lets_no_hold_go(days: Days) -> None:
    """The column is a hint; what the row says counts."""
    days.append(HoldRecord("AB1234"))
    days.core.store.connection.execute("UPDATE rows SET ends_ms = 1")
    assert days.pass_ms(MINUTE_MS) == 0
    assert days.core.log.row("hold", "AB1234") == HoldRecord("AB1234")
    assert days.pass_ms(MINUTE_MS) == 0


def test_a_row_from_before_this_was_counted_leaves_a_day_after_it_is_seen(days: Days) -> None:
    """As all rows of a database that was made by an earlier version."""
    days.append(bundle(days.core, used_by="szb-in-01/j1/1"))
    days.core.store.connection.execute("UPDATE rows SET ends_ms = 0")
    assert days.pass_ms(MINUTE_MS) == 0
    assert days.pass_ms(DAY_MS - MINUTE_MS) == 0
    assert days.pass_ms(2 * MINUTE_MS) == 1


def test_what_somebody_has_still_to_speak_about_stays(days: Days) -> None:
    """A claimed bundle, one whose use is disputed, one of which a change waits."""
    core, db = days.core, days.core.store.connection
    rows = [bundle(core, f"400000000{number}", used_by="szb-in-01/j1/1") for number in range(1, 5)]
    days.append(*rows)
    db.execute("INSERT INTO claims VALUES (%s, 'szb-in-01', 'j1', 2, 1, 1)", (rows[0].ubr,))
    db.execute("INSERT INTO disputes VALUES (%s, 'szb-in-01', 'szb-in-01/j1/1', 1)", (rows[1].ubr,))
    with core.store.transaction():
        asked(db, [msgspec.structs.replace(rows[2], deleted=True)])
    assert days.pass_ms(DAY_MS + MINUTE_MS) == 1
    assert [row.ubr for row in core.log.rows("bundle")] == [one.ubr for one in rows[:3]]


def test_nothing_leaves_by_a_clock_that_was_just_set(days: Days) -> None:
    """Nor before a new core's clock has been steady for an hour."""
    core = days.core
    days.append(bundle(core, used_by="szb-in-01/j1/1"))
    ticks = [0]
    forgetter = Forgetter(core.store, core.log, ticks=lambda: ticks[0])
    now = core.clock() + 2 * DAY_MS
    assert forgetter.tick(now) == 0
    ticks[0] += STEADY_MS - 1
    assert forgetter.tick(now + ticks[0]) == 0
    ticks[0] += 2
    set_ms = now + ticks[0] + STEP_MS + 1
    assert forgetter.tick(set_ms) == 0
    ticks[0] += STEADY_MS
    assert forgetter.tick(set_ms + STEADY_MS) == 1


def test_many_leave_a_few_hundred_at_a_time_one_after_the_other(days: Days) -> None:
    """After a long pause; each part is a delta that keeps nobody waiting, and the next does not wait a minute."""
    core = days.core
    days.append(*(bundle(core, f"{4_000_000_000 + n}", used_by="szb-in-01/j1/1") for n in range(2 * AT_ONCE + 30)))
    assert [days.pass_ms(step) for step in (DAY_MS + MINUTE_MS, 1_000, 1_000, 1_000)] == [AT_ONCE, AT_ONCE, 30, 0]
    core.log.check()


def test_rows_are_looked_for_once_a_minute(days: Days) -> None:
    """What ended half a minute after the last look waits for the next: lanes get one delta a minute by it."""
    days.append(bundle(days.core, used_by="szb-in-01/j1/1"))
    days.pass_ms(MINUTE_MS // 2)
    days.append(bundle(days.core, "4000000002", used_by="szb-in-01/j1/2"))
    assert days.pass_ms(DAY_MS - MINUTE_MS // 2) == 1
    assert days.pass_ms(MINUTE_MS // 2 + 1_000) == 0
    assert days.pass_ms(MINUTE_MS // 2) == 1


# -- late words ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def left(days: Days) -> BundleRecord:
    """A bundle that was withdrawn, and has left the list."""
    core = days.core
    ubr = core.bundle(core.lodge())
    core.office.debundle(ubr, who="driver")
    assert days.pass_ms(DAY_MS + MINUTE_MS) == 1
    row = core.log.forgotten("bundle", ubr)
    assert isinstance(row, BundleRecord)
    return row


def test_a_late_use_is_accepted_and_recorded(days: Days, left: BundleRecord, lane: Any) -> None:
    """A lane that was cut off tells that it used a bundle which has left: its cargo has crossed, and the list says nothing."""
    core, before = days.core, days.core.log.head()
    core.exchange.hear(lane.sends(lane.reads(3, left.vrn), lane.uses(3, left.ubr)))
    assert core.log.forgotten("bundle", left.ubr).used_by == "szb-in-01/j1/3"
    assert core.office.consignment(left.cargo[0].ccrn).crossed
    assert core.log.head() == before
    assert not AlarmBook(core.store.connection).standing(now_ms=core.clock())


def test_a_second_late_use_is_told(days: Days, left: BundleRecord, lane: Any) -> None:
    """It stays the first one's."""
    core = days.core
    core.exchange.hear(lane.sends(lane.reads(3, left.vrn), lane.uses(3, left.ubr)))
    core.exchange.hear(lane.sends(lane.reads(4, left.vrn), lane.uses(4, left.ubr)))
    kinds = [one.kind for one in AlarmBook(core.store.connection).standing(now_ms=core.clock())]
    assert kinds == [CoreAlarmKind.BUNDLE_USED_TWICE]
    assert core.log.forgotten("bundle", left.ubr).used_by == "szb-in-01/j1/3"


def test_a_late_use_without_a_read_is_told_and_counts_for_nothing(days: Days, left: BundleRecord, lane: Any) -> None:
    """As one in time would be."""
    core = days.core
    core.exchange.hear(lane.sends(lane.reads(3, "GH29"), lane.uses(3, left.ubr)))
    (alarm,) = AlarmBook(core.store.connection).standing(now_ms=core.clock())
    assert alarm.kind == CoreAlarmKind.UNKNOWN_BUNDLE_USED
    assert "AB1234 was not read" in alarm.detail
    assert core.log.forgotten("bundle", left.ubr).used_by == ""


def test_it_cannot_be_claimed(days: Days, left: BundleRecord) -> None:
    """Nobody is released on it, whatever a lane still believes."""
    wanted = ClaimWanted(lane="szb-in-01", journal="j1", visit=1, claim=1, ubrs=(left.ubr,))
    with days.core.store.transaction():
        answer = days.core.projection.claims.take(wanted, now_ms=days.core.clock())
    assert (answer.state, answer.detail) == ("refused", f"UBR {left.ubr} is not in the core's list")


def test_who_asks_for_it_is_told_what_it_was(days: Days, left: BundleRecord) -> None:
    """Not that there is no such number."""
    with pytest.raises(RefusedError, match="debundled already"):
        days.core.office.debundle(left.ubr, who="driver")
    with pytest.raises(RefusedError, match="is here already"):
        days.core.office.take_over(who="x", bundles=[imported(days.core, left.ubr)])


def imported(core: Any, ubr: str) -> ImportedBundle:
    """A bundle from elsewhere with a number that was given before."""
    now, cargo = core.clock(), (("6000000001", "release", ""),)
    return ImportedBundle(
        vrn="CD5678", direction=Direction.INBOUND, earliest_ms=now, valid_until_ms=now + DAY_MS, cargo=cargo, ubr=ubr
    )


def test_a_change_that_was_asked_for_before_it_left_does_not_bring_it_back(days: Days) -> None:
    """A selector's code for a bundle that ran out: kept beside the list, and not signed."""
    core = days.core
    row = bundle(core)
    days.append(row)
    assert days.pass_ms(4 * DAY_MS) == 1
    before = core.log.head()
    with core.store.transaction() as db:
        assert listed(db, "bundle", row.ubr) == row
        asked(db, [msgspec.structs.replace(row, cargo=(CargoRecord("5000000001", "inspect"),))])
    Sequencer(core.store, core.log).take(at_ms=core.clock())
    assert core.log.head() == before
    assert core.log.forgotten("bundle", row.ubr).cargo[0].code == "inspect"


def test_another_hold_of_a_vehicle_whose_first_was_forgotten_is_signed(days: Days) -> None:
    """A name can come back; a UBR is given once."""
    days.append(HoldRecord("AB1234", deleted=True))
    assert days.pass_ms(LIFTED_MS + MINUTE_MS) == 1
    days.core.office.hold("AB1234", who="x", reason="again")
    assert days.core.log.row("hold", "AB1234") == HoldRecord("AB1234", "again")
    assert days.core.log.forgotten("hold", "AB1234") is None


def test_of_another_branch_an_unused_row_of_a_forgotten_bundle_is_not_taken_over(days: Days) -> None:
    """There it had not been used yet; a hold is taken over all the same."""
    core, row = days.core, bundle(days.core, used_by="szb-in-01/j1/1")
    removed = VehicleRecord("AB1234", deleted=True)
    days.append(row, removed, HoldRecord("AB1234", deleted=True))
    days.pass_ms(LIFTED_MS + MINUTE_MS)
    assert core.log.rows_of("AB1234") == []
    there = [
        msgspec.structs.replace(row, used_by=""),
        VehicleRecord("AB1234"),
        HoldRecord("AB1234"),
        bundle(core, "4000000009"),
    ]
    assert list(strictest(there, core.log)) == there[2:]


def test_a_core_that_lost_it_takes_a_forgetting_delta_back(
    days: Days, core_class: Any, clock: Any, tmp_path: Any
) -> None:
    """Deltas that lanes show, of which one forgets: rows and head are as they were, and what the row was is known."""
    core, row = days.core, bundle(days.core, used_by="szb-in-01/j1/1")
    days.append(row, HoldRecord("CD5678"))
    assert days.pass_ms(DAY_MS + MINUTE_MS) == 1
    other = core_class(tmp_path / "other.db", [], core.signer, clock)
    head = core.log.head()
    with other.store.transaction() as db:
        db.execute("UPDATE epochs SET epoch=%s", (head.epoch,))
        start = core.log.hash_at(head.epoch, 0)
        db.execute("UPDATE head SET epoch=%s, log_hash=%s", (head.epoch, start))
        for _, payload in core.log.payloads_after(head.epoch, 0):
            body = core.log.ring.open(LOG, payload)
            other.log.adopt(decode(Delta, body), body, payload, at_ms=clock())
    assert other.log.head() == head
    assert other.log.forgotten("bundle", row.ubr) == row
    other.log.check()
    other.store.close()


def test_what_was_forgotten_is_known_for_a_year_and_a_month(days: Days) -> None:
    """Then the database lets it go, too; the deltas and the journals have it."""
    days.append(bundle(days.core, used_by="szb-in-01/j1/1"))
    assert days.pass_ms(DAY_MS + MINUTE_MS) == 1
    days.pass_ms(399 * DAY_MS)
    assert days.core.log.known_bundle("4000000001") is not None
    days.pass_ms(2 * DAY_MS)
    assert days.core.log.known_bundle("4000000001") is None


def test_a_year_of_crossings_leaves_a_list_of_two_days(core: Any) -> None:
    """Ten bundles a day, each used; live ones are today's."""
    days, log = Days(core), core.log
    days.pass_ms(STEADY_MS)
    number = 4_000_000_000
    for _ in range(60):
        rows = [bundle(core, f"{number + n}") for n in range(10)]
        number += 10
        days.append(*rows)
        days.append(*(msgspec.structs.replace(row, used_by="szb-in-01/j1/1") for row in rows))
        for _ in range(2):
            days.pass_ms(DAY_MS // 2)
    assert len(log.row_bodies()) <= 20
    assert isinstance(log, ReplicatedLog)
    assert all(encode(row) for row in log.rows("bundle"))
