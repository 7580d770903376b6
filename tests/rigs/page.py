"""What tests of the officers' page share: a clock that waits for the test, limits that do, and signs painted at once."""

from __future__ import annotations

from dataclasses import replace

from display.pictures import render
from lane_agent.model import Moment, Screen
from lane_agent.table import LIMITS_MS
from lane_agent.wording import Scene
from simulation.page_lane import HOUR_MS, POLICY

NIGHT_MS = 1_795_287_600_000  # 22 Nov 2026, 03:00 in Hong Kong
PATIENT = replace(POLICY, paint_ms=HOUR_MS, help_stuck_ms=HOUR_MS, limits=tuple((name, HOUR_MS) for name in LIMITS_MS))
"""Limits run out when a test says so (`PageLane.limit_expires`), not when the machine is slow."""


class ManualClock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.ms = 0

    def ticks(self) -> int:
        """Milliseconds since the test began."""
        return self.ms

    def now(self) -> Moment:
        """The same as the lane's clock, and on the wall of the control room."""
        return Moment(self.ms, NIGHT_MS + self.ms)


async def painted(screen: Screen, scene: Scene, parameter: str, notice: str = "") -> bytes:
    """A sign as the screen process paints it."""
    return render(screen, scene, parameter, simulated=True, notice=notice)
