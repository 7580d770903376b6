"""`LinkClient`: link machine, connection and store assembled for the agent.

Rules of this file:
- One task owns the machine. Callbacks of the connection and calls of the agent only put something into its inbox, or
  read; an error in the task ends it, and `check` raises it (lessons 8).
- Topics that anybody but the core can write, and proofs, of which there is one a second, have a budget of messages: past
  it what comes is dropped and counted before anything in it is looked at. The core's lists need none: the broker sends
  no more of them than were acknowledged.
- A message is acknowledged to the broker after its effects, that is, after the store's commit.
- What the lane learns of the link goes through `on_event`, and so into the journal like everything else it knows.
- `look_up` asks the machine for its verdict after the code log has answered: the verdict is of that moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from domain.alarms import LaneAlarmKind
from domain.marks import normalise
from domain.times import DAY_MS
from lane_agent.effects import Claim, GiveBack
from lane_agent.events import Event, ManualEnded, ManualOrdered
from lane_agent.model import Codes, Link
from runtime.bucket import TokenBucket
from runtime.mqtt import Cause, Connection, Down, Incoming, Options, Will
from runtime.store_errors import StoreDamagedError, StoreError
from sync import kept_deltas
from sync.codelog import CodeLog
from sync.core_clock_store import ClockBook
from sync.effect_runner import Answered, EffectRunner, LinkCallbacks
from sync.evidence import Evidence
from sync.journal import Journal
from sync.link import Limits, LinkMachine, SavedState
from sync.link.telemetry import Facts
from sync.lookup import Lookup
from sync.orders import OrderBook
from sync.outgoing import PictureQueue, queue_all
from sync.receipts import contradiction
from wire.channels import from_core
from wire.codec import encode
from wire.envelope import KeyRing, Signer
from wire.topics import LOG, LaneTopics

_PRUNE_MS = 60_000

BURST, PER_SECOND = 100, 20
"""Messages of one topic that is not the core's alone, at once and in the long run; there is one a second of each."""


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """The link for the officers' page.

    Attributes:
        link: the verdict at this moment.
        proof_age_ms: since the nonce of the last proof was sent, None if there never was one.
        broker: host:port of the connection that is up, "" if none.
        trouble: why there is no connection, or none that proves anything; "" if there was never any.
        epoch, version, state_hash: the head held here.
        proven_version: the head the core named in its last proof, None without one.
        doubt: why the codes are in doubt, "" if they are not.
        clock_doubt: why the core's time is not believed, "" if it is.
        last, acknowledged, waiting: the journal's last row, the core's cursor, and the rows between.
        core_ms, slack_ms: the core's time and its uncertainty, None without any proof that was believed.
        refused: messages refused since the start, by reason.
        pictures: evidence pictures that are still to be sent to the core.
        shed: telemetry samples given up since the start.
    """

    link: Link
    proof_age_ms: int | None
    broker: str
    trouble: str
    epoch: str
    version: int
    state_hash: str
    proven_version: int | None
    doubt: str
    clock_doubt: str
    last: int
    acknowledged: int
    waiting: int
    core_ms: int | None
    slack_ms: int
    refused: dict[str, int]
    pictures: int
    shed: int


def _tell_and_answer(tell: Callable[[Event], None]) -> Callable[[Event, Answered], None]:
    """An order is told like any event, and answered as done: for a lane that does not answer orders."""

    def order(event: Event, answer: Answered) -> None:
        tell(event)
        answer("")

    return order


class JournalAnewError(RuntimeError):
    """The journal has another name, and everything that knows the old one has to start anew; the text says why."""


def _end_with(why: str) -> None:
    raise JournalAnewError(f"the journal begins anew: {why}")


