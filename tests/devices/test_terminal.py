"""Immigration's terminal over a pty pair and TCP: the real driver against the shipped simulator, bad days included."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable

from hypothesis import given
from hypothesis import strategies as st

from devices.contact_faults import ContactFaults
from devices.simulated.terminal import SimulatedTerminal
from devices.terminal import WatchedTerminal
from devices.terminal_protocol import (
    TerminalAlive,
    TerminalHeard,
    TerminalNoise,
    TerminalPolled,
    TerminalReader,
    TerminalSaid,
    TerminalVerb,
    decode,
    encode,
)
from devices.terminal_serial import SerialTerminal
from lane_agent.events import FaultCleared, FaultRaised, ImmigrationSignalled
from lane_agent.model import Contact
from runtime.backoff import Backoff
from simulation.waiting import until
from tests.rigs.serial_cable import SerialCable

SILENT_MS = 600


def clock() -> int:
    """The machine's monotonic milliseconds."""
    return time.monotonic_ns() // 1_000_000


class Lane:
    """Everything the terminal told the lane."""

    def __init__(self) -> None:
        self.signals: list[ImmigrationSignalled] = []
        self.faults: list[FaultRaised | FaultCleared] = []

    def said(self) -> list[tuple[Contact, str]]:
        """Signals and the marks they named, in order."""
        return [(each.signal, each.vrn) for each in self.signals]

    def down(self) -> str:
        """Why it is at fault now, "" while it works."""
        last = self.faults[-1] if self.faults else None
        return last.detail if isinstance(last, FaultRaised) else ""


Story = Callable[[SimulatedTerminal, Lane, SerialCable], Awaitable[None]]


def terminal_at(port: str, lane: Lane, *, vouched: bool = True) -> WatchedTerminal:
    """The lane's side, tried again at once when it is lost."""
    faults = ContactFaults()
    faults.told_to(lane.faults.append)
    driver = SerialTerminal(port=port, clock=clock, silent_ms=SILENT_MS)
    return WatchedTerminal(terminal=driver, faults=faults, vouched=vouched, backoff=Backoff(0.02, 0.02))


def over_a_cable(story: Story) -> Lane:
    """Runs a story with the lane at one end of a cable and the simulator at the other."""

    async def run() -> Lane:
        lane, far_end = Lane(), SimulatedTerminal(repeat_s=0.05)
        with SerialCable() as cable:
            hardware = os.open(cable.ends[0], os.O_RDWR | os.O_NOCTTY)
            far_end.attach(hardware)
            terminal = terminal_at(cable.ends[1], lane)
            await terminal.start(lane.signals.append)
            try:
                await until(lambda: far_end.asked)
                await story(far_end, lane, cable)
            finally:
                await terminal.stop()
                await far_end.stop()
                os.close(hardware)
        return lane

    return asyncio.run(run())


def test_each_signal_is_told_once_with_the_mark_it_names() -> None:
    """The terminal repeats it until it is heard; the lane hears it once."""

    async def story(far_end: SimulatedTerminal, lane: Lane, _: SerialCable) -> None:
        far_end.press(TerminalVerb.STARTED, "AB1234")
        far_end.press(TerminalVerb.CLEARED)
        await until(lambda: len(lane.signals) == 2 and not far_end.waiting)
        await asyncio.sleep(0.3)

    lane = over_a_cable(story)
    assert lane.said() == [(Contact.IMMIGRATION_STARTED, "AB1234"), (Contact.IMMIGRATION_CLEARED, "")]
    assert all(each.vouched for each in lane.signals)
    assert not lane.faults


def test_a_signal_that_waits_for_a_cut_cable_comes_late_and_says_so() -> None:
    """It is not lost, it is told once, and its edge is the time of the press: step finds out that it is of the vehicle before."""
    pressed: list[int] = []

    async def story(far_end: SimulatedTerminal, lane: Lane, cable: SerialCable) -> None:
        cable.cut.set()
        pressed.append(clock())
        far_end.press(TerminalVerb.CLEARED, "AB1234")
        await until(lane.down)
        assert not lane.signals
        cable.cut.clear()
        await until(lambda: lane.signals and not far_end.waiting)
        await until(lambda: not lane.down())

    lane = over_a_cable(story)
    assert lane.said() == [(Contact.IMMIGRATION_CLEARED, "AB1234")]
    assert pressed[0] - 150 <= lane.signals[0].edge_ms <= pressed[0] + 20


def test_an_acknowledgement_lost_on_the_way_doubles_no_signal() -> None:
    """The terminal repeats what was heard already."""

    async def story(far_end: SimulatedTerminal, lane: Lane, cable: SerialCable) -> None:
        far_end.press(TerminalVerb.STARTED, "AB1234")
        await until(lambda: lane.signals)
        cable.cut.set()
        await until(lane.down)
        cable.cut.clear()
        await until(lambda: not far_end.waiting and not lane.down())

    assert over_a_cable(story).said() == [(Contact.IMMIGRATION_STARTED, "AB1234")]


