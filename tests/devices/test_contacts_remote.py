"""A remote board over a pty pair: the real driver against the shipped simulator, bad days included."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contacts import ContactEvent, WiredContacts
from devices.framing import LONGEST, frame
from devices.remote_io import RemoteBoard
from devices.remote_protocol import (
    Garbled,
    Levels,
    LevelsPolled,
    LineReader,
    Message,
    RawEdge,
    Switched,
    decode,
    encode,
)
from devices.settings import ActiveLevel, InputSettings, Output, OutputSettings
from devices.simulated.remote_board import SimulatedRemoteBoard
from lane_agent.events import ContactChanged, FaultCleared, FaultRaised
from lane_agent.model import Contact
from runtime.backoff import Backoff
from simulation.waiting import until

INPUTS = {
    Contact.UNLADEN: InputSettings(line=0, active=ActiveLevel.HIGH, stable_ms=5),
    Contact.STOP_LOOP: InputSettings(line=3, active=ActiveLevel.HIGH, stable_ms=5),
}
BELL = {Output.BELL: OutputSettings(line=9, active=ActiveLevel.HIGH)}


def clock() -> int:
    """The machine's monotonic milliseconds."""
    return time.monotonic_ns() // 1_000_000


class Lane:
    """Everything the contacts told the lane."""

    def __init__(self) -> None:
        self.events: list[ContactEvent] = []

    def edges(self, contact: Contact) -> list[bool]:
        """The settled levels of one contact, in order."""
        return [e.active for e in self.events if isinstance(e, ContactChanged) and e.contact is contact]

    def faults(self) -> list[str]:
        """Details of the faults raised."""
        return [e.detail for e in self.events if isinstance(e, FaultRaised)]


def over_a_cable(
    story: Callable[[SimulatedRemoteBoard, WiredContacts, Lane], Awaitable[None]], silent_ms: int = 900
) -> Lane:
    """Runs a story with the lane at one end of a pty pair and the simulator at the other."""

    async def run() -> Lane:
        hardware, cable = os.openpty()
        lane, far_end = Lane(), SimulatedRemoteBoard(hardware, lines=8, clock=clock)
        far_end.start()
        board = RemoteBoard(port=os.ttyname(cable), clock=clock, silent_ms=silent_ms)
        contacts = WiredContacts(board=board, inputs=INPUTS, outputs=BELL, clock=clock, backoff=Backoff(0.02, 0.02))
        await contacts.start(lane.events.append)
        try:
            await until(lambda: len(lane.edges(Contact.UNLADEN)) == 1 and len(lane.edges(Contact.STOP_LOOP)) == 1)
            await story(far_end, contacts, lane)
        finally:
            await contacts.stop()
            far_end.stop()
            os.close(hardware)
            os.close(cable)
        return lane

    return asyncio.run(run())


def test_edges_arrive_with_the_age_the_board_gives_them() -> None:
    """The board knows when the button moved; the lane's clock is set back by that age."""
    sent = []

    async def story(far_end: SimulatedRemoteBoard, contacts: WiredContacts, lane: Lane) -> None:
        await asyncio.sleep(0.05)
        sent.append(clock())
        far_end.drive(0, True, age_ms=40)
        await until(lambda: lane.edges(Contact.UNLADEN) == [False, True])

    lane = over_a_cable(story)
    press = next(e for e in lane.events if isinstance(e, ContactChanged) and e.active)
    assert press.edge_ms >= sent[0] - 40
    assert press.edge_ms - (sent[0] - 40) < 1_000


@pytest.mark.parametrize("harm", [SimulatedRemoteBoard.lose_next, SimulatedRemoteBoard.garble_next])
def test_a_line_lost_or_garbled_on_the_cable_loses_no_level(harm: Callable[[SimulatedRemoteBoard], None]) -> None:
    """The release whose line was lost is healed by asking for all levels."""

    async def story(far_end: SimulatedRemoteBoard, contacts: WiredContacts, lane: Lane) -> None:
        far_end.drive(0, True)
        await until(lambda: lane.edges(Contact.UNLADEN) == [False, True])
        harm(far_end)
        far_end.drive(0, False)
        await until(lambda: lane.edges(Contact.UNLADEN) == [False, True, False])

    assert over_a_cable(story).faults() == []


