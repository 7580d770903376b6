"""A lane, played: it sends nonces, follows the log, keeps a journal, as the contract says; clauses spoil one point.

Rules of this file:
- Nothing is sent by itself: every nonce, request and row is a clause's, or `settle`'s, or says that the lane is there
  while a command of the kit's user works.
- Every clause has a journal of its own, so that none depends on what another one left at the core.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from tools.conformance.clauses import ClauseBroken, ClauseTimes, Unseen, must
from tools.conformance.connection import HeardMessage, KitConnection
from tools.conformance.keys import Trust
from tools.conformance.peer import KitPeer
from tools.conformance.second_key import FurtherKey
from wire.codec import decode, encode
from wire.envelope import Signer
from wire.errors import WireError
from wire.forgetting import why_kept
from wire.hashes import EMPTY_STATE, ZERO, StateHash, journal_next, journal_start, log_next, log_start
from wire.messages import (
    Ack,
    Delta,
    Deltas,
    DeltasWanted,
    EventMessage,
    EventsWanted,
    Heartbeat,
    Nonce,
    Presence,
    SnapshotPart,
    SnapshotWanted,
)
from wire.records import Record
from wire.topics import LOG

BOOT = "conformance"

B = TypeVar("B", bound=msgspec.Struct)


class FakeJournal:
    """A lane's journal: rows, chained."""

    def __init__(self, lane: str) -> None:
        self.name = secrets.token_hex(8)
        self.rows: list[EventMessage] = []
        self._lane = lane

    def write(self, body: bytes) -> EventMessage:
        """Appends a row."""
        seq = len(self.rows) + 1
        previous = self.rows[-1].hash if self.rows else journal_start(self.name)
        row = EventMessage(
            lane=self._lane,
            journal=self.name,
            seq=seq,
            boot=BOOT,
            previous=previous,
            hash=journal_next(previous, seq, BOOT, body),
            body=body,
        )
        self.rows.append(row)
        return row


class Held:
    """The list as this lane holds it."""

    def __init__(self) -> None:
        self.epoch, self.version, self.log_hash = "", 0, log_start("")
        self.rows: dict[tuple[str, str], Record] = {}
        self.state_hash = EMPTY_STATE

    def load(self, parts: Iterable[SnapshotPart]) -> None:
        """A whole snapshot; Broken where it is not what it says."""
        parts = sorted(parts, key=lambda part: part.part)
        first = parts[0]
        same = {(p.epoch, p.version, p.log_hash, p.state_hash, p.parts) for p in parts}
        must(len(same) == 1, "the parts of a snapshot name different heads")
        must([p.part for p in parts] == list(range(first.parts)), "the parts of a snapshot are not numbered through")
        rows = [row for part in parts for row in part.records]
        must(len({row.key for row in rows}) == len(rows), "a snapshot has two rows of one key")
        must(StateHash.of(rows).digest() == first.state_hash, "the rows of a snapshot do not have its state hash")
        self.epoch, self.version, self.log_hash = first.epoch, first.version, first.log_hash
        self.rows, self.state_hash = {row.key: row for row in rows}, first.state_hash

    def take(self, body: bytes) -> None:
        """The next delta; Broken where it is not."""
        delta = decode(Delta, body)
        must(delta.epoch == self.epoch, "a delta is of another epoch than the snapshot before it")
        must(delta.version == self.version + 1, f"delta {delta.version} follows version {self.version}")
        must(delta.previous == self.log_hash, f"delta {delta.version} names another previous chain value")
        self.rows |= {row.key: row for row in delta.changes}
        for gone in delta.forgets:
            must(gone.key in self.rows, f"delta {delta.version} forgets {gone.name}, which is not in the list")
            why = why_kept(self.rows.pop(gone.key), delta.core_ms)
            must(not why, f"delta {delta.version} forgets a row that has not ended: {why}")
        self.state_hash = StateHash.of(self.rows.values()).digest()
        must(self.state_hash == delta.state_hash, f"the rows after delta {delta.version} do not have its state hash")
        self.version, self.log_hash = delta.version, log_next(delta.previous, body)


