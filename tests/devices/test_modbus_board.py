"""A Modbus module over TCP and a serial cable: the real driver against two slaves, ours and another maker's, on bad days too."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import wraps
from typing import Any, TypeVar

import modbus_tk.defines as tk
import pytest
import serial
from modbus_tk.modbus_rtu import RtuServer
from modbus_tk.modbus_tcp import TcpServer
from pymodbus.constants import ExcCodes

from devices.contacts import ContactEvent, WiredContacts
from devices.debounce import BoardLook, Debounce
from devices.errors import BoardGarbled, BoardMissing, BoardSilent, ContactsError, WiringWrong
from devices.modbus_board import ModbusBoard, ModbusPort, _Inputs, spans
from devices.modbus_settings import ModbusTable
from devices.settings import ActiveLevel, InputSettings, Output, OutputSettings
from devices.simulated.modbus_module import SimulatedModbusModule
from lane_agent.events import ContactChanged, FaultCleared, FaultRaised
from lane_agent.model import Contact
from runtime.backoff import Backoff
from simulation.waiting import until
from tests.rigs.serial_cable import SerialCable

Slave = TypeVar("Slave", TcpServer, RtuServer)

SILENT_MS = 600
_ANOTHER_MAKERS = pytest.mark.filterwarnings("ignore:isSet")  # modbus-tk asks its threads in the old way
INPUTS = {
    Contact.UNLADEN: InputSettings(line=0, active=ActiveLevel.HIGH),
    Contact.STOP_LOOP: InputSettings(line=3, active=ActiveLevel.HIGH),
}
BELL = {Output.BELL: OutputSettings(line=0, active=ActiveLevel.HIGH)}


def in_a_loop(test: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
    """The test, run to its end in an event loop of its own."""

    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


def clock() -> int:
    """The machine's monotonic milliseconds."""
    return time.monotonic_ns() // 1_000_000


class Levels:
    """What a board told, repeats left out."""

    def __init__(self) -> None:
        self.edges: list[tuple[int, bool]] = []
        self.last: dict[int, bool] = {}

    def tell(self, line: int, high: bool, _when: int | BoardLook) -> None:
        """A raw level."""
        if self.last.get(line) != high:
            self.edges.append((line, high))
        self.last[line] = high


def board(
    name: str, inputs: Iterable[int] = (0, 3), *, outputs: Iterable[int] = (), counted: bool = False, **rest: object
) -> ModbusBoard:
    """A driver for that port."""
    table = {line: line if counted else None for line in inputs}
    port = ModbusPort(name, baud=115_200)
    return ModbusBoard(port, inputs=table, outputs=outputs, clock=clock, silent_ms=SILENT_MS, **rest)  # type: ignore[arg-type]


@asynccontextmanager
async def module_on_tcp() -> AsyncIterator[tuple[SimulatedModbusModule, str]]:
    """A module, and its port's name."""
    module = SimulatedModbusModule()
    port = await module.serve_tcp()
    try:
        yield module, f"tcp://127.0.0.1:{port}"
    finally:
        await module.stop()


@asynccontextmanager
async def running(driver: ModbusBoard, levels: Levels) -> AsyncIterator[asyncio.Task[None]]:
    """The driver's task; ended at the end."""
    task = asyncio.create_task(driver.run(levels.tell))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, ContactsError):
            await task


async def fails(task: asyncio.Task[None], kind: type[ContactsError]) -> str:
    """The words of the error that ends the driver."""
    with pytest.raises(kind) as failed:
        await asyncio.wait_for(asyncio.shield(task), 60)
    return str(failed.value)


@in_a_loop
async def test_levels_and_edges_come_through_over_tcp() -> None:
    """Every wired line is told at once, then each change."""
    async with module_on_tcp() as (module, name):
        levels = Levels()
        module.drive(3, True)
        async with running(board(name), levels):
            await until(lambda: levels.last == {0: False, 3: True})
            module.drive(0, True)
            await until(lambda: levels.last[0])
            module.drive(0, False)
            await until(lambda: levels.edges[-1] == (0, False))


@in_a_loop
async def test_the_same_over_a_serial_cable_which_is_pulled_and_put_back() -> None:
    """A pulled serial cable is a silent module; the message names what a technician checks."""
    with SerialCable() as cable:
        module, levels = SimulatedModbusModule(), Levels()
        await module.serve_serial(cable.ends[1], baud=115_200)
        try:
            async with running(board(cable.ends[0]), levels) as task:
                await until(lambda: levels.last == {0: False, 3: False})
                cable.cut.set()
                assert "contacts.baud, contacts.modbus.parity and contacts.modbus.unit (1)" in await fails(
                    task, BoardSilent
                )
            cable.cut.clear()
            module.drive(3, True)
            async with running(board(cable.ends[0]), levels):
                await until(lambda: levels.last[3])
        finally:
            await module.stop()


