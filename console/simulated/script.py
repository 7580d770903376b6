"""A night at a simulated lane: trucks of every kind, one after another, sent by themselves or from the panel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from console.ports import Control, SimulationView, TruckKind
from console.simulated.lane import SimulatedLane
from domain.alarms import LaneAlarmKind
from domain.crossing import Direction
from lane_agent.model import Bundle, Cargo, Codes, Doubt, Immigration, Link, NearMiss, Outcome
from lane_agent.wording import Scene

HOUR_MS: Final = 3_600_000

SCENARIOS: Final = (
    TruckKind("laden", "Laden, to be released"),
    TruckKind("inspect", "Laden, to be inspected"),
    TruckKind("unbundled", "No bundle"),
    TruckKind("near", "Plate close to a held one"),
    TruckKind("unread", "Plate cannot be read"),
)


class ScriptedWorld:
    """A `SimulationPort` over a `SimulatedLane`: it plays one truck at a time.

    Args:
        step_s: seconds between two things that happen.
    """

    def __init__(self, lane: SimulatedLane, *, utc_ms: Callable[[], int], step_s: float = 2.0) -> None:
        self._lane = lane
        self._utc_ms = utc_ms
        self._step_s = step_s
        self._link_up = True
        self._queue: asyncio.Queue[str] = asyncio.Queue(maxsize=20)

    def view(self) -> SimulationView:
        """The world as it is now."""
        return SimulationView(self._link_up, self._queue.qsize(), SCENARIOS)

    async def press(self, control: Control) -> None:
        """The driver does something."""
        match control:
            case Control.HELP:
                self._lane.help_pressed()
            case Control.UNLADEN:
                self._lane.unladen_pressed()
            case Control.MANIFEST:
                self._lane.manifest_dropped()

    async def switch_link(self, *, up: bool) -> None:
        """Plugs the cable in, or pulls it."""
        self._link_up = up
        if up:
            self._lane.link_is(Link.FRESH, broker="broker-a")
        else:
            self._lane.link_is(Link.OFFLINE, broker="")
            self._lane.alarm(LaneAlarmKind.CODES_IN_DOUBT, "no proof of freshness")

    async def send_truck(self, scenario: str) -> None:
        """Queues a truck; one too many waits for room."""
        if scenario not in {known.key for known in SCENARIOS}:
            raise KeyError(scenario)
        await self._queue.put(scenario)

    async def play(self) -> None:
        """Plays the queue for ever."""
        scripts: dict[str, Callable[[], Awaitable[None]]] = {
            "laden": self._laden,
            "inspect": self._inspect,
            "unbundled": self._unbundled,
            "near": self._near,
            "unread": self._unread,
        }
        while True:
            await scripts[await self._queue.get()]()
            await self._gone()

    async def _pause(self, steps: float = 1) -> None:
        await asyncio.sleep(self._step_s * steps)

    async def _gone(self) -> None:
        """A vehicle that waits for an officer stays until it is dealt with."""
        while (visit := self._lane.view().visit) is not None:
            await self._pause()
            if visit.outcome in {Outcome.RELEASED, Outcome.EXAMINE}:
                self._lane.vehicle_leaves()

    async def _drives_up(self, vrn: str, mainland: str = "") -> None:
        self._lane.vehicle_arrives()
        await self._pause()
        self._lane.plate_settles(vrn, mainland)
        self._lane.immigration(Immigration.RUNNING)
        await self._pause(2)
        self._lane.immigration(Immigration.CLEARED)

    async def _laden(self) -> None:
        await self._drives_up("MK8271", "粤Z7K83港")
        self._lane.codes_found(codes(self._utc_ms(), "MK8271", ("release", "release")))
        self._lane.decides(17, "17 laden: drop manifest", Scene.MANIFEST)
        await self._pause(2)
        self._lane.outcome(Outcome.RELEASED)
        self._lane.decides(17, "17 laden released", Scene.DONE)

    async def _inspect(self) -> None:
        await self._drives_up("RT5093")
        self._lane.codes_found(codes(self._utc_ms(), "RT5093", ("release", "inspect")))
        self._lane.outcome(Outcome.EXAMINE)
        self._lane.decides(9, "9 inspect", Scene.EXAMINE)

    async def _unbundled(self) -> None:
        await self._drives_up("LP4402")
        self._lane.codes_found(codes(self._utc_ms(), "LP4402", ()))
        self._lane.decides(12, "12 no bundle: press if empty", Scene.UNLADEN)
        await self._pause(3)
        self._lane.doubts(Doubt.NO_BUNDLE)
        self._lane.decides(12, "12 no bundle", Scene.NOBUNDLE)
        self._lane.alarm(LaneAlarmKind.NO_BUNDLE, "12 no bundle", visit=self._visit())

    async def _near(self) -> None:
        await self._drives_up("HB6685")
        near = (NearMiss("HB8685", held=True, bundled=True),)
        self._lane.codes_found(codes(self._utc_ms(), "HB6685", (), near=near))
        self._lane.decides(8, "8 near-miss of a held vehicle", Scene.WAIT)
        self._lane.alarm(LaneAlarmKind.NEAR_MISS, "8 near-miss of a held vehicle", visit=self._visit())

    async def _unread(self) -> None:
        self._lane.vehicle_arrives()
        await self._pause(2)
        self._lane.plate_unread("UV83", "UV88")
        self._lane.alarm(LaneAlarmKind.PLATE_UNREAD, "8 plate not read", visit=self._visit())

    def _visit(self) -> int:
        visit = self._lane.view().visit
        return 0 if visit is None else visit.id


def codes(
    utc_ms: int,
    vrn: str,
    said: tuple[str, ...],
    *,
    held: bool = False,
    near: tuple[NearMiss, ...] = (),
    link: Link = Link.FRESH,
) -> Codes:
    """A lookup's answer: one live bundle with these action codes, or none."""
    cargo = tuple(Cargo(f"20010678{89 + place}", code) for place, code in enumerate(said))
    window = (utc_ms - 2 * HOUR_MS, utc_ms + 40 * HOUR_MS)
    bundle = Bundle("2349872345", vrn, Direction.INBOUND, "SZB", *window, cargo)
    return Codes(vrn, link, utc_ms, 80, "e1", 48_211, "5f" * 16, held, (bundle,) if said else (), near=near)
