"""`LinkMachine`: the parts of the link assembled.

Rules of this file:
- Tell it what happened and when (`on_connected`, `on_message`, `tick`, `on_log_result`, …), then `drain` it and carry
  the effects out in order. It calls nobody and raises nothing in normal work.
- `now` is this box's monotonic clock in milliseconds; it never goes back.
- What costs least is looked at first: topic, size, the key's name, then the signature, and it before anything is parsed.
  What is refused is counted by its reason, and raises an alarm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct

from domain.alarms import LaneAlarmKind
from lane_agent.events import CodesVerified, FaultCleared, FaultRaised, LinkChanged, ManualEnded, ManualOrdered
from lane_agent.model import Fault, Link
from sync.link.claims import Claims
from sync.link.command_lifecycle import CommandLifecycle
from sync.link.commands import Situation
from sync.link.core_clock import Ahead, CoreClock, CoreTime
from sync.link.effects import (
    Acknowledge,
    ApplyDelta,
    BeginJournal,
    Effect,
    KeepClock,
    LinkAlarm,
    LinkAlarmEnded,
    LoadPart,
    Publish,
    ShowDeltas,
    Tell,
    TryNextBroker,
)
from sync.link.follower import Follower
from sync.link.freshness import Freshness, Weighed
from sync.link.journal_end import Compared, JournalEnd, RowHash
from sync.link.limits import Limits
from sync.link.log_result import Applied, CodeLogHead, Failed, Gap, LogResult, Mismatch, Swapped
from sync.link.saved import SavedState
from sync.link.sender import Sender
from sync.link.silence import Silence
from sync.link.telemetry import Facts, Samples
from sync.link.uploader import Upload, Uploader
from wire.channels import Channel, from_core, tag
from wire.codec import decode
from wire.envelope import KeyRing
from wire.errors import WireRefusedError
from wire.messages import (
    Ack,
    ClaimAnswer,
    Command,
    Delta,
    Deltas,
    DeltasAsked,
    EventsWanted,
    Heartbeat,
    LaneState,
    Nonce,
    PictureHeld,
    PictureOffered,
    Presence,
    SnapshotPart,
)
from wire.topics import LOG, LaneTopics


class LinkMachine:
    """One lane's link to the core.

    Args:
        lane: its name.
        ring: the core's public keys.
        entropy: `entropy(n)` gives n random bytes.
        head: the code log's position.
        journal: the store's name.
        last: the journal's last row.
        acknowledged: the outbox's cursor.
        row_hash: reads the journal (`journal_end`).
        now: the monotonic clock.
        software: the version, told to the core.
        saved: what the last run left in the store.
    """

    def __init__(
        self,
        lane: str,
        *,
        ring: KeyRing,
        entropy: Callable[[int], bytes],
        head: CodeLogHead,
        journal: str,
        last: int,
        acknowledged: int,
        now: int,
        row_hash: RowHash,
        limits: Limits | None = None,
        software: str = "",
        saved: SavedState | None = None,
    ) -> None:
        saved = saved or SavedState()
        self.topics = LaneTopics(lane)
        self.limits = limits or Limits()
        self.refused: Counter[str] = Counter()
        self.follower = Follower(lane, self.limits, head, entropy)
        self.freshness = Freshness(self.limits, head, now)
        self.clock = CoreClock(self.limits, saved.clock)
        self.sender = Sender(self.limits, last=last, acknowledged=acknowledged)
        self.claims = Claims(lane, journal, self.limits)
        self.uploader = Uploader(lane, self.limits, entropy, waiting=saved.uploads)
        self.samples = Samples(lane, self.limits)
        self._lane = lane
        self._ring = ring
        self._entropy = entropy
        self._journal = JournalEnd(journal, row_hash)
        self._envelope = b""
        self._software = software
        self._commands = CommandLifecycle(lane, self.limits, self.sender, taken=saved.taken, revert=saved.revert)
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
        self._channels = from_core(self.topics)
        self._handlers: dict[type[Struct], Callable[[Any, int], None]] = {
            Heartbeat: self._on_heartbeat,
            Ack: self._on_ack,
            Deltas: self._on_deltas,
            SnapshotPart: self._on_snapshot_part,
            EventsWanted: self._on_events_wanted,
            DeltasAsked: self._on_deltas_asked,
            PictureHeld: self._on_picture_held,
            ClaimAnswer: self._on_claim_answer,
        }

    # -- what happened ------------------------------------------------------------------------------------------------

    def on_connected(self, session: int, now: int) -> None:
        """A connection is up and subscribed; `session` is the one that its Will names."""
        self._session = session
        self._nonce_ms = now
        self._silence.on_connected(now)
        self._publish(self.presence("online", session))
        if self._state is not None:
            self._publish_state(self._state.facts)
        self.sender.on_connected(now)
        self.claims.on_connected(now)
        self.tick(now)

    def on_broker_refused(self, what: str, why: str, now: int) -> None:
        """The broker refused `what`: a topic, or the whole connection."""
        self.alarm(LaneAlarmKind.BROKER_REFUSES, f"{what}: {why}", now, why=what)

    def on_disconnected(self, now: int, *, taken_over: str = "") -> None:
        """The connection is gone; `taken_over` says by whom, where another client has taken this lane's name."""
        self._session = None
        self.sender.on_disconnected()
        self.follower.on_disconnected()
        self.uploader.on_disconnected()
        if taken_over:
            self.alarm(LaneAlarmKind.SESSION_TAKEN_OVER, f"another client uses this lane's name: {taken_over}", now)
        self._settle(now)

    def tick(self, now: int) -> None:
        """Time has passed. Call this at least every 200 ms."""
        if self._session is not None:
            self._ask(self._session, now)
        self._effects += self._commands.due(self.core_time(now))
        self._settle(now)

    def set_utc(self, utc_ms: int | None, now: int) -> None:
        """This box's own UTC, None unless a time source keeps it: what the core's time is compared with."""
        self.clock.set_utc(utc_ms, now)

    def on_message(self, topic: str, payload: bytes, now: int, *, retained: bool = False) -> None:
        """A message arrived from the broker."""
        channel = self._channels.get(topic)
        if channel is None:
            self.refuse("unknown_topic", topic, now)
            return
        try:
            self._envelope = payload
            self._open(channel, topic, self._ring.open(topic, payload, largest=channel.largest), now, retained=retained)
        except WireRefusedError as error:
            self.refuse(error.reason.value, f"{topic}: {error}", now)
        self._settle(now)

    def on_log_result(self, result: LogResult, now: int) -> None:
        """The code log answered an `ApplyDelta` or `LoadPart`. Only `Applied` and `Swapped` move its head."""
        self.follower.on_log_result(result, now)
        match result:
            case Applied():
                self._weighed(self.freshness.on_applied(result.head, now), now)
            case Swapped():
                self._weighed(self.freshness.on_swapped(result.head, now), now)
            case Gap() | Failed():
                self.freshness.distrust()  # something is known to be missing here: not even what was just proven counts
            case Mismatch():
                self.alarm(
                    LaneAlarmKind.CODES_MISMATCH, f"version {result.offered} does not give the signed state hash", now
                )
            case _:  # what it means for the next request is the follower's
                pass
        self._settle(now)

    def on_acknowledged(self, cursor: int, now: int, *, foreign: bool = False) -> None:
        """The store answered an `Acknowledge`: its cursor is at `cursor`; `foreign`: it has no such row."""
        if foreign:
            self.refuse("ack_foreign", "the core acknowledges rows this journal never had; is this its own store?", now)
        self.sender.on_acknowledged(cursor, now)
        self._settle(now)

    def distrust(self, why: str, now: int) -> None:
        """The codes held here are found to be damaged: they are in doubt until a snapshot is loaded and proven."""
        self.follower.distrust(why)
        self._settle(now)

    def on_journal_grew(self, last: int, now: int) -> None:
        """The journal's last row is `last` now."""
        self.sender.on_journal_grew(last)
        self._settle(now)

    def set_state(self, facts: dict[str, object]) -> None:
        """What the wall of lanes should show; complete. Published when it changed, and on every connection."""
        if self._state is None or self._state.facts != facts:
            self._publish_state(facts)

    def set_lane(self, *, visit: str, ordered: bool) -> None:
        """The lane now: the key of the visit in it ("" if none), and whether it is in manual mode by an order."""
        self._visit, self._ordered = visit, ordered

    def on_mode_stepped(self, event: ManualOrdered | ManualEnded) -> None:
        """The lane has stepped over an order for a mode, at the lane or from the centre."""
        self._effects += self._commands.on_mode_stepped(event)

    def on_order_kept(self, command: str, *, failed: bool = False) -> None:
        """The store answered a `KeepOrder`; `failed`: it could not keep it, so the command is not carried out."""
        self._effects += self._commands.on_kept(command, failed=failed)

    def on_clock_kept(self, ahead: Ahead) -> None:
        """The store has made a `KeepClock` durable."""
        self.clock.on_kept(ahead)

    def on_order_done(self, command: str, why: str = "") -> None:
        """What a command asked for was carried out, or was not, for the reason given."""
        self._effects += self._commands.on_done(command, why)

    def claim(self, visit: int, claim: int, ubrs: tuple[str, ...], now: int) -> None:
        """The visit claims these bundles; what the core answers is told as `ClaimAnswered`."""
        self.claims.want(visit, claim, ubrs, now)
        self._settle(now)

    def add_upload(self, upload: Upload, now: int) -> None:
        """Queues a picture for sending to the core."""
        self.uploader.add(upload)
        self._settle(now)

    def on_picture_gone(self, picture: str) -> None:
        """A picture that was to be sent is gone."""
        self.uploader.remove(picture)

    def add_sample(self, facts: Facts, now: int) -> None:
        """Queues a sample of telemetry."""
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

    def presence(self, status: Literal["online", "stopped", "lost"], session: int) -> Presence:
        """A body for `up/presence`: "online", "stopped", or "lost" for the Will of the connection to come."""
        return Presence(lane=self._lane, status=status, session=session, software=self._software)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _publish(self, body: Struct) -> None:
        self._effects.append(Publish(body))

    def _publish_state(self, facts: dict[str, object]) -> None:
        serial = self._state.serial + 1 if self._state is not None else 1
        self._state = LaneState(lane=self._lane, session=self._session or 0, serial=serial, facts=facts)
        if self._session is not None:
            self._publish(self._state)

    def alarm(self, kind: LaneAlarmKind, detail: str, now: int, *, why: str = "") -> None:
        """Raises an alarm; the same kind, for the same reason, at most once in a while."""
        last = self._alarmed.get(kind + why)
        if last is None or now - last >= self.limits.alarm_ms:
            self._alarmed[kind + why] = now
            self._effects.append(LinkAlarm(kind, detail))

    def _alarm_over(self, kind: LaneAlarmKind) -> None:
        self._alarmed.pop(kind, None)  # should it come again, it is news
        self._effects.append(LinkAlarmEnded(kind))

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
            self._publish(request)
        if self._silence.expired(now):
            reads = f"the broker's access list does not let this lane read {self.topics.heartbeat}"
            self._effects.append(TryNextBroker(f"connected, and no proof comes: the core does not answer, or {reads}"))

    def _send_nonce(self, session: int, now: int) -> None:
        nonce, head = self._entropy(16), self.follower.head
        self.freshness.on_nonce_sent(nonce, now)
        last, last_hash = self._journal.head(self.sender.last)
        self._publish(
            Nonce(
                lane=self._lane,
                session=session,
                nonce=nonce,
                epoch=head.epoch,
                version=head.version,
                state_hash=head.state_hash,
                journal=self._journal.journal,
                acknowledged=self.sender.acknowledged,
                last=last,
                last_hash=last_hash,
            )
        )

    def _open(self, channel: Channel, topic: str, raw: bytes, now: int, *, retained: bool) -> None:
        """Reads a body whose signature is good, and hands it to its handler."""
        if retained and topic != self.topics.command:
            self.refuse("retained", f"{topic}: nothing the core says to a lane is ever retained", now)
            return
        body: Any = decode(channel.kind, raw)
        if isinstance(body, Delta):
            self._effects.append(ApplyDelta(raw, body, self._envelope))
        elif isinstance(body, Command):
            self._on_command(body, now, retained=retained)
        elif body.lane != self._lane:
            reason = "ack_foreign" if isinstance(body, Ack) else "foreign"
            self.refuse(reason, f"a {tag(type(body))} for lane {body.lane}", now)
        else:
            self._handlers[type(body)](body, now)

    def _on_heartbeat(self, beat: Heartbeat, now: int) -> None:
        if not self.freshness.awaits(beat.nonce, now):
            self.refused["proof_unasked"] += 1  # late or replayed: worthless, and not worth an alarm
            return
        self._silence.on_heard(now)
        match self._journal.compare(beat):
            case Compared.UNREADABLE:
                self.refused["proof_uncompared"] += 1  # the store's own watch tells people
                return
            case Compared.CONTRADICTS:
                self._contradicted(self._journal.why, now)
                return
            case Compared.AGREES:
                pass
        judgement = self.freshness.on_heartbeat(beat, now)
        self._on_proof(now)
        self._weighed([(judgement, beat.version)], now)

    def _contradicted(self, why: str, now: int) -> None:
        """What the core has of this journal is not what is here: a copy of the past, or changed (design §2.16)."""
        self.alarm(LaneAlarmKind.STORE_WENT_BACK, why, now)
        self.freshness.distrust()
        self.follower.distrust(why)
        self._effects.append(BeginJournal(why))

    def _on_deltas_asked(self, asked: DeltasAsked, now: int) -> None:
        self._silence.on_heard(now)
        self._effects.append(ShowDeltas(asked.request, asked.epoch, asked.version))

    def _on_proof(self, now: int) -> None:
        """The proof just taken says what time it is at the core."""
        proof = self.freshness.proof
        step = self.clock.on_proof(proof) if proof is not None else ""
        if step:
            self.alarm(LaneAlarmKind.CORE_CLOCK_STEPPED, step, now)
        keep = self.clock.due(now)
        if keep is not None:
            self._effects.append(KeepClock(keep))
        core = self.core_time(now)
        if core is not None:
            self._commands.on_proof(core)

    def _weighed(self, weighed: list[Weighed], now: int) -> None:
        for judgement, version in weighed:
            self.follower.on_judgement(judgement, version, now)

    def _on_ack(self, ack: Ack, now: int) -> None:
        if ack.journal != self._journal.journal:
            self.refuse("ack_foreign", f"an acknowledgement for journal {ack.journal}, not held here", now)
        elif ack.seq > self.sender.last:
            self.refuse("ack_beyond", f"row {ack.seq} is acknowledged, the last one is {self.sender.last}", now)
        elif self.sender.is_news(ack.seq):
            self._effects.append(Acknowledge(ack.seq, ack.hash, self._envelope))

    def _on_deltas(self, reply: Deltas, now: int) -> None:
        if not self._accepts(reply.request, now, whole=False):
            return
        try:
            for payload in reply.payloads:
                body = self._ring.open(LOG, payload)
                self._effects.append(ApplyDelta(body, decode(Delta, body), payload))
        except WireRefusedError:
            self.follower.distrust("the core answers with a delta that it has not signed")
            raise

    def _on_snapshot_part(self, part: SnapshotPart, now: int) -> None:
        if self._accepts(part.request, now, whole=True):
            self._effects.append(LoadPart(part))

    def _accepts(self, request: str, now: int, *, whole: bool) -> bool:
        """Whether this answers the open request."""
        if not self.follower.accepts(request, whole=whole):
            self.refused["answer_unasked"] += 1  # to a request given up, or a replay: worthless, and no alarm
            return False
        self._silence.on_heard(now)  # it names a request made up at random: over a slow line proofs queue behind it
        return True

    def _on_events_wanted(self, wanted: EventsWanted, now: int) -> None:
        if wanted.journal != self._journal.journal:
            self.refuse("range_foreign", f"rows of journal {wanted.journal} are asked for, not held here", now)
            return
        send = self.sender.resend(wanted)
        if send is not None:
            self._effects.append(send)

    def _on_command(self, command: Command, now: int, *, retained: bool) -> None:
        situation = Situation(
            core=self.core_time(now),
            link=self.verdict(now),
            visit=self._visit,
            ordered=self._ordered,
            journal=self._journal.journal,
            last=self.sender.last,
        )
        refusal, effects = self._commands.on_command(command, situation, retained=retained)
        if refusal is not None:
            self.refuse(refusal.value, f"{command.name!r} from {command.issuer} ({command.command})", now)
        self._effects += effects

    def _on_claim_answer(self, answer: ClaimAnswer, _: int) -> None:
        """One that is repeated, or of a claim that is over, is worthless and no alarm."""
        event = self.claims.on_answer(answer, self.follower.head.epoch)
        self._effects += [Tell(event)] if event is not None else []

    def _on_picture_held(self, held: PictureHeld, now: int) -> None:
        done = self.uploader.on_held(held, now)
        if done is not None:
            self._effects.append(done)

    def _settle(self, now: int) -> None:
        """Tells the lane what has changed for it, and sends what can be sent."""
        self._settle_doubt(now)
        self._settle_clock(now)
        self._settle_late(now)
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
        if self._session is not None:
            self._effects += [Publish(claim) for claim in self.claims.due(now)]
        send = self.sender.due(now)
        if send is not None:
            self._effects.append(send)
        elif self._session is not None and verdict is Link.FRESH and self.sender.level:
            self._settle_spare(self._session, now)

    def _settle_late(self, now: int) -> None:
        late = self.sender.late(now)
        if late and self.freshness.verdict(now) is not Link.OFFLINE:
            first, seconds = self.sender.acknowledged + 1, self.limits.late_ms // 1_000
            detail = f"{late} journal rows from row {first} on were sent over {seconds} s ago and are not acknowledged"
            self.alarm(LaneAlarmKind.ROWS_UNACKNOWLEDGED, detail, now)

    def _settle_spare(self, session: int, now: int) -> None:
        """What may go out when the link is good and no event waits: telemetry, then a part of a picture."""
        for sample in self.samples.due(session, now):
            self._publish(sample)
        picture = self.uploader.due(now)
        if isinstance(picture, PictureOffered):
            self._publish(picture)
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
            self._alarm_over(LaneAlarmKind.CODES_IN_DOUBT)

    def _settle_clock(self, now: int) -> None:
        """Doubt of the core's time raises an alarm here; the box, which has other clocks too, raises the fault."""
        doubt = self.clock.doubt
        if doubt and not self._clock_doubted:
            self._verified = False
            self.alarm(LaneAlarmKind.CORE_CLOCK_DOUBTED, doubt, now)
        elif self._clock_doubted and not doubt:
            self._alarm_over(LaneAlarmKind.CORE_CLOCK_DOUBTED)
        self._clock_doubted = bool(doubt)
