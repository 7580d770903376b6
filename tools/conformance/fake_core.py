"""A core, played: it proves, serves, acknowledges and orders as the contract says, until a clause spoils one point.

Rules of this file:
- Honest by default: a nonce is answered at once, requests are served, rows are verified, chained and acknowledged, and
  what is missing is asked for.
- `proving`, `serving`, `acknowledging`, `collecting`, `granting` switch a part off; what a clause says besides, it says itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import msgspec

from tools.conformance.clauses import ClauseBroken, ClauseTimes, Unseen
from tools.conformance.connection import KitConnection
from tools.conformance.fake_claims import ClaimLedger
from tools.conformance.fake_log import PlayedLog, first_rows
from tools.conformance.fake_pictures import Album
from tools.conformance.keys import Trust
from tools.conformance.peer import KitPeer
from tools.conformance.proxy import Proxy
from tools.conformance.second_key import FurtherKey
from tools.docs.contract.plain import Facts
from wire.codec import encode
from wire.envelope import Signer
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
    LaneState,
    Nonce,
    PictureOffered,
    PicturePart,
    Reply,
    SnapshotWanted,
)
from wire.records import Record
from wire.topics import LOG


class CorePlayed(KitPeer):
    """The trial of a lane.

    Args:
        clock: the core's time, UTC milliseconds.
        poke: makes the lane write a journal row, where the kit was told how; given a number that never comes twice.
        proxy: stands between the lane and its broker, where the kit was told so.
        picture: the name of one that the lane has, where the kit was told one.
        further: another key, and what makes the lane have keys (`FurtherKey`), where the kit was given them.

    Attributes:
        log: the replicated log; a clause may put another in its place.
        journals: verified rows of each journal, contiguous from the first seen.
        strays: rows that were refused, with the reason.
        acked: how far each journal was acknowledged.
        proofs: every heartbeat sent, newest last.
        ahead_ms: how far the time in the proofs is ahead of `clock`; 0 for an honest core.
        album: the lane's pictures.
        claims: which bundle is whose.
    """

    def __init__(
        self,
        line: KitConnection,
        lane: str,
        *,
        signer: Signer,
        trust: Trust,
        pace: ClauseTimes,
        clock: Callable[[], int],
        poke: Callable[[int], None] | None = None,
        proxy: Proxy | None = None,
        picture: str = "",
        further: tuple[Signer, Callable[[int], None]] | None = None,
    ) -> None:
        super().__init__(line, lane, signer=signer, trust=trust, pace=pace)
        self.clock = clock
        self.log = PlayedLog(first_rows())
        self.journals: dict[str, list[EventMessage]] = {}
        self.strays: list[str] = []
        self.acked: dict[str, int] = {}
        self.proofs: list[Heartbeat] = []
        self.ahead_ms = 0
        self.album = Album()
        self.claims = ClaimLedger()
        self.proving = self.serving = self.acknowledging = self.collecting = self.granting = True
        self.poke, self.proxy = poke, proxy
        self._picture = picture
        self.further = FurtherKey(further, "lane")
        self._pokes = self._levelled = 0
        self._owed: DeltasWanted | SnapshotWanted | None = None
        self._records = 100

    # -- what a core does ---------------------------------------------------------------------------------------------

    def react(self, body: Any) -> None:
        """Answers as an honest core."""
        match body:
            case Nonce() if self.proving:
                self.prove(body)
            case DeltasWanted() | SnapshotWanted():
                self._owed = body
                if self.serving:
                    self.serve(body)
            case EventMessage():
                self._commit(body)
            case ClaimWanted() if self.granting:
                self.answer_claim(body)
            case PictureOffered() | PicturePart() if self.collecting:
                self._collect(body)
            case _:
                pass

    def answer_claim(self, claim: ClaimWanted) -> None:
        """Says whose the bundles are."""
        log = self.log
        answer = self.claims.answer(claim, log.rows.values(), epoch=log.epoch, version=log.version)
        self.say(self.topics.claim_answer, answer)

    def claim_answer(self, claim: ClaimWanted) -> ClaimAnswer:
        """The answer of a core that grants whatever it is asked for."""
        named = {name: getattr(claim, name) for name in claim.__struct_fields__}
        return ClaimAnswer(**named, epoch=self.log.epoch, version=self.log.version, state="granted")

    def _collect(self, body: PictureOffered | PicturePart) -> None:
        answer = self.album.offered(body) if isinstance(body, PictureOffered) else self.album.part(body)
        if answer is not None:
            self.say(self.topics.picture_held, answer)

    def beat(self, nonce: Nonce, **changes: Any) -> Heartbeat:
        """The proof of the log's head over a nonce, with fields replaced."""
        rows = self.journals.get(nonce.journal, [])
        fields: dict[str, Any] = {
            "lane": self.lane,
            "nonce": nonce.nonce,
            "epoch": self.log.epoch,
            "version": self.log.version,
            "state_hash": self.log.state_hash,
            "core_ms": self.clock() + self.ahead_ms,
            "committed": rows[-1].seq if rows else 0,
            "committed_hash": rows[-1].hash if rows else ZERO,
        }
        return Heartbeat(**(fields | changes))

    def prove(self, nonce: Nonce) -> None:
        """Answers a nonce."""
        self.proofs.append(self.beat(nonce))
        self.say(self.topics.heartbeat, self.proofs[-1], qos=0)

    def serve(self, request: DeltasWanted | SnapshotWanted) -> None:
        """Answers a request: deltas where the lane's place is one of this log, else everything."""
        self._owed = None
        if isinstance(request, DeltasWanted) and self._follows(request):
            bodies = [self.log.bodies[version] for version in range(request.version + 1, self.log.version + 1)]
            half = len(bodies) // 2
            for portion in (bodies[:half], bodies[half:]):
                payloads = tuple(self.signer.seal(LOG, body) for body in portion)
                body = Deltas(lane=self.lane, request=request.request, payloads=payloads)
                self.say(self.topics.log, body)
            return
        for part in self.log.snapshot(self.lane, request.request):
            self.say(self.topics.log, part)

    def _follows(self, request: DeltasWanted) -> bool:
        log = self.log
        here = request.epoch == log.epoch and 0 <= request.version <= log.version
        return here and log.hashes[request.version] == request.log_hash

    def _commit(self, row: EventMessage) -> None:
        """Takes the next row of its journal, acknowledges what is contiguous, asks for what is missing."""
        rows = self.journals.setdefault(row.journal, [])
        self._misplaced(row, rows)
        if not rows:
            self._first(row, rows)
        elif row.seq == rows[-1].seq + 1 and self._chains(row, rows[-1].hash):
            rows.append(row)
            self.claims.read(row)
        if self.acknowledging:
            self.acknowledge(row.journal)
            if rows and row.seq > rows[-1].seq + 1:
                self.want(row.journal, rows[-1].seq + 1, row.seq - 1)

    def _first(self, row: EventMessage, rows: list[EventMessage]) -> None:
        """A journal may have begun before this kit was there: its first row seen is taken on trust, if it is whole."""
        start = row.previous if row.seq > 1 else journal_start(row.journal)
        if self._chains(row, start):
            rows.append(row)
            self.claims.read(row)

    def _chains(self, row: EventMessage, previous: bytes) -> bool:
        if row.previous != previous:
            self.strays.append(f"row {row.seq} names another previous hash than row {row.seq - 1} has")
        elif row.hash != journal_next(previous, row.seq, row.boot, row.body):
            self.strays.append(f"row {row.seq} has not the hash that it names")
        else:
            return True
        return False

    def _misplaced(self, row: EventMessage, rows: list[EventMessage]) -> None:
        known = {one.seq: one for one in rows[-200:]}.get(row.seq)
        if known is not None and known != row:
            self.strays.append(f"row {row.seq} was sent again, and differs")

    def acknowledge(self, journal: str) -> None:
        """Says what is committed of a journal."""
        ack = self.ack(journal)
        self.acked[journal] = max(ack.seq, self.acked.get(journal, 0))
        self.say(self.topics.ack, ack)

    def ack(self, journal: str, /, **changes: Any) -> Ack:
        """The acknowledgement of a journal's last verified row, with fields replaced."""
        rows = self.journals.get(journal) or []
        seq, digest = (rows[-1].seq, rows[-1].hash) if rows else (0, ZERO)
        fields: dict[str, Any] = {"lane": self.lane, "journal": journal, "seq": seq, "hash": digest}
        return Ack(**(fields | changes))

    def want(self, journal: str, first: int, last: int) -> None:
        """Asks for rows."""
        self.say(self.topics.log, EventsWanted(lane=self.lane, journal=journal, first=first, last=last))

    def command(self, name: str, **changes: Any) -> Command:
        """A command that is good for ten seconds, with fields replaced."""
        now = self.clock()
        fields: dict[str, Any] = {
            "lane": self.lane,
            "command": secrets.token_hex(8),
            "issuer": "conformance",
            "issued_ms": now,
            "expires_ms": now + 10_000,
            "name": name,
        }
        return Command(**(fields | changes))

    def publish(self, delta: Delta, **how: Any) -> None:
        """Publishes a delta to all lanes."""
        self.say(LOG, delta, **how)

    def grow(self, *records: Record) -> Delta:
        """The log grows, and says so."""
        delta = self.log.grow(*records)
        self.send(LOG, self.signer.seal(LOG, self.log.bodies[delta.version]))
        return delta

    def number(self) -> int:
        """A number for a new record."""
        self._records += 1
        return self._records

    # -- what is seen of the lane -------------------------------------------------------------------------------------

    def settle(self) -> None:
        """The lane shows this log's head in its nonces, and has had its rows acknowledged."""
        self.proving = self.serving = self.acknowledging = self.collecting = self.granting = True
        self.ahead_ms = 0
        # Or the lane would make it again in the midst of another clause, maybe under a new name.
        if self._owed is not None:
            self.serve(self._owed)
        for journal in self.journals:
            self.acknowledge(journal)
        start = self.mark()
        self.until(lambda: self.nonces(start), "no nonce comes from the lane")
        self.level()

    def nonces(self, since: int = 0) -> list[Nonce]:
        """Nonces heard."""
        return self.all_of(Nonce, since)

    def next_nonce(self, count: int = 1) -> Nonce:
        """The last of the next `count` nonces, none of which was under way before."""
        start = self.mark()
        needed = count + 1  # the first may have been made before what was said last came to the lane
        patience = self.pace.patience + needed * self.pace.nonce
        self.until(lambda: len(self.nonces(start)) >= needed, "nonces stop", patience)
        return self.nonces(start)[-1]

    def heard_out(self) -> None:
        """Waits until the lane has dealt with what was said: it sends a row that it is asked for after all that.

        Nonces alone would not show it, since a good lane lets nothing hold them up. Where it has no row, or does not
        give it (clause L57 is about that), a moment has to do.
        """
        rows = self.journals.get(self.nonces()[-1].journal) if self.nonces() else None
        if not rows:
            self.pump(self.pace.quiet + self.pace.nonce)
            return
        last, start = rows[-1], self.mark()
        self.want(last.journal, last.seq, last.seq)
        self.wait(lambda: last in self.all_of(EventMessage, start))

    def holds_head(self, nonce: Nonce) -> bool:
        """Whether a nonce names this log's head."""
        log = self.log
        return (nonce.epoch, nonce.version, nonce.state_hash) == (log.epoch, log.version, log.state_hash)

    def level(self, otherwise: str = "the lane does not come to hold the core's list") -> None:
        """Waits until the lane names this log's head."""
        start = self.mark()
        self.until(lambda: any(map(self.holds_head, self.nonces(start))), otherwise, 2 * self.pace.patience)
        self._levelled = len(self.said)

    def stays(self, why: str) -> None:
        """The lane has named nothing but this log's head since it came to hold it, and goes on to."""
        self.heard_out()
        self.next_nonce()
        for nonce in self.nonces(self._levelled):
            if not self.holds_head(nonce):
                raise ClauseBroken(f"{why}: the lane has named version {nonce.version} of epoch {nonce.epoch}")

    def asks(self, kind: type[DeltasWanted | SnapshotWanted], since: int, why: str) -> Any:
        """The lane makes such a request."""
        self.until(lambda: self.all_of(kind, since), f"{why}: the lane does not ask ({kind.__name__})")
        return self.all_of(kind, since)[-1]

    def journal(self) -> str:
        """The journal that the lane names in its nonces."""
        return self.next_nonce(0).journal

    def rows(self) -> list[EventMessage]:
        """The verified rows of the lane's journal; makes it write one if there is none.

        Raises:
            Unseen: it writes none, and the kit was not told how to make it.
        """
        journal = self.journal()
        if not self.journals.get(journal):
            self.want(journal, 1, 5)
            self.wait(lambda: self.journals.get(journal), self.pace.quiet + self.pace.nonce)
        if not self.journals.get(journal):
            self.write_row()
        if not self.journals.get(journal):
            raise ClauseBroken(f"the rows that came cannot be verified: {'; '.join(self.strays[:3])}")
        return self.journals[journal]

    def write_row(self) -> EventMessage:
        """The lane writes a row and sends it.

        Raises:
            Unseen: the kit was not told how to make it.
        """
        start = self.mark()
        self.poke_once()
        self.until(lambda: self._news(start), "the lane was poked, and sends no row")
        return min(self._news(start), key=lambda row: row.seq)

    def _news(self, since: int) -> list[EventMessage]:
        """Rows beyond what was ever acknowledged."""
        return [row for row in self.all_of(EventMessage, since) if row.seq > self.acked.get(row.journal, 0)]

    def poke_once(self) -> None:
        """Has the lane write a row.

        Raises:
            Unseen: the kit was not told how to make it.
        """
        if self.poke is None:
            raise Unseen("needs a row in the lane's journal; tell the kit how to cause one with --poke COMMAND")
        self._pokes += 1
        self.poke(self._pokes)

    def needed_picture(self) -> str:
        """The name of a picture that the lane has.

        Raises:
            Unseen: the kit was told none.
        """
        if not self._picture:
            raise Unseen("needs a picture of evidence that the lane has; tell the kit its name with --picture HASH")
        return self._picture

    def facts(self) -> Facts | None:
        """What the lane last published of itself, None if it has not."""
        states = self.all_of(LaneState)
        if not states:
            return None
        try:
            return msgspec.convert(states[-1].facts, Facts)
        except msgspec.ValidationError:
            return None

    def replies(self, command: Command) -> list[Reply]:
        """The answers to a command so far."""
        return [reply for reply in self.all_of(Reply) if reply.command == command.command]

    def forge(self, topic: str, body: Any, signer: Signer) -> bytes:
        """A payload with somebody else's signature."""
        return signer.seal(topic, encode(body))
