"""The core's time, and what is believed of it: steps, slow drifts, slow lines, pauses, and a second witness."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lane_agent.events import CodesVerified, LinkChanged
from lane_agent.model import Link
from sync.link.core_clock import Ahead, CoreClock
from sync.link.freshness import Proof
from sync.link.limits import Limits
from sync.simulated.link import SimulatedLink
from wire.messages import Heartbeat
from wire.records import HoldRecord

NOON = 1_795_320_000_000
MINUTE, HOUR = 60_000, 3_600_000
TOLERATED = Limits().clock_ms


def proof(core_ms: int, received: int, trip: int = 20) -> Proof:
    """A proof that took `trip` ms."""
    beat = Heartbeat(
        lane="lane-1",
        nonce=bytes(16),
        epoch="e1",
        version=1,
        state_hash=bytes(32),
        core_ms=core_ms,
        committed=0,
        committed_hash=bytes(32),
    )
    return Proof(received - trip, received, beat)


def told(clock: CoreClock, now: int, off: int = 0) -> str:
    """A proof comes at `now`, by a core whose clock is off by so much. Returns the doubt."""
    clock.on_proof(proof(NOON + now + off, now))
    return clock.doubt


@pytest.fixture
def clock() -> CoreClock:
    """A lane that has heard one proof, at 1 s."""
    made = CoreClock(Limits())
    assert told(made, 1_000) == ""
    return made


def test_there_is_no_time_before_a_proof() -> None:
    """Nothing is guessed."""
    assert CoreClock(Limits()).time(1) is None


def test_the_cores_time_lies_within_its_slack() -> None:
    """From the last proof plus monotonic; the uncertainty is the round trip, and the drift of a cheap clock."""
    clock = CoreClock(Limits())
    clock.on_proof(proof(50_000, 1_200, trip=200))
    at_once, later = clock.time(1_200), clock.time(101_200)
    assert at_once is not None
    assert (at_once.ms, at_once.slack_ms) == (50_000, 200)
    assert later is not None
    assert later.ms <= 150_000
    assert later.ms + later.slack_ms >= 150_200
    assert later.slack_ms == 220


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (30 * MINUTE, "30 min ahead of"),
        (-11_000, "11 s behind"),
        (9_000_000, "2 h 30 min ahead of"),
        (-HOUR, "60 min"),
        (-2 * MINUTE - 10, "2 min behind"),
        (2 * HOUR + 10, "2 h 0 min ahead of"),
    ],
)
def test_a_step_of_the_core_is_doubted_and_moves_nothing(clock: CoreClock, off: int, words: str) -> None:
    """However often it is said again; the time goes on from what was believed."""
    for now in (2_000, 3_000, 600_000):
        assert words in told(clock, now, off)
    carried = clock.time(600_000)
    assert carried is not None
    assert carried.ms <= NOON + 600_000 <= carried.ms + carried.slack_ms
    assert told(clock, 601_000) == ""


@pytest.mark.parametrize("off", [1_000, -1_000, 4_000, -4_000, TOLERATED, -TOLERATED])
def test_a_step_of_seconds_is_believed(clock: CoreClock, off: int) -> None:
    """A leap second, an NTP step after a restart, a core's machine that stood still for a moment."""
    assert told(clock, 2_000, off) == ""
    stepped = clock.time(2_000)
    assert stepped is not None
    assert stepped.ms == NOON + 2_000 + off


@pytest.mark.parametrize(
    ("off", "doubted"),
    [(TOLERATED + 21, False), (TOLERATED + 22, True), (-TOLERATED - 20, False), (-TOLERATED - 21, True)],
)
def test_what_is_tolerated_is_so_to_the_millisecond(clock: CoreClock, off: int, doubted: bool) -> None:
    """Beside the round trip of 20 ms, and what two crystals drift in a second."""
    assert bool(told(clock, 2_000, off)) is doubted


