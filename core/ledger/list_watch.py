"""Whether the list in the store is still the sum of its signed deltas: looked at while the core runs.

Rules of this file:
- Before each proof: whether another program has written into the store since. Then everything is proved anew at once.
- Besides, all the time, in the background, from a connection of its own: every signature and every link of the chain since the
  newest checkpoint, and every row, a few at a time. What is found there stays found: only people end it.
- Each time also what lies between two older checkpoints, another pair the next time: all of it within so many times.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing

from core.errors import HistoryError
from core.ledger import checkpoints
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
        self._rounds = 0
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

    @property
    def found(self) -> str:
        """What was found so far, without another look."""
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
        try:
            reached = yield from self._followed(db, epoch, version, version)
            yield from self._older(db, epoch)
        except HistoryError as error:
            yield str(error)
            return
        if reached != (version, log_hash, state_hash):
            yield f"the head, version {version}, is not where the signed deltas lead"
            return
        state = StateHash()
        for place, (row,) in enumerate(row_by_row(db, "SELECT body FROM rows ORDER BY kind, key"), 1):
            state.add(row)
            if place % PART == 0:
                yield ""
        if state.digest() != state_hash:
            yield f"the rows do not have the state hash that was signed with version {version}"

    def _older(self, db: LedgerConnection, epoch: str) -> Generator[str, None, None]:
        """From one older checkpoint to the next."""
        kept = checkpoints.versions(db, epoch)
        if not kept:
            return
        end = kept[self._rounds % len(kept)]
        self._rounds += 1
        point = checkpoints.before(db, self._log.ring, epoch, end)
        if point is None:
            return
        if (yield from self._followed(db, epoch, end - 1, end)) != (end, point.log_hash, point.state_hash):
            yield f"the checkpoint of version {end} is not where the signed deltas lead"

    def _followed(
        self, db: LedgerConnection, epoch: str, start: int, end: int
    ) -> Generator[str, None, tuple[int, bytes, bytes]]:
        """Goes along the deltas up to `end`, from the newest checkpoint up to `start`; where they lead.

        Raises:
            HistoryError: a delta or the checkpoint cannot be believed, or does not follow.
        """
        point = checkpoints.before(db, self._log.ring, epoch, start)
        seen, chain, signed = 0, log_start(epoch), StateHash().digest()
        if point is not None:
            seen, chain, signed = point.version, point.log_hash, point.state_hash
        deltas = "SELECT version, payload FROM log WHERE epoch=%s AND version>%s AND version<=%s ORDER BY version"
        for number, payload in row_by_row(db, deltas, (epoch, seen, end)):
            try:
                body = self._log.ring.open(LOG, payload)
                delta = decode(Delta, body)
            except WireError as error:
                raise HistoryError(f"delta {number} of epoch {epoch} cannot be believed: {error}") from error
            if (delta.epoch, delta.version, delta.previous) != (epoch, seen + 1, chain):
                raise HistoryError(f"delta {number} of epoch {epoch} does not follow delta {seen}")
            seen, chain, signed = delta.version, log_next(chain, body), delta.state_hash
            if seen % PART == 0:
                yield ""
        return seen, chain, signed
