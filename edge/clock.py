"""The box's clocks: one for durations, which goes on while the box sleeps, and UTC for the record, with its quality.

Rules of this file
- Durations are measured with CLOCK_BOOTTIME. CLOCK_MONOTONIC stops while a box sleeps, so a proof from before the sleep would
  still look fresh hours later. Neither clock is moved by NTP or by a wrong date at boot, so setting this box's date cannot
  make a code fresh.
- A UTC stamp is, the first that applies:
  1. the core's time, carried forward from its last proof while its uncertainty is at most 2 s (`proven`);
  2. the box's own time, if the kernel reports that it is synchronised (`system`);
  3. the core's time, carried forward all the same; without any proof since the start, the box's own (`unsure`). A box without
     a battery-backed clock may have started years off (lessons 21).
- A sleep is a fault: timers stopped, and the screens showed the same picture all the time. So is a core whose time the link
  does not believe (`sync.link.core_clock`). A step of UTC is reported to people and changes nothing else.
- Only `ClockWatch` raises and clears the fault of the clock. Other parts that know of a clock are asked by it.
- UTC counts as a witness of the core's time only while the kernel says, at that moment, that a time source keeps it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from domain.alarms import LaneAlarmKind
from lane_agent.events import FaultCleared, FaultRaised, TroubleReported
from lane_agent.model import Fault, Moment, TimeQuality
from runtime.clocks import Clocks

_ASK_AGAIN_MS = 10_000
_SLACK_MS = 2_000  # beyond this, the core's time carried forward is no longer called proven
_SLEPT_MS = 500
_STEPPED_MS = 1_000


class BoxClock:
    """`lane_agent.ports.Clock`.

    Args:
        core: the core's time now and its uncertainty, both in milliseconds, or None without any proof since the start.
        clocks: the machine's.
    """

    def __init__(self, core: Callable[[], tuple[int, int] | None], clocks: Clocks | None = None) -> None:
        self._core = core
        self._clocks = clocks or Clocks()
        self._asked_ms: int | None = None
        self._disciplined = False

    def now(self) -> Moment:
        """The present moment."""
        mono, core = self._clocks.mono(), self._core()
        if core is not None and core[1] <= _SLACK_MS:
            return Moment(mono, core[0], TimeQuality.PROVEN)
        if self._is_disciplined(mono):
            return Moment(mono, self._clocks.utc(), TimeQuality.SYSTEM)
        return Moment(mono, self._clocks.utc() if core is None else core[0], TimeQuality.UNSURE)

    def _is_disciplined(self, mono: int) -> bool:
        if self._asked_ms is None or mono - self._asked_ms >= _ASK_AGAIN_MS:
            self._asked_ms, self._disciplined = mono, self._clocks.disciplined()
        return self._disciplined


class ClockWatch:
    """Looks at the clocks again and again, and tells when one did what clocks should not.

    Args:
        tell: takes each event.
        clocks: the machine's.
        core: why the core's time is not believed, "" if it is.
    """

    def __init__(
        self,
        tell: Callable[[FaultRaised | FaultCleared | TroubleReported], None],
        clocks: Clocks | None = None,
        *,
        core: Callable[[], str] = lambda: "",
    ) -> None:
        self._tell = tell
        self._clocks = clocks or Clocks()
        self._core = core
        self._doubted = self._faulty = False
        self._seen = self._read()

    def _read(self) -> tuple[int, int, int]:
        return self._clocks.mono(), self._clocks.awake(), self._clocks.utc()

    def look(self) -> None:
        """Compares the clocks with how they stood at the last look."""
        before, self._seen = self._seen, self._read()
        passed, awake, utc = (now - then for now, then in zip(self._seen, before, strict=True))
        self._judge(passed - awake, self._core())
        if abs(utc - passed) >= _STEPPED_MS:
            words = f"UTC was set by {(utc - passed) / 1000:+.1f} s; look at the time service (chronyc tracking)"
            self._tell(TroubleReported(LaneAlarmKind.CLOCK_STEPPED, words))

    def _judge(self, slept: int, doubt: str) -> None:
        """Each sleep is told, a doubt when it begins; the fault is over when neither is left."""
        if slept >= _SLEPT_MS:
            words = f"the box slept for {slept / 1000:.0f} s; mask its sleep targets (docs/installing.md)"
            self._tell(FaultRaised(Fault.CLOCK, words))
        if doubt and not self._doubted:
            self._tell(FaultRaised(Fault.CLOCK, doubt))
        faulty, self._doubted = slept >= _SLEPT_MS or bool(doubt), bool(doubt)
        if self._faulty and not faulty:
            self._tell(FaultCleared(Fault.CLOCK))
        self._faulty = faulty

    async def run(self, every_s: float = 1.0) -> None:
        """Looks until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(every_s)
