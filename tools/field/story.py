"""The whole field test, beat by beat: bare machines, installation, trucks, a cut link, a reboot, every loop hung.

Rules of this file: a beat writes what it saw into the report and what is wrong into its problems; the first beat that
cannot go on ends the story, and the report says at which.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from lane_agent.model import Screen
from simulation.drawn.trucks import DrawnTruck
from simulation.marks import Marks
from simulation.officer import PageRefusedError, SimulatedOfficer
from tools.field import figures
from tools.field.door import PAGE_PORT, Door, tls_version
from tools.field.driving import Driving, NotSeenError, false_ms
from tools.field.glass import Framebuffer, SignBook, Watcher, faceless_ms, first_ms, now_ms
from tools.field.hanging import Hangman, Victim
from tools.field.machine import FieldMachine, MachineError
from tools.field.papers import OFFICER, PAGE_NAME
from tools.field.report import FieldReport, Percentiles
from tools.field.shadowing import ShadowBox
from tools.field.site import Site
from tools.field.wires import LANE_ADDRESS

FACE_MS = 3_000
"""From PID 1 to the first sign on each monitor."""
DARK_MS = 100
"""A monitor may be without a sign so long while nothing is broken: five looks of the eye."""
EXPOSURE = 2.0
PSS_MB = 400
IDLE_PERCENT = 15
LANE_UNITS = (
    "rocars-lane.service",
    "rocars-lane-compositor.service",
    "rocars-lane-screen@xdb.service",
    "rocars-lane-screen@aiop.service",
    "rocars-lane-page.service",
)
AT_WORK = {"agent", "reader", "page", "screen xdb", "screen aiop"}
"""What has to run while memory and processor are looked at."""
CENTRE_UNITS = ("rocars-core.service", "mosquitto.service")
VICTIMS = (
    Victim("agent", "rocars-lane.service"),
    Victim("reader", "rocars-lane.service", process="reader", keeper="the agent"),
    Victim("screen xdb", "rocars-lane-screen@xdb.service"),
    Victim("screen aiop", "rocars-lane-screen@aiop.service"),
    Victim("compositor", "rocars-lane-compositor.service", most_ms=3_500),
    Victim("page", "rocars-lane-page.service"),
    Victim("core", "rocars-core.service", centre=True, keeper=""),
    Victim("broker", "mosquitto.service", centre=True, keeper=""),
)
_LOOKS = 3
"""At a lane whose processes all live meanwhile; a camera that stands still, on a busy machine, has the reader started anew."""
WITH_3_ON_SHOW = frozenset({"agent", "screen xdb", "screen aiop", "compositor"})


class Story:
    """One run.

    Args:
        site: bare.
        say: takes a line for whoever watches.
        hang: hang the loops, too.
        boots: how many times the box is booted for the times from PID 1; the last one is a reboot by command.
    """

    def __init__(self, site: Site, say: Callable[[str], None], *, hang: bool = True, boots: int = 2) -> None:
        self.site, self.report = site, FieldReport(camera=str(site.yard.camera))
        self._say, self._hang, self._boots = say, hang, max(2, boots)
        self._eye = Watcher(Framebuffer(site.monitors.picture).read, SignBook())
        self._stack = contextlib.AsyncExitStack()
        self._lit_ms = 0
        self._trucks = _trucks()
        self._driving: Driving | None = None
        self._lane_door: Door | None = None
        shadow_door = Door(site.wires.shadow)
        self._stack.callback(shadow_door.close)
        self._shadow = ShadowBox(site, shadow_door.address)

    @property
    def driving(self) -> Driving:
        """Everybody at the lane, once it is installed."""
        if self._driving is None:
            door = self._lane_door = Door(self.site.wires.yard, LANE_ADDRESS)
            self._stack.callback(door.close)
            trusts = ssl.create_default_context(cafile=self.site.authority())
            self._driving = Driving(
                self.site,
                self._eye,
                lambda: SimulatedOfficer(
                    f"https://{PAGE_NAME}:{PAGE_PORT}/", OFFICER, self.site.password, trusts=trusts, reach=door.here
                ),
            )
        return self._driving

    async def tell(self) -> FieldReport:
        """All of it; never raises for what the lane does wrong."""
        began, name = time.monotonic(), ""
        try:
            for beat in self._beats():
                name, since = beat.__name__.strip("_").replace("_", " "), time.monotonic()
                self._say(f"{since - began:6.1f} s  {name}")
                await beat()
                self.report.beats[name] = round(time.monotonic() - since, 1)
        except (MachineError, NotSeenError, PageRefusedError, LookupError, OSError, TimeoutError) as problem:
            self.report.problems.append(f"{name}: {problem}")
        finally:
            await self._end()
        self.report.seconds = round(time.monotonic() - began, 1)
        return self.report

    def _beats(self) -> Iterator[Callable[[], Awaitable[None]]]:
        yield self._power_on
        yield self._install
        yield self._first_start
        yield self._page
        yield self._stand_in_the_shadow
        yield self._bundle
        yield self._clear
        yield self._examine
        yield self._figures
        yield self._cut_the_link
        if self._hang:
            yield self._hang_every_loop
        for _ in range(self._boots - 2):
            yield self._boot_once_more
        yield self._reboot
        yield self._shadow_report
        yield self._books

    async def _power_on(self) -> None:
        """Two bare machines, the wires, and the yard."""
        site = self.site
        await asyncio.to_thread(site.wires.lay)
        self._stack.push_async_callback(asyncio.to_thread, site.wires.take_up)
        self._stack.push_async_callback(asyncio.to_thread, site.shadow.take_down)
        for machine in (site.centre, site.lane):
            self._stack.push_async_callback(asyncio.to_thread, machine.take_down)
            await asyncio.to_thread(machine.build)
            machine.boot()
            await asyncio.to_thread(machine.wait_running)
        site.monitors.plug(site.lane.pid1)
        await site.yard.start()
        self._stack.push_async_callback(site.yard.stop)
        self._stack.callback(site.monitors.unplug)
        self._eye.start()
        self._stack.callback(self._eye.stop)

    async def _install(self) -> None:
        """Centre and lane side by side, as two people would; then the lane is enrolled and looked over."""
        await asyncio.gather(
            *(asyncio.to_thread(self._timed, one) for one in (self.site.install_centre, self.site.install_lane))
        )
        self.report.problems += await asyncio.to_thread(self.site.box.enrol, self.site.centre)
        self.report.commands = len(self.site.lane.commands.typed)
        self.report.commands_centre = len(self.site.centre.commands.typed)
        for machine in (self.site.lane, self.site.centre):
            self.report.installed_mb[machine.name] = await asyncio.to_thread(figures.added_mb, machine.added)

    def _timed(self, step: Callable[[], None]) -> None:
        began = time.monotonic()
        step()
        self.report.install_s[step.__name__] = round(time.monotonic() - began, 1)

    async def _first_start(self) -> None:
        """The box is restarted, and comes up by its units; the officer opens the lane."""
        await self._start_again()

    async def _start_again(self) -> None:
        """Reboots; how long until a sign and until the lane is ready."""
        self._count_dark()
        started = await asyncio.to_thread(self.site.lane.reboot)
        self.site.monitors.plug(self.site.lane.pid1)
        pid1_ms = int(started * 1_000)
        for screen in Screen:
            await self.driving.watch(
                lambda screen=screen: first_ms(self._eye.seen, screen, None, pid1_ms) is not None,  # type: ignore[misc]
                f"any sign on {screen.value} after the start",
                seconds=60.0,
            )
        faces = [first_ms(self._eye.seen, screen, None, pid1_ms) or 0 for screen in Screen]
        self._lit_ms = max(faces)
        face_ms = self._lit_ms - pid1_ms
        self.report.face_ms.append(face_ms)
        if face_ms > FACE_MS:
            self.report.problems.append(f"a monitor was without a sign for {face_ms} ms after PID 1, {FACE_MS} allowed")
        await self.driving.open_lane()
        self.report.open_ms.append(now_ms() - pid1_ms)
        self.report.ready_ms.append(await asyncio.to_thread(figures.ready_ms, self.site.lane, LANE_UNITS[0]) - pid1_ms)

    async def _page(self) -> None:
        """The officers' page, from the workstation of the whole site: by its name, with the authority's certificate alone."""
        assert self._lane_door is not None
        near, known = self._lane_door.here, ssl.create_default_context(cafile=self.site.authority())
        version = await asyncio.to_thread(tls_version, near, PAGE_NAME, known)
        self.report.page = f"https://{PAGE_NAME}:{PAGE_PORT}, {version}"
        if not version:
            self.report.problems.append(
                "an officer's browser with the authority's certificate does not believe the page"
            )
        if await asyncio.to_thread(tls_version, near, PAGE_NAME, ssl.create_default_context()):
            self.report.problems.append("a browser without the authority's certificate believed the page")
        if await asyncio.to_thread(tls_version, near, "another.sbc.example", known):
            self.report.problems.append("the page was believed under a name that is not its own")

    async def _stand_in_the_shadow(self) -> None:
        """A second box beside the lane reads and decides from now on, and drives nothing."""
        self._stack.callback(self._shadow.end)
        self.report.problems += await self._shadow.begin()

    def _count_dark(self) -> None:
        """Adds the span since the last start, or since the last hung loop, to the darkest figure."""
        if self._lit_ms:
            dark = max(faceless_ms(self._eye.seen, screen, self._lit_ms, now_ms()) for screen in Screen)
            self.report.dark_ms_max = max(self.report.dark_ms_max, dark)
            if dark > DARK_MS:
                self.report.problems.append(f"a monitor was without a sign for {dark} ms, and nothing was broken")

    async def _bundle(self) -> None:
        """At the centre's counter: everything that will come today."""
        wanted = dict.fromkeys(self._trucks.values(), "release")
        wanted[self._trucks["examined"]] = "inspect"
        await self.driving.bundle(wanted)
        await self.driving.watch(
            lambda: self._shadow.version >= self.driving.officer.version, "the codes at the shadow"
        )

    async def _clear(self) -> None:
        pids = await asyncio.to_thread(self._lane_pids)
        before = figures.load(pids).written
        await self.driving.released(self._trucks["cleared"])
        self.report.written_kb_a_truck = round((figures.load(pids).written - before) / 1_000, 1)

    async def _examine(self) -> None:
        await self.driving.inspected(self._trucks["examined"])

    async def _figures(self) -> None:
        """Memory, processor, and how tightly the units are held."""
        for _ in range(_LOOKS):
            pids = await asyncio.to_thread(self._lane_pids)
            self.report.pss_mb = await asyncio.to_thread(figures.memory, pids)
            idle = await asyncio.to_thread(figures.idle_percent, pids, 8.0)
            if idle is not None and set(self.report.pss_mb) >= AT_WORK:
                self.report.cpu_idle_percent = idle
                break
        else:
            self.report.problems.append(
                f"the lane's processes did not stay while nothing happened: {self.report.pss_mb}"
            )
        self.report.pss_sum_mb = round(sum(self.report.pss_mb.values()), 1)
        if self.report.pss_sum_mb > PSS_MB:
            self.report.problems.append(f"the lane takes {self.report.pss_sum_mb} MB, {PSS_MB} allowed")
        if self.report.cpu_idle_percent > IDLE_PERCENT:
            self.report.problems.append(f"{self.report.cpu_idle_percent} % of a core when idle, {IDLE_PERCENT} allowed")
        for machine, units in ((self.site.lane, LANE_UNITS), (self.site.centre, CENTRE_UNITS[:1])):
            for unit in units:
                found = await asyncio.to_thread(figures.exposure, machine, unit)
                self.report.exposure[unit] = found
                if found > EXPOSURE:
                    self.report.problems.append(f"{unit}: exposure {found}, {EXPOSURE} allowed")

    def _lane_pids(self) -> list[int]:
        return [pid for unit in LANE_UNITS for pid in self.site.lane.unit_pids(unit)]

    async def _cut_the_link(self) -> None:
        """Manual mode by itself; a released vehicle is let go by the officer alone; automatic again by itself."""
        await asyncio.to_thread(self.site.wires.cut)
        self.report.manual_ms = await self.driving.watch(lambda: self.driving.mode == "Manual", "manual mode", 20.0)
        await self.driving.unproved(self._trucks["unproved"])
        self.report.by_hand += 1
        await asyncio.to_thread(self.site.wires.mend)
        await self.driving.automatic()
        await self.driving.watch(lambda: self._shadow.automatic, "the shadow automatic again")

    async def _hang_every_loop(self) -> None:
        hangman = Hangman(self.driving)
        for victim in VICTIMS:
            truck = self._trucks[victim.name] if victim.name in WITH_3_ON_SHOW else None
            self._count_dark()
            found = await hangman.hang(victim, truck)
            self._lit_ms = now_ms()
            self.report.hung[victim.name] = found
            self.report.dark_ms_max = max(self.report.dark_ms_max, found.dark_ms)
            self.report.problems += found.problems(victim)
            self._say(f"          {victim.name}: {found}")

    async def _boot_once_more(self) -> None:
        """Restarted by command with the lane open, for the times alone."""
        await self._start_again()

    async def _reboot(self) -> None:
        """Restarted by command with the lane open; it comes back by its units and clears the next vehicle."""
        await self._start_again()
        await self.driving.released(self._trucks["after reboot"])

    async def _shadow_report(self) -> None:
        """Where the box in the shadow and the officers differ."""
        driving = self.driving
        await driving.watch(lambda: driving.officer.delivered, "all events delivered")
        crossings = await asyncio.to_thread(self._crossings)
        found = self.report.shadow = await asyncio.to_thread(self._shadow.report, driving.decisions, crossings)
        decided = driving.cleared + driving.examined
        self.report.problems += found.problems(decided, self.report.by_hand)

    def _crossings(self) -> list[dict[str, Any]]:
        """Every visit that the core has."""
        return list(msgspec.json.decode(self.site.core("crossings --json --most 100")))

    async def _books(self) -> None:
        """The centre has every visit; no unit had to be started anew but those that were hung."""
        driving = self.driving
        wanted = driving.cleared + driving.examined + self.report.by_hand
        self.report.crossings = sum(bool(one["base"]) for one in await asyncio.to_thread(self._crossings))
        if self.report.crossings < wanted:
            self.report.problems.append(f"the core has {self.report.crossings} visits of {wanted}")
        for unit in LANE_UNITS:
            said = await asyncio.to_thread(self.site.lane.outside, "systemctl", "show", "-P", "NRestarts", unit)
            self.report.restarts[unit] = int(said.strip() or 0)
            if self.report.restarts[unit]:
                self.report.problems.append(f"{unit} was started anew {said.strip()} times since the last boot")

    async def _end(self) -> None:
        """Sums up, keeps the journals, and takes everything away."""
        self._count_dark()
        report = self.report
        if self._driving is not None:
            report.cleared, report.examined = self._driving.cleared, self._driving.examined
            report.sign_ms = self._driving.waits_ms
            report.false_3_ms = false_ms(self._eye.seen, self._driving.allowed.spans, now_ms())
            self._driving.officer.leave()
        times = {"face": report.face_ms, "ready": report.ready_ms, "open": report.open_ms}
        report.boots = {name: Percentiles.of(seen) for name, seen in times.items() if seen}
        if report.false_3_ms:
            report.problems.append(f"screen 3 stood {report.false_3_ms} ms when it was not right")
        await asyncio.to_thread(self._keep)
        await self._stack.aclose()

    def _keep(self) -> None:
        """The journals, what the monitors showed, and what was typed, for whoever looks for a cause."""
        last = self.site.folder.parent / "last"
        last.mkdir(exist_ok=True)
        for machine in (self.site.lane, self.site.centre, self.site.shadow):
            _write(last / f"{machine.name}.journal", _journal(machine))
            _write(last / f"{machine.name}.commands", "\n".join(machine.commands.typed) + "\n")
        _write(last / "monitors.txt", "".join(f"{one.at_ms} {one.screen} {one.what}\n" for one in self._eye.seen))
        for log in (self.site.yard.log, *self.site.monitors.logs):
            with contextlib.suppress(OSError):
                _write(last / log.name, log.read_text(encoding="utf-8", errors="replace"))


def _journal(machine: FieldMachine) -> str:
    try:
        return machine.outside("journalctl", "--no-pager", "-o", "short-precise", check=False)
    except MachineError as problem:
        return str(problem)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def _trucks(seed: int = 10) -> dict[str, DrawnTruck]:
    """A vehicle for everything that happens, by what that is."""
    marks = Marks(random.Random(seed))  # noqa: S311 - drawn vehicles
    names = ["cleared", "examined", "unproved", *sorted(WITH_3_ON_SHOW), "after reboot"]
    return {name: DrawnTruck(marks.next(), seed=number) for number, name in enumerate(names)}
