"""From the detector's output map to plates: peaks of the heat, their four corners, doubles dropped."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDE = 8  # pixels a cell
UNIT = 8  # corner offsets come in units of eight cells
CHANNELS = 9
"""Of the detector's output: heat and four corners; what follows is for the second look (`devices.anpr.look`)."""
SIDE = 704
"""The longer side, in pixels, that the detector looks at a picture with: stills and a lane's camera alike."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A plate found: `score` 0..1 and its corners, clockwise from top left, (4, 2) float32 pixels."""

    score: float
    corners: NDArray[np.float32]


def decode(output: NDArray[np.float32], *, threshold: float, most: int = 16) -> list[Detection]:
    """The plates in one output map, best first.

    Args:
        output: (9, H/8, W/8): heat 0..1, then x and y of four corners relative to the cell; more channels do not count.
        threshold: heat below it is no plate.
        most: how many peaks are looked at.
    """
    heat = output[0]
    peak = (heat == cv2.dilate(heat, np.ones((3, 3), np.uint8))) & (heat > threshold)
    rows, columns = np.nonzero(peak)
    order = np.argsort(-heat[rows, columns])[:most]
    found: list[Detection] = []
    for row, column in zip(rows[order], columns[order], strict=True):
        offsets = output[1:CHANNELS, row, column].reshape(4, 2) * UNIT
        corners = np.asarray((offsets + np.array([column + 0.5, row + 0.5])) * STRIDE, np.float32)
        if cv2.contourArea(corners) > 20 and all(apart(corners, other.corners) for other in found):
            found.append(Detection(float(heat[row, column]), corners))
    return found


def apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether two plates share less than 40 % of the smaller one's area."""
    shared, _ = cv2.intersectConvexConvex(one, other)
    return float(shared) < 0.4 * min(cv2.contourArea(one), cv2.contourArea(other))
