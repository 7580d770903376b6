"""The box's own pins, with gpiozero's shipped pins driven from the hardware's side."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory

from devices.contacts import ContactEvent, WiredContacts
from devices.errors import BoardMissing
from devices.gpio import GpioBoard, lgpio_factory
from devices.settings import ActiveLevel, InputSettings, Output, OutputSettings, Pull
from lane_agent.events import ContactChanged, FaultRaised
from lane_agent.model import Contact
from simulation.waiting import until
from tests.rigs.places import ROOT

INPUTS = {
    Contact.UNLADEN: InputSettings(line=5, active=ActiveLevel.LOW, stable_ms=5),
    Contact.STOP_LOOP: InputSettings(line=6, active=ActiveLevel.HIGH, stable_ms=100),
    Contact.IMMIGRATION_CLEARED: InputSettings(line=13, active=ActiveLevel.HIGH, stable_ms=0),
}
PULLS = {5: Pull.UP, 6: Pull.DOWN, 13: Pull.NONE}
BELL = {Output.BELL: OutputSettings(line=20, active=ActiveLevel.LOW)}


def clock() -> int:
    """The machine's monotonic milliseconds."""
    return time.monotonic_ns() // 1_000_000


class Lane:
    """The last settled level of each contact, and everything told."""

    def __init__(self) -> None:
        self.events: list[ContactEvent] = []

    def levels(self) -> dict[Contact, bool]:
        """Contact to its last reported level."""
        return {e.contact: e.active for e in self.events if isinstance(e, ContactChanged)}

    async def has(self, **wanted: bool) -> None:
        """Waits until these contacts stand like this."""
        await until(lambda: {Contact(name): active for name, active in wanted.items()}.items() <= self.levels().items())


def with_pins(story: Callable[[Any, WiredContacts, Lane], Awaitable[None]]) -> Lane:
    """Runs a story with contacts started on pins that the story drives."""

    async def run() -> Lane:
        factory, lane = MockFactory(), Lane()
        factory.pin(13).drive_low()  # no resistor: the wiring brings the level
        board = GpioBoard(inputs=PULLS, outputs={20: True}, factory=lambda: factory, clock=clock)
        contacts = WiredContacts(board=board, inputs=INPUTS, outputs=BELL, clock=clock)
        await contacts.start(lane.events.append)
        try:
            await lane.has(unladen=False, stop_loop=False, immigration_cleared=False)
            await story(factory, contacts, lane)
        finally:
            await contacts.stop()
        return lane

    return asyncio.run(run())


def test_a_button_to_ground_is_active_when_its_pin_goes_low() -> None:
    """The usual wiring: a pull-up and a button that closes to ground."""

    async def story(pins: Any, contacts: WiredContacts, lane: Lane) -> None:
        pins.pin(5).drive_low()
        await lane.has(unladen=True)
        pins.pin(5).drive_high()
        await lane.has(unladen=False)

    assert [
        e.active for e in with_pins(story).events if isinstance(e, ContactChanged) and e.contact is Contact.UNLADEN
    ] == [
        False,
        True,
        False,
    ]


def test_a_loop_and_a_signal_line_are_active_when_their_pins_go_high() -> None:
    """A loop detector with a pull-down, and Immigration's line without any resistor."""

    async def story(pins: Any, contacts: WiredContacts, lane: Lane) -> None:
        pins.pin(6).drive_high()
        pins.pin(13).drive_high()
        await lane.has(stop_loop=True, immigration_cleared=True)

    with_pins(story)


def test_bounces_are_filtered_by_us() -> None:
    """The mock pins of gpiozero itself pass every bounce on; one edge must come out."""

    async def story(pins: Any, contacts: WiredContacts, lane: Lane) -> None:
        for _ in range(4):
            pins.pin(6).drive_high()
            pins.pin(6).drive_low()
        pins.pin(6).drive_high()
        await lane.has(stop_loop=True)

    lane = with_pins(story)
    assert [e.active for e in lane.events if isinstance(e, ContactChanged) and e.contact is Contact.STOP_LOOP] == [
        False,
        True,
    ]


def test_an_edge_lost_on_the_way_is_repaired_by_sampling() -> None:
    """A level that changed without an edge being reported still gets through."""

    async def story(pins: Any, contacts: WiredContacts, lane: Lane) -> None:
        pin = pins.pin(6)
        report, pin._when_changed = pin._when_changed, None
        pin.drive_high()
        pin._when_changed = report
        await lane.has(stop_loop=True)

    with_pins(story)


def test_an_active_low_output_is_idle_high_from_the_first_moment() -> None:
    """The bell must not ring while the box starts."""

    async def story(pins: Any, contacts: WiredContacts, lane: Lane) -> None:
        assert [state.state for state in pins.pin(20).states][1:] == [True]
        contacts.switch(Output.BELL, True)
        assert pins.pin(20).state is False
        contacts.switch(Output.BELL, False)
        assert pins.pin(20).state is True

    with_pins(story)


def test_a_pin_that_is_taken_is_a_fault_that_names_it() -> None:
    """Another program on the same pin is said, and tried again; the lane does not crash."""

    async def run() -> list[ContactEvent]:
        factory = MockFactory()
        events: list[ContactEvent] = []
        taken = gpiozero.DigitalInputDevice(6, pin_factory=factory)
        board = GpioBoard(inputs=PULLS, outputs={}, factory=lambda: factory, clock=clock)
        contacts = WiredContacts(board=board, inputs=INPUTS, clock=clock)
        await contacts.start(events.append)
        await until(lambda: events)
        await contacts.stop()
        taken.close()
        return events

    fault = asyncio.run(run())[0]
    assert isinstance(fault, FaultRaised)
    assert "check chip and lines under contacts" in fault.detail


def test_a_line_that_is_no_output_is_named_when_written() -> None:
    """A wrong output line in the table is told in the technician's words."""
    board = GpioBoard(inputs={}, outputs={}, factory=MockFactory, clock=clock)
    with pytest.raises(BoardMissing, match=r"output line 3 is not open: check contacts\.outputs"):
        board.write(3, True)


def test_a_box_without_pins_is_told_what_to_do() -> None:
    """No chip 99, or no lgpio at all: either way the technician gets a remedy and no simulated pins."""
    with pytest.raises(BoardMissing, match=r"contacts\.(board|chip)"):
        lgpio_factory(99)


def test_the_driver_loads_where_nothing_can_be_written(tmp_path: Path) -> None:
    """As in the unit, whose working folder is /: lgpio makes a pipe where it is loaded, and every real board was dead."""
    script = (
        "from devices.gpio import look_at_chip\n"
        "try: look_at_chip(99)\n"
        "except OSError as problem: print(problem)\n"
        "import os; print(os.getcwd(), os.listdir(os.environ['TMPDIR']))"
    )
    given = {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "PATH": "/usr/bin"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd="/sys", env=given, capture_output=True, text=True, check=False
    )
    said = done.stdout.splitlines()
    assert "/dev/gpiochip99 cannot be opened" in said[0], done.stderr
    assert said[1] == "/sys []"
