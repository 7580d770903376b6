"""Alarms and outages of links added up: who waited how long, over which limit, and minutes where they fell."""

from __future__ import annotations

from datetime import date

from domain.alarm_traits import Priority
from domain.alarms import CoreAlarmKind, LaneAlarmKind
from domain.times import start_of
from wall.past import AlarmCounted, OutageCounted, TroublesCounted
from wall.settings import QueueSection
from wall.trouble_figures import TroubleNumbers, is_taken, trouble_numbers

DAY = date(2026, 11, 22)
MIDNIGHT = start_of(DAY)
HOUR_MS = 3_600_000
NOW = MIDNIGHT + 24 * HOUR_MS
SHIFTS = ("07:30", "15:00", "23:00")
LIMITS = QueueSection(urgent_s=30, high_s=60, medium_s=180)


def alarm(
    kind: str = LaneAlarmKind.AT_OFFICER, *, hour: float = 8, taken_s: float = 0, over_s: float = 0, lane: str = "A-1"
) -> AlarmCounted:
    """One of the day; 0 for what did not happen."""
    at = MIDNIGHT + int(hour * HOUR_MS)
    taken, over = (at + int(1_000 * one) if one else 0 for one in (taken_s, over_s))
    return AlarmCounted(lane, kind, kind in set(CoreAlarmKind), at, taken, over)


def counted(*alarms: AlarmCounted, outages: tuple[OutageCounted, ...] = (), last: date = DAY) -> TroubleNumbers:
    """Of the day, at a point of two lanes."""
    told = TroublesCounted(alarms, outages)
    return trouble_numbers(told, ["A-1", "A-2"], SHIFTS, LIMITS.limit_ms, first=DAY, last=last, now_ms=NOW)


def test_how_long_an_alarm_waited_is_until_it_was_taken_or_over() -> None:
    """Twenty taken after 1 to 20 s; one that was over before somebody took it, and one that nobody ever took, are not among them."""
    found = counted(*(alarm(taken_s=s) for s in range(1, 21)), alarm(taken_s=400, over_s=50), alarm()).total.alarms
    assert (found.raised, found.taken, found.p50_s, found.p95_s) == (22, 20, 10.0, 19.0)
    assert not is_taken(alarm(taken_s=400, over_s=50))
    assert is_taken(alarm(taken_s=40, over_s=50))


def test_over_the_limit_is_by_priority_taken_in_the_end_or_not() -> None:
    """A call for help may wait for 60 s, a vehicle that ran for 30; what only is worth knowing calls nobody."""
    found = counted(
        alarm(LaneAlarmKind.HELP, taken_s=60),
        alarm(LaneAlarmKind.HELP, taken_s=61),
        alarm(LaneAlarmKind.RUN_THROUGH, over_s=31),
        alarm(LaneAlarmKind.AT_OFFICER),
        alarm(LaneAlarmKind.CORE_CLOCK_STEPPED),
    ).total.alarms
    assert (found.urgent, found.high, found.medium, found.low) == (1, 2, 1, 1)
    assert (found.calling, found.over_limit, found.share_over) == (4, 3, 0.75)
    assert counted().total.alarms.share_over is None


def test_alarms_are_by_lane_hour_shift_and_kind_and_what_has_none_is_there() -> None:
    """A shift may begin within an hour; kinds add up, the most frequent first."""
    found = counted(
        alarm(hour=7.25), alarm(hour=7.75, lane="A-2"), alarm(CoreAlarmKind.BUNDLE_USED_TWICE, hour=7.75), alarm(hour=1)
    )
    assert {name: one.alarms.raised for name, one in found.parts["shifts"].items()} == {
        "2026-11-21 23:00–07:30": 2,
        "2026-11-22 07:30–15:00": 2,
        "2026-11-22 15:00–23:00": 0,
        "2026-11-22 23:00–07:30": 0,
    }
    assert {name: one.alarms.raised for name, one in found.parts["lanes"].items()} == {"A-1": 3, "A-2": 1}
    assert {name: one.alarms.raised for name, one in found.parts["hours"].items() if one.alarms.raised} == {
        "01:00": 1,
        "07:00": 3,
    }
    assert [(one.kind, one.alarms.raised) for one in found.kinds] == [("AtOfficer", 3), ("BundleUsedTwice", 1)]
    assert (found.kinds[1].of_core, found.kinds[1].priority) == (True, Priority.URGENT)


def test_minutes_without_a_link_count_where_they_fell_and_its_length_where_it_began() -> None:
    """From 07:15 to 08:30, over the end of a shift; another from the day before, and one that lasts."""
    outages = (
        OutageCounted("A-1", MIDNIGHT - HOUR_MS, MIDNIGHT + HOUR_MS // 2),
        OutageCounted("A-1", MIDNIGHT + 29 * HOUR_MS // 4, MIDNIGHT + 17 * HOUR_MS // 2),
        OutageCounted("A-2", NOW - 60_000, 0),
        OutageCounted("A-2", NOW, 0),
    )
    found = counted(outages=outages)
    link = found.total.link
    assert (link.minutes, link.times, link.longest_s) == (30 + 75 + 1, 3, 75 * 60)
    shifts = [(one.link.minutes, one.link.times) for one in found.parts["shifts"].values()]
    assert shifts == [(45, 2), (60, 0), (0, 0), (1, 1)]
    hours = {name: one.link.minutes for name, one in found.parts["hours"].items() if one.link.minutes}
    assert hours == {"00:00": 30, "07:00": 45, "08:00": 30, "23:00": 1}
    assert found.parts["lanes"]["A-2"].link.longest_s == 60
    assert found.parts["hours"]["08:00"].link.longest_s is None
