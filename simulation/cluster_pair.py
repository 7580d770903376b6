"""Two private PostgreSQL servers, one the other's synchronous stand-by; either may be the primary.

Rules of this file:
- Each waits for its disk, and the primary for its stand-by with each commit, as `docs/installing.md` has it.
- A primary that died never comes back as one after its stand-by was promoted: it is made anew, as a copy.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from simulation.cluster import ClusterError, PrivateCluster

PATIENCE_S = 60.0
SETTINGS = ("wal_retrieve_retry_interval=500ms", "wal_log_hints=on", "wal_keep_size=128MB")
"""How soon a stand-by comes back to a primary that was away: no commit returns before it does. And what `pg_rewind` needs: without
`wal_keep_size` one start of a dead server throws away the log from which its way back is found."""

_WAITS_FOR = "synchronous_standby_names"
_LEVEL = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn >= pg_current_wal_flush_lsn() - 65536"
"""Who follows within 64 KiB; the rest comes when the server is ended in good order."""


class ClusterPair:
    """Both, by their places 0 and 1.

    Attributes:
        clusters: the servers.
        first: the place of the present primary.
    """

    def __init__(self) -> None:
        self.clusters = tuple(PrivateCluster(durable=True, settings=SETTINGS) for _ in range(2))
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
        """From now on; set after the copy was made, so that a stand-by which is promoted waits for nobody.

        By its name: a copy far away, which follows as well, is not waited for.
        """
        self.primary.set(_WAITS_FOR, self.standby.name)
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

    def crash(self) -> None:
        """Both, at one moment."""
        with ThreadPoolExecutor(2) as hands:
            list(hands.map(PrivateCluster.crash, self.clusters))

    def come_back(self, elsewhere: PrivateCluster) -> None:
        """Both, dead, follow the server that took their place: one is rewound, the other made anew. Returns when they have all of it."""
        self.primary.rewind_to(elsewhere)
        self.standby.start_anew(elsewhere)
        end = time.monotonic() + PATIENCE_S
        with psycopg.connect(elsewhere.dsn(), autocommit=True) as connection:
            while time.monotonic() < end:
                found = connection.execute(_LEVEL).fetchone()
                if found == (len(self.clusters),):
                    return
                time.sleep(0.05)
        raise ClusterError("the servers that come back do not reach the one that took their place")

    def take_back(self, elsewhere: PrivateCluster) -> None:
        """The server that took their place is ended in good order, and the primary is one again, with its stand-by."""
        elsewhere.halt()
        self.primary.promote()
        self.standby.follow(self.primary)
        self._wait_for_standby()

    def stop(self) -> None:
        """Both."""
        self.primary.stop()
        self.standby.stop()
