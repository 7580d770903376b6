"""What the store keeps of the core's clock: how far it is expected to be ahead of this machine's monotonic one.

Rules of this file: the monotonic clock restarts with the machine; what was kept before that is not read.
"""

from __future__ import annotations

from sync.link import Ahead
from sync.store import LaneStore

_NS = 1_000_000


class ClockBook:
    """The one row.

    Args:
        store: open.
        machine_boot: names the time since the machine's start; with "" nothing is kept.
    """

    def __init__(self, store: LaneStore, machine_boot: str) -> None:
        self._store = store
        self._boot = machine_boot

    def ahead(self) -> Ahead | None:
        """What was kept since this machine's start."""
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT low_ms, high_ms, at_ms FROM core_clock WHERE boot = ? AND boot <> ''", (self._boot,)
            ).fetchone()
        return None if row is None else Ahead(row[0] * _NS, row[1] * _NS, row[2])

    def keep(self, ahead: Ahead) -> None:
        """Makes it durable, in whole milliseconds, rounded outwards.

        Raises:
            StoreError: what was kept before is still there.
        """
        if not self._boot:
            return
        values = (self._boot, ahead.low // _NS, -(-ahead.high // _NS), ahead.at_ms)
        with self._store.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO core_clock VALUES (1, ?, ?, ?, ?)", values)