@in_a_loop
async def test_no_bouncing_press_of_100_ms_is_lost_or_doubled() -> None:
    """With random bounce at both ends, through the debounce of the lane's contacts; 60 presses.

    The wire follows the driver's clock, which goes on with each question, so that a slow machine makes nothing longer.
    """
    chance, now_ms = random.Random(7), 0.0
    moves: list[tuple[float, bool]] = []
    for began in range(1_000, 1_000 + 60 * 220, 220):
        for level, at_ms in ((True, began), (False, began + 120)):
            bounces = sorted(chance.uniform(0, 18) for _ in range(2 * chance.randrange(4)))
            moves += [(at_ms + ms, level == (number % 2 == 0)) for number, ms in enumerate([0.0, *bounces])]

    class OnThatWire(SimulatedModbusModule):
        async def _answer(self, *request: Any) -> ExcCodes | None:
            nonlocal now_ms
            now_ms += chance.uniform(1, 6)
            while moves and moves[0][0] <= now_ms:
                self.drive(0, moves.pop(0)[1])
            answer = await super()._answer(*request)
            now_ms += chance.uniform(1, 6)
            return answer

    module, events = OnThatWire(), list[ContactEvent]()
    name = f"tcp://127.0.0.1:{await module.serve_tcp()}"

    def ticking() -> int:
        nonlocal now_ms
        now_ms += 1
        return int(now_ms)

    driver = ModbusBoard(ModbusPort(name), inputs={0: None, 3: None}, outputs=(), clock=ticking, silent_ms=60_000)
    contacts = WiredContacts(board=driver, inputs=INPUTS, clock=ticking)
    await contacts.start(events.append)
    try:
        presses = lambda: [e.active for e in events if isinstance(e, ContactChanged) and e.contact is Contact.UNLADEN]  # noqa: E731
        await until(lambda: not moves and len(presses()) >= 121)
        assert presses() == [False] + [True, False] * 60
        assert contacts.glitches[Contact.STOP_LOOP] == 0
    finally:
        await contacts.stop()
        await module.stop()


@in_a_loop
async def test_a_press_between_two_slow_answers_is_known_from_the_modules_counter() -> None:
    """A module that answers every 300 ms shows no level of a press of 100 ms; its counter does."""
    async with module_on_tcp() as (module, name):
        events: list[ContactEvent] = []
        contacts = WiredContacts(board=board(name, counted=True), inputs=INPUTS, clock=clock)
        await contacts.start(events.append)
        try:
            await until(lambda: len(events) == 2)
            module.delay_s = 0.15
            await asyncio.sleep(0.4)
            module.drive(0, True)
            module.drive(0, False)
            await until(lambda: len(events) == 4)
            assert [isinstance(e, ContactChanged) and (e.contact, e.active) for e in events[2:]] == [
                (Contact.UNLADEN, True),
                (Contact.UNLADEN, False),
            ]
        finally:
            await contacts.stop()


@in_a_loop
async def test_a_counter_that_begins_anew_is_no_press() -> None:
    """A module that was switched off and on counts from 0."""
    async with module_on_tcp() as (module, name):
        levels = Levels()
        for _ in range(5):
            module.drive(0, True)
            module.drive(0, False)
        async with running(board(name, counted=True), levels):
            await until(lambda: 0 in levels.last)
            module.restart()
            await asyncio.sleep(0.2)
        assert levels.edges == [(0, False), (3, False)]


@in_a_loop
async def test_a_module_too_slow_for_a_press_is_a_fault_unless_it_counts() -> None:
    """Each gap between two answers could hide a press; 20 of them are no hiccup."""
    async with module_on_tcp() as (module, name):
        module.delay_s = 0.12
        async with running(board(name), Levels()) as task:
            assert "too slowly" in await fails(task, BoardSilent)
        async with running(board(name, counted=True), Levels()) as task:
            done, _ = await asyncio.wait({task}, timeout=4)
            assert not done


