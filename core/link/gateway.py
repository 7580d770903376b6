"""What the core receives from the lanes and sends to them. No I/O but the store's: payloads in, payloads out.

Rules of this file:
- A message is opened with the key of the lane its topic names, before anything in it is looked at; what is refused is
  counted and is an alarm, and changes nothing. What costs least is looked at first: whether the lane is registered, the
  size, the key's name, and only then the signature. A refusal costs the store nothing but its first alarm.
- Nonces are answered by `proving`; news of the log goes out before anything that rests on it.
- Events are acknowledged from what is committed. Deltas that a lane missed are sent on request; where its chain differs
  from ours, or it is too far behind, it gets everything.
- While the core listens after its start no row is taken, so that nothing is added to a list that may be a backup, and none
  while the list is not what was signed: the lanes keep their rows and send them again.
- Pictures are handled when there is nothing else to do; telemetry is shown and not kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from core.errors import RefusedError
from core.ledger.list_watch import ListWatch
from core.ledger.log import LogPlace, ReplicatedLog
from core.ledger.store import CoreStore
from core.ledger.whole_list import whole_list
from core.link.alarm_watch import AlarmWatch
from core.link.intake import Intake, JournalPosition, Stream
from core.link.orders import Orders
from core.link.pictures import Keeping, PictureStore
from core.link.proving import Proving
from core.link.wholeness import ListWholeness
from domain.alarms import CoreAlarmKind
from domain.times import UtcClock
from runtime.bucket import TokenBucket
from wire import messages as wire
from wire.channels import FROM_LANE, channel_of
from wire.codec import decode, decode_record, encode
from wire.envelope import KeyRing, Signer, key_id
from wire.errors import WireError
from wire.errors import WireRefusedError as UnreadableError
from wire.facts import check_facts
from wire.topics import LOG, LaneTopics, read_up

MOST_DELTAS = 10_000
"""A lane further behind gets a snapshot: some five hours of 16,701 crossings a day, each bundled and used."""

REPEAT_MS = 10_000
"""Refusals of one lane within this of the last alarm about one are counted, and nothing more."""

STRANGERS = 20
"""Alarms about lanes that are not registered: so many at once, and one a minute. Their names are anybody's to make up."""

ROWS_A_PART = 500
BYTES_A_REPLY = 256 << 10


@dataclass(frozen=True, slots=True)
class LaneMessage:
    """A message from the broker."""

    topic: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True, slots=True)
class CoreMessage:
    """A message to publish, never retained; `lane` is "" where all lanes are meant."""

    topic: str
    payload: bytes
    lane: str = ""
    qos: int = 1


class _UnfitError(WireError):
    """A message that can be read and is not for here; `counter` counts it."""

    def __init__(self, counter: str, detail: str) -> None:
        super().__init__(f"{counter}: {detail}")
        self.counter = counter


Answer = Callable[[], Iterator[CoreMessage]]
"""A long answer, made part by part when its turn comes; each part is consistent with the first."""


@dataclass(slots=True)
class Answers:
    """What a batch of messages asks for.

    Attributes:
        now: sent at once.
        later: sent when there is time, one a lane: the latest.
        spare: made and sent when nothing else is left to do, one a lane: its pictures.
        refused: how many of the messages were refused, by the lane whose topic they came on.
    """

    now: list[CoreMessage] = field(default_factory=list)
    later: dict[str, Answer] = field(default_factory=dict)
    spare: dict[str, Answer] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)


class LaneStatus(msgspec.Struct, kw_only=True):
    """What the core knows of a lane since it started; times are core UTC ms, 0 for never.

    Attributes:
        presence: "unknown", "online", "stopped" or "lost".
        proved_ms: when a nonce of this lane was last answered.
        epoch, version: of the list the lane held then.
        level: whether that was the head of the log, state hash included.
        facts: what the lane last published of itself, for the wall.
        core_keys: the core's keys that it believes (`envelope.KeyRing.prints`), None while it has not said.
        sampled_ms: when its newest telemetry was taken, by this core's clock.
        telemetry: that sample.
        serial: that sample's number.
        samples, missed: of telemetry since both sides run: what came, and what was lost on the way.
        shed: what the lane gave up before sending, since its start.
        counted_from: serial and shed before the first sample counted here.
    """

    lane: str
    presence: str = "unknown"
    session: int = 0
    software: str = ""
    proved_ms: int = 0
    epoch: str = ""
    version: int = 0
    level: bool = False
    facts: dict[str, Any] = {}
    core_keys: tuple[str, ...] | None = None
    sampled_ms: int = 0
    telemetry: dict[str, int | float | str] = {}
    serial: int = 0
    samples: int = 0
    shed: int = 0
    missed: int = 0
    counted_from: tuple[int, int] = (0, 0)


