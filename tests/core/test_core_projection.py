"""What is made of the lanes' rows, bound by bound: what one visit may make grow, its time, its pictures."""

from __future__ import annotations

from typing import Any

from core.link.projection import MOST_MARKS, MOST_USED


def take(core: Any, *rows: Any) -> None:
    """Takes rows."""
    core.intake.take(rows, now_ms=core.clock())


def whys(core: Any) -> list[str]:
    """Why rows could not be read whole."""
    return [row.why for row in core.intake.quarantined()]


def test_a_visit_has_so_many_marks_and_the_same_one_again_is_none_more(core: Any, lane: Any) -> None:
    """A reader that reads another mark in each picture does not fill the core's disk."""
    take(core, *(lane.reads(1, f"AB{number}") for number in range(MOST_MARKS)))
    take(core, lane.reads(1, "AB0"))
    assert whys(core) == []
    take(core, lane.reads(1, "XY9"))
    assert [f"{MOST_MARKS} marks have been read" in why for why in whys(core)] == [True]
    take(core, lane.reads(2, "XY9"))
    assert len(whys(core)) == 1


def test_a_mark_that_was_one_too_many_bears_no_use_out(core: Any, lane: Any) -> None:
    """Strictest first: the bundle is out of use until somebody settles it."""
    ubr = core.bundle(core.lodge())
    take(core, *(lane.reads(1, f"XY{number}") for number in range(MOST_MARKS)), lane.reads(1), lane.uses(1, ubr))
    assert [one.ubr for one in core.projection.disputes.every()] == [ubr]


def test_a_visit_uses_so_many_bundles_and_what_is_more_counts_for_nothing(core: Any, lane: Any) -> None:
    """The same one told again is none more."""
    ubrs = [str(1_900_000_000 + number) for number in range(MOST_USED)]
    take(core, lane.uses(1, *ubrs[:40]), lane.uses(1, *ubrs[30:]))
    assert whys(core) == []
    assert list(core.projection.latest()[0].ubrs) == ubrs
    take(core, lane.uses(1, "1999999999"))
    assert [f"at most {MOST_USED} count" in why for why in whys(core)] == [True]
    assert list(core.projection.latest()[0].ubrs) == ubrs


def test_a_row_without_a_time_gets_the_time_of_receipt(core: Any, lane: Any, make_record: Any) -> None:
    """As one of a clock that is not to be trusted; so does one whose time is nought."""
    take(core, lane.write(make_record("VehicleArrived", 1), utc_ms=0))
    take(core, lane.write_body(b'{"effects": [{"type": "Record", "kind": "VehicleArrived", "visit": 2, "facts": []}]}'))
    assert [one.first_ms for one in core.projection.latest()] == [core.clock()] * 2


def test_a_row_about_no_vehicle_makes_no_visit(core: Any, lane: Any, make_record: Any) -> None:
    """Nor does one that only says that something was ignored."""
    take(core, lane.write(make_record("LaneClosed", 0, officer="o"), make_record("Ignored", 3, event="TimerFired")))
    assert core.projection.latest() == []


def test_a_visits_mark_stays_where_a_later_record_names_none(core: Any, lane: Any, make_record: Any) -> None:
    """And the last that is named counts, cut to the longest that there is."""
    take(core, lane.write(make_record("RowEntered", 1, vrn="ab 1234"), make_record("HelpEnded", 1)))
    assert core.projection.latest()[0].vrn == "AB1234"
    take(core, lane.write(make_record("RowEntered", 1, vrn="x" * 40)))
    assert core.projection.latest()[0].vrn == "X" * 16


def test_the_pictures_of_a_visit_are_those_that_its_end_names(core: Any, lane: Any, make_record: Any) -> None:
    """Of a visit that has not ended, of none, and of what is no visit at all: none."""
    names = ["a" * 64, "b" * 64]
    take(core, lane.write(make_record("VehicleArrived", 1), make_record("VehicleArrived", 2)))
    take(core, lane.write(make_record("VisitEnded", 1, evidence=",".join(names))))
    found = [core.projection.pictures_of(f"{lane.name}/j1/{visit}") for visit in ("1", "2", "3", "x", "")]
    assert found == [frozenset(names), *[frozenset()] * 4]
    assert core.projection.pictures_of("nonsense") == frozenset()
