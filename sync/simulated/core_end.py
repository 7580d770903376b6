"""The core's end of one lane's link, in memory: for tests, benchmarks and demonstrations, driven from the core's side.

It says what the real core says (`core.link.gateway`) and keeps no store. Payloads in, payloads out; who carries them is free.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct

from sync.simulated.core_log import SimulatedLog
from wire.channels import FROM_LANE
from wire.codec import decode, encode
from wire.envelope import KeyRing, Signer
from wire.hashes import ZERO, journal_next, journal_start
from wire.messages import (
    Ack,
    ClaimAnswer,
    ClaimWanted,
    Command,
    Delta,
    Deltas,
    DeltasWanted,
    EventMessage,
    EventsWanted,
    Heartbeat,
    Nonce,
    PictureHeld,
    PictureOffered,
    PicturePart,
    SnapshotWanted,
)
from wire.records import Kind, Record
from wire.topics import LOG, LaneTopics, read_up


@dataclass(frozen=True, slots=True)
class CoreSaid:
    """What the core publishes."""

    topic: str
    payload: bytes
    qos: int = 1


class SimulatedCore:
    """One core that knows one lane.

    Args:
        lane: its name.
        signer: the core's key.
        ring: the lane's keys.
        clock: the core's time, UTC milliseconds.

    Attributes:
        log: the replicated log; put another one in its place for a restore from a backup.
        proving: whether nonces are answered.
        serving: whether requests for the log are answered.
        keeping: whether pictures are answered.
        granting: whether claims are answered, all of them granted.
        heard: every body the lane sent, in order.
        journals: the committed rows of each journal, in order.
        pictures: bytes held of each picture; `sizes` says how many there are to be.
    """

    def __init__(
        self, lane: str, *, signer: Signer, ring: KeyRing, clock: Callable[[], int], epoch: str = "e1"
    ) -> None:
        self.topics = LaneTopics(lane)
        self.log = SimulatedLog(epoch)
        self.proving = True
        self.serving = True
        self.keeping = True
        self.granting = True
        self.heard: list[Any] = []
        self.journals: dict[str, list[EventMessage]] = {}
        self.pictures: dict[str, bytes] = {}
        self.sizes: dict[str, int] = {}
        self._signer = signer
        self._ring = ring
        self._clock = clock
        self._bodies: dict[int, bytes] = {}
        self._numbers = itertools.count(1)

    def says(self, topic: str, body: Struct, qos: int = 1) -> CoreSaid:
        """Any body, signed for any topic."""
        return CoreSaid(topic, self._signer.seal(topic, encode(body)), qos)

    def change(self, *records: Record) -> CoreSaid:
        """The log grows by one delta; what is to be published."""
        before = self.log.log_hash
        delta = self.log.change(*records)
        assert delta.previous == before
        return self._published(delta)

    def forget(self, *keys: tuple[Kind, str]) -> CoreSaid:
        """These rows leave the log, whether they may or not; what is to be published."""
        return self._published(self.log.forget(*keys, core_ms=self._clock()))

    def _published(self, delta: Delta) -> CoreSaid:
        self._bodies[delta.version] = encode(delta)
        return CoreSaid(LOG, self._signer.seal(LOG, self._bodies[delta.version]))

    def begin_anew(self, epoch: str) -> None:
        """A restore from a backup: the same rows under another epoch."""
        self.log = SimulatedLog(epoch, tuple(self.log.rows.values()))
        self._bodies.clear()

    def forget_deltas(self) -> None:
        """Only snapshots from now on, as for a lane that was away for long."""
        self._bodies.clear()

    def command(self, name: str, *, good_ms: int = 10_000, **fields: Any) -> CoreSaid:
        """A command as the centre gives it; `fields` replace those of the body."""
        now = self._clock()
        body: dict[str, Any] = {
            "lane": self.topics.lane,
            "command": f"command-{next(self._numbers)}",
            "issuer": "centre",
            "issued_ms": now,
            "expires_ms": now + good_ms,
            "name": name,
        }
        return self.says(self.topics.command, Command(**(body | fields)))

    def wants(self, journal: str, first: int, last: int) -> CoreSaid:
        """Asks for journal rows again."""
        return self.says(self.topics.log, EventsWanted(lane=self.topics.lane, journal=journal, first=first, last=last))

    def hear(self, topic: str, payload: bytes) -> list[CoreSaid]:
        """What the lane published; returns the answers."""
        address = read_up(topic)
        if address is None:
            raise ValueError(f"a lane does not write {topic}")
        body: Any = decode(FROM_LANE[address[1]].kind, self._ring.open(topic, payload))
        self.heard.append(body)
        match body:
            case Nonce():
                return [self.prove(body)] if self.proving else []
            case EventMessage():
                return [self._commit(body)]
            case DeltasWanted() | SnapshotWanted():
                return self._serve(body) if self.serving else []
            case PictureOffered() | PicturePart():
                return [self._keep_picture(body)] if self.keeping else []
            case ClaimWanted():
                return [self.answer_claim(body)] if self.granting else []
            case _:
                return []

    def answer_claim(self, wanted: ClaimWanted, state: Literal["granted", "refused", "wait"] = "granted") -> CoreSaid:
        """The answer to a claim."""
        answer = ClaimAnswer(
            lane=wanted.lane,
            journal=wanted.journal,
            visit=wanted.visit,
            claim=wanted.claim,
            ubrs=wanted.ubrs,
            epoch=self.log.epoch,
            version=self.log.version,
            state=state,
            detail="" if state == "granted" else "because the test says so",
        )
        return self.says(self.topics.claim_answer, answer)

    def _keep_picture(self, body: PictureOffered | PicturePart) -> CoreSaid:
        held = self.pictures.setdefault(body.picture, b"")
        if isinstance(body, PictureOffered):
            self.sizes[body.picture] = body.size
        elif body.offset == len(held):
            held = self.pictures[body.picture] = held + body.data
        whole = len(held) == self.sizes.get(body.picture)
        state = PictureHeld(
            lane=body.lane,
            offer=body.offer,
            picture=body.picture,
            offset=len(held),
            state="whole" if whole else "part",
        )
        return self.says(self.topics.picture_held, state)

    def prove(self, nonce: Nonce) -> CoreSaid:
        """The signed proof that answers a nonce."""
        log, rows = self.log, self.journals.get(nonce.journal, [])
        beat = Heartbeat(
            lane=nonce.lane,
            nonce=nonce.nonce,
            epoch=log.epoch,
            version=log.version,
            state_hash=log.state_hash,
            core_ms=self._clock(),
            committed=len(rows),
            committed_hash=rows[-1].hash if rows else ZERO,
        )
        return self.says(self.topics.heartbeat, beat, qos=0)

    def _commit(self, event: EventMessage) -> CoreSaid:
        rows = self.journals.setdefault(event.journal, [])
        previous = rows[-1].hash if rows else journal_start(event.journal)
        fits = event.seq == len(rows) + 1 and event.previous == previous
        if fits and event.hash == journal_next(previous, event.seq, event.boot, event.body):
            rows.append(event)
        last = rows[-1].hash if rows else ZERO
        return self.says(self.topics.ack, Ack(lane=self.topics.lane, journal=event.journal, seq=len(rows), hash=last))

    def _serve(self, request: DeltasWanted | SnapshotWanted) -> list[CoreSaid]:
        lane = self.topics.lane
        if isinstance(request, DeltasWanted) and self._can_follow(request):
            bodies = (self._bodies[version] for version in range(request.version + 1, self.log.version + 1))
            payloads = tuple(self._signer.seal(LOG, body) for body in bodies)
            return [self.says(self.topics.log, Deltas(lane=lane, request=request.request, payloads=payloads))]
        parts = self.log.snapshot(request=request.request, lane=lane, size=3)
        return [self.says(self.topics.log, part) for part in parts]

    def _can_follow(self, request: DeltasWanted) -> bool:
        wanted = range(request.version + 1, self.log.version + 1)
        return request.epoch == self.log.epoch and all(version in self._bodies for version in wanted)
