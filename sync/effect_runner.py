"""Carries the link machine's effects out: the store, the connection, the lane; and reports back.

Rules of this file:
- In order, one by one; what the store answered is told to the machine before anything else is done.
- What a change means for the vehicle in the lane is told whether the change applied or not: a stop needs no turn.
- A store that fails is not the link's to mend: nothing counts as held that is not on the medium, the lane goes stale,
  and what was not kept is asked for again.
- Whoever carries out an order answers when it is done, perhaps much later; the machine is told in its own task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from domain.alarms import LaneAlarmKind
from lane_agent.events import CodesChanged, Event
from runtime.mqtt import Connection
from sync.codelog import CodeLog
from sync.core_clock_store import ClockBook
from sync.errors import StoreError
from sync.journal import Journal, JournalRow, Receipt
from sync.link import (
    Acknowledge,
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
    SendEvents,
    SendPart,
    Tell,
    TryNextBroker,
)
from sync.log_result import Applied, Fork, Gap, Known, Loading, LoadResult, Mismatch, OtherEpoch, Result, Swapped
from sync.lookup import Lookup, Touch, touching
from sync.orders import OrderBook
from sync.outgoing import PictureQueue
from wire.codec import encode
from wire.envelope import Signer
from wire.messages import EventMessage, PicturePart

_OUTCOMES: dict[type[Result | LoadResult], LogAnswer] = {
    Applied: LogAnswer.APPLIED,
    Known: LogAnswer.KNOWN,
    Gap: LogAnswer.GAP,
    OtherEpoch: LogAnswer.OTHER_EPOCH,
    Fork: LogAnswer.FORK,
    Mismatch: LogAnswer.MISMATCH,
    Loading: LogAnswer.LOADING,
    Swapped: LogAnswer.SWAPPED,
}


Answered = Callable[[str], None]
"""Takes "" for done, or why it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCallbacks:
    """Who is told what.

    Attributes:
        on_event: the lane, its events.
        on_alarm: people, (kind, detail) of an alarm.
        on_order: the lane, an event ordered from afar; it answers.
        on_restart_reader: whoever keeps the reader, (issuer, reason); it answers.
    """

    on_event: Callable[[Event], None]
    on_alarm: Callable[[LaneAlarmKind, str], None]
    on_order: Callable[[Event, Answered], None]
    on_restart_reader: Callable[[str, str, Answered], None]


