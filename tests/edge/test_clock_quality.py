"""Clocks that are wrong, set, or stood still while the box slept: what is fresh, and what the records say."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.clock import BoxClock, ClockWatch
from lane_agent.events import Event, FaultCleared, FaultRaised, TroubleReported
from lane_agent.model import Fault, Link, Moment, TimeQuality
from runtime.clocks import Clocks
from sync.link.limits import Limits
from sync.simulated.link import SimulatedLink
from wire.records import HoldRecord

HOUR = 3_600_000
NOON = 1_795_320_000_000


@dataclass
class Machine:
    """A machine's clocks, moved by hand."""

    mono: int = 60_000
    asleep: int = 0
    utc: int = NOON
    kept: bool = False
    asked: int = 0

    def clocks(self) -> Clocks:
        """What the product reads."""
        return Clocks(
            mono=lambda: self.mono,
            awake=lambda: self.mono - self.asleep,
            utc=lambda: self.utc,
            disciplined=self.is_kept,
        )

    def is_kept(self) -> bool:
        """What the kernel says of NTP."""
        self.asked += 1
        return self.kept

    def passes(self, milliseconds: int, *, asleep: bool = False) -> None:
        """Time passes, awake or asleep."""
        self.mono += milliseconds
        self.utc += milliseconds
        self.asleep += milliseconds if asleep else 0


@pytest.fixture
def machine() -> Machine:
    """A machine that has just been started."""
    return Machine()


def test_durations_count_the_time_asleep_and_timers_do_not() -> None:
    """In a time namespace whose boot time is a day ahead of its time awake, as after a day of sleep."""
    words = "from runtime.clocks import *; print(monotonic_ms() - awake_ms())"
    command = ["unshare", "--time", "--boottime", "86400", sys.executable, "-c", words]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert 86_399_000 < int(said) < 86_401_000


def test_a_proof_from_before_a_sleep_is_not_fresh_after_it() -> None:
    """At the very next question, before any timer has run; by a clock that stood still it would be."""
    world = SimulatedLink()
    world.connect()
    world.run(3_000)
    assert world.verdict() is Link.FRESH
    stood_still = world.now
    world.now += 8 * HOUR
    assert world.machine.verdict(world.now) is Link.OFFLINE
    assert world.machine.verdict(stood_still) is Link.FRESH
    world.run(3_000)
    assert world.verdict() is Link.FRESH


@given(
    steps=st.lists(
        st.one_of(st.sampled_from([-HOUR, HOUR, -9_000, 9_000, -10 * 365 * 24 * HOUR]), st.integers(-1 << 40, 1 << 40)),
        max_size=6,
    )
)
def test_no_wrong_clock_makes_an_old_code_fresh(steps: list[int]) -> None:
    """The core's clock is set about between proofs: fresh is what answers a nonce of now, and at no other time."""
    world = SimulatedLink()
    right = world.core_utc = 1 << 41
    world.core.change(HoldRecord("AB1"))
    world.connect()
    world.run(2_000)
    old = [said for said in world.past if said.topic.endswith("/heartbeat")]
    for step in steps:
        world.core_utc += step
        world.run(1_100)
        off = abs(world.core_utc - right)
        assert (world.verdict() is Link.FRESH) is (off <= Limits().clock_ms)
    world.core.proving = False
    world.run(3_100)
    world.core_utc -= HOUR
    for said in old:
        world.hand(said)
    assert world.verdict() is not Link.FRESH
    assert world.machine.refused["proof_unasked"] >= len(old)


def test_the_record_has_the_cores_time_while_it_is_proven(machine: Machine) -> None:
    """Whatever the box thinks: here it believes to be in 1970."""
    machine.utc = 5
    clock = BoxClock(lambda: (NOON + machine.mono, 40), machine.clocks())
    assert clock.now() == Moment(60_000, NOON + 60_000, TimeQuality.PROVEN)
    machine.passes(1_000)
    assert clock.now() == Moment(61_000, NOON + 61_000, TimeQuality.PROVEN)


@pytest.mark.parametrize(
    ("core", "kept", "utc", "quality"),
    [
        (None, False, NOON, TimeQuality.UNSURE),
        (None, True, NOON, TimeQuality.SYSTEM),
        ((NOON + 7, 2_000), False, NOON + 7, TimeQuality.PROVEN),
        ((NOON + 7, 2_001), True, NOON, TimeQuality.SYSTEM),
        ((NOON + 7, 2_001), False, NOON + 7, TimeQuality.UNSURE),
    ],
)
def test_the_record_says_how_far_its_time_can_be_trusted(
    machine: Machine, core: tuple[int, int] | None, kept: bool, utc: int, quality: TimeQuality
) -> None:
    """Never proven, kept by NTP, proven, proven long ago: the better of what there is, and its name."""
    machine.kept = kept
    clock = BoxClock(lambda: core, machine.clocks())
    assert clock.now() == Moment(60_000, utc, quality)


