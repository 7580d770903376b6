"""Which fault comes when, where, and for how long: the same for the same seed.

Rules of this file: faults are dealt from a shuffled deck, so that none is forgotten; every deal draws from its own
chance, so that what one lane does not change what another gets. Between two faults of a lane there is a while without,
or nothing would ever be released.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tools.torture.faults import FaultKind


@dataclass(frozen=True, slots=True)
class Deal:
    """One fault to come.

    Attributes:
        calm: seconds without a fault before it.
        seconds: how long it lasts.
        seed: of its own chance.
    """

    kind: FaultKind
    calm: float
    seconds: float
    seed: int


class Deck:
    """Deals kinds so that each comes as often as the others, in an order that chance decides.

    Args:
        kinds: at least one.
        seed: of the order, and of everything dealt.
        calm: shortest and longest time without a fault, in seconds.
    """

    def __init__(self, kinds: tuple[FaultKind, ...], seed: str, calm: tuple[float, float]) -> None:
        self._kinds, self._calm = kinds, calm
        self._rng = random.Random(seed)
        self._left: list[FaultKind] = []

    def __iter__(self) -> Iterator[Deal]:
        """Deals for ever."""
        while True:
            yield self.deal()

    def deal(self) -> Deal:
        """The next."""
        if not self._left:
            self._left = self._rng.sample(self._kinds, len(self._kinds))
        kind = self._left.pop()
        return Deal(
            kind=kind,
            calm=self._rng.uniform(*self._calm),
            seconds=self._rng.uniform(kind.shortest, kind.longest),
            seed=self._rng.randrange(1 << 32),
        )
