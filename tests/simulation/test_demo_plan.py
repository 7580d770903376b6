"""Which trucks come: pure, without a world."""

from __future__ import annotations

import random

import pytest

from domain.marks import is_near_miss
from simulation.demo import ALL_ROWS, FULL, truck_of
from simulation.marks import Marks
from simulation.plan import plan
from simulation.scenarios import SCENARIOS

ALWAYS = {2, 3, 4}
"""Rows that every ordinary truck passes on its way: the judge counts them by what was shown."""


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("trucks", [FULL, FULL + 1, 200])
def test_a_long_plan_has_every_scenario_and_as_many_trucks_as_asked(trucks: int, seed: int) -> None:
    """Whatever the chance."""
    keys = plan(trucks, random.Random(seed))
    assert len(keys) == trucks
    assert set(keys) == set(SCENARIOS)


def test_the_scenarios_cover_the_decision_table() -> None:
    """Rows 1 to 22, with those that every truck passes."""
    assert {scenario.row for scenario in SCENARIOS.values()} | ALWAYS == ALL_ROWS == set(range(1, 23))


def test_the_nasty_moments_of_the_lane_are_among_the_scenarios() -> None:
    """A cut link, late clicks, contacts and officers, a hold for a truck that stands there."""
    wanted = {"link_lost", "link_just_cut", "late_click", "late_clear", "late_officer", "quick_follower"}
    assert wanted | {"hold_while_standing", "hold_after_done", "tailgating"} <= SCENARIOS.keys()


def test_the_same_seed_gives_the_same_trucks_and_another_one_others() -> None:
    """A demonstration that went wrong can be run again."""
    assert plan(FULL, random.Random(7)) == plan(FULL, random.Random(7))
    assert plan(FULL, random.Random(7)) != plan(FULL, random.Random(8))
    first, again = random.Random(7), random.Random(7)
    ours, theirs = Marks(first), Marks(again)
    assert [truck_of(ours, first) for _ in range(9)] == [truck_of(theirs, again) for _ in range(9)]


def test_a_short_plan_begins_with_an_ordinary_truck() -> None:
    """Who watches three trucks sees the lane at work first."""
    assert plan(3, random.Random(1))[0] == "laden"
    assert len(plan(3, random.Random(1))) == 3


def test_no_mark_of_a_demonstration_is_easily_taken_for_another() -> None:
    """A near-miss would be a scenario that nobody asked for."""
    marks = Marks(random.Random(3))
    given = [marks.next() for _ in range(60)]
    assert len(set(given)) == 60
    assert not any(is_near_miss(one, other) for one in given for other in given if one != other)
