"""Pauses between attempts: each twice as long as the one before, up to a limit, and shortened at random.

Rules of this file: what failed together must not come back together. Hundreds of lanes that lost one broker, or two
screens that lost one agent, would else try again in step; so each pause is between half and the whole of its length.
"""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """The pause before the next attempt.

    >>> backoff = Backoff(0.5, 1.5, chance=lambda: 1.0)
    >>> [backoff.next_s() for _ in range(4)]
    [0.5, 1.0, 1.5, 1.5]
    >>> backoff.reset()
    >>> backoff.next_s()
    0.5

    Args:
        first_s: the first pause, seconds.
        longest_s: the limit, seconds.
        chance: a random number in [0, 1), for the jitter.
    """

    def __init__(self, first_s: float, longest_s: float, *, chance: Callable[[], float] = random.random) -> None:
        self._first_s = self._next_s = first_s
        self._longest_s = longest_s
        self._chance = chance

    def next_s(self) -> float:
        """How long to wait now, seconds; the next pause will be longer."""
        whole = self._next_s
        self._next_s = min(2 * whole, self._longest_s)
        return whole * (0.5 + 0.5 * self._chance())

    def reset(self) -> None:
        """An attempt succeeded: the next pause is the first again."""
        self._next_s = self._first_s
