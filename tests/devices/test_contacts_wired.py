"""Contacts over a board: polarity, debounce, faults that are raised once and cleared, outputs that are kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from devices.contacts import ContactEvent, Tell, WiredContacts
from devices.debounce import Chatter
from devices.errors import BoardMissing, WiringWrong
from devices.settings import ActiveLevel, InputSettings, Output, OutputSettings
from lane_agent.events import ContactChanged, FaultCleared, FaultRaised
from lane_agent.model import Contact, Fault
from runtime.backoff import Backoff
from simulation.waiting import until

PRESS, HELP = Contact.UNLADEN, Contact.HELP
INPUTS = {
    PRESS: InputSettings(line=1, active=ActiveLevel.LOW, stable_ms=5),
    HELP: InputSettings(line=2, active=ActiveLevel.HIGH, stable_ms=5),
}


def clock() -> int:
    """The machine's monotonic milliseconds."""
    return time.monotonic_ns() // 1_000_000


class Bench:
    """A board on the workbench: the test holds its wires and its plug."""

    def __init__(self) -> None:
        self.levels = {1: True, 2: False}
        self.present = True
        self.written: dict[int, bool] = {}
        self.refuses_writes = False
        self.tell: Tell | None = None
        self._pulled = asyncio.Event()

    async def run(self, tell: Tell) -> None:
        """Tells the levels and waits for the plug to be pulled."""
        if not self.present:
            raise BoardMissing("no board: plug it in")
        self.tell, self._pulled = tell, asyncio.Event()
        for line, high in self.levels.items():
            tell(line, high, clock())
        await self._pulled.wait()
        raise BoardMissing("the board was unplugged: plug it in")

    def write(self, line: int, high: bool) -> None:
        """Keeps what was written."""
        if self.refuses_writes:
            raise BoardMissing("the relay does not switch: replace it")
        self.written[line] = high

    def unanswered(self) -> tuple[int, ...]:
        """It confirms whatever it takes."""
        return ()

    def drive(self, line: int, *levels: bool) -> int:
        """The wire takes these levels within one millisecond; returns which."""
        assert self.tell is not None
        at_ms = clock()
        for high in levels:
            self.levels[line] = high
            self.tell(line, high, at_ms)
        return at_ms

    def pull(self) -> None:
        """The plug is pulled."""
        self.present = False
        self._pulled.set()


class Lane:
    """Everything the contacts told the lane."""

    def __init__(self) -> None:
        self.events: list[ContactEvent] = []

    async def has(self, condition: Callable[[list[ContactEvent]], bool]) -> None:
        """Waits until the condition holds for the events so far."""
        await until(lambda: condition(self.events))

    def edges(self, contact: Contact) -> list[bool]:
        """The settled levels of one contact, in order."""
        return [e.active for e in self.events if isinstance(e, ContactChanged) and e.contact is contact]

    def faults(self) -> list[str | None]:
        """Fault details in order; None for a clearing."""
        return [
            e.detail if isinstance(e, FaultRaised) else None for e in self.events if not isinstance(e, ContactChanged)
        ]


def on_the_bench(
    story: Callable[[Bench, WiredContacts, Lane], Awaitable[None]], outputs: dict[Output, OutputSettings] | None = None
) -> Lane:
    """Runs a story with contacts started on a bench board."""

    async def run() -> Lane:
        bench, lane = Bench(), Lane()
        contacts = WiredContacts(
            board=bench,
            inputs=INPUTS,
            outputs=outputs or {},
            clock=clock,
            chatter=Chatter(edges=10, window_ms=60_000, calm_ms=100),
            backoff=Backoff(0.005, 0.005),
        )
        await contacts.start(lane.events.append)
        try:
            await story(bench, contacts, lane)
        finally:
            await contacts.stop()
        return lane

    return asyncio.run(run())


async def levels_known(lane: Lane) -> None:
    """Waits for the first report of both contacts."""
    await lane.has(lambda _: len(lane.edges(PRESS)) >= 1 and len(lane.edges(HELP)) >= 1)


def test_present_levels_are_reported_at_start() -> None:
    """Inactive contacts are reported as such, so that one already active at arrival can be told."""

    async def story(bench: Bench, contacts: WiredContacts, lane: Lane) -> None:
        await levels_known(lane)

    lane = on_the_bench(story)
    assert (lane.edges(PRESS), lane.edges(HELP), lane.faults()) == ([False], [False], [])


def test_a_press_and_release_arrive_with_their_polarity_and_first_edge() -> None:
    """An active-low button is active when its line goes low, at the time of the first raw edge."""
    pressed_at = []

    async def story(bench: Bench, contacts: WiredContacts, lane: Lane) -> None:
        await levels_known(lane)
        pressed_at.append(bench.drive(1, False, True, False))
        await lane.has(lambda _: lane.edges(PRESS)[-1])
        bench.drive(1, True)
        await lane.has(lambda _: not lane.edges(PRESS)[-1])

    lane = on_the_bench(story)
    assert lane.edges(PRESS) == [False, True, False]
    press = next(e for e in lane.events if isinstance(e, ContactChanged) and e.active)
    assert press.edge_ms == pressed_at[0]


