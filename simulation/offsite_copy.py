"""A third private PostgreSQL server far away: it follows the first site's primary, and nobody waits for it.

Rules of this file:
- Its line to the primary is a relay of this process, which can be cut: the copy then falls behind, as one does on a slow line.
- It takes over no rule of whom to wait for: promoted with the first site's, it would wait for ever for servers that are dead.
"""

from __future__ import annotations

import asyncio
import time

import psycopg

from runtime.clocks import utc_ms
from simulation.cluster import ClusterError, PrivateCluster
from simulation.cluster_pair import SETTINGS
from simulation.database_cable import DatabaseCable

PATIENCE_S = 60.0


class OffsiteCopy:
    """One of them.

    Args:
        primary: whom it follows.

    Attributes:
        server: the copy.
        line: between the two.
    """

    def __init__(self, primary: PrivateCluster) -> None:
        self._primary, self._made_ms = primary, 0
        self.server = PrivateCluster(durable=True, settings=SETTINGS)
        self.line = DatabaseCable(primary.folder)

    async def start(self) -> None:
        """Makes it, and returns when it follows.

        Raises:
            ClusterError: it does not.
        """
        await self.line.start()
        self._made_ms = utc_ms()
        await asyncio.to_thread(self.server.copy_of, self._primary, through=self.line.folder)
        await asyncio.to_thread(self.server.start)
        await asyncio.to_thread(self.server.set, "synchronous_standby_names", "")
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if await asyncio.to_thread(self._follows):
                return
            await asyncio.sleep(0.05)
        raise ClusterError("the off-site copy does not follow the primary")

    def _follows(self) -> bool:
        with psycopg.connect(self._primary.dsn()) as connection:
            sql = "SELECT sync_state FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming'"
            return connection.execute(sql, (self.server.name,)).fetchone() == ("async",)

    def copied_until_ms(self) -> int:
        """When the newest transaction that it has was committed at the primary, UTC ms; before it is promoted."""
        with psycopg.connect(self.server.dsn()) as connection:
            row = connection.execute("SELECT 1000 * extract(epoch FROM pg_last_xact_replay_timestamp())").fetchone()
        return int(row[0]) if row is not None and row[0] is not None else self._made_ms

    async def stop(self) -> None:
        """Server and line; its files are gone."""
        await asyncio.to_thread(self.server.stop)
        await self.line.stop()
