"""A whole lane in memory behind the real page: the shipped agent and feed; the hardware's side is in your hands.

It is for developing the page (`rocars-lane page`) and for its tests. Nothing here decides: the agent does, from events
that the devices of a real lane would send. The journal and the codes are lists in memory, the screens paint at once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import cv2
import numpy as np

from console.ports import CameraPicture, LaneView, LinkView
from devices.overlay import COUNTED
from domain.crossing import Direction
from domain.marks import is_near_miss, normalise
from edge.alarm_desk import LaneAlarms
from edge.driver_notice import NoticeLine
from edge.lane_feed import LanePage, Sources
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import Alarm, Effect, LookAgain, Record, Ring, Show, TellDriver
from lane_agent.matching import releases
from lane_agent.model import (
    Bundle,
    Cargo,
    Codes,
    Contact,
    Link,
    Moment,
    NearMiss,
    Policy,
    Read,
    ReadSource,
    Screen,
)
from lane_agent.ports import Clock
from lane_agent.state import Lane, visit_key
from lane_agent.wording import Scene
from simulation.drawn.trucks import CameraView, DrawnTruck
from simulation.granting_core import GrantingCore

HOUR_MS = 3_600_000
POLICY = Policy(lane="SZB-IN-07", point="Shenzhen Bay", manifest_sensor=True, compound_loop=True)
Paint = Callable[[Screen, Scene, str, str], Awaitable[bytes | None]]


@dataclass(slots=True)
class MemoryJournal:
    """`lane_agent.ports.JournalPort` in memory; `uses` says which visit used a bundle (UBR to visit key)."""

    entries: list[bytes] = field(default_factory=list)
    uses: dict[str, str] = field(default_factory=dict)

    def append(self, entry: bytes, *, uses: Sequence[tuple[str, str]] = ()) -> int:
        """Keeps one entry; returns its number."""
        self.entries.append(entry)
        self.uses.update(uses)
        return len(self.entries)


@dataclass(slots=True)
class MemoryCodeBook(GrantingCore):
    """`lane_agent.ports.CodeBook` in memory: holds and bundles, as the core would have sent them.

    Attributes:
        now_ms: the core's time, UTC milliseconds; `slack_ms` is its uncertainty.
        uses: which visit used a bundle, from the journal.
        link: the link's verdict that an answer carries.
    """

    now_ms: Callable[[], int]
    uses: dict[str, str]
    link: Link = Link.FRESH
    slack_ms: int = 80
    version: int = 48_211
    holds: set[str] = field(default_factory=set)
    approved: dict[str, str] = field(default_factory=dict)
    bundles: dict[str, Bundle] = field(default_factory=dict)

    def look_up(self, vrn: str) -> Codes:
        """Everything known of `vrn`, with the marks that are nearly its own."""
        near = [
            NearMiss(mark, self._stops(mark), bool(self._of(mark))) for mark in self._marks() if is_near_miss(mark, vrn)
        ]
        return Codes(
            vrn,
            self.link,
            self.now_ms(),
            self.slack_ms,
            self.epoch,
            self.version,
            "5f" * 16,
            held=vrn in self.holds,
            bundles=self._of(vrn),
            approved=vrn in self.approved,
            approved_mainland=self.approved.get(vrn, ""),
            near=tuple(near),
        )

    def _marks(self) -> list[str]:
        return sorted(self.holds | {bundle.vrn for bundle in self.bundles.values()})

    def _of(self, vrn: str) -> tuple[Bundle, ...]:
        mine = [bundle for bundle in self.bundles.values() if bundle.vrn == vrn]
        return tuple(replace(bundle, used_by=self.uses.get(bundle.ubr, "")) for bundle in mine)

    def _stops(self, vrn: str) -> bool:
        return vrn in self.holds or not all(releases(bundle) for bundle in self._of(vrn))


class PageLane:
    """One lane in memory, its page, and everything that the world around it can do.

    Run `agent.run()` as a task, then `start`. The methods of the world return when the lane has taken the event in, has
    been answered by the code book, and its screens have painted.

    Args:
        clock: both clocks of the box.
        paint: paints the signs for the page, as `display.sign_renderer` does.
        policy: the lane's settings.
        visits: number of the last visit; the next vehicle has the one after it.

    Attributes:
        agent, page, alarms, journal, codes: the lane's parts.
        link: what the page is told of the link.
        camera_works: whether there is a live picture.
    """

    page_kind: type[LanePage] = LanePage

    def __init__(
        self, *, clock: Clock, paint: Paint, policy: Policy = POLICY, visits: int = 0, software: str = "0.1.0"
    ) -> None:
        self.journal = MemoryJournal()
        self.codes = MemoryCodeBook(lambda: clock.now().utc_ms, self.journal.uses)
        self.link = LinkView(Link.FRESH, 400, self.codes.version, self.codes.version, verified=True, broker="broker-a")
        self.camera_works = True
        self._clock = clock
        self._policy = policy
        self._software = software
        self._proof_ms = clock.now().mono_ms
        self._silent: frozenset[Screen] = frozenset()
        self._pictures: dict[str, bytes] = {}
        self._truck: DrawnTruck | None = None
        self._seen: tuple[DrawnTruck | None, bool] = (None, False)
        self._ubrs = 2_349_872_344
        self.agent = Agent(
            Lane(visits=visits), clock=clock, journal=self.journal, codes=self.codes, actuators=self, software=software
        )
        self.codes.tell = self.agent.tell
        self.notice = NoticeLine(lambda _: None, now=clock.now, moved=self._notice_moved)
        sources = Sources(
            link=self._link_view,
            frame=self._frame,
            evidence=self._pictures.get,
            paint=paint,
            now=clock.now,
            read_ms=lambda: (38, 61),
            notice=lambda: self.notice.shown,
            listener=self.listener,
        )
        self.alarms = LaneAlarms()
        self.page = self.page_kind(self.agent, simulated=True, software=software, sources=sources, alarms=self.alarms)

    # --- the lane's devices: `lane_agent.ports.ActuatorsPort` --------------------------------------------------------

    def show(self, order: Show) -> None:
        """Every screen that is not silent paints at once."""
        for screen, scene in ((Screen.XDB, order.xdb), (Screen.AIOP, order.aiop)):
            if screen not in self._silent:
                self.agent.tell(e.ScenePainted(screen, scene, order.serial))

    def listener(self) -> str:
        """Who listens at the kiosk: nobody, for it has no voice."""
        return ""

    def _notice_moved(self) -> None:
        self.page.moved()

    def read_plate(self, visit: int) -> None:
        """The reader is in your hands: `reads`, `gives_up`."""

    def stop_reading(self, visit: int) -> None:
        """The reader is in your hands."""

    def look_again(self, order: LookAgain) -> None:
        """The truck that was drawn last is what the camera sees: its plate answers, a second after it was asked for."""
        truck, _ = self._seen
        if truck is not None and normalise(truck.vrn) == order.vrn:
            seen = e.PlateSeenAgain(order.visit, order.look, order.vrn)
            asyncio.get_running_loop().call_later(1, self.agent.tell, seen)

    def ring(self, order: Ring) -> None:
        """There is no intercom; the page rings."""

    def tell_driver(self, order: TellDriver) -> None:
        """The page shows it, as the panel would."""
        self.notice.order(order)

    def raise_alarm(self, alarm: Alarm) -> None:
        """The page shows it."""

    def keep(self, record: Record) -> None:
        """The journal has it."""

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is in the journal."""
        self.alarms.stepped(at, effects, lambda: 0)
        self.notice.stepped(lane)
        self.page.stepped(event, at, effects, lane)

    def _link_view(self) -> LinkView:
        if self.link.verdict is Link.FRESH:
            return self.link
        return replace(self.link, proof_age_ms=self._clock.now().mono_ms - self._proof_ms)

    def _frame(self) -> CameraPicture | None:
        return CameraPicture(_jpeg(*self._seen), age_ms=120) if self.camera_works else None

    # --- the world ---------------------------------------------------------------------------------------------------

    async def happens(self, *events: e.Event) -> LaneView:
        """Each event in turn; the view when the lane has dealt with all of them."""
        for event in events:
            await self.agent.ask(event)
        view = self.page.view()
        while not self._settled():
            view = await self.page.changed(view.sequence)
        return view

    def _settled(self) -> bool:
        lane = self.agent.lane
        asked = lane.visit is not None and lane.visit.lookup != 0
        return not asked and lane.face.painted >= frozenset(Screen) - self._silent

    async def start(self) -> LaneView:
        """The box starts with an empty lane, proves its codes, and an officer opens the lane."""
        now = self._clock.now().mono_ms
        return await self.happens(
            e.AgentStarted(self._policy, "boot-1", self._software),
            *(e.ContactChanged(contact, False, now) for contact in Contact),
            e.LinkChanged(Link.FRESH),
            e.LaneOpened("chan"),
        )

    async def contact(self, contact: Contact, *, active: bool) -> LaneView:
        """A loop, a button or a signal line changes."""
        return await self.happens(e.ContactChanged(contact, active, self._clock.now().mono_ms))

    async def pulse(self, contact: Contact) -> LaneView:
        """A press, or a signal line that closes for a moment."""
        await self.contact(contact, active=True)
        return await self.contact(contact, active=False)

    async def comes(self, truck: DrawnTruck) -> None:
        """A vehicle drives up: what the camera will see of it is drawn meanwhile, outside the loop."""
        await asyncio.to_thread(lambda: (_jpeg(truck, False), _jpeg(truck, True), _plate_jpeg(truck)))

    async def arrives(self, truck: DrawnTruck | None = None) -> int:
        """A vehicle stops on the stop loop; returns the number of its visit."""
        self._truck = truck or DrawnTruck("")
        self._seen = (self._truck, False)
        await self.contact(Contact.STOP_LOOP, active=True)
        return self.agent.lane.visits

    async def leaves(self, way: Contact = Contact.EXIT_LOOP) -> LaneView:
        """It drives off."""
        self._truck, self._seen = None, (None, False)
        await self.contact(way, active=True)
        await self.contact(Contact.STOP_LOOP, active=False)
        return await self.contact(way, active=False)

    async def reads(self, vrn: str, mainland: str = "", *, confidence: float = 0.98) -> LaneView:
        """The reader settles a read, with a picture as evidence."""
        self._truck = replace(self._truck or DrawnTruck(""), vrn=vrn, mainland=mainland)
        self._seen = (self._truck, True)
        read = Read(vrn, mainland or None, confidence, ReadSource.READER, self._evidence())
        return await self.happens(e.PlateSettled(self.agent.lane.visits, read))

    async def gives_up(self, *candidates: str) -> LaneView:
        """The reader cannot settle a read; `candidates` are what it saw, best first."""
        visit = self.agent.lane.visits
        self._truck = replace(self._truck or DrawnTruck(""), vrn=candidates[0] if candidates else "")
        self._seen = (self._truck, True)
        return await self.happens(e.PlateUnread(visit, "frames disagree", candidates, self._evidence()))

    def _evidence(self) -> tuple[str, ...]:
        """As the reader keeps it: the whole picture, and the plate cut out of it."""
        kept = [_jpeg(*self._seen), _plate_jpeg(self._seen[0])]
        names = tuple(hashlib.sha256(jpeg).hexdigest() for jpeg in kept if jpeg)
        self._pictures |= dict(zip(names, kept, strict=False))
        return names

    async def identifier_reads(self, source: str, vrn: str) -> LaneView:
        """A second identifier names a mark."""
        return await self.happens(e.IdentifierRead(source, vrn, self._clock.now().mono_ms))

    async def immigration_clears(self) -> LaneView:
        """Immigration begins with the driver and is done."""
        await self.pulse(Contact.IMMIGRATION_STARTED)
        return await self.pulse(Contact.IMMIGRATION_CLEARED)

    def add_bundle(self, vrn: str, *codes: str, **changes: object) -> Bundle:
        """The core bundles consignments with these action codes; `changes` replace fields of `Bundle`."""
        self._ubrs += 1
        now = self._clock.now().utc_ms
        cargo = tuple(Cargo(f"20010678{89 + place}", code) for place, code in enumerate(codes))
        bundle = Bundle(str(self._ubrs), vrn, Direction.INBOUND, "", now - 2 * HOUR_MS, now + 40 * HOUR_MS, cargo)
        bundle = replace(bundle, **changes)  # type: ignore[arg-type]
        self.codes.bundles[bundle.ubr] = bundle
        return bundle

    async def codes_change(self, vrn: str, *, hold: bool = False) -> LaneView:
        """The core has sent something about `vrn`, with `hold` that it is to be stopped."""
        if hold:
            self.codes.holds.add(vrn)
        return await self.happens(e.CodesChanged(vrn, hold))

    async def link_is(self, verdict: Link, **changes: object) -> LaneView:
        """The link machine's verdict; `changes` replace fields of the page's `LinkView`."""
        self._proof_ms = self._clock.now().mono_ms
        self.link = replace(self.link, verdict=verdict, **changes)  # type: ignore[arg-type]
        self.codes.link = verdict
        return await self.happens(e.LinkChanged(verdict))

    async def limit_expires(self) -> LaneView:
        """The waiting time of the present stage runs out, at once; nothing if the lane waits for nothing."""
        serial = dict(self.agent.lane.timers).get("stage")
        return await self.happens(*(() if serial is None else (e.TimerFired("stage", serial),)))

    def falls_silent(self, screen: Screen) -> None:
        """A screen no longer reports what it paints; the lane notices at the next change of the scene."""
        self._silent |= {screen}

    def visit_key(self) -> str:
        """The key of the newest visit, as a bundle that it used carries it."""
        return visit_key(self.agent.lane, self.agent.lane.visits)


@lru_cache(maxsize=1)
def _camera() -> CameraView:
    return CameraView(seed=7)


@lru_cache(maxsize=256)
def _jpeg(truck: DrawnTruck | None, boxed: bool) -> bytes:
    """The drawn lane at the kiosk, with the plates outlined once they are read."""
    picture = _camera().picture(truck)
    image = picture.image.copy()
    if boxed:
        for plate in picture.plates:
            cv2.polylines(image, [np.round(plate.corners).astype(np.int32)], isClosed=True, color=COUNTED, thickness=2)
    return cv2.imencode(".jpg", image)[1].tobytes()


@lru_cache(maxsize=256)
def _plate_jpeg(truck: DrawnTruck | None) -> bytes:
    """The first plate with half its height around it, b"" where none is seen (`devices.visit_reader`)."""
    picture = _camera().picture(truck)
    if not picture.plates:
        return b""
    corners = picture.plates[0].corners
    margin = float(np.ptp(corners[:, 1])) / 2
    low = np.clip(corners.min(0) - margin, 0, None).astype(int)
    high = np.ceil(corners.max(0) + margin).astype(int)
    return cv2.imencode(".jpg", picture.image[low[1] : high[1], low[0] : high[0]])[1].tobytes()