def test_silent_broken_and_babbling_are_told_apart_and_pass() -> None:
    """A technician does three different things; the fault ends by itself."""

    async def story(far_end: SimulatedTerminal, lane: Lane, _: SerialCable) -> None:
        far_end.silent = True
        began = clock()
        await until(lambda: "says nothing" in lane.down())
        assert clock() - began < 3_000
        far_end.silent = False
        await until(lambda: not lane.down())
        far_end.state = "printer"
        await until(lambda: "says that it is broken: printer" in lane.down())
        far_end.state = "ok"
        await until(lambda: not lane.down())
        far_end.babble(20)
        await until(lambda: any(isinstance(one, FaultRaised) and "sends b'$GP" in one.detail for one in lane.faults))
        await until(lambda: not lane.down())

    over_a_cable(story)


def test_a_terminal_that_was_switched_off_and_on_counts_anew() -> None:
    """Its new session begins with number 1, which is no repetition."""

    async def story(far_end: SimulatedTerminal, lane: Lane, _: SerialCable) -> None:
        far_end.press(TerminalVerb.STARTED, "AB1234")
        await until(lambda: len(lane.signals) == 1)
        far_end.restart()
        far_end.press(TerminalVerb.CLEARED, "AB1234")
        await until(lambda: len(lane.signals) == 2)

    assert [signal for signal, _ in over_a_cable(story).said()] == [
        Contact.IMMIGRATION_STARTED,
        Contact.IMMIGRATION_CLEARED,
    ]


def test_over_tcp_it_speaks_likewise_and_proves_nothing() -> None:
    """What comes over a network may contradict; a server that goes away is a fault that passes."""

    async def run() -> Lane:
        lane, far_end = Lane(), SimulatedTerminal(repeat_s=0.05)
        port = await far_end.listen("127.0.0.1")
        terminal = terminal_at(f"socket://127.0.0.1:{port}", lane, vouched=False)
        await terminal.start(lane.signals.append)
        far_end.press(TerminalVerb.REFERRED, "XY77")
        await until(lambda: lane.signals)
        await far_end.stop()
        await until(lane.down)
        again = SimulatedTerminal(repeat_s=0.05)
        await again.listen("127.0.0.1", port)
        await until(lambda: not lane.down())
        await terminal.stop()
        await again.stop()
        return lane

    lane = asyncio.run(run())
    assert lane.said() == [(Contact.IMMIGRATION_REFERRED, "XY77")]
    assert not lane.signals[0].vouched


def test_board_and_terminal_are_one_fault_that_ends_with_the_last_cause() -> None:
    """A board that is back must not end the terminal's fault."""
    told: list[FaultRaised | FaultCleared] = []
    faults = ContactFaults()
    faults.told_to(told.append)
    faults.blame("board", "gone")
    faults.blame("terminal", "silent")
    faults.forgive("board")
    assert not any(isinstance(one, FaultCleared) for one in told)
    faults.forgive("terminal")
    assert isinstance(told[-1], FaultCleared)


MESSAGES = st.one_of(
    st.builds(TerminalPolled),
    st.builds(TerminalAlive, st.from_regex(r"[a-z]{1,12}", fullmatch=True)),
    st.builds(TerminalHeard, st.from_regex(r"[0-9A-F]{1,8}", fullmatch=True), st.integers(0, 999_999_999)),
    st.builds(
        TerminalSaid,
        st.from_regex(r"[0-9A-F]{1,8}", fullmatch=True),
        st.integers(0, 999_999_999),
        st.sampled_from(TerminalVerb),
        st.integers(0, 999_999_999),
        st.from_regex(r"[0-9A-Z]{0,12}", fullmatch=True),
    ),
)


@given(MESSAGES, st.integers(1, 20))
def test_what_is_said_is_what_is_read_however_it_is_cut(message: object, size: int) -> None:
    """A cable does not keep lines together."""
    line, reader = encode(message), TerminalReader()  # type: ignore[arg-type]
    pieces = [line[at : at + size] for at in range(0, len(line), size)]
    assert [found for piece in pieces for found in reader.feed(piece)] == [message]


@given(MESSAGES, st.integers(0, 60), st.integers(1, 255))
def test_a_changed_byte_is_noise(message: object, place: int, change: int) -> None:
    """No signal is ever read out of a damaged line."""
    line = bytearray(encode(message)[:-1])  # type: ignore[arg-type]
    line[place % len(line)] ^= change
    found = decode(bytes(line))
    assert isinstance(found, TerminalNoise) or found == message  # a hexadecimal digit of the check in lower case
