"""What is asked of the signed list: written by business functions with their own rows, signed by the sequencer alone.

Rules of this file:
- Who asks holds no key. A change is a row in the transaction that causes it: both are kept, or neither.
- Numbers of rows are not in the order of their commits. So who asks first takes the lock of the row that is to change, until
  its transaction ends: of one row the numbers are then in order, and of different rows the order means nothing.
- What a row is, is its newest change, where one waits to be signed.
- Whether a bundle was used is the lanes' to say: a change that was asked for before that never takes it back.
- A bundle that has left the list never comes back: what is asked of it is kept beside it, and not signed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from core.ledger.log import ReplicatedLog, checked_row
from core.ledger.store import CoreStore, LedgerConnection
from wire.codec import decode_record, encode
from wire.records import BundleRecord, Kind, Record

TAKEN_AT_ONCE = 1_000
"""Changes that are signed in one transaction."""


def asked(connection: LedgerConnection, changes: Iterable[Record]) -> None:
    """Asks for these rows, inside the caller's transaction.

    Raises:
        RefusedError: a row that every lane would have to refuse.
    """
    rows = {row.key: checked_row(row) for row in changes}
    asking = [(_lock_of(*key), *key, encode(rows[key])) for key in sorted(rows)]
    if len(asking) == 1:
        connection.execute(_ASK, asking[0])
    else:
        connection.cursor().executemany(_ASK, asking)


def listed(connection: LedgerConnection, kind: Kind, key: str) -> Record | None:
    """The row as it is or will be once everything is signed; nobody else changes it before the caller's transaction ends.

    One that has left the list is what it was last.
    """
    _lock(connection, kind, key)
    found = connection.execute(
        "SELECT body FROM (SELECT id, body FROM changes WHERE kind = %(kind)s AND key = %(key)s "
        "UNION ALL SELECT 0, body FROM rows WHERE kind = %(kind)s AND key = %(key)s "
        "UNION ALL SELECT -1, body FROM forgotten WHERE kind = %(kind)s AND key = %(key)s) AS known "
        "ORDER BY id DESC LIMIT 1",
        {"kind": kind, "key": key},
    ).fetchone()
    return decode_record(found[0]) if found is not None else None


def _lock(connection: LedgerConnection, kind: Kind, key: str) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (_lock_of(kind, key),))


def _lock_of(kind: Kind, key: str) -> str:
    return f"{kind} {key}"


_ASK = (
    "WITH mine AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))) "
    "INSERT INTO changes(kind, key, body) SELECT %s, %s, %s FROM mine"
)
"""The lock comes before the number, in one round trip."""


class Sequencer:
    """Makes signed deltas of what is asked for. There is one: whoever holds the lease and the key.

    Args:
        store, log: the core's.
    """

    def __init__(self, store: CoreStore, log: ReplicatedLog) -> None:
        self._store = store
        self._log = log

    def take(self, *, at_ms: int) -> int:
        """Signs everything that is committed and waits; how many changes. What it signed may be published once that is committed.

        Inside the caller's transaction it also signs what was asked for there: one commit keeps both.

        Raises:
            HistoryError: the list is not what was signed before.
            StoreError: it is not known what was kept: nothing may be published, and the core has to end.
        """
        taken = 0
        while True:
            with self._store.transaction() as db:
                waiting = db.execute(
                    "SELECT id, body FROM changes ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED", (TAKEN_AT_ONCE,)
                ).fetchall()
                if waiting:
                    newest = {row.key: row for row in (decode_record(body) for _, body in waiting)}
                    self._log.append(self._to_sign(newest.values()), at_ms=at_ms)
                    db.execute("DELETE FROM changes WHERE id = ANY(%s)", ([number for number, _ in waiting],))
            taken += len(waiting)
            if len(waiting) < TAKEN_AT_ONCE:
                return taken

    def _to_sign(self, rows: Collection[Record]) -> Iterator[Record]:
        bundles = self._log.known_bundles([row.ubr for row in rows if isinstance(row, BundleRecord)])
        for row in rows:
            if not isinstance(row, BundleRecord) or row.ubr not in bundles:
                yield row
                continue
            known, is_listed = bundles[row.ubr]
            used = msgspec.structs.replace(row, used_by=known.used_by)
            if is_listed:
                yield used
            else:
                self._log.note_forgotten(used)
