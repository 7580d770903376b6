"""A token bucket: so much at once, so much a second in the long run. No clock of its own."""

from __future__ import annotations


class TokenBucket:
    """What somebody may still use up; it fills as time passes, to its burst and no further.

    Args:
        burst: how much there is at most, and at first.
        per_second: how fast it fills.
        now_ms: the present time, by any clock in milliseconds; one that is set back fills nothing for that time.
    """

    def __init__(self, *, burst: float, per_second: float, now_ms: int) -> None:
        self._burst = burst
        self._per_ms = per_second / 1_000
        self._left = burst
        self._at_ms = now_ms

    def is_empty(self, now_ms: int) -> bool:
        """Whether nothing is left at this moment."""
        passed, self._at_ms = max(0, now_ms - self._at_ms), now_ms
        self._left = min(self._burst, self._left + passed * self._per_ms)
        return self._left <= 0

    def take(self, amount: float = 1) -> None:
        """Takes so much out; the last may overdraw it."""
        self._left -= amount
