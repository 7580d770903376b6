"""Carries out the link machine's effects on the store, the connection and the lane, and reports back.

Rules of this file:
- In order, one by one; the store's answer is reported to the machine before the next effect.
- What a change means for the vehicle in the lane is told whether the change applied or not: a stop does not wait for
  its turn.
- A failing store is not repaired here: what is not on the medium does not count as held, the lane goes stale, and what
  could not be kept is asked for again.
- An order is answered when it is done, perhaps much later; the machine is told in its own task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from domain.alarms import LaneAlarmKind
from lane_agent.events import CodesChanged, Event
from runtime.mqtt import Connection
from runtime.store_errors import StoreError
from sync import kept_deltas
from sync.codelog import CodeLog
from sync.core_clock_store import ClockBook
from sync.journal import Journal, JournalRow, Receipt
from sync.link import (
    Acknowledge,
    ApplyDelta,
    BeginJournal,
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
    SendEvents,
    SendPart,
    ShowDeltas,
    Tell,
    TryNextBroker,
)
from sync.link.log_result import Applied, Failed, Known, Refuted, Swapped
from sync.lookup import Lookup, Touch, touching
from sync.orders import OrderBook
from sync.outgoing import PictureQueue
from wire.channels import channel_of
from wire.codec import encode
from wire.envelope import Signer
from wire.messages import DeltasShown, EventMessage, PicturePart

_SHOWN_BYTES = 256 << 10
"""Of deltas in one message: a quarter of what an envelope may be."""

Answered = Callable[[str], None]
"""Takes "" for done, or why it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCallbacks:
    """Who is told what.

    Attributes:
        on_event: the lane, its events.
        on_alarm: people, (kind, detail) of an alarm.
        on_alarm_over: people, the kind whose cause is gone.
        on_order: the lane, an event ordered by the centre; it answers.
        on_restart_reader: whoever keeps the reader, (issuer, reason); it answers.
        on_journal_anew: whoever runs the agent, why its journal has another name now; it has to start anew.
    """

    on_event: Callable[[Event], None]
    on_alarm: Callable[[LaneAlarmKind, str], None]
    on_order: Callable[[Event, Answered], None]
    on_restart_reader: Callable[[str, str, Answered], None]
    on_journal_anew: Callable[[str], None]
    on_alarm_over: Callable[[LaneAlarmKind], None] = lambda _kind: None


