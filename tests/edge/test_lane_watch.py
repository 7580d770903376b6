"""Contacts stuck or dead, the way vehicles go, and what the lane's state lights: by the real `step`, without hardware."""

from __future__ import annotations

from devices.settings import Output
from domain.alarms import LaneAlarmKind
from edge.lane_outputs import LaneOutputs
from edge.passage_watch import PassageWatch
from edge.signal_watch import PRESSED_MS, STANDS_MS, STUCK_MS, SignalWatch
from lane_agent import events as e
from lane_agent.model import Contact
from lane_agent.state import Lane
from lane_agent.step import step
from tools.proof.moves import play
from tools.proof.world import ScenarioWorld


class Watched:
    """What the watchers told of a story, and what was lit."""

    def __init__(self, story: str) -> None:
        world = play(story, ScenarioWorld())
        self.signals, self.passage, self.lit = SignalWatch(), PassageWatch(), Switches()
        self.outputs = LaneOutputs(self.lit)
        self.told: list[e.TroubleReported | e.TroubleEnded] = []
        self.lane, self.now_ms = Lane(), 0
        for event, at, _ in world.steps:
            before = self.lane
            self.lane, effects = step(before, event, at)
            self.now_ms = at.mono_ms
            self.outputs.stepped(self.lane)
            self.told += self.signals.stepped(event, effects, self.lane, self.now_ms)
            self.told += self.passage.stepped(event, effects, before, self.lane)

    def later(self, ms: int, plate_since_ms: int | None = None) -> None:
        """Time passes."""
        self.now_ms += ms
        self.told += self.signals.look(self.lane, self.now_ms, plate_since_ms=plate_since_ms)

    def kinds(self) -> list[str]:
        """Kinds reported, in order."""
        return [str(one.kind) for one in self.told if isinstance(one, e.TroubleReported)]


class Switches:
    """Outputs in a list."""

    def __init__(self) -> None:
        self.on: set[Output] = set()
        self.history: list[tuple[Output, bool]] = []

    def switch(self, output: Output, on: bool) -> None:
        """See `Outputs`."""
        (self.on.add if on else self.on.discard)(output)
        self.history.append((output, on))


ORDINARY = "ready records:live arrive immigration read cleared leave"


def test_ordinary_traffic_is_told_of_nobody() -> None:
    """Trucks one behind the other, over an arrival loop that stays occupied."""
    queue = "on:arrival_loop off:arrival_loop arrive immigration read cleared on:arrival_loop clear-stop way-out off:arrival_loop"
    assert Watched(f"ready records:live {queue} arrive immigration read cleared leave").told == []


def test_a_button_that_stays_on_is_stuck_until_it_opens() -> None:
    """Told once, named, and over by itself; a loop may be stood upon for long."""
    watched = Watched("ready arrive on:unladen")
    watched.later(PRESSED_MS - 1_000)
    assert watched.kinds() == []
    watched.later(2_000)
    watched.later(2_000)
    assert watched.kinds() == [LaneAlarmKind.SIGNAL_STUCK]
    found = watched.told[0]
    assert isinstance(found, e.TroubleReported)
    assert (found.cause, "Unladen" in found.detail) == ("unladen", True)
    opened = e.ContactChanged(Contact.UNLADEN, False, watched.now_ms)
    watched.told += watched.signals.stepped(opened, (), watched.lane, watched.now_ms)
    assert watched.told[-1] == e.TroubleEnded(LaneAlarmKind.SIGNAL_STUCK, "unladen")
    watched.later(STUCK_MS[Contact.STOP_LOOP] - PRESSED_MS - 60_000)
    assert watched.kinds() == [LaneAlarmKind.SIGNAL_STUCK]


