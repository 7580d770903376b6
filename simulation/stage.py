"""One truck's passage through the simulated lane, in the words of the people there.

Rules of this file: the world acts on the hardware's side only (loops, buttons, camera, cable, page, core's counter) and
sees only what a person there sees (the screens, the page). What is true is noted at the moment it becomes true, before
the world acts on it.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from core.office.admin import AdminClient
from core.office.service import ImportedBundle
from devices.simulated.board import HardwareSide
from devices.simulated.label_reader import SimulatedLabelReader
from domain.crossing import Direction
from lane_agent.model import Contact
from simulation.cable import Cable
from simulation.drawn.trucks import DrawnTruck
from simulation.judge import Truth
from simulation.officer import SimulatedOfficer
from simulation.paint_log import Eyes
from simulation.trade import Trade

PATIENCE_S = 25.0
"""How long a driver waits for a scene before the demonstration calls it missing: the longest limit of the product in
the demonstration's configuration, twice."""

_CERTAIN_S = 3.2
"""After a bundling whose earliest crossing is at once: so long a lane may not be sure that its time has come (design §2.12)."""


class CameraLever(Protocol):
    """The simulated camera's lever."""

    def show(self, truck: DrawnTruck | None, second: DrawnTruck | None = None) -> None:
        """What stands in the lane from the next frame on."""

    def freeze(self, *, frozen: bool) -> None:
        """Stops or resumes the frames."""


@dataclass(slots=True)
class Stage:
    """Everything the world can touch."""

    hand: HardwareSide
    camera: CameraLever
    counter: AdminClient
    trade: Trade
    officer: SimulatedOfficer
    xdb: Eyes
    aiop: Eyes
    labels: SimulatedLabelReader
    cable: Cable
    rng: random.Random
    speed: float
    point: str
    direction: str
    passed: list[Truth] = field(default_factory=list)
    practice_ms: int = 0
    """Since when people practise (monotonic), 0 if they do not: what they decide is theirs, and nothing to judge."""
    ccrns: Iterator[int] = field(
        default_factory=lambda: itertools.count(2_001_067_889)
    )  # the sample of seed 004, and on

    async def pause(self, seconds: float) -> None:
        """The world's own waiting; `--speed` shortens this and nothing else."""
        await asyncio.sleep(seconds / self.speed)

    async def codes_at_lane(self) -> None:
        """Waits until the lane holds the core's newest list and is proved fresh."""
        until = time.monotonic() + PATIENCE_S
        head = (await self.counter.status()).version
        while True:
            if self.officer.version >= head and self.officer.link == "fresh":
                return
            if time.monotonic() > until:
                said = self.officer.view.get("link")
                raise TimeoutError(f"the lane does not reach version {head} of the codes: {said}")
            await asyncio.sleep(0.05)


def now_ms() -> int:
    """Milliseconds of the machine's monotonic clock, the same in every process."""
    return time.monotonic_ns() // 1_000_000


