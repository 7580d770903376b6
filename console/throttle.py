"""Slows the guessing of passwords: after a few failures the waiting time doubles, up to a minute.

Never for ever: a lock-out would let anybody keep an officer out of the lane at three in the morning.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from console.ports import Ticks

FREE = 3
"""The failure after which the first wait comes."""
LONGEST_MS = 60_000
FORGET_MS = 15 * 60_000
"""Failures older than this are forgotten."""
MOST = 1_000
"""Keys remembered at once; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last_ms: int


@dataclass(slots=True)
class Throttle:
    """Failures by key (an officer's name, an origin, a device)."""

    ticks: Ticks
    _failures: dict[str, _Failures] = field(default_factory=dict)

    def wait_ms(self, *keys: str) -> int:
        """How long these keys must still wait before another try; 0 if they need not."""
        return max((self._wait(key) for key in keys), default=0)

    def failures(self, key: str) -> int:
        """How often this key has failed, as far as that is remembered."""
        return self._count(key)

    def failed(self, *keys: str) -> None:
        """Notes a failure for each key."""
        for key in keys:
            self._failures[key] = _Failures(self._count(key) + 1, self.ticks())
        while len(self._failures) > MOST:
            self._failures.pop(min(self._failures, key=lambda key: self._failures[key].last_ms))

    def succeeded(self, *keys: str) -> None:
        """Forgets the failures of each key."""
        for key in keys:
            self._failures.pop(key, None)

    def _count(self, key: str) -> int:
        known = self._failures.get(key)
        return known.count if known and self.ticks() - known.last_ms < FORGET_MS else 0

    def _wait(self, key: str) -> int:
        over = self._count(key) - FREE
        if over < 0:
            return 0
        due = self._failures[key].last_ms + min(1_000 << min(over, 6), LONGEST_MS)
        return max(due - self.ticks(), 0)
