"""The whole link of one lane in memory: machine, store, core, and a broker at the mercy of whoever drives it.

For tests and benchmarks of the link machine: no sockets, no files, and no time but `SimulatedLink.now`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import assert_never

from msgspec import Struct

from domain.alarms import LaneAlarmKind
from lane_agent.events import Event, ManualEnded, ManualOrdered
from lane_agent.model import Link
from sync.link import (
    Acknowledge,
    Ahead,
    ApplyDelta,
    DropRevert,
    Effect,
    FetchPicture,
    KeepClock,
    KeepOrder,
    LinkAlarm,
    LinkMachine,
    LoadPart,
    LogAnswer,
    Order,
    PictureDone,
    Publish,
    RestartReader,
    Revert,
    SavedState,
    SendEvents,
    SendPart,
    Tell,
    TryNextBroker,
    Upload,
)
from sync.simulated.core_end import CoreSaid, SimulatedCore
from wire.codec import decode, encode
from wire.envelope import Signer
from wire.errors import WireRefusedError
from wire.hashes import EMPTY_STATE, StateHash, journal_next, journal_start, log_next, log_start
from wire.messages import Delta, EventMessage, Heartbeat, Nonce, PicturePart, SnapshotPart
from wire.records import HoldRecord, Kind, Record

LANE = "lane-1"
CORE, LANE_KEY = Signer.generate("core"), Signer.generate(LANE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the list in memory stands."""

    epoch: str = ""
    version: int = 0
    log_hash: bytes = log_start("")
    state_hash: bytes = EMPTY_STATE


@dataclass
class MemoryLog:
    """What the code log does, in memory: in order or not at all; holds ahead of their turn at once."""

    place: Place = field(default_factory=Place)
    rows: dict[tuple[Kind, str], Record] = field(default_factory=dict)
    ahead: set[str] = field(default_factory=set)
    parts: dict[int, SnapshotPart] = field(default_factory=dict)

    def held(self, vrn: str) -> bool:
        """Whether a vehicle is stopped."""
        row = self.rows.get(("hold", vrn))
        return vrn in self.ahead or (isinstance(row, HoldRecord) and not row.deleted)

    def apply(self, delta: Delta, body: bytes) -> LogAnswer:
        """As `sync.codelog.CodeLog.apply`."""
        place = self.place
        if delta.epoch == place.epoch and delta.version <= place.version:
            return LogAnswer.KNOWN
        if (delta.epoch, delta.version, delta.previous) == (place.epoch, place.version + 1, place.log_hash):
            rows = self.rows | {row.key: row for row in delta.changes}
            if StateHash.of(rows.values()).digest() != delta.state_hash:
                return LogAnswer.MISMATCH
            self.rows = rows
            self.place = Place(delta.epoch, delta.version, log_next(delta.previous, body), delta.state_hash)
            return LogAnswer.APPLIED
        self.ahead |= {row.vrn for row in delta.changes if isinstance(row, HoldRecord) and not row.deleted}
        if delta.epoch != place.epoch:
            return LogAnswer.OTHER_EPOCH
        return LogAnswer.GAP if delta.version > place.version + 1 else LogAnswer.FORK

    def load(self, part: SnapshotPart) -> LogAnswer:
        """As `sync.codelog.CodeLog.load`."""
        if part.epoch == self.place.epoch and part.version < self.place.version:
            return LogAnswer.KNOWN
        if any(other.request != part.request for other in self.parts.values()):
            self.parts = {}
        self.parts[part.part] = part
        if len(self.parts) < part.parts:
            return LogAnswer.LOADING
        rows = {row.key: row for each in self.parts.values() for row in each.records}
        self.parts = {}
        if StateHash.of(rows.values()).digest() != part.state_hash:
            return LogAnswer.MISMATCH
        self.rows = rows
        self.place = Place(part.epoch, part.version, part.log_hash, part.state_hash)
        return LogAnswer.SWAPPED


