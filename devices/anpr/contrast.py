"""The grey values of a rectified plate: always dark on light, always of the same contrast.

The training uses the same function, so the recogniser never has to learn that a plate can be white on black, dim or
pale; what this function gets wrong under glare, it sees wrong while it learns, too.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_DARKEST = 4.0
"""Added to the spread of the grey values: an empty crop stays empty instead of becoming all noise."""
_BEYOND = 3.0


def bright(inner: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], bool]:
    """Which pixels of the inner plate are the brighter part, and whether that part is the background.

    Otsu's threshold parts the plate into two; characters cover less than half of it, so the larger part is
    the background.
    """
    _, above = cv2.threshold(inner, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    brighter = np.asarray(above > 0, np.bool_)
    return brighter, bool(brighter.mean() > 0.5)


def inside(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A rectified plate without its edge, where frame and surroundings are."""
    return crop[5:-5, 8:-8]


def levelled(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A rectified plate (64, 160) as the recogniser takes it: float32, background about 0.5, ink about -2, within 3."""
    inner = inside(grey)
    _, light = bright(inner)
    level = (grey.astype(np.float32) - np.float32(inner.mean())) / np.float32(inner.std() + _DARKEST)
    return np.asarray(np.clip(level if light else -level, -_BEYOND, _BEYOND), np.float32)
