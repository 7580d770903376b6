"""What counts say about a rate: exact one-sided bounds (Clopper and Pearson 1934), no tables and no approximation.

upper(0, 30_000)  # 0.0000999: none in 30,000 is rarer than 1 in 10,000, 95 % sure
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

SURE = 0.95


def _below(seen: int, tried: int, rate: float) -> float:
    """The chance of at most `seen` in `tried` at that rate."""
    if rate <= 0:
        return 1.0
    if rate >= 1:
        return float(seen >= tried)
    if 2 * seen > tried:  # the shorter sum
        return 1 - _below(tried - seen - 1, tried, 1 - rate)
    terms = (
        math.lgamma(tried + 1)
        - math.lgamma(k + 1)
        - math.lgamma(tried - k + 1)
        + k * math.log(rate)
        + (tried - k) * math.log1p(-rate)
        for k in range(seen + 1)
    )
    return math.fsum(math.exp(term) for term in terms)


def upper(seen: int, tried: int, sure: float = SURE) -> float:
    """The highest rate at which so few as `seen` in `tried` still happen in 1 - `sure` of all cases; 1 for no trials."""
    if seen >= tried:
        return 1.0
    low, high = seen / tried, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _below(seen, tried, middle) > 1 - sure else (low, middle)
    return high


def lower(seen: int, tried: int, sure: float = SURE) -> float:
    """The lowest rate at which so many as `seen` in `tried` still happen in 1 - `sure` of all cases; 0 for no trials."""
    return 1 - upper(tried - seen, tried, sure)


@dataclass(frozen=True, slots=True)
class Counted:
    """A count of a total."""

    seen: int
    of: int

    @property
    def rate(self) -> float:
        """0 for none of none."""
        return self.seen / self.of if self.of else 0.0

    def plain(self) -> dict[str, Any]:
        """For programs: the counts, the rate, and its 95 % bounds, each one-sided."""
        return {
            "seen": self.seen,
            "of": self.of,
            "rate": round(self.rate, 6),
            "at_least": round(lower(self.seen, self.of), 6),
            "at_most": round(upper(self.seen, self.of), 6),
        }
