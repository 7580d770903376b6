"""A second look at what the detector found, in colour and with what is around it: a whole plate, a part of one, or none.

The detector says where; this network says what: one row, two rows, one row of two, more or less than a plate, or
lettering. The recogniser must say the same, or the read is not sure (`devices.anpr.plate_reader`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Corners = NDArray[np.float32]
LOOK: Final = (96, 64)
"""Width and height of what the network sees, pixels."""
AROUND: Final = (1.5, 3.0)
"""How much wider, and how much higher, than the find that is: the other row of a plate fits in, above and below."""


class Kind(IntEnum):
    """What the find is; the value is the network's class."""

    NO_PLATE = 0  # lettering, a badge, a lamp, a sign
    ONE_ROW = 1
    TWO_ROWS = 2
    UPPER_ROW = 3  # of two; the other one is below the find
    LOWER_ROW = 4  # of two; the other one is above the find
    AMISS = 5  # a plate and its neighbour, or a part of a plate


@dataclass(frozen=True, slots=True)
class Look:
    """How likely each `Kind` is, 0 to 1; they sum to 1."""

    chances: tuple[float, ...]

    @property
    def kind(self) -> Kind:
        """The likeliest."""
        return Kind(int(np.argmax(self.chances)))

    def plate(self, rows: int) -> float:
        """How likely it is a whole plate of that many rows."""
        return self.chances[Kind.ONE_ROW if rows == 1 else Kind.TWO_ROWS]


def seen(image: Picture, corners: Corners) -> NDArray[np.float32]:
    """What the network sees of a find: (3, 64, 96), blue-green-red, -1 to 1."""
    cut = straight(image, grown(corners, *AROUND))
    return np.asarray(cut.transpose(2, 0, 1).astype(np.float32) / np.float32(127.5) - 1, np.float32)


def straight(image: Picture, corners: Corners) -> Picture:
    """That part of the picture as a rectangle of `LOOK` pixels; beyond the picture's edge it is grey."""
    width, height = LOOK
    wide = float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
    factor = int(np.clip(round(wide / width), 1, 4))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) * factor
    warp = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    size = (width * factor, height * factor)
    big = cv2.warpPerspective(image, warp, size, borderMode=cv2.BORDER_CONSTANT, borderValue=(128, 128, 128))
    return np.asarray(cv2.resize(big, LOOK, interpolation=cv2.INTER_AREA) if factor > 1 else big, np.uint8)


def grown(corners: Corners, wide: float, tall: float, up: float = 0.0) -> Corners:
    """The corners about their middle, `wide` and `tall` times as large, moved `up` by so many of their heights."""
    middle = corners.mean(0)
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 4
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 4
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.array([middle + x * wide * along + (y * tall - 2 * up) * down for x, y in signs], np.float32)
