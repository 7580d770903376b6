"""The colour a plate's characters stand on, from the rectified plate alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.levels import bright, inside
from devices.anpr.reads import Ground


def ground_of(crop: NDArray[np.uint8]) -> Ground:
    """The ground of a rectified plate (64, 160, 3) blue-green-red: the colour of the larger part (`levels.bright`)."""
    inner = inside(crop)
    above, light = bright(np.asarray(cv2.cvtColor(inner, cv2.COLOR_BGR2GRAY), np.uint8))
    part = inner[above] if light else inner[~above]
    blue, green, red = (float(level) for level in np.median(part.reshape(-1, 3), axis=0))
    colour = np.array([[[blue, green, red]]], np.uint8)
    hue, saturation, _ = (int(level) for level in cv2.cvtColor(colour, cv2.COLOR_BGR2HSV)[0, 0])
    return _light(hue, saturation) if light else _dark(hue, saturation, max(blue, green, red))


def _light(hue: int, saturation: int) -> Ground:
    if saturation > 70 and 12 <= hue < 36:
        return Ground.YELLOW
    if saturation > 45 and 36 <= hue < 90:
        return Ground.GREEN
    return Ground.OTHER if saturation > 110 else Ground.WHITE


def _dark(hue: int, saturation: int, level: float) -> Ground:
    return Ground.BLUE if saturation > 110 and 95 <= hue < 130 and level > 60 else Ground.BLACK