def test_the_kernel_is_asked_now_and_then_only(machine: Machine) -> None:
    """Not for each event."""
    clock = BoxClock(lambda: None, machine.clocks())
    for _ in range(30):
        clock.now()
        machine.passes(500)
    assert machine.asked == 2
    machine.kept = True
    machine.passes(10_000)
    assert clock.now().quality is TimeQuality.SYSTEM


def test_a_core_time_carried_for_days_is_no_longer_called_proven() -> None:
    """By the link's own reckoning of its uncertainty: 100 millionths either way."""
    world = SimulatedLink()
    world.connect()
    world.run(2_000)
    world.cut()

    def core() -> tuple[int, int] | None:
        found = world.machine.core_time(world.now)
        return None if found is None else (found.ms, found.slack_ms)

    clock = BoxClock(core, Clocks(mono=lambda: world.now, utc=lambda: 5, disciplined=lambda: False))
    world.now += HOUR
    assert clock.now().quality is TimeQuality.PROVEN
    world.now += 4 * HOUR
    assert clock.now().quality is TimeQuality.UNSURE
    assert abs(clock.now().utc_ms - world.core._clock()) < 3_700


def looks(machine: Machine, *moves: tuple[int, bool, int]) -> list[Event]:
    """What the watch tells; each move: milliseconds that pass, asleep or not, and by how much UTC is set."""
    told: list[Event] = []
    watch = ClockWatch(told.append, machine.clocks())
    for passed, asleep, step in moves:
        machine.passes(passed, asleep=asleep)
        machine.utc += step
        watch.look()
    return told


def test_good_clocks_are_nothing_to_tell(machine: Machine) -> None:
    """Slewing is no step."""
    assert looks(machine, (1_000, False, 0), (1_000, False, 1), (5_000, False, -2)) == []


def test_sleep_is_a_fault_until_the_next_look(machine: Machine) -> None:
    """The lane goes out of automatic, and what was shown before is withdrawn; the technician reads what to do."""
    told = looks(machine, (1_000, False, 0), (HOUR, True, 0), (1_000, False, 0), (1_000, False, 0))
    assert [type(event) for event in told] == [FaultRaised, FaultCleared]
    assert isinstance(told[0], FaultRaised)
    assert told[0].fault is Fault.CLOCK
    assert "slept for 3600 s" in told[0].detail


@pytest.mark.parametrize(("step", "words"), [(HOUR, "+3600.0 s"), (-5_000, "-5.0 s")])
def test_a_step_of_utc_is_told_and_nothing_else(machine: Machine, step: int, words: str) -> None:
    """Forward or back: nothing that decides goes by it."""
    (told,) = looks(machine, (1_000, False, 0), (1_000, False, step), (1_000, False, 0))
    assert isinstance(told, TroubleReported)
    assert told.kind == "ClockStepped"
    assert words in told.detail


def test_a_core_whose_time_is_not_believed_is_a_fault_until_it_is(machine: Machine) -> None:
    """Told once, in its words; and one writer: waking up does not end the fault that the core's time is."""
    told: list[Event] = []
    doubt = ""
    watch = ClockWatch(told.append, machine.clocks(), core=lambda: doubt)

    def look(asleep: int = 0) -> list[Event]:
        machine.passes(1_000)
        machine.passes(asleep, asleep=True)
        told.clear()
        watch.look()
        return list(told)

    assert look() == []
    doubt = "an hour ahead"
    assert look() == [FaultRaised(Fault.CLOCK, "an hour ahead")]
    doubt = "61 minutes ahead"
    assert look() == []
    assert [type(event) for event in look(asleep=HOUR)] == [FaultRaised]
    assert look() == []
    doubt = ""
    assert look() == [FaultCleared(Fault.CLOCK)]
    assert look() == []


def test_the_cores_time_going_right_does_not_end_the_fault_of_a_sleep(machine: Machine) -> None:
    """The other way round."""
    told: list[Event] = []
    doubts = iter(["wrong", "", ""])
    watch = ClockWatch(told.append, machine.clocks(), core=lambda: next(doubts))
    watch.look()
    machine.passes(HOUR, asleep=True)
    watch.look()
    assert [type(event) for event in told] == [FaultRaised, FaultRaised]
    watch.look()
    assert told[-1] == FaultCleared(Fault.CLOCK)


def test_utc_is_a_witness_only_while_a_time_source_keeps_it(machine: Machine) -> None:
    """And at that moment: the kernel is asked each time."""
    clocks = machine.clocks()
    assert clocks.kept_utc() is None
    machine.kept = True
    assert clocks.kept_utc() == NOON
    assert machine.asked == 2


def test_the_watch_looks_until_it_is_ended(machine: Machine) -> None:
    """It is one of the box's tasks."""
    told: list[Event] = []

    async def story() -> None:
        watch = asyncio.create_task(ClockWatch(told.append, machine.clocks()).run(0.001))
        machine.passes(HOUR, asleep=True)
        async with asyncio.timeout(20):
            while len(told) < 2:  # noqa: ASYNC110 - the watch has no event to wait for
                await asyncio.sleep(0.001)
        watch.cancel()

    asyncio.run(story())
    assert [type(event) for event in told] == [FaultRaised, FaultCleared]
