"""Fits what stated confidences are worth (`devices.anpr.calibration`) to what was right on drawn visits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

STATIONS = (0.0, 0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.96, 0.98, 0.99, 0.995, 0.998, 0.9995, 1.0)
"""Between these, characters are counted together."""
LEAST = 300  # characters for a point of its own


def knots(stated: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """A few rising points (stated, right): bins of enough characters, those that fall pooled with their neighbours.

    Each share is taken one error too low (Laplace), so that no bin is ever held to be certain.
    """
    pools: list[tuple[float, float, int]] = []  # sum stated, count right, count
    for low, high in pairwise(STATIONS):
        here = (stated >= low) & ((stated < high) if high < 1 else (stated <= 1))
        if here.any():
            pools.append((float(stated[here].sum()), float(right[here].sum()), int(here.sum())))
        while len(pools) > 1 and (pools[-2][2] < LEAST or _share(pools[-2]) >= _share(pools[-1])):
            last = pools.pop()
            pools[-1] = (pools[-1][0] + last[0], pools[-1][1] + last[1], pools[-1][2] + last[2])
    return tuple((round(total / count, 5), round(_share((total, hits, count)), 5)) for total, hits, count in pools)


def _share(pool: tuple[float, float, int]) -> float:
    return pool[1] / (pool[2] + 1)
