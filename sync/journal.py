"""The journal: every event and its effects, in one hash-chained list that only grows.

Rules of this file:
- A row's hash covers the hash before it, its number, its boot and its body; the first "hash before" is made from the
  store's own name (`wire.hashes`). A changed byte, a missing row and a cut tail each show, and are named.
- The head is kept apart from the rows, so that rows missing at the end are noticed.
- The journal is the outbox: the one stream of events to the core is these rows in their order (design §3), and a cursor
  over them says which are still to be sent. Nothing is copied, nothing is deleted.
- The store does not know what a body says.
- A journal that the core contradicts goes on under another name (`sync.succession`). The outbox numbers rows as the core
  does, from 1 under each name (`head_at_core`, `outgoing`, `hash_at`, `acknowledge`); everything else by their number in
  the store. Under the first name the two are the same.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from runtime.store_errors import StoreDamagedError, StoreError
from sync import succession
from sync.store import LaneStore
from sync.succession import JournalName
from wire.hashes import journal_next, journal_start

_LARGEST = 2**63 - 1
_CHUNK = 500  # rows read at a time, so that a writer never waits for a long replay


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row: its number (from 1 without a gap), the boot it was written in, its body, its place in the chain."""

    seq: int
    boot: str
    body: bytes
    previous: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Boot:
    """One start of the agent: which software wrote the rows from `first_seq` on."""

    boot: str
    software: str
    first_seq: int


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first place where the chain is broken.

    Attributes:
        seq: the row concerned; the one after the last good row where a row cannot be read at all.
        what: what is wrong with it, for a technician.
    """

    seq: int
    what: str


class Receipt(Enum):
    """What an acknowledgement of the core's did."""

    ADVANCED = "advanced"
    KNOWN = "known"  # nothing new in it
    FOREIGN = "foreign"  # it names a row this journal never had: the file is an older copy, or another lane's


def _seal(journal: str, boot: Boot) -> bytes:
    digest = hashlib.sha256(b"rocars/v1/boot")
    for part in (journal, boot.boot, boot.software, boot.first_seq):
        raw = str(part).encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