@dataclass(slots=True)
class Passing:
    """One truck, from its bundling to its leaving.

    Attributes:
        truck: the true vehicle; `camera_truck` is it as the camera sees it, where that differs.
        notes: what became true, and when.
        labels: what its label says, where that is not the truck's own mark.
    """

    index: int
    scenario: str
    row: int
    stage: Stage
    truck: DrawnTruck
    notes: dict[str, int] = field(default_factory=dict)
    allowed: list[tuple[int, int | None]] = field(default_factory=list)
    wanted: dict[str, list[str]] = field(default_factory=lambda: {"xdb": [], "aiop": []})
    facts: dict[str, str] = field(default_factory=dict)
    camera_truck: DrawnTruck | None = None
    labels: tuple[str, ...] | None = None
    broke_off: str = ""

    @property
    def vrn(self) -> str:
        """The true mark."""
        return self.truck.vrn

    def note(self, what: str) -> int:
        """Notes that something is true from now on."""
        self.notes[what] = now_ms()
        return self.notes[what]

    def allow(self) -> None:
        """From now on screen 3 is right for this truck."""
        self.allowed.append((self.note("allowed"), None))

    def forbid(self, *, within_ms: int = 0) -> None:
        """From now on (or at the latest after `within_ms`) it is wrong again."""
        since, _ = self.allowed.pop()
        self.allowed.append((since, self.note("forbidden") + within_ms))

    async def bundle(
        self,
        *codes: str,
        vrn: str = "",
        early_min: int = -60,
        valid_h: int = 48,
        direction: str = "",
        point: str = "",
        scheme: str = "",
    ) -> str:
        """Bundles for this truck; times from the core's clock."""
        core_ms = (await self.stage.counter.status()).now_ms
        item = ImportedBundle(
            vrn=vrn or self.vrn,
            direction=Direction(direction or self.stage.direction),
            earliest_ms=core_ms + early_min * 60_000,
            valid_until_ms=core_ms + valid_h * 3_600_000,
            cargo=tuple((f"{next(self.stage.ccrns):010d}", code, scheme) for code in codes or ("release",)),
            point=point,
        )
        return (await self.stage.counter.take_over([item]))[0]

    async def bundle_by_people(self) -> str:
        """Lodged by its owner, decided by an officer, bundled by its driver, each by name."""
        stage, now_ms = self.stage, (await self.stage.counter.status()).now_ms
        ubr = await stage.trade.bundle(self.vrn, direction=stage.direction, point=stage.point, now_ms=now_ms)
        await asyncio.sleep(_CERTAIN_S)
        return ubr

    async def approve(self) -> None:
        """Puts the truck on the list of approved cross-boundary vehicles."""
        await self.stage.counter.approve(self.vrn, self.truck.mainland)

    def begin_again(self, ended: Truth | None = None) -> None:
        """The visit so far is over and judged for itself; what follows is another."""
        self.stage.passed.append(ended or self.truth())
        self.notes, self.allowed, self.facts = {}, [], {}
        self.wanted = {"xdb": [], "aiop": []}

    async def arrive(self, *, second: DrawnTruck | None = None, reads: bool = True, fresh: bool = True) -> None:
        """Drives up to the kiosk and stops on the loop; by default waits until the page shows the read plate."""
        if fresh:
            await self.stage.codes_at_lane()
        await self.stage.xdb.wait_for("WELCOME", "CLOSED", seconds=PATIENCE_S)
        self.stage.camera.show(self.camera_truck or self.truck, second)
        own = (self.vrn,) if self.vrn else ()
        self.stage.labels.show(*(own if self.labels is None else self.labels))
        await self.stage.pause(0.3)
        self.note("arrived")
        await self.stage.hand.set(Contact.STOP_LOOP, True)
        await self.stage.xdb.wait_for("STOP", "CLOSED", seconds=PATIENCE_S)
        if reads:
            await self.page(lambda officer: bool(officer.vrn))

    async def page(self, holds: Callable[[SimulatedOfficer], bool]) -> None:
        """Waits until the officer's page shows what is expected of it."""
        until = time.monotonic() + PATIENCE_S
        while not holds(self.stage.officer):
            if time.monotonic() > until:
                raise TimeoutError(f"the page shows {self.stage.officer.view.get('headline')}")
            await asyncio.sleep(0.03)

    async def immigration(self, *, refer: bool = False, last: bool = False) -> None:
        """Immigration does its work with the driver; with `last`, nothing else stands between him and screen 3."""
        await self.immigration_starts()
        await self.stage.pause(0.4)
        self.note("immigration_over")
        if last:
            self.allow()
        await self.pulse(Contact.IMMIGRATION_REFERRED if refer else Contact.IMMIGRATION_CLEARED)

    async def immigration_starts(self) -> None:
        """The driver hands his documents over."""
        self.note("immigration_started")
        await self.pulse(Contact.IMMIGRATION_STARTED)
        # Who has pressed Unladen already has his answer on the panel meanwhile.
        await self.see(aiop="RECEIVED" if "unladen" in self.notes else "IMMIGRATION", xdb="IMMIGRATION_TURN")

    async def pulse(self, contact: Contact) -> None:
        """A press, or a signal line that closes for a moment."""
        await self.stage.hand.set(contact, True)
        await asyncio.sleep(0.12)
        await self.stage.hand.set(contact, False)

    async def press_unladen(self) -> None:
        """The driver presses Unladen Vehicle."""
        self.note("unladen")
        await self.pulse(Contact.UNLADEN)

    async def drop_manifest(self) -> None:
        """The driver drops the paper manifest."""
        self.note("manifest")
        await self.pulse(Contact.DROP_BOX)

    async def see(self, *, xdb: str = "", aiop: str = "") -> None:
        """Waits for these scenes, and has the judge look for them too."""
        for eyes, name, scene in ((self.stage.xdb, "xdb", xdb), (self.stage.aiop, "aiop", aiop)):
            if scene:
                self.wanted[name].append(scene)
                await eyes.wait_for(scene, seconds=PATIENCE_S)

    async def see_both(self, scene: str) -> None:
        """Both screens say the same."""
        await self.see(xdb=scene, aiop=scene)

    async def do(self, action: str, **fields: object) -> None:
        """The officer presses a button of the page about this visit."""
        self.note(f"officer_{action}")
        await self.stage.officer.act(action, **{"visit": self.stage.officer.visit, "reason": "Demonstration", **fields})

    async def officer_releases(self) -> None:
        """He has looked into it and lets the truck go."""
        self.allow()
        await self.do("release")
        await self.see_both("DONE")
        self.facts |= {"outcome": "released", "ruling": "release"}

    async def leave(self, way: Contact = Contact.EXIT_LOOP) -> None:
        """Drives off: over the way out, then clear of the stop loop."""
        await self.stage.pause(0.3)
        self.note("left")
        await self.stage.hand.set(way, True)
        await asyncio.sleep(0.08)
        self.stage.camera.show(None)
        self.stage.labels.show()
        await self.stage.hand.set(Contact.STOP_LOOP, False)
        await asyncio.sleep(0.08)
        await self.stage.hand.set(way, False)

    def truth(self) -> Truth:
        """What was true, for the judge."""
        return Truth(
            index=self.index,
            scenario=self.scenario,
            row=self.row,
            vrn=self.vrn,
            arrived=self.notes.get("arrived", 0),
            left=self.notes.get("left", now_ms()),
            allowed=tuple(self.allowed),
            xdb=tuple(self.wanted["xdb"]),
            aiop=tuple(self.wanted["aiop"]),
            facts=dict(self.facts),
            broke_off=self.broke_off,
            events=dict(self.notes),
        )
