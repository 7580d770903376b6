"""Which plates of a picture are on the same vehicle: by size and distance, in metres of the road. Pure.

Plates have known heights, so each one says how many pixels a metre has where it hangs. Two plates of one vehicle agree on
that and hang near each other; a plate further back, or in the next lane, does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from devices.anpr.alphabet import PROVINCES, TAILS
from devices.anpr.plate_read import PlateRead, Region

HEIGHTS_M = {1: 0.115, 2: 0.21}
"""Of a Hong Kong plate by rows, in metres: its characters have a height by law (domain §3a), its width follows the mark."""
MAINLAND_M = 0.14
"""Of a Mainland plate: GA 36-2018 (domain §3b)."""
AGREE = 1.5
"""Scales of two plates of one vehicle differ by no more than this factor (1.32 at most on 75 photographed ones); a
vehicle's length behind, it is 2 or more."""
APART_M = (1.4, 0.75)
"""How far plates of one vehicle are apart, across and down, metres; the further the one, the less the other. Nearly
all hang above one another, a few side by side on the bumper."""
NEARER = 0.8
"""A plate of at least this share of another's scale hangs as near as that one or nearer."""
MAINLAND = frozenset({Region.CROSS_BORDER, Region.MAINLAND})
_CHINESE = frozenset(PROVINCES + TAILS)
LEGIBLE = 0.5
"""Lowest character confidence of what is plainly writing."""
PLAIN = 0.6
"""Detector score of what is plainly a plate. Lamps, badges and lettering score less."""


@dataclass(frozen=True, slots=True)
class PlatesOfVehicle:
    """A Hong Kong plate and the Mainland plate that hangs with it; one of the two may be missing."""

    hong_kong: PlateRead | None
    mainland: PlateRead | None


def is_mainland(read: PlateRead) -> bool:
    """Whether it is a Mainland plate, whole or in part: only those bear Chinese characters."""
    part = read.region is Region.UNKNOWN and read.confidence >= LEGIBLE and not _CHINESE.isdisjoint(read.text)
    return part or read.region in MAINLAND


def scale(read: PlateRead) -> float:
    """Pixels a metre at this plate."""
    tall = float(np.linalg.norm(read.corners[3] - read.corners[0]) + np.linalg.norm(read.corners[2] - read.corners[1]))
    return tall / 2 / (MAINLAND_M if is_mainland(read) else HEIGHTS_M[read.rows])


def together(one: PlateRead, other: PlateRead, *, slack: float = 1.0) -> bool:
    """Whether the two can hang on the same vehicle; `slack` widens every limit by that factor."""
    first, second = scale(one), scale(other)
    if max(first, second) > AGREE * slack * min(first, second):
        return False
    along = (one.corners[1] - one.corners[0]) / max(1e-6, float(np.linalg.norm(one.corners[1] - one.corners[0])))
    way = (other.corners.mean(0) - one.corners.mean(0)) / np.sqrt(first * second)
    across, down = abs(float(way @ along)), abs(float(way @ np.array([-along[1], along[0]])))
    return across / APART_M[0] + down / APART_M[1] < slack


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
        if is_mainland(read)
        and together(first, read)
        and all(distance(first, read) <= distance(rival, read) for rival in rivals if together(rival, read))
    ]
    return min(mine, key=lambda read: distance(first, read), default=None)


def nearness(vehicle: PlatesOfVehicle) -> float:
    """The larger scale of its plates, pixels a metre."""
    return max(scale(plate) for plate in (vehicle.hong_kong, vehicle.mainland) if plate)


def foremost(ours: Sequence[PlateRead], reads: Iterable[PlateRead]) -> PlateRead | None:
    """The Hong Kong plate of the vehicle in front; None where that vehicle shows none.

    A plain Mainland plate about as near as any of `ours`, on whose vehicle none of `ours` can hang, is of a vehicle
    whose own mark is not seen; the mark that is seen is then another's, or a badge.
    """
    seen = vehicles(ours, reads)
    front = max((each for each in seen if each.hong_kong), key=nearness, default=None)
    if front is None:
        return None
    strays = [each for each in seen if each.hong_kong is None and each.mainland and _plain(each.mainland)]
    unseen = any(nearness(stray) >= NEARER * nearness(front) for stray in strays)
    return None if unseen else front.hong_kong


def _plain(read: PlateRead) -> bool:
    return read.score >= PLAIN and read.confidence >= LEGIBLE


def vehicles(ours: Iterable[PlateRead], reads: Iterable[PlateRead]) -> tuple[PlatesOfVehicle, ...]:
    """The vehicles of a picture, in the order of their Hong Kong plates `ours`, then Mainland plates without one."""
    plates, rest = list(ours), [read for read in reads if is_mainland(read)]
    found = []
    for plate in plates:
        theirs = companion(plate, rest, plates)
        rest = [read for read in rest if read is not theirs]
        found.append(PlatesOfVehicle(plate, theirs))
    return (*found, *(PlatesOfVehicle(None, read) for read in rest))
