"""Months of the lanes' rows go into files, and out of the database.

Rules of this file:
- A month is over, and whole: of each journal everything up to its last row before the month's end. A row's time counts only where
  it lies between: one that a wrong clock dated later than now goes with its neighbours, and nothing that is dated later
  than the month goes with it.
- First the file: written, on the medium, read back, every chain recomputed from the last anchor. Then, in one transaction, what is
  left in the database about it, and the month's table goes. Broken off anywhere, either the rows are here or the file is.
- What somebody still has to speak about stays, with all that follows it in its journal: a bundle that is claimed or whose use is
  disputed, an alarm that nobody has closed, a quarantined row while its alarm stands; and a row whose chain does not hold.
- The newest rows of a journal stay: a lane may not know yet that they came, and send them again (`core.link.intake`).
- A running core waits for no more than a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from core.errors import RefusedError
from core.ledger import anchors, audit_log, leaving
from core.ledger.anchors import JournalAnchor
from core.ledger.archive_file import ArchivedJournal, ArchivedRow, ArchiveFile, ArchiveWriter, manifest_of, visits_in
from core.ledger.event_months import EventMonth, tables
from core.ledger.row_by_row import row_by_row
from core.ledger.store import LedgerConnection, connected, the_row
from domain.alarms import CoreAlarmKind
from domain.hong_kong import UTC_OFFSET_MS
from domain.times import DAY_MS
from wire.codec import decode
from wire.envelope import KeyRing, Signer
from wire.errors import WireError
from wire.hashes import journal_next, journal_start
from wire.messages import EventMessage
from wire.topics import LaneTopics

KEPT = 500
"""Newest rows of a journal that stay; a lane sends 64 ahead of what it knows to have arrived."""

_ARCHIVER = 0x524F4152
"""The advisory lock of the one that archives."""


class MonthArchived(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one month.

    Attributes:
        file: of its rows; None where nothing could go.
        rows: in it.
        stays: why rows of it stay here, in words.
    """

    month: str
    file: Path | None
    rows: int
    stays: tuple[str, ...]


class _Stream(msgspec.Struct, frozen=True):
    """A journal that may lose its rows up to `upto`; it begins here after row `seq`, whose hash is `hash`."""

    lane: str
    journal: str
    seq: int
    hash: bytes
    upto: int


