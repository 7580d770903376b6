"""Which of several core processes signs and proves: whoever holds the lease in the database, for as long as it is renewed.

Rules of this file:
- The holder may sign and prove for `LASTS_S` from before it began its last renewal, by its own monotonic clock, and not a
  moment longer: paused, cut off its database, or left behind on a server that lost its stand-by, it falls silent by itself.
- Another takes it over only after it has seen no renewal for `LASTS_S` and `APART_S` by its own monotonic clock: what the
  old one proved last is then too old for any lane (design §3). No two machines' clocks are compared.
- A core that ends in good order gives it back: then the next one need not wait; one that ends by a fault, its database's
  perhaps, does not. One that was killed, and whose place (a locked file of this machine) its successor has, is known to be dead.
- The holder says with each renewal, and at its end, whether its list is whole: it has listened to its lanes to the end, and
  nothing is missing. Whoever saw that over one session with the server, and nothing else of this term until it took the lease
  over, has the database that was served from, and no copy of the past. A server that only follows another is never waited at: its
  renewals are the other's, and what it lacks of the list, where it is promoted, cannot be seen in them.
- Taking it over changes the term. Every transaction of a core holds its term's key (`CoreStore.transaction`): those of the old one
  are over before, or fail.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg

from core.errors import CoreSettingsError
from core.ledger.store import LedgerConnection, connected, named
from runtime.clocks import machine_boot
from runtime.store_errors import StoreError, StoreReadOnlyError

log = logging.getLogger("rocars.core")

WITHOUT_A_WORD = "-"
"""The holder, where a core gave it back that could not say whether its list is whole."""

WHOLE = " (whole)"
"""Behind the holder's name: it has listened to its lanes, and its list is whole."""

LASTS_S = 2.0
"""How long a renewal counts."""

APART_S = 3.0
"""Between the end of the old lease and the first thing that the next holder signs: how old a proof may be for a lane."""

BOOT = "ROCARS_CORE_BOOT"
"""The variable by which the core's unit names the boot."""

EVERY_S = 0.4
"""Between two renewals, and between two looks of who waits."""


class CorePlace:
    """What tells cores of one machine apart: a file that the running one has locked, until the kernel ends it.

    Args:
        file: made if missing.

    Raises:
        CoreSettingsError: another process has it.
    """

    def __init__(self, file: Path) -> None:
        self.name = f"{_machine()}:{file.absolute()}"
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise CoreSettingsError(
                f"another core runs here (`fuser {file}` names it); stop that one, or name another core.admin_socket"
            ) from error

    def leave(self) -> None:
        """Lets the next process have it."""
        os.close(self._descriptor)


def _machine() -> str:
    """One running kernel: copies of a machine, as off-site ones often are, have one machine-id, and never one boot.

    The unit's sandbox hides /proc/sys, so it names the boot itself (systemd's %b).
    """
    booted = os.environ.get(BOOT) or machine_boot()
    with suppress(OSError):
        return f"{Path('/etc/machine-id').read_text(encoding='ascii').strip()}/{booted}"
    return f"{os.uname().nodename}/{booted}"


