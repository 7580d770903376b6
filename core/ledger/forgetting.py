"""The list does not age: rows that have ended leave it (design §4).

Rules of this file:
- What may leave, `wire.forgetting` says, for core and lanes alike; here it is when: a day after a bundle was used, withdrawn or
  ran out, or an approval was removed.
- What anybody still has to speak about stays: a bundle that a lane has claimed, or whose use is disputed, and a row of which a
  change waits to be signed.
- Nothing is forgotten by a clock that was just set: not within the first hour of a steady clock.
- A little at a time: a lane gets one delta a minute by it, and after a long pause one a second.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from core.ledger.log import ReplicatedLog
from core.ledger.store import CoreStore
from domain.times import DAY_MS
from wire.codec import decode_record
from wire.forgetting import ends_ms, why_kept

log = logging.getLogger("rocars.core")

AT_ONCE = 100
"""Rows that leave by one delta: some ten milliseconds of the core's and of every lane's."""

EVERY_MS = 60_000
"""Between two times that rows are looked for."""

STEADY_MS = 3_600_000
"""How long the clock must have been steady."""

STEP_MS = 10_000
"""A clock that moved by so much against the monotonic one was set."""

KNOWN_MS = 400 * DAY_MS
"""How long it is known what a forgotten row was."""

_SWEPT = 2_000  # of those too old, at a time

_ENDED = (
    "SELECT kind, key, ends_ms, body FROM rows WHERE ends_ms <= %s "
    "AND NOT EXISTS (SELECT 1 FROM changes WHERE changes.kind = rows.kind AND changes.key = rows.key) "
    "AND (kind <> 'bundle' OR NOT EXISTS (SELECT 1 FROM claims WHERE ubr = rows.key) "
    "AND NOT EXISTS (SELECT 1 FROM disputes WHERE ubr = rows.key)) ORDER BY ends_ms LIMIT %s"
)


class Forgetter:
    """Takes ended rows out of the list.

    Args:
        store, log: the core's.
        ticks: a clock for durations, ms; nobody sets it.
    """

    def __init__(self, store: CoreStore, log: ReplicatedLog, *, ticks: Callable[[], int]) -> None:
        self._store = store
        self._log = log
        self._ticks = ticks
        self._steady_ms = min(STEADY_MS, log.keep_ms)
        self._every_ms = min(EVERY_MS, log.keep_ms)
        self._ahead: int | None = None
        self._since = self._next = ticks()

    def tick(self, now_ms: int) -> int:
        """What is due at `now_ms` (UTC); how many rows were forgotten.

        Raises:
            HistoryError: the list is not what was signed.
            StoreError: it is not known what was kept.
        """
        now = self._ticks()
        if not self._is_steady(now_ms, now) or now < self._next:
            return 0
        looked, gone = self._forget(now_ms)
        self._next = now + (0 if looked == AT_ONCE else self._every_ms)
        return gone

    def _is_steady(self, now_ms: int, now: int) -> bool:
        ahead = now_ms - now
        if self._ahead is None or abs(ahead - self._ahead) > STEP_MS:
            if self._ahead is not None:
                log.warning(
                    "the clock was set by %d s: no row is forgotten for a while", (ahead - self._ahead) // 1_000
                )
            self._since = now
        self._ahead = ahead
        return now - self._since >= self._steady_ms

    def _forget(self, now_ms: int) -> tuple[int, int]:
        """How many rows were looked at, and how many have left."""
        with self._store.transaction() as db:
            found = db.execute(_ENDED, (now_ms, AT_ONCE)).fetchall()
            leaving = []
            for kind, key, ends, body in found:
                row = decode_record(body)
                if ends and not why_kept(row, now_ms):
                    leaving.append((kind, key))
                else:  # of before this was counted, or told wrong: from now on
                    later = ends_ms(row, now_ms, self._log.keep_ms)
                    db.execute("UPDATE rows SET ends_ms=%s WHERE kind=%s AND key=%s", (later, kind, key))
            self._log.forget(leaving, at_ms=now_ms)
            db.execute(
                "DELETE FROM forgotten WHERE (kind, key) IN "
                "(SELECT kind, key FROM forgotten WHERE at_ms < %s ORDER BY at_ms LIMIT %s)",
                (now_ms - KNOWN_MS, _SWEPT),
            )
        return len(found), len(leaving)
