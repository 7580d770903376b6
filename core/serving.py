"""A core's process from its start to its end: it stands by, serves once the lease is its own, and stands by again.

Rules of this file:
- A core that loses its database's server, or the lease, forgets all that it was about, as if it had been started anew: whether
  its last transaction was kept is for the database to say. Any other fault ends the process, and its unit starts it again.
- One thing goes on: the newest list that it told anybody of. A core that has the lease again before another could have had it
  anywhere, in a database that says this list, hash for hash, has nobody to listen to first (`link.wholeness`).
- Each time has an event loop of its own: what the time before had open is closed with it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

import psycopg

from core.ledger.lease import CorePlace, Lease
from core.ledger.log import LogPlace
from core.ledger.store import is_away
from core.parts import CoreParts
from core.service import CoreService
from core.settings import CoreSettings
from domain.times import UtcClock
from runtime.store_errors import StoreError

log = logging.getLogger("rocars.core")

_SWITCH_S = 0.000_5
"""So long a thread that makes a snapshot or proves the list keeps the loop from its turn (the interpreter's default: 5 ms, ten
times a proof)."""


class CoreProcess:
    """One process.

    Args:
        settings: the whole file.
        clock: the present time, UTC ms.
        file: the settings' file, to be watched for other profiles.

    Raises:
        CoreSettingsError: another process has the admin socket of these settings.
    """

    def __init__(self, settings: CoreSettings, clock: UtcClock, file: Path) -> None:
        self._settings, self._clock, self._file = settings, clock, file
        socket = settings.core.admin_socket
        self._lease = Lease(settings.core.database, CorePlace(socket.with_name(f"{socket.name}.lock")))
        self._told: LogPlace | None = None
        self._is_over = False

    def run(self) -> None:
        """Until it is told to stop (SIGTERM, Ctrl-C).

        Raises:
            StoreError, psycopg.Error: the database has failed otherwise than by being away.
            OSError: the admin socket cannot be made.
        """
        sys.setswitchinterval(_SWITCH_S)
        while True:
            try:
                asyncio.run(self._once())
            except (psycopg.Error, StoreError) as error:
                if not (is_away(error) or self._lease.is_lost):
                    raise
                if self._is_over:  # told to stop while it ended by this
                    return
                log.error("the database is lost, and nothing more is said; this core stands by: %s", error)  # noqa: TRY400 - for people
            else:
                return

    async def _once(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ends, stop)
        if not await asyncio.to_thread(self._lease.take, stop.is_set):
            return
        if not self._lease.was_kept:
            self._told = None
        parts = self._parts()
        head = parts.log.head()
        note = f"serving {len(parts.registry.rings)} lanes; list at version {head.version} of epoch {head.epoch}"
        if parts.knows_its_database():
            note += "; its database is known, and no lane need be listened to first"
        try:
            await CoreService(parts, lambda: log.info(note)).run(stop)
        finally:
            self._told = parts.exchange.told()

    def _ends(self, stop: asyncio.Event) -> None:
        self._is_over = True
        stop.set()

    def _parts(self) -> CoreParts:
        try:
            return CoreParts(self._settings, self._clock, self._file, self._lease, self._told)
        except (psycopg.Error, StoreError):
            self._lease.leave()
            raise
        except BaseException:
            self._lease.give_back()
            raise