def test_a_stop_loop_that_sees_nobody_is_dead_after_three_vehicles() -> None:
    """They pass the way out, and no visit was open; the first one it sees ends the alarm."""
    watched = Watched("ready way-out way-out")
    assert watched.kinds() == []
    watched = Watched("ready way-out way-out way-out")
    assert watched.kinds() == [LaneAlarmKind.SIGNAL_DEAD]
    watched = Watched("ready way-out way-out way-out wait:60 arrive")
    assert watched.told[-1] == e.TroubleEnded(LaneAlarmKind.SIGNAL_DEAD, "stop_loop")


def test_a_vehicle_that_leaves_after_its_visit_is_not_one_that_the_stop_loop_missed() -> None:
    """Its own edge on the way out ends the visit in that very step."""
    assert Watched(" ".join(["ready records:live", *["arrive immigration read cleared leave wait:5"] * 4])).told == []


def test_the_camera_is_the_second_witness_of_a_dead_stop_loop() -> None:
    """A plate is read at the line for long and no visit is open."""
    watched = Watched("ready")
    watched.later(0, plate_since_ms=watched.now_ms)
    watched.later(STANDS_MS - 1_000, plate_since_ms=watched.now_ms)
    assert watched.kinds() == []
    watched.later(2_000, plate_since_ms=watched.now_ms - STANDS_MS)
    assert watched.kinds() == [LaneAlarmKind.SIGNAL_DEAD]
    there = Watched("ready arrive")
    there.later(2 * STANDS_MS, plate_since_ms=there.now_ms)
    assert there.kinds() == []


def test_started_that_never_comes_is_dead_after_three_vehicles() -> None:
    """Vehicle after vehicle leaves, and Immigration began with none of them."""
    watched = Watched(" ".join(["ready", *["arrive read take-over clear-stop wait:20"] * 3]))
    assert watched.kinds() == [LaneAlarmKind.SIGNAL_DEAD]
    assert Watched(" ".join(["ready", *["arrive immigration read take-over clear-stop wait:20"] * 3])).kinds() == []


def test_a_vehicle_that_backs_out_is_told_as_such() -> None:
    """It left the line, no way out saw it, and the arrival loop was driven over."""
    watched = Watched("ready arrive clear-stop on:arrival_loop off:arrival_loop wait:20")
    assert watched.kinds() == [LaneAlarmKind.REVERSED_OUT]
    assert Watched("ready arrive clear-stop wait:20").kinds() == []


def test_a_vehicle_that_comes_in_by_the_way_out_is_told_as_such() -> None:
    """The loops are driven over in the wrong order."""
    assert Watched("ready way-out arrive").kinds() == [LaneAlarmKind.WRONG_WAY]
    assert Watched("ready way-out wait:30 arrive").kinds() == []


def test_two_vehicles_on_one_release_are_told_as_such() -> None:
    """Bumper to bumper: the stop line never clears, and the way out is driven over twice."""
    watched = Watched("ready records:live arrive immigration read cleared way-out way-out")
    assert watched.kinds() == [LaneAlarmKind.TAILGATED]
    assert Watched(ORDINARY).kinds() == []


def test_green_and_barrier_say_what_screen_3_says() -> None:
    """Not before both screens have confirmed it, and not after the first edge on the way out."""
    standing = Watched("ready records:live arrive immigration read cleared")
    assert standing.lit.on == {Output.GO, Output.BARRIER}
    unconfirmed = Watched("ready records:live arrive immigration read screens: cleared")
    assert unconfirmed.lit.on == set()
    assert Watched("ready records:live arrive immigration read cleared way-out").lit.on == set()
    for ends in ("help", "fault:camera", "immigration", "second", "other-hold on:help"):
        assert not Watched(f"ready records:live arrive immigration read cleared {ends}").lit.on & {
            Output.GO,
            Output.BARRIER,
        }
    standing.outputs.off()
    assert standing.lit.on == set()


def test_the_lamp_of_the_unladen_button_answers_the_press() -> None:
    """It is lit while the press counts, and goes out with the visit."""
    assert Watched("ready records:approved arrive press").lit.on == {Output.UNLADEN_LAMP}
    assert Watched("ready arrive press leave").lit.on == set()
    assert Watched("ready press").lit.on == set()
