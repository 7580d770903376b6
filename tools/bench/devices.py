"""Presses through the real contacts, none lost and none doubled; how soon each fault is noticed; what an idle box costs.

Most presses pass in simulated time: the event loop's clock leaps to the next thing that is due, so that a day of pressing takes
minutes and every filter, poll and timer runs as it would. Over GPIO they are gpiozero's mock pins; over Modbus the driver polls a
module whose answers take as long as real ones do, with and without counters. A shorter part is in real time, against
pymodbus's own server over TCP, whose inputs follow a timetable, so that a loaded machine makes answers late and bounces no longer.
One more part in simulated time has answers that are late by up to seconds: there presses may be lost, which is a fault by then,
and none may be doubled. Notice times are real time against real servers, on a quiet machine.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import random
import resource
import selectors
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpiozero.pins.mock import MockFactory
from pymodbus.constants import ExcCodes
from rich.console import Console

from devices.contacts import Board, ContactEvent, WiredContacts
from devices.gpio import GpioBoard
from devices.modbus_board import ModbusBoard, ModbusPort
from devices.settings import ActiveLevel, InputSettings, Pull
from devices.simulated.modbus_module import SimulatedModbusModule
from lane_agent.events import ContactChanged, FaultRaised
from lane_agent.model import Contact
from tools.bench.device_notice import camera_notices, modbus_notices

STABLE_MS = 30
LINES = {Contact.UNLADEN: 5, Contact.HELP: 6, Contact.DROP_BOX: 13, Contact.IMMIGRATION_STARTED: 19}
"""Pressed side by side; the lines are pins, and Modbus addresses."""
SHORTEST_S, LONGEST_S = 0.1, 0.4
_IDLE_S = 10.0
_PATIENCE = 100
"""Tenths of a second in which a press may yet be told, before it is lost."""
LATE_S = 3.0
"""How long a laden module thinks now and then."""
_LATE_SHARE = 0.03


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time leaps to the next timer instead of passing."""

    def __init__(self) -> None:
        self._leapt = 0.0
        super().__init__(_LeapingSelector(self))

    def time(self) -> float:
        """Simulated seconds."""
        return self._leapt

    def leap(self, seconds: float) -> None:
        """Nothing is ready: the time of the next timer has come."""
        self._leapt += seconds