class Archiver:
    """Archives a core's database; beside a running core too.

    Args:
        dsn: the database.
        signer, ring: the core's key, and those that may have signed for it.
        rings: for each lane its keys.
        clock: the present time, UTC ms.
        who: the account in whose name.
    """

    def __init__(  # noqa: PLR0917 -- a core's parts
        self,
        dsn: str,
        signer: Signer,
        ring: KeyRing,
        rings: Mapping[str, KeyRing],
        clock: Callable[[], int],
        who: str,
        *,
        kept: int | None = None,
        most_moved: int = leaving.MOST_MOVED,
    ) -> None:
        self._dsn, self._signer, self._ring, self._rings = dsn, signer, ring, rings
        self._clock, self._who, self._most_moved = clock, who, most_moved
        self._kept = KEPT if kept is None else kept
        self._boots: dict[tuple[str, str], list[str]] = {}

    def archive(self, before: EventMonth, folder: Path) -> Iterator[MonthArchived]:
        """Every month before that one of which there are rows, the oldest first.

        Raises:
            RefusedError: that month has not begun, another archives, or somebody reads the whole table.
            HistoryError: an anchor or the written file is not what it should be; that month is still here.
            OSError: the folder cannot be written; that month is still here.
            StoreError: the server is away.
        """
        if before > EventMonth.at(self._clock()):
            raise RefusedError(
                f"{before} has not begun: months that are over can be archived, so give this one at most"
            )
        with closing(connected(self._dsn)) as db:
            if the_row(db.execute("SELECT pg_try_advisory_lock(%s)", (_ARCHIVER,))) != (True,):
                raise RefusedError("somebody archives already; wait until that is done")
            leaving.clear(db, until_ms=before.start_ms)
            for month in self._months(db, before):
                yield self._month(db, month, folder)

    @staticmethod
    def _months(db: LedgerConnection, before: EventMonth) -> list[EventMonth]:
        """Those that have rows, by what the rows say."""
        found: set[EventMonth] = set()
        for table in tables(db):
            if table.since_ms is None or table.until_ms is None:
                sql = f"SELECT DISTINCT (received_ms + {UTC_OFFSET_MS}) / {DAY_MS} FROM {table.name} WHERE received_ms < %s"  # noqa: S608
                days = db.execute(sql.encode(), (before.start_ms,)).fetchall()
                found.update(EventMonth.at(day * DAY_MS) for (day,) in days)
            elif table.until_ms <= before.start_ms:
                sql = f"SELECT 1 FROM {table.name} LIMIT 1"  # noqa: S608 (from the catalogue)
                if db.execute(sql.encode()).fetchone():
                    found.add(EventMonth.at(table.since_ms))
        return sorted(found)

    def _month(self, db: LedgerConnection, month: EventMonth, folder: Path) -> MonthArchived:
        stays: list[str] = []
        with ArchiveWriter(folder, str(month)) as writer:
            by_lane = {}
            for stream in self._streams(db, month.next.start_ms):
                one = self._write(db, writer, stream, stays)
                if one is not None:
                    by_lane[one.lane, one.journal] = self._is_signed(db, one)
            path = writer.keep(self._signer, made_ms=self._clock())
        if path is None:
            return MonthArchived(month=str(month), file=None, rows=0, stays=tuple(stays))
        file = ArchiveFile(path, self._ring)
        file.check()
        until_ms = month.next.start_ms
        going = {(one.lane, one.journal): one.last for one in file.manifest.journals}
        leaving.let_go(
            db,
            lambda: self._note(db, month, file, by_lane),
            {**leaving.anchored(db), **going},
            until_ms=until_ms,
            most_moved=self._most_moved,
        )
        leaving.clear(db, until_ms=until_ms)
        return MonthArchived(month=str(month), file=path, rows=file.manifest.rows, stays=tuple(stays))

    def _streams(self, db: LedgerConnection, until_ms: int) -> Iterator[_Stream]:
        """What of each journal came before that, in the order of lanes and journals."""
        now = self._clock()
        every = db.execute("SELECT lane, journal, seq FROM streams ORDER BY lane, journal").fetchall()
        for lane, journal, newest in every:
            known = anchors.of_journal(db, self._ring, lane, journal)
            seq, digest = (known[-1].seq, known[-1].hash) if known else (0, journal_start(journal))
            later = db.execute(
                "SELECT seq FROM events WHERE lane=%s AND journal=%s AND seq>%s AND received_ms BETWEEN %s AND %s "
                "ORDER BY seq LIMIT 1",
                (lane, journal, seq, until_ms, now),
            ).fetchone()
            upto = min(newest - self._kept, later[0] - 1 if later else newest)
            if upto > seq:
                yield _Stream(lane, journal, seq, digest, upto)

    def _write(
        self, db: LedgerConnection, writer: ArchiveWriter, stream: _Stream, stays: list[str]
    ) -> ArchivedJournal | None:
        why: list[str] = []
        one = writer.add(stream.lane, stream.journal, stream.hash, self._rows(db, stream, why))
        stays += [f"lane {stream.lane}, journal {stream.journal}, {reason}" for reason in why]
        return one

    def _rows(self, db: LedgerConnection, stream: _Stream, why: list[str]) -> Iterator[ArchivedRow]:
        """The rows that may go, each proved; up to the first that has to stay."""
        visits, rows = _spoken_of(db, stream)
        query = (
            "SELECT seq, boot, received_ms, body, hash FROM events WHERE lane=%s AND journal=%s AND seq>%s AND seq<=%s "
            "ORDER BY seq"
        )
        digest, expected, boots = stream.hash, stream.seq + 1, list[str]()
        self._boots[stream.lane, stream.journal] = boots
        for seq, boot, received_ms, body, kept in row_by_row(
            db, query, (stream.lane, stream.journal, stream.seq, stream.upto)
        ):
            digest = journal_next(digest, seq, boot, body)
            named = next((visit for visit in visits_in(body) if visit in visits), 0)
            if seq != expected:
                why.append(f"row {seq}: row {expected} is missing here, and nobody can sign for what follows")
            elif digest != kept:
                why.append(f"row {seq}: it does not have the hash it arrived with, and nobody can sign for it")
            elif seq in rows or named:
                why.append(f"row {seq}: {rows[seq] if seq in rows else f'visit {named}: {visits[named]}'}")
            else:
                expected += 1
                if boot not in boots[-1:]:
                    boots.append(boot)
                yield ArchivedRow(seq, boot, received_ms, body)
                continue
            return
        if expected <= stream.upto:
            why.append(f"row {expected} is missing here, and nobody can sign for what follows")

    def _is_signed(self, db: LedgerConnection, one: ArchivedJournal) -> bool:
        """Whether the lane's own signature covers the last row that goes: it signed that row or, by the chain, a later one."""
        found = db.execute("SELECT payload FROM seals WHERE lane=%s AND journal=%s", (one.lane, one.journal)).fetchone()
        ring = self._rings.get(one.lane)
        if found is None or ring is None:
            return False
        try:
            message = decode(EventMessage, ring.open(LaneTopics(one.lane).event, found[0]))
        except WireError:
            return False
        query = "SELECT seq, boot, body FROM events WHERE lane=%s AND journal=%s AND seq>%s AND seq<=%s ORDER BY seq"
        seq, digest = one.last, bytes.fromhex(one.hash)
        for number, boot, body in row_by_row(db, query, (one.lane, one.journal, one.last, message.seq)):
            if number != seq + 1:
                return False
            seq, digest = number, journal_next(digest, number, boot, body)
        return (message.journal, message.seq, message.hash) == (one.journal, seq, digest)

    # -- what stays in the database about the rows that go ------------------------------------------------------------

    def _note(
        self, db: LedgerConnection, month: EventMonth, file: ArchiveFile, by_lane: Mapping[tuple[str, str], bool]
    ) -> None:
        told, now = file.manifest, self._clock()
        db.execute(
            "INSERT INTO archives(file, month, at_ms, manifest) VALUES (%s, %s, %s, %s)",
            (told.file, str(month), now, manifest_of(file.path).read_bytes()),
        )
        for one in told.journals:
            anchor = JournalAnchor(
                lane=one.lane,
                journal=one.journal,
                first=one.first,
                seq=one.last,
                previous=bytes.fromhex(one.previous),
                hash=bytes.fromhex(one.hash),
                visits=one.visits,
                file=told.file,
                sha256=told.sha256,
                by_lane=by_lane[one.lane, one.journal],
                core_ms=now,
            )
            anchors.keep(db, self._signer, anchor)
            db.cursor().executemany(
                "INSERT INTO archived_boots(lane, journal, boot) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                [(one.lane, one.journal, boot) for boot in self._over(db, one)],
            )
        detail = f"{told.file}: {told.rows} rows of {len(told.journals)} journals, SHA-256 {told.sha256}"
        audit_log.append(db, audit_log.AuditWords(now, self._who, "archived events", detail))

    def _over(self, db: LedgerConnection, one: ArchivedJournal) -> list[str]:
        """The boots of which no row is left: all but that of the first row that stays."""
        *before, last = self._boots[one.lane, one.journal]
        following = db.execute(
            "SELECT boot FROM events WHERE lane=%s AND journal=%s AND seq=%s", (one.lane, one.journal, one.last + 1)
        ).fetchone()
        return [*before, last] if following is not None and following[0] != last else before


