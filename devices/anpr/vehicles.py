"""Which plates of a picture hang on the same vehicle: by size and distance, in metres of the road. Pure.

Plates have known widths, so each one says how many pixels a metre has where it hangs. Two plates of one vehicle agree on
that and hang near each other; a plate further back, or in the next lane, does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from devices.anpr.reads import PlateRead, Region

WIDTHS_M = {1: 0.52, 2: 0.33}
"""Of a Hong Kong plate by rows, in metres, as they are made; nothing prescribes it."""
MAINLAND_M = 0.44
"""Of a Mainland plate: GA 36-2018 (domain §3b)."""
AGREE = 1.6
"""Scales of two plates of one vehicle differ by no more than this factor; a vehicle's length behind, it is 2 or more."""
APART_M = (1.3, 0.7)
"""How far plates of one vehicle are apart, across and down, metres: a lorry's bumper has them side by side."""
MAINLAND = frozenset({Region.CROSS_BORDER, Region.MAINLAND})


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A Hong Kong plate and the Mainland plate that hangs with it; one of the two may be missing."""

    hong_kong: PlateRead | None
    mainland: PlateRead | None


def scale(read: PlateRead) -> float:
    """Pixels a metre at this plate."""
    wide = float(np.linalg.norm(read.corners[1] - read.corners[0]) + np.linalg.norm(read.corners[2] - read.corners[3]))
    return wide / 2 / (MAINLAND_M if read.region in MAINLAND else WIDTHS_M[read.rows])


def together(one: PlateRead, other: PlateRead, *, slack: float = 1.0) -> bool:
    """Whether the two can hang on the same vehicle; `slack` widens every limit by that factor."""
    first, second = scale(one), scale(other)
    if max(first, second) > AGREE * slack * min(first, second):
        return False
    along = (one.corners[1] - one.corners[0]) / max(1e-6, float(np.linalg.norm(one.corners[1] - one.corners[0])))
    way = (other.corners.mean(0) - one.corners.mean(0)) / ((first + second) / 2)
    across, down = abs(float(way @ along)), abs(float(way @ np.array([-along[1], along[0]])))
    return across < APART_M[0] * slack and down < APART_M[1] * slack


def distance(one: PlateRead, other: PlateRead) -> float:
    """Between the plates' middles, metres; sideways counts double, since Mainland plates hang above or below."""
    way = np.abs(other.corners.mean(0) - one.corners.mean(0)) / ((scale(one) + scale(other)) / 2)
    return float(np.hypot(2 * way[0], way[1]))


def companion(first: PlateRead, reads: Iterable[PlateRead], others: Iterable[PlateRead] = ()) -> PlateRead | None:
    """The Mainland plate of the vehicle whose Hong Kong plate is `first`: the nearest that can hang there.

    One that hangs nearer to another Hong Kong plate (`others`) is that vehicle's, and no witness here.
    """
    rivals = [other for other in others if other is not first]
    mine = [
        read
        for read in reads
        if read.region in MAINLAND
        and together(first, read)
        and all(distance(first, read) <= distance(rival, read) for rival in rivals if together(rival, read))
    ]
    return min(mine, key=lambda read: distance(first, read), default=None)


def vehicles(ours: Iterable[PlateRead], reads: Iterable[PlateRead]) -> tuple[Vehicle, ...]:
    """The vehicles of a picture, in the order of their Hong Kong plates `ours`, then Mainland plates without one."""
    plates, rest = list(ours), [read for read in reads if read.region in MAINLAND]
    found = []
    for plate in plates:
        theirs = companion(plate, rest, plates)
        rest = [read for read in rest if read is not theirs]
        found.append(Vehicle(plate, theirs))
    return (*found, *(Vehicle(None, read) for read in rest))
