"""The box's clocks: monotonic for durations, UTC for the record with a word on how far it can be trusted."""

from __future__ import annotations

import time
from collections.abc import Callable

from edge.checks_box import kernel_clock
from lane_agent.model import Moment, TimeQuality

_ASK_AGAIN_MS = 10_000


def monotonic_ms() -> int:
    """The machine's monotonic clock, milliseconds; the same in every process of this boot."""
    return time.monotonic_ns() // 1_000_000


def utc_ms() -> int:
    """The box's own idea of UTC, milliseconds."""
    return time.time_ns() // 1_000_000


class BoxClock:
    """`lane_agent.ports.Clock`.

    UTC is the core's time carried forward from its last proof where there is one; a box without a battery-backed clock
    may have started years off (lessons 21). Without proof it is the box's own, and said to be unsure unless the kernel
    says that it is disciplined.

    Args:
        core_ms: the core's time now, or None without proof.
    """

    def __init__(self, core_ms: Callable[[], int | None]) -> None:
        self._core_ms = core_ms
        self._asked_ms = -_ASK_AGAIN_MS
        self._disciplined = False

    def now(self) -> Moment:
        """The present moment."""
        mono, core = monotonic_ms(), self._core_ms()
        if core is not None:
            return Moment(mono, core, TimeQuality.PROVEN)
        return Moment(mono, utc_ms(), TimeQuality.SYSTEM if self._is_disciplined(mono) else TimeQuality.UNSURE)

    def _is_disciplined(self, mono: int) -> bool:
        if mono - self._asked_ms >= _ASK_AGAIN_MS:
            self._asked_ms = mono
            try:
                self._disciplined = kernel_clock().synchronised
            except OSError:
                self._disciplined = False
        return self._disciplined
