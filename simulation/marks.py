"""Registration marks of the simulated world: each once, and none easily taken for another unless a scenario wants it."""

from __future__ import annotations

import random

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


class Marks:
    """Gives ordinary Hong Kong marks (two letters, 1 to 9999) whose digits all differ by at least two places.

    Args:
        rng: chance; the same seed gives the same marks.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def next(self) -> str:
        """A new mark of two letters and four digits."""
        while True:
            letters = "".join(self._rng.choice(LETTERS) for _ in range(2))
            mark = f"{letters}{self._rng.randrange(1_000, 10_000)}"
            if not mark.startswith("VV") and all(_apart(mark, other) for other in self._given):
                self._given.add(mark)
                return mark

    def cross_border(self) -> str:
        """A cross-border plate, 粤Z and four characters."""
        digits = "0123456789"
        first = self._rng.choice(LETTERS)
        return f"粤Z{first}{''.join(self._rng.choice(digits) for _ in range(3))}港"


def _apart(one: str, other: str) -> bool:
    """Two marks of equal length differ in at least three places."""
    return sum(a != b for a, b in zip(one, other, strict=True)) >= 3
