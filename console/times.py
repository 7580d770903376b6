"""Times as people see them: Hong Kong time, and durations in plain words (design §2.12)."""

from __future__ import annotations

from console.tongues import Both
from domain.times import hong_kong


def clock(utc_ms: int) -> str:
    """`03:07:42`, Hong Kong time."""
    return hong_kong(utc_ms).strftime("%H:%M:%S")


def stamp(utc_ms: int) -> str:
    """`22 Nov 2026, 03:07:42`, Hong Kong time."""
    return hong_kong(utc_ms).strftime("%d %b %Y, %H:%M:%S")


def day(utc_ms: int) -> Both:
    """`22 Nov` and `11月22日`, in Hong Kong."""
    at = hong_kong(utc_ms)
    return Both(at.strftime("%d %b"), f"{at.month}月{at.day}日")


def short(utc_ms: int) -> Both:
    """`22 Nov 15:00` and `11月22日 15:00`, Hong Kong time: for windows of hours and days."""
    told, at = day(utc_ms), hong_kong(utc_ms).strftime("%H:%M")
    return Both(f"{told} {at}", f"{told.chinese} {at}")


def lasted(ms: int) -> str:
    """`7 s`, `2 min 05 s`, `1 h 02 min`; never negative."""
    seconds = max(ms, 0) // 1000
    minutes, seconds_left = divmod(seconds, 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left:02} min"
    return f"{minutes} min {seconds_left:02} s" if minutes else f"{seconds} s"