class LanePlayed(KitPeer):
    """The trial of a core.

    Args:
        grow: makes the core's list grow by one delta or more, where the kit was told how.
        order: makes the core send a command to this lane, where the kit was told how.
        further: another key of this lane's, and what makes the core know keys (`FurtherKey`), where the kit has them.

    Attributes:
        session: of this connection.
        journal: this clause's.
        held: the list.
        proofs: every heartbeat with the time from its nonce, in seconds.
        bodies: the bytes of every delta heard on the common topic, by version.
        spent: bundles that clauses have used.
        retained: topics on which the core published something with the retain flag.
    """

    def __init__(
        self,
        line: KitConnection,
        lane: str,
        *,
        signer: Signer,
        trust: Trust,
        pace: ClauseTimes,
        grow: Callable[[int], None] | None = None,
        order: Callable[[int], None] | None = None,
        further: tuple[Signer, Callable[[int], None]] | None = None,
    ) -> None:
        super().__init__(line, lane, signer=signer, trust=trust, pace=pace)
        self.session = int.from_bytes(secrets.token_bytes(8), "big")
        self.journal = FakeJournal(lane)
        self._barrier = FakeJournal(lane)
        self.held = Held()
        self.proofs: list[tuple[Heartbeat, float]] = []
        self.bodies: dict[tuple[str, int], bytes] = {}
        self.retained: set[str] = set()
        self.sent: dict[bytes, float] = {}
        self._grow, self._order, self._calls = grow, order, 0
        self.further = FurtherKey(further, "core")
        self._trust_of_bodies = trust
        self._greeted = False
        self.spent: set[str] = set()

    # -- hearing ------------------------------------------------------------------------------------------------------

    def _take(self, next_: HeardMessage | Callable[[], None]) -> None:
        if isinstance(next_, HeardMessage):
            self._note(next_)
        super()._take(next_)

    def _note(self, heard: HeardMessage) -> None:
        """What is lost once a message is read: its flag, the bytes of a delta, when a proof came."""
        if heard.retained and heard.payload:
            self.retained.add(heard.topic)
        try:
            if heard.topic == LOG:
                body = self._trust_of_bodies.open(LOG, heard.payload)
                delta = decode(Delta, body)
                self.bodies[delta.epoch, delta.version] = body
            elif heard.topic == self.topics.heartbeat:
                beat = decode(Heartbeat, self._trust_of_bodies.open(heard.topic, heard.payload))
                self.proofs.append((beat, heard.at - self.sent.get(beat.nonce, heard.at)))
        except WireError:
            return  # a misfit; kept as such by the peer

    # -- freshness ----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """The lane is online, and the core proves; a new journal begins."""
        if not self._greeted:
            self._greeted = True
            body = Presence(lane=self.lane, status="online", session=self.session, software="conformance kit")
            self.say(self.topics.presence, body, retain=True)
        self.journal = FakeJournal(self.lane)
        start = self.mark()
        for _ in range(int(self.pace.patience / self.pace.nonce) + 1):
            self.send_nonce(self.nonce())
            if self.wait(lambda: self.all_of(Heartbeat, start), self.pace.nonce):
                return
        raise ClauseBroken(f"nonces are not answered within {self.pace.patience:g} s")

    def send_nonce(self, nonce: Nonce) -> None:
        """Sends a nonce, and remembers when."""
        self.sent[nonce.nonce] = time.monotonic()
        self.say(self.topics.nonce, nonce, qos=0)

    def nonce(self, **changes: Any) -> Nonce:
        """A nonce, with fields replaced; not sent."""
        fields: dict[str, Any] = {
            "lane": self.lane,
            "session": self.session,
            "nonce": secrets.token_bytes(16),
            "epoch": self.held.epoch,
            "version": self.held.version,
            "state_hash": self.held.state_hash,
            "journal": self.journal.name,
            "acknowledged": 0,
            "last": len(self.journal.rows),
            "last_hash": self.journal.rows[-1].hash if self.journal.rows else ZERO,
        }
        return Nonce(**(fields | changes))

    def proof(self, **changes: Any) -> Heartbeat:
        """Sends a nonce and waits for its proof."""
        nonce = self.nonce(**changes)
        self.send_nonce(nonce)
        self.until(lambda: self.answer_to(nonce), "a nonce is not answered")
        found = self.answer_to(nonce)
        if found is None:
            raise ClauseBroken("a nonce is not answered")
        return found

    def answer_to(self, nonce: Nonce) -> Heartbeat | None:
        """The proof over a nonce, if it came."""
        return next((beat for beat, _ in reversed(self.proofs) if beat.nonce == nonce.nonce), None)

    def quiet(self) -> None:
        """Until an honest row and an honest nonce, sent now, were answered, and a moment longer.

        The nonce alone would not do: a good core lets nothing hold up its proofs. A core that does not acknowledge
        the row breaks clause C30, and is given the time here.
        """
        row = self._barrier.write(b"{}")
        self.send_rows([row])
        self.wait(lambda: any(a.journal == row.journal and a.seq >= row.seq for a in self.all_of(Ack)[-20:]))
        self.proof()
        self.pump(self.pace.quiet)

    # -- the list -----------------------------------------------------------------------------------------------------

    def ask(self, body: DeltasWanted | SnapshotWanted) -> list[Deltas | SnapshotPart]:
        """Makes a request and waits for the whole answer."""
        start = self.mark()
        self.say(self.topics.request, body)
        self.until(lambda: self._complete(body.request, start), "a request is not answered in whole")
        return self._answers(body.request, start)

    def _answers(self, request: str, since: int) -> list[Deltas | SnapshotPart]:
        both = [one.body for one in self.said[since:] if isinstance(one.body, Deltas | SnapshotPart)]
        return [one for one in both if one.request == request]

    def _complete(self, request: str, since: int) -> bool:
        answers = self._answers(request, since)
        parts = {one.part for one in answers if isinstance(one, SnapshotPart)}
        if parts:
            return len(parts) >= next(one.parts for one in answers if isinstance(one, SnapshotPart))
        return self._reaches_head([one for one in answers if isinstance(one, Deltas)])

    def _reaches_head(self, answers: list[Deltas]) -> bool:
        """Deltas have no number of parts: they are whole when they reach the head that was last proved."""
        last = self.held.version
        for answer in answers:
            for payload in answer.payloads:
                last = decode(Delta, self.trusted(LOG, payload)).version
        return bool(answers) and (not self.proofs or last >= self.proofs[-1][0].version)

    def trusted(self, topic: str, payload: bytes) -> bytes:
        """The body of an envelope inside a message; Broken where it is not the core's."""
        try:
            return self._trust_of_bodies.open(topic, payload)
        except WireError as error:
            raise ClauseBroken(f"a delta in an answer is not signed by the core: {error}") from error

    def snapshot(self) -> list[SnapshotPart]:
        """Asks for everything."""
        answers = self.ask(SnapshotWanted(lane=self.lane, request=secrets.token_hex(8), reason="conformance kit"))
        parts = [one for one in answers if isinstance(one, SnapshotPart)]
        must(parts, "a wish for a snapshot was answered with deltas")
        return parts

    def follow(self) -> None:
        """Holds the core's list as of now."""
        self.held.load(self.snapshot())

    def deltas_wanted(self, **changes: Any) -> DeltasWanted:
        """A request for what follows the list held, with fields replaced."""
        fields: dict[str, Any] = {
            "lane": self.lane,
            "request": secrets.token_hex(8),
            "epoch": self.held.epoch,
            "version": self.held.version,
            "log_hash": self.held.log_hash,
        }
        return DeltasWanted(**(fields | changes))

    def grow(self) -> int:
        """The core's list grows; the version that its next delta names.

        Raises:
            Unseen: the kit was not told how to make it.
        """
        grow = self._grow
        if grow is None:
            raise Unseen("needs the core's list to grow; tell the kit how to cause that with --grow COMMAND")
        before = max((version for epoch, version in self.bodies if epoch == self.held.epoch), default=0)
        self._calls += 1
        self._alive_while(lambda: grow(self._calls))
        self.until_alive(
            lambda: any(v > max(before, self.held.version) for e, v in self.bodies if e == self.held.epoch),
            "the list was made to grow, and no delta comes",
        )
        return max(version for epoch, version in self.bodies if epoch == self.held.epoch)

    def until_alive(self, holds: Callable[[], object], otherwise: str) -> None:
        """As `until`, sending nonces meanwhile: a core whose lanes all fall silent looks for another connection."""
        end = time.monotonic() + self.pace.patience
        while not self.wait(holds, self.pace.nonce):
            if time.monotonic() > end:
                raise ClauseBroken(f"{otherwise} within {self.pace.patience:g} s")
            self.send_nonce(self.nonce())

    def _alive_while(self, work: Callable[[], None]) -> None:
        """Does something that may take a while, sending nonces meanwhile; raises what it raises."""
        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(work)
            while not self.wait(working.done, self.pace.nonce / 4):
                self.send_nonce(self.nonce())
            working.result()

    def order(self) -> None:
        """The core sends a command.

        Raises:
            Unseen: the kit was not told how to make it.
        """
        if self._order is None:
            raise Unseen("needs the core to send a command; tell the kit how to cause that with --order COMMAND")
        self._calls += 1
        self._order(self._calls)

    # -- events -------------------------------------------------------------------------------------------------------

    def write(self, count: int = 1) -> list[EventMessage]:
        """New rows of the journal, as JSON entries that mean nothing to anybody."""
        body = b'{"at":{"quality":"","utc_ms":1},"effects":[],"event":{"type":"ConformanceKit"}}'
        return [self.journal.write(body) for _ in range(count)]

    def send_rows(self, rows: Iterable[EventMessage], **how: Any) -> None:
        """Sends rows."""
        for row in rows:
            self.say(self.topics.event, row, **how)

    def acks(self, since: int = 0) -> list[Ack]:
        """Acknowledgements of this clause's journal."""
        return [ack for ack in self.all_of(Ack, since) if ack.journal == self.journal.name]

    def acknowledged(self, rows: list[EventMessage], since: int = 0) -> None:
        """Waits until the last of these rows is acknowledged, with its hash."""
        last = rows[-1]
        self.until(lambda: any(ack.seq >= last.seq for ack in self.acks(since)), f"row {last.seq} is not acknowledged")
        for ack in self.acks(since):
            must(ack.seq <= len(self.journal.rows), f"row {ack.seq} is acknowledged, the last one is {last.seq}")
            if ack.seq:
                must(ack.hash == self.journal.rows[ack.seq - 1].hash, f"row {ack.seq} is acknowledged by another hash")

    def not_beyond(self, seq: int, what: str) -> None:
        """After a quiet moment, nothing beyond row `seq` is acknowledged."""
        self.quiet()
        furthest = max((ack.seq for ack in self.acks()), default=0)
        must(furthest <= seq, f"{what}: row {furthest} is acknowledged, no more than {seq} could be")

    def wanted(self, since: int) -> list[EventsWanted]:
        """Wishes for rows of this clause's journal."""
        return [one for one in self.all_of(EventsWanted, since) if one.journal == self.journal.name]


def spoilt(one: B, /, **fields: Any) -> B:
    """A body with fields replaced."""
    return msgspec.structs.replace(one, **fields)


def with_field(body: msgspec.Struct) -> bytes:
    """The bytes of a body with a field that the contract does not know."""
    return msgspec.msgpack.encode(msgspec.msgpack.decode(encode(body)) | {"extra": 1})
