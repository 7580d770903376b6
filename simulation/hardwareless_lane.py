"""A lane without its devices: real store, journal, list of codes and link; and, if wanted, the real agent on top.

Rules of this file:
- Hardware is what a subclass or a test says it is. Here, screens paint at once, the camera sees what it is given, and
  nothing else is connected.
- Nothing is faked between the agent and the broker: store, link, clock and restoring are those of `edge.lane`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from edge.clock import BoxClock
from edge.past_visits import newest_first
from lane_agent import events as e
from lane_agent.agent import Agent
from lane_agent.effects import Alarm, Effect, LookAgain, Record, Ring, Show, TellDriver
from lane_agent.model import Contact, Moment, Policy, Read, ReadSource, Screen
from lane_agent.ports import CodeBook
from lane_agent.replay import restore
from lane_agent.state import Lane
from runtime.clocks import monotonic_ms
from runtime.mqtt import Options
from sync.client import LinkClient
from sync.codelog import CodeLog
from sync.journal import Journal
from sync.store import LaneStore
from wire.envelope import KeyRing, Signer

READ_S = 0.05
"""How long the camera takes to settle on what it sees."""


class LaneEnd:
    """A lane's end of the link: its store, its journal, its list of codes, its link client.

    Use as `async with`, for as long as it is to be connected; the store is open from the beginning, and closed with it.

    Args:
        store: its store's file.
        options: how it connects.
        signer: its own key.
        ring: the core's public keys.
        boot: of this start of the box.
        codes: makes the list of codes.
        link: further arguments of `LinkClient`; who is not named there hears nothing.
    """

    def __init__(
        self,
        store: Path,
        options: Options,
        *,
        signer: Signer,
        ring: KeyRing,
        boot: str = "boot",
        software: str = "test",
        codes: Callable[[LaneStore], CodeLog] = CodeLog,
        **link: Any,
    ) -> None:
        self.name, self.boot, self.software = options.client_id, boot, software
        self.store = LaneStore(store)
        self.journal = Journal(self.store, boot=boot, software=software)
        self.codes = codes(self.store)
        nobody = {"on_event": lambda _: None, "on_alarm": lambda _kind, _detail: None}
        self.link = LinkClient(
            self.name,
            options=options,
            signer=signer,
            ring=ring,
            journal=self.journal,
            codes=self.codes,
            now_ms=monotonic_ms,
            software=software,
            **(nobody | link),
        )

    async def __aenter__(self) -> Self:
        await self.link.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.link.stop()
        self.store.close()


class NoHardware:
    """Actuators that move nothing (`lane_agent.ports.ActuatorsPort`). Subclasses override what they have."""

    def show(self, order: Show) -> None:
        """No screens."""

    def read_plate(self, visit: int) -> None:
        """No reader."""

    def stop_reading(self, visit: int) -> None:
        """No reader."""

    def look_again(self, order: LookAgain) -> None:
        """No reader, and so nobody sees the plate again."""

    def ring(self, order: Ring) -> None:
        """No intercom."""

    def tell_driver(self, order: TellDriver) -> None:
        """No screens."""

    def raise_alarm(self, alarm: Alarm) -> None:
        """The journal has it."""

    def keep(self, record: Record) -> None:
        """The journal has it."""

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """Nobody looks on."""


class LaneWithoutHardware(NoHardware, LaneEnd):
    """A lane's end with its agent; the other side of its hardware is here too.

    Args:
        policy: fields of the lane's `Policy`.

    Attributes:
        sees: the mark that the camera sees; "" for nothing.
        work: the agent's task, while it runs.
    """

    def __init__(self, store: Path, options: Options, *, policy: dict[str, Any] | None = None, **end: Any) -> None:
        self.sees = ""
        self._reading = 0
        self.work: asyncio.Task[None]
        heard = {"on_event": self.tell, "on_alarm": lambda kind, detail: self.tell(e.TroubleReported(kind, detail))}
        super().__init__(store, options, **(heard | end))
        self.policy = Policy(lane=self.name, journal=self.store.journal_id, **(policy or {}))
        self.agent = Agent(
            restore(newest_first(self.journal)),
            clock=BoxClock(self.link.core_time),
            journal=self.journal,
            codes=self.code_book(),
            actuators=self,
            software=self.software,
        )

    async def __aenter__(self) -> Self:
        """The agent runs, and is told that it has started; then the link."""
        self.work = asyncio.create_task(self.agent.run(), name=f"agent of {self.name}")
        self.tell(e.AgentStarted(self.policy, self.boot, self.software))
        return await super().__aenter__()

    async def __aexit__(self, *_: object) -> None:
        await self.link.stop()
        self.work.cancel()
        await asyncio.gather(self.work, return_exceptions=True)
        self.store.close()

    def code_book(self) -> CodeBook:
        """What the agent asks."""
        return self.link

    def tell(self, event: e.Event) -> None:
        """Puts an event into the lane's inbox."""
        self.agent.tell(event)

    async def happens(self, *events: e.Event) -> None:
        """Tells events, and waits until each is in the journal."""
        for event in events:
            await self.agent.ask(event)

    def switch(self, contact: Contact, active: bool) -> e.ContactChanged:
        """A contact changes now: the event of it."""
        return e.ContactChanged(contact, active, monotonic_ms())

    def show(self, order: Show) -> None:
        """Both screens paint at once."""
        self.tell(e.ScenePainted(Screen.XDB, order.xdb, order.serial))
        self.tell(e.ScenePainted(Screen.AIOP, order.aiop, order.serial))

    def read_plate(self, visit: int) -> None:
        """The reader settles on what the camera sees now, or will see."""
        self._reading = visit
        if self.sees:
            asyncio.get_running_loop().call_later(READ_S, self._settled, visit, self.sees)

    def stop_reading(self, visit: int) -> None:
        """The reader stops."""
        del visit
        self._reading = 0

    def comes_into_view(self, vrn: str) -> None:
        """The camera sees this mark from now on, "" for nothing."""
        self.sees, visit = vrn, self.agent.lane.visit
        if vrn and self._reading and visit is not None and visit.read is None:
            self.read_plate(self._reading)

    def _settled(self, visit: int, vrn: str) -> None:
        self.tell(e.PlateSettled(visit, Read(vrn, None, 0.99, ReadSource.READER)))

    def stepped(self, event: e.Event, at: Moment, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is durable: the link sends the journal on."""
        del event, at, effects
        visit = lane.visit
        self.link.watch(visit.read.vrn if visit is not None and visit.read is not None else None)
        self.link.on_journal_grew()

    def journaled(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind, as the journal has them."""
        events = [json.loads(row.body)["event"] for row in self.journal.rows()]
        return [event for event in events if event["type"] == kind]
