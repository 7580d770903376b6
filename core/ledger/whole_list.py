"""The list at one moment, read in portions while it goes on changing: what a lane that needs everything is sent.

Rules of this file:
- A connection of its own, one moment of the database: head and rows are of one version, however long the reading takes.
- Nobody else waits for more than one portion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from core.errors import HistoryError
from core.ledger.store import LedgerConnection, connected, the_row


@dataclass(frozen=True, slots=True)
class WholeList:
    """The head, and how many rows (canonical bytes) each portion has; at least one portion, which may be empty."""

    epoch: str
    version: int
    log_hash: bytes
    state_hash: bytes
    portions: Sequence[int]
    connection: LedgerConnection

    def rows(self) -> Iterator[list[bytes]]:
        """Portion by portion, in a fixed order; once."""
        with self.connection.cursor("whole_list") as found:
            found.execute("SELECT body FROM rows ORDER BY kind, key")
            for size in self.portions:
                yield [body for (body,) in found.fetchmany(size)] if size else []


@contextmanager
def whole_list(dsn: str, *, most_rows: int, most_bytes: int) -> Iterator[WholeList]:
    """The list as it is now, until the block ends.

    Args:
        dsn: of the database.
        most_rows: in a portion.
        most_bytes: in a portion, but for one that is a single row.

    Raises:
        HistoryError: the log has not begun.
        StoreError: the server is away.
    """
    with closing(connected(dsn)) as db, db.transaction():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = db.execute("SELECT epoch, version, log_hash, state_hash FROM head").fetchone()
        if found is None:
            raise HistoryError("the log has not begun; run rocars-core init")
        (sizes,) = the_row(db.execute("SELECT array_agg(octet_length(body) ORDER BY kind, key) FROM rows"))
        epoch, version, log_hash, state_hash = found
        yield WholeList(
            epoch=epoch,
            version=version,
            log_hash=log_hash,
            state_hash=state_hash,
            portions=_portions(sizes or [], most_rows, most_bytes),
            connection=db,
        )


def _portions(sizes: Sequence[int], most_rows: int, most_bytes: int) -> list[int]:
    counts, rows, size = list[int](), 0, 0
    for one in sizes:
        if rows and (rows == most_rows or size + one > most_bytes):
            counts.append(rows)
            rows = size = 0
        rows, size = rows + 1, size + one
    return [*counts, rows] if rows or not counts else counts
