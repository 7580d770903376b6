"""The simulated board: the same port, driven from the hardware's side over its socket."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from devices.contacts import ContactEvent, WiredContacts
from devices.intercom import Intercom
from devices.settings import ActiveLevel, InputSettings, Output, OutputSettings
from devices.simulated.board import HardwareSide, SimulatedBoard
from lane_agent.events import ContactChanged, FaultCleared, FaultRaised
from lane_agent.model import Contact
from simulation.waiting import until

INPUTS = {
    Contact.UNLADEN: InputSettings(line=0, active=ActiveLevel.LOW, stable_ms=150),
    Contact.STOP_LOOP: InputSettings(line=1, active=ActiveLevel.HIGH, stable_ms=5),
}
OUTPUTS = {
    Output.BELL: OutputSettings(line=8, active=ActiveLevel.HIGH),
    Output.LAMP: OutputSettings(line=9, active=ActiveLevel.LOW),
}


def clock() -> int:
    """The machine's monotonic milliseconds."""
    return time.monotonic_ns() // 1_000_000


class Lane:
    """Everything the contacts told the lane."""

    def __init__(self) -> None:
        self.events: list[ContactEvent] = []

    def edges(self, contact: Contact) -> list[ContactChanged]:
        """The settled edges of one contact, in order."""
        return [e for e in self.events if isinstance(e, ContactChanged) and e.contact is contact]


Story = Callable[[HardwareSide, WiredContacts, Lane], Awaitable[None]]


def in_a_world(folder: Path, story: Story) -> Lane:
    """Runs a story in which the world holds the hardware's side."""

    async def run() -> Lane:
        lane = Lane()
        board = SimulatedBoard(socket=folder / "contacts", inputs=INPUTS, outputs=OUTPUTS, clock=clock)
        contacts = WiredContacts(board=board, inputs=INPUTS, outputs=OUTPUTS, clock=clock)
        await contacts.start(lane.events.append)
        await until(lambda: len(lane.edges(Contact.STOP_LOOP)) == len(lane.edges(Contact.UNLADEN)) == 1)
        async with HardwareSide(folder / "contacts") as hand:
            await story(hand, contacts, lane)
        await contacts.stop()
        assert not (folder / "contacts").exists()
        return lane

    return asyncio.run(run())


def test_a_bouncing_press_reaches_the_lane_as_one_edge_at_its_first_raw_edge(tmp_path: Path) -> None:
    """The simulated world goes through the same polarity and debounce as a real button."""
    pressed = []

    async def story(hand: HardwareSide, contacts: WiredContacts, lane: Lane) -> None:
        pressed.append(await hand.set(Contact.UNLADEN, True, bounce=3))
        await until(lambda: len(lane.edges(Contact.UNLADEN)) == 2)
        await hand.set(Contact.UNLADEN, False)
        await until(lambda: len(lane.edges(Contact.UNLADEN)) == 3)

    edges = in_a_world(tmp_path, story).edges(Contact.UNLADEN)
    assert [edge.active for edge in edges] == [False, True, False]
    assert edges[1].edge_ms == pressed[0]


def test_pulling_and_plugging_the_board_is_a_fault_and_its_end(tmp_path: Path) -> None:
    """A truck that drove in meanwhile stands there when the board is back."""

    async def story(hand: HardwareSide, contacts: WiredContacts, lane: Lane) -> None:
        await hand.unplug()
        await until(lambda: isinstance(lane.events[-1], FaultRaised))
        await hand.set(Contact.STOP_LOOP, True)
        await hand.plug()
        await until(lambda: isinstance(lane.events[-1], FaultCleared))

    assert in_a_world(tmp_path, story).edges(Contact.STOP_LOOP)[-1].active