class SnapshotAnswer(Iterator[CoreMessage]):
    """The parts of a snapshot. They come from a connection of their own, so any thread may ask for the next."""

    def __init__(self, parts: Iterator[CoreMessage]) -> None:
        self._parts = parts

    def __next__(self) -> CoreMessage:
        return next(self._parts)


class LaneGateway:
    """The core's end of every lane's link.

    Args:
        store: the core's store.
        log: its replicated log.
        intake: where events go.
        signer: the core's key.
        rings: for each registered lane, its keys.
        clock: the present time, UTC ms.
        gallery: where pictures go; left out, none is taken.
        listen_ms: how long it listens to the lanes after its start before it proves or takes anything (`wholeness`).
        ticks: a clock for durations, ms; `clock` if left out.
        may_prove: whether this core may prove anything now (`ledger.lease`).

    Attributes:
        whole: whether the list may be proved.
        list_watch: whether somebody changed it in the store.
        signing: the key it signs with, by name and digits (`envelope.key_id`).
    """

    def __init__(
        self,
        *,
        store: CoreStore,
        log: ReplicatedLog,
        intake: Intake,
        signer: Signer,
        rings: Mapping[str, KeyRing],
        clock: UtcClock,
        gallery: PictureStore | None = None,
        listen_ms: int = 0,
        ticks: Callable[[], int] | None = None,
        may_prove: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._orders = Orders(store, clock)
        self._gallery = gallery or PictureStore(Keeping(folder=None), clock)
        self._log = log
        self._intake = intake
        self._signer = signer
        self.signing = key_id(signer.kid, signer.public)
        self._rings = rings
        self._clock = clock
        self._alarms = AlarmWatch(store, clock)
        self.lanes = {lane: LaneStatus(lane=lane) for lane in sorted(rings)}
        self.refused: Counter[str] = Counter()
        self._refused_ms: dict[str, int] = {}
        self._strangers = TokenBucket(burst=STRANGERS, per_second=1 / 60, now_ms=clock())
        head = log.head()
        self._told = LogPlace(head.epoch, head.version, head.log_hash)
        self._asked: dict[Stream, tuple[int, int]] = {}
        self.whole = ListWholeness(store, log, self._alarms, listen_ms=listen_ms, ticks=ticks or clock)
        self.list_watch = ListWatch(store, log)
        log.guard = self.list_watch.why_not
        self._proving = Proving(
            log=log,
            intake=intake,
            whole=self.whole,
            watch=self.list_watch,
            clock=clock,
            alarms=self._alarms,
            asked=self._asked,
            may_prove=may_prove,
        )
        self._handlers: dict[type[msgspec.Struct], Callable[[Any, Answers], None]] = {
            wire.Presence: lambda message, _: self._on_presence(message),
            wire.LaneState: lambda message, _: self._on_state(message),
            wire.DeltasShown: self._on_shown,
            wire.DeltasWanted: self._on_request,
            wire.SnapshotWanted: self._on_request,
            wire.Reply: lambda message, _: self._orders.on_reply(message),
            wire.Telemetry: lambda message, _: self._on_telemetry(message),
            wire.PictureOffered: self._on_picture,
            wire.PicturePart: self._on_picture,
        }

    def registered(self, rings: Mapping[str, KeyRing]) -> None:
        """The register of lanes is this from now on; a lane that is not on it is refused with its next message."""
        self._rings = rings
        self.lanes = {lane: self.lanes.get(lane) or LaneStatus(lane=lane) for lane in sorted(rings)}

    def hear(self, heard: Sequence[LaneMessage]) -> Answers:
        """Takes a batch of messages: events in one transaction, claims in another, then the rest, in order of arrival.

        Proofs come before all of it, from what is committed: nothing else of a batch says more than its nonces knew.
        """
        answers = Answers()
        both = [(one, message) for one in heard if (message := self._open(one, answers)) is not None]
        opened = [message for _, message in both]
        events = {message: one.payload for one, message in both if isinstance(message, wire.EventMessage)}
        for message in opened:
            if isinstance(message, wire.Nonce):
                answers.now += self._prove(message)
        if events and not (self.whole.listening() or self.list_watch.why_not()):
            standings = self._intake.take(list(events), now_ms=self._clock(), payloads=events)
            answers.now += self.news()
            answers.now += [out for standing in standings for out in self._say_standing(standing)]
            self._alarms.rows_came(standing.lane for standing in standings)
        claims = [one for one in opened if isinstance(one, wire.ClaimWanted) and not self.whole.why_not(one.lane)]
        if claims and not self.list_watch.why_not():  # a list that is not proved says nothing of whose a bundle is
            answers.now += self._answer_claims(claims)
        for message in opened:
            if not isinstance(message, wire.Nonce | wire.EventMessage | wire.ClaimWanted):
                self._handlers[type(message)](message, answers)
        return answers

    def _answer_claims(self, claims: Sequence[wire.ClaimWanted]) -> list[CoreMessage]:
        """All of them in one transaction; the answers are made from it, and go out when it is committed."""
        now, book = self._clock(), self._intake.projection.claims
        with self._store.transaction():
            answers = [book.take(claim, now_ms=now) for claim in claims]
        return [self._seal(answer, answer.lane) for answer in answers]

    def news(self) -> list[CoreMessage]:
        """The deltas committed since this was last asked, for all lanes."""
        self._told, payloads = self._log.news(self._told.epoch, self._told.version)
        return [CoreMessage(LOG, payload) for payload in payloads]

    def told(self) -> LogPlace | None:
        """The newest list that anybody was told of, where nothing is known to be missing in it; says so without the database."""
        if not self.whole.is_whole() or self.list_watch.found:
            return None
        named = self._proving.named
        return named if named is not None and named.version > self._told.version else self._told

    def tick(self) -> list[CoreMessage]:
        """Once a second: asks again for event rows whose gap has not moved since the last time; looks at the alarms."""
        self._alarms.escalate()
        gaps = self._intake.gaps()
        stuck = [gap for gap in gaps if gap.wanted and self._asked.get(gap.stream, (0, 0))[0] == gap.wanted[0]]
        wanted = {gap.stream: gap.wanted for gap in gaps if gap.wanted}
        self._asked.clear()
        self._asked.update(wanted)
        return [self._wanted(gap.stream, gap.wanted) for gap in stuck if gap.wanted]

    def _open(self, heard: LaneMessage, answers: Answers) -> msgspec.Struct | None:
        address = read_up(heard.topic)
        if address is None:
            self.refused["unknown_topic"] += 1
            answers.refused[""] += 1
            return None
        lane, kind = address
        ring = self._rings.get(lane)
        if ring is None:
            self._refuse_stranger(lane)
            answers.refused[lane] += 1
            return None
        try:
            return self._body(ring, lane, kind, heard)
        except UnreadableError as error:
            reason, why = error.reason.value, str(error)
        except _UnfitError as error:
            reason, why = error.counter, str(error)
        answers.refused[lane] += 1
        self._refuse(lane, reason, f"a message on {heard.topic} was refused: {why}")
        return None

    def _body(self, ring: KeyRing, lane: str, kind: str, heard: LaneMessage) -> msgspec.Struct:
        channel = FROM_LANE.get(kind)
        if channel is None:
            raise _UnfitError("no_message_goes_there", f"({kind})")
        message: Any = decode(channel.kind, ring.open(heard.topic, heard.payload, largest=channel.largest))
        if message.lane != lane:
            raise _UnfitError("foreign", f"it says it is from {message.lane}")
        if heard.retained and not channel.retained:
            raise _UnfitError("retained", "it was retained by the broker; only presence and state may be")
        if isinstance(message, wire.LaneState | wire.Telemetry):
            check_facts(message.facts)
        return message  # type: ignore[no-any-return]

    def _refuse(self, lane: str, counter: str, detail: str) -> None:
        self.refused[counter] += 1
        now = self._clock()
        if abs(now - self._refused_ms.get(lane, -REPEAT_MS)) >= REPEAT_MS:
            self._refused_ms[lane] = now
            self._alarms.seen(lane, CoreAlarmKind.MESSAGE_REFUSED, detail)

    def _refuse_stranger(self, lane: str) -> None:
        self.refused["unknown_lane"] += 1
        if not self._strangers.is_empty(self._clock()):
            self._strangers.take()
            self._alarms.seen(
                lane, CoreAlarmKind.MESSAGE_REFUSED, f"lane {lane} speaks, and has no key here; register its public key"
            )

    def _on_state(self, state: wire.LaneState) -> None:
        """What a lane shows of itself; one that does not believe this core's key goes manual, and cannot be told why."""
        lane = self.lanes[state.lane]
        lane.facts = state.facts
        keys = state.facts.get("core_keys")
        lane.core_keys = tuple(map(str, keys)) if isinstance(keys, list) else None
        if lane.core_keys is not None and self.signing not in lane.core_keys:
            detail = (
                f"lane {state.lane} has {', '.join(lane.core_keys) or 'no key of the core'}, not {self.signing}, by which "
                "this core signs: it believes nothing. Give it: rocars-core core-keys --sign-with one that it has, and on "
                "the box rocars-lane enrol --answer"
            )
            self._alarms.seen(state.lane, CoreAlarmKind.CORE_KEY_MISSING, detail)
        elif lane.core_keys is not None:
            self._alarms.over(state.lane, CoreAlarmKind.CORE_KEY_MISSING)
        self._alarms.told(state.lane, state.facts)

    def _on_telemetry(self, sample: wire.Telemetry) -> None:
        lane = self.lanes[sample.lane]
        if sample.serial == lane.serial:
            return
        if sample.serial < lane.serial or not lane.samples:  # the agent began anew, or this core did
            lane.samples, lane.counted_from = 0, (sample.serial - 1, sample.shed)
        lane.serial, lane.shed, lane.samples = sample.serial, sample.shed, lane.samples + 1
        serial, shed = lane.counted_from
        lane.missed = max(0, (sample.serial - serial) - (sample.shed - shed) - lane.samples)
        lane.telemetry, lane.sampled_ms = sample.facts, self._clock() - sample.age_ms

    def _picture(self, message: wire.PictureOffered | wire.PicturePart) -> Iterator[CoreMessage]:
        gallery = self._gallery
        try:
            held = gallery.offered(message) if isinstance(message, wire.PictureOffered) else gallery.part(message)
        except OSError as error:
            self._alarms.seen(
                message.lane,
                CoreAlarmKind.PICTURE_NOT_KEPT,
                f"a picture of lane {message.lane} could not be kept: {error}",
            )
            return
        if held is None:
            return
        if held.state == "refused":
            self._alarms.seen(
                message.lane, CoreAlarmKind.PICTURE_REFUSED, f"picture {held.picture} of {held.lane}: {held.detail}"
            )
        yield self._seal(held, message.lane)

    def _on_request(self, request: wire.DeltasWanted | wire.SnapshotWanted, answers: Answers) -> None:
        answers.later[request.lane] = lambda: self._answer(request)

    def _on_picture(self, message: wire.PictureOffered | wire.PicturePart, answers: Answers) -> None:
        answers.spare[message.lane] = lambda: self._picture(message)

    def _prove(self, nonce: wire.Nonce) -> list[CoreMessage]:
        said = self._proving.on_nonce(nonce, self.lanes[nonce.lane])
        return [self._seal(body, nonce.lane) for body in said]

    def _on_shown(self, shown: wire.DeltasShown, answers: Answers) -> None:
        try:
            asked = list(self.whole.on_shown(shown, self._clock()))
        except WireError as error:
            answers.refused[shown.lane] += 1
            self._refuse(shown.lane, "shown_unsigned", f"lane {shown.lane} shows deltas that are none: {error}")
            return
        answers.now += self.news()
        answers.now += [self._seal(body, shown.lane) for body in asked]

    def _on_presence(self, presence: wire.Presence) -> None:
        lane = self.lanes[presence.lane]
        if presence.status != "online" and presence.session != lane.session and lane.presence != "unknown":
            return  # the Will of an older connection (lessons 32)
        lane.presence, lane.session, lane.software = presence.status, presence.session, presence.software
        self.whole.on_presence(presence.lane, online=presence.status == "online")

    def _say_standing(self, standing: JournalPosition) -> Iterator[CoreMessage]:
        ack = wire.Ack(lane=standing.lane, journal=standing.journal, seq=standing.seq, hash=standing.hash)
        yield self._seal(ack, standing.lane)
        asked = self._asked.get(standing.stream, (0, 0))
        if standing.wanted is not None and standing.wanted[0] > asked[1]:
            self._asked[standing.stream] = standing.wanted
            yield self._wanted(standing.stream, standing.wanted)

    def _wanted(self, stream: Stream, rows: tuple[int, int]) -> CoreMessage:
        lane, journal = stream
        body = wire.EventsWanted(lane=lane, journal=journal, first=rows[0], last=rows[1])
        return self._seal(body, lane)

    def _answer(self, request: wire.DeltasWanted | wire.SnapshotWanted) -> Iterator[CoreMessage]:
        if isinstance(request, wire.DeltasWanted):
            kept = self._log.envelopes_after(request.epoch, request.version, request.log_hash, most=MOST_DELTAS)
            if kept is not None:
                return self._deltas(request, kept)
        return SnapshotAnswer(self._snapshot(request.lane, request.request))

    def _deltas(self, request: wire.DeltasWanted, kept: list[bytes]) -> Iterator[CoreMessage]:
        for part in _portions(kept):
            reply = wire.Deltas(lane=request.lane, request=request.request, payloads=tuple(part))
            yield self._seal(reply, request.lane)

    def _snapshot(self, lane: str, request: str) -> Iterator[CoreMessage]:
        """Every row at one version, as it was when the first part was asked for."""
        with whole_list(self._store.dsn, most_rows=ROWS_A_PART, most_bytes=BYTES_A_REPLY) as found:
            for number, portion in enumerate(found.rows()):
                part = wire.SnapshotPart(
                    lane=lane,
                    request=request,
                    epoch=found.epoch,
                    version=found.version,
                    log_hash=found.log_hash,
                    state_hash=found.state_hash,
                    part=number,
                    parts=len(found.portions),
                    records=tuple(map(decode_record, portion)),
                )
                yield self._seal(part, lane)

    def command(self, lane: str, name: str, *, issuer: str, good_ms: int, **arguments: Any) -> tuple[str, CoreMessage]:
        """A signed command to a lane, good for `good_ms` from now; returns its identifier and what to publish.

        Args:
            lane: whom it is for.
            name: what to do (`wire.commands`).
            issuer: the officer's login.
            good_ms: how long it is good.
            arguments: see `orders.Orders.write`.

        Raises:
            RefusedError: the lane is not registered.
        """
        if lane not in self.lanes:
            raise RefusedError(f"lane {lane} is not registered; known: {', '.join(self.lanes) or 'none'}")
        order = self._orders.write(lane, name, issuer=issuer, good_ms=good_ms, **arguments)
        return order.command, self._seal(order, lane)

    def _seal(self, body: msgspec.Struct, lane: str) -> CoreMessage:
        channel = channel_of(type(body))
        topic = channel.topic(LaneTopics(lane))
        return CoreMessage(topic, self._signer.seal(topic, encode(body)), lane, channel.qos)


def _portions(bodies: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Consecutive bodies in portions of at most `BYTES_A_REPLY` (or one body); one empty portion for none."""
    portion: list[bytes] = []
    size = 0
    for body in bodies:
        if portion and size + len(body) > BYTES_A_REPLY:
            yield portion
            portion, size = [], 0
        portion.append(body)
        size += len(body)
    yield portion