def test_a_board_that_hangs_is_silent_and_clears_when_it_speaks_again() -> None:
    """No answer within the limit is a fault with a remedy; the levels come back before it clears."""

    async def story(far_end: SimulatedRemoteBoard, contacts: WiredContacts, lane: Lane) -> None:
        far_end.silent = True
        await until(lambda: len(lane.faults()) == 1)
        far_end.silent = False
        await until(lambda: isinstance(lane.events[-1], FaultCleared))

    (fault,) = over_a_cable(story, silent_ms=300).faults()
    assert "says nothing: check the board's power" in fault


def test_a_board_of_another_make_is_called_garbled() -> None:
    """A stream that never makes sense is a wrong speed, a wrong board or a bad cable, and says so."""

    async def story(far_end: SimulatedRemoteBoard, contacts: WiredContacts, lane: Lane) -> None:
        far_end.silent = True
        far_end.silent = False
        far_end.babble(40)
        await until(lambda: len(lane.faults()) >= 1)

    assert "$GPGGA" in over_a_cable(story).faults()[0]


def test_outputs_are_switched_on_the_board() -> None:
    """The bell's relay is at the far end."""

    async def story(far_end: SimulatedRemoteBoard, contacts: WiredContacts, lane: Lane) -> None:
        await until(lambda: far_end.outputs == {9: False})
        contacts.switch(Output.BELL, True)
        await until(lambda: far_end.outputs == {9: True})

    over_a_cable(story)


def test_a_missing_port_names_what_to_check() -> None:
    """A port that is not there is told with the key of the configuration."""

    async def run() -> list[ContactEvent]:
        events: list[ContactEvent] = []
        board = RemoteBoard(port="/dev/no-such-board", clock=clock)
        contacts = WiredContacts(board=board, inputs=INPUTS, clock=clock)
        await contacts.start(events.append)
        await until(lambda: events)
        await contacts.stop()
        return events

    fault = asyncio.run(run())[0]
    assert isinstance(fault, FaultRaised)
    assert "contacts.port" in fault.detail


def test_the_same_driver_speaks_tcp_and_notices_the_cable_being_pulled() -> None:
    """A board behind TCP is the same board; closing its socket is a fault at once."""

    async def run() -> Lane:
        listener = socket.create_server(("127.0.0.1", 0))
        lane = Lane()
        board = RemoteBoard(port=f"socket://127.0.0.1:{listener.getsockname()[1]}", clock=clock)
        contacts = WiredContacts(board=board, inputs=INPUTS, clock=clock)
        await contacts.start(lane.events.append)
        hardware, _ = await asyncio.to_thread(listener.accept)
        far_end = SimulatedRemoteBoard(hardware.fileno(), lines=8, clock=clock)
        far_end.start()
        await until(lambda: len(lane.edges(Contact.STOP_LOOP)) == 1)
        far_end.drive(3, True)
        await until(lambda: lane.edges(Contact.STOP_LOOP) == [False, True])
        far_end.stop()
        listener.close()
        hardware.close()
        await until(lambda: len(lane.faults()) >= 1)
        await contacts.stop()
        return lane

    assert "check its cable and its power" in asyncio.run(run()).faults()[0]


MESSAGES = st.one_of(
    st.builds(Levels, st.integers(0, 65_535), st.lists(st.booleans(), max_size=64).map(tuple)),
    st.builds(RawEdge, st.integers(0, 65_535), st.integers(0, 63), st.booleans(), st.integers(0, 10_000)),
    st.builds(Switched, st.integers(0, 63), st.booleans(), st.booleans()),
    st.just(LevelsPolled()),
)


@given(st.lists(MESSAGES), st.integers(1, 20))
def test_messages_survive_the_wire_however_it_is_cut(messages: list[Message], size: int) -> None:
    """Encoding and reading are each other's inverse, whatever pieces the bytes arrive in."""
    stream, reader = b"".join(map(encode, messages)), LineReader()
    heard = [m for at in range(0, len(stream), size) for m in reader.feed(stream[at : at + size])]
    assert heard == messages


@given(MESSAGES, st.data())
def test_one_changed_bit_is_always_noticed(message: Message, data: st.DataObject) -> None:
    """CRC-16 sees every single flipped bit of the body."""
    line = encode(message)[:-1]
    at = data.draw(st.integers(0, line.rindex(b"*") - 1))
    spoilt = line[:at] + bytes([line[at] ^ 1 << data.draw(st.integers(0, 7))]) + line[at + 1 :]
    assert isinstance(decode(spoilt), Garbled)


