"""The lane's journal as the core sees it: the head that nonces name, and whether the core contradicts it (design §2.16).

Rules of this file:
- A proof names the last row that the core has of this journal. The lane compares it with its own row before the proof
  counts for anything: on an older copy of its store, or a changed one, a lane is never fresh.
- What cannot be read now is neither: the proof is not counted, and nothing is contradicted.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from wire.hashes import ZERO
from wire.messages import Heartbeat

RowHash = Callable[[int], bytes | None]
"""The hash of the row that has this number at the core; empty where there is none, None where it cannot be read now."""


class Compared(Enum):
    """What a proof says of the journal."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    UNREADABLE = "unreadable"


class JournalEnd:
    """This lane's journal beside what the core has of it.

    Attributes:
        journal: its name.
        why: what the core contradicted last, for people.
    """

    def __init__(self, journal: str, row_hash: RowHash) -> None:
        self.journal = journal
        self._row_hash = row_hash
        self._head = (0, ZERO)
        self.why = ""

    def head(self, last: int) -> tuple[int, bytes]:
        """Number and hash of row `last`; of the one named before where it cannot be read now."""
        if self._head[0] != last:
            digest = self._row_hash(last)
            self._head = (last, digest) if digest else self._head
        return self._head

    def compare(self, beat: Heartbeat) -> Compared:
        """Whether the row that a proof names is the one held here."""
        own = self._row_hash(beat.committed) if beat.committed else beat.committed_hash
        if own is None:
            return Compared.UNREADABLE
        if own == beat.committed_hash:
            return Compared.AGREES
        what = "and here it is another" if own else "that is not here"
        self.why = (
            f"the core has row {beat.committed} of this lane's journal, {what}: its store is an old copy, or changed"
        )
        return Compared.CONTRADICTS
