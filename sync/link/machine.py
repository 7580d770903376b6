"""`LinkMachine`: the parts of the link put together.

Rules of this file:
- Tell it what happened and when (`connected`, `disconnected`, `receive`, `tick`, `stands`, `acknowledged`, …), then
  `drain` it and carry the effects out in order. It calls nobody and raises nothing in normal work.
- `now` is this box's monotonic clock in milliseconds; it never goes back.
- Signatures are checked before anything is parsed. What is refused is counted by its reason, and raises an alarm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct

from domain.alarms import LaneAlarmKind
from lane_agent.events import CodesVerified, FaultCleared, FaultRaised, LinkChanged, ManualEnded, ManualOrdered
from lane_agent.model import Fault, Link
from sync.link.command_lifecycle import CommandLifecycle
from sync.link.commands import Situation
from sync.link.core_clock import Ahead, CoreClock, CoreTime
from sync.link.effects import (
    Acknowledge,
    ApplyDelta,
    Effect,
    KeepClock,
    LinkAlarm,
    LoadPart,
    Publish,
    Revert,
    Tell,
    TryNextBroker,
)
from sync.link.follower import Follower, LogAnswer
from sync.link.freshness import Freshness, Judgement, ListPosition, Weighed
from sync.link.limits import Limits
from sync.link.sender import Sender
from sync.link.silence import Silence
from sync.link.telemetry import Facts, Samples
from sync.link.uploader import Upload, Uploader
from wire.codec import decode
from wire.envelope import KeyRing
from wire.errors import WireRefusedError
from wire.messages import (
    Ack,
    Command,
    Delta,
    Deltas,
    EventsWanted,
    Heartbeat,
    LaneState,
    LogReply,
    Nonce,
    PictureHeld,
    PictureOffered,
    Presence,
    SnapshotPart,
)
from wire.topics import LOG, LaneTopics


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedState:
    """What the store kept of the agent's last run.

    Attributes:
        taken: identifier to expiry of the commands taken.
        revert: what has to revert.
        uploads: pictures still to be sent.
        clock: what is expected of the core's clock, if the agent ran before since the machine's start.
    """

    taken: dict[str, int] = field(default_factory=dict)
    revert: Revert | None = None
    uploads: tuple[Upload, ...] = ()
    clock: Ahead | None = None


class LinkMachine:
    """One lane's link to the core.

    Args:
        lane: its name.
        ring: the core's public keys.
        entropy: `entropy(n)` gives n random bytes.
        head: where the code log stands.
        journal: the store's name.
        last: the journal's last row.
        acknowledged: the outbox's cursor.
        now: the monotonic clock.
        software: the version, told to the core.
        left: what the last run left.
    """

    def __init__(
        self,
        lane: str,
        *,
        ring: KeyRing,
        entropy: Callable[[int], bytes],
        head: ListPosition,
        journal: str,
        last: int,
        acknowledged: int,
        now: int,
        limits: Limits | None = None,
        software: str = "",
        left: SavedState | None = None,
    ) -> None:
        left = left or SavedState()
        self.topics = LaneTopics(lane)
        self.limits = limits or Limits()
        self.refused: Counter[str] = Counter()
        self.follower = Follower(lane, self.limits, head, entropy)
        self.freshness = Freshness(self.limits, head, now)
        self.clock = CoreClock(self.limits, left.clock)
        self.sender = Sender(self.limits, last=last, acknowledged=acknowledged)
        self.uploader = Uploader(lane, self.limits, entropy, waiting=left.uploads)
        self.samples = Samples(lane, self.limits)
        self._lane = lane
        self._ring = ring
        self._entropy = entropy
        self._journal = journal
        self._software = software
        self._desk = CommandLifecycle(self.topics, self.limits, self.sender, taken=left.taken, revert=left.revert)
        self._visit = ""
        self._ordered = False
        self._effects: list[Effect] = []
        self._session: int | None = None
        self._silence = Silence(self.limits, entropy, now)
        self._nonce_ms = now
        self._state: LaneState | None = None
        self._told = Link.OFFLINE
        self._verified = False
        self._faulted = False
        self._clock_doubted = False
        self._alarmed: dict[str, int] = {}

    # -- what happened ------------------------------------------------------------------------------------------------

    def connected(self, session: int, now: int) -> None:
        """A connection is up and subscribed; `session` is what its Will says."""
        self._session = session
        self._nonce_ms = now
        self._silence.connected(now)
        self._publish(self.topics.presence, self.presence("online", session), qos=1, retain=True)
        if self._state is not None:
            self._publish_state(self._state.facts)
        self.sender.connected(now)
        self.tick(now)

    def disconnected(self, now: int, *, taken_over: str = "") -> None:
        """The connection is gone; `taken_over` says so where somebody else has taken this lane's name."""
        self._session = None
        self.sender.lost()
        self.follower.lost()
        self.uploader.lost()
        if taken_over:
            self.alarm(LaneAlarmKind.SESSION_TAKEN_OVER, f"another client uses this lane's name: {taken_over}", now)
        self._settle(now)

    def tick(self, now: int) -> None:
        """Time has passed. Call this at least every 200 ms."""
        if self._session is not None:
            self._ask(self._session, now)
        self._effects += self._desk.due(self.core_time(now))
        self._settle(now)

    def check_clock(self, utc_ms: int | None, now: int) -> None:
        """This box's own UTC, None unless a time source keeps it: what the core's time is held against."""
        self.clock.check_clock(utc_ms, now)

    def receive(self, topic: str, payload: bytes, now: int, *, retained: bool = False) -> None:
        """A message came from the broker."""
        try:
            body = self._ring.open(topic, payload)
            self._dispatch(topic, body, now, retained=retained)
        except WireRefusedError as error:
            self.refuse(error.reason.value, f"{topic}: {error}", now)
        self._settle(now)

    def log_result(self, outcome: LogAnswer, head: ListPosition, offered: int, now: int) -> None:
        """The code log answered an `ApplyDelta` or `LoadPart` of version `offered`, and stands at `head`."""
        before = self.follower.head
        self.follower.log_result(outcome, head, offered, now)
        if outcome is LogAnswer.APPLIED:
            self._weighed(self.freshness.moved(head, now), now)
        elif outcome is LogAnswer.SWAPPED or head.epoch != before.epoch:
            self._weighed(self.freshness.replaced(head, now), now)
        elif outcome in {LogAnswer.GAP, LogAnswer.FAILED}:
            self.freshness.distrust()  # something is known to be missing here: not even what was just proven counts
        elif outcome is LogAnswer.MISMATCH:
            self.alarm(LaneAlarmKind.CODES_MISMATCH, f"version {offered} does not give the signed state hash", now)
        self._settle(now)

    def acknowledged(self, cursor: int, now: int, *, foreign: bool = False) -> None:
        """The store answered an `Acknowledge`: its cursor stands at `cursor`; `foreign`: it has no such row."""
        if foreign:
            self.refuse("ack_foreign", "the core acknowledges rows this journal never had; is this its own store?", now)
        self.sender.moved(cursor, now)
        self._settle(now)

    def distrust(self, why: str, now: int) -> None:
        """The codes held here are found to be damaged: they are in doubt until a snapshot is loaded and proven."""
        self.follower.distrust(why)
        self._settle(now)

    def journal_grew(self, last: int, now: int) -> None:
        """The journal's last row is `last` now."""
        self.sender.grew(last)
        self._settle(now)

    def state_is(self, facts: dict[str, object]) -> None:
        """What the wall of lanes should show; complete. Published when it changed, and on every connection."""
        if self._state is None or self._state.facts != facts:
            self._publish_state(facts)

    def lane_is(self, *, visit: str, ordered: bool) -> None:
        """The lane now: the key of the visit in it ("" if none), and whether manual mode stands by order."""
        self._visit, self._ordered = visit, ordered

    def mode_stepped(self, event: ManualOrdered | ManualEnded) -> None:
        """The lane has stepped over an order for a mode, at the lane or from afar."""
        self._effects += self._desk.mode_stepped(event)

    def kept(self, command: str, *, failed: bool = False) -> None:
        """The store answered a `KeepOrder`; `failed`: it did not take it, so the command is not carried out."""
        self._effects += self._desk.kept(command, failed=failed)

    def clock_kept(self, ahead: Ahead) -> None:
        """The store has made a `KeepClock` durable."""
        self.clock.kept(ahead)

    def ordered(self, command: str, why: str = "") -> None:
        """What a command asked for was carried out, or was not for this reason."""
        self._effects += self._desk.ordered(command, why)

    def upload(self, upload: Upload, now: int) -> None:
        """A picture is to be sent to the core."""
        self.uploader.want(upload)
        self._settle(now)

    def unreadable(self, picture: str) -> None:
        """A picture that was to be sent is gone."""
        self.uploader.gone(picture)

    def sample(self, facts: Facts, now: int) -> None:
        """A sample of telemetry was taken."""
        self.samples.add(facts, now)
        self._settle(now)

    # -- what is to be done -------------------------------------------------------------------------------------------

    def drain(self) -> list[Effect]:
        """The effects since the last call, in order."""
        effects, self._effects = self._effects, []
        return effects

    # -- what is known ------------------------------------------------------------------------------------------------

    def verdict(self, now: int) -> Link:
        """FRESH, STALE or OFFLINE at this moment; ask at the moment of deciding, an earlier answer is no answer."""
        verdict = self.freshness.verdict(now)
        return Link.STALE if verdict is Link.FRESH and (self.follower.doubt or self.clock.doubt) else verdict

    def core_time(self, now: int) -> CoreTime | None:
        """The core's time and its uncertainty, or None without any proof yet that could be believed."""
        return self.clock.time(now)

    def presence(self, status: str, session: int) -> Presence:
        """A body for `up/presence`: "online", "stopped", or "lost" for the Will of the connection to come."""
        return Presence(lane=self._lane, status=status, session=session, software=self._software)  # type: ignore[arg-type]

    # -- inside -------------------------------------------------------------------------------------------------------

    def _publish(self, topic: str, body: Struct, *, qos: int = 0, retain: bool = False) -> None:
        self._effects.append(Publish(topic, body, qos, retain))

    def _publish_state(self, facts: dict[str, object]) -> None:
        serial = self._state.serial + 1 if self._state is not None else 1
        self._state = LaneState(lane=self._lane, session=self._session or 0, serial=serial, facts=facts)
        if self._session is not None:
            self._publish(self.topics.state, self._state, qos=1, retain=True)

    def alarm(self, kind: LaneAlarmKind, detail: str, now: int, *, why: str = "") -> None:
        """Raises an alarm; the same kind, for the same reason, at most once in a while."""
        last = self._alarmed.get(kind + why)
        if last is None or now - last >= self.limits.alarm_ms:
            self._alarmed[kind + why] = now
            self._effects.append(LinkAlarm(kind, detail))

    def refuse(self, reason: str, detail: str, now: int) -> None:
        """Counts a message that was refused, and tells people."""
        self.refused[reason] += 1
        self.alarm(LaneAlarmKind.MESSAGE_REFUSED, f"{reason}: {detail}", now, why=reason)

    def _ask(self, session: int, now: int) -> None:
        if now >= self._nonce_ms:
            self._nonce_ms = now + self.limits.nonce_ms
            self._send_nonce(session, now)
        request = self.follower.due(now)
        if request is not None:
            self._publish(self.topics.request, request, qos=1)
        if self._silence.over(now):
            self._effects.append(TryNextBroker("connected, and yet the core's proof does not come"))

    def _send_nonce(self, session: int, now: int) -> None:
        nonce, head = self._entropy(16), self.follower.head
        self.freshness.asked(nonce, now)
        body = Nonce(
            lane=self._lane,
            session=session,
            nonce=nonce,
            epoch=head.epoch,
            version=head.version,
            state_hash=head.state_hash,
            journal=self._journal,
            acknowledged=self.sender.acknowledged,
        )
        self._publish(self.topics.nonce, body)

    def _dispatch(self, topic: str, body: bytes, now: int, *, retained: bool) -> None:
        topics = self.topics
        if topic == topics.command:
            self._command(decode(Command, body), now, retained=retained)
        elif retained:
            self.refuse("retained", f"{topic}: nothing the core says to a lane is ever retained", now)
        elif topic == LOG:
            self._effects.append(ApplyDelta(body, decode(Delta, body)))
        elif topic == topics.heartbeat:
            self._heartbeat(decode(Heartbeat, body), now)
        elif topic == topics.ack:
            self._ack(decode(Ack, body), now)
        elif topic == topics.log:
            self._log_reply(decode(LogReply, body), now)  # type: ignore[arg-type]
        elif topic == topics.picture_held:
            self._picture_held(decode(PictureHeld, body), now)
        else:
            self.refuse("unknown_topic", topic, now)

    def _heartbeat(self, beat: Heartbeat, now: int) -> None:
        if beat.lane != self._lane:
            self.refuse("foreign", f"a proof for lane {beat.lane}", now)
            return
        judgement = self.freshness.answered(beat, now)
        if judgement is Judgement.UNASKED:
            self.refused["proof_unasked"] += 1  # late or replayed: worthless, and not worth an alarm
            return
        self._silence.heard(now)
        self._timed(now)
        self._weighed([(judgement, beat.version)], now)

    def _timed(self, now: int) -> None:
        """The proof just taken says what time it is."""
        proof = self.freshness.proof
        step = self.clock.proven(proof) if proof is not None else ""
        if step:
            self.alarm(LaneAlarmKind.CORE_CLOCK_STEPPED, step, now)
        keep = self.clock.due(now)
        if keep is not None:
            self._effects.append(KeepClock(keep))
        core = self.core_time(now)
        if core is not None:
            self._desk.proven(core)

    def _weighed(self, weighed: list[Weighed], now: int) -> None:
        for judgement, version in weighed:
            self.follower.judged(judgement, version, now)

    def _ack(self, ack: Ack, now: int) -> None:
        if ack.lane != self._lane or ack.journal != self._journal:
            self.refuse("ack_foreign", f"an acknowledgement for journal {ack.journal} of lane {ack.lane}", now)
        elif ack.seq > self.sender.last:
            self.refuse("ack_beyond", f"row {ack.seq} is acknowledged, the last one is {self.sender.last}", now)
        elif self.sender.knows(ack.seq):
            self._effects.append(Acknowledge(ack.seq, ack.hash))

    def _log_reply(self, reply: Deltas | SnapshotPart | EventsWanted, now: int) -> None:
        if reply.lane != self._lane:
            self.refuse("foreign", f"an answer for lane {reply.lane}", now)
        elif isinstance(reply, EventsWanted):
            self._events_wanted(reply, now)
        elif not self.follower.takes(reply.request, whole=isinstance(reply, SnapshotPart)):
            self.refused["answer_unasked"] += 1  # to a request given up, or a replay: worthless, and no alarm
        elif isinstance(reply, SnapshotPart):
            self._silence.heard(now)  # it answers what was asked at random: over a slow line proofs queue behind it
            self._effects.append(LoadPart(reply))
        else:
            self._silence.heard(now)
            self._effects += [ApplyDelta(body, decode(Delta, body)) for body in reply.bodies]

    def _events_wanted(self, wanted: EventsWanted, now: int) -> None:
        if wanted.journal != self._journal:
            self.refuse("range_foreign", f"rows of journal {wanted.journal} are asked for, not held here", now)
            return
        send = self.sender.asked_again(wanted)
        if send is not None:
            self._effects.append(send)

    def _command(self, command: Command, now: int, *, retained: bool) -> None:
        situation = Situation(
            core=self.core_time(now),
            link=self.verdict(now),
            visit=self._visit,
            ordered=self._ordered,
            journal=self._journal,
            last=self.sender.last,
        )
        refusal, effects = self._desk.take(command, situation, retained=retained)
        if refusal is not None:
            self.refuse(refusal.value, f"{command.name!r} from {command.issuer} ({command.command})", now)
        self._effects += effects

    def _picture_held(self, held: PictureHeld, now: int) -> None:
        if held.lane != self._lane:
            self.refuse("foreign", f"an answer for lane {held.lane}", now)
            return
        done = self.uploader.held(held, now)
        if done is not None:
            self._effects.append(done)

    def _settle(self, now: int) -> None:
        """Tells the lane what has changed for it, and sends what can be sent."""
        self._settle_doubt(now)
        self._settle_clock(now)
        verdict = self.verdict(now)
        if verdict is Link.OFFLINE:
            self._verified = False
        if verdict is not self._told:
            self._told = verdict
            self._effects.append(Tell(LinkChanged(verdict)))
        if verdict is Link.FRESH and not self._verified:
            self._verified = True
            head = self.follower.head
            self._effects.append(Tell(CodesVerified(head.epoch, head.version)))
        send = self.sender.due(now)
        if send is not None:
            self._effects.append(send)
        elif self._session is not None and verdict is Link.FRESH and self.sender.level:
            self._settle_spare(self._session, now)

    def _settle_spare(self, session: int, now: int) -> None:
        """What may go out when the link is good and no event waits: telemetry, then a part of a picture."""
        for sample in self.samples.due(session, now):
            self._publish(self.topics.telemetry, sample)
        picture = self.uploader.due(now)
        if isinstance(picture, PictureOffered):
            self._publish(self.topics.picture, picture, qos=1)
        elif picture is not None:
            self._effects.append(picture)

    def _settle_doubt(self, now: int) -> None:
        doubt = self.follower.doubt
        if doubt and not self._faulted:
            self._faulted, self._verified = True, False
            self._effects.append(Tell(FaultRaised(Fault.CODES, doubt)))
            self.alarm(LaneAlarmKind.CODES_IN_DOUBT, doubt, now)
        elif self._faulted and not doubt:
            self._faulted = False
            self._effects.append(Tell(FaultCleared(Fault.CODES)))

    def _settle_clock(self, now: int) -> None:
        """A core whose time is not believed is told here; the fault of it is the box's, which has other clocks too."""
        doubt = self.clock.doubt
        if doubt and not self._clock_doubted:
            self._verified = False
            self.alarm(LaneAlarmKind.CORE_CLOCK_DOUBTED, doubt, now)
        self._clock_doubted = bool(doubt)
