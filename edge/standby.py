"""A lane whose store cannot be opened at its start: full or read-only disk, damaged file. It must not stay dark for that.

`preflight` makes room on a full disk first. If the store cannot be opened all the same, the lane starts with a store in memory
in its place, in manual mode with the fault STORE, which says why; so officers have their page and drivers their screens. The
law shows 3 to nobody in that state (design §2.8).

Rules of this file
- The store that waits is looked at again and again; once it takes a row, and no vehicle is in the lane, the lane ends, for systemd to
  start it again with its own store.
- What was recorded meanwhile is put beside the store as `<name>.by-hand-<n>` at that start, for officers to type in from; nothing
  of it is sent to the core, to whom this journal would be a stranger's.
- A store that another process has is no such case: two lanes on one box are refused.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from edge.health import free_mb
from edge.remote_orders import retention
from edge.settings.load import Settings
from lane_agent.events import Event, FaultCleared, FaultRaised
from lane_agent.model import Fault
from runtime.clocks import utc_ms
from runtime.files import flush_folder
from runtime.store_errors import StoreBusyError, StoreError
from sync.evidence import Evidence, named
from sync.journal import Chain
from sync.store import LaneStore

log = logging.getLogger("rocars.lane")

_SAFE_MS = 3_600_000
"""Pictures so much older than the last page that came into the store's file may be named by rows that are still in its WAL."""
_LITTLE_MB = 50


class Standby:
    """The lane's settings with a store in memory, and what is waited for.

    Args:
        settings: of the lane.
        why: what is wrong with its own store.

    Raises:
        OSError: there is no place in memory either.
    """

    def __init__(self, settings: Settings, why: str) -> None:
        self._own = settings
        folder = stand_in_folder(settings.lane.id)
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.geteuid():
            raise OSError(f"{folder} belongs to somebody else: remove it")
        lane = msgspec.structs.replace(
            settings.lane, store=folder / settings.lane.store.name, evidence=folder / "evidence"
        )
        health = msgspec.structs.replace(settings.health, min_free_mb=0, warn_free_mb=_LITTLE_MB)
        self.settings = msgspec.structs.replace(settings, lane=lane, health=health)
        self.fault = FaultRaised(
            Fault.STORE, f"{why} - until then the lane records in memory only: write down what is cleared"
        )

    def is_news(self, event: Event) -> bool:
        """Whether the lane is to be told: that the store in memory is well is none."""
        return event != FaultCleared(Fault.STORE)

    async def until_back(self, empty: Callable[[], bool], every_s: float = 10.0) -> None:
        """Returns once the lane's own store takes a row, and `empty` says that no vehicle is in the lane."""
        while True:
            await asyncio.sleep(every_s)
            if empty() and await asyncio.to_thread(self._works):
                log.warning("the store can be used again: the lane ends, to be started with it")
                return

    def _works(self) -> bool:
        try:
            make_room(self._own)
            _try(self._own)
        except (StoreError, OSError) as error:
            log.info("the store cannot be used yet: %s", error)
            return False
        return True


def preflight(settings: Settings) -> Standby | None:
    """Makes room, tries the store, and keeps what an earlier standby recorded.

    Returns:
        What to start with instead of the lane's own store; None where that works.

    Raises:
        StoreBusyError: another process has it.
        OSError: it cannot be used, and nothing can be made in memory.
    """
    try:
        make_room(settings)
        _try(settings)
        _keep_by_hand(settings)
    except StoreBusyError:
        raise
    except (StoreError, OSError) as error:
        log.critical("the store cannot be used: %s", error)
        return Standby(settings, str(error))
    return None


def stand_in_folder(lane: str) -> Path:
    """Where a lane's store in memory is: in the unit's own folder, which outlives a restart of it, or in shared memory."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    places = [Path(each) for each in (given, "/dev/shm", tempfile.gettempdir()) if each]  # noqa: S108 - the folder is ours, or refused
    place = next((each for each in places if os.access(each, os.W_OK)), places[-1])
    return place / f"rocars-standby-{lane}"


def make_room(settings: Settings) -> None:
    """On a disk too full for the store the oldest pictures go, as while the lane runs; what the core may not have, stays.

    Raises:
        OSError: the disk refuses.
    """
    folder, health = settings.lane.store.parent, settings.health
    free = free_mb(folder)
    if free >= health.min_free_mb or not settings.lane.evidence.is_dir() or not settings.lane.store.exists():
        return
    evidence = Evidence(settings.lane.evidence, retention(settings.evidence), now_ms=utc_ms)
    wanted = (health.warn_free_mb - free) * 1_000_000
    made = evidence.make_room(wanted, lambda: _unacknowledged(settings))
    log.warning("the disk is full: %d pictures made room for the store, %d MB", made.files, made.freed // 1_000_000)


def _unacknowledged(settings: Settings) -> set[str]:
    """Pictures that the core may not have: named by rows of the file; and all that may be named by rows of its WAL."""
    store = settings.lane.store
    with LaneStore(store, read_only=True, as_it_is=True) as seen:
        chain = Chain(seen)
        names = named(row.body for row in chain.rows(chain.acknowledged + 1))
    since = store.stat().st_mtime - _SAFE_MS / 1_000
    files = (file for file in settings.lane.evidence.rglob("*") if file.is_file())
    return names | {file.name for file in files if file.stat().st_mtime >= since}


def _try(settings: Settings) -> None:
    """Opens and writes what the lane will, and closes it again.

    Raises:
        StoreError: it does not work.
    """
    with LaneStore(settings.lane.store) as store:
        store.probe()
    Evidence(settings.lane.evidence, retention(settings.evidence), now_ms=utc_ms)


def _keep_by_hand(settings: Settings) -> None:
    """Puts the journal of an earlier standby beside the store.

    Raises:
        OSError, sqlite3.Error: it cannot be written; it is where it was.
    """
    own, standby = settings.lane.store, stand_in_folder(settings.lane.id) / settings.lane.store.name
    if not standby.exists():
        return
    number = 1
    while (kept := own.with_name(f"{own.name}.by-hand-{number}")).exists():
        number += 1
    building = kept.with_name(kept.name + ".new")
    building.unlink(missing_ok=True)
    with closing(sqlite3.connect(standby)) as there, closing(sqlite3.connect(building)) as here:
        there.backup(here)
    building.rename(kept)
    flush_folder(kept.parent)
    for file in standby.parent.glob(f"{standby.name}*"):
        file.unlink()
    log.warning("what was recorded without the store is in %s: rocars-lane visits %s", kept, kept)