def test_a_help_call_rings_the_bell_and_lights_the_lamp(tmp_path: Path) -> None:
    """Ring: both; answered: the lamp stays; ended: both off."""
    seen = []

    async def story(hand: HardwareSide, contacts: WiredContacts, lane: Lane) -> None:
        intercom = Intercom(contacts)
        for call, face in (("ring", (True, True)), ("answer", (False, True)), ("end", (False, False))):
            intercom.ring(call)
            await until(lambda face=face: (hand.outputs.get("bell"), hand.outputs.get("lamp")) == face)  # type: ignore[misc]
            seen.append(intercom.call)

    in_a_world(tmp_path, story)
    assert seen == ["ring", "answer", "end"]


def test_an_unknown_call_is_refused() -> None:
    """A call the bell does not know must not pass for carried out."""

    class Nothing:
        def switch(self, output: Output, on: bool) -> None:
            raise AssertionError(output, on)

    with pytest.raises(ValueError, match="no such call: 'hang'"):
        Intercom(Nothing()).ring("hang")


def test_a_world_that_connects_late_is_told_how_the_outputs_stand(tmp_path: Path) -> None:
    """Outputs have levels, not only changes."""

    async def story(hand: HardwareSide, contacts: WiredContacts, lane: Lane) -> None:
        contacts.switch(Output.BELL, True)
        async with HardwareSide(tmp_path / "contacts") as late:
            await until(lambda: late.outputs == {"bell": True, "lamp": False})

    in_a_world(tmp_path, story)


def test_an_unwired_contact_is_refused_with_the_list_of_wired_ones(tmp_path: Path) -> None:
    """The world's mistakes are the world's to hear."""

    async def story(hand: HardwareSide, contacts: WiredContacts, lane: Lane) -> None:
        with pytest.raises(ValueError, match="these are: stop_loop, unladen"):
            await hand.set(Contact.HELP, True)

    in_a_world(tmp_path, story)


@pytest.mark.parametrize(
    "line", ["not json", "[]", "{}", '{"contact": "unladen", "active": "yes"}', '{"contact": "roof", "active": true}']
)
def test_a_line_that_makes_no_sense_is_answered_and_changes_nothing(tmp_path: Path, line: str) -> None:
    """A bad line gets its error and the connection goes on."""
    answers: list[bool] = []

    async def story(hand: HardwareSide, contacts: WiredContacts, lane: Lane) -> None:
        reader, writer = await asyncio.open_unix_connection(tmp_path / "contacts")
        writer.write(line.encode() + b'\n{"contact": "stop_loop", "active": true}\n')
        while len(answers) < 2:
            said = json.loads(await reader.readline())
            answers.extend([said["ok"]] if "ok" in said else [])
        writer.close()

    in_a_world(tmp_path, story)
    assert answers == [False, True]


def test_a_file_that_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    """A wrong path in the configuration must not cost somebody a file; the fault says what to do."""
    precious = tmp_path / "contacts"
    precious.write_text("precious")

    async def run() -> list[ContactEvent]:
        events: list[ContactEvent] = []
        board = SimulatedBoard(socket=precious, inputs=INPUTS, clock=clock)
        contacts = WiredContacts(board=board, inputs=INPUTS, clock=clock)
        await contacts.start(events.append)
        await until(lambda: events)
        await contacts.stop()
        return events

    fault = asyncio.run(run())[0]
    assert isinstance(fault, FaultRaised)
    assert "remove that file" in fault.detail
    assert precious.read_text() == "precious"


def test_a_stale_socket_of_a_killed_run_is_replaced(tmp_path: Path) -> None:
    """After kill -9 the next start must not need a technician."""

    async def left_behind() -> None:
        server = await asyncio.start_unix_server(lambda _r, w: w.close(), path=tmp_path / "contacts")
        server.close()

    asyncio.run(left_behind())
    assert (tmp_path / "contacts").is_socket()

    async def story(hand: HardwareSide, contacts: WiredContacts, lane: Lane) -> None:
        await hand.set(Contact.STOP_LOOP, True)
        await until(lambda: lane.edges(Contact.STOP_LOOP)[-1].active)

    in_a_world(tmp_path, story)