class SimulatedLink:
    """One lane, one core, and what is under way between them.

    Attributes:
        now: the lane's monotonic clock; the core's runs alike. Nothing else moves it.
        core_utc: what the core's clock is ahead of `now`; set it, and the core's clock steps.
        kept_utc: what the lane's own UTC is ahead of `now`, None while no time source keeps it.
        core, memory, machine: the two ends, and the lane's store.
        rows, cursor: the lane's journal and its outbox's cursor.
        to_core, to_lane: what the broker has and has not handed on; change them as a broker might.
        past: everything the core ever said.
        sent, signed, delivered, held_since: for a bystander: when each nonce was sent, what was signed over it,
            whether that reached the lane, and where the lane stood since when.
        told, alarms, walked: what the machine asked for.
        taken, revert: what the lane's store has of commands; orders are told, and answered with `why`.
        clock: what it has of the core's clock; None, and the machine was started anew.
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
        self.walked = 0
        self.why = ""
        self.taken: dict[str, int] = {}
        self.revert: Revert | None = None
        self.clock: Ahead | None = None
        self.pictures: dict[str, bytes] = {}
        self.uploads: dict[str, Upload] = {}
        self.held_since: list[tuple[int, Place]] = [(self.now, self.memory.place)]
        self._draws = 0
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
            head=self.memory.place,
            journal=self.journal,
            last=len(self.rows),
            acknowledged=self.cursor,
            now=self.now,
            software="simulated",
            left=SavedState(
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
                self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Publish():
                self._send(effect)
            case SendEvents(first, last):
                for row in self.rows[first - 1 : last]:
                    self._publish(self.core.topics.event, row)
            case Acknowledge() | ApplyDelta() | LoadPart() | KeepClock():
                self._keep(effect)
            case Tell(event):
                self.told.append(event)
            case KeepOrder() | DropRevert() | Order() | RestartReader() | FetchPicture():
                self._obey(effect)
            case SendPart() | PictureDone():
                self._move_picture(effect)
            case LinkAlarm(kind):
                self.alarms.append(kind)
            case TryNextBroker():
                self.walked += 1
            case _:
                assert_never(effect)

    def _obey(self, effect: KeepOrder | DropRevert | Order | RestartReader | FetchPicture) -> None:
        match effect:
            case KeepOrder(command, expires_ms, _, revert):
                self.taken[command] = expires_ms
                self.revert = revert
                self.machine.kept(command)
            case DropRevert():
                self.revert = None
            case Order(command, event):
                self.told.append(event)
                if isinstance(event, ManualOrdered | ManualEnded):
                    self.machine.mode_stepped(event)
                self.machine.ordered(command, self.why)
            case RestartReader(command):
                self.machine.ordered(command, self.why)
            case FetchPicture(command, picture):
                self.put_up(picture, "complaints", asked=True)
                self.machine.ordered(command)
            case _:
                assert_never(effect)

    def put_up(self, picture: str, kind: str, *, asked: bool = False) -> None:
        """A picture of the lane's is to be sent."""
        upload = Upload(picture, len(self.pictures[picture]), kind, kind, asked)
        self.uploads[picture] = upload
        self.machine.upload(upload, self.now)
        self.settle()

    def _move_picture(self, effect: SendPart | PictureDone) -> None:
        if isinstance(effect, PictureDone):
            self.uploads.pop(effect.picture, None)
            self.alarms += [LaneAlarmKind.PICTURE_NOT_SENT] if effect.refused else []
            return
        data = self.pictures[effect.picture][effect.offset :][: effect.length]
        part = PicturePart(lane=LANE, offer=effect.offer, picture=effect.picture, offset=effect.offset, data=data)
        self._publish(self.core.topics.picture, part)

    def _send(self, effect: Publish) -> None:
        if isinstance(effect.body, Nonce):
            self.sent[effect.body.nonce] = self.now
        self._publish(effect.topic, effect.body)

    def _keep(self, effect: Acknowledge | ApplyDelta | LoadPart | KeepClock) -> None:
        match effect:
            case Acknowledge(seq, digest):
                self._acknowledge(seq, digest)
            case ApplyDelta(body, delta):
                self._stand(self.memory.apply(delta, body), delta.version)
            case LoadPart(part):
                self._stand(self.memory.load(part), part.version)
            case KeepClock(ahead):
                self.clock = ahead
                self.machine.clock_kept(ahead)
            case _:
                assert_never(effect)

    def _acknowledge(self, seq: int, digest: bytes) -> None:
        foreign = self.rows[seq - 1].hash != digest
        self.cursor = self.cursor if foreign else max(seq, self.cursor)
        self.machine.acknowledged(self.cursor, self.now, foreign=foreign)

    def _stand(self, outcome: LogAnswer, offered: int) -> None:
        """The store's answer."""
        self.held_since.append((self.now, self.memory.place))
        self.machine.log_result(outcome, self.memory.place, offered, self.now)

    def _publish(self, topic: str, body: Struct) -> None:
        """From the lane into the broker, if there is one."""
        if self.up:
            self.to_core.append((topic, LANE_KEY.seal(topic, encode(body))))

    def connect(self) -> None:
        """A connection comes up."""
        self.up = True
        self.machine.connected(7, self.now)
        self.settle()

    def cut(self) -> None:
        """The connection is lost, and what was under way with it."""
        self.up = False
        self.to_core.clear()
        self.to_lane.clear()
        self.machine.disconnected(self.now)
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
        """The broker hands a message to the lane."""
        beat = _beat(said)
        if beat is not None and not retained:
            self.delivered.add(beat.nonce)
        self.machine.receive(said.topic, said.payload, self.now, retained=retained)
        self.settle()

    def tick(self, milliseconds: int) -> None:
        """Time passes for the lane; nothing arrives."""
        self.now += milliseconds
        self.machine.check_clock(None if self.kept_utc is None else self.kept_utc + self.now, self.now)
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
        self.machine.journal_grew(seq, self.now)
        self.settle()

    def at_core(self) -> list[EventMessage]:
        """The rows the core has committed."""
        return self.core.journals.get(self.journal, [])

    def level(self) -> bool:
        """Whether the lane holds what the core holds."""
        log = self.core.log
        return (self.memory.place.epoch, self.memory.place.version) == (log.epoch, log.version)

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
