"""What the centre orders and is sent, as this box carries it out: orders, the reader, evidence pictures.

Rules of this file
- An order goes through the agent's inbox like everything else, and is answered with what the journal says became of it.
- The lane tells the link which visit it has and whether manual mode stands by order: a command for another visit is
  refused, and no time-out from afar ends what a lane officer ordered.
- Pictures of a stop and of a near-miss of a held vehicle are kept longer than others; they are sent by themselves
  where the lane's file says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from devices.reader import ReaderProcess
from domain.alarms import LaneAlarmKind
from domain.visit_record import RecordKind, VisitEnded
from edge.lane_feed import not_counted
from lane_agent.agent import Agent
from lane_agent.effects import Alarm, Effect, Record
from lane_agent.events import Event, ManualEnded, ManualOrdered
from lane_agent.model import ManualReason, Outcome
from lane_agent.state import Lane, visit_key
from sync.client import LinkClient
from sync.evidence import Evidence, Retention
from sync.settings import EvidenceSettings, PictureClass

log = logging.getLogger("rocars.lane")

_DAY_MS = 86_400_000
_MB = 1_000_000


def retention(settings: EvidenceSettings) -> dict[str, Retention]:
    """How long each class is kept; the order is that in which room is made when the disk fills."""
    days = {
        PictureClass.READS: settings.reads_days,
        PictureClass.NEAR_MISSES: settings.kept_days,
        PictureClass.STOPS: settings.kept_days,
        PictureClass.COMPLAINTS: settings.complaint_days,
    }
    room = {PictureClass.READS: settings.reads_mb}
    return {
        kind.value: Retention(max_age_ms=kept * _DAY_MS, max_bytes=room.get(kind, settings.kept_mb) * _MB)
        for kind, kept in days.items()
    }


class Afar:
    """Between the link and the rest of the box. Made before either; `attach` completes it.

    Args:
        evidence: the pictures.
        send: the classes that are sent by themselves.
    """

    def __init__(self, evidence: Evidence, send: tuple[PictureClass, ...]) -> None:
        self._evidence = evidence
        self._send = frozenset(send)
        self._near_miss = 0
        self._orders: set[asyncio.Task[None]] = set()

    def attach(self, *, agent: Agent, reader: ReaderProcess, link: LinkClient) -> None:
        """What is made after the link."""
        self._agent, self._reader, self._link = agent, reader, link

    def order(self, event: Event, answer: Callable[[str], None]) -> None:
        """An event ordered from afar."""
        task = asyncio.get_running_loop().create_task(self._ask(event, answer), name="order from afar")
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)

    async def _ask(self, event: Event, answer: Callable[[str], None]) -> None:
        answer(not_counted(await self._agent.ask(event)))

    def restart_reader(self, issuer: str, reason: str, answer: Callable[[str], None]) -> None:
        """The reader's process is ended; its keeper starts it anew, and the lane has the fault until it sees."""
        log.warning("reader restarted by %s: %s", issuer, reason)
        answer("" if self._reader.restart() else "the reader's process is not running; it is being started")

    def stepped(self, event: Event, effects: tuple[Effect, ...], lane: Lane) -> None:
        """One step is durable."""
        key = visit_key(lane, lane.visit.number) if lane.visit is not None else ""
        self._link.set_lane(visit=key, ordered=ManualReason.ORDER in lane.manual)
        if isinstance(event, ManualOrdered | ManualEnded):
            self._link.on_mode_stepped(event)
        for effect in effects:
            if isinstance(effect, Alarm) and effect.kind == LaneAlarmKind.NEAR_MISS:
                self._near_miss = effect.visit
            elif isinstance(effect, Record) and effect.kind == RecordKind.VISIT_ENDED:
                self._sort_pictures(effect.visit, VisitEnded.from_facts(effect.facts))

    def _sort_pictures(self, visit: int, ended: VisitEnded) -> None:
        if ended.outcome == Outcome.EXAMINE.value:
            self._keep(ended.evidence, PictureClass.STOPS)
        elif self._near_miss == visit:
            self._keep(ended.evidence, PictureClass.NEAR_MISSES)

    def _keep(self, pictures: tuple[str, ...], kind: PictureClass) -> None:
        for picture in pictures:
            try:
                self._evidence.reclass(picture, kind.value)
            except OSError as error:  # gone, or the disk refuses: the store's own watch tells of that
                log.warning("evidence %s could not be kept as one of the %s: %s", picture, kind.value, error)
        if kind in self._send:
            for problem in self._link.send_pictures(pictures, kind.value):
                log.warning("%s", problem)
