"""Two private PostgreSQL servers, one the other's synchronous stand-by; either may be the primary.

Rules of this file:
- Each waits for its disk, and the primary for its stand-by with each commit, as `docs/installing.md` has it.
- A primary that died never comes back as one after its stand-by was promoted: it is made anew, as a copy.
"""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from simulation.cluster import ClusterError, PrivateCluster

PATIENCE_S = 60.0
_SOON = ("wal_retrieve_retry_interval=500ms",)
"""How soon a stand-by comes back to a primary that was away: no commit returns before it does."""

_WAITS_FOR = "synchronous_standby_names"


class ClusterPair:
    """Both, by their places 0 and 1.

    Attributes:
        clusters: the servers.
        first: the place of the present primary.
    """

    def __init__(self) -> None:
        self.clusters = (PrivateCluster(durable=True, settings=_SOON), PrivateCluster(durable=True, settings=_SOON))
        self.first = 0

    @property
    def primary(self) -> PrivateCluster:
        """The one that takes changes."""
        return self.clusters[self.first]

    @property
    def standby(self) -> PrivateCluster:
        """The other one."""
        return self.clusters[1 - self.first]

    def dsn(self, database: str, *folders: Path) -> str:
        """How to connect to whichever is the primary; `folders` in place of the servers' own, where relays listen."""
        hosts = ",".join(map(str, folders or [one.folder for one in self.clusters]))
        return f"host={hosts} dbname={database} user=postgres target_session_attrs=read-write"

    def start(self) -> None:
        """Both; returns when the primary waits for its stand-by.

        Raises:
            ClusterError: one of them does not come up.
        """
        self.primary.start()
        self.standby.copy_of(self.primary)
        self.standby.start()
        self._wait_for_standby()

    def _wait_for_standby(self) -> None:
        """From now on; set after the copy was made, so that a stand-by which is promoted waits for nobody."""
        self.primary.set(_WAITS_FOR, "*")
        end = time.monotonic() + PATIENCE_S
        with psycopg.connect(self.primary.dsn(), autocommit=True) as connection:
            while time.monotonic() < end:
                if connection.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone():
                    return
                time.sleep(0.05)
        raise ClusterError("the stand-by does not follow the primary")

    def promote(self) -> None:
        """The primary is dead: its stand-by becomes the primary, and stands alone until `rejoin`."""
        self.standby.promote()
        self.first = 1 - self.first

    def rejoin(self) -> None:
        """The dead server becomes the stand-by of the present primary."""
        self.standby.start_anew(self.primary)
        self._wait_for_standby()

    def stop(self) -> None:
        """Both."""
        self.primary.stop()
        self.standby.stop()