class Chain:
    """Reads a journal; for replay, for checking, and beside a running agent."""

    def __init__(self, store: LaneStore) -> None:
        self.store = store

    @property
    def journal_id(self) -> str:
        """The journal's present name."""
        return self.store.journal_id

    def names(self) -> list[JournalName]:
        """Every name this journal has had, the present one last."""
        with self.store.reading() as connection:
            return succession.names(connection)

    def receipt(self) -> bytes:
        """The core's last signed acknowledgement, as it came; empty where none is kept."""
        with self.store.reading() as connection:
            found = connection.execute("SELECT payload FROM receipt").fetchone()
        return b"" if found is None else bytes(found[0])

    def head_at_core(self) -> tuple[int, bytes]:
        """As `head`, by the core's numbers."""
        seq, digest = self.head()
        return (seq - self._base, digest)

    def hash_at(self, number: int) -> bytes:
        """The hash of the row that has this number at the core; empty where there is none."""
        found = next(self.outgoing(number, number), None)
        return b"" if found is None else found.hash

    def outgoing(self, first: int, last: int) -> Iterator[JournalRow]:
        """Rows `first` to `last` by the core's numbers, as far as they exist, in the chain of the present name."""
        name = self.names()[-1]
        with self.store.reading() as connection:
            over = succession.carried(connection, name.journal, first + name.base, last + name.base)
        for row in self.rows(max(first, 1) + name.base, last + name.base):
            previous, digest = over.get(row.seq, (row.previous, row.hash))
            yield JournalRow(row.seq - name.base, row.boot, row.body, previous, digest)

    @property
    def _base(self) -> int:
        return self.names()[-1].base

    def head(self) -> tuple[int, bytes]:
        """Number and hash of the last row; 0 and the chain's start where there is none."""
        with self.store.reading() as connection:
            return _head(connection)

    @property
    def acknowledged(self) -> int:
        """Every row up to this one is committed at the core."""
        with self.store.reading() as connection:
            found = connection.execute("SELECT acknowledged FROM outbox").fetchone()
        if found is None or not isinstance(found[0], int):
            raise StoreDamagedError(f"the outbox's cursor is not what was written: {found!r}")
        return found[0]

    def rows(self, first: int = 1, last: int | None = None) -> Iterator[JournalRow]:
        """Rows `first` to `last` (both included; to the end without), as far as they exist, read in chunks."""
        end = _LARGEST if last is None else last
        while True:
            with self.store.reading() as connection:
                found = connection.execute(
                    "SELECT seq, boot, body, previous, hash FROM journal WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
                    (first, end, _CHUNK),
                ).fetchall()
            yield from (_row(values) for values in found)
            if len(found) < _CHUNK:
                return
            first = int(found[-1][0]) + 1

    def unacknowledged(self, limit: int, *, after: int | None = None) -> list[JournalRow]:
        """At most `limit` rows after row `after`, or after the last acknowledged one: what is to be sent next."""
        start = self.acknowledged if after is None else after
        return list(self.rows(start + 1, start + limit))

    def boots(self) -> list[Boot]:
        """Every start of the agent on this store, in order."""
        with self.store.reading() as connection:
            found = connection.execute("SELECT boot, software, first_seq FROM boots ORDER BY rowid").fetchall()
        return [Boot(*row) for row in found]

    def verify(self) -> Flaw | None:
        """Walks the whole chain.

        Returns:
            The first flaw, or None where every row is as it was written.
        """
        seen = [0]
        try:
            known, seals = self.names(), self._seals()
            if known[-1].journal != self.journal_id:
                return Flaw(known[-1].base + 1, "does not follow from this store's name")
            for name, following in zip(known, [*known[1:], None], strict=True):
                flaw = self._flaw_under(name, following, seen, seals)
                if flaw is not None:
                    return flaw
            return self._flaw_at_head()
        except StoreError as error:
            return Flaw(seen[0] + 1, f"cannot be read: {error}")

    def _flaw_under(
        self, name: JournalName, following: JournalName | None, seen: list[int], seals: dict[str, str]
    ) -> Flaw | None:
        """The first flaw in the chain of one name; `seen` is the last good row so far."""
        expected = journal_start(name.journal)
        with self.store.reading() as connection:
            over = succession.carried(connection, name.journal, name.base + 1, name.first - 1)
        for row in self.rows(name.base + 1, name.first - 1):
            digest = journal_next(expected, row.seq - name.base, row.boot, row.body)
            if over.get(row.seq) != (expected, digest):
                return Flaw(row.seq, f"is not in the chain of journal {name.journal} as it was carried over")
            expected = digest
        last = _LARGEST if following is None else following.first - 1
        for row in self.rows(name.first if name.number > 1 else -_LARGEST, last):
            flaw = self._flaw_in(row, seen[0], expected, seals, name.base)
            if flaw is not None:
                return flaw
            seen[0], expected = row.seq, row.hash
        return None

    def _seals(self) -> dict[str, str]:
        """For each boot, what is wrong with its own row ("" if nothing)."""
        with self.store.reading() as connection:
            found = connection.execute("SELECT boot, software, first_seq, seal FROM boots").fetchall()
            known = succession.names(connection)
        seals = {}
        for row in found:
            boot = Boot(*row[:3])
            possible = [_seal(name.journal, boot) for name in known if name.first <= boot.first_seq or name.number == 1]
            seals[boot.boot] = "" if row[3] in possible else "its boot's row was changed"
        return seals

    def _flaw_in(self, row: JournalRow, seen: int, expected: bytes, seals: dict[str, str], base: int) -> Flaw | None:
        if row.seq != seen + 1:
            return Flaw(seen + 1, "is missing" if row.seq > seen + 1 else "stands before the first row")
        if row.previous != expected:
            return Flaw(row.seq, self._whose_hash(row, expected, base))
        if row.hash != journal_next(expected, row.seq - base, row.boot, row.body):
            return Flaw(row.seq, self._what_changed(row, expected, seals, base))
        wrong = seals.get(row.boot, "names a boot that is not recorded")
        return Flaw(row.seq, wrong) if wrong else None

    def _whose_hash(self, row: JournalRow, expected: bytes, base: int) -> str:
        """`previous` is not the hash of the row before, whose own hash is right."""
        if row.hash == journal_next(expected, row.seq - base, row.boot, row.body):
            return "its previous hash was changed"
        return "does not follow the row before it" if row.seq > 1 else "does not follow from this store's name"

    def _what_changed(self, row: JournalRow, expected: bytes, seals: dict[str, str], base: int) -> str:
        following = next(self.rows(row.seq + 1, row.seq + 1), None)
        after = following.previous if following is not None else self.head()[1]
        if after == journal_next(expected, row.seq - base, row.boot, row.body):
            return "its hash was changed"
        if any(journal_next(expected, row.seq - base, boot, row.body) == row.hash for boot in seals):
            return "its boot was changed"
        return "its body was changed" if row.boot in seals else "its boot or body was changed"

    def _last(self) -> int:
        with self.store.reading() as connection:
            return int(connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0])

    def _flaw_at_head(self) -> Flaw | None:
        """Whether the rows end where the head says, with the hash it says, and the cursor is not beyond."""
        seq, digest = self.head()
        last = self._last()
        if last != seq:
            return Flaw(min(last, seq) + 1, "is missing" if last < seq else "is beyond the head that stands apart")
        name = self.names()[-1]
        final = next(self.outgoing(last - name.base, last - name.base), None)
        held = journal_start(name.journal) if final is None else final.hash
        if held != digest:
            return Flaw(last, "and the head that stands apart differ in their hash")
        if self.acknowledged > last:
            return Flaw(last + 1, "is acknowledged but missing")
        return None