def _spoken_of(db: LedgerConnection, stream: _Stream) -> tuple[dict[int, str], dict[int, str]]:
    """The visits, and the rows, of a journal that somebody still has to deal with; with what by."""
    where = (stream.lane, stream.journal)
    found = db.execute(
        "SELECT visit, 'UBR ' || ubr || ' is claimed (rocars-core claims)' FROM claims WHERE lane=%(lane)s AND journal=%(journal)s "
        "UNION ALL SELECT split_part(visit, '/', 3)::bigint, 'the use of UBR ' || ubr || ' is disputed (rocars-core "
        "disputed-uses)' FROM disputes WHERE lane=%(lane)s AND split_part(visit, '/', 2)=%(journal)s "
        "UNION ALL SELECT visit, 'alarm ' || kind || ' is open (rocars-core alarms)' FROM alarms "
        "WHERE closed_ms=0 AND ended_ms=0 AND lane=%(lane)s AND journal=%(journal)s AND visit>0",
        {"lane": stream.lane, "journal": stream.journal},
    )
    unread = db.execute(
        "SELECT seq FROM quarantine WHERE lane=%s AND journal=%s AND EXISTS "
        "(SELECT 1 FROM alarms WHERE closed_ms=0 AND ended_ms=0 AND lane=%s AND kind=%s)",
        (*where, stream.lane, CoreAlarmKind.EVENT_QUARANTINED.value),
    )
    visits = {int(visit): str(why) for visit, why in found}
    return visits, {int(seq): "it is quarantined (rocars-core quarantine), and its alarm open" for (seq,) in unread}
