"""Hong Kong's time zone as a number, for code that may not use `datetime`; people's times are `domain.times`."""

from __future__ import annotations

from typing import Final

UTC_OFFSET_MS: Final = 8 * 3_600_000
"""UTC+8 all year: no daylight saving since 1979 (design §2.12)."""

DAY_MINUTES: Final = 1_440


def day_and_minute(utc_ms: int) -> tuple[int, int]:
    """The days since 1 January 1970 and the minutes since 00:00, both in Hong Kong."""
    return divmod((utc_ms + UTC_OFFSET_MS) // 60_000, DAY_MINUTES)


def month_and_day(days: int) -> tuple[int, int]:
    """Month and day of the month of `days` since 1 January 1970, by the Gregorian calendar.

    The year is taken to begin in March, so that the day that not every year has comes last.
    """
    era_day = (days + 719_468) % 146_097  # within the 400 years after which the calendar repeats
    year = (era_day - era_day // 1_460 + era_day // 36_524 - era_day // 146_096) // 365
    year_day = era_day - (365 * year + year // 4 - year // 100)
    month = (5 * year_day + 2) // 153  # March is 0
    return (month + 2) % 12 + 1, year_day - (153 * month + 2) // 5 + 1
