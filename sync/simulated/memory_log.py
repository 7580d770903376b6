"""The code log in memory: what `sync.codelog.CodeLog` answers, without a medium and without lookups."""

from __future__ import annotations

from sync.link.log_result import (
    Applied,
    ApplyResult,
    CodeLogHead,
    Fork,
    Gap,
    Known,
    Loading,
    LoadResult,
    Mismatch,
    OtherEpoch,
    Refuted,
    Swapped,
)
from sync.overlays import holds_in
from wire.codec import decode_record, encode
from wire.forgetting import why_kept
from wire.hashes import StateHash, log_next
from wire.messages import Delta, SnapshotPart
from wire.records import HoldRecord, Kind


class MemoryLog:
    """The list and its position.

    Attributes:
        head: the position; set it, and the list claims to hold something else.
        rows: the canonical bytes of every row, by its key.
        ahead: marks held by deltas whose turn has not come.
        parts: of the snapshot being loaded, by number.
    """

    def __init__(self) -> None:
        self.head = CodeLogHead()
        self.rows: dict[tuple[Kind, str], bytes] = {}
        self.ahead: set[str] = set()
        self.parts: dict[int, SnapshotPart] = {}
        self._state = StateHash()

    def held(self, vrn: str) -> bool:
        """Whether a vehicle is stopped by a hold."""
        row = self.rows.get(("hold", vrn))
        record = None if row is None else decode_record(row)
        return vrn in self.ahead or (isinstance(record, HoldRecord) and not record.deleted)

    def apply(self, delta: Delta, body: bytes) -> ApplyResult:
        """As `sync.codelog.CodeLog.apply`."""
        head = self.head
        if delta.epoch == head.epoch and delta.version <= head.version:
            return Known(head)
        if (delta.epoch, delta.version, delta.previous) == (head.epoch, head.version + 1, head.log_hash):
            return self._next(delta, body)
        holds = holds_in(delta.changes)
        self.ahead |= {hold.vrn for hold in holds}
        if delta.epoch != head.epoch:
            return OtherEpoch(head, delta.epoch, holds)
        if delta.version > head.version + 1:
            return Gap(head, delta.version, holds)
        return Fork(head, delta.previous, holds)

    def _next(self, delta: Delta, body: bytes) -> ApplyResult:
        head = self.head
        gone = {one.key: self.rows[one.key] for one in delta.forgets if one.key in self.rows}
        kept = [why for row in gone.values() if (why := why_kept(decode_record(row), delta.core_ms))]
        if kept:
            return Refuted(head, delta.epoch, delta.version, kept[0])
        new = {record.key: encode(record) for record in delta.changes}
        rows = {key: row for key, row in (self.rows | new).items() if key not in gone}
        state = StateHash(self._state.total())
        for key in (*new, *gone):
            if key in self.rows:
                state.remove(self.rows[key])
        state.add_all(new.values())
        if state.digest() != delta.state_hash:
            return Mismatch(head, delta.version, state.digest(), delta.state_hash, holds_in(delta.changes))
        self.rows, self._state = rows, state
        self.head = CodeLogHead(delta.epoch, delta.version, log_next(head.log_hash, body), delta.state_hash)
        return Applied(self.head, delta.changes, tuple(map(decode_record, gone.values())))

    def load(self, part: SnapshotPart) -> LoadResult:
        """As `sync.codelog.CodeLog.load`."""
        if part.epoch == self.head.epoch and part.version < self.head.version:
            return Known(self.head)
        if any(other.request != part.request for other in self.parts.values()):
            self.parts.clear()
        self.parts[part.part] = part
        if len(self.parts) < part.parts:
            return Loading(self.head, len(self.parts), part.parts)
        rows = {record.key: encode(record) for each in self.parts.values() for record in each.records}
        state = StateHash()
        state.add_all(rows.values())
        self.parts.clear()
        if state.digest() != part.state_hash:
            return Mismatch(self.head, part.version, state.digest(), part.state_hash)
        self.rows, self._state = rows, state
        self.head = CodeLogHead(part.epoch, part.version, part.log_hash, part.state_hash)
        return Swapped(self.head)
