"""The lane's copy of the territory's one log of codes (design §3): applied in order, whole, or not at all.

Rules of this file:
- A delta applies only when epoch, version and previous hash fit and the rows after it have the signed state hash. Rows,
  overlays and head change in one transaction; the cost of a delta does not grow with the number of codes.
- A snapshot is loaded as another generation beside the live rows and becomes the live list, version and all, in one
  transaction. A crash at any moment leaves the old list under the old version or the new one under the new.
- Nothing heals silently: whatever does not fit is answered by a value that says so (`sync.link.log_result`).
- Within an epoch a sound list is the sum of signed deltas that are kept (`sync.kept_deltas`). A snapshot is then only
  compared with it, and never loaded in its place: what contradicts a signed delta is refuted, what is newer is fetched
  delta by delta. Only a list that is further behind than `FAR` loads it.
- A row leaves the list by a delta that forgets it. One that could still stop somebody does not leave: the delta is refuted,
  and so is every snapshot after it (`wire.forgetting`).
- An epoch that was left is never returned to, and no list is swapped in, of whatever epoch, in which a hold of this one is
  missing: it must be there, or be lifted there by name (design §2.16).
- When the store is opened every row is read through the index that lookups use, and hashed again. The state hash sent
  to the core is that of the rows as they are, so damage on the medium shows there as a mismatch.
- Signatures have been checked before anything gets here.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.marks import normalise
from runtime.store_errors import StoreDamagedError
from sync import kept_deltas, overlays
from sync.link.log_result import (
    Applied,
    ApplyResult,
    Behind,
    CodeLogHead,
    Fork,
    Gap,
    Known,
    Loading,
    LoadResult,
    Mismatch,
    NotApplied,
    OtherEpoch,
    Refuted,
    Swapped,
)
from sync.store import LaneStore
from wire.codec import decode_record, encode
from wire.errors import WireError
from wire.forgetting import CLOCK_MS, why_kept
from wire.hashes import StateHash, log_next
from wire.messages import Delta, SnapshotPart
from wire.records import HoldRecord, Record

FAR = 10_000
"""Deltas that a core sends one by one; a lane that is further behind gets everything (`core.link.gateway`)."""

_Row = tuple[int, str, str, str, bytes]  # as in the table `codes`
_LARGEST = 2**63 - 1
_SWEEP = 5_000  # rows of a list no longer used that one transaction deletes
_TOGETHER = 5_000  # rows of a snapshot that one transaction writes, 40 ms: each touches most of the index
_NORMAL = re.compile(
    r"[0-9A-HJ-NPR-Z]+"
)  # marks that `normalise` leaves as they are: nearly all, at a tenth of its cost
_INSERT = "INSERT OR REPLACE INTO codes VALUES (?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM codes WHERE generation = ? AND kind = ? AND name = ?"


@dataclass(slots=True)
class _Shadow:
    """A snapshot being loaded: which one, into which generation, and what has arrived so far.

    Attributes:
        waiting: rows not yet written; only those of a list that has been swapped in must outlive a crash.
    """

    first: SnapshotPart
    generation: int
    seen: set[int] = field(default_factory=set)
    rows: int = 0
    waiting: list[_Row] = field(default_factory=list)
    state: StateHash = field(default_factory=StateHash)

    def is_of(self, part: SnapshotPart) -> bool:
        """Whether the part belongs to the same snapshot."""
        return _name(self.first) == _name(part)


def _name(part: SnapshotPart) -> tuple[object, ...]:
    return (part.request, part.epoch, part.version, part.log_hash, part.state_hash, part.parts)


def _row(generation: int, record: Record) -> _Row:
    kind, name = record.key
    return (generation, kind, name, _mark(record.vrn), encode(record))


def _mark(vrn: str) -> str:
    return vrn if _NORMAL.fullmatch(vrn) else normalise(vrn)


class CodeLog:
    """The list and its position in the log.

    Attributes:
        damage: what is wrong with the rows on the medium, for the technician; "" if nothing. A snapshot replaces them.
        refuted: (epoch, version) of a delta whose rows do not have the state hash signed with it, although the rows
            held here are sound: no snapshot of that version or a later one follows from it.
        generation: which rows of `codes` are the live list, for `sync.lookup`.
        letters: every character that occurs in a mark of the list or of a hold ahead, for `sync.lookup`.
    """

    def __init__(self, store: LaneStore, *, together: int = _TOGETHER, far: int = FAR) -> None:
        """Reads the list's position and hashes its rows again.

        Args:
            store: the lane's.
            together: rows of a snapshot that wait to be written in one transaction.
            far: a sound list that is further behind than this loads a snapshot of its own epoch; with -1 it always does.

        Raises:
            StoreError: the file cannot be read.
        """
        self.store = store
        self._together = together
        self._far = far
        self.letters: set[str] = set()
        self.refuted: tuple[str, int] | None = None
        self._shadow: _Shadow | None = None
        with store.reading() as connection:
            found = connection.execute("SELECT generation, epoch, version, log_hash, total FROM code_head").fetchone()
            self.letters.update(*(row[0] for row in connection.execute("SELECT mark FROM holds_ahead")))
        match found:
            case (int(generation), str(epoch), int(version), bytes(log_hash), bytes(total)):
                self.generation = generation
                self._place = (epoch, version, log_hash)
            case _:
                raise StoreDamagedError(f"store {store.path}: the head of the codes is damaged; move it aside by hand")
        self.damage, self._state = self._hashed(total)

    @property
    def head(self) -> CodeLogHead:
        """The list's position; the state hash is that of the rows as they are."""
        return CodeLogHead(*self._place, self._state.digest())

    def verify(self) -> str:
        """Hashes every row again; damage is kept in `damage` and shows at the core by the state hash. Takes long."""
        with self.store.reading() as connection:
            (total,) = connection.execute("SELECT total FROM code_head").fetchone()
            self.damage, self._state = self._hashed(total)
        return self.damage

    def apply(self, delta: Delta, body: bytes, payload: bytes = b"", *, at_ms: int = 0) -> ApplyResult:
        """Takes one step of the log, if it is the next.

        Args:
            delta: the step.
            body: its bytes as they were signed, for the chain.
            payload: the envelope it came in, to be kept; none is kept without.
            at_ms: the core's time as it is known here, 0 if it is not known.

        Returns:
            Refuted where it forgets a row that could still stop somebody: the list stays as it is, and in doubt.

        Raises:
            StoreError: nothing changed, neither list nor head.
        """
        with self.store.reading() as connection:
            head = self.head
            if delta.epoch == head.epoch and delta.version <= head.version:
                held = kept_deltas.at(connection, delta.epoch, delta.version)
                same = held is None or held.log_hash == log_next(delta.previous, body)
                return Known(head) if same else Fork(head, delta.previous, self._keep_holds(delta))
            if (delta.epoch, delta.version, delta.previous) != (head.epoch, head.version + 1, head.log_hash):
                return self._out_of_turn(head, delta)
            gone = self._forgotten(connection, delta)
            if why := self._why_refused(gone, delta, at_ms):
                self.refuted = (delta.epoch, delta.version)
                return Refuted(head, delta.epoch, delta.version, why)
            changes = {record.key: record for record in delta.changes}  # the last row of a key counts
            rows = [_row(self.generation, record) for record in changes.values()]
            replaced = [*gone, *(old for row in rows for old in self._old(connection, row[:3]))]
            state = _after(self._state, replaced, [row[-1] for row in rows])
            if state.digest() != delta.state_hash:
                self._look_whose_fault(delta)
                return Mismatch(head, delta.version, state.digest(), delta.state_hash, self._keep_holds(delta))
            self._take(delta, log_next(delta.previous, body), rows, state, payload, at_ms)
            return Applied(self.head, delta.changes, tuple(decode_record(old) for old in replaced))

    def load(self, part: SnapshotPart, *, doubted: bool = False) -> LoadResult:
        """Takes one part of a snapshot, in any order; a part of another snapshot begins that one instead.

        Args:
            part: the part, of a snapshot that was asked for.
            doubted: the list held here is doubted, and the snapshot is to be compared with it.

        Returns:
            Swapped with the last missing part, or where the list held here is sound and this snapshot follows from it;
            Behind where it is sound and only that; Known where the list is already past that version; Mismatch where
            the parts together are not what was signed; Refuted where the snapshot contradicts what was signed before.
            In the last four the list is as it was.

        Raises:
            StoreError: the list is as it was; any part of this snapshot sent again, or another snapshot, goes on.
        """
        with self.store.reading():
            head = self.head
            if part.epoch == head.epoch and part.version < head.version and not (doubted or self.damage):
                return Known(head)
            compared = self._compared(head, part)
            if compared is not None:
                return compared
            if self._shadow is None or not self._shadow.is_of(part):
                self._shadow = _Shadow(part, self._next_generation())
                self.store.loading(much=True)
            shadow = self._shadow
            if part.part not in shadow.seen:
                self._take_part(shadow, part)
            if len(shadow.waiting) >= self._together or len(shadow.seen) == part.parts:
                self._write(shadow)
            if len(shadow.seen) < part.parts:
                return Loading(head, len(shadow.seen), part.parts)
            self.store.loading(much=False)
            verdict = self._swap(shadow)
            self._shadow = None  # only now: should the swap raise, any part sent again brings it about
            return verdict

    def _hashed(self, total: bytes) -> tuple[str, StateHash]:
        """What is wrong with the live rows, and the hash of those that a lookup would find right."""
        state, damage = StateHash(), ""
        sql = "SELECT kind, name, mark, body FROM codes INDEXED BY codes_by_mark WHERE generation = ? ORDER BY mark"
        with self.store.reading() as connection:
            for kind, name, mark, body in connection.execute(sql, (self.generation,)):
                if _is_sound(kind, name, mark, body):
                    state.add(body)
                    self.letters.update(mark)
                else:
                    damage = damage or f"the row of {kind} {name} is not what was written"
        if not damage and state.total() != total:
            damage = "rows of the codes are missing or are not what was written"
        return damage, state

    def _old(self, connection: sqlite3.Connection, key: tuple[int, str, str]) -> list[bytes]:
        sql = "SELECT body FROM codes WHERE generation = ? AND kind = ? AND name = ?"
        return [found[0] for found in connection.execute(sql, key)]

    def _forgotten(self, connection: sqlite3.Connection, delta: Delta) -> list[bytes]:
        """The rows that a delta takes out of the list."""
        keys = dict.fromkeys(gone.key for gone in delta.forgets)
        return [old for key in keys for old in self._old(connection, (self.generation, *key))]

    def _out_of_turn(self, head: CodeLogHead, delta: Delta) -> NotApplied:
        holds = self._keep_holds(delta)
        if delta.epoch != head.epoch:
            return OtherEpoch(head, delta.epoch, holds)
        if delta.version > head.version + 1:
            return Gap(head, delta.version, holds)
        return Fork(head, delta.previous, holds)

    def _keep_holds(self, delta: Delta) -> tuple[HoldRecord, ...]:
        """Stops by a hold at once, although its delta does not apply; a lift waits for its turn."""
        holds = overlays.holds_in(delta.changes)
        if holds:
            with self.store.transaction() as connection:
                overlays.keep_holds(connection, holds, delta)
            self.letters.update(*(normalise(hold.vrn) for hold in holds))
        return holds

    def _look_whose_fault(self, delta: Delta) -> None:
        """The rows after a delta are not what was signed: either those held here are damaged, or the core's are."""
        if not (self.damage or self.verify()):
            self.refuted = (delta.epoch, delta.version)

    def _compared(self, head: CodeLogHead, part: SnapshotPart) -> LoadResult | None:
        """What a snapshot is beside the deltas that are kept; None if it is to be loaded."""
        with self.store.reading() as connection:
            left = kept_deltas.was_left(connection, part.epoch)
            newest = kept_deltas.newest(connection, part.epoch)
            held = kept_deltas.at(connection, part.epoch, part.version)
        why = ""
        if left:
            why = f"the core went back to epoch {part.epoch}, which this lane has left"
        elif self.refuted is not None and self.refuted[0] == part.epoch and part.version >= self.refuted[1]:
            why = f"the rows after delta {self.refuted[1]} do not have the state hash that the core signed with it"
        elif held is not None and (held.log_hash, held.state_hash) != (part.log_hash, part.state_hash):
            why = f"the core offers another list than the one it signed with delta {part.version}"
        elif self.damage and newest > part.version:
            why = f"the core offers version {part.version}, and has signed version {newest} of the same epoch"
        if why:
            return Refuted(head, part.epoch, part.version, why)
        if part.epoch != head.epoch or self.damage or part.version > head.version + self._far:
            return None
        if part.version > head.version:
            return Behind(head, part.version)
        if part.version == head.version and (part.log_hash, part.state_hash) != (head.log_hash, head.state_hash):
            why = f"the core offers another list than the one held here at version {part.version}, which is sound"
            return Refuted(head, part.epoch, part.version, why)
        return Swapped(head)

    def _lost_hold(self, connection: sqlite3.Connection, shadow: _Shadow) -> str:
        """A hold of this list about which the one being loaded says nothing; "" if there is none."""
        sql = (
            "SELECT name, mark, body FROM codes AS old WHERE generation = ? AND kind = 'hold' AND NOT EXISTS "
            "(SELECT 1 FROM codes AS new WHERE new.generation = ? AND new.kind = 'hold' AND new.name = old.name)"
        )
        for name, mark, body in connection.execute(sql, (self.generation, shadow.generation)):
            hold = decode_record(body) if _is_sound("hold", name, mark, body) else None  # a damaged row says nothing
            if isinstance(hold, HoldRecord) and not hold.deleted:
                return str(name)
        return ""

    @staticmethod
    def _why_refused(gone: Iterable[bytes], delta: Delta, at_ms: int) -> str:
        """Why a delta that forgets these rows does not apply; "" if it may.

        Args:
            gone: the rows as they are here.
            delta: it names the time at which the core forgot them.
            at_ms: the core's time as it is known here, 0 if it is not.
        """
        if not delta.forgets:
            return ""
        if at_ms and delta.core_ms > at_ms + CLOCK_MS:
            ahead = (delta.core_ms - at_ms) // 1_000
            return (
                f"the core forgets rows by a clock that is {ahead} s ahead of what it proved; look at its time service"
            )
        kept = (why_kept(decode_record(body), delta.core_ms) for body in gone)
        return next((f"the core forgets what it must keep: {why}" for why in kept if why), "")

    def _take(  # noqa: PLR0917 -- a row's delta, where it leads, and what is kept of it
        self, delta: Delta, log_hash: bytes, rows: list[_Row], state: StateHash, payload: bytes, at_ms: int
    ) -> None:
        with self.store.transaction() as connection:
            if payload:
                kept_deltas.keep(connection, delta, payload, log_hash, at_ms)
            connection.executemany(_INSERT, rows)
            connection.executemany(_DELETE, [(self.generation, *gone.key) for gone in delta.forgets])
            connection.execute(
                "UPDATE code_head SET version = ?, log_hash = ?, total = ?", (delta.version, log_hash, state.total())
            )
            overlays.drop_passed_by_delta(connection, delta)
        self._place, self._state = (delta.epoch, delta.version, log_hash), state
        if self.refuted == (delta.epoch, delta.version):  # the core has signed another one under this version
            self.refuted = None
        self.letters.update(*(row[3] for row in rows))

    def _next_generation(self) -> int:
        """A number for a new list; deletes some of the rows that earlier ones left."""
        with self.store.transaction() as connection:
            self._sweep(connection)
            last = connection.execute("SELECT max(generation) FROM codes").fetchone()[0]
        return int(max(last or 0, self.generation)) + 1

    def _take_part(self, shadow: _Shadow, part: SnapshotPart) -> None:
        rows = [_row(shadow.generation, record) for record in part.records]
        shadow.waiting += rows
        shadow.rows += len(rows)
        shadow.state.add_all(row[-1] for row in rows)
        shadow.seen.add(part.part)

    def _write(self, shadow: _Shadow) -> None:
        """Writes the waiting rows; they remain waiting if that fails."""
        with self.store.transaction() as connection:
            connection.executemany(_INSERT, shadow.waiting)
            self._sweep(connection, shadow.generation)
        self.letters.update(*(row[3] for row in shadow.waiting))
        shadow.waiting.clear()

    def _swap(self, shadow: _Shadow) -> Swapped | Mismatch | Refuted:
        """Makes the shadow the list, if it is what was signed and is complete on the medium."""
        part, found = shadow.first, shadow.state.digest()
        with self.store.reading() as connection:
            sql = "SELECT count(*) FROM codes WHERE generation = ?"
            kept = connection.execute(sql, (shadow.generation,)).fetchone()[0]
        if found != part.state_hash or kept != shadow.rows:
            return Mismatch(self.head, part.version, found, part.state_hash)
        place = (part.epoch, part.version, part.log_hash)
        with self.store.reading() as connection:
            lost = self._lost_hold(connection, shadow)
        if lost:
            why = f"the core's new list says nothing of the hold of {lost}; hold it again there, or lift it by name"
            return Refuted(self.head, part.epoch, part.version, why)
        with self.store.transaction() as connection:
            if part.epoch != self._place[0]:
                kept_deltas.leave(connection, self._place[0])
            connection.execute(
                "UPDATE code_head SET generation = ?, epoch = ?, version = ?, log_hash = ?, total = ?",
                (shadow.generation, *place, shadow.state.total()),
            )
            self._pass_overlays(connection, shadow)
        self.generation, self._place, self._state, self.damage = shadow.generation, place, shadow.state, ""
        self.refuted = None
        return Swapped(self.head)

    def _pass_overlays(self, connection: sqlite3.Connection, shadow: _Shadow) -> None:
        overlays.drop_passed_by_version(connection, shadow.first.epoch, shadow.first.version)
        sql = "SELECT body FROM codes WHERE generation = ? AND kind = 'bundle' AND name = ?"
        for ubr in overlays.used(connection):
            for (body,) in connection.execute(sql, (shadow.generation, ubr)).fetchall():
                overlays.drop_passed_use(connection, decode_record(body))

    def _sweep(self, connection: sqlite3.Connection, shadow: int | None = None) -> None:
        """Deletes rows that belong neither to the live list nor to the shadow being loaded, a bounded number."""
        connection.execute(
            "DELETE FROM codes WHERE (generation, kind, name) IN (SELECT generation, kind, name FROM codes "
            "WHERE generation < ? OR (generation > ? AND generation < ?) LIMIT ?)",
            (self.generation, self.generation, shadow or _LARGEST, _SWEEP),
        )


def _after(state: StateHash, removed: Iterable[bytes], added: Iterable[bytes]) -> StateHash:
    """A new state hash; the old one is kept in case the transaction fails."""
    after = StateHash(state.total())
    for body in removed:
        after.remove(body)
    for body in added:
        after.add(body)
    return after


def _is_sound(kind: object, name: object, mark: object, body: object) -> bool:
    """Whether the row can be read, and is where a lookup would look for it."""
    if not isinstance(body, bytes):
        return False
    try:
        record = decode_record(body)
    except WireError:
        return False
    return record.key == (kind, name) and _mark(record.vrn) == mark
