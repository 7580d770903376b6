"""Everything of a lane is unplugged and hung at random while trucks pass; the judge knows what each truck deserved.

Real parts: the agent with its step, the contacts over a Modbus module (pymodbus's server), Immigration's terminal over TCP, the reader's process
at an MJPEG camera. In memory: journal, list of codes, screens. Marks are told as the reader would settle them, for no plate is drawn.

| judged | how |
|---|---|
| wrong release | 3 is ordered for a truck whose list says stop, or that Immigration has not cleared, or while something has been unplugged for longer than it may take to notice |
| not manual | something has been unplugged for longer than that, and the lane knows of no fault |
| not back | everything has been in order for long, and the lane is still in manual mode |
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from devices.contact_faults import ContactFaults
from devices.contacts import WiredContacts
from devices.modbus_board import ModbusBoard, ModbusPort
from devices.reader import ReaderProcess
from devices.reader_protocol import ReaderSetup
from devices.settings import ActiveLevel, CameraKind, CameraSettings, InputSettings, ReaderSettings
from devices.simulated.mjpeg_camera import MjpegCamera
from devices.simulated.modbus_module import SimulatedModbusModule
from devices.simulated.terminal import SimulatedTerminal
from devices.terminal import SIGNALS, WatchedTerminal
from devices.terminal_protocol import TerminalVerb
from devices.terminal_serial import SerialTerminal
from domain.crossing import Direction
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import Effect, Show
from lane_agent.model import Bundle, Cargo, Contact, Link, Moment, Policy, Read, ReadSource, Screen
from lane_agent.state import Lane
from lane_agent.wording import Scene
from runtime.clocks import monotonic_ms, utc_ms
from simulation.hardwareless_lane import NoHardware
from simulation.page_lane import MemoryCodeBook, MemoryJournal
from simulation.waiting import until
from tools.bench.ailing_camera import well

NOTICE_S, BACK_S = 3.5, 20.0
"""How soon a fault must be known, with half a second for this machine; and how soon the lane is automatic again after the last."""
WIRED = [contact for contact in Contact if contact not in SIGNALS]
_HOUR_MS = 3_600_000


@dataclass(slots=True)
class UnpluggedJudgement:
    """What was seen."""

    trucks: int = 0
    released: int = 0
    by_hand: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    not_manual: list[str] = field(default_factory=list)
    not_back: list[str] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            **{name: getattr(self, name) for name in ("trucks", "released", "by_hand")},
            "unplugged": dict(self.faults),
            **{f"{name}_count": len(getattr(self, name)) for name in ("wrong", "not_manual", "not_back")},
            **{name: getattr(self, name)[:5] for name in ("wrong", "not_manual", "not_back")},
            "back_s_max": round(max(self.back_s, default=0.0), 1),
        }


class UnpluggedLane(NoHardware):
    """The lane and the world around it."""

    def __init__(self, module_port: int, terminal_port: int, camera_port: int, folder: Path) -> None:
        self.journal = MemoryJournal()
        self.codes = MemoryCodeBook(utc_ms, self.journal.uses)
        self.agent = Agent(Lane(), clock=self, journal=self.journal, codes=self.codes, actuators=self, software="bench")
        self.codes.tell = self.agent.tell
        faults = ContactFaults()
        self.contacts = WiredContacts(
            board=ModbusBoard(
                ModbusPort(f"tcp://127.0.0.1:{module_port}"),
                inputs=dict.fromkeys(range(len(WIRED))),
                outputs=(),
                clock=monotonic_ms,
            ),
            inputs={contact: InputSettings(line=at, active=ActiveLevel.HIGH) for at, contact in enumerate(WIRED)},
            clock=monotonic_ms,
            apart=True,
            faults=faults,
        )
        driver = SerialTerminal(port=f"socket://127.0.0.1:{terminal_port}", clock=monotonic_ms)
        self.terminal = WatchedTerminal(terminal=driver, faults=faults, vouched=True)
        camera = CameraSettings(kind=CameraKind.HTTP, url=f"http://127.0.0.1:{camera_port}/lane", fps=4.0)
        setup = ReaderSetup(camera=camera, reader=ReaderSettings(), evidence=folder, busy_fps=2.0, idle_fps=1.0)
        self.reader = ReaderProcess(setup, self._of_the_camera)
        self.mark = ""
        self.details: dict[str, str] = {}
        self.shown: Callable[[Lane], None] = lambda _: None

    def now(self) -> Moment:
        """See `lane_agent.ports.Clock`."""
        return Moment(monotonic_ms(), utc_ms())

    def _of_the_camera(self, event: e.Event) -> None:
        if isinstance(event, (e.FaultRaised, e.FaultCleared)):  # what it makes of the picture is told by the world
            self.agent.tell(event)

    def show(self, order: Show) -> None:
        """Both screens paint at once."""
        if order.xdb is Scene.DONE:
            self.shown(self.agent.lane)
        self.agent.tell(e.ScenePainted(Screen.XDB, order.xdb, order.serial))
        self.agent.tell(e.ScenePainted(Screen.AIOP, order.aiop, order.serial))

    def read_plate(self, visit: int) -> None:
        """The reader settles on the truck that stands there."""
        read = Read(self.mark, None, 0.99, ReadSource.READER)
        asyncio.get_running_loop().call_later(0.3, self.agent.tell, e.PlateSettled(visit, read))

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """What is wrong, in words, for the judge."""
        del at, effects, lane
        if isinstance(event, e.FaultRaised):
            self.details[event.fault.value] = event.detail


class UnpluggedWorld:
    """Trucks, hands that pull plugs, and the judge."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.module, self.terminal = SimulatedModbusModule(lines=len(WIRED)), SimulatedTerminal(repeat_s=0.2)
        self.judged = UnpluggedJudgement()
        self.pulled: dict[str, float] = {}
        self.well_since = time.monotonic()
        self.cleared, self.stops = False, False
        self.lane: UnpluggedLane
        self.camera: MjpegCamera
        self._ports = (0, 0)

    async def run(self, seconds: float, folder: Path) -> UnpluggedJudgement:
        """The whole story."""
        self._ports = (await self.module.serve_tcp(), await self.terminal.listen("127.0.0.1"))
        with MjpegCamera(well, fps=4) as self.camera:
            self.lane = lane = UnpluggedLane(*self._ports, self.camera.port, folder)
            lane.shown = self._judge_release
            work = asyncio.create_task(lane.agent.run())
            lane.agent.tell(e.AgentStarted(Policy(lane="bench", journal="j", point="SZB"), "boot", "bench"))
            await lane.contacts.start(lane.agent.tell)
            await lane.terminal.start(lane.agent.tell)
            await lane.reader.start(60)
            lane.agent.tell(e.LinkChanged(Link.FRESH))
            lane.agent.tell(e.LaneOpened("bench"))
            await until(lambda: not lane.agent.lane.manual, 90)
            self.well_since = time.monotonic()
            parts = [asyncio.create_task(one) for one in (self._trucks(), self._hands(), self._judge())]
            await asyncio.wait(parts, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
            for part in parts:
                part.cancel()
            ended = await asyncio.gather(*parts, return_exceptions=True)
            await lane.reader.stop()
            await lane.terminal.stop()
            await lane.contacts.stop()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        await self.terminal.stop()
        await self.module.stop()
        for one in ended:
            if isinstance(one, BaseException) and not isinstance(one, asyncio.CancelledError):
                raise one
        return self.judged

    # --- trucks -------------------------------------------------------------------------------------------------------

    async def _trucks(self) -> None:
        number = 0
        while True:
            number += 1
            await self._truck(number)
            self.judged.trucks += 1

    async def _truck(self, number: int) -> None:
        """One truck: it comes, Immigration deals with it, it goes when it may or is cleared by hand."""
        lane, mark = self.lane, f"AB{1_000 + number % 9_000}"
        self.cleared, self.stops = False, self.chance.random() < 0.3
        now = utc_ms()
        code = "inspect" if self.stops else "release"
        cargo = (Cargo(f"C{number}", code),)
        lane.codes.bundles = {
            f"U{number}": Bundle(f"U{number}", mark, Direction.INBOUND, "SZB", now - _HOUR_MS, now + _HOUR_MS, cargo)
        }
        lane.mark = mark
        self._drive(Contact.STOP_LOOP, on=True)
        await asyncio.sleep(self.chance.uniform(0.3, 1.0))
        self.terminal.press(TerminalVerb.STARTED, mark)
        await asyncio.sleep(self.chance.uniform(0.5, 1.5))
        if self.chance.random() < 0.9:
            self.cleared = True
            self.terminal.press(TerminalVerb.CLEARED, mark)
        await asyncio.sleep(self.chance.uniform(1.0, 2.5))
        visit = lane.agent.lane.visit
        if visit is not None and visit.outcome.value == "released":
            self.judged.released += 1
        elif visit is not None:
            self.judged.by_hand += 1
        self._drive(Contact.STOP_LOOP, on=False)
        await asyncio.sleep(0.2)
        self._drive(Contact.EXIT_LOOP, on=True)
        await asyncio.sleep(0.3)
        self._drive(Contact.EXIT_LOOP, on=False)
        await asyncio.sleep(0.2)
        if lane.agent.lane.visit is not None:
            lane.agent.tell(e.OfficerTookOver(lane.agent.lane.visits, "bench", "cleared by hand"))
        if lane.agent.lane.debt:
            lane.agent.tell(e.DebtWrittenOff(0, "bench", "asked"))
        await asyncio.sleep(self.chance.uniform(0.3, 1.0))

    def _drive(self, contact: Contact, *, on: bool) -> None:
        self.module.drive(WIRED.index(contact), on)

    # --- hands --------------------------------------------------------------------------------------------------------

    async def _hands(self) -> None:
        deeds: dict[str, tuple[Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]] = {
            "module off": (self.module.stop, self._module_on),
            "module hung": (self._mute, self._unmute),
            "terminal off": (self.terminal.stop, self._terminal_on),
            "terminal hung": (self._silence, self._speak),
            "camera hung": (self._camera_hangs, self._camera_goes_on),
        }
        while True:
            await asyncio.sleep(self.chance.uniform(4, 25))
            names = self.chance.sample(sorted(deeds), self.chance.choice((1, 1, 1, 2)))
            names = [
                name
                for name in names
                if not any(name.split()[0] == other.split()[0] for other in names if other > name)
            ]
            for name in names:
                self.judged.faults[name] += 1
                await deeds[name][0]()
                self.pulled[name] = time.monotonic()
                await asyncio.sleep(self.chance.uniform(0, 2))
            await asyncio.sleep(self.chance.uniform(1, 9))
            for name in names:
                await deeds[name][1]()
                del self.pulled[name]
            self.well_since = time.monotonic()

    async def _module_on(self) -> None:
        await self.module.serve_tcp(self._ports[0])

    async def _mute(self) -> None:
        self.module.mute(True)

    async def _unmute(self) -> None:
        self.module.mute(False)

    async def _terminal_on(self) -> None:
        await self.terminal.listen("127.0.0.1", self._ports[1])

    async def _silence(self) -> None:
        self.terminal.silent = True

    async def _speak(self) -> None:
        self.terminal.silent = False

    async def _camera_hangs(self) -> None:
        self.camera.silent = True

    async def _camera_goes_on(self) -> None:
        self.camera.silent = False

    # --- the judge ----------------------------------------------------------------------------------------------------

    def _judge_release(self, lane: Lane) -> None:
        late = [name for name, since in self.pulled.items() if time.monotonic() - since > NOTICE_S]
        why = ["the list says stop"] * self.stops + ["Immigration has not cleared it"] * (not self.cleared) + late
        if why:
            self.judged.wrong.append(f"visit {lane.visits}: {', '.join(why)}")

    async def _judge(self) -> None:
        was_well = True
        while True:
            await asyncio.sleep(0.1)
            now, lane = time.monotonic(), self.lane.agent.lane
            late = [name for name, since in self.pulled.items() if now - since > NOTICE_S]
            if late and not lane.faults:
                self.judged.not_manual.append(f"{', '.join(late)} at {now:.1f}")
                self.pulled = {name: (now if name in late else since) for name, since in self.pulled.items()}
            well_now = not self.pulled and not lane.manual
            if well_now and not was_well:
                self.judged.back_s.append(now - self.well_since)
            was_well = well_now or (was_well and not self.pulled)
            if not self.pulled and lane.manual and now - self.well_since > BACK_S:
                why = [self.lane.details.get(one.value, one.value) for one in lane.faults]
                self.judged.not_back.append(f"{'; '.join(why)} at {now:.1f}")
                self.well_since = now


def run(*, seconds: float, seed: int, json_file: Path | None) -> bool:
    """The story; whether no release was wrong, no fault went unnoticed and the lane always came back."""
    console = Console(stderr=True)
    with console.status("unplugging"), tempfile.TemporaryDirectory() as folder:
        judged = asyncio.run(UnpluggedWorld(seed).run(seconds, Path(folder)))
    text = json.dumps({"seconds": seconds, "seed": seed} | judged.plain())
    if json_file is not None:
        json_file.write_text(text + "\n", encoding="utf-8")
    print(text)
    return not (judged.wrong or judged.not_manual or judged.not_back)
