"""Which trucks come, in which order."""

from __future__ import annotations

import random

from simulation.scenarios import SCENARIOS

ORDINARY = ("laden", "laden", "laden", "several", "unladen", "inspect", "itfs")
"""What a lane sees most of the time; the rest of a long plan is drawn from these."""


def plan(trucks: int, rng: random.Random) -> list[str]:
    """Scenario keys. A short plan begins with an ordinary truck and takes scenarios in their order, a long one has all.

    Args:
        trucks: how many.
        rng: chance: shuffles a long plan and fills it up.
    """
    keys = list(SCENARIOS)
    if trucks < len(keys):
        return keys[:trucks]
    filled = keys + [rng.choice(ORDINARY) for _ in range(trucks - len(keys))]
    rng.shuffle(filled)
    return filled
