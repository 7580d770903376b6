"""Arrival and departure from the loops (design §2.1, row 22): bounces, long vehicles, close followers, stuck loops."""

from __future__ import annotations

import pytest

from lane_agent.model import Contact, Doubt, Policy
from tools.proof.moves import play
from tools.proof.scenarios import LANES
from tools.proof.world import ScenarioWorld

RELEASED = "ready records:live arrive immigration read cleared"


def _ends(world: ScenarioWorld) -> list[str]:
    return [record["how"] for record in world.records("VisitEnded")]


def test_a_visit_ends_when_stop_loop_and_way_out_have_both_been_seen() -> None:
    """Stop loop first, then the way out."""
    world = play(f"{RELEASED} clear-stop")
    assert world.lane.visit is not None
    assert _ends(play("way-out", world)) == ["exit_loop"]
    assert world.lane.visit is None


def test_a_long_vehicle_is_on_both_loops() -> None:
    """The way out first, then the stop loop: the same end."""
    world = play(f"{RELEASED} way-out")
    assert world.lane.visit is not None
    assert _ends(play("clear-stop", world)) == ["exit_loop"]


def test_a_way_out_before_any_vehicle_says_nothing() -> None:
    """An edge with nobody in the lane is nobody's."""
    world = play("ready way-out to-compound records:live arrive")
    assert world.lane.visit is not None
    assert world.lane.visit.way is None


def test_a_vehicle_that_reaches_no_way_out_is_recorded_as_left_unseen() -> None:
    """Nothing waits for a loop that does not speak."""
    world = play("ready arrive clear-stop wait:15")
    assert _ends(world) == ["no way out seen"]
    assert "LeftUnseen" in world.alarms()


def test_a_released_vehicle_that_reaches_no_way_out_is_no_alarm() -> None:
    """It had its 3; the exit loop may be out of order."""
    assert "LeftUnseen" not in play(f"{RELEASED} clear-stop wait:15").alarms()


def test_a_close_follower_gets_a_visit_of_its_own() -> None:
    """The stop loop closes again before the way out was seen: the first visit ends, the second begins with nothing."""
    world = play(f"{RELEASED} press clear-stop arrive")
    assert _ends(world) == ["followed closely"]
    visit = world.lane.visit
    assert visit is not None
    assert (visit.number, visit.read, visit.unladen, visit.codes) == (2, None, False, None)
    assert world.face == "STOP"


def test_the_way_out_of_the_vehicle_before_is_not_the_followers() -> None:
    """The first way-out edge belongs to the vehicle ahead, the second to the follower."""
    world = play(f"{RELEASED} clear-stop arrive way-out")
    assert world.lane.visit is not None
    assert world.lane.visit.way is None
    assert play("way-out", world).lane.visit.way is Contact.EXIT_LOOP  # type: ignore[union-attr]


def test_a_follower_that_drives_off_is_seen_by_the_stop_loop_at_least() -> None:
    """Even if its way-out edge was taken for the vehicle before, leaving without 3 is a run-through."""
    world = play(f"{RELEASED} clear-stop arrive clear-stop way-out")
    assert world.alarms() == ["RunThrough"]
    assert _ends(play("wait:15", world))[-1] == "no way out seen"


@pytest.mark.parametrize("bounces", [1, 4])
def test_a_bouncing_stop_loop_is_one_vehicle(bounces: int) -> None:
    """Equal reports change nothing."""
    world = play(f"ready {'arrive ' * bounces}")
    assert world.visit == 1


def test_the_compound_loop_tells_obedience_from_flight() -> None:
    """With 4 on show the compound is right and the way out wrong."""
    shown_4 = "ready records:inspect arrive immigration read cleared"
    obeyed = play(f"{shown_4} leave:compound_loop", ScenarioWorld(policy=LANES["compound"]))
    fled = play(f"{shown_4} leave", ScenarioWorld(policy=LANES["compound"]))
    assert _ends(obeyed) == ["compound_loop"]
    assert "RunThrough" not in obeyed.alarms()
    assert "RunThrough" in fled.alarms()


def test_leaving_against_4_is_told_without_a_compound_loop_too() -> None:
    """The way out is the wrong way (row 22), unless the way to the compound crosses its loop."""
    shown_4 = "ready records:inspect arrive immigration read cleared leave"
    assert "RunThrough" in play(shown_4).alarms()
    assert "RunThrough" not in play(shown_4, ScenarioWorld(policy=Policy(exit_to_compound=True))).alarms()


def test_a_stuck_stop_loop_is_bypassed_and_its_visit_taken_over() -> None:
    """Manual mode, bypass, take over: the lane waits again although the loop is still active."""
    world = play("ready arrive manual bypass:stop_loop take-over")
    assert world.lane.visit is None
    assert world.face == "WELCOME"
    assert Contact.STOP_LOOP in world.lane.contacts


def test_an_announced_vehicle_is_the_officers_from_the_start() -> None:
    """Behind a bypassed loop nothing is decided by itself."""
    world = play("ready manual bypass:stop_loop automatic announce")
    assert world.lane.visit is not None
    assert world.lane.visit.doubt is Doubt.ANNOUNCED
    assert world.lane.visit.officers


def test_a_loop_put_back_tells_of_the_next_vehicle() -> None:
    """While it was out its levels were still kept, so the next edge is a true one."""
    world = play("ready manual bypass:stop_loop arrive clear-stop unbypass:stop_loop automatic arrive")
    assert world.visit == 1
    assert world.face == "STOP"


def test_the_help_call_ends_with_its_vehicle() -> None:
    """Nobody talks to a driver who has gone; the record says why the call ended."""
    world = play("ready arrive help leave")
    assert world.records("HelpEnded") == [{"outcome": "vehicle left"}]