class EffectRunner:
    """The machine's hands.

    Attributes:
        watched: the vehicle in the lane, normalised, "" if none.
    """

    def __init__(
        self,
        *,
        machine: LinkMachine,
        connection: Connection,
        signer: Signer,
        journal: Journal,
        codes: CodeLog,
        orders: OrderBook,
        clock_book: ClockBook,
        outgoing: PictureQueue,
        now_ms: Callable[[], int],
        ears: LinkCallbacks,
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self._machine = machine
        self._connection = connection
        self._signer = signer
        self._journal = journal
        self._codes = codes
        self._orders = orders
        self._clock_book = clock_book
        self._outgoing = outgoing
        self._lookup = Lookup(codes)
        self._now = now_ms
        self._ears = ears
        self._later = later
        self.watched = ""

    def carry_out(self) -> None:
        """Carries effects out until none is left; some report back, and so ask for more."""
        while effects := self._machine.drain():
            for effect in effects:
                self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Publish():
                self._publish(effect)
            case SendEvents():
                self._send_events(effect)
            case Acknowledge() | ApplyDelta() | LoadPart() | KeepClock():
                self._keep(effect)
            case Tell() | LinkAlarm():
                self._tell(effect)
            case KeepOrder() | DropRevert() | Order() | RestartReader() | FetchPicture():
                self._obey(effect)
            case SendPart() | PictureDone():
                self._send_part(effect) if isinstance(effect, SendPart) else self._picture_done(effect)
            case TryNextBroker():
                self._connection.try_next_broker(effect.reason)
            case _:
                assert_never(effect)

    def _keep(self, effect: Acknowledge | ApplyDelta | LoadPart | KeepClock) -> None:
        match effect:
            case Acknowledge():
                self._acknowledge(effect)
            case ApplyDelta():
                self._apply(effect)
            case LoadPart():
                self._load(effect)
            case KeepClock():
                self._keep_clock(effect)
            case _:
                assert_never(effect)

    def _tell(self, effect: Tell | LinkAlarm) -> None:
        match effect:
            case Tell():
                self._ears.on_event(effect.event)
            case LinkAlarm():
                self._ears.on_alarm(effect.kind, effect.detail)
            case _:
                assert_never(effect)

    def _obey(self, effect: KeepOrder | DropRevert | Order | RestartReader | FetchPicture) -> None:
        match effect:
            case KeepOrder():
                self._machine.kept(effect.command, failed=not self._kept(lambda: self._orders.keep(effect)))
            case DropRevert():
                self._kept(self._orders.drop_revert)
            case Order():
                self._ears.on_order(effect.event, self._answer(effect.command))
            case RestartReader():
                self._ears.on_restart_reader(effect.issuer, effect.reason, self._answer(effect.command))
            case FetchPicture():
                self._fetch_picture(effect)
            case _:
                assert_never(effect)

    def _keep_clock(self, effect: KeepClock) -> None:
        try:
            self._clock_book.keep(effect.ahead)
        except StoreError as error:
            self._store_failed("clock", f"what is expected of the core's clock could not be kept: {error}")
            return
        self._machine.clock_kept(effect.ahead)

    def _answer(self, command: str) -> Answered:
        return lambda why: self._later(lambda: self._machine.ordered(command, why))

    def _kept(self, keep: Callable[[], None]) -> bool:
        try:
            keep()
        except StoreError as error:
            self._store_failed("command", f"a command from the centre could not be kept: {error}")
            return False
        return True

    def _fetch_picture(self, effect: FetchPicture) -> None:
        try:
            upload = self._outgoing.asked(effect.picture, f"command {effect.command}")
        except OSError as error:
            self._machine.ordered(effect.command, str(error))
            return
        self._machine.upload(upload, self._now())
        self._machine.ordered(effect.command)

    def _send_part(self, effect: SendPart) -> None:
        try:
            data = self._outgoing.read(effect.picture, effect.offset, effect.length)
        except OSError as error:
            self._machine.unreadable(effect.picture)
            self._picture_done(PictureDone(effect.picture, f"it cannot be read: {error}"))
            return
        topics = self._machine.topics
        part = PicturePart(
            lane=topics.lane, offer=effect.offer, picture=effect.picture, offset=effect.offset, data=data
        )
        self._connection.publish(topics.picture, self._signer.seal(topics.picture, encode(part)), qos=1)

    def _picture_done(self, effect: PictureDone) -> None:
        if effect.refused:
            self._ears.on_alarm(LaneAlarmKind.PICTURE_NOT_SENT, f"evidence {effect.picture}: {effect.refused}")
        self._kept(lambda: self._outgoing.done(effect.picture))

    def _publish(self, effect: Publish) -> None:
        payload = self._signer.seal(effect.topic, encode(effect.body))
        self._connection.publish(effect.topic, payload, qos=effect.qos, retain=effect.retain)

    def _send_events(self, effect: SendEvents) -> None:
        """In order, and no further than the connection takes: what is missing is sent again from there."""
        try:
            for row in self._journal.rows(effect.first, effect.last):
                if not self._send_row(row):
                    return
        except StoreError as error:
            self._store_failed("rows", f"journal rows from {effect.first} could not be read: {error}")

    def _store_failed(self, what: str, detail: str) -> None:
        """Told once in a while for each kind of thing: a disk that fails does so many times a second."""
        self._machine.alarm(LaneAlarmKind.STORE_FAILED, detail, self._now(), why=what)

    def _send_row(self, row: JournalRow) -> bool:
        topics = self._machine.topics
        body = EventMessage(
            lane=topics.lane,
            journal=self._journal.journal_id,
            seq=row.seq,
            boot=row.boot,
            previous=row.previous,
            hash=row.hash,
            body=row.body,
        )
        return self._connection.publish(topics.event, self._signer.seal(topics.event, encode(body)), qos=1)

    def _acknowledge(self, effect: Acknowledge) -> None:
        try:
            receipt = self._journal.acknowledge(effect.seq, effect.digest)
        except StoreError as error:  # the cursor stands; the core will say it again
            self._store_failed("acknowledgement", f"the core's acknowledgement could not be kept: {error}")
            return
        self._machine.acknowledged(self._journal.acknowledged, self._now(), foreign=receipt is Receipt.FOREIGN)

    def _apply(self, effect: ApplyDelta) -> None:
        """Offers a delta to the code log; what it means for the vehicle in the lane is told even if it did not fit."""
        delta = effect.delta
        try:
            result = self._codes.apply(delta, effect.body)
        except StoreError as error:
            self._store_failed("delta", f"version {delta.version} of the codes could not be kept: {error}")
            self._machine.log_result(LogAnswer.FAILED, self._codes.head, delta.version, self._now())
            self._tell_touch(touching(delta.changes, self.watched))
            return
        self._machine.log_result(_OUTCOMES[type(result)], result.head, delta.version, self._now())
        match result:
            case Applied():
                self._tell_touch(touching(result.changes, self.watched, replaced=result.replaced))
            case Gap() | OtherEpoch() | Fork() | Mismatch():
                self._tell_touch(touching(result.holds, self.watched))
            case Known():
                pass
            case _:
                assert_never(result)

    def _load(self, effect: LoadPart) -> None:
        part = effect.part
        try:
            result = self._codes.load(part, doubted=bool(self._machine.follower.doubt))
        except StoreError as error:
            self._store_failed("snapshot", f"part {part.part} of the codes could not be kept: {error}")
            self._machine.log_result(LogAnswer.FAILED, self._codes.head, part.version, self._now())
            return
        self._machine.log_result(_OUTCOMES[type(result)], self._codes.head, part.version, self._now())
        if isinstance(result, Swapped) and self.watched:
            self._ears.on_event(CodesChanged(self.watched, hold=self._held()))

    def _held(self) -> bool:
        try:
            return self._lookup.find(self.watched).held
        except StoreError:  # the lane's own question, which this event makes it ask, will say so
            return False

    def _tell_touch(self, touch: Touch) -> None:
        if self.watched and touch is not Touch.NONE:
            self._ears.on_event(CodesChanged(self.watched, hold=touch is Touch.STOP))