def test_small_steps_do_not_add_up_to_a_large_one(clock: CoreClock) -> None:
    """Half of what is tolerated, again and again, is no more tolerated in the end."""
    offs = [step * TOLERATED // 2 for step in range(1, 8)]
    doubts = [bool(told(clock, 2_000 + 1_000 * place, off)) for place, off in enumerate(offs)]
    assert doubts == [False, False, True, True, True, True, True]


@settings(deadline=None)  # a busy machine is no fault of the clock's
@given(rate=st.integers(1_000, 3_000_000), ahead=st.booleans())
def test_a_clock_that_runs_away_is_found_before_it_is_far_off(rate: int, ahead: bool) -> None:
    """Too fast or too slow by any rate that no crystal has: never believed further off than what is tolerated."""
    clock, believed = CoreClock(Limits()), 0
    for second in range(1, 20_000, 50):
        now = 1_000 * second
        off = (now * rate // 1_000_000) * (1 if ahead else -1)
        if not told(clock, now, off):
            believed = abs(off)
    assert believed <= TOLERATED + 20_000_000 * 2 * Limits().drift_ppm // 1_000_000 + 200


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4_900), st.integers(0, 100)), min_size=1, max_size=30))
def test_a_slow_line_is_no_doubt(trips: list[tuple[int, int]]) -> None:
    """The core may have read its clock at any moment of the round trip; a right clock is never doubted."""
    clock, now = CoreClock(Limits(clock_ms=1)), 10_000
    for trip, share in trips:
        now += 5_000
        clock.on_proof(proof(NOON + now - trip * share // 100, now, trip))
        assert clock.doubt == ""


@settings(deadline=None)
@given(ppm=st.integers(-200, 200), hours=st.lists(st.integers(0, 24 * 14), max_size=8))
def test_two_cheap_crystals_are_no_doubt(ppm: int, hours: list[int]) -> None:
    """Also after days without a link."""
    clock, now = CoreClock(Limits()), 10_000
    for gap in [0, *hours]:
        now += gap * HOUR + 1_000
        assert told(clock, now, now * ppm // 1_000_000) == ""


def test_a_core_whose_machine_was_paused_is_believed_when_its_clock_is_right_again(clock: CoreClock) -> None:
    """For a moment: nothing. For a minute: in doubt until its time service has set it."""
    assert told(clock, 6_000, -5_000) == ""
    assert "behind" in told(clock, 66_000, -MINUTE)
    assert told(clock, 70_000) == ""


@pytest.mark.parametrize("off", [20 * MINUTE, -20 * MINUTE])
def test_the_first_proof_is_held_against_a_clock_that_is_kept(off: int) -> None:
    """A core that is wrong from the start is not believed, also not when the witness is gone; the right one is."""
    clock = CoreClock(Limits())
    clock.set_utc(NOON + 900, 900)
    assert "which a time source keeps" in told(clock, 1_000, off)
    assert clock.time(1_000) is None
    clock.set_utc(None, 1_900)
    assert "earlier proofs" in told(clock, 2_000, off)
    assert told(clock, 3_000) == ""


def test_a_clock_that_is_kept_ends_a_doubt_and_the_step_is_told(clock: CoreClock) -> None:
    """The core was wrong before, and this box had no time source to see it by."""
    assert told(clock, 2_000, HOUR)
    clock.set_utc(NOON + HOUR + 2_500, 2_500)
    step = clock.on_proof(proof(NOON + HOUR + 3_000, 3_000))
    assert (clock.doubt, "60 min forward" in step) == ("", True)
    clock.set_utc(None, 3_500)
    assert clock.on_proof(proof(NOON + HOUR + 4_000, 4_000)) == ""
    assert clock.doubt == ""


def test_a_clock_that_is_kept_and_disagrees_is_a_doubt(clock: CoreClock) -> None:
    """Which of the two is wrong the lane cannot know."""
    clock.set_utc(NOON + 1_500 - MINUTE, 1_500)
    assert "60 s ahead of this box's" in told(clock, 2_000)
    clock.set_utc(NOON + 2_500, 2_500)
    assert told(clock, 3_000) == ""


def test_a_step_that_is_confirmed_is_told_only_where_it_is_more_than_is_tolerated(clock: CoreClock) -> None:
    """Each leap second would be an alarm."""
    for off, told_of in ((TOLERATED + 21, False), (TOLERATED + 22, True)):
        again = CoreClock(Limits())
        told(again, 1_000)
        again.set_utc(NOON + off + 2_000, 2_000)
        assert bool(again.on_proof(proof(NOON + off + 2_000, 2_000))) is told_of
        assert again.doubt == ""


def test_what_two_bounds_allow_together_may_be_a_single_moment() -> None:
    """They meet there; neither's other end is any better."""
    below, above = Ahead(0, 10, 5), Ahead(10, 20, 5)
    assert below.nearest(above) == above.nearest(below) == Ahead(10, 10, 5)
    assert (below.beyond(above), above.beyond(below)) == (0, 0)


def test_of_two_bounds_that_do_not_meet_the_nearer_end_counts() -> None:
    """What is expected moves as little as it must."""
    below, above = Ahead(0, 10, 5), Ahead(20, 30, 5)
    assert (below.nearest(above), above.nearest(below)) == (Ahead(10, 10, 5), Ahead(20, 20, 5))


@settings(deadline=None)
@given(
    offs=st.lists(st.tuples(st.integers(-2 * HOUR, 2 * HOUR), st.one_of(st.none(), st.integers(-50, 50))), max_size=12)
)
def test_no_story_of_a_wrong_core_moves_the_time(offs: list[tuple[int, int | None]]) -> None:
    """With a right first proof, and a witness that comes and goes: what is believed is never further off."""
    clock, now = CoreClock(Limits()), 1_000
    told(clock, now)
    for off, kept in offs:
        now += 1_000
        clock.set_utc(None if kept is None else NOON + now + kept, now)
        told(clock, now, off)
        found = clock.time(now)
        assert found is not None
        assert abs(found.ms - NOON - now) <= TOLERATED + 100


def test_what_is_expected_outlives_the_agent(clock: CoreClock) -> None:
    """A new run on the same machine, an hour later, with a core that is wrong by then: its first proof is doubted."""
    kept = clock.due(1_100)
    assert kept is not None
    for off in (-11_000, 11_000, HOUR):
        again = CoreClock(Limits(), kept)
        assert "earlier proofs" in told(again, HOUR, off)
        assert again.time(HOUR) is None
        assert told(again, HOUR + 1_000) == ""
    assert told(CoreClock(Limits(), kept), HOUR, 9_000) == ""


def test_it_is_kept_at_once_and_then_now_and_then(clock: CoreClock) -> None:
    """Until it is said to be durable it is asked for again; and as soon as a witness moved it."""
    first, second = clock.due(1_000), clock.due(2_000)
    assert first is not None
    assert second is not None
    clock.on_kept(second)
    assert clock.due(2_000 + 10 * MINUTE - 1) is None
    assert clock.due(2_000 + 10 * MINUTE) is not None
    for now in range(3_000, 60_000, 1_000):  # a jitter of tens of milliseconds is no reason to write to the disk
        clock.set_utc(NOON + now, now)
        told(clock, now, now % 7_000 // 100)
        assert clock.due(now) is None
    clock.set_utc(NOON + HOUR, 0)
    told(clock, 3_000, HOUR)
    moved = clock.due(3_000)
    assert moved is not None
    assert told(CoreClock(Limits(), moved), 4_000, HOUR) == ""


def test_nothing_is_to_be_kept_before_a_proof() -> None:
    """There is nothing to expect."""
    assert CoreClock(Limits()).due(5_000) is None


# -- in the link ------------------------------------------------------------------------------------------------------


def fresh_link() -> SimulatedLink:
    """A lane that is fresh."""
    world = SimulatedLink()
    world.core.change(HoldRecord("AB1"))
    world.connect()
    world.run(2_000)
    world.told.clear()
    return world


@pytest.mark.parametrize("off", [31 * MINUTE, -HOUR])
def test_while_the_cores_time_is_doubted_nothing_is_fresh(off: int) -> None:
    """From the very proof that says it; one alarm; it ends when the core's time is right again, verified anew."""
    world = fresh_link()
    world.core_utc += off
    before = world.machine.core_time(world.now)
    while not world.machine.clock.doubt:
        assert world.verdict() is Link.FRESH
        world.step()
    assert before is not None
    world.run(3_000)
    assert world.told == [LinkChanged(Link.STALE)]
    assert (world.alarms, world.alarms_over) == (["CoreClockDoubted"], [])
    now = world.machine.core_time(world.now)
    assert now is not None
    assert abs(now.ms - (world.core_utc - off + world.now)) <= 5
    world.core_utc -= off
    world.run(1_500)
    assert world.told[1:] == [LinkChanged(Link.FRESH), CodesVerified("e1", 1)]
    assert world.verdict() is Link.FRESH
    assert (world.alarms, world.alarms_over) == (["CoreClockDoubted"], ["CoreClockDoubted"])


def test_a_core_that_is_wrong_from_the_start_never_is_fresh_for_a_box_that_knows_the_time() -> None:
    """No time of the core's is known then, so that no bundle is good; when both agree, all is well."""
    world = SimulatedLink()
    world.kept_utc = world.core_utc - HOUR
    world.core.change(HoldRecord("AB1"))
    world.connect()
    world.run(4_000)
    assert (world.verdict(), world.machine.core_time(world.now)) == (Link.STALE, None)
    world.kept_utc += HOUR
    world.run(1_500)
    assert world.verdict() is Link.FRESH


def test_no_command_is_judged_by_a_time_that_is_doubted() -> None:
    """One that expired an hour ago, by a core that fell behind; and one of an hour to come."""
    for off, reason in ((-HOUR, "command_expired"), (HOUR, "command_from_the_future")):
        world = fresh_link()
        world.core_utc += off
        world.run(2_000)
        world.hand(world.core.command("manual"))
        assert world.machine.refused[reason] == 1
        assert world.taken == {}


def test_a_step_that_the_boxs_own_clock_confirms_is_told_and_believed() -> None:
    """The core's clock was set right."""
    world = fresh_link()
    world.core_utc += HOUR
    world.kept_utc = world.core_utc
    world.run(2_000)
    assert (world.verdict(), world.alarms) == (Link.FRESH, ["CoreClockStepped"])


@pytest.mark.parametrize("off", [31 * MINUTE, -HOUR])
def test_an_agent_started_anew_beside_a_wrong_core_is_not_fresh(off: int) -> None:
    """Killed while the core's clock is wrong: what it expects is in the store."""
    world = fresh_link()
    world.core_utc += off
    world.cut()
    world.start()
    world.connect()
    world.run(4_000)
    assert (world.verdict(), world.machine.core_time(world.now)) == (Link.STALE, None)
    world.core_utc -= off
    world.run(1_500)
    assert world.verdict() is Link.FRESH


def test_a_machine_started_anew_believes_the_first_proof() -> None:
    """Its monotonic clock began anew, and it has no other: the limit that is known, and the remedy that is told."""
    world = fresh_link()
    world.core_utc += HOUR
    world.run(2_000)
    assert "restart this machine" in world.machine.clock.doubt
    world.cut()
    world.clock = None
    world.start()
    world.connect()
    world.run(4_000)
    assert world.verdict() is Link.FRESH
