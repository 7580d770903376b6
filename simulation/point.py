"""A control point of lanes in memory, each with the shipped agent, at a real broker: for the wall, its tests and its figures.

    python -m simulation.point SETTINGS.json      plays until its standard input ends

Rules of this file:
- What a lane tells is what the shipped code tells of the shipped agent's state (`edge.wiring.wall_facts`), signed with its key and
  retained as a lane's. There is no core: each lane holds its own codes (`simulation.page_lane`).
- Trucks come by a drawn timetable; the same seed plays the same. What an officer must decide, an officer in memory decides after
  a while.
- Each plate that a tile will show is written to a log twice, `what lane vrn ns` by the machine's monotonic clock: `event`, when the
  agent is told that the reader has settled, and `told`, before the state that carries it is signed and published. Drawing what
  the camera sees, which takes longer than all of that, is done before and beside the loop.
- A lane's small picture is made once for each that its camera shows: what a box does on its own processor, many do here on one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from console.app import create_app
from console.officers import OfficerBook
from console.ports import CameraPicture, LaneView
from console.server import ConsoleServer
from console.settings import ConsoleSettings
from domain.visit_record import RecordKind
from edge import wiring
from edge.clock import BoxClock
from edge.lane_feed import LanePage
from lane_agent import events as e
from lane_agent.effects import Effect, Record
from lane_agent.model import Contact, Fault, HelpCall, Moment, Outcome, Screen
from lane_agent.state import Lane
from lane_agent.table import LIMITS_MS
from lane_agent.wording import Scene
from runtime.clocks import monotonic_ms
from runtime.mqtt import Broker, Connection, Options, Will
from simulation.drawn.trucks import DrawnTruck
from simulation.marks import Marks
from simulation.page_lane import HOUR_MS, POLICY, PageLane
from wire.channels import channel_of
from wire.codec import encode
from wire.envelope import Signer
from wire.messages import LaneState, Presence, Telemetry
from wire.topics import LaneTopics

JOURNAL = "in-memory"
PAGE_CERTIFICATE, PAGE_KEY = "page.pem", "page.key"
Note = Callable[[str, str, str], None]
"""Called with "event" or "told", a lane, and a mark."""

_TELEMETRY_S = 5.0
_FACES = 12
"""Different drawn pictures at a point; marks are many more."""


_SHARES = {"release": 82, "inspect": 6, "": 5, "unread": 3, "help": 3, "runs": 1}


class PointSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who plays: lanes and their passwords, the broker's port, the folder of `<lane>.key`, and how busy it is.

    Attributes:
        each_s: seconds from one truck of a lane to the next, on average.
        step_s: seconds between two things that happen to a truck.
        decide_s: seconds until the officer in memory decides; 0: nobody does.
        speed: how many times as fast the lane's waiting times run out, each of them 2 s at least.
        shares: what trucks are like, and of how many of all (any unit): `release`, `inspect`, `help`, `runs` past the message to inspect,
            `near` (bundled under a near-miss), `unread`, and "" without a bundle.
        fault_each_s: seconds from one short fault of a lane's reader to the next, on average; 0 for none.
        over_s: after so many seconds no more trucks come; 0 for never.
        visits: where each visit's base record is written when it ends, one line of JSON; "" for nowhere.
        pages: of each lane that has a page of its own, its port on loopback. The folder `walls` beside `keys` says which walls may
            come there; `page.pem` and `page.key` beside it are the pages' TLS.
    """

    port: int
    passwords: dict[str, str]
    keys: str
    log: str
    each_s: float = 30.0
    step_s: float = 1.0
    decide_s: float = 5.0
    seed: int = 1
    pages: dict[str, int] = {}
    speed: float = 1.0
    shares: dict[str, float] = msgspec.field(default_factory=lambda: dict(_SHARES))
    fault_each_s: float = 0.0
    over_s: float = 0.0
    visits: str = ""


async def no_paint(screen: Screen, scene: Scene, parameter: str, notice: str = "") -> bytes | None:
    """The wall paints by itself."""
    del screen, scene, parameter, notice
    return None


