"""From the detector's output map to plates: peaks of the heat, their four corners, doubles dropped.

A network of its own says where the corners are, at the peaks alone: everywhere else nobody asks.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDE = 8  # pixels a cell
UNIT = 8  # corner offsets come in units of eight cells
NEAR = 3
"""Cells across and down from which the corners of a plate are told, the one of its middle among them."""
CORNERS = 8
"""Numbers that say where four corners are: x and y of each."""
SIDE = 704
"""The longer side, in pixels, that the detector looks at a picture with: stills and a lane's camera alike."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A plate found: `score` 0..1 and its corners, clockwise from top left, (4, 2) float32 pixels."""

    score: float
    corners: NDArray[np.float32]


def peaks(heat: NDArray[np.float32], *, threshold: float, most: int = 16) -> NDArray[np.intp]:
    """Row and column of the cells where plates' middles are, (count, 2), best first.

    Args:
        heat: (rows, columns), 0..1.
        threshold: heat below it is no plate.
        most: how many peaks are looked at.
    """
    high = (heat == cv2.dilate(heat, np.ones((3, 3), np.uint8))) & (heat > threshold)
    at = np.argwhere(high)
    return at[np.argsort(-heat[at[:, 0], at[:, 1]])[:most]]


def beside(features: NDArray[np.float32], at: NDArray[np.intp]) -> NDArray[np.float32]:
    """What was seen at those cells and the eight around each, (count, channels, 3, 3); nothing outside the picture.

    Args:
        features: (channels, rows, columns).
        at: of `peaks`.
    """
    reach = np.arange(NEAR) - NEAR // 2
    rows, columns = at[:, :1] + reach, at[:, 1:] + reach
    high, wide = features.shape[1:]
    there = ((rows >= 0) & (rows < high))[:, :, None] & ((columns >= 0) & (columns < wide))[:, None]
    taken = features[:, rows.clip(0, high - 1)[:, :, None], columns.clip(0, wide - 1)[:, None]]
    return np.ascontiguousarray(taken.transpose(1, 0, 2, 3) * there[:, None], np.float32)


def placed(heat: NDArray[np.float32], at: NDArray[np.intp], offsets: NDArray[np.float32]) -> list[Detection]:
    """The plates at those peaks, best first, doubles dropped.

    Args:
        heat: (rows, columns), 0..1.
        at: of `peaks`.
        offsets: (count, `CORNERS`) for each peak: x and y of four corners relative to its cell.
    """
    found: list[Detection] = []
    for (row, column), offset in zip(at, offsets, strict=True):
        corners = np.asarray((offset.reshape(4, 2) * UNIT + np.array([column + 0.5, row + 0.5])) * STRIDE, np.float32)
        if cv2.contourArea(corners) > 20 and all(apart(corners, other.corners) for other in found):
            found.append(Detection(float(heat[row, column]), corners))
    return found


def apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether two plates share less than 40 % of the smaller one's area."""
    shared, _ = cv2.intersectConvexConvex(one, other)
    return float(shared) < 0.4 * min(cv2.contourArea(one), cv2.contourArea(other))
