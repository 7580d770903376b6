"""A second look at what the detector found: a whole plate of one row or two, a part of one, or no plate.

The detector says where; a small network on what the detector itself saw there, and around it, says what. The recogniser
must say the same, or the read is not sure (`devices.anpr.plate_reader`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Corners = NDArray[np.float32]
FEATURES: Final = 48
"""Channels of what the detector saw, one value a cell of `devices.anpr.detections.STRIDE` pixels."""
GRID: Final = (12, 9)
"""Points across and down at which they are taken."""
AROUND: Final = (1.4, 2.6)
"""How much wider, and how much higher, than the find that is: the other row of a plate fits in, above and below."""

A_FIND = 0.5
"""How surely it must be a plate or something of one, and no lettering; below it no character is sure."""
WHOLE = 0.87
"""How surely, given that, it must be a whole plate of as many rows as were read."""
A_PLATE = 0.96
"""How sure the second look must be of a plate whose text has only the form of a personalised mark, as nearly all texts have."""


NO_LABEL = 0.99
"""How sure of a plate it must be where the text is an ordinary mark and lettering as well: a UN number on a white label is
framed like a plate, and far more of those are on the road than vehicles with such a mark."""


class FindKind(IntEnum):
    """What the find is; the value is the network's class."""

    NO_PLATE = 0  # lettering, a badge, a lamp, a sign
    ONE_ROW = 1
    TWO_ROWS = 2
    UPPER_ROW = 3  # of two; the other one is below the find
    LOWER_ROW = 4  # of two; the other one is above the find
    AMISS = 5  # a plate and its neighbour, or a part of a plate


@dataclass(frozen=True, slots=True)
class SecondLook:
    """How likely each `FindKind` is, 0 to 1; they sum to 1."""

    chances: tuple[float, ...]

    @property
    def kind(self) -> FindKind:
        """The likeliest."""
        return FindKind(int(np.argmax(self.chances)))

    def plate(self, rows: int) -> float:
        """How likely it is a whole plate of that many rows."""
        return self.chances[FindKind.ONE_ROW if rows == 1 else FindKind.TWO_ROWS]

    def explains(self, rows: int) -> bool:
        """Whether so many rows read are what it sees: a plate, and a whole one.

        The two are asked apart. One seen from aside is not soon told from lettering; half a one is from a whole one.
        """
        found = 1 - self.chances[FindKind.NO_PLATE]
        return found >= A_FIND and self.plate(rows) >= WHOLE * found


def sampled(features: NDArray[np.float32], corners: Corners) -> NDArray[np.float32]:
    """What the detector saw of a find and around it, (`FEATURES`, 9, 12).

    Args:
        features: (`FEATURES`, rows, columns) of the whole picture.
        corners: of the find, in cells: the middle of the first cell is (0, 0).
    """
    wide, tall = GRID
    flat = np.array([[-0.5, -0.5], [wide - 0.5, -0.5], [wide - 0.5, tall - 0.5], [-0.5, tall - 0.5]], np.float32)
    warp = cv2.getPerspectiveTransform(flat, grown(corners, *AROUND))
    columns, rows = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(tall, dtype=np.float32))
    points = np.stack([columns, rows], 2).reshape(1, -1, 2)
    places = cv2.perspectiveTransform(points, warp)[0]
    part, corner = _around(features, places)
    x, y = (axis.reshape(-1, 1) for axis in np.moveaxis(places - corner, 1, 0))
    seen = cv2.remap(np.ascontiguousarray(part.transpose(1, 2, 0)), x, y, cv2.INTER_LINEAR)
    return np.asarray(seen.reshape(tall, wide, -1).transpose(2, 0, 1), np.float32)


def _around(
    features: NDArray[np.float32], places: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The part of the map that those places (x, y) are told from, and where it begins; one cell at least."""
    size = np.array(features.shape[:0:-1])  # columns, rows
    low = np.clip(np.floor(places.min(0)), 0, size - 1).astype(int)
    high = np.clip(np.floor(places.max(0)) + 2, low + 1, size).astype(int)
    return features[:, low[1] : high[1], low[0] : high[0]], low.astype(np.float32)


def grown(corners: Corners, wide: float, tall: float, up: float = 0.0) -> Corners:
    """The corners about their middle, `wide` and `tall` times as large, moved `up` by so many of their heights."""
    middle = corners.mean(0)
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 4
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 4
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.array([middle + x * wide * along + (y * tall - 2 * up) * down for x, y in signs], np.float32)
