"""A core that lies, on one lane's cable: messages the broker never had, signed by the real key or by another.

Rules of this file:
- Whoever holds the core's key and continues the log as the core would, *is* the core for a lane; that is not tried here.
  What is tried with the real key are things no core says: an old snapshot, a gap, a fork, an acknowledgement of what
  nobody sent, what was said before, to nobody, or at another time.
- Each lie would release a truck that stands on no list (`LaneUnderTest.lure`), let a held one go, or lose events, if believed.
- A lie is put on the cable as a PUBLISH of QoS 0, so that the broker is not surprised by its acknowledgement.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from runtime.clocks import utc_ms
from simulation.cable import Way
from simulation.ledgers import database_at
from simulation.mqtt_packets import PublishPacket
from simulation.private_core import CORE_KEY
from tools.torture.site import POINT, LaneUnderTest
from wire.codec import decode, encode
from wire.envelope import Envelope, Signer
from wire.hashes import StateHash, journal_start
from wire.messages import Ack, Command, Delta, Heartbeat, Request, SnapshotPart
from wire.records import BundleRecord, CargoRecord, HoldRecord, Record
from wire.topics import LOG, LaneTopics

LIAR = "liar"
"""Who issues the liar's commands; the checker looks for the name."""

_HOUR_MS = 3_600_000
_envelope = msgspec.msgpack.Decoder(Envelope)


class StoredHead(msgspec.Struct, frozen=True):
    """Where the core's log stands, as its store says."""

    epoch: str
    version: int
    log_hash: bytes
    total: bytes


def core_head(store: Path) -> StoredHead:
    """Reads the head beside the running core."""
    with psycopg.connect(database_at(store)) as db:
        return _head(db)


def _head(db: psycopg.Connection[Any]) -> StoredHead:
    row = db.execute("SELECT epoch, version, log_hash, total FROM head").fetchone()
    assert row is not None
    return StoredHead(*row)


def core_rows(store: Path) -> tuple[StoredHead, list[Record]]:
    """The head and every row, as a snapshot has them."""
    with psycopg.connect(database_at(store)) as db:
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        head = _head(db)
        bodies = db.execute("SELECT body FROM rows ORDER BY kind, key").fetchall()
    return head, [decode(Record, body) for (body,) in bodies]  # type: ignore[arg-type]


