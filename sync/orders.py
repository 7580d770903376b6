"""What the store keeps of commands from the centre: which were taken, and the mode that has to revert.

Rules of this file: a command and what it sets to revert are one transaction; nothing is carried out before it.
"""

from __future__ import annotations

from sync.link import KeepOrder, Revert
from sync.store import LaneStore


class OrderBook:
    """The commands in the store."""

    def __init__(self, store: LaneStore) -> None:
        self._store = store

    def taken(self) -> dict[str, int]:
        """Identifier to expiry (the core's time) of every command that is still remembered."""
        with self._store.reading() as connection:
            return dict(connection.execute("SELECT command, expires_ms FROM orders").fetchall())

    def revert(self) -> Revert | None:
        """The mode that has to end by itself."""
        with self._store.reading() as connection:
            found = connection.execute("SELECT issuer, until_ms FROM order_revert").fetchone()
        return Revert(*found) if found else None

    def keep(self, order: KeepOrder) -> None:
        """Makes a command durable, and forgets those that expired long ago.

        Raises:
            StoreError: nothing was kept; do not carry it out.
        """
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM orders WHERE expires_ms <= ?", (order.forget_ms,))
            connection.execute("INSERT OR REPLACE INTO orders VALUES (?, ?)", (order.command, order.expires_ms))
            connection.execute("DELETE FROM order_revert")
            if order.revert is not None:
                values = (order.revert.issuer, order.revert.until_ms)
                connection.execute("INSERT INTO order_revert VALUES (1, ?, ?)", values)

    def drop_revert(self) -> None:
        """Nothing has to end by itself any more.

        Raises:
            StoreError: it is still kept; the lane is told of the mode's end once more after a restart.
        """
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM order_revert")