class EffectRunner:
    """Carries out what the machine asks for.

    Args:
        later: puts a call into the link's own task.

    Attributes:
        watched: the vehicle in the lane, normalised, "" if none.
        over: the journal has another name; nothing more is carried out until the agent starts anew.
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
        callbacks: LinkCallbacks,
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
        self._callbacks = callbacks
        self._later = later
        self._do: dict[type, Callable[[Any], object]] = {
            Publish: lambda effect: self._publish(effect.body),
            SendEvents: self._send_events,
            SendPart: self._send_part,
            Acknowledge: self._acknowledge,
            ApplyDelta: self._apply_delta,
            LoadPart: self._load_part,
            ShowDeltas: self._show_deltas,
            BeginJournal: self._begin_journal,
            Tell: lambda effect: self._callbacks.on_event(effect.event),
            LinkAlarm: lambda effect: self._callbacks.on_alarm(effect.kind, effect.detail),
            LinkAlarmEnded: lambda effect: self._callbacks.on_alarm_over(effect.kind),
            KeepClock: self._keep_clock,
            KeepOrder: self._keep_order,
            DropRevert: lambda _: self._kept(orders.drop_revert),
            Order: lambda effect: self._callbacks.on_order(effect.event, self._answer(effect.command)),
            RestartReader: self._restart_reader,
            FetchPicture: self._fetch_picture,
            PictureDone: self._picture_done,
            TryNextBroker: lambda effect: connection.try_next_broker(effect.reason),
        }
        self.watched = ""
        self.over = False

    def carry_out(self) -> None:
        """Carries effects out until none is left; some report back, and so ask for more."""
        while (effects := self._machine.drain()) and not self.over:
            for effect in effects:
                if not self.over:
                    self._do[type(effect)](effect)

    def _begin_journal(self, effect: BeginJournal) -> None:
        """Nothing of this process may be named after the old journal any more: it has to end."""
        try:
            self._journal.begin_anew(effect.why)
        except StoreError as error:  # the lane is not fresh meanwhile; the next proof asks for it again
            self._store_failed("journal", f"the journal could not be begun anew: {error}")
            return
        self.over = True
        self._callbacks.on_journal_anew(effect.why)

    def _show_deltas(self, effect: ShowDeltas) -> None:
        try:
            with self._journal.store.reading() as connection:
                found = kept_deltas.after(connection, effect.epoch, effect.version, most_bytes=_SHOWN_BYTES)
        except StoreError as error:
            self._store_failed("deltas", f"the deltas kept of epoch {effect.epoch} could not be read: {error}")
            return
        lane = self._machine.topics.lane
        self._publish(DeltasShown(lane=lane, request=effect.request, epoch=effect.epoch, payloads=tuple(found)))

    def _keep_clock(self, effect: KeepClock) -> None:
        try:
            self._clock_book.keep(effect.ahead)
        except StoreError as error:
            self._store_failed("clock", f"what is expected of the core's clock could not be kept: {error}")
            return
        self._machine.on_clock_kept(effect.ahead)

    def _keep_order(self, effect: KeepOrder) -> None:
        kept = self._kept(lambda: self._orders.keep(effect))
        self._machine.on_order_kept(effect.command, failed=not kept)

    def _restart_reader(self, effect: RestartReader) -> None:
        self._callbacks.on_restart_reader(effect.issuer, effect.reason, self._answer(effect.command))

    def _answer(self, command: str) -> Answered:
        return lambda why: self._later(lambda: self._machine.on_order_done(command, why))

    def _kept(self, keep: Callable[[], None]) -> bool:
        try:
            keep()
        except StoreError as error:
            self._store_failed("command", f"a command from the centre could not be kept: {error}")
            return False
        return True

    def _fetch_picture(self, effect: FetchPicture) -> None:
        try:
            upload = self._outgoing.add_asked(effect.picture, f"command {effect.command}")
        except OSError as error:
            self._machine.on_order_done(effect.command, str(error))
            return
        self._machine.add_upload(upload, self._now())
        self._machine.on_order_done(effect.command)

    def _send_part(self, effect: SendPart) -> None:
        try:
            data = self._outgoing.read(effect.picture, effect.offset, effect.length)
        except OSError as error:
            self._machine.on_picture_gone(effect.picture)
            self._picture_done(PictureDone(effect.picture, f"it cannot be read: {error}"))
            return
        self._publish(
            PicturePart(
                lane=self._machine.topics.lane,
                offer=effect.offer,
                picture=effect.picture,
                offset=effect.offset,
                data=data,
            )
        )

    def _picture_done(self, effect: PictureDone) -> None:
        if effect.refused:
            self._callbacks.on_alarm(LaneAlarmKind.PICTURE_NOT_SENT, f"evidence {effect.picture}: {effect.refused}")
        self._kept(lambda: self._outgoing.done(effect.picture))

    def _publish(self, body: Struct) -> bool:
        """Signs a body and hands it to the connection; False if that did not take it."""
        channel = channel_of(type(body))
        topic = channel.topic(self._machine.topics)
        payload = self._signer.seal(topic, encode(body))
        return self._connection.publish(topic, payload, qos=channel.qos, retain=channel.retained)

    def _send_events(self, effect: SendEvents) -> None:
        """In order, as far as the connection takes them; the sender repeats from the first unacknowledged row."""
        try:
            for row in self._journal.outgoing(effect.first, effect.last):
                if not self._send_row(row):
                    return
        except StoreError as error:
            self._store_failed("rows", f"journal rows from {effect.first} could not be read: {error}")

    def _store_failed(self, what: str, detail: str) -> None:
        """Told once in a while for each kind of thing: a disk that fails does so many times a second."""
        self._machine.alarm(LaneAlarmKind.STORE_FAILED, detail, self._now(), why=what)

    def _send_row(self, row: JournalRow) -> bool:
        return self._publish(
            EventMessage(
                lane=self._machine.topics.lane,
                journal=self._journal.journal_id,
                seq=row.seq,
                boot=row.boot,
                previous=row.previous,
                hash=row.hash,
                body=row.body,
            )
        )

    def _acknowledge(self, effect: Acknowledge) -> None:
        try:
            receipt = self._journal.acknowledge(effect.seq, effect.digest, effect.payload)
        except StoreError as error:  # the cursor stays; the core will acknowledge again
            self._store_failed("acknowledgement", f"the core's acknowledgement could not be kept: {error}")
            return
        self._machine.on_acknowledged(
            self._journal.acknowledged_at_core, self._now(), foreign=receipt is Receipt.FOREIGN
        )

    def _apply_delta(self, effect: ApplyDelta) -> None:
        """Offers a delta to the code log; what it means for the vehicle in the lane is told even if it did not fit."""
        delta = effect.delta
        core = self._machine.core_time(self._now())
        try:
            result = self._codes.apply(delta, effect.body, effect.payload, at_ms=0 if core is None else core.ms)
        except StoreError as error:
            self._store_failed("delta", f"version {delta.version} of the codes could not be kept: {error}")
            self._machine.on_log_result(Failed(self._codes.head), self._now())
            self._tell_touch(touching(delta.changes, self.watched))
            return
        self._machine.on_log_result(result, self._now())
        match result:
            case Applied():
                self._tell_touch(touching(result.changes, self.watched, replaced=result.replaced))
            case Known() | Refuted():
                pass
            case _:
                self._tell_touch(touching(result.holds, self.watched))

    def _load_part(self, effect: LoadPart) -> None:
        part = effect.part
        try:
            result = self._codes.load(part, doubted=bool(self._machine.follower.doubt))
        except StoreError as error:
            self._store_failed("snapshot", f"part {part.part} of the codes could not be kept: {error}")
            self._machine.on_log_result(Failed(self._codes.head), self._now())
            return
        self._machine.on_log_result(result, self._now())
        if isinstance(result, Swapped) and self.watched:
            self._callbacks.on_event(CodesChanged(self.watched, hold=self._held()))

    def _held(self) -> bool:
        try:
            return self._lookup.find(self.watched).held
        except StoreError:  # the lane's own question, which this event makes it ask, will say so
            return False

    def _tell_touch(self, touch: Touch) -> None:
        if self.watched and touch is not Touch.NONE:
            self._callbacks.on_event(CodesChanged(self.watched, hold=touch is Touch.STOP))
