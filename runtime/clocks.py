"""The machine's clocks. Which of them a process goes by is chosen in composition roots only.

Rules of this file: durations are of CLOCK_BOOTTIME. CLOCK_MONOTONIC stops while a box sleeps, so a proof from
before would be fresh after hours. Neither is moved by NTP's steps or by a wrong clock at boot.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_TIME_ERROR, _STA_UNSYNC = 5, 0x40  # adjtimex(2)


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the kernel says of its clock: disciplined by a time source, and its largest error (ms)."""

    synchronised: bool
    error_ms: int


def monotonic_ms() -> int:
    """The machine's time since boot, asleep or awake, in milliseconds; the same in every process of this boot."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def awake_ms() -> int:
    """The machine's time awake since boot, in milliseconds; what timers of the event loop go by."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000_000


class TurnClock:
    """Milliseconds in which whoever reads it went on reading: of a pause, of the process or its machine, at most a step counts.

    What was said during a pause is still to be taken when it is over; a time limit that passed meanwhile would pass unheard.

    Args:
        ticks: a clock for durations, ms.
        step_ms: what counts of a longer time between two readings.
    """

    def __init__(self, ticks: Callable[[], int], *, step_ms: int) -> None:
        self._ticks, self._step_ms = ticks, step_ms
        self._read_ms = self._at_ms = ticks()

    def __call__(self) -> int:
        """Where it stands."""
        now = self._ticks()
        self._at_ms += min(now - self._read_ms, self._step_ms)
        self._read_ms = now
        return self._at_ms


def machine_boot() -> str:
    """The kernel's own name for the time since this machine's start, which `monotonic_ms` counts; "" if it has none."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def utc_ms() -> int:
    """The box's own idea of UTC, milliseconds."""
    return time.time_ns() // 1_000_000


def disciplined() -> bool:
    """Whether the kernel says that UTC is kept by NTP."""
    try:
        return kernel_clock().synchronised
    except OSError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The clocks of a machine; tests bring their own."""

    mono: Callable[[], int] = monotonic_ms
    awake: Callable[[], int] = awake_ms
    utc: Callable[[], int] = utc_ms
    disciplined: Callable[[], bool] = disciplined

    def kept_utc(self) -> int | None:
        """UTC, milliseconds, if a time source keeps it; asked for after it was read, so that a step never counts."""
        utc = self.utc()
        return utc if self.disciplined() else None


class _Timex(ctypes.Structure):
    """The head of the kernel's struct timex; the rest is room it fills."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_clock() -> ClockState:
    """Reads (never sets) the kernel's clock state.

    Raises:
        OSError: the kernel does not let it be read.
    """
    libc, seen = ctypes.CDLL(None, use_errno=True), _Timex()
    state = libc.adjtimex(ctypes.byref(seen))
    if state < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return ClockState(state != _TIME_ERROR and not seen.status & _STA_UNSYNC, seen.maxerror // 1_000)
