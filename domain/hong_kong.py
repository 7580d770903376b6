"""Hong Kong's time zone as a number, for code that may not use `datetime`; people's times are `domain.times`."""

from __future__ import annotations

from typing import Final

UTC_OFFSET_MS: Final = 8 * 3_600_000
"""UTC+8 all year: no daylight saving since 1979 (design §2.12)."""