class Liar:
    """Lies to one lane.

    Args:
        post: the lane.
        signer: the core's own key.
        store: the core's database, by its name here, to lie well.
        rng: chance.
    """

    def __init__(self, post: LaneUnderTest, signer: Signer, store: Path, rng: random.Random) -> None:
        self._post, self._signer, self._store, self._rng = post, signer, store, rng
        self._topics = LaneTopics(post.lane)
        self._foreign = Signer.generate(CORE_KEY)
        self._stranger = Signer.generate("core-9")
        self._old: tuple[StoredHead, list[Record]] | None = None

    def remember(self) -> None:
        """Keeps the list as it is now, to show it later as if it were news."""
        if self._old is None:
            self._old = core_rows(self._store)

    def _put(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._post.cable.put(Way.DOWN, PublishPacket(topic=topic, payload=payload, retain=retain).packet())

    def _say(self, topic: str, body: msgspec.Struct, signer: Signer | None = None, *, retain: bool = False) -> None:
        self._put(topic, (signer or self._signer).seal(topic, encode(body)), retain=retain)

    def _wish(self) -> tuple[Record, ...]:
        """What the liar would have the lane believe."""
        now = utc_ms()
        number = f"66{self._rng.randrange(10**8):08d}"
        cargo = (CargoRecord(f"77{self._rng.randrange(10**8):08d}", "release"),)
        bundle = BundleRecord(number, self._post.lure, "inbound", POINT, now - _HOUR_MS, now + _HOUR_MS, cargo)
        return (bundle, HoldRecord(self._post.held, "", deleted=True)) if self._post.held else (bundle,)

    def _next(self, *, ahead: int = 1, previous: bytes | None = None) -> Delta:
        """A delta that would follow the core's head, but for what is asked otherwise."""
        head, changes = core_head(self._store), self._wish()
        state = StateHash(head.total)
        state.add(encode(changes[0]))
        return Delta(
            epoch=head.epoch,
            version=head.version + ahead,
            previous=head.log_hash if previous is None else previous,
            changes=changes,
            state_hash=state.digest(),
        )

    def gap(self) -> None:
        """A signed delta from further on."""
        self._say(LOG, self._next(ahead=self._rng.randrange(2, 6), previous=os.urandom(32)))

    def fork(self) -> None:
        """A signed delta of the next version, after another history."""
        self._say(LOG, self._next(previous=os.urandom(32)))

    def wrong_signature(self) -> None:
        """A delta that fits in every way but one bit of its signature."""
        envelope = _envelope.decode(self._signer.seal(LOG, encode(self._next())))
        spoilt = bytearray(envelope.sig)
        spoilt[self._rng.randrange(len(spoilt))] ^= 1 << self._rng.randrange(8)
        self._put(LOG, msgspec.msgpack.encode(Envelope(envelope.kid, envelope.body, bytes(spoilt))))

    def foreign_signature(self) -> None:
        """A delta that fits, and a proof, signed by keys that are not the core's, under its name and another."""
        for signer in (self._foreign, self._stranger):
            self._say(LOG, self._next(), signer)

    def other_topic(self) -> None:
        """What the core signed for one topic, on another."""
        for topic, payloads in tuple(self._post.tap.heard.items()):
            if topic != LOG and payloads:
                self._put(LOG, payloads[-1])
                self._put(self._topics.command, payloads[-1])

    def replayed(self, topic: str) -> None:
        """What the core said before, once more."""
        for payload in tuple(self._post.tap.heard.get(topic, ())):
            self._put(topic, payload)

    def replayed_delta(self) -> None:
        """Old deltas."""
        self.replayed(LOG)
        self.replayed(self._topics.log)

    def replayed_proof(self) -> None:
        """Old proofs, and one that is ten minutes old by its own words."""
        self.replayed(self._topics.heartbeat)
        proof = self._post.tap.proof
        if proof is not None:
            self._say(
                self._topics.heartbeat,
                msgspec.structs.replace(proof, nonce=os.urandom(16), core_ms=max(0, proof.core_ms - 600_000)),
            )

    def forged_ack(self) -> None:
        """Acknowledgements of rows the core has not: by a foreign key, beyond the end, with a wrong hash, and right."""
        with closing(sqlite3.connect(f"file:{self._post.store}?mode=ro", uri=True)) as db:
            journal = db.execute("SELECT value FROM meta WHERE name = 'journal'").fetchone()[0]
            seq, digest = db.execute("SELECT seq, hash FROM journal_head").fetchone()

        def ack(seq: int, digest: bytes) -> Ack:
            return Ack(lane=self._post.lane, journal=journal, seq=seq, hash=digest)

        self._say(self._topics.ack, ack(seq, digest), self._foreign)
        self._say(self._topics.ack, ack(seq + 1_000, digest))
        self._say(self._topics.ack, ack(seq, journal_start("another")))
        if seq:
            self._say(self._topics.ack, ack(seq, digest))

    def _command(self, name: str, *, age_ms: int = 0, **fields: Any) -> Command:
        issued = utc_ms() - age_ms
        return Command(
            lane=self._post.lane,
            command=os.urandom(8).hex(),
            issuer=LIAR,
            issued_ms=issued,
            expires_ms=issued + 30_000,
            name=name,
            text="forged",
            **fields,
        )

    def commands(self, kind: str) -> None:
        """Orders of manual mode that must not be obeyed."""
        topic = self._topics.command
        match kind:
            case "retained":
                self._say(topic, self._command("manual"), retain=True)
            case "expired":
                self._say(topic, self._command("manual", age_ms=120_000))
            case "from the future":
                self._say(topic, self._command("manual", age_ms=-120_000))
            case "foreign":
                self._say(topic, self._command("manual"), self._foreign)
                other = msgspec.structs.replace(self._command("manual"), lane="lane-99")
                self._say(topic, other)
            case _:
                self.replayed(topic)

    def answer_with_the_past(self, request: Request) -> None:
        """An old snapshot, whole and signed, in answer to a request that is open."""
        if self._old is None:
            return
        head, rows = self._old
        part = SnapshotPart(
            lane=self._post.lane,
            request=request.request,
            epoch=head.epoch,
            version=head.version,
            log_hash=head.log_hash,
            state_hash=StateHash(head.total).digest(),
            part=0,
            parts=1,
            records=tuple(rows),
        )
        self._say(self._topics.log, part)

    def old_snapshot_unasked(self) -> None:
        """The same, to a lane that asked for nothing."""
        self.answer_with_the_past(_Unasked())  # type: ignore[arg-type]

    def clock(self, ahead_ms: int) -> Callable[[bytes], bytes | None]:
        """Rewrites proofs: the core's clock is wrong by so much, and everything else is right."""

        def change(payload: bytes) -> bytes | None:
            beat = decode(Heartbeat, _envelope.decode(payload).body)
            wrong = msgspec.structs.replace(beat, core_ms=max(0, beat.core_ms + ahead_ms))
            return self._signer.seal(self._topics.heartbeat, encode(wrong))

        return change


class _Unasked:
    """Stands for a request that nobody made."""

    request = "never-made"