class RememberedPage(LanePage):
    """A page whose small picture is made again only when the camera shows another."""

    _small: tuple[bytes, CameraPicture] | None = None

    async def small_frame(self, width: int) -> CameraPicture | None:
        """The newest camera picture made small."""
        frame = await self.frame()
        if frame is None:
            return None
        if self._small is None or self._small[0] is not frame.jpeg:
            small = await super().small_frame(width)
            if small is None:
                return None
            self._small = frame.jpeg, small
        return self._small[1]


class ToldLane(PageLane):
    """A lane in memory that tells its state at a broker, as a box does.

    Args:
        name: its own.
        options: how it connects.
        signer: its own key.
        note: called when a mark was read, and when it is told.
        speed: how many times as fast its waiting times run out.
        ended: called with the base record of a visit that has ended, as JSON.
    """

    page_kind = RememberedPage

    def __init__(
        self,
        name: str,
        options: Options,
        signer: Signer,
        note: Note = lambda *_: None,
        *,
        speed: float = 1.0,
        ended: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.clock, self._ended = BoxClock(lambda: None), ended
        policy = replace(POLICY, lane=name, journal=JOURNAL, manifest_sensor=False, paint_ms=HOUR_MS)
        if speed != 1.0:
            policy = replace(
                policy,
                limits=tuple((stage, max(2_000, round(ms / speed))) for stage, ms in LIMITS_MS.items()),
                immigration_debt_ms=max(2_000, round(policy.immigration_debt_ms / speed)),
            )
        super().__init__(clock=self.clock, paint=no_paint, policy=policy)
        self.name, self.topics = name, LaneTopics(name)
        self.page.second.told = lambda: self._state_moved(self.agent.lane, self.clock.now().utc_ms)
        self._signer, self._note = signer, note
        self._vrn = ""
        self._session = secrets.randbits(63)
        self._serial = self._samples = 0
        self._row = ("", 0)
        self._facts: dict[str, Any] | None = None
        self.connection = Connection(
            options,
            will=self._will,
            on_up=self._on_up,
            on_down=lambda _: None,
            on_message=lambda incoming: incoming.acknowledge(),
        )

    def _will(self) -> Will:
        self._session = secrets.randbits(63)
        return Will(self.topics.presence, self._sealed(self._presence("lost")))

    def _presence(self, status: Literal["online", "stopped", "lost"]) -> Presence:
        return Presence(lane=self.name, status=status, session=self._session, software="0.1.0")

    def _sealed(self, body: msgspec.Struct) -> bytes:
        return self._signer.seal(channel_of(type(body)).topic(self.topics), encode(body))

    def _publish(self, body: msgspec.Struct) -> None:
        channel = channel_of(type(body))
        self.connection.publish(
            channel.topic(self.topics), self._sealed(body), qos=channel.qos, retain=channel.retained
        )

    def _on_up(self) -> None:
        self._publish(self._presence("online"))
        self._tell()

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is in the journal: the state is told."""
        super().stepped(event, at, effects, lane)
        self._state_moved(lane, at.utc_ms)
        for one in effects:
            if isinstance(one, Record) and one.kind == RecordKind.VISIT_ENDED:
                row = {"lane": self.name, "visit": one.visit, "at_ms": at.utc_ms, "facts": dict(one.facts)}
                self._ended(msgspec.json.encode(row).decode())

    def _state_moved(self, lane: Lane, now_ms: int) -> None:
        if self._row[0] != lane.row:
            self._row = lane.row, now_ms
        times = {"at_ms": now_ms, "row_ms": self._row[1]}
        self._facts = (
            wiring.wall_facts(lane, self.page.second.facts(), self.notice.facts())
            | times
            | self.alarms.wall_facts(JOURNAL, now_ms)
        )
        self._tell()

    async def happens(self, *events: e.Event) -> LaneView:
        """As in memory; a read is noted."""
        for event in events:
            if isinstance(event, e.PlateSettled):
                self._note("event", self.name, event.read.vrn)
        return await super().happens(*events)

    def _tell(self) -> None:
        if self._facts is None:
            return
        self._serial += 1
        if self._vrn != (vrn := self._facts["vrn"]):
            self._vrn = vrn
            self._note("told", self.name, vrn)
        self._publish(LaneState(lane=self.name, session=self._session, serial=self._serial, facts=self._facts))

    def sample(self) -> None:
        """How the box is."""
        self._samples += 1
        facts: dict[str, int | float | str] = {"proof_age_ms": 400, "picture_age_ms": 120, "journal_waiting": 0}
        self._publish(
            Telemetry(lane=self.name, session=self._session, serial=self._samples, age_ms=0, shed=0, facts=facts)
        )

    async def leave(self, *, in_order: bool = True) -> None:
        """The agent ends; in good order it says so, else the broker publishes its Will."""
        farewell = (self.topics.presence, self._sealed(self._presence("stopped"))) if in_order else None
        await self.connection.stop(farewell)


class PointTraffic:
    """The trucks of one lane.

    Args:
        lane: through which they go.
        settings: how busy it is.
        rng: chance.
    """

    def __init__(self, lane: ToldLane, settings: PointSettings, rng: random.Random) -> None:
        self.lane, self._settings, self._rng = lane, settings, rng
        self._marks = Marks(rng)

    async def play(self) -> None:
        """Truck after truck, until cancelled."""
        each = self._settings.each_s
        over = self._settings.over_s and time.monotonic() + self._settings.over_s
        await asyncio.sleep(self._rng.uniform(0, each))
        while not over or time.monotonic() < over:
            await self._truck()
            await asyncio.sleep(self._rng.uniform(0.5, 1.5) * max(0.1, each - 4 * self._settings.step_s))

    async def _pause(self) -> None:
        await asyncio.sleep(self._settings.step_s)

    async def _truck(self) -> None:
        lane, rng, vrn = self.lane, self._rng, self._marks.next()
        shares = self._settings.shares
        kind = rng.choices(tuple(shares), tuple(shares.values()))[0]
        if kind in {"release", "inspect", "help", "near"}:
            bundled = f"{vrn[:-1]}{(int(vrn[-1]) + 1) % 10}" if kind == "near" else vrn
            lane.add_bundle(bundled, "inspect" if kind == "inspect" else "release")
        truck = DrawnTruck(vrn, seed=rng.randrange(_FACES))
        await lane.comes(truck)
        visit = await lane.arrives(truck)
        await self._pause()
        if kind == "unread":
            await lane.gives_up(vrn[:-1], vrn)
        else:
            await lane.reads(vrn)
        if kind == "help":
            await lane.pulse(Contact.HELP)
        await lane.pulse(Contact.IMMIGRATION_STARTED)
        await self._pause()
        if kind == "runs":
            await lane.leaves()
            return
        await lane.pulse(Contact.IMMIGRATION_CLEARED)
        await self._settled(visit, vrn)

    async def _settled(self, visit: int, vrn: str) -> None:
        """It is sent on, by the lane or by an officer, and drives off."""
        lane, patience = self.lane, self._settings.decide_s
        await self._pause()
        if lane.agent.lane.help is not HelpCall.NONE and patience:
            await asyncio.sleep(patience)
            await lane.happens(e.HelpAnswered("chan"), e.HelpEnded("chan", "helped"))
        while lane.agent.lane.help is not HelpCall.NONE and not patience:
            await self._pause()
        if self._undecided() and patience:
            await asyncio.sleep(patience)
            await lane.happens(
                e.OfficerCorrected(visit, "chan", vrn, "seen"), e.OfficerReleased(visit, "chan", "papers in order")
            )
        while self._undecided():
            await self._pause()
        visiting = lane.agent.lane.visit
        sent = visiting is not None and visiting.outcome is Outcome.EXAMINE
        await self._pause()
        await lane.leaves(Contact.COMPOUND_LOOP if sent else Contact.EXIT_LOOP)

    def _undecided(self) -> bool:
        visit = self.lane.agent.lane.visit
        return visit is not None and visit.outcome not in {Outcome.RELEASED, Outcome.EXAMINE}


async def play(settings: PointSettings, lanes: list[ToldLane]) -> None:
    """All lanes at once, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for place, lane in enumerate(lanes):
            tasks.create_task(lane.agent.run(), name=f"agent of {lane.name}")
            lane.connection.start()
            await lane.start()
            traffic = PointTraffic(lane, settings, random.Random(f"{settings.seed}/{lane.name}"))  # noqa: S311
            tasks.create_task(traffic.play(), name=f"traffic of {lane.name}")
            if settings.fault_each_s:
                tasks.create_task(_faults(lane, settings), name=f"faults of {lane.name}")
            tasks.create_task(_sample(lane, place), name=f"telemetry of {lane.name}")
            if lane.name in settings.pages:
                tasks.create_task(serve_page(lane, settings), name=f"page of {lane.name}")


async def _faults(lane: ToldLane, settings: PointSettings) -> None:
    """The reader fails now and then, for six steps of a truck, and works again."""
    rng, began = random.Random(f"faults/{settings.seed}/{lane.name}"), time.monotonic()  # noqa: S311
    while True:
        await asyncio.sleep(rng.uniform(0.5, 1.5) * settings.fault_each_s)
        if settings.over_s and time.monotonic() - began > settings.over_s:
            return
        await lane.happens(e.FaultRaised(Fault.READER, "played"))
        await asyncio.sleep(6 * settings.step_s)
        await lane.happens(e.FaultCleared(Fault.READER))


async def serve_page(lane: ToldLane, settings: PointSettings) -> None:
    """The lane's own page, which only a wall enters: it has no officers."""
    folder = Path(settings.keys).parent
    wanted = ConsoleSettings(
        officers=folder / f"{lane.name}.json",
        port=settings.pages[lane.name],
        walls=folder / "walls",
        tls_certificate=folder / PAGE_CERTIFICATE,
        tls_key=folder / PAGE_KEY,
    )
    app, stream = create_app(
        feed=lane.page,
        settings=wanted,
        officers=OfficerBook(wanted.officers),
        ticks=monotonic_ms,
        viewed=lambda _: None,
    )
    server = ConsoleServer(app, stream, wanted)
    server.bind()
    with contextlib.closing(server):
        await server.serve()


async def _sample(lane: ToldLane, place: int) -> None:
    await asyncio.sleep(place % 10 * _TELEMETRY_S / 10)
    while True:
        lane.sample()
        await asyncio.sleep(_TELEMETRY_S)


def lanes_of(
    settings: PointSettings, note: Note = lambda *_: None, ended: Callable[[str], None] = lambda _: None
) -> list[ToldLane]:
    """The lanes, not yet connected; `note` and `ended` as each lane's."""
    broker = (Broker("127.0.0.1", settings.port),)
    return [
        ToldLane(
            name,
            Options(brokers=broker, client_id=name, subscriptions=(), user_name=name, password=password),
            Signer.of(name, (Path(settings.keys) / f"{name}.key").read_bytes()),
            note,
            speed=settings.speed,
            ended=ended,
        )
        for name, password in settings.passwords.items()
    ]


async def serve(settings: PointSettings, note: Note, ended: Callable[[str], None] = lambda _: None) -> None:
    """Plays until standard input ends, or a lane fails; `note` and `ended` as each lane's."""
    playing = asyncio.create_task(play(settings, lanes_of(settings, note, ended)))
    over = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    await asyncio.wait({playing, over}, return_when=asyncio.FIRST_COMPLETED)
    if playing.done():
        playing.result()
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)


def main(settings: PointSettings) -> None:
    """As `serve`, with the log that the settings name."""
    with Path(settings.log).open("a", encoding="ascii") as log:

        def note(what: str, lane: str, vrn: str) -> None:
            if vrn:
                log.write(f"{what} {lane} {vrn} {time.monotonic_ns()}\n")
                log.flush()

        def ended(row: str) -> None:
            with Path(settings.visits).open("a", encoding="utf-8") as visits:
                visits.write(f"{row}\n")

        asyncio.run(serve(settings, note, ended if settings.visits else lambda _: None))


if __name__ == "__main__":
    main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=PointSettings))
