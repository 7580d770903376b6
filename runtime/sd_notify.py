"""systemd's notify protocol in a few lines of socket code, and a watchdog tied to progress.

Rules of this file
- The watchdog is fed only when the agent has made progress since the last feeding. A timer that runs beside a stuck
  agent proves nothing (`systemd` threads 5868 and 37288; a thread that died unnoticed in blueair_api 128).
- A slow start-up asks for more time, instead of every lane having a longer limit.
- Without systemd (NOTIFY_SOCKET unset) every call is a no-op: a lane also runs in a terminal.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Systemd:
    """The unit this process runs in.

    Attributes:
        address: the notify socket, "" without systemd; a leading "@" is the abstract namespace.
        watchdog_s: the unit's WatchdogSec, None if it has none.
    """

    address: str = ""
    watchdog_s: float | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, *, pid: int | None = None) -> Systemd:
        """Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as systemd sets them."""
        found = os.environ if environment is None else environment
        mine = found.get("WATCHDOG_PID", "") in ("", str(os.getpid() if pid is None else pid))
        usec = found.get("WATCHDOG_USEC", "")
        watchdog_s = int(usec) / 1_000_000 if mine and usec.isdecimal() and int(usec) > 0 else None
        return cls(found.get("NOTIFY_SOCKET", ""), watchdog_s)

    def ready(self, status: str) -> None:
        """The lane works."""
        self._say(f"READY=1\nSTATUS={_line(status)}")

    def status(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._say(f"STATUS={_line(status)}")

    def stopping(self) -> None:
        """The lane is being shut down in order."""
        self._say("STOPPING=1")

    def extend(self, seconds: float) -> None:
        """Start-up or shut-down needs this much longer, counted from now (a long migration, a large journal)."""
        self._say(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}")

    def feed(self) -> None:
        """The watchdog may wait anew."""
        self._say("WATCHDOG=1")

    def give_up(self, why: str) -> None:
        """The lane found itself broken: systemd ends and restarts it now, as if the watchdog had run out."""
        self._say(f"STATUS={_line(why)}\nWATCHDOG=trigger")

    def _say(self, state: str) -> None:
        if not self.address:
            return
        name = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        # A lane must not stop because PID 1 does not listen; the next feeding makes up for a lost one.
        with socket.socket(socket.AF_UNIX, kind) as out, contextlib.suppress(OSError):
            out.sendto(state.encode(), name)


async def feed_on_progress(systemd: Systemd, progress: Callable[[], int], *, fastest_s: float = 0.5) -> None:
    """Feeds the watchdog for as long as the agent makes progress; returns at once where the unit has no watchdog.

    Args:
        systemd: the unit.
        progress: a count that rises whenever the agent has worked its inbox, idle turns included
            (`lane_agent.agent.Agent.progress` rises at least once a second).
        fastest_s: never feed faster: it would only load PID 1.
    """
    if systemd.watchdog_s is None:
        return
    every_s = max(fastest_s, systemd.watchdog_s / 4)
    last, stuck = progress(), False
    systemd.feed()
    while True:
        await asyncio.sleep(every_s)
        seen = progress()
        if seen != last:
            systemd.feed()
        elif not stuck:
            systemd.status(f"the agent made no progress for {every_s:g} s; the watchdog is not fed")
        last, stuck = seen, seen == last


def _line(text: str) -> str:
    return " ".join(text.split())
