"""The part of the picture where the lane is: a box or a polygon, in shares of the picture's width and height."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.plate_read import PlateRead

Shares = tuple[float, ...]
WHOLE: Shares = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Zone:
    """What counts as being in the lane.

    Attributes:
        shares: left, top, right, bottom of a box; or x and y of three corners or more of a polygon.

    Raises:
        ValueError: neither a box nor a polygon, or an empty one.
    """

    shares: Shares = WHOLE

    def __post_init__(self) -> None:
        count = len(self.shares)
        if count != 4 and (count < 6 or count % 2):
            raise ValueError(
                f"[reader] region has {count} numbers: give 4 (left, top, right, bottom) or x and y of 3 or more corners"
            )
        if cv2.contourArea(self.corners(1000, 1000)) < 1:
            raise ValueError(f"[reader] region {self.shares}: nothing lies within; right must exceed left, bottom top")

    def corners(self, width: int, height: int) -> NDArray[np.float32]:
        """Its corners in a picture of that size, (n, 2) pixels."""
        numbers = self.shares
        if len(numbers) == 4:
            left, top, right, bottom = numbers
            numbers = (
                (left, top, right, top, right, bottom, left, bottom) if left < right and top < bottom else (0,) * 8
            )
        return (np.array(numbers, np.float32).reshape(-1, 2) * [width, height]).astype(np.float32)

    def marked(self, reads: tuple[PlateRead, ...], width: int, height: int) -> tuple[PlateRead, ...]:
        """The reads, each with whether it counts: whole, and the middle of its plate in the zone (its edge included)."""
        corners = self.corners(width, height)
        return tuple(replace(read, inside=read.inside and _within(corners, read)) for read in reads)


def _within(corners: NDArray[np.float32], read: PlateRead) -> bool:
    x, y = (float(middle) for middle in read.corners.mean(0))
    return cv2.pointPolygonTest(corners, (x, y), False) >= 0
