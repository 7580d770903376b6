"""The box's own health: can the store still be written, how much room is left, how worn is the flash.

After a power cut a card can come up read-only while every service "runs" (openmptcprouter 323): only writing proves
writing. So a few bytes are written, synced, renamed, read back and removed, in the store's own folder.

Rules of this file
- A probe that fails, or does not come back, is `FaultRaised(Fault.STORE)`; the next good one clears it.
- Little room and worn flash are alarms, told once until they have gone and come again. Room is little below a number
  of megabytes, and also where it will have gone within a number of hours at the rate of the last hours: people need
  time to come. Evidence is asked to make room first; the journal is never touched.
- Nothing here blocks the event loop: probes run in a thread, and one that hangs is never doubled.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from domain.alarms import LaneAlarmKind
from lane_agent.effects import Alarm, AlarmEnded
from lane_agent.events import FaultCleared, FaultRaised
from lane_agent.model import Fault

HealthEvent = FaultRaised | FaultCleared | Alarm | AlarmEnded
"""What the monitor tells: faults for the lane, alarms for people, and the end of each."""

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class DiskRoom:
    """One look at the store's disk.

    Attributes:
        write_ms: how long the durable write took.
        free_mb: room for this user, MB of 10^6 bytes.
        wear_percent: the flash's own estimate of life used (eMMC, steps of ten), None where it does not say.
    """

    write_ms: float
    free_mb: int
    wear_percent: int | None


def probe_write(folder: Path) -> float:
    """Writes a few bytes durably, reads them back and removes them; returns the milliseconds it took.

    Raises:
        OSError: the folder cannot be written; or what was read is not what was written.
    """
    began = time.monotonic_ns()
    fresh, kept = folder / f".probe-{os.getpid()}.new", folder / f".probe-{os.getpid()}"
    token = os.urandom(16)
    try:
        with fresh.open("wb") as out:
            out.write(token)
            out.flush()
            os.fsync(out.fileno())
        fresh.rename(kept)
        _sync_folder(folder)
        if kept.read_bytes() != token:
            raise OSError(f"{folder} gives back other bytes than were written: replace the disk")
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
            kept.unlink(missing_ok=True)
    return (time.monotonic_ns() - began) / 1_000_000


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def free_mb(folder: Path) -> int:
    """Room left for this user in MB.

    Raises:
        OSError: the folder is not there.
    """
    seen = os.statvfs(folder)
    return seen.f_bavail * seen.f_frsize // _MEGABYTE


def wear_percent(sys_block: Path = Path("/sys/block")) -> int | None:
    """Life used by the worst eMMC, as its two estimators say (JEDEC: 1 is 0-10 %, 11 is past its life); else None."""
    worst: int | None = None
    for life in sys_block.glob("mmcblk*/device/life_time"):
        with suppress(OSError, ValueError):
            grades = [int(word, 16) for word in life.read_text().split()]
            worst = max([worst or 0, *(10 * grade for grade in grades)])
    return worst


def look(folder: Path, sys_block: Path = Path("/sys/block")) -> DiskRoom:
    """One probe of everything.

    Raises:
        OSError: the folder cannot be written.
    """
    return DiskRoom(write_ms=probe_write(folder), free_mb=free_mb(folder), wear_percent=wear_percent(sys_block))


class Rate:
    """How fast room goes, by the looks of the last hours; a jump up (somebody made room) begins the count anew."""

    def __init__(self, clock: Callable[[], float], *, over_s: float = 6 * 3_600.0, least_s: float = 600.0) -> None:
        self._clock = clock
        self._over_s = over_s
        self._least_s = least_s
        self._seen: deque[tuple[float, int]] = deque()

    def hours_left(self, free_mb: int, until_mb: int) -> float | None:
        """Hours until no more than `until_mb` are free, None while that cannot be said; takes this look in."""
        now, seen = self._clock(), self._seen
        if seen and free_mb > seen[-1][1]:
            seen.clear()
        seen.append((now, free_mb))
        while now - seen[0][0] > self._over_s:
            seen.popleft()
        passed, gone = now - seen[0][0], seen[0][1] - free_mb
        if passed < self._least_s or gone <= 0:
            return None
        return max(0, free_mb - until_mb) / gone * passed / 3_600


class StoreWatch:
    """Looks at the disk again and again and tells what changed.

    Args:
        look: one look; runs in a thread and may raise OSError.
        tell: takes each event, in the event loop's thread.
        every_s: between two looks.
        limit_s: a look that takes longer is a fault.
        min_free_mb: below it is a fault. warn_free_mb: below it is an alarm.
        warn_hours: less than these hours until the fault, at the present rate, is an alarm too; 0 for never.
        wear_limit: percent of life used that is an alarm.
        relieve: told how many megabytes are short of `warn_free_mb`, at each look; must not block.
        clock: seconds, for the rate.
    """

    def __init__(
        self,
        *,
        look: Callable[[], DiskRoom],
        tell: Callable[[HealthEvent], None],
        every_s: float = 30.0,
        limit_s: float = 10.0,
        min_free_mb: int = 200,
        warn_free_mb: int = 1_000,
        warn_hours: int = 48,
        wear_limit: int = 90,
        relieve: Callable[[int], None] = lambda _short_mb: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look, self._tell = look, tell
        self._every_s, self._limit_s = every_s, limit_s
        self._min_free_mb, self._warn_free_mb, self._wear_limit = min_free_mb, warn_free_mb, wear_limit
        self._warn_hours, self._relieve = warn_hours, relieve
        self._rate = Rate(clock)
        self._fault = ""
        self._alarms: set[LaneAlarmKind] = set()

    async def run(self) -> None:
        """Looks until cancelled."""
        loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1, thread_name_prefix="store-watch")
        try:
            while True:
                await self._once(loop.run_in_executor(thread, self._look))
                await asyncio.sleep(self._every_s)
        finally:
            thread.shutdown(wait=False, cancel_futures=True)

    async def _once(self, looking: asyncio.Future[DiskRoom]) -> None:
        await asyncio.wait({looking}, timeout=self._limit_s)
        if not looking.done():
            self._broken(f"the store's disk did not answer within {self._limit_s:g} s: check or replace it")
            await asyncio.wait({looking})
        try:
            self._judge(looking.result())
        except OSError as problem:
            self._broken(f"the store cannot be written ({problem}): check disk, mount and owner")

    def _judge(self, disk: DiskRoom) -> None:
        if disk.free_mb < self._min_free_mb:
            self._broken(f"only {disk.free_mb} MB left for the store: free some room")
        elif self._fault:
            self._fault = ""
            self._tell(FaultCleared(Fault.STORE))
        if disk.free_mb < self._warn_free_mb:
            self._relieve(self._warn_free_mb - disk.free_mb)
        self._alarm(LaneAlarmKind.STORE_ROOM_LOW, self._little(disk.free_mb))
        worn = disk.wear_percent is not None and disk.wear_percent >= self._wear_limit
        self._alarm(LaneAlarmKind.STORE_WORN, f"flash at {disk.wear_percent} % of its life: replace it" if worn else "")

    def _little(self, free_mb: int) -> str:
        """Why room is little, "" if it is not."""
        hours = self._rate.hours_left(free_mb, self._min_free_mb)
        soon = hours is not None and hours < self._warn_hours
        if free_mb >= self._warn_free_mb and not soon:
            return ""
        when = "" if hours is None else f", {hours:.0f} hours at the present rate"
        return f"{free_mb} MB left for the store{when}"

    def _broken(self, why: str) -> None:
        if not self._fault:
            self._tell(FaultRaised(Fault.STORE, why))
        self._fault = why

    def _alarm(self, kind: LaneAlarmKind, detail: str) -> None:
        if detail and kind not in self._alarms:
            self._tell(Alarm(kind, 0, detail))
            self._alarms.add(kind)
        elif not detail and kind in self._alarms:
            self._tell(AlarmEnded(kind, 0))
            self._alarms.discard(kind)
