"""The lanes' journals arrive: each row is proved, stored and projected once, in order, in one transaction.

Rules of this file:
- A row is taken only if it is the next of its journal and its hash chains to the row before (`wire.hashes`).
- A row that is stored already is ignored if it is identical, and an alarm if it differs.
- A row that arrives before its predecessors is kept aside (at most `MOST_EARLY`), and the missing ones are requested. A gap is
  never acknowledged.
- The acknowledgement is made from what is committed, never from what was received.
- Rows that a lane knows as acknowledged, and that are missing here, are requested again: this core was restored from a backup.
- A row is looked for in every month's table: that it is stored once is kept here, by its number, and no index does. What is in the
  archive (`ledger.anchors`) has come, too: it is not asked for, stored or projected again, and nobody can compare it.
- Of each journal the envelope of the newest row is kept. Its signature covers that row's hash, and through the chain all rows
  before it.
- A lane whose journal is contradicted begins another one and carries over into it what it does not know to be here
  (design §2.16). A carried row is known by its boot, which began in an earlier journal; one whose body is there already is
  stored and not projected again.
- A row of which anything cannot be projected is kept like any other, quarantined, told, and acknowledged: the lane's
  stream goes on, and the core does too.
- What a lane may cost is bounded (`budget`). Rows kept aside and journals asked for are bounded by lane, not by journal:
  a journal's name is the lane's to choose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from core.ledger import anchors
from core.ledger.row_by_row import row_by_row
from core.ledger.store import CoreStore, the_row
from core.link.alarms import AlarmBook
from core.link.budget import DAY_MS, LaneLimits
from core.link.projection import Projection
from domain.alarms import CoreAlarmKind
from runtime.bucket import TokenBucket
from wire.hashes import ZERO, journal_next, journal_start
from wire.messages import EventMessage

MOST_EARLY = 1_000
"""Rows kept aside per lane while a gap is filled."""

MOST_ASKED = 500
"""Rows asked for at a time."""

MOST_WHY = 300
"""Characters of why a row is quarantined."""

Stream = tuple[str, str]
"""(lane, journal)."""


class QuarantinedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of which not everything could be projected; `at_ms` is when it came (UTC)."""

    lane: str
    journal: str
    seq: int
    at_ms: int
    why: str


class JournalPosition(msgspec.Struct, frozen=True, kw_only=True):
    """Where a journal stands at the core.

    Attributes:
        seq, hash: the last row committed (0 and zeros if none).
        wanted: the first and last row to ask the lane for, or None.
        refused: why a row was not taken, "" if none was refused.
    """

    lane: str
    journal: str
    seq: int
    hash: bytes
    wanted: tuple[int, int] | None = None
    refused: str = ""

    @property
    def stream(self) -> Stream:
        """Which journal this is about."""
        return (self.lane, self.journal)


