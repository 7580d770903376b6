"""A night at the lane in memory: trucks of every kind, one after another, by themselves or from the page's panel.

Rules of this file: it plays the driver, Immigration, the reader and the core. What the lane makes of it is the agent's
decision; what an officer must decide waits for an officer at the page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from console.ports import Control, SimulationView, TruckKind
from lane_agent.model import Contact, Link, Outcome
from simulation.drawn.trucks import DrawnTruck
from simulation.page_lane import PageLane

_BUTTONS: Final = {
    Control.UNLADEN: Contact.UNLADEN,
    Control.HELP: Contact.HELP,
    Control.MANIFEST: Contact.DROP_BOX,
}


@dataclass(frozen=True, slots=True)
class _Script:
    words: str
    play: Callable[[], Awaitable[None]]


class ScriptedNight:
    """`console.ports.SimulationPort` over a lane in memory; it plays one truck at a time.

    Args:
        lane: the lane.
        step_s: seconds between two things that happen.
    """

    def __init__(self, lane: PageLane, *, step_s: float = 2.0) -> None:
        self._lane = lane
        self._step_s = step_s
        self._link_up = True
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._scripts: Final = {
            "laden": _Script("Laden, to be released", self._laden),
            "inspect": _Script("Laden, to be inspected", self._inspect),
            "unbundled": _Script("No bundle", self._unbundled),
            "near": _Script("Plate close to a held one", self._near),
            "unread": _Script("Plate cannot be read", self._unread),
        }

    def view(self) -> SimulationView:
        """The world as it is now."""
        kinds = tuple(TruckKind(key, script.words) for key, script in self._scripts.items())
        return SimulationView(self._link_up, self._queue.qsize(), kinds)

    async def press(self, control: Control) -> None:
        """The driver does something."""
        await self._lane.pulse(_BUTTONS[control])

    async def switch_link(self, *, up: bool) -> None:
        """Plugs the cable in, or pulls it."""
        self._link_up = up
        if up:
            await self._lane.link_is(Link.FRESH, broker="broker-a")
        else:
            await self._lane.link_is(Link.OFFLINE, broker="")

    async def send_truck(self, scenario: str) -> None:
        """Queues a truck.

        Raises:
            KeyError: there is no such scenario.
        """
        if scenario not in self._scripts:
            raise KeyError(scenario)
        await self._queue.put(scenario)

    async def play(self) -> None:
        """Plays the queue until cancelled."""
        while True:
            await self._scripts[await self._queue.get()].play()
            await self._gone()

    async def _pause(self, steps: float = 1) -> None:
        await asyncio.sleep(self._step_s * steps)

    async def _gone(self) -> None:
        """A vehicle drives off when a screen or, by hand, an officer has sent it; until then it stays."""
        while (visit := self._lane.agent.lane.visit) is not None and visit.outcome not in {
            Outcome.RELEASED,
            Outcome.EXAMINE,
        }:
            await self._pause()
        await self._pause()
        sent = visit is not None and visit.outcome is Outcome.EXAMINE
        await self._lane.leaves(Contact.COMPOUND_LOOP if sent else Contact.EXIT_LOOP)
        await self._pause()

    async def _drives_up(self, vrn: str, mainland: str = "") -> None:
        await self._lane.arrives(DrawnTruck(vrn, mainland, seed=len(vrn + mainland)))
        await self._pause()
        await self._lane.reads(vrn, mainland)
        await self._lane.pulse(Contact.IMMIGRATION_STARTED)
        await self._pause(2)
        await self._lane.pulse(Contact.IMMIGRATION_CLEARED)

    async def _laden(self) -> None:
        self._lane.add_bundle("MK8271", "release", "release")
        await self._drives_up("MK8271", "粤Z7K83港")
        await self._pause(2)
        await self._lane.pulse(Contact.DROP_BOX)

    async def _inspect(self) -> None:
        self._lane.add_bundle("RT5093", "release", "inspect")
        await self._drives_up("RT5093")

    async def _unbundled(self) -> None:
        await self._drives_up("LP4402")

    async def _near(self) -> None:
        self._lane.codes.holds.add("HB6635")
        await self._drives_up("HB6685")

    async def _unread(self) -> None:
        await self._lane.arrives(DrawnTruck("UV8388", seed=5))
        await self._lane.pulse(Contact.IMMIGRATION_STARTED)
        await self._pause(2)
        await self._lane.gives_up("UV838", "UV8308")
        await self._lane.pulse(Contact.IMMIGRATION_CLEARED)
