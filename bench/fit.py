"""Fits what stated confidences are worth (`devices.anpr.calibration`) to what was right on drawn visits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

STATIONS = (0.0, 0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.96, 0.98, 0.99, 0.995, 0.998, 0.9995, 1.0)
"""Between these, characters are counted together."""
LEAST, LARGE = 300, 3000  # characters that are enough for a point of its own; those that are many


Pool = tuple[float, float, int]  # stated, summed; how many were right; how many there are


def knots(stated: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """A few rising points (stated, right): bins of enough characters, those that fall pooled with their neighbours.

    Each share is taken one error too low, so that no bin is ever held to be certain.
    """
    pools: list[Pool] = []
    for low, high in pairwise(STATIONS):
        here = (stated >= low) & ((stated < high) if high < 1 else (stated <= 1))
        if here.any():
            pools.append((float(stated[here].sum()), float(right[here].sum()), int(here.sum())))
    pools = _rising(_enough(pools))
    return tuple((round(pool[0] / pool[2], 5), round(_share(pool), 5)) for pool in pools)


def _enough(pools: list[Pool]) -> list[Pool]:
    """Small pools joined with a neighbour, but not with a large one: a few doubtful characters must not drag it down."""
    while True:
        pairs = [
            (one[2] + other[2], at)
            for at, (one, other) in enumerate(pairwise(pools))
            if min(one[2], other[2]) < LEAST and one[2] + other[2] < LARGE
        ]
        if not pairs:
            return pools
        at = min(pairs)[1]
        pools = [*pools[:at], _joined(pools[at], pools[at + 1]), *pools[at + 2 :]]


def _rising(pools: list[Pool]) -> list[Pool]:
    """Neighbours that fall are one pool (pool adjacent violators)."""
    found: list[Pool] = []
    for pool in pools:
        found.append(pool)
        while len(found) > 1 and _share(found[-2]) >= _share(found[-1]):
            last = found.pop()
            found[-1] = _joined(found[-1], last)
    return found


def _joined(one: Pool, other: Pool) -> Pool:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _share(pool: Pool) -> float:
    return pool[1] / (pool[2] + 1)
