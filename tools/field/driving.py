"""Trucks through the lane: what drivers, Immigration and the officer do, and what must stand on both monitors meanwhile.

Rules of this file: people act on the hardware's side (loops, signal lines, camera, page) and go by what the monitors show
to the eye outside. Screen 3 is right only from the moment that the last condition of a released vehicle is met until it
has left; every other moment of it is counted as false.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from lane_agent.model import Contact, Screen
from lane_agent.wording import Scene
from simulation.drawn.trucks import DrawnTruck
from simulation.officer import PageRefusedError, SimulatedOfficer
from tools.field.glass import Shown, Watcher, first_ms, now_ms, spells
from tools.field.site import Site

PATIENCE_S = 25.0
BY_HAND = (Scene.MANUAL, Scene.OFFICER)
LEAVING_MS = 1_500
"""A sign may stand so long after its vehicle has left: loop filter, way out, painting."""


class Decision(NamedTuple):
    """What was done with a vehicle: `released` or `examined`."""

    at: datetime
    vrn: str
    decision: str


class NotSeenError(TimeoutError):
    """The monitors did not show what they must; the text says what they showed instead."""


@dataclass(slots=True)
class Allowed:
    """When screen 3 was right: spans in ms, the last one open while its vehicle stands there."""

    spans: list[tuple[int, int | None]] = field(default_factory=list)

    def begin(self, since_ms: int) -> None:
        """From this moment on."""
        self.spans.append((since_ms, None))

    def end(self, slack_ms: int = LEAVING_MS) -> None:
        """The vehicle has left; the sign may stand `slack_ms` longer."""
        begins, _ = self.spans.pop()
        self.spans.append((begins, now_ms() + slack_ms))


def false_ms(seen: Sequence[Shown], allowed: Sequence[tuple[int, int | None]], until_ms: int) -> int:
    """For how long any monitor showed screen 3 when it was not right, ms over both."""
    wrong = 0
    for screen in Screen:
        for what, begins, ends in spells(seen, screen, until_ms):
            if what == Scene.DONE.value:
                right = sum(
                    max(0, min(ends, until_ms if to is None else to) - max(begins, since)) for since, to in allowed
                )
                wrong += ends - begins - right
    return wrong


class Driving:
    """Everybody at the lane.

    Args:
        site: the site.
        eye: watches its monitors.
        officer: makes one who has not logged in yet.

    Attributes:
        allowed: when screen 3 was right.
        cleared, examined: vehicles that saw screen 3, screen 4 on both monitors.
        decisions: what was done with each vehicle, as officers write it down.
        waits_ms: from the last condition to the sign on both monitors, of every vehicle that saw 3 or 4.
    """

    def __init__(self, site: Site, eye: Watcher, officer: Callable[[], SimulatedOfficer]) -> None:
        self.site, self.eye, self._new_officer = site, eye, officer
        self.officer = officer()
        self.allowed = Allowed()
        self.cleared = self.examined = 0
        self.waits_ms: list[int] = []
        self.decisions: list[Decision] = []

    async def see(self, *scenes: Scene, seconds: float = PATIENCE_S) -> int:
        """Waits until both monitors show one of these; after how many ms.

        Raises:
            NotSeenError: they do not.
        """
        names = {scene.value for scene in scenes}
        return await self.watch(lambda: set(self.eye.both()) <= names, " or ".join(sorted(names)), seconds)

    async def watch(self, holds: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> int:
        """Waits until something holds; after how many ms.

        Raises:
            NotSeenError: it does not.
        """
        began = now_ms()
        while not holds():
            if now_ms() - began > seconds * 1_000:
                raise NotSeenError(f"not seen within {seconds:g} s: {what}; the monitors show {self.eye.both()}")
            await asyncio.sleep(0.01)
        return now_ms() - began

    async def open_lane(self) -> None:
        """The officer logs in and opens the lane, unless it remembers that it is open."""
        self.officer.leave()
        self.officer = self._new_officer()
        until = time.monotonic() + 60.0
        while True:
            try:
                await self.officer.log_in()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.2)
        await self.watch(lambda: bool(self.officer.view), "the page's first view")
        while not self.officer.view["why_not"]["open"]:
            try:
                await self.officer.act("open")
                break
            except PageRefusedError:  # the page is a unit of its own, and there before the lane's program answers it
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.2)
        await self.see(Scene.WELCOME)

    @property
    def mode(self) -> str:
        """How the officers' page calls the lane's mode, "" before its first view."""
        return str(self.officer.view.get("headline", {}).get("mode", ""))

    async def automatic(self, seconds: float = 60.0) -> int:
        """Waits until the lane is automatic, with "Welcome" on both monitors; after how many ms."""
        return await self.watch(
            lambda: self.mode == "Automatic" and self.eye.both() == ("WELCOME", "WELCOME"), "automatic again", seconds
        )

    async def bundle(self, wanted: Mapping[DrawnTruck, str]) -> None:
        """Bundles at the centre (truck: action code), and waits until the lane has it all."""
        await asyncio.to_thread(self.site.bundle, {truck.vrn: code for truck, code in wanted.items()})
        head = json.loads(await asyncio.to_thread(self.site.core, "status"))["version"]
        await self.watch(
            lambda: self.officer.version >= head and self.officer.link == "fresh",
            f"version {head} of the codes at the lane",
        )

    async def arrive(self, truck: DrawnTruck) -> None:
        """Drives up, stops on the loop, and is read."""
        await self.see(Scene.WELCOME)
        self.site.yard.show(truck)
        await asyncio.sleep(0.6)
        self.site.yard.board.set(Contact.STOP_LOOP, True)
        await self.watch(lambda: self.officer.vrn == truck.vrn, f"{truck.vrn} on the officers' page")

    async def immigration(self) -> int:
        """Immigration sees the driver and clears him; when, in ms."""
        await self.site.yard.board.pulse(Contact.IMMIGRATION_STARTED)
        await self.watch(lambda: self.eye.shows(Screen.AIOP) == Scene.IMMIGRATION.value, "Immigration on the panel")
        await asyncio.sleep(0.3)
        return await self.site.yard.board.pulse(Contact.IMMIGRATION_CLEARED)

    async def leave(self, way: Contact = Contact.EXIT_LOOP) -> None:
        """Drives off over the way out, or over that to the compound."""
        board = self.site.yard.board
        board.set(way, True)
        await asyncio.sleep(0.15)
        self.site.yard.show(None)
        board.set(Contact.STOP_LOOP, False)
        await asyncio.sleep(0.15)
        board.set(way, False)

    async def to_done(self, truck: DrawnTruck) -> None:
        """A vehicle with a released bundle comes, and sees "Clearance Completed" on both monitors."""
        await self.arrive(truck)
        cleared_ms = await self.immigration()
        self.allowed.begin(cleared_ms)
        await self.see(Scene.DONE)
        self._note(Scene.DONE, cleared_ms)
        self._decided(truck, "released")
        self.cleared += 1

    def _note(self, scene: Scene, since_ms: int) -> None:
        """How long it took until the later of both monitors showed it, to the eye's next look (20 ms)."""
        shown = [first_ms(self.eye.seen, screen, scene.value, since_ms) or now_ms() for screen in Screen]
        self.waits_ms.append(max(shown) - since_ms)

    def _decided(self, truck: DrawnTruck, decision: str) -> None:
        self.decisions.append(Decision(datetime.now(UTC), truck.vrn, decision))

    async def released(self, truck: DrawnTruck) -> None:
        """Such a vehicle comes, stands a moment, and leaves."""
        await self.to_done(truck)
        await asyncio.sleep(0.5)
        await self.leave()
        self.allowed.end()
        await self.see(Scene.WELCOME)

    async def inspected(self, truck: DrawnTruck) -> None:
        """A vehicle to be examined: screen 4 on both monitors, and it leaves for the compound."""
        await self.arrive(truck)
        cleared_ms = await self.immigration()
        await self.see(Scene.EXAMINE)
        self._note(Scene.EXAMINE, cleared_ms)
        self._decided(truck, "examined")
        self.examined += 1
        await asyncio.sleep(0.5)
        await self.leave(Contact.COMPOUND_LOOP)
        await self.see(Scene.WELCOME)

    async def unproved(self, truck: DrawnTruck) -> None:
        """A released vehicle while the link is cut: never "Clearance Completed" by itself; the officer lets it go."""
        await self.arrive(truck)
        await self.immigration()
        await self.see(*BY_HAND)
        await asyncio.sleep(1.0)
        self.allowed.begin(now_ms())
        await self.officer.act("release", visit=self.officer.visit, reason="Field test: looked into, link cut")
        await self.see(Scene.DONE)
        self._decided(truck, "released")
        await self.leave()
        self.allowed.end()
        await self.see(Scene.WELCOME)
