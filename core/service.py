"""The running core: brokers, admin socket and ticks, around the parts that decide.

Rules of this file:
- One event loop, one thread, one store: whatever is decided is decided in order.
- Messages are taken in batches, one transaction a batch, and acknowledged to the broker only after the commit. A batch
  is as large as can be taken in a moment (`link.inbox`), and between two of them the lanes' nonces are answered.
- Short answers go out at once; deltas and snapshots a lane asked for go out part by part in between, so that no lane's
  proof waits for another lane's snapshot. Pictures come last of all, one part at a time.
- After its start it listens to its lanes before it proves, takes or changes anything (`link.wholeness`); whoever asks for
  a change waits so long. One that knows its database need not.
- A fault of the store ends it: without a store nothing may be proved, and the lanes go manual by themselves. `serving` says
  what comes then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg

from core.enrolment.expiry import endings
from core.errors import CoreSettingsError, HistoryError, RefusedError
from core.ledger import audit_log, event_months
from core.link.alarms import AlarmBook
from core.link.gateway import Answer, CoreMessage, LaneMessage, SnapshotAnswer
from core.link.inbox import Inbox
from core.metrics import CoreMetrics
from core.model.people import Actor
from core.office.admin import AdminServer
from core.office.admin_handler import AdminHandler
from core.office.door import Caller
from core.office.requests import CHANGES, TOGETHER, Request
from core.office.together import SharedCommit
from core.office.wall_door import WallDoor
from core.office.wall_requests import LookRequest, ShiftTold
from core.parts import CoreParts
from core.select.live import LOOK_S
from core.settings import BrokerSection
from domain.alarms import CoreAlarmKind
from runtime.clocks import monotonic_ms
from runtime.mqtt import Broker, Cause, Connection, Incoming, Options, Tls
from runtime.store_errors import StoreError
from wire.topics import ALL_UP, read_up

log = logging.getLogger("rocars.core")

_TAKEN_OVER_S = 3.0
"""A line that fails again and again looks like another client of our name. A lane may wait half a minute; while the core
waits, every lane is in manual mode."""
_KEEPALIVE_S = 10
"""Longer than a lane's: an answer to a ping waits behind what one lane floods, and a connection that is left for that is
every lane's. A dead one is noticed by TCP_USER_TIMEOUT, and by the silence of the lanes."""

_LISTENS_S = 0.05
_TICK_S = 1.0
_SILENT_S = 3.0
_CERTIFICATES_S = 3_600.0
_PRUNE_S = 600.0
_AUDIT_S = 3_600.0
_MONTHS_S = 3_600.0
_FULL_S = 0.02
"""How long to wait when a connection has taken all it can for now."""

_GIVE_UP_S = 10.0
"""A long answer that cannot get out for this long is dropped; the lane asks again."""


def _unchangeable(why: str) -> RefusedError:
    return RefusedError(f"nothing is changed any more: {why}. Stop the core and run rocars-core restart-log")


