"""Times of the domain: UTC milliseconds inside, Hong Kong time for people (design §2.12).

Rules of this file: no clock is read here. Hong Kong has kept UTC+8 without daylight saving since 1979, so a fixed
offset is exact for every date this system will see.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone

from domain.hong_kong import UTC_OFFSET_MS

UtcClock = Callable[[], int]
"""Gives the present time in UTC milliseconds. Chosen in the composition root only."""

HONG_KONG = timezone(timedelta(milliseconds=UTC_OFFSET_MS), "HKT")
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
LAST_MS = 253_402_128_000_000
"""The end of the year 9999: no moment after it has a date."""


def hong_kong(utc_ms: int) -> datetime:
    """The moment as Hong Kong time."""
    return datetime.fromtimestamp(utc_ms / 1000, HONG_KONG)


def hong_kong_text(utc_ms: int) -> str:
    """The moment for people: `2026-11-22 15:04:05`, Hong Kong time; a number that is no moment as that number."""
    if not 0 <= utc_ms <= LAST_MS:
        return f"{utc_ms} ms"
    return hong_kong(utc_ms).strftime("%Y-%m-%d %H:%M:%S")


def start_of(day: date) -> int:
    """00:00 Hong Kong time of `day`, in UTC ms."""
    return int(datetime.combine(day, time(), HONG_KONG).astimezone(UTC).timestamp()) * 1000


def end_of(day: date) -> int:
    """24:00 Hong Kong time of `day`, in UTC ms: a date-only "valid until" ends here."""
    return start_of(day) + DAY_MS


def expected_span(text: str) -> tuple[int, int]:
    """First and last moment meant by an expected date of arrival or departure, in UTC ms.

    A date (`2026-11-25`) means any time of that day in Hong Kong; a date and time (`2026-11-25T14:30`) means that
    moment, Hong Kong time unless an offset is given.

    Raises:
        ValueError: `text` is neither.
    """
    if len(text) == len("2026-11-25"):
        day = date.fromisoformat(text)
        return start_of(day), end_of(day)
    moment = datetime.fromisoformat(text)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=HONG_KONG)
    at = int(aware.timestamp() * 1000)
    return at, at


def last_day(until_ms: int) -> str:
    """The last day before a moment, as people are told a "valid until": `2009-11-16` for what ends at its 24:00."""
    return hong_kong(until_ms - 1).strftime("%Y-%m-%d")
