"""Whether the list in the store is still the sum of its signed deltas: looked at while the core runs.

Rules of this file:
- Before each proof: whether another program has written into the store since. Then everything is proved anew at once.
- Besides, all the time, in the background, from a connection of its own: every signature, every link of the chain and
  every row, a few at a time. What is found there stays found: only people end it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

from core.errors import HistoryError
from core.ledger.log import ReplicatedLog
from core.ledger.row_by_row import row_by_row
from core.ledger.store import CoreStore, LedgerConnection, connected, the_row
from wire.codec import decode
from wire.errors import WireError
from wire.hashes import StateHash, log_next, log_start
from wire.messages import Delta
from wire.topics import LOG

PART = 200
"""Rows or deltas looked at without a pause: some ten milliseconds of work."""

PAUSE_S = 0.04


class ListWatch:
    """Watches a core's list.

    Args:
        store, log: the core's, whose list has been checked.
    """

    def __init__(self, store: CoreStore, log: ReplicatedLog) -> None:
        self._store = store
        self._log = log
        self._seen = self._strangers()
        self._found = ""
        self._over = threading.Event()

    def _strangers(self) -> int:
        """How often another session has written into the list."""
        return int(the_row(self._store.connection.execute("SELECT strangers FROM list_writers"))[0])

    def why_not(self) -> str:
        """Why nothing may be proved from this list now; "" if it may be."""
        strangers = self._strangers()
        if strangers != self._seen and not self._found:
            try:
                self._log.check()
            except HistoryError as error:
                self._found = f"another program has changed the list: {error}"
        self._seen = strangers
        return self._found

    def stop(self) -> None:
        """Ends `look_through` soon."""
        self._over.set()

    def look_through(self) -> str:
        """Proves all of it once, a few at a time; for a thread of its own. Returns what is wrong, "" if nothing is."""
        with closing(connected(self._store.dsn)) as db:
            db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")  # one moment, however long this takes
            for wrong in self._flaws(db):
                if wrong:
                    self._found = self._found or wrong
                    return wrong
                if self._over.wait(PAUSE_S):
                    return ""
        return ""

    def _flaws(self, db: LedgerConnection) -> Iterator[str]:
        """What is wrong, or "" after each part."""
        epoch, version, log_hash, state_hash = the_row(
            db.execute("SELECT epoch, version, log_hash, state_hash FROM head")
        )
        chain, seen, signed = log_start(epoch), 0, StateHash().digest()
        deltas = "SELECT version, payload FROM log WHERE epoch=%s AND version<=%s ORDER BY version"
        for number, payload in row_by_row(db, deltas, (epoch, version)):
            try:
                body = self._log.ring.open(LOG, payload)
                delta = decode(Delta, body)
            except WireError as error:
                yield f"delta {number} of epoch {epoch} cannot be believed: {error}"
                return
            if (delta.epoch, delta.version, delta.previous) != (epoch, seen + 1, chain):
                yield f"delta {number} of epoch {epoch} does not follow delta {seen}"
                return
            chain, seen, signed = log_next(chain, body), delta.version, delta.state_hash
            if seen % PART == 0:
                yield ""
        if (seen, chain, signed) != (version, log_hash, state_hash):
            yield f"the head, version {version}, is not where the signed deltas lead"
            return
        state = StateHash()
        for place, (row,) in enumerate(row_by_row(db, "SELECT body FROM rows ORDER BY kind, key"), 1):
            state.add(row)
            if place % PART == 0:
                yield ""
        if state.digest() != signed:
            yield f"the rows do not have the state hash that was signed with version {version}"
