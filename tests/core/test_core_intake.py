"""The lanes' journals at the centre: once, in order, proved; and what is made of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.errors import RefusedError
from core.link.alarms import AlarmBook
from core.link.intake import MOST_ASKED
from wire.hashes import journal_next


def take(core: Any, *rows: Any) -> Any:
    """Takes rows; returns where their one journal stands."""
    (standing,) = core.intake.take(rows, now_ms=core.clock())
    return standing


def stored(core: Any, lane: Any) -> Any:
    """The rows at the core, in order."""
    return list(core.intake.bodies(lane.name, lane.journal))


def kinds(core: Any) -> Any:
    """The kinds of the standing alarms, oldest first."""
    return [alarm.kind for alarm in sorted(AlarmBook(core.store.connection).standing(now_ms=0), key=lambda one: one.id)]


def test_rows_in_order_are_stored_byte_for_byte_and_acknowledged(core: Any, lane: Any) -> None:
    """The acknowledgement names the last row and its hash."""
    rows = [lane.write() for _ in range(3)]
    standing = take(core, *rows)
    assert (standing.seq, standing.hash, standing.wanted) == (3, rows[-1].hash, None)
    assert stored(core, lane) == [(row.seq, row.body) for row in rows]


def test_a_row_sent_again_counts_once(core: Any, lane: Any, make_record: Any) -> None:
    """At-least-once on the wire, exactly once in effect."""
    row = lane.write(make_record("VehicleArrived", 1), {"type": "Alarm", "kind": "Help", "visit": 1, "detail": ""})
    take(core, row)
    standing = take(core, row, row)
    assert (standing.seq, standing.refused) == (1, "")
    assert kinds(core) == ["Help"]
    assert len(core.projection.latest()[0].records) == 1


def test_a_gap_is_asked_for_and_nothing_is_acknowledged_over_it(core: Any, lane: Any) -> None:
    """Rows 3 and 4 wait until row 2 has come."""
    one, two, three, four = (lane.write() for _ in range(4))
    standing = take(core, one, three, four)
    assert (standing.seq, standing.wanted) == (1, (2, 2))
    standing = take(core, two)
    assert (standing.seq, standing.wanted) == (4, None)


def test_a_long_gap_is_asked_for_in_parts(core: Any, lane: Any) -> None:
    """A core restored from an old backup does not ask for a day at once."""
    for _ in range(MOST_ASKED + 10):
        lane.write()
    standing = take(core, lane.rows[-1])
    assert standing.wanted == (1, MOST_ASKED)
    standing = take(core, *lane.rows[:MOST_ASKED])
    assert standing.wanted == (MOST_ASKED + 1, MOST_ASKED + 9)


def test_a_core_restored_from_a_backup_asks_for_what_it_lost(core: Any, lane: Any) -> None:
    """The lane has had its acknowledgement long ago, and still has the rows."""
    for _ in range(5):
        lane.write()
    take(core, *lane.rows[:2])
    standing = take(core, lane.rows[4])
    assert standing.wanted == (3, 4)
    assert take(core, *lane.rows[2:4]).seq == 5


def test_a_row_that_differs_from_the_one_stored_is_refused_and_an_alarm(core: Any, lane: Any, make_lane: Any) -> None:
    """The same number with other contents: one of the two is a lie."""
    take(core, lane.write())
    other = make_lane(lane.name)
    standing = take(core, other.write_body(b"other"))
    assert "differs" in standing.refused
    assert kinds(core) == ["EventRefused"]


def test_a_row_that_does_not_chain_is_refused(core: Any, lane: Any) -> None:
    """Its previous hash is not the one of the row before."""
    take(core, lane.write())
    row = lane.write()
    bad = msgspec.structs.replace(row, previous=bytes(32), hash=journal_next(bytes(32), 2, "b1", row.body))
    standing = take(core, bad)
    assert standing.seq == 1
    assert "does not follow" in standing.refused
    assert take(core, row).seq == 2


def test_a_row_whose_body_was_changed_is_refused(core: Any, lane: Any) -> None:
    """The hash it names is not the hash of what it holds."""
    row = lane.write()
    standing = take(core, msgspec.structs.replace(row, body=row.body + b" "))
    assert (standing.seq, stored(core, lane)) == (0, [])
    assert "hash" in standing.refused


def test_row_nought_and_a_journal_begun_in_the_middle_are_not_taken(core: Any, lane: Any) -> None:
    """A chain has one beginning."""
    lane.write()
    row = lane.write()
    assert "differs" in take(core, msgspec.structs.replace(row, seq=0)).refused
    assert take(core, row).wanted == (1, 1)


def test_a_refusal_is_one_alarm_however_often_it_is_repeated(core: Any, lane: Any) -> None:
    """Lessons 31: repeated identical alarms flood the centre."""
    row = lane.write()
    for _ in range(5):
        take(core, msgspec.structs.replace(row, hash=bytes(32)))
    assert kinds(core) == ["EventRefused"]
    book = AlarmBook(core.store.connection)
    book.clear(1, who="officer", at_ms=1)
    take(core, msgspec.structs.replace(row, hash=bytes(32)))
    assert kinds(core) == ["EventRefused"]
    with pytest.raises(RefusedError, match="not standing"):
        book.clear(1, who="officer", at_ms=1)


def test_a_second_journal_of_a_lane_is_taken_and_told(core: Any, lane: Any, make_lane: Any) -> None:
    """A lane that lost its store begins anew; people must know."""
    take(core, lane.write())
    fresh = make_lane(lane.name, "j2")
    assert take(core, fresh.write()).seq == 1
    assert kinds(core) == ["JournalReplaced"]


def test_what_was_taken_is_there_after_a_restart(reopen: Any, lane: Any) -> None:
    """The journal goes on where it stood."""
    take(reopen(), lane.write(), lane.write())
    assert take(reopen(), lane.write()).seq == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"effects": 7}',
        b'{"effects": [7, {"type": "Teleport"}, {"type": "Record"}, {"type": "Alarm"}, {"type": "Consume", "visit": -1}]}',
        b'{"at": {"utc_ms": "noon"}, "effects": [{"type": "Record", "kind": 3, "visit": 1, "facts": [["a"], 7]}]}',
        b'{"effects": [{"type": "Consume", "visit": 1, "ubrs": [7, null]}]}',
    ],
)
def test_an_entry_that_says_nothing_known_is_stored_all_the_same(core: Any, lane: Any, body: Any) -> None:
    """The journal is the truth, also of a newer lane; what is not understood is not projected."""
    assert take(core, lane.write_body(body), lane.write()).seq == 2
    assert stored(core, lane)[0] == (1, body)


def test_a_visit_becomes_a_crossing_with_its_base_record(core: Any, lane: Any, make_record: Any) -> None:
    """Its records in order, the facts of its end apart from them."""
    take(
        core,
        lane.write(make_record("VehicleArrived", 4, mode="automatic")),
        lane.write(
            make_record("Ignored", 4, event="TimerFired"), make_record("RowEntered", 4, row="17", vrn="ab 12I4")
        ),
        lane.write(make_record("VisitEnded", 4, outcome="released", row="17", vrn="AB1214")),
        lane.write(make_record("HelpEnded", 4, outcome="vehicle left")),
        lane.write(make_record("LaneClosed", 0, officer="o")),
    )
    (crossing,) = core.projection.latest()
    assert (crossing.key, crossing.vrn) == ("szb-in-01/j1/4", "AB1214")
    assert [one.kind for one in crossing.records] == ["VehicleArrived", "RowEntered", "HelpEnded"]
    assert crossing.base["outcome"] == "released"


def test_a_record_of_an_unsure_clock_gets_the_time_of_receipt(core: Any, lane: Any, make_record: Any) -> None:
    """A box without a clock must not date crossings in the year 1970."""
    take(core, lane.write(make_record("VehicleArrived", 1), utc_ms=5, quality="unsure"))
    take(core, lane.write(make_record("VehicleArrived", 2), utc_ms=core.clock() - 60_000))
    assert [one.first_ms for one in core.projection.latest()] == [core.clock(), core.clock() - 60_000]


def test_a_bundle_that_crossed_is_used_for_every_lane(core: Any, lane: Any) -> None:
    """A delta follows in the same transaction, and its CCRN cannot be bundled again (domain §0.6)."""
    ccrn = core.lodge()
    ubr = core.bundle(ccrn)
    take(core, lane.reads(9), lane.uses(9, ubr))
    assert core.log.bundle(ubr).used_by == "szb-in-01/j1/9"
    assert core.log.head().version == 2
    assert core.projection.latest()[0].ubrs == (ubr,)
    for change in (
        lambda: core.bundle(ccrn),
        lambda: core.office.debundle(ubr, who="driver"),
        lambda: core.office.decide(ccrn, "inspect", who="s", reason="late"),
    ):
        with pytest.raises(RefusedError, match=r"crossed|used by crossing"):
            change()


def test_a_bundle_used_by_two_crossings_is_an_alarm_and_stays_with_the_first(
    core: Any, lane: Any, make_lane: Any
) -> None:
    """Two lanes, one bundle: only one of them can have been right."""
    ubr = core.bundle(core.lodge())
    take(core, lane.reads(1), lane.uses(1, ubr))
    take(core, lane.uses(1, ubr))
    assert kinds(core) == []
    take(core, lane.reads(2), lane.uses(2, ubr, "1999999999"))
    assert kinds(core) == ["BundleUsedTwice", "UnknownBundleUsed"]
    assert core.log.bundle(ubr).used_by == "szb-in-01/j1/1"


def test_a_debundled_bundle_that_had_crossed_is_used_all_the_same(core: Any, lane: Any) -> None:
    """The crossing is a fact, whatever was undone meanwhile."""
    ubr = core.bundle(core.lodge())
    core.office.debundle(ubr, who="driver")
    take(core, lane.reads(1), lane.uses(1, ubr))
    row = core.log.bundle(ubr)
    assert (row.deleted, row.used_by) == (True, "szb-in-01/j1/1")


def test_a_vehicle_sent_to_the_compound_is_expected_until_it_arrives(core: Any, lane: Any, make_record: Any) -> None:
    """Row 9: in time there is no alarm."""
    take(core, lane.write(make_record("SentToCompound", 3, vrn="AB1234")))
    (expected,) = core.compound.expected()
    assert (expected.vrn, expected.due_ms) == ("AB1234", core.clock() + 15 * 60_000)
    core.clock.pass_minutes(14)
    assert core.compound.overdue(core.clock()) == []
    core.compound.arrive("ab 1234", now_ms=core.clock())
    assert core.compound.expected() == []
    with pytest.raises(RefusedError, match="not expected"):
        core.compound.arrive("AB1234", now_ms=core.clock())


HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    "stamp",
    [
        (-2 * HOUR_MS, "proven", -2 * HOUR_MS),  # the lane was cut off, and its row comes late
        (-24 * HOUR_MS, "system", -24 * HOUR_MS),  # its clock is a day behind
        (24 * HOUR_MS, "system", 0),  # a day ahead
        (24 * HOUR_MS, "unsure", 0),
    ],
)
def test_the_time_to_the_compound_counts_from_when_the_core_heard_on_its_own_clock(
    core: Any, lane: Any, make_record: Any, stamp: tuple[int, str, int]
) -> None:
    """No alarm at once for a row that came late, and none put off by a lane's clock."""
    (off_ms, quality, sent_off_ms), heard = stamp, core.clock()
    take(core, lane.write(make_record("SentToCompound", 3, vrn="AB1234"), utc_ms=heard + off_ms, quality=quality))
    (expected,) = core.compound.expected()
    assert (expected.sent_ms, expected.due_ms) == (heard + sent_off_ms, heard + 15 * 60_000)
    assert core.compound.overdue(core.clock()) == []
    core.clock.pass_minutes(15)
    assert [one.vrn for one in core.compound.overdue(core.clock())] == ["AB1234"]


def test_a_vehicle_that_does_not_arrive_is_one_alarm(core: Any, lane: Any, make_record: Any) -> None:
    """Also when the core was down as it fell due; late arrival still ends it."""
    take(
        core, lane.write(make_record("SentToCompound", 3, vrn="AB1234"), make_record("SentToCompound", 3, vrn="AB1234"))
    )
    core.clock.pass_minutes(16)
    for _ in range(2):
        with core.store.transaction():
            core.compound.raise_alarms(core.compound.overdue(core.clock()), now_ms=core.clock())
    assert kinds(core) == ["CompoundOverdue"]
    assert core.compound.expected()[0].overdue
    assert core.compound.arrive("AB1234", now_ms=core.clock()).visit == 3