class _LeapingSelector(selectors.DefaultSelector):
    def __init__(self, loop: LeapingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; else time leaps."""
        ready = super().select(0)
        if not ready and timeout:
            self._loop.leap(timeout)
        return ready


@dataclass(slots=True)
class Pressed:
    """Presses made and heard."""

    presses: int = 0
    lost: int = 0
    doubled: int = 0
    faults: int = 0

    def __add__(self, other: Pressed) -> Pressed:
        return Pressed(
            self.presses + other.presses,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.faults + other.faults,
        )


Drive = Callable[[int, bool], None]
"""(line, active): what the finger does to the wire."""


Finger = Callable[[int, list[tuple[bool, float]]], Awaitable[None]]
"""(line, levels and the seconds that each lasts): a press and the pause after it."""


def bounces(chance: random.Random, *, active: bool) -> list[tuple[bool, float]]:
    """The beginning of a change of a worn contact: up to six bounces within the time of the filter."""
    levels = [active, not active] * chance.randrange(7)
    return [(level, chance.uniform(0.0002, 0.0018)) for level in levels]


def a_press(chance: random.Random) -> list[tuple[bool, float]]:
    """A press of a tenth of a second or longer, and the pause of a hurried finger after it; oftener would be called chatter."""
    held = (True, chance.uniform(SHORTEST_S, LONGEST_S))
    rest = (False, chance.uniform(2 * LONGEST_S, 4 * LONGEST_S))
    return [*bounces(chance, active=True), held, *bounces(chance, active=False), rest]


def pushing(drive: Drive) -> Finger:
    """A finger that moves the wire itself, where time is simulated."""

    async def push(line: int, levels: list[tuple[bool, float]]) -> None:
        for active, lasting_s in levels:
            drive(line, active)
            await asyncio.sleep(lasting_s)

    return push


async def pressed(board: Board, push: Finger, presses: int, chance: random.Random, clock: Callable[[], int]) -> Pressed:
    """Presses all lines side by side, so many times together, and counts what the contacts made of it."""
    heard: Counter[Contact] = Counter()
    known: dict[Contact, bool] = {}
    found = Pressed()

    def hear(event: ContactEvent) -> None:
        if isinstance(event, ContactChanged):
            heard[event.contact] += event.active and not known.get(event.contact, False)
            known[event.contact] = event.active
        elif isinstance(event, FaultRaised):
            found.faults += 1

    inputs = {
        contact: InputSettings(line=line, active=ActiveLevel.HIGH, pull=Pull.DOWN, stable_ms=STABLE_MS)
        for contact, line in LINES.items()
    }
    contacts = WiredContacts(board=board, inputs=inputs, clock=clock)
    await contacts.start(hear)
    while known.keys() != LINES.keys():  # noqa: ASYNC110 - it comes to be in the contacts' own task
        await asyncio.sleep(0.05)
    each = presses // len(LINES)

    async def finger(contact: Contact, line: int) -> None:
        for _ in range(each):
            heard[contact] = 0
            await push(line, a_press(chance))
            for _ in range(_PATIENCE):
                if heard[contact] and not known[contact]:
                    break
                await asyncio.sleep(0.1)
            found.lost += heard[contact] == 0
            found.doubled += max(0, heard[contact] - 1)

    await asyncio.gather(*(finger(contact, line) for contact, line in LINES.items()))
    found.presses = each * len(LINES)
    await contacts.stop()
    return found


def in_simulated_time(story: Callable[[Callable[[], int]], Awaitable[Pressed]]) -> Pressed:
    """Runs it in a leaping loop; it is given the clock."""
    loop = LeapingLoop()
    try:
        return loop.run_until_complete(story(lambda: round(loop.time() * 1_000)))
    finally:
        loop.close()


def over_gpio(presses: int, chance: random.Random) -> Pressed:
    """Gpiozero's mock pins."""

    async def story(clock: Callable[[], int]) -> Pressed:
        factory = MockFactory()
        board = GpioBoard(
            inputs=dict.fromkeys(LINES.values(), Pull.DOWN), outputs={}, factory=lambda: factory, clock=clock
        )

        def drive(line: int, active: bool) -> None:
            pin = factory.pin(line)
            (pin.drive_high if active else pin.drive_low)()

        return await pressed(board, pushing(drive), presses, chance, clock)

    return in_simulated_time(story)


class PlayedModule:
    """A module's answers in simulated time: each takes as long as a real one's, and says what was so half way through."""

    connected = True

    def __init__(
        self, chance: random.Random, levels: dict[int, bool], counts: dict[int, int], *, late: float = 0.0
    ) -> None:
        self._chance, self._levels, self._counts, self._late = chance, levels, counts, late

    async def connect(self) -> bool:
        """It is there."""
        return True

    def close(self) -> None:
        """Nothing is open."""

    async def read_discrete_inputs(self, first: int, *, count: int, **_: object) -> PlayedAnswer:
        """The levels."""
        return await self._answer(2, lambda: [self._levels.get(first + at, False) for at in range(count)])

    async def read_input_registers(self, first: int, *, count: int, **_: object) -> PlayedAnswer:
        """The counters."""
        return await self._answer(4, lambda: [self._counts.get(first + at, 0) % 65_536 for at in range(count)])

    read_coils = read_holding_registers = read_discrete_inputs

    async def _answer(self, function: int, values: Callable[[], list[Any]]) -> PlayedAnswer:
        late = self._chance.random() < self._late
        await asyncio.sleep(self._half(late))
        found = PlayedAnswer(function, values())
        await asyncio.sleep(self._half(late))
        return found

    def _half(self, late: bool) -> float:
        return self._chance.uniform(0, LATE_S / 2) if late else self._chance.uniform(0.0005, 0.006)


@dataclass(slots=True)
class PlayedAnswer:
    """As pymodbus gives one."""

    function_code: int
    bits: list[Any]

    @property
    def registers(self) -> list[Any]:
        """The same values."""
        return self.bits

    def isError(self) -> bool:  # noqa: N802 - pymodbus's name
        """Never."""
        return False


class _PlayedBoard(ModbusBoard):
    def __init__(self, module: PlayedModule, **rest: Any) -> None:
        super().__init__(ModbusPort("tcp://played"), outputs=(), **rest)
        self._module = module

    def _client(self) -> PlayedModule:
        return self._module


def over_modbus(presses: int, chance: random.Random, *, counted: bool, late: float = 0.0) -> Pressed:
    """The driver against a module in simulated time, with or without counters; this share of its answers is late."""

    async def story(clock: Callable[[], int]) -> Pressed:
        levels, counts = dict.fromkeys(LINES.values(), False), dict.fromkeys(LINES.values(), 0)

        moved: dict[int, int] = {}

        def drive(line: int, active: bool) -> None:
            """A module that counts filters its inputs: it counts a press, not its bounces."""
            if active != levels[line]:
                counts[line] += active and clock() - moved.get(line, -1_000) > STABLE_MS
                moved[line] = clock()
            levels[line] = active

        inputs = {line: line if counted else None for line in LINES.values()}
        board = _PlayedBoard(PlayedModule(chance, levels, counts, late=late), inputs=inputs, clock=clock)
        return await pressed(board, pushing(drive), presses, chance, clock)

    return in_simulated_time(story)


class TimetabledModule(SimulatedModbusModule):
    """A module whose wires follow a timetable in real time: a machine that is late looks later, and moves nothing later."""

    def __init__(self, *, lines: int) -> None:
        super().__init__(lines=lines)
        self._coming: list[tuple[float, int, bool]] = []

    async def push(self, line: int, levels: list[tuple[bool, float]]) -> None:
        """As a `Finger`."""
        at_s = time.monotonic()
        for active, lasting_s in levels:
            heapq.heappush(self._coming, (at_s, line, active))
            at_s += lasting_s
        await asyncio.sleep(at_s - time.monotonic())

    async def _answer(self, *request: Any) -> ExcCodes | None:
        while self._coming and self._coming[0][0] <= time.monotonic():
            _at_s, line, active = heapq.heappop(self._coming)
            self.drive(line, active)
        return await super()._answer(*request)


def over_tcp(presses: int, chance: random.Random) -> Pressed:
    """Real time, pymodbus's own server."""

    async def story() -> Pressed:
        module = TimetabledModule(lines=20)
        port = await module.serve_tcp()
        clock = _monotonic_ms
        inputs = {line: line for line in LINES.values()}
        board = ModbusBoard(ModbusPort(f"tcp://127.0.0.1:{port}"), inputs=inputs, outputs=(), clock=clock)
        try:
            return await pressed(board, module.push, presses, chance, clock)
        finally:
            await module.stop()

    return asyncio.run(story())


def idle_cost() -> dict[str, float]:
    """A Modbus module that is polled and nobody presses: share of a core, and the memory of this process."""

    async def story() -> float:
        module = SimulatedModbusModule(lines=20)
        port = await module.serve_tcp()
        inputs = dict.fromkeys(LINES.values())
        board = ModbusBoard(ModbusPort(f"tcp://127.0.0.1:{port}"), inputs=inputs, outputs=(), clock=_monotonic_ms)
        running = asyncio.create_task(board.run(lambda *_: None))
        await asyncio.sleep(1.0)
        began = time.process_time()
        await asyncio.sleep(_IDLE_S)
        spent = time.process_time() - began
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await module.stop()
        return spent / _IDLE_S

    return {
        "modbus_with_its_module_cores": round(asyncio.run(story()), 3),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024, 1),
    }


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def run(*, presses: int, real: int, seed: int, faults: bool, json_file: Path | None) -> bool:
    """The measurement; whether nothing was lost, doubled or noticed late."""
    console, chance = Console(stderr=True), random.Random(seed)
    parts: dict[str, Pressed] = {}
    plan: tuple[tuple[str, Callable[[], Pressed]], ...] = (
        ("gpio", lambda: over_gpio(presses // 2, chance)),
        ("modbus", lambda: over_modbus(presses // 4, chance, counted=False)),
        ("modbus_counted", lambda: over_modbus(presses - presses // 2 - presses // 4, chance, counted=True)),
        ("modbus_real_time", lambda: over_tcp(real, chance)),
    )
    for name, part in plan:
        with console.status(name):
            parts[name] = part()
        console.print(f"{name}: {parts[name]}")
    total = sum(parts.values(), Pressed())
    with console.status("modbus_laden"):
        laden = parts["modbus_laden"] = over_modbus(presses // 10, chance, counted=False, late=_LATE_SHARE)
    console.print(f"modbus_laden: {laden}")
    figures: dict[str, Any] = {"presses": total.presses, "lost": total.lost, "doubled": total.doubled}
    figures["parts"] = {name: vars_of(found) for name, found in parts.items()}
    if faults:
        figures["modbus_notice_ms"] = modbus_notices()
        figures["camera_notice_ms"] = camera_notices()
        figures["idle"] = idle_cost()
    text = json.dumps(figures)
    if json_file is not None:
        json_file.write_text(text + "\n", encoding="utf-8")
    print(text)
    late = max(
        [*figures.get("modbus_notice_ms", {}).values(), *figures.get("camera_notice_ms", {}).values()], default=0
    )
    return not total.lost and not total.doubled and not laden.doubled and late <= 3_000


def vars_of(found: Pressed) -> dict[str, int]:
    """For JSON."""
    return {"presses": found.presses, "lost": found.lost, "doubled": found.doubled, "faults": found.faults}
