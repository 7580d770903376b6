"""The control point as its lanes tell it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from tests.rigs.wall import NOW, online, state
from wall.point import Heard, Point
from wire.messages import Presence, Telemetry


def test_a_will_of_an_older_connection_does_not_take_a_lane_off_the_wall() -> None:
    """The broker that a lane has left tells of its end when the lane is long elsewhere (lessons 32)."""
    point = Point(["L"])
    point.hear(online("L", 1), NOW)
    point.hear(state("L", 1, session=1, at_ms=NOW), NOW)
    point.hear(online("L", 2), NOW)
    point.hear(state("L", 1, session=2, at_ms=NOW + 1), NOW)
    point.hear(Presence(lane="L", status="lost", session=1), NOW)
    assert point.lanes["L"].heard is Heard.ONLINE
    point.hear(Presence(lane="L", status="lost", session=2), NOW)
    assert point.lanes["L"].heard is Heard.LOST


def test_an_old_state_kept_by_another_broker_changes_nothing() -> None:
    """Two brokers keep two states of one lane; the newer by the lane's own clock counts, in whichever order they come."""
    older, newer = state("L", 9, session=1, vrn="OLD", at_ms=NOW), state("L", 2, session=2, vrn="NEW", at_ms=NOW + 5)
    for told in ((older, newer), (newer, older)):
        point = Point(["L"])
        for message in told:
            point.hear(message, NOW + 10)
        assert point.lanes["L"].state.vrn == "NEW"


def test_a_state_that_comes_twice_or_late_is_not_taken_again() -> None:
    """QoS 1 may repeat a message."""
    point = Point(["L"])
    assert point.hear(state("L", 2, vrn="AB1", at_ms=NOW), NOW)
    assert not point.hear(state("L", 1, vrn="", at_ms=NOW), NOW + 1)
    assert point.lanes["L"].state.vrn == "AB1"


def test_times_are_the_walls_where_the_boxs_clock_is_off() -> None:
    """Seconds in a state are right though the box is two seconds behind."""
    point = Point(["L"])
    point.hear(state("L", 1, at_ms=NOW - 2_000, row_ms=NOW - 9_000, arrived_ms=NOW - 12_000), NOW)
    seen = point.lanes["L"].state
    assert (seen.row_ms, seen.arrived_ms) == (NOW - 7_000, NOW - 10_000)


def test_what_a_lane_of_another_version_leaves_out_is_untold() -> None:
    """An older lane says less; nothing is made up."""
    point = Point(["L"])
    point.hear(replaced := state("L", 1), NOW)
    assert replaced.facts["link"] == "fresh"
    point.hear(msgspec.structs.replace(state("L", 2), facts={"open": True}), NOW)
    assert point.lanes["L"].state.link == ""
    with pytest.raises(msgspec.ValidationError):
        point.hear(msgspec.structs.replace(state("L", 3), facts={"open": "yes"}), NOW)
    assert point.lanes["L"].serial == 2


def test_the_age_of_the_list_comes_with_the_box_and_grows_by_itself() -> None:
    """Telemetry tells how old the last proof was when it was taken."""
    point = Point(["L"])
    point.hear(Telemetry(lane="L", session=1, serial=1, age_ms=300, shed=0, facts={"proof_age_ms": 400}), NOW)
    seen = point.lanes["L"]
    assert seen.box_ms - (seen.box.proof_age_ms or 0) == NOW - 700
    assert replace(seen, heard_ms=0).lane == "L"
