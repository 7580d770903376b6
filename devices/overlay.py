"""What the reader found, drawn onto the picture for the officer's page; evidence is kept without it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.plate_read import PlateRead
from devices.dated_picture import Picture
from devices.zone import WHOLE, Zone

COUNTED = (120, 220, 90)
"""Around plates in the lane's part of the picture: green, blue-green-red."""
BESIDE = (150, 150, 150)
"""Around plates outside it, which never count."""
EDGE = (200, 160, 70)
"""Around that part."""


def overlaid(picture: Picture, reads: tuple[PlateRead, ...], zone: Zone) -> Picture:
    """A copy of the picture (height, width, 3) with the lane's part and every plate outlined."""
    drawn = picture.copy()
    height, width = picture.shape[:2]
    thick = max(2, round(width / 480))
    if zone.shares != WHOLE:
        _outline(drawn, zone.corners(width, height), EDGE, thick)
    for read in reads:
        _outline(drawn, read.corners, COUNTED if read.inside else BESIDE, thick)
    return drawn


def _outline(picture: Picture, corners: NDArray[np.float32], colour: tuple[int, int, int], thick: int) -> None:
    cv2.polylines(picture, [np.round(corners).astype(np.int32)], True, colour, thick, cv2.LINE_AA)