class Journal(Chain):
    """Appends to a journal; `lane_agent.ports.Journal` is met by it."""

    def __init__(self, store: LaneStore, *, boot: str, software: str) -> None:
        """Begins a boot: every row from now on names it.

        Args:
            store: an open store, not read-only.
            boot: this start's own name, never used before.
            software: the version that writes.

        Raises:
            StoreDamagedError: the last row and the head do not agree.
            StoreError: the boot could not be recorded; also where its name was used before.
        """
        super().__init__(store)
        self.boot = boot
        flaw = self._flaw_at_head()
        if flaw is not None:
            raise StoreDamagedError(f"store {store.path}: journal row {flaw.seq} {flaw.what}; move it aside by hand")
        with store.transaction() as connection:
            row = Boot(boot, software, _head(connection)[0] + 1)
            self._number_base = succession.names(connection)[-1].base
            seal = _seal(self.journal_id, row)
            connection.execute("INSERT INTO boots VALUES (?, ?, ?, ?)", (row.boot, row.software, row.first_seq, seal))

    def append(self, entry: bytes, *, uses: Sequence[tuple[str, str]] = ()) -> int:
        """Commits one entry, with the bundles that are used by it, in one transaction.

        Args:
            entry: the row's body, opaque here.
            uses: (UBR, visit key) of every bundle consumed at this lane from now on.

        Returns:
            The row's number.

        Raises:
            StoreError: nothing is durable, its effects must not run; the chain is whole, and goes on when the cause
                is gone. Should the power fail at that moment, the row may be found after it all the same: a row
                without effects, as after a crash between the two.
        """
        with self.store.transaction() as connection:
            before, previous = _head(connection)
            seq = before + 1
            digest = journal_next(previous, seq - self._number_base, self.boot, entry)
            row = (seq, self.boot, entry, previous, digest)
            connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", row)
            connection.execute("UPDATE journal_head SET seq = ?, hash = ?", (seq, digest))
            used = [(ubr, visit, seq) for ubr, visit in uses]
            connection.executemany("INSERT OR IGNORE INTO used_here VALUES (?, ?, ?)", used)  # the first use counts
        return seq

    def acknowledge(self, seq: int, digest: bytes, payload: bytes = b"") -> Receipt:
        """Moves the outbox's cursor: the core has committed every row up to `seq`, whose hash it says is `digest`.

        Args:
            seq: by the core's numbers.
            digest: that row's hash at the core.
            payload: the core's signed word as it came, which is kept.

        Returns:
            FOREIGN where this journal has no such row: raise an alarm, a technician must find the right file.

        Raises:
            StoreError: the cursor is not durable, and is where it was.
        """
        if seq <= self.acknowledged_at_core:
            return Receipt.KNOWN
        if self.hash_at(seq) != digest:
            return Receipt.FOREIGN
        with self.store.transaction() as connection:
            local = seq + self._number_base
            connection.execute("UPDATE outbox SET acknowledged = max(acknowledged, ?)", (local,))
            if payload:
                connection.execute("INSERT OR REPLACE INTO receipt VALUES (1, ?)", (payload,))
            else:
                connection.execute("DELETE FROM receipt")
        return Receipt.ADVANCED

    @property
    def acknowledged_at_core(self) -> int:
        """As `acknowledged`, by the core's numbers."""
        return self.acknowledged - self._number_base

    def begin_anew(self, why: str) -> None:
        """The core contradicts this journal: it goes on under another name, and nothing that was recorded is lost.

        The agent has to start anew after that, for the lane's visits are named after the journal.

        Raises:
            StoreError: nothing has changed.
        """
        with self.store.transaction() as connection:
            name = succession.begin(connection, acknowledged=self.acknowledged, last=_head(connection)[0], why=why)
        self._number_base = name.base
        self.store.journal_id = name.journal


def _head(connection: sqlite3.Connection) -> tuple[int, bytes]:
    match connection.execute("SELECT seq, hash FROM journal_head").fetchone():
        case (int(seq), bytes(digest)):
            return seq, digest
        case other:
            raise StoreDamagedError(f"the journal's head is not what was written: {other!r}")


def _row(values: tuple[object, ...]) -> JournalRow:
    match values:
        case (int(seq), str(boot), bytes(body), bytes(previous), bytes(digest)):
            return JournalRow(seq, boot, body, previous, digest)
        case _:
            raise StoreDamagedError(f"journal row {values[0]} is not what was written")
