"""Keys and certificates while the lane runs: who is told before one ends, and the core's new keys taken up.

Rules of this file
- A certificate near its end is an alarm, once a day: at the core, where somebody plans, and on the officers' page.
- Nothing is said by a clock that is unsure: a box that believes in 1970, or in 2070, would cry wolf.
- The folder of the core's keys is read again and again, so that a key the core will sign with soon, or no longer, needs
  no restart of the lane. A file there that is no key leaves the ring as it was, with an alarm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.x509 import Certificate

from domain.alarms import LaneAlarmKind
from lane_agent.model import Moment, TimeQuality
from wire.certificates import read_certificates
from wire.envelope import KeyRing

_LOOK_S = 600.0
_KEYS_S = 5.0
_DAY_MS = 86_400_000

RENEW = "renew it: rocars-lane enrol --config FILE, and the answer to it"


def endings(files: Iterable[Path], *, now: datetime, days: int) -> list[tuple[Path, datetime]]:
    """The files whose last certificate ends within so many days, and when; what cannot be read is the check's."""
    limit = now + timedelta(days=days)
    found = [(file, max(one.not_valid_after_utc for one in read)) for file in files if (read := _read(file))]
    return [(file, until) for file, until in found if until <= limit]


def _read(file: Path) -> list[Certificate]:
    try:
        return read_certificates(file.read_bytes())
    except (ValueError, OSError):
        return []


class IdentityWatch:
    """Watches them.

    Args:
        files: the certificates.
        days: how long before its end a certificate is an alarm.
        now: the box's clock.
        ring: what the link believes of the core.
        read_ring: reads the folder of the core's keys; raises OSError where a file there is no key.
        tell: takes (kind, detail, cause) of an alarm. over: takes (kind, cause) of one that has ended.
        changed: told when the link believes other keys than before.
    """

    def __init__(
        self,
        *,
        files: Iterable[Path],
        days: int,
        now: Callable[[], Moment],
        ring: KeyRing,
        read_ring: Callable[[], KeyRing],
        tell: Callable[[LaneAlarmKind, str, str], None],
        over: Callable[[LaneAlarmKind, str], None] = lambda _kind, _cause: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._files = tuple(files)
        self._days = days
        self._now = now
        self._ring = ring
        self._read_ring = read_ring
        self._tell = tell
        self._over = over
        self._changed = changed
        self._told_ms: dict[Path, int] = {}
        self._wrong = ""

    async def run(self) -> None:
        """Watches until cancelled."""
        while True:
            self.look()
            for _ in range(int(_LOOK_S / _KEYS_S)):
                self.look_at_keys()
                await asyncio.sleep(_KEYS_S)

    def look(self) -> None:
        """One look at the certificates; at most one alarm a day for each."""
        at = self._now()
        if at.quality is TimeQuality.UNSURE:
            return
        found = dict(endings(self._files, now=datetime.fromtimestamp(at.utc_ms // 1_000, UTC), days=self._days))
        for file in [file for file in self._told_ms if file not in found]:
            del self._told_ms[file]
            self._over(LaneAlarmKind.CERTIFICATE_ENDS, str(file))
        for file, until in found.items():
            if file in self._told_ms and at.mono_ms - self._told_ms[file] < _DAY_MS:
                continue
            words = f"{file} ends on {until:%Y-%m-%d %H:%M} UTC; {RENEW}"
            self._tell(LaneAlarmKind.CERTIFICATE_ENDS, words, str(file))
            self._told_ms[file] = at.mono_ms

    def look_at_keys(self) -> None:
        """One look at the core's keys."""
        try:
            fresh = self._read_ring()
        except OSError as error:
            if str(error) != self._wrong:
                self._wrong = str(error)
                self._tell(LaneAlarmKind.CORE_KEYS_UNREADABLE, str(error), "")
            return
        if self._wrong:
            self._over(LaneAlarmKind.CORE_KEYS_UNREADABLE, "")
        self._wrong = ""
        before = self._ring.prints
        if fresh.kids:  # an empty folder is a mistake of a moment, not the end of all trust
            self._ring.become(fresh)
        if self._ring.prints != before:
            self._changed()