@in_a_loop
async def test_a_module_that_hangs_is_silent_within_its_limit() -> None:
    """And one that is gone is missing at once."""
    async with module_on_tcp() as (module, name):
        levels = Levels()
        async with running(board(name), levels) as task:
            await until(lambda: 0 in levels.last)
            module.mute(True)
            await fails(task, BoardSilent)
        module.mute(False)
        async with running(board(name), levels) as task:
            await asyncio.sleep(0.1)
            await module.stop()
            assert "cable" in await fails(task, BoardMissing)
    async with running(board(name), levels) as task:
        await fails(task, BoardMissing)


@in_a_loop
async def test_a_wired_line_that_the_module_does_not_have_is_a_fault() -> None:
    """Inputs at once; an output as soon as it is ordered."""
    async with module_on_tcp() as (_, name):
        async with running(board(name, [12]), Levels()) as task:
            assert "no such address: discrete inputs 12 to 12" in await fails(task, WiringWrong)
        driver, levels = board(name, outputs=[9]), Levels()
        async with running(driver, levels) as task:
            await until(lambda: 0 in levels.last)
            driver.write(9, True)
            assert "output (coil) 9" in await fails(task, WiringWrong)


@in_a_loop
async def test_a_module_that_refuses_everything_is_a_fault() -> None:
    """Busy for a moment is nothing, for ever is a fault that names the exception."""
    async with module_on_tcp() as (module, name):
        levels = Levels()
        async with running(board(name), levels) as task:
            await until(lambda: 0 in levels.last)
            module.busy = True
            await asyncio.sleep(SILENT_MS / 3_000)
            module.busy = False
            await asyncio.sleep(SILENT_MS / 1_000)
            assert not task.done()
            module.busy = True
            assert "exception 6" in await fails(task, BoardGarbled)


@in_a_loop
async def test_an_output_follows_at_once_and_again_after_the_module_forgot_it() -> None:
    """A module that was switched off and on has its relays off; the second read-back finds that out."""
    async with module_on_tcp() as (module, name):
        driver, levels = board(name, outputs=[0, 1]), Levels()
        async with running(driver, levels) as task:
            await until(lambda: 0 in levels.last)
            driver.write(1, True)
            await until(lambda: module.relays == [False, True, False, False])
            module.restart()
            await until(lambda: module.relays[1])
            module.stuck = {1}
            driver.write(1, False)
            await until(lambda: driver.unanswered() == (1,))
            assert not task.done()
            module.stuck = set()
            await until(lambda: driver.unanswered() == ())


@_ANOTHER_MAKERS
@in_a_loop
async def test_registers_carry_sixteen_lines_each() -> None:
    """The modules that have no table of bits; a line is 16 x address + bit."""
    with another_makers(TcpServer(port=0, address="127.0.0.1")) as slave:
        block = slave.add_slave(1)
        block.add_block("r", tk.ANALOG_INPUTS, 30, 4)
        block.set_values("r", 31, [0b1000_0000_0000_0001])
        levels = Levels()
        driver = board(_port_of(slave), [31 * 16, 31 * 16 + 3, 31 * 16 + 15], table=ModbusTable.INPUT_REGISTERS)
        async with running(driver, levels):
            await until(lambda: len(levels.last) == 3)
            assert levels.last == {496: True, 499: False, 511: True}


@_ANOTHER_MAKERS
@in_a_loop
async def test_another_makers_slave_is_understood_on_both_cables() -> None:
    """modbus-tk, over TCP and as RTU over a serial cable: levels, edges, orders."""
    with another_makers(TcpServer(port=0, address="127.0.0.1")) as slave:
        await _understands(slave, _port_of(slave))
    with SerialCable() as cable:
        line = serial.Serial(cable.ends[1], 115_200, timeout=0.01)
        with another_makers(RtuServer(line)) as slave:
            await _understands(slave, cable.ends[0])


@contextmanager
def another_makers(slave: Slave) -> Iterator[Slave]:
    """The slave, answering."""
    slave.start()
    try:
        yield slave
    finally:
        slave.stop()
        if isinstance(slave, TcpServer):  # it leaves its sockets to the garbage collector
            for sock in slave._sockets:
                sock.close()


def _port_of(slave: TcpServer) -> str:
    until_ms = clock() + 10_000
    while slave._sock is None and clock() < until_ms:  # its thread opens it, and it tells its port nowhere else
        time.sleep(0.01)
    return f"tcp://127.0.0.1:{slave._sock.getsockname()[1]}"