def test_a_lost_board_is_one_fault_and_its_return_reports_every_level_before_clearing() -> None:
    """The press that happened while the cable was out is seen; the fault is told once, not at every attempt."""

    async def story(bench: Bench, contacts: WiredContacts, lane: Lane) -> None:
        await levels_known(lane)
        bench.pull()
        await lane.has(lambda _: len(lane.faults()) >= 2)
        bench.levels[1] = False
        bench.present = True
        await lane.has(lambda _: None in lane.faults())

    lane = on_the_bench(story)
    assert lane.faults() == ["the board was unplugged: plug it in", "no board: plug it in", None]
    assert lane.edges(PRESS) == [False, True]
    assert isinstance(lane.events[-1], FaultCleared)


def test_a_chattering_contact_is_a_fault_until_it_calms_down() -> None:
    """The fault names the contact and the line, and goes by itself."""

    async def story(bench: Bench, contacts: WiredContacts, lane: Lane) -> None:
        await levels_known(lane)
        bench.drive(2, *[True, False] * 6)
        await lane.has(lambda _: None in lane.faults())

    lane = on_the_bench(story)
    assert lane.faults() == ["contact help chatters: check its cable, its screen and line 2", None]
    assert lane.edges(HELP) == [False]


def test_glitches_are_counted_for_the_technician() -> None:
    """A glitch changes nothing but its count."""

    async def story(bench: Bench, contacts: WiredContacts, lane: Lane) -> None:
        await levels_known(lane)
        bench.drive(2, True, False)
        await lane.has(lambda _: contacts.glitches[HELP] == 1)

    lane = on_the_bench(story)
    assert lane.edges(HELP) == [False]


def test_outputs_are_off_at_start_and_put_back_after_the_board_returns() -> None:
    """A bell that should ring rings again when the board is back."""

    async def story(bench: Bench, contacts: WiredContacts, lane: Lane) -> None:
        await levels_known(lane)
        assert bench.written == {7: False, 8: True}
        bench.pull()
        await lane.has(lambda _: len(lane.faults()) >= 1)
        contacts.switch(Output.BELL, True)
        assert bench.written[7] is False
        bench.present = True
        await lane.has(lambda _: None in lane.faults())
        assert bench.written == {7: True, 8: True}

    on_the_bench(
        story,
        {
            Output.BELL: OutputSettings(line=7, active=ActiveLevel.HIGH),
            Output.LAMP: OutputSettings(line=8, active=ActiveLevel.LOW),
        },
    )


def test_an_output_that_does_not_switch_is_a_fault_until_it_does() -> None:
    """A silent bell at a help call must not go unnoticed."""

    async def story(bench: Bench, contacts: WiredContacts, lane: Lane) -> None:
        await levels_known(lane)
        bench.refuses_writes = True
        contacts.switch(Output.BELL, True)
        bench.refuses_writes = False
        contacts.switch(Output.BELL, True)

    lane = on_the_bench(story, {Output.BELL: OutputSettings(line=7, active=ActiveLevel.HIGH)})
    assert lane.faults() == ["the relay does not switch: replace it", None]


def test_an_output_that_is_not_wired_is_no_error() -> None:
    """A lane without a lamp still rings."""

    async def story(bench: Bench, contacts: WiredContacts, lane: Lane) -> None:
        await levels_known(lane)
        contacts.switch(Output.LAMP, True)

    assert on_the_bench(story).faults() == []


def test_levels_told_by_a_board_already_lost_are_ignored() -> None:
    """A sample still on its way when the cable was pulled does not make the board present again."""

    async def story(bench: Bench, contacts: WiredContacts, lane: Lane) -> None:
        await levels_known(lane)
        stale = bench.tell
        bench.pull()
        await lane.has(lambda _: len(lane.faults()) >= 1)
        assert stale is not None
        stale(1, False, clock())
        await asyncio.sleep(0.03)

    lane = on_the_bench(story)
    assert lane.edges(PRESS) == [False]
    assert None not in lane.faults()


def test_an_error_in_the_driver_is_a_fault_at_once_and_is_not_hidden_at_stop() -> None:
    """A task that dies must not leave the lane believing in dead buttons."""

    class Broken(Bench):
        async def run(self, _: Tell) -> None:
            raise ZeroDivisionError

    async def run() -> list[ContactEvent]:
        events: list[ContactEvent] = []
        contacts = WiredContacts(board=Broken(), inputs=INPUTS, clock=clock)
        await contacts.start(events.append)
        await until(lambda: events)
        with pytest.raises(ZeroDivisionError):
            await contacts.stop()
        return events

    (fault,) = asyncio.run(run())
    assert isinstance(fault, FaultRaised)
    assert fault.fault is Fault.CONTACTS
    assert "restart the lane" in fault.detail


@pytest.mark.parametrize(
    ("inputs", "outputs", "says"),
    [
        ({PRESS: 1, HELP: 1}, {}, "inputs.help and inputs.unladen are both on line 1"),
        ({PRESS: 1}, {Output.BELL: 1}, "outputs.bell and inputs.unladen are both on line 1"),
    ],
)
def test_two_on_one_line_are_refused(inputs: dict[Contact, int], outputs: dict[Output, int], says: str) -> None:
    """Two on one line is a mistake of the table."""
    level = ActiveLevel.HIGH
    with pytest.raises(WiringWrong, match=says):
        WiredContacts(
            board=Bench(),
            inputs={contact: InputSettings(line=line, active=level) for contact, line in inputs.items()},
            outputs={output: OutputSettings(line=line, active=level) for output, line in outputs.items()},
            clock=clock,
        )
