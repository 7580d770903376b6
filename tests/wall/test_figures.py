"""A day's visits added up: percentiles, shares, causes that add up, hours and shifts of Hong Kong."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from domain.times import hong_kong, start_of
from lane_agent.model import Doubt
from wall.figures import (
    BY_HAND,
    DECIDED,
    INSPECTED,
    OTHER,
    UNREAD,
    cause_of,
    day_numbers,
    in_part,
    nearest_rank,
    shift_names,
    shift_of,
    tally,
)
from wall.past import VisitCounted

DAY = date(2026, 11, 22)
MIDNIGHT = start_of(DAY)
HOUR_MS = 3_600_000
SHIFTS = ("07:00", "15:00", "23:00")


def visit(at_ms: int = MIDNIGHT, *, took_s: float = 18, lane: str = "A-1", **changes: Any) -> VisitCounted:
    """One that was released by the system, unless told otherwise."""
    usual: dict[str, Any] = {
        "decided_ms": at_ms + 9_000,
        "left_ms": at_ms + int(took_s * 1_000),
        "how": "exit_loop",
        "outcome": "released",
        "doubt": "",
        "unread": "",
        "manual": False,
        "person": False,
        "confidence": 0.98,
    }
    return VisitCounted(lane=lane, arrived_ms=at_ms, **{**usual, **changes})


def test_times_are_ranks_and_not_means() -> None:
    """Nine quick trucks and a slow one: half took ten seconds, and the tenth is not in the goal."""
    found = tally([*[visit(took_s=10)] * 9, visit(took_s=300)], 20)
    assert (found.p50_s, found.p90_s, found.in_goal, found.timed) == (10.0, 10.0, 9, 10)
    assert nearest_rank([1.0, 2.0], 90) == 2.0
    assert nearest_rank([], 50) is None


def test_a_truck_whose_departure_was_not_seen_has_no_time() -> None:
    """It is counted, and not timed."""
    found = tally([visit(left_ms=0)], 20)
    assert (found.vehicles, found.timed, found.p50_s, found.share_in_goal) == (1, 0, None, None)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"doubt": "no_bundle", "person": True}, None),
        ({"outcome": "examine"}, INSPECTED),
        ({"manual": True, "person": True}, BY_HAND),
        ({"unread": "no read in time", "person": True}, UNREAD),
        ({"person": True}, DECIDED),
        ({"outcome": "undecided"}, OTHER),
    ],
)
def test_whatever_was_not_released_by_the_system_has_one_cause(changes: dict[str, Any], cause: str | None) -> None:
    """The first that applies; a doubt that the lane recorded is told in an officer's words."""
    changes = changes | ({"doubt": next(iter(Doubt)).value} if "doubt" in changes else {})
    found = day_numbers([visit(), visit(**changes)], ["A-1"], SHIFTS, 20, first=DAY, last=DAY)
    assert [number for _, number in found.causes] == [1]
    if cause is not None:
        assert found.causes[0][0] == cause
    assert found.total.alone == 1
    assert cause_of(visit(**changes)).chinese


def test_hours_and_shifts_are_hong_kongs() -> None:
    """A truck of half past midnight is of the night that began the day before; empty hours, shifts and lanes are there."""
    visits = [visit(MIDNIGHT + HOUR_MS // 2), visit(MIDNIGHT + 8 * HOUR_MS)]
    found = day_numbers(visits, ["A-1", "A-2"], SHIFTS, 20, first=DAY, last=DAY)
    assert [name for name, one in found.hours.items() if one.vehicles] == ["00:00", "08:00"]
    assert {name: one.vehicles for name, one in found.shifts.items()} == {
        "2026-11-21 23:00–07:00": 1,
        "2026-11-22 07:00–15:00": 1,
        "2026-11-22 15:00–23:00": 0,
        "2026-11-22 23:00–07:00": 0,
    }
    assert (len(found.hours), found.lanes["A-2"].vehicles) == (24, 0)
    assert [name for name in found.shifts if in_part(name, DAY, DAY)] == list(found.shifts)[::3]


def test_a_night_between_two_days_is_one_shift() -> None:
    """Counted over both days it is whole, and each day has its own trucks."""
    last = DAY + timedelta(days=1)
    visits = [visit(MIDNIGHT + 23 * HOUR_MS), visit(MIDNIGHT + 26 * HOUR_MS)]
    found = day_numbers(visits, [], SHIFTS, 20, first=DAY, last=last)
    assert found.shifts["2026-11-22 23:00–07:00"].vehicles == 2
    assert not in_part("2026-11-22 23:00–07:00", DAY, last)
    assert {name: one.vehicles for name, one in found.days.items()} == {"2026-11-22": 1, "2026-11-23": 1}


@pytest.mark.parametrize("shifts", [SHIFTS, ("00:00", "12:00"), ("08:00",)])
def test_every_moment_of_some_days_has_a_shift_of_theirs(shifts: tuple[str, ...]) -> None:
    """Whatever the shifts are, none is made up on the way."""
    last = DAY + timedelta(days=2)
    named = {shift_of(hong_kong(MIDNIGHT + half * HOUR_MS // 2), shifts) for half in range(3 * 48)}
    assert named == set(shift_names(shifts, DAY, last))