async def _understands(slave: TcpServer | RtuServer, name: str) -> None:
    unit = slave.add_slave(1)
    unit.add_block("in", tk.DISCRETE_INPUTS, 0, 8)
    unit.add_block("out", tk.COILS, 0, 4)
    driver, levels = board(name, outputs=[2]), Levels()
    async with running(driver, levels):
        await until(lambda: levels.last == {0: False, 3: False})
        unit.set_values("in", 3, 1)
        await until(lambda: levels.last[3])
        driver.write(2, True)
        await until(lambda: unit.get_values("out", 2, 1)[0] == 1)


@in_a_loop
async def test_what_makes_no_sense_never_ends_the_driver_but_by_its_own_errors() -> None:
    """Random bytes, half answers and answers to questions nobody asked, from a server that is no module."""
    chance = random.Random(3)

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while question := await reader.read(64):
                nonsense = chance.choice(
                    [os.urandom(chance.randrange(1, 40)), question[: chance.randrange(len(question) + 1)]]
                )
                writer.write(nonsense)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        name = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for _ in range(3):
            levels = Levels()
            async with running(board(name), levels) as task:
                await fails(task, ContactsError)
            assert levels.edges == []


@in_a_loop
async def test_a_driver_that_is_told_to_end_ends_whatever_it_waits_for() -> None:
    """Before Python 3.12 `asyncio.wait_for`, in which pymodbus waits, swallows a cancellation that meets an answer.

    Without the driver's own look at it, about one in 750 went on for ever.
    """
    chance = random.Random(1)
    async with module_on_tcp() as (_, name):
        for _ in range(1_500):
            levels = Levels()
            task = asyncio.create_task(board(name, poll_ms=5).run(levels.tell))
            while 0 not in levels.last:  # noqa: ASYNC110 -- turns of the loop are what is counted
                await asyncio.sleep(0)
            for _ in range(chance.randrange(60)):
                await asyncio.sleep(0)
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=10)
            assert done


@in_a_loop
async def test_the_lane_is_told_and_finds_the_module_again_by_itself() -> None:
    """Through `WiredContacts`: fault, fault cleared, and the bell that was on is on again."""
    async with module_on_tcp() as (module, name), _lane(name) as (contacts, events):
        await until(lambda: any(isinstance(e, ContactChanged) for e in events))
        contacts.switch(Output.BELL, True)
        await until(lambda: module.relays[0])
        port = int(name.rpartition(":")[2])
        await module.stop()
        await until(lambda: any(isinstance(e, FaultRaised) for e in events))
        await module.serve_tcp(port)
        await until(lambda: isinstance(events[-1], FaultCleared) and module.relays[0])


@asynccontextmanager
async def _lane(name: str) -> AsyncIterator[tuple[WiredContacts, list[ContactEvent]]]:
    events: list[ContactEvent] = []
    driver = board(name, outputs=[0])
    contacts = WiredContacts(
        board=driver, inputs=INPUTS, outputs=BELL, clock=clock, apart=True, backoff=Backoff(0.05, 0.2)
    )
    await contacts.start(events.append)
    try:
        yield contacts, events
    finally:
        await contacts.stop()


@pytest.mark.parametrize(
    ("addresses", "requests"),
    [
        ([], ()),
        ([5], ((5, 1),)),
        ([0, 3, 16], ((0, 17),)),
        ([0, 40], ((0, 1), (40, 1))),
        (range(0, 250, 10), ((0, 111), (120, 111), (240, 1))),
    ],
)
def test_addresses_are_asked_for_in_few_requests(
    addresses: Iterable[int], requests: tuple[tuple[int, int], ...]
) -> None:
    """Neighbours together; far ones apart; never more than a module must answer at once."""
    assert spans(addresses) == requests


def test_bounces_that_a_module_counts_are_no_further_presses() -> None:
    """A counter without a filter counts each bounce; what it adds right after the level changed is no press."""
    button, pressed = Debounce(stable_ms=30), list[int]()

    def tell(_line: int, high: bool, when: int | BoardLook) -> None:
        assert isinstance(when, BoardLook)
        pressed.extend(edge.at_ms for edge in button.look(high, when) if edge.active)

    inputs = _Inputs([0], tell)
    answers = [(False, 0), (False, 0), (True, 4), (True, 6), (True, 6), (False, 7), (False, 9)]
    answers += [(False, 9), (False, 9), (False, 9), (False, 11), (False, 11), (False, 11)]
    for number, (high, count) in enumerate(answers):
        asked_ms = 1_000 + 40 * number
        inputs.take({0: high}, {0: count}, BoardLook(asked_ms, asked_ms + 4, asked_ms + 8))
    assert len(pressed) == 2  # the press, and the one at the end that no answer showed