class Intake:
    """Takes event rows whose envelope has been opened with their lane's key.

    Attributes:
        projection: what is made of them.
        again: rows that came again since the start and were the same as those here, by journal; none that are in the archive.
    """

    def __init__(self, store: CoreStore, projection: Projection, limits: LaneLimits | None = None) -> None:
        self._store = store
        self._db = store.connection
        self.projection = projection
        self._limits = limits or LaneLimits()
        self._alarms = AlarmBook(store.connection)
        self._budgets: dict[str, TokenBucket] = {}
        self._early: dict[str, tuple[Stream, dict[int, EventMessage]]] = {}  # by lane: of one journal at a time
        self._lost: dict[str, tuple[Stream, int]] = {}
        self._offsets: dict[tuple[str, str, str], int] = {}  # by lane, journal, and the one its rows were carried from
        self.again: Counter[Stream] = Counter()

    def standing(self, lane: str, journal: str) -> JournalPosition:
        """What of a journal is committed here."""
        row = self._db.execute("SELECT seq, hash FROM streams WHERE lane=%s AND journal=%s", (lane, journal)).fetchone()
        seq, last = row or (0, ZERO)
        return JournalPosition(lane=lane, journal=journal, seq=seq, hash=last)

    def hash_at(self, lane: str, journal: str, seq: int) -> bytes | None:
        """The hash of a committed row, None where it is not here."""
        standing = self.standing(
            lane, journal
        )  # mostly that one is asked for, and it is found without looking at every month
        if seq >= standing.seq:
            return standing.hash if seq == standing.seq else None
        row = self._row_hash(lane, journal, seq)
        return anchors.hash_at(self._db, lane, journal, seq)[1] if row is None else row

    def _row_hash(self, lane: str, journal: str, seq: int) -> bytes | None:
        row = self._db.execute(
            "SELECT hash FROM events WHERE lane=%s AND journal=%s AND seq=%s", (lane, journal, seq)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def standings(self, lane: str) -> list[JournalPosition]:
        """Every journal of a lane, the latest begun last."""
        rows = self._db.execute("SELECT journal, seq, hash FROM streams WHERE lane=%s ORDER BY since_ms", (lane,))
        return [
            JournalPosition(lane=lane, journal=journal, seq=seq, hash=last) for journal, seq, last in rows.fetchall()
        ]

    def told(self, lane: str, journal: str, acknowledged: int) -> JournalPosition | None:
        """Compares what a lane knows as acknowledged with what is committed here.

        Returns:
            None if all of it is here; otherwise the journal's position, with the first of the missing rows to request.
        """
        standing = self.standing(lane, journal)
        if acknowledged <= standing.seq:
            self._lost.pop(lane, None)
            return None
        self._lost[lane] = ((lane, journal), acknowledged)
        return self._outcome((lane, journal), {})

    def take(
        self, messages: Sequence[EventMessage], *, now_ms: int, payloads: Mapping[EventMessage, bytes] | None = None
    ) -> list[JournalPosition]:
        """Stores what can be stored, all in one transaction, and says for each journal concerned where it stands.

        Args:
            messages: in order of arrival.
            now_ms: the present time, UTC ms.
            payloads: the signed envelope each of them came in.
        """
        refused: dict[Stream, str] = {}
        with self._store.transaction():
            for message in messages:
                problem = self._take(message, now_ms)
                if problem:
                    refused[message.lane, message.journal] = problem
                    self._alarms.raise_once(
                        at_ms=now_ms, lane=message.lane, kind=CoreAlarmKind.EVENT_REFUSED, detail=problem
                    )
            for message, payload in (payloads or {}).items():
                self._keep_seal(message, payload)
        return [self._outcome(stream, refused) for stream in dict.fromkeys((m.lane, m.journal) for m in messages)]

    def _keep_seal(self, message: EventMessage, payload: bytes) -> None:
        """Keeps the envelope of the newest row committed."""
        if self.standing(message.lane, message.journal).hash == message.hash:
            self._db.execute(
                "INSERT INTO seals(lane, journal, seq, payload) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (lane, journal) DO UPDATE SET seq = excluded.seq, payload = excluded.payload",
                (message.lane, message.journal, message.seq, payload),
            )

    def gaps(self) -> list[JournalPosition]:
        """The journals of which rows are missing before what came early, or before what was acknowledged once."""
        streams = dict.fromkeys(stream for stream, _ in (*self._early.values(), *self._lost.values()))
        return [standing for stream in streams if (standing := self._outcome(stream, {})).wanted]

    def _outcome(self, stream: Stream, refused: dict[Stream, str]) -> JournalPosition:
        standing = self.standing(*stream)
        early = self._waiting(stream)
        lost, claimed = self._lost.get(stream[0], (stream, 0))
        upto = min(early) - 1 if early else claimed if lost == stream else 0
        wanted = None
        if upto > standing.seq:
            wanted = (standing.seq + 1, min(upto, standing.seq + MOST_ASKED))
        return msgspec.structs.replace(standing, wanted=wanted, refused=refused.get(stream, ""))

    def _take(self, message: EventMessage, now_ms: int) -> str:
        if self._budget(message.lane, now_ms).is_empty(now_ms):
            detail = f"lane {message.lane} sends more than any lane has to say; its rows are taken slowly from now on"
            self._alarms.raise_once(at_ms=now_ms, lane=message.lane, kind=CoreAlarmKind.LANE_OVER_BUDGET, detail=detail)
            return ""
        standing = self.standing(message.lane, message.journal)
        if message.seq <= standing.seq:
            return self._again(message)
        if message.seq > standing.seq + 1:
            self._keep_aside(message)
            return ""
        problem = self._next(message, standing, now_ms)
        return problem or self._what_waited((message.lane, message.journal), now_ms)

    def _budget(self, lane: str, now_ms: int) -> TokenBucket:
        """The bytes that a lane may still send."""
        if lane not in self._budgets:
            limits = self._limits
            self._budgets[lane] = TokenBucket(burst=limits.burst_bytes, per_second=limits.bytes_a_second, now_ms=now_ms)
        return self._budgets[lane]

    def _again(self, message: EventMessage) -> str:
        known = self._row_hash(message.lane, message.journal, message.seq)
        if known is None:
            archived, known = anchors.hash_at(self._db, message.lane, message.journal, message.seq)
            if archived and known is None:
                return ""
        if known == message.hash:
            self.again[message.lane, message.journal] += 1
            return ""
        return f"row {message.seq} of journal {message.journal} differs from the one received before"

    def _waiting(self, stream: Stream) -> dict[int, EventMessage]:
        """The rows of a journal that came early, by number."""
        of, early = self._early.get(stream[0], (stream, {}))
        return early if of == stream else {}

    def _keep_aside(self, message: EventMessage) -> None:
        stream = (message.lane, message.journal)
        early = self._waiting(stream)
        if not early:
            self._early[message.lane] = (stream, early)  # a lane has one journal; another's rows make room
        size = sum(len(one.body) for one in early.values())
        if len(early) < MOST_EARLY and size + len(message.body) <= self._limits.early_bytes:
            early[message.seq] = message

    def _what_waited(self, stream: Stream, now_ms: int) -> str:
        early = self._waiting(stream)
        problem = ""
        while early and not problem:
            standing = self.standing(*stream)
            for seq in [seq for seq in early if seq <= standing.seq]:
                del early[seq]
            if standing.seq + 1 not in early:
                break
            problem = self._next(early.pop(standing.seq + 1), standing, now_ms)
        if not early and self._early.get(stream[0], (None, early))[0] == stream:
            del self._early[stream[0]]
        return problem

    def _next(self, message: EventMessage, standing: JournalPosition, now_ms: int) -> str:
        previous = standing.hash if standing.seq else journal_start(message.journal)
        if message.previous != previous:
            return f"row {message.seq} of journal {message.journal} does not follow row {standing.seq} as received"
        if message.hash != journal_next(previous, message.seq, message.boot, message.body):
            return f"row {message.seq} of journal {message.journal} does not have the hash it names"
        if message.seq == 1 and (problem := self._begun_too_often(message, now_ms)):
            return problem
        self._store_row(message, now_ms)
        self._budget(message.lane, now_ms).take(len(message.body))
        if self._is_here_already(message):
            return ""
        problems = self.projection.project(message, received_ms=now_ms)
        if problems:
            self._quarantine(message, "; ".join(problems)[:MOST_WHY], now_ms)
        return ""

    def _is_here_already(self, message: EventMessage) -> bool:
        """Whether the lane carried this row over from a journal in which it is committed here."""
        self._db.execute(
            "INSERT INTO boots(lane, boot, journal) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (message.lane, message.boot, message.journal),
        )
        where = "SELECT journal FROM boots WHERE lane=%s AND boot=%s"
        (origin,) = the_row(self._db.execute(where, (message.lane, message.boot)))
        if origin == message.journal:
            return False
        values: list[object] = [message.lane, origin, message.boot, message.body]
        sql = "SELECT seq FROM events WHERE lane=%s AND journal=%s AND boot=%s AND body=%s"
        offset = self._offsets.get((message.lane, message.journal, origin))
        if offset is not None:
            sql, values = f"{sql} AND seq=%s", [*values, message.seq + offset]
        found = self._db.execute(sql, values).fetchone()
        if found is None:
            return self._is_archived(message.lane, origin, message.boot)
        self._offsets[message.lane, message.journal, origin] = found[0] - message.seq
        return True

    def _is_archived(self, lane: str, journal: str, boot: str) -> bool:
        """Whether every row of that boot has come in that journal, and is in the archive."""
        found = self._db.execute(
            "SELECT 1 FROM archived_boots WHERE lane=%s AND journal=%s AND boot=%s", (lane, journal, boot)
        )
        return found.fetchone() is not None

    def _begun_too_often(self, message: EventMessage, now_ms: int) -> str:
        """Why a lane may not begin another journal, "" if it may."""
        since = now_ms - DAY_MS
        counting = "SELECT COUNT(*) FROM streams WHERE lane=%s AND since_ms>%s"
        (begun,) = the_row(self._db.execute(counting, (message.lane, since)))
        if begun < self._limits.journals_a_day:
            return ""
        return (
            f"journal {message.journal} is one too many: lane {message.lane} began {begun} within a day. Look at its "
            "store; it may begin another when the first of them is a day old, or by limits.journals_a_day"
        )

    def _quarantine(self, message: EventMessage, why: str, now_ms: int) -> None:
        self._db.execute(
            "INSERT INTO quarantine(lane, journal, seq, at_ms, why) VALUES (%s, %s, %s, %s, %s)",
            (message.lane, message.journal, message.seq, now_ms, why),
        )
        detail = (
            f"row {message.seq} of journal {message.journal} is kept, and not everything in it could be read: {why}. "
            "List all such rows with rocars-core quarantine"
        )
        self._alarms.raise_once(at_ms=now_ms, lane=message.lane, kind=CoreAlarmKind.EVENT_QUARANTINED, detail=detail)

    def quarantined(self, *, most: int = 500) -> list[QuarantinedRow]:
        """The rows that are kept and could not be projected whole, the newest first."""
        rows = self._db.execute(
            "SELECT lane, journal, seq, at_ms, why FROM quarantine ORDER BY at_ms DESC, seq DESC LIMIT %s", (most,)
        )
        return [QuarantinedRow(lane=la, journal=jo, seq=seq, at_ms=at, why=why) for la, jo, seq, at, why in rows]

    def _store_row(self, message: EventMessage, now_ms: int) -> None:
        if message.seq == 1 and self.standings(message.lane):
            detail = f"lane {message.lane} began journal {message.journal}; it has lost or replaced its store"
            older = [one.journal for one in self.standings(message.lane)]
            self._alarms.journal_over(message.lane, older, at_ms=now_ms)
            self._alarms.raise_once(at_ms=now_ms, lane=message.lane, kind=CoreAlarmKind.JOURNAL_REPLACED, detail=detail)
        self._db.execute(
            "INSERT INTO events(lane, journal, seq, boot, hash, body, received_ms) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (message.lane, message.journal, message.seq, message.boot, message.hash, message.body, now_ms),
        )
        self._db.execute(
            "INSERT INTO streams(lane, journal, seq, hash, since_ms) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT(lane, journal) DO UPDATE SET seq=excluded.seq, hash=excluded.hash",
            (message.lane, message.journal, message.seq, message.hash, now_ms),
        )

    def bodies(self, lane: str, journal: str) -> Iterable[tuple[int, bytes]]:
        """(seq, body) of every row of a journal that is here, in order."""
        query = "SELECT seq, body FROM events WHERE lane=%s AND journal=%s ORDER BY seq"
        yield from row_by_row(self._db, query, (lane, journal))