class LinkClient:
    """One lane's link to the core.

    Args:
        lane: its name, which is its user name and client id too.
        options: brokers, password, TLS, durations of the connection; client id and subscriptions are set here.
        signer: the lane's own key.
        ring: the core's public keys.
        journal, codes: of the one store, open.
        now_ms: the monotonic clock, in milliseconds, which counts the time asleep.
        utc_ms: this box's UTC, milliseconds, while a time source keeps it, else None. Left out, the box has no such
            clock, and the core's time is held against the monotonic one alone.
        machine_boot: names the time since this machine's start, through which `now_ms` runs. What is expected of the
            core's clock is kept for that long; with "", for as long as the process lives.
        on_event: takes what the lane is to be told: `LinkChanged`, `CodesVerified`, `CodesChanged`, `ClaimAnswered`,
            `FaultRaised` and `FaultCleared` of `Fault.CODES`.
        on_alarm: takes (kind, detail); on_alarm_over: takes the kind whose cause is gone.
        on_order: takes an event ordered by the centre (`sync.link.commands`) and a callable for its answer: "", or why
            the lane did not count it. Left out, it is told to `on_event` and counts as done.
        on_restart_reader: takes (issuer, reason, answer).
        on_journal_anew: told why the core contradicts this lane's journal, once it has another name; the agent has to be
            started anew. Left out, the link's task ends with `JournalAnewError`.
        keep_deltas_ms: how long signed deltas are kept (`sync.kept_deltas`).
        evidence: the pictures that may be sent to the core; `asked_class` is the class of those the centre asked for.
        limits: durations of the link.
        software: the version, told to the core.
        tick_s: how often time is looked at.
        extra_topics: topics that others write, with who takes their messages; the link itself never looks at these.

    Callbacks run on the event loop and must not block.
    """

    def __init__(
        self,
        lane: str,
        *,
        options: Options,
        signer: Signer,
        ring: KeyRing,
        journal: Journal,
        codes: CodeLog,
        now_ms: Callable[[], int],
        utc_ms: Callable[[], int | None] = lambda: None,
        machine_boot: str = "",
        on_event: Callable[[Event], None],
        on_alarm: Callable[[LaneAlarmKind, str], None],
        on_alarm_over: Callable[[LaneAlarmKind], None] = lambda _kind: None,
        on_order: Callable[[Event, Answered], None] | None = None,
        on_restart_reader: Callable[[str, str, Answered], None] = lambda _issuer, _text, no: no("no reader here"),
        on_journal_anew: Callable[[str], None] | None = None,
        keep_deltas_ms: int = 35 * DAY_MS,
        evidence: Evidence | None = None,
        asked_class: str | None = None,
        limits: Limits | None = None,
        software: str = "",
        tick_s: float = 0.1,
        extra_topics: Mapping[str, Callable[[Incoming], None]] = MappingProxyType({}),
    ) -> None:
        self._topics = LaneTopics(lane)
        self._signer = signer
        self._journal = journal
        self._anew = self._held_against(ring)
        self._keep_deltas_ms, self._pruned_ms = keep_deltas_ms, 0
        self._codes = codes
        self._orders = OrderBook(journal.store)
        self._clock_book = ClockBook(journal.store, machine_boot)
        self._outgoing = PictureQueue(journal.store, evidence, asked_class=asked_class)
        self._lookup = Lookup(codes)
        self._now, self._utc = now_ms, utc_ms
        self._tick_s = tick_s
        self._tick_ms = now_ms()
        self._extra_topics = dict(extra_topics)
        core = from_core(self._topics).keys() - {self._topics.heartbeat, self._topics.plate}
        self._unbounded = frozenset(core)
        self._budgets: dict[str, TokenBucket] = {}
        self._inbox: deque[Callable[[], None]] = deque()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._session = 0
        self._machine = self._restored_machine(lane, ring, limits or Limits(), software)
        self._connection = self._new_connection(lane, options)
        self._runner = EffectRunner(
            machine=self._machine,
            connection=self._connection,
            signer=signer,
            journal=journal,
            codes=codes,
            orders=self._orders,
            clock_book=self._clock_book,
            outgoing=self._outgoing,
            now_ms=now_ms,
            callbacks=LinkCallbacks(
                on_event=on_event,
                on_alarm=on_alarm,
                on_alarm_over=on_alarm_over,
                on_order=on_order or _tell_and_answer(on_event),
                on_restart_reader=on_restart_reader,
                on_journal_anew=on_journal_anew or _end_with,
            ),
            later=self._put,
        )

    def _new_connection(self, lane: str, options: Options) -> Connection:
        """The connection; its callbacks wait their turn in the inbox."""
        return Connection(
            dataclasses.replace(options, client_id=lane, subscriptions=self._subscriptions()),
            will=self._will,
            on_up=lambda: self._put(self._on_up),
            on_down=lambda down: self._put(lambda: self._on_down(down)),
            on_message=self._hear,
            on_refused=lambda topic, why: self._put(lambda: self._machine.on_broker_refused(topic, why, self._now())),
        )

    def _restored_machine(self, lane: str, ring: KeyRing, limits: Limits, software: str) -> LinkMachine:
        """The machine, going on from what the store kept."""
        return LinkMachine(
            lane,
            ring=ring,
            entropy=secrets.token_bytes,
            head=self._codes.head,
            journal=self._journal.journal_id,
            last=self._journal.head_at_core()[0],
            acknowledged=self._journal.acknowledged_at_core,
            row_hash=self._row_hash,
            now=self._now(),
            limits=limits,
            software=software,
            saved=SavedState(
                taken=self._orders.taken(),
                revert=self._orders.revert(),
                uploads=self._outgoing.waiting(),
                clock=self._clock_book.ahead(),
            ),
        )

    def _held_against(self, ring: KeyRing) -> str:
        """Why the journal was begun anew before this start, or had to be just now; "" where it goes on as it was."""
        why = contradiction(self._journal, ring, self._topics.lane)
        if why:
            self._journal.begin_anew(why)
        name = self._journal.names()[-1]
        starts = sum(boot.first_seq >= name.first for boot in self._journal.boots())
        return name.why if starts <= 1 else ""

    def _distrust_what_was_found(self) -> None:
        """What the store shows at the start that nothing may rest on until the core has proved it."""
        if self._codes.damage:
            self._machine.distrust(f"damaged on the medium: {self._codes.damage}", self._now())
        if self._anew:
            self._machine.alarm(LaneAlarmKind.STORE_WENT_BACK, self._anew, self._now())
            self._machine.distrust(self._anew, self._now())

    def _row_hash(self, number: int) -> bytes | None:
        try:
            return self._journal.hash_at(number)
        except StoreError:
            return None

    def _subscriptions(self) -> tuple[tuple[str, int], ...]:
        """Ours, and those extra topics that no filter of ours covers already."""
        ours = self._topics.all_down
        others = (topic for topic in self._extra_topics if not topic.startswith(ours.removesuffix("#")))
        return ((ours, 1), (LOG, 1), *((topic, 1) for topic in others))

    # -- for the agent ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begins to connect and returns at once; `on_event` tells when there is a link."""
        self._distrust_what_was_found()
        self._task = asyncio.create_task(self._work(), name="link")
        self._connection.start()

    async def stop(self) -> None:
        """Publishes "stopped" in place of the Will and ends everything that `start` began."""
        topic = self._topics.presence
        farewell = self._signer.seal(topic, encode(self._machine.presence("stopped", self._session)))
        await self._connection.stop((topic, farewell))
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(self._task, return_exceptions=True)

    def check(self) -> None:
        """Raises what ended the link's task, if anything did: a bug of this program; the agent must not go on."""
        self._connection.check()
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    def look_up(self, vrn: str) -> Codes:
        """Everything known of `vrn`, with the link's verdict at this moment; meets `lane_agent.ports.CodeBook`.

        Raises:
            StoreError: the codes cannot be read; where they are damaged, a snapshot is asked for.
        """
        try:
            found = self._lookup.find(vrn)
        except StoreDamagedError as error:
            damage = str(error)
            self._put(lambda: self._machine.distrust(damage, self._now()))
            raise
        now = self._now()
        link, core = self._machine.verdict(now), self._machine.core_time(now)
        if core is None or link is Link.OFFLINE:
            return found.codes(link=link, core_ms=None, slack_ms=0)
        return found.codes(link=link, core_ms=core.ms, slack_ms=core.slack_ms)

    def claim(self, order: Claim) -> None:
        """Asks the core for its receipt, until it answers; meets `lane_agent.ports.CodeBook`."""
        self._put(lambda: self._machine.claim(order.visit, order.claim, order.ubrs, self._now()))

    def give_back(self, order: GiveBack) -> None:
        """That claim is asked for no more; the core learns it from the journal."""
        self._put(lambda: self._machine.claims.drop(order.visit, order.claim))

    def core_time(self) -> tuple[int, int] | None:
        """The core's time now and its uncertainty, in milliseconds; None without any believed proof since the start."""
        core = self._machine.core_time(self._now())
        return None if core is None else (core.ms, core.slack_ms)

    def clock_doubt(self) -> str:
        """Why the core's time is not believed, for a technician; "" if it is. The link is then not fresh."""
        return self._machine.clock.doubt

    def watch(self, vrn: str | None) -> None:
        """From now on a change that touches this vehicle, or a near-miss of it, is told (`CodesChanged`)."""
        self._runner.watched = normalise(vrn) if vrn else ""

    def set_lane(self, *, visit: str, ordered: bool) -> None:
        """The lane after a step: the key of its visit, "" if none, and whether it is in manual mode by an order."""
        self._put(lambda: self._machine.set_lane(visit=visit, ordered=ordered))

    def on_mode_stepped(self, event: ManualOrdered | ManualEnded) -> None:
        """The lane has stepped over an order for a mode; what a lane officer ordered is not ended by a time-out."""
        self._put(lambda: self._machine.on_mode_stepped(event))

    def send_pictures(self, pictures: tuple[str, ...], kind: str) -> list[str]:
        """Queues evidence pictures of a class for sending; returns why some cannot be."""
        return queue_all(
            self._outgoing, pictures, kind, lambda one: self._put(lambda: self._machine.add_upload(one, self._now()))
        )

    def add_sample(self, facts: Facts) -> None:
        """A sample of telemetry: the box's condition. Sent when the link is good, shed and counted otherwise."""
        taken = dict(facts)
        self._put(lambda: self._machine.add_sample(taken, self._now()))

    def on_journal_grew(self) -> None:
        """There are new rows in the journal."""
        self._put(self._on_growth)

    def publish_state(self, facts: dict[str, Any]) -> None:
        """What the wall of lanes shall show: plain values, complete. Sent when it differs from the last."""
        self._put(lambda: self._machine.set_state(facts))

    def status(self) -> LinkStatus:
        """The link at this moment."""
        now, machine = self._now(), self._machine
        head, proof, core = machine.follower.head, machine.freshness.proof, machine.core_time(now)
        return LinkStatus(
            link=machine.verdict(now),
            proof_age_ms=None if proof is None else now - proof.sent_ms,
            broker=self._connection.broker,
            trouble=self._trouble(),
            epoch=head.epoch,
            version=head.version,
            state_hash=head.state_hash.hex(),
            proven_version=None if proof is None else proof.heartbeat.version,
            doubt=machine.follower.doubt,
            clock_doubt=machine.clock.doubt,
            last=machine.sender.last,
            acknowledged=machine.sender.acknowledged,
            waiting=machine.sender.depth,
            core_ms=None if core is None else core.ms,
            slack_ms=0 if core is None else core.slack_ms,
            refused=dict(machine.refused),
            pictures=machine.uploader.depth,
            shed=machine.samples.shed,
        )

    def _trouble(self) -> str:
        down = self._connection.last
        well = self._connection.connected and self._machine.verdict(self._now()) is not Link.OFFLINE
        return "" if down is None or well else f"{down.cause.value}: {down.detail}"

    # -- the one task -------------------------------------------------------------------------------------------------

    def _put(self, what: Callable[[], None]) -> None:
        self._inbox.append(what)
        self._woken.set()

    async def _work(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._tick_s):
                    await self._woken.wait()
            self._woken.clear()
            while self._inbox:
                self._inbox.popleft()()
                self._runner.carry_out()
                if self._now() >= self._tick_ms:  # however much comes in: without nonces there is no proof
                    self._tick()
                await asyncio.sleep(0)  # a long snapshot comes in many parts; the lane has its turn between them
            self._tick()

    def _tick(self) -> None:
        self._tick_ms = self._now() + int(1_000 * self._tick_s)
        self._machine.set_utc(self._utc(), self._now())
        self._machine.tick(self._now())
        self._runner.carry_out()
        self._prune()

    def _prune(self) -> None:
        """Signed deltas that have outlived their time go, by the core's clock, a few a minute."""
        now, core = self._now(), self._machine.core_time(self._now())
        if core is None or now < self._pruned_ms:
            return
        self._pruned_ms = now + _PRUNE_MS
        with contextlib.suppress(StoreError), self._journal.store.transaction() as connection:
            kept_deltas.prune(connection, before_ms=core.ms - self._keep_deltas_ms, now_ms=core.ms)

    def _will(self) -> Will:
        self._session = int.from_bytes(secrets.token_bytes(8), "big")
        topic = self._topics.presence
        return Will(topic, self._signer.seal(topic, encode(self._machine.presence("lost", self._session))))

    def _on_up(self) -> None:
        self._machine.on_connected(self._session, self._now())

    def _on_down(self, down: Down) -> None:
        if down.told and down.cause is Cause.LOST:
            self._machine.on_broker_refused("the connection", down.detail, self._now())
        self._machine.on_disconnected(self._now(), taken_over=down.detail if down.cause is Cause.TAKEN_OVER else "")

    def _hear(self, incoming: Incoming) -> None:
        """A message came; it waits its turn, unless its topic has said too much."""
        if incoming.topic not in self._unbounded:
            own = incoming.topic == self._topics.heartbeat or incoming.topic in self._extra_topics
            topic = incoming.topic if own else ""
            if topic not in self._budgets:
                self._budgets[topic] = TokenBucket(burst=BURST, per_second=PER_SECOND, now_ms=self._now())
            if self._budgets[topic].is_empty(self._now()):
                self._machine.refused["flooded"] += 1
                incoming.acknowledge()
                return
            self._budgets[topic].take()
        self._put(lambda: self._on_message(incoming))

    def _on_message(self, incoming: Incoming) -> None:
        reader = self._extra_topics.get(incoming.topic)
        if reader is not None:
            reader(incoming)
            incoming.acknowledge()
            return
        self._machine.on_message(incoming.topic, incoming.payload, self._now(), retained=incoming.retained)
        self._runner.carry_out()
        incoming.acknowledge()

    def _on_growth(self) -> None:
        self._machine.on_journal_grew(self._journal.head_at_core()[0], self._now())
