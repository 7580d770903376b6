"""The colour a plate's characters stand on, from the rectified plate and where its characters were read."""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.alphabet import COLUMNS
from devices.anpr.contrast import bright, inside
from devices.anpr.ctc import rows_of
from devices.anpr.plate_read import Background
from devices.anpr.spacing import middles

GAPS = 0.5
"""What the places between characters weigh against the share of the plate that is bright (`docs/anpr.md`: how chosen)."""
_FLAT = 4.0  # levels; a plate without contrast says nothing
_FEWER = 4  # of so many pixels one is enough for a median
_BANDS = {1: (slice(6, 58),), 2: (slice(6, 31), slice(33, 58))}  # lines of the crop that each row's characters cover


def background_of(crop: NDArray[np.uint8], output: NDArray[np.float32]) -> Background:
    """The background of a rectified plate.

    Characters cover less than half of most plates, but not of a narrow one with two rows of two, nor of a cut that took
    in the bumper. Between two characters there is only background, so the text that was read tells where to look.

    Args:
        crop: (64, 160, 3) blue-green-red.
        output: the recogniser's, (3 * COLUMNS, classes).
    """
    inner = inside(crop)
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
    above, _ = bright(inside(grey))
    light = above.mean() - 0.5 + GAPS * between(grey, output) / (inside(grey).std() + _FLAT) > 0
    part = inner[above if light else ~above][::_FEWER]
    if not part.size:
        return Background.OTHER
    blue, green, red = (float(level) for level in np.median(part.reshape(-1, 3), axis=0))
    colour = np.array([[[blue, green, red]]], np.uint8)
    hue, saturation, _ = (int(level) for level in cv2.cvtColor(colour, cv2.COLOR_BGR2HSV)[0, 0])
    return _light(hue, saturation) if light else _dark(hue, saturation, max(blue, green, red))


def between(grey: NDArray[np.uint8], output: NDArray[np.float32]) -> float:
    """How much brighter a plate (64, 160) is between its characters than on them, in levels; 0 where none are read."""
    rows = rows_of(output)
    steps = [step for row, band in zip(rows, _BANDS[len(rows)], strict=True) for step in _steps(grey[band], row)]
    return float(np.mean(steps)) if steps else 0.0


def _steps(band: NDArray[np.uint8], row: NDArray[np.float64]) -> list[float]:
    """For each two neighbours of a row, how much brighter it is halfway between them than around their middles."""
    level = band.mean(0).reshape(COLUMNS, -1).mean(1)
    sums = [0.0, *np.cumsum(level).tolist()]
    steps = []
    for one, other in pairwise(middles(row)):
        apart = other - one
        written = sum(_mean(sums, middle, max(0.75, 0.32 * apart)) for middle in (one, other)) / 2
        steps.append(_mean(sums, (one + other) / 2, max(0.75, 0.1 * apart)) - written)
    return steps


def _mean(sums: list[float], middle: float, reach: float) -> float:
    """Of the columns whose own middles are nearer than `reach` to `middle`; `sums` are of all columns before each."""
    first = max(0, math.floor(middle - reach - 0.5) + 1)
    end = min(COLUMNS, math.ceil(middle + reach - 0.5))
    return (sums[end] - sums[first]) / (end - first)


def _light(hue: int, saturation: int) -> Background:
    if saturation > 70 and 12 <= hue < 36:
        return Background.YELLOW
    if saturation > 45 and 36 <= hue < 90:
        return Background.GREEN
    return Background.OTHER if saturation > 110 else Background.WHITE


def _dark(hue: int, saturation: int, level: float) -> Background:
    return Background.BLUE if saturation > 110 and 95 <= hue < 130 and level > 60 else Background.BLACK