class CoreService:
    """Runs a core until it is told to stop.

    Args:
        parts: an opened core.
        ready: called once the admin socket listens and the connections have been started.
    """

    def __init__(self, parts: CoreParts, ready: Callable[[], None] = lambda: None) -> None:
        self._parts = parts
        self._ready = ready
        self._inbox = Inbox(is_lane=lambda lane: lane in parts.registry.rings, now_ms=monotonic_ms)
        self._later: dict[str, Answer] = {}
        self._spare: dict[str, Answer] = {}
        self._work = asyncio.Event()
        self._place: dict[str, int] = {}
        self._heard: dict[int, float] = {}
        self._failed: asyncio.Future[None] | None = None
        self._together = SharedCommit(self._serve_together)
        self._told: dict[str, Cause | None] = {}
        self._told_lanes = False
        self._connections = [self._connection(place, one) for place, one in enumerate(parts.settings.brokers)]
        self._counter = self._make_counter()
        self._past = parts.looking_back()
        self._looks = asyncio.Lock()

    def _make_counter(self) -> AdminHandler:
        parts = self._parts
        return AdminHandler(
            store=parts.store,
            log=parts.log,
            office=parts.office,
            door=parts.door,
            exchange=parts.exchange,
            intake=parts.intake,
            projection=parts.projection,
            compound=parts.compound,
            gallery=parts.gallery,
            clock=parts.clock,
            publish=self._publish,
            brokers=self._broker_states,
            profiles_problem=lambda: parts.profiles.problem if parts.profiles else "",
        )

    def _metrics(self) -> CoreMetrics:
        parts = self._parts
        return CoreMetrics(
            parts.settings.health.metrics_port,
            store=parts.store,
            log=parts.log,
            exchange=parts.exchange,
            clock=parts.clock,
            brokers=self._broker_states,
        )

    def _connection(self, place: int, section: BrokerSection) -> Connection:
        name = f"{section.host}:{section.port}"

        return Connection(
            broker_options(section),
            will=lambda: None,
            on_up=lambda: self._on_up(name),
            on_down=lambda why: log.warning("broker %s: connection ended: %s", name, why.detail),
            on_message=lambda incoming: self._hear(place, incoming),
            # one that wakes up after another has taken over would throw that out of the broker, where they have one name
            may_connect=self._parts.lease.is_live if self._parts.lease else lambda: True,
        )

    def _on_up(self, name: str) -> None:
        log.info("broker %s: connected", name)
        if not self._told_lanes:
            self._told_lanes = True
            self._parts.exchange.whole.on_connected()

    async def _settled(self, request: Request, caller: Caller) -> None:
        """Waits until a request that changes the list may be served; looks at the password of a sign-in."""
        await self._parts.door.look_at(request, caller)
        whole = self._parts.exchange.whole
        while isinstance(request, CHANGES) and whole.listening():  # noqa: ASYNC110 - it ends by time
            await asyncio.sleep(_LISTENS_S)

    def _hear(self, place: int, incoming: Incoming) -> None:
        self._heard[place] = asyncio.get_running_loop().time()
        self._inbox.put(place, incoming)

    def _broker_states(self) -> dict[str, bool]:
        return {str(one.options.brokers[0]): one.connected for one in self._connections}

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set, or something without which the core cannot go on has failed.

        Raises:
            OSError: the store failed (StoreError), or the admin socket cannot be made.
            psycopg.Error: the store cannot be read.
        """
        settings = self._parts.settings
        admin = AdminServer(settings.core.admin_socket, self._serve, self._ready, before=self._settled)
        works: dict[str, Coroutine[Any, Any, object]] = {
            "admin": admin.run(),
            "walls": WallDoor(settings.walls, self._serve_wall, look=self._look_back, shift=self._shift_told).run(),
            "inbox": self._take(),
            "answers": self._answer(),
            "ticks": self._tick(),
            "certificates": self._watch_certificates(),
            "pictures": self._prune(),
            "metrics": self._metrics().run(),
            "list": self._look_through(),
            "profiles": self._watch_profiles(),
            "audit": self._tell_audit_head(),
            "months": self._make_months(),
            "stop": stop.wait(),
        }
        self._failed = asyncio.get_running_loop().create_future()
        tasks = {asyncio.create_task(work, name=name) for name, work in works.items()}
        in_order = False
        try:
            for connection in self._connections:
                connection.start()
            awaited: set[asyncio.Future[Any]] = {*tasks, self._failed}
            done, _ = await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
            in_order = True
        finally:
            await self._end(tasks, in_order=in_order)

    async def _end(self, tasks: set[asyncio.Task[object]], *, in_order: bool) -> None:
        self._parts.exchange.list_watch.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(connection.stop() for connection in self._connections))
        if self._failed is not None and not self._failed.cancel():
            self._failed.exception()  # told already, or what came of closing
        self._parts.store.close()
        if (lease := self._parts.lease) is not None:
            if in_order:
                lease.is_whole = self._parts.exchange.told() is not None
                lease.give_back()
            else:
                lease.leave()

    def _serve(self, request: Request, caller: Caller) -> Any:
        """Serves an operator, now or together with whoever else waits."""
        if isinstance(request, TOGETHER):
            return self._together.soon(request, caller)
        return self._guarded(request, lambda: self._counter.serve(request, caller))

    def _serve_wall(self, request: Request, who: Actor) -> Any:
        """Serves a person at a wall."""
        return self._guarded(request, lambda: self._counter.serve_as(request, who))

    async def _look_back(self, request: LookRequest, who: Actor, lanes: frozenset[str]) -> Any:
        """What a person at a wall asks of the past: written down first, then read in a thread, one at a time."""
        self._guarded(request, lambda: self._counter.looked(request, who))
        async with self._looks:
            return await asyncio.to_thread(self._past.answer, request, who, lanes)

    def _shift_told(self, told: ShiftTold, who: Actor) -> None:
        """A shift at a wall has begun or ended: it is written down."""
        self._guarded(told, lambda: self._counter.shift_told(told, who))

    def _guarded(self, request: Request | LookRequest | ShiftTold, serve: Callable[[], Any]) -> Any:
        """A fault of the store is told to whoever asked, and ends the core."""
        try:
            if (
                isinstance(request, CHANGES)
                and not isinstance(request, TOGETHER)
                and (why := self._parts.exchange.list_watch.why_not())
            ):
                raise _unchangeable(why)
            return serve()
        except (psycopg.Error, StoreError) as error:
            raise self._fail(error) from error

    def _fail(self, error: Exception) -> RefusedError:
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)
        return RefusedError(f"the core's store has failed ({error}); it is not known what was kept, call a technician")

    def _serve_together(self, asked: Sequence[tuple[Request, Caller]]) -> Sequence[Any]:
        """What was asked for is signed in the same transaction, and published after it."""
        try:
            with self._parts.store.many():
                if why := self._parts.exchange.list_watch.why_not():
                    return [_unchangeable(why)] * len(asked)
                came = self._counter.serve_together(asked)
                signed = self._parts.sequencer.take(at_ms=self._parts.clock())
            if signed:
                self._publish(self._parts.exchange.news())
        except (psycopg.Error, StoreError, HistoryError) as error:
            raise self._fail(error) from error
        return came

    async def _take(self) -> None:
        """Batch by batch: what came, in one transaction; then the answers; then the broker's acknowledgements."""
        while True:
            batch = await self._inbox.take()
            begun = monotonic_ms()
            for place, incoming in batch:
                self._remember(place, incoming.topic)
            answers = self._parts.exchange.hear([LaneMessage(i.topic, i.payload, i.retained) for _, i in batch])
            self._inbox.on_refused(answers.refused)
            self._publish(answers.now)
            if answers.later or answers.spare:
                self._later.update(answers.later)
                self._spare.update(answers.spare)
                self._work.set()
            for _, incoming in batch:
                incoming.acknowledge()
            self._inbox.took(len(batch), monotonic_ms() - begun)
            await asyncio.sleep(0)

    def _remember(self, place: int, topic: str) -> None:
        """Through which broker a lane was last heard, so that it is answered there."""
        address = read_up(topic)
        if address is not None:
            self._place[address[0]] = place

    def _publish(self, outgoing: list[CoreMessage]) -> None:
        for one in outgoing:
            self._send(one)

    def _send(self, one: CoreMessage) -> bool:
        """Publishes where the lane is, or everywhere; False where no connection took it."""
        place = self._place.get(one.lane)
        through = self._connections if not one.lane or place is None else [self._connections[place]]
        taken = [connection.publish(one.topic, one.payload, qos=one.qos) for connection in through]
        return any(taken)

    async def _answer(self) -> None:
        """The long answers, one lane after the other, part by part."""
        while True:
            await self._work.wait()
            while self._later or self._spare:
                first = self._later or self._spare
                lane = next(iter(first))
                await self._send_all(first.pop(lane)())
            self._work.clear()

    @staticmethod
    async def _next(parts: Iterator[CoreMessage]) -> CoreMessage | None:
        """The next part; of a snapshot it is made in a thread, and nobody's proof waits for it."""
        if isinstance(parts, SnapshotAnswer):
            return await asyncio.to_thread(next, parts, None)
        return next(parts, None)

    async def _send_all(self, parts: Iterator[CoreMessage]) -> None:
        while (part := await self._next(parts)) is not None:
            waited = 0.0
            while not self._send(part):
                waited += _FULL_S
                if waited > _GIVE_UP_S:
                    log.warning("lane %s: an answer could not be sent; it will ask again", part.lane)
                    return
                await asyncio.sleep(_FULL_S)
            await asyncio.sleep(0)

    async def _tick(self) -> None:
        while True:
            parts, now = self._parts, self._parts.clock()
            self._publish(parts.exchange.tick())
            self._forget(now)
            late = parts.compound.overdue(now)
            if late:
                with parts.store.transaction():
                    parts.compound.raise_alarms(late, now_ms=now)
            if parts.lease is not None and parts.lease.is_lost:
                raise StoreError("another core has taken the lease over; this one says nothing more, and stands by")
            if parts.lease is not None:
                parts.lease.is_whole = parts.exchange.told() is not None
            self._look_at_brokers()
            self._look_at_silence()
            self._look_at_register()
            await asyncio.sleep(_TICK_S)

    def _forget(self, now_ms: int) -> None:
        """Rows that have ended leave the list, while it is whole and nobody else has changed it."""
        exchange = self._parts.exchange
        if exchange.whole.broken or exchange.whole.listening() or exchange.list_watch.why_not():
            return
        if self._parts.forgetter.tick(now_ms):
            self._publish(exchange.news())

    def _look_at_silence(self) -> None:
        """A broker through which lanes were heard and all fell silent: connected anew, once. Each speaks every second.

        The connection may be half open; if it is the lanes that have gone elsewhere, nothing is lost by it.
        """
        now = asyncio.get_running_loop().time()
        for place, heard in list(self._heard.items()):
            if now - heard > _SILENT_S:
                del self._heard[place]
                self._connections[place].try_next_broker(f"no lane was heard through it for {_SILENT_S:g} s")

    def _look_at_register(self) -> None:
        """Lanes that were enrolled or revoked meanwhile count, or no longer count, from now on."""
        registry = self._parts.registry
        if not registry.refresh():
            return
        self._parts.exchange.registered(registry.rings)
        self._later = {lane: answer for lane, answer in self._later.items() if lane in registry.rings}
        log.info("register of lanes: %d lanes now", len(registry.rings))
        for problem in registry.problems:
            log.warning("register of lanes: %s", problem)

    async def _watch_certificates(self) -> None:
        """An alarm while a certificate nears its end, one for each lane and one for the core's side."""
        parts = self._parts
        while True:
            now = parts.clock()
            try:
                ending = endings(parts.settings, parts.registry.rings, now)
            except CoreSettingsError as error:  # lanes are served without it, and nobody can be enrolled
                log.warning("certificates: %s", error)
                ending = []
            book, kind = AlarmBook(parts.store.connection), CoreAlarmKind.CERTIFICATE_ENDS
            with parts.store.transaction():
                for one in ending:
                    book.raise_once(at_ms=now, lane=one.lane, kind=kind, detail=str(one))
                for lane in book.lanes_with(kind) - {one.lane for one in ending}:
                    book.end_own(at_ms=now, lane=lane, kind=kind)
            await asyncio.sleep(_CERTIFICATES_S)

    async def _look_through(self) -> None:
        """The list is proved from its signed deltas, all the time, a few at a time; once a day it is then kept whole."""
        watch, pause_s = self._parts.exchange.list_watch, 60.0 * self._parts.settings.log.look_through_minutes
        while True:
            wrong = await asyncio.to_thread(watch.look_through)
            if wrong:
                log.error("the list in the store does not follow from its signed deltas: %s", wrong)
            elif self._parts.lease is None or self._parts.lease.is_live():
                await asyncio.to_thread(self._keep_checkpoint)
            await asyncio.sleep(max(pause_s, 1.0))

    def _keep_checkpoint(self) -> None:
        try:
            self._parts.keep_checkpoint()
        except HistoryError as error:  # `list_watch` finds it, too, and then nothing is proved
            log.warning("no checkpoint was made: %s", error)

    async def _watch_profiles(self) -> None:
        """An edit of the profiles counts within a second."""
        while True:
            if (profiles := self._parts.profiles) is not None and (told := profiles.look()):
                log.log(logging.WARNING if profiles.problem else logging.INFO, "screening: %s", told)
            await asyncio.sleep(LOOK_S)

    async def _tell_audit_head(self) -> None:
        """The head of the audit log goes where whoever can write the store cannot: to the log of messages."""
        while True:
            seq, head = audit_log.head(self._parts.store.connection)
            log.info("audit log: %d lines, the last one's hash is %s", seq, head.hex())
            await asyncio.sleep(_AUDIT_S)

    async def _make_months(self) -> None:
        """The tables for what lanes will say in the coming months are there in time."""
        database = self._parts.settings.core.database
        while True:
            await asyncio.sleep(_MONTHS_S)
            await asyncio.to_thread(event_months.make_ahead, database, now_ms=self._parts.clock())

    async def _prune(self) -> None:
        """Pictures that have outlived their class go."""
        while True:
            gone = self._parts.gallery.prune()
            if gone:
                log.info("%d pictures have outlived their time", gone)
            await asyncio.sleep(_PRUNE_S)

    def _look_at_brokers(self) -> None:
        """Says once why a broker cannot be had; raises what ended a connection's own task, if anything did."""
        for connection in self._connections:
            connection.check()
            why = None if connection.connected else connection.last
            name = str(connection.options.brokers[0])
            if why is not None and self._told.get(name) is not why.cause:
                log.warning("broker %s: not connected (%s): %s", name, why.cause.value, why.detail)
            self._told[name] = why.cause if why is not None else None


def broker_options(section: BrokerSection) -> Options:
    """How to connect to one broker."""
    tls = None
    if section.authority:
        tls = Tls(section.authority, section.certificate, section.key)
    password = _password(section.password_file) if section.password_file else ""
    return Options(
        brokers=(Broker(section.host, section.port),),
        client_id=section.client_id,
        subscriptions=((ALL_UP, 1),),
        user_name=section.user_name,
        password=password,
        tls=tls,
        keepalive=_KEEPALIVE_S,
        taken_over=_TAKEN_OVER_S,
    )


def _password(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()
