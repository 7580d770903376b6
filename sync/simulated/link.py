"""The whole link of one lane in memory: machine, store, core, and a broker that the test drives.

For tests and benchmarks of the link machine: no sockets, no files, and no time but `SimulatedLink.now`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from domain.alarms import LaneAlarmKind
from lane_agent.events import Event, ManualEnded, ManualOrdered
from lane_agent.model import Link
from sync.link import (
    Acknowledge,
    Ahead,
    ApplyDelta,
    BeginJournal,
    CodeLogHead,
    DropRevert,
    FetchPicture,
    KeepClock,
    KeepOrder,
    LinkAlarm,
    LinkAlarmEnded,
    LinkMachine,
    LoadPart,
    Order,
    PictureDone,
    Publish,
    RestartReader,
    Revert,
    SavedState,
    SendEvents,
    SendPart,
    ShowDeltas,
    Tell,
    TryNextBroker,
    Upload,
)
from sync.link.log_result import Applied, LogResult
from sync.simulated.core_end import CoreSaid, SimulatedCore
from sync.simulated.memory_log import MemoryLog
from wire.channels import channel_of
from wire.codec import decode, encode
from wire.envelope import Signer
from wire.errors import WireRefusedError
from wire.hashes import journal_next, journal_start
from wire.messages import DeltasShown, EventMessage, Heartbeat, Nonce, PicturePart

LANE = "lane-1"
CORE, LANE_KEY = Signer.generate("core"), Signer.generate(LANE)


class SimulatedLink:
    """One lane, one core, and what is under way between them.

    Attributes:
        now: the lane's monotonic clock; the core's runs alike. Nothing else moves it.
        core_utc: what the core's clock is ahead of `now`; set it, and the core's clock steps.
        kept_utc: what the lane's own UTC is ahead of `now`, None while no time source keeps it.
        core, memory, machine: the two ends, and the lane's store.
        rows, cursor: the lane's journal and its outbox's cursor.
        to_core, to_lane: messages that the broker has not delivered yet; change them as a broker might.
        past: everything the core ever said.
        sent, signed, delivered, held_since: for a bystander: when each nonce was sent, what was signed over it,
            whether that reached the lane, and the lane's head since when.
        told, alarms, alarms_over, brokers_tried: what the machine asked for.
        taken, revert: what the lane's store has of commands; orders are told, and answered with `why`.
        clock: what it has of the core's clock; None, and the machine was started anew.
        kept: the signed deltas that were applied, by epoch and version.
        pictures, uploads: the lane's evidence by name, and what of it is to be sent.
    """

    def __init__(self) -> None:
        self.now = 1_000
        self.core_utc = 1_700_000_000_000
        self.kept_utc: int | None = None
        self.core = SimulatedCore(LANE, signer=CORE, ring=LANE_KEY.ring(), clock=lambda: self.core_utc + self.now)
        self.memory = MemoryLog()
        self.journal = "j1"
        self.rows: list[EventMessage] = []
        self.cursor = 0
        self.up = False
        self.to_core: list[tuple[str, bytes]] = []
        self.to_lane: list[CoreSaid] = []
        self.past: list[CoreSaid] = []
        self.sent: dict[bytes, int] = {}
        self.signed: dict[bytes, Heartbeat] = {}
        self.delivered: set[bytes] = set()
        self.told: list[Event] = []
        self.alarms: list[str] = []
        self.alarms_over: list[str] = []
        self.brokers_tried = 0
        self.why = ""
        self.taken: dict[str, int] = {}
        self.revert: Revert | None = None
        self.clock: Ahead | None = None
        self.pictures: dict[str, bytes] = {}
        self.uploads: dict[str, Upload] = {}
        self.kept: dict[tuple[str, int], bytes] = {}
        self.held_since: list[tuple[int, CodeLogHead]] = [(self.now, self.memory.head)]
        self._draws = 0
        self._do: dict[type, Callable[[Any], object]] = {
            Publish: lambda effect: self._publish(effect.body),
            SendEvents: self._send_events,
            SendPart: self._send_part,
            Acknowledge: self._acknowledge,
            ApplyDelta: self._apply,
            ShowDeltas: self._show,
            BeginJournal: self._begin_journal,
            LoadPart: lambda effect: self._log_answers(self.memory.load(effect.part)),
            Tell: lambda effect: self.told.append(effect.event),
            LinkAlarm: lambda effect: self.alarms.append(effect.kind),
            LinkAlarmEnded: lambda effect: self.alarms_over.append(effect.kind),
            KeepClock: self._keep_clock,
            KeepOrder: self._keep_order,
            DropRevert: self._drop_revert,
            Order: self._order,
            RestartReader: lambda effect: self.machine.on_order_done(effect.command, self.why),
            FetchPicture: self._fetch_picture,
            PictureDone: self._picture_done,
            TryNextBroker: self._try_next_broker,
        }
        self.machine = self._machine()

    def start(self) -> None:
        """The lane's agent starts anew on what its store holds."""
        self.up = False
        self.machine = self._machine()

    def _machine(self) -> LinkMachine:
        return LinkMachine(
            LANE,
            ring=CORE.ring(),
            entropy=self.draw,
            head=self.memory.head,
            journal=self.journal,
            last=len(self.rows),
            acknowledged=self.cursor,
            row_hash=lambda number: self.rows[number - 1].hash if 0 < number <= len(self.rows) else b"",
            now=self.now,
            software="simulated",
            saved=SavedState(
                taken=dict(self.taken), revert=self.revert, uploads=tuple(self.uploads.values()), clock=self.clock
            ),
        )

    def draw(self, size: int) -> bytes:
        """Bytes that never come again."""
        self._draws += 1
        return hashlib.shake_256(self._draws.to_bytes(8, "big")).digest(size)

    def settle(self) -> None:
        """Carries out what the machine asks for, until it asks for nothing."""
        while effects := self.machine.drain():
            for effect in effects:
                self._do[type(effect)](effect)

    def _apply(self, effect: ApplyDelta) -> None:
        result = self.memory.apply(effect.delta, effect.body)
        if isinstance(result, Applied):
            self.kept[effect.delta.epoch, effect.delta.version] = effect.payload
        self._log_answers(result)

    def _show(self, effect: ShowDeltas) -> None:
        kept = sorted(self.kept.items())
        found = [raw for (epoch, version), raw in kept if epoch == effect.epoch and version > effect.version]
        self._publish(DeltasShown(lane=LANE, request=effect.request, epoch=effect.epoch, payloads=tuple(found)))

    def _begin_journal(self, _: BeginJournal) -> None:
        """What the core never acknowledged is carried over into another journal; the agent starts anew."""
        carried, self.rows, self.cursor = self.rows[self.cursor :], [], 0
        self.journal = f"{self.journal}x"
        for row in carried:
            self._write(row.body)
        self.start()

    def _send_events(self, effect: SendEvents) -> None:
        for row in self.rows[effect.first - 1 : effect.last]:
            self._publish(row)

    def _keep_order(self, effect: KeepOrder) -> None:
        self.taken[effect.command] = effect.expires_ms
        self.revert = effect.revert
        self.machine.on_order_kept(effect.command)

    def _drop_revert(self, _: DropRevert) -> None:
        self.revert = None

    def _order(self, effect: Order) -> None:
        self.told.append(effect.event)
        if isinstance(effect.event, ManualOrdered | ManualEnded):
            self.machine.on_mode_stepped(effect.event)
        self.machine.on_order_done(effect.command, self.why)

    def _fetch_picture(self, effect: FetchPicture) -> None:
        self.queue_picture(effect.picture, "complaints", asked=True)
        self.machine.on_order_done(effect.command)

    def _keep_clock(self, effect: KeepClock) -> None:
        self.clock = effect.ahead
        self.machine.on_clock_kept(effect.ahead)

    def _try_next_broker(self, _: TryNextBroker) -> None:
        self.brokers_tried += 1

    def queue_picture(self, picture: str, kind: str, *, asked: bool = False) -> None:
        """Queues a picture of the lane's for sending."""
        upload = Upload(picture, len(self.pictures[picture]), kind, kind, asked)
        self.uploads[picture] = upload
        self.machine.add_upload(upload, self.now)
        self.settle()

    def _picture_done(self, effect: PictureDone) -> None:
        self.uploads.pop(effect.picture, None)
        self.alarms += [LaneAlarmKind.PICTURE_NOT_SENT] if effect.refused else []

    def _send_part(self, effect: SendPart) -> None:
        data = self.pictures[effect.picture][effect.offset :][: effect.length]
        self._publish(
            PicturePart(lane=LANE, offer=effect.offer, picture=effect.picture, offset=effect.offset, data=data)
        )

    def _acknowledge(self, effect: Acknowledge) -> None:
        foreign = self.rows[effect.seq - 1].hash != effect.digest
        self.cursor = self.cursor if foreign else max(effect.seq, self.cursor)
        self.machine.on_acknowledged(self.cursor, self.now, foreign=foreign)

    def _log_answers(self, result: LogResult) -> None:
        self.held_since.append((self.now, result.head))
        self.machine.on_log_result(result, self.now)

    def _publish(self, body: Struct) -> None:
        """From the lane into the broker, if there is one."""
        if isinstance(body, Nonce):
            self.sent[body.nonce] = self.now
        if self.up:
            topic = channel_of(type(body)).topic(self.core.topics)
            self.to_core.append((topic, LANE_KEY.seal(topic, encode(body))))

    def connect(self) -> None:
        """A connection comes up."""
        self.up = True
        self.machine.on_connected(7, self.now)
        self.settle()

    def cut(self) -> None:
        """The connection is lost, and what was under way with it."""
        self.up = False
        self.to_core.clear()
        self.to_lane.clear()
        self.machine.on_disconnected(self.now)
        self.settle()

    def say(self, said: CoreSaid) -> None:
        """The core publishes something."""
        self.past.append(said)
        beat = _beat(said)
        if beat is not None:
            self.signed.setdefault(beat.nonce, beat)
        if self.up:
            self.to_lane.append(said)

    def hand(self, said: CoreSaid, *, retained: bool = False) -> None:
        """The broker delivers a message to the lane."""
        beat = _beat(said)
        if beat is not None and not retained:
            self.delivered.add(beat.nonce)
        self.machine.on_message(said.topic, said.payload, self.now, retained=retained)
        self.settle()

    def tick(self, milliseconds: int) -> None:
        """Time passes for the lane; nothing arrives."""
        self.now += milliseconds
        self.machine.set_utc(None if self.kept_utc is None else self.kept_utc + self.now, self.now)
        self.machine.tick(self.now)
        self.settle()

    def core_hears(self) -> None:
        """Everything the lane said so far arrives; the answers are under way."""
        while self.to_core:
            for said in self.core.hear(*self.to_core.pop(0)):
                self.say(said)

    def step(self, milliseconds: int = 100) -> None:
        """Time passes, and everything under way arrives."""
        self.tick(milliseconds)
        while self.to_core or self.to_lane:
            self.core_hears()
            if self.to_lane:
                self.hand(self.to_lane.pop(0))

    def run(self, milliseconds: int) -> None:
        """A good connection for a while."""
        for _ in range(milliseconds // 100):
            self.step()

    def note(self, body: bytes) -> None:
        """The lane writes a journal row."""
        self._write(body)
        self.machine.on_journal_grew(len(self.rows), self.now)
        self.settle()

    def _write(self, body: bytes) -> None:
        previous = self.rows[-1].hash if self.rows else journal_start(self.journal)
        seq = len(self.rows) + 1
        self.rows.append(
            EventMessage(
                lane=LANE,
                journal=self.journal,
                seq=seq,
                boot="b1",
                previous=previous,
                hash=journal_next(previous, seq, "b1", body),
                body=body,
            )
        )

    def at_core(self) -> list[EventMessage]:
        """The rows the core has committed."""
        return self.core.journals.get(self.journal, [])

    def level(self) -> bool:
        """Whether the lane holds what the core holds."""
        log = self.core.log
        return (self.memory.head.epoch, self.memory.head.version) == (log.epoch, log.version)

    def verdict(self) -> Link:
        """The machine's word at this moment."""
        return self.machine.verdict(self.now)


def _beat(said: CoreSaid) -> Heartbeat | None:
    """The proof in a message of the core's, None if it is none."""
    if not said.topic.endswith("/down/heartbeat"):
        return None
    try:
        return decode(Heartbeat, CORE.ring().open(said.topic, said.payload))
    except WireRefusedError:
        return None