@pytest.mark.parametrize("body", ["", "Z", "E 1 2", "E 1 2 3 4", "S 1 2", "E a 2 1 0", "W 1 x"])
def test_a_body_outside_the_grammar_is_garbled_and_never_raises(body: str) -> None:
    """A right CRC does not make sense of a wrong body."""
    assert isinstance(decode(frame(body)[:-1]), Garbled)


def test_endless_noise_without_a_line_end_is_not_kept() -> None:
    """Noise is dropped up to the next line end; the line after it is read."""
    reader = LineReader()
    for _ in range(10):
        assert reader.feed(b"\x00" * LONGEST) == []
    first, second = reader.feed(b"noise\n" + encode(LevelsPolled()))
    assert isinstance(first, Garbled)
    assert second == LevelsPolled()


def test_the_crc_is_the_published_one() -> None:
    """CRC-16/CCITT-FALSE of "123456789" is 29B1, so that a board's maker can check his own."""
    assert frame("123456789") == b"123456789*29B1\n"


def test_a_wired_line_that_the_board_does_not_have_is_a_fault_and_the_others_go_on() -> None:
    """The stop loop on line 12 of eight: deaf for ever, and nobody would know."""

    async def run() -> Lane:
        hardware, cable = os.openpty()
        lane, far_end = Lane(), SimulatedRemoteBoard(hardware, lines=8, clock=clock)
        far_end.start()
        wrong = INPUTS | {Contact.STOP_LOOP: InputSettings(line=12, active=ActiveLevel.HIGH)}
        contacts = WiredContacts(board=RemoteBoard(port=os.ttyname(cable), clock=clock), inputs=wrong, clock=clock)
        await contacts.start(lane.events.append)
        try:
            await until(lambda: bool(lane.faults()))
            far_end.drive(0, True)
            await until(lambda: lane.edges(Contact.UNLADEN) == [False, True])
            await asyncio.sleep(1.2)
        finally:
            await contacts.stop()
            far_end.stop()
            os.close(hardware)
            os.close(cable)
        return lane

    said = "the board has no line 12 for stop_loop: correct contacts.inputs.stop_loop.line, or the board"
    assert asyncio.run(run()).faults() == [said]


def test_an_order_that_the_board_does_not_confirm_is_a_fault_until_it_does() -> None:
    """It answers every question, and has no such relay."""

    async def story(far_end: SimulatedRemoteBoard, contacts: WiredContacts, lane: Lane) -> None:
        far_end.relays = frozenset({1})
        contacts.switch(Output.BELL, True)
        await until(lambda: bool(lane.faults()))
        assert not far_end.outputs.get(9)
        far_end.relays = None
        await until(lambda: isinstance(lane.events[-1], FaultCleared))
        assert far_end.outputs[9]

    (said,) = over_a_cable(story).faults()
    assert said == "the board does not confirm line 9 for bell: correct contacts.outputs.bell.line, or the board"


def test_an_order_that_is_lost_on_the_cable_is_given_again() -> None:
    """And is no fault."""

    async def story(far_end: SimulatedRemoteBoard, contacts: WiredContacts, lane: Lane) -> None:
        await until(lambda: far_end.outputs == {9: False})
        far_end.relays = frozenset()
        contacts.switch(Output.BELL, True)
        await asyncio.sleep(0.1)
        far_end.relays = None
        await until(lambda: far_end.outputs == {9: True})

    assert over_a_cable(story).faults() == []


def test_the_loop_is_not_held_when_a_board_on_the_network_is_lost() -> None:
    """Closing a TCP port, pyserial sleeps for 0.3 s; the lane must not."""
    longest = 0.0

    async def measured() -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - began)

    async def run() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        port = f"socket://127.0.0.1:{listener.getsockname()[1]}"
        board = RemoteBoard(port=port, clock=clock, silent_ms=150)
        contacts = WiredContacts(board=board, inputs=INPUTS, clock=clock, backoff=Backoff(0.02, 0.02))
        lane = Lane()
        beat = asyncio.create_task(measured())
        await contacts.start(lane.events.append)
        await asyncio.sleep(2)  # nobody answers: lost, closed and opened again several times
        await contacts.stop()
        beat.cancel()
        listener.close()
        assert lane.faults()

    asyncio.run(run())
    assert longest < 0.25, longest