class Lease:
    """A core's part in it.

    Args:
        dsn: the database.
        place: of this process.

    Attributes:
        term: whose key transactions hold; 0 while it is another's.
        is_lost: another has taken it over.
        is_whole: what this core says of its list.
        saw_it_served: over one session with the server this process saw another renew it, with a whole list, and then no more.
        was_kept: it was this process's own before, and is again, before anybody else could have taken it over anywhere.
    """

    def __init__(self, dsn: str, place: CorePlace) -> None:
        self._dsn = dsn
        self._place = place
        self._connection: LedgerConnection | None = None
        self._until = 0.0
        self._over = threading.Event()
        self._renewer: threading.Thread | None = None
        self._doubtful = False
        self._renewed = 0.0
        self.is_lost = False
        self.is_whole = self._in_one_session = False
        self.saw_it_served = self.was_kept = False
        self.term = 0

    def is_live(self) -> bool:
        """Whether this core may sign or prove something now."""
        return time.monotonic() < self._until

    def take(self, stop: Callable[[], bool] = lambda: False) -> bool:
        """Waits until it is this core's, however long that takes; False where `stop` said so meanwhile.

        A database that is away is waited for: a core that ended for want of it would be started again all the time.
        """
        self.is_lost = False
        held, elsewhere = self.term, self._renewed + LASTS_S + APART_S
        seen = (0, 0)
        since, told, served, unbroken = time.monotonic(), "", 0, False
        while not stop():
            try:
                now = time.monotonic()
                term, holder, beat = self._look()
                if (term, beat) != seen:
                    goes_on = unbroken and term == seen[0] and beat > seen[1]  # no copy, loaded under this session
                    is_said = holder.endswith(WHOLE) or (not holder and served == term)
                    served = term if goes_on and is_said else 0
                    seen = (term, beat)
                    since = time.monotonic()  # and not `now`: it was renewed later than that, where the look took long
                unbroken, is_own = True, holder.removesuffix(WHOLE) == self._place.name
                free = is_own or holder in {"", WITHOUT_A_WORD} or now - since >= LASTS_S + APART_S
                if free and self._take_over(term, beat):
                    self.saw_it_served = served == term and not is_own
                    self.was_kept = is_own and term == held and time.monotonic() < elsewhere
                    self._renew_from_now_on()
                    return True
                if told != (other := holder.removesuffix(WHOLE)):
                    log.info("another core has the lease (%s); this one stands by", other)
                    told = other
            except (psycopg.Error, StoreError) as error:
                self._drop()
                served, unbroken = 0, False
                if told != str(error):
                    log.warning("the lease cannot be had yet: %s", error)
                    told = str(error)
            time.sleep(EVERY_S / 4)
        return False

    def _db(self) -> LedgerConnection:
        if self._connection is None:
            patience = ["-c", f"statement_timeout={round(1_000 * LASTS_S)}"]
            self._connection = connected(self._dsn, options=" ".join(patience))
            self._connection.add_notice_handler(self._on_notice)
        return self._connection

    def _on_notice(self, told: psycopg.errors.Diagnostic) -> None:
        """A renewal, or a take-over, for which the stand-by was not waited any longer is none."""
        self._doubtful = self._doubtful or told.severity_nonlocalized == "WARNING"

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _look(self) -> tuple[int, str, int]:
        row = self._db().execute("SELECT term, holder, beat, pg_is_in_recovery() FROM lease").fetchone()
        if row is None:
            raise StoreError(f"{named(self._dsn)}: its lease is gone; restore the database")
        if row[3]:
            raise StoreReadOnlyError(
                f"{named(self._dsn)}: the server follows another; this core waits until it is promoted"
            )
        return int(row[0]), str(row[1]), int(row[2])

    def _take_over(self, term: int, beat: int) -> bool:
        """Unless it was renewed, or taken over, since it was looked at."""
        began, self._doubtful = time.monotonic(), False
        done = self._db().execute(
            "UPDATE lease SET term = term + 1, holder = %s, beat = beat + 1 WHERE term = %s AND beat = %s RETURNING term",
            (self._place.name, term, beat),
        )
        row = done.fetchone()
        if row is None or self._doubtful:
            return False
        self.term, self._until, self._renewed = int(row[0]), began + LASTS_S, began
        return True

    def _renew_from_now_on(self) -> None:
        self.is_whole, self._in_one_session = False, True
        self._over.clear()
        self._renewer = threading.Thread(target=self._renew, name="lease", daemon=True)
        self._renewer.start()

    def _renew(self) -> None:
        while not self._over.wait(EVERY_S):
            began, self._doubtful = time.monotonic(), False
            try:
                says = self._place.name + (WHOLE if self.is_whole and self._in_one_session else "")
                renewal = "UPDATE lease SET beat = beat + 1, holder = %s WHERE term = %s"
                done = self._db().execute(renewal, (says, self.term))
            except (psycopg.Error, StoreError) as error:
                log.warning("the lease was not renewed: %s", error)
                self._drop()
                self._in_one_session = False  # it may reach another server now than the store does
                continue
            if done.rowcount != 1:
                log.error("another core has taken the lease over; this one says nothing any more")
                self._until, self.is_lost = 0.0, True
                return
            if not (self._over.is_set() or self._doubtful):
                self._until, self._renewed = began + LASTS_S, began

    def give_back(self) -> None:
        """This core ends in good order and has said its last word."""
        self._fall_silent()
        holder = "" if self.is_whole and self._in_one_session else WITHOUT_A_WORD
        if held := self.term:
            with suppress(psycopg.Error, StoreError):
                self._db().execute("UPDATE lease SET holder = %s, beat = beat + 1 WHERE term = %s", (holder, held))
        self._drop()

    def leave(self) -> None:
        """This core ends by a fault: whoever stands by waits for the lease's end, and does not take its word for anything."""
        self._fall_silent()
        self._drop()

    def _fall_silent(self) -> None:
        self._over.set()
        if self._renewer is not None:
            self._renewer.join()
        self._until = 0.0
