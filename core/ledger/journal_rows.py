"""A lane's journal as it can be read now: the rows in the database, those before in files that somebody brought, and the anchors between.

Rules of this file:
- A visit of which rows may be in a file that is not there is not told in part: it is said which file to bring.
- The chain is recomputed: from the journal's start, or from an anchor that the core signed, to the next anchor and to the newest row
  here. Where a file between is not there, it ends at the anchor before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from core.errors import HistoryError, RefusedError
from core.ledger import anchors
from core.ledger.anchors import JournalAnchor
from core.ledger.archive_file import ArchivedRow, ArchiveFile
from core.ledger.row_by_row import row_by_row
from core.ledger.store import LedgerConnection, the_row
from core.model.refusals import refusal
from wire.envelope import KeyRing
from wire.hashes import journal_next, journal_start


class JournalChain(NamedTuple):
    """The recomputed chain of a part of a journal.

    Attributes:
        after: its first row is the one after this; 0 at the start.
        hashes: of each row.
        start: the anchor it begins at, None at the start.
        end: the anchor it ends at, None where it goes to the newest row here.
        lacks: the file that it would go on in.
        problem: what is wrong with the row after the last; "" if nothing is.
    """

    after: int
    hashes: list[bytes]
    start: JournalAnchor | None
    end: JournalAnchor | None
    lacks: str
    problem: str

    @property
    def last(self) -> int:
        """The last row that holds together with those before."""
        return self.after + len(self.hashes)


class JournalRows:
    """Reads journals.

    Args:
        db: the core's database.
        ring: the core's keys.
        brought: files from the archive.
    """

    def __init__(self, db: LedgerConnection, ring: KeyRing, brought: Sequence[ArchiveFile] = ()) -> None:
        self._db, self._ring = db, ring
        self._brought = {one.manifest.sha256: one for one in brought}
        self._read: dict[tuple[str, str, str], list[ArchivedRow]] = {}

    def _anchors(self, lane: str, journal: str) -> list[JournalAnchor]:
        return anchors.of_journal(self._db, self._ring, lane, journal)

    def need_visit(self, lane: str, journal: str, visit: int) -> None:
        """Raises RefusedError where rows of that visit may be in a file that is not there."""
        for anchor in self._anchors(lane, journal):
            if anchor.names(visit) and anchor.sha256 not in self._brought:
                raise RefusedError(refusal("visit_archived", visit=f"{lane}/{journal}/{visit}", file=anchor.file))

    def need_row(self, lane: str, journal: str, seq: int) -> None:
        """Raises RefusedError where that row is in a file that is not there."""
        found = self._anchor_of(lane, journal, seq)
        if found is not None and found.sha256 not in self._brought:
            raise RefusedError(
                f"row {seq} of journal {journal} of lane {lane} is in the archive: bring {found.file} and its manifest, and "
                "name their folder with --archive"
            )

    def _anchor_of(self, lane: str, journal: str, seq: int) -> JournalAnchor | None:
        return next((one for one in self._anchors(lane, journal) if one.first <= seq <= one.seq), None)

    def span(self, lane: str, journal: str, visit: int) -> tuple[int, int]:
        """First and last row that can be of a visit: those that name it. (1, 0): none is here."""
        named = [f'"visit":{visit}{end}'.encode() for end in ",}"]
        low, high = the_row(
            self._db.execute(
                "SELECT min(seq), max(seq) FROM events WHERE lane=%s AND journal=%s "
                "AND (position(%s::bytea in body) > 0 OR position(%s::bytea in body) > 0)",
                (lane, journal, *named),
            )
        )
        found = [seq for seq in (low, high) if seq is not None]
        for anchor in self._anchors(lane, journal):
            if anchor.names(visit):
                found += [row.seq for row in self._file_rows(anchor) if any(name in row.body for name in named)]
        return (min(found), max(found)) if found else (1, 0)

    def bodies(self, lane: str, journal: str, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """(seq, body) of the rows from the one to the other that can be read now, in order."""
        gone = 0
        for anchor in self._anchors(lane, journal):
            gone = anchor.seq
            if anchor.first <= last and anchor.seq >= first:
                yield from ((row.seq, row.body) for row in self._file_rows(anchor) if first <= row.seq <= last)
        yield from self._db.execute(
            "SELECT seq, body FROM events WHERE lane=%s AND journal=%s AND seq BETWEEN %s AND %s ORDER BY seq",
            (lane, journal, max(first, gone + 1), last),
        )

    def _file_rows(self, anchor: JournalAnchor) -> list[ArchivedRow]:
        """The rows before an anchor, proved by its hashes; none where their file is not there."""
        file = self._brought.get(anchor.sha256)
        if file is None:
            return []
        key = (anchor.sha256, anchor.lane, anchor.journal)
        if key not in self._read:
            told = file.of(anchor.lane, anchor.journal)
            ends = (anchor.first, anchor.seq, anchor.previous.hex(), anchor.hash.hex())
            if told is None or (told.first, told.last, told.previous, told.hash) != ends:
                raise HistoryError(f"{file.path}: it has not the rows that row {anchor.seq}'s anchor says")
            self._read[key] = list(file.rows(told))
        return self._read[key]

    def chain(self, lane: str, journal: str, first: int) -> JournalChain:
        """The chain of the part in which row `first` is."""
        every = self._anchors(lane, journal)
        start = next((one for one in reversed(every) if one.seq < first), None)
        after, end, hashes = (start.seq if start else 0), start, list[bytes]()
        for anchor in every:
            if anchor.seq <= after:
                continue
            if anchor.sha256 not in self._brought:
                problem = "" if hashes else f"row {anchor.first} of journal {journal} is in {anchor.file}"
                return JournalChain(after, hashes, start, end, anchor.file, problem)
            hashes += self._file_hashes(anchor)
            end = anchor
        problem = self._follow(lane, journal, after, end, hashes)
        return JournalChain(after, hashes, start, None, "", problem)

    def _file_hashes(self, anchor: JournalAnchor) -> Iterator[bytes]:
        digest = anchor.previous
        for row in self._file_rows(anchor):
            digest = journal_next(digest, row.seq, row.boot, row.body)
            yield digest

    def _follow(self, lane: str, journal: str, after: int, end: JournalAnchor | None, hashes: list[bytes]) -> str:
        """Adds the hashes of the rows here, behind an anchor or the start; what is wrong with the first that does not hold."""
        previous, last = (end.hash, end.seq) if end else (journal_start(journal), 0)
        query = "SELECT seq, boot, hash, body FROM events WHERE lane=%s AND journal=%s AND seq>%s ORDER BY seq"
        for seq, boot, digest, body in row_by_row(self._db, query, (lane, journal, last)):
            if seq != after + len(hashes) + 1:
                return f"journal {journal}: row {after + len(hashes) + 1} is missing here"
            sound = isinstance(body, bytes) and isinstance(boot, str)
            previous = journal_next(previous, seq, boot, body) if sound else b""
            if previous != digest:
                return f"journal {journal}: row {seq} does not have the hash it arrived with"
            hashes.append(previous)
        return ""
