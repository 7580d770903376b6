"""A picture drawn upon in a vehicle's own measure: x across it, y down, both in vehicle widths, seen at an angle.

(0, 0) is the middle of the lower edge of the front; (−0.5, −1) is a vehicle's width above its left edge.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.drawn.plates import Colour

Picture = NDArray[np.uint8]
Quad = NDArray[np.float32]
Points = Sequence[tuple[float, float]] | NDArray[np.float64]


class Easel:
    """One vehicle's place on the picture.

    Args:
        picture: drawn upon, (H, W, 3).
        foot: where the middle of the lower edge stands, pixels.
        width: of the vehicle, pixels.
        view: yaw, roll and pitch, radians; small.
    """

    def __init__(
        self, picture: Picture, foot: tuple[float, float], width: float, view: tuple[float, float, float]
    ) -> None:
        self.picture = picture
        self.width = width
        yaw, roll, pitch = view
        turn = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
        lean = np.array([[math.cos(yaw), 0, 0], [math.sin(yaw) * 0.25, math.cos(pitch), 0], [0, 0, 1]])
        far = np.array([[1, 0, 0], [0, 1, 0], [math.sin(yaw) * 0.22, -math.sin(pitch) * 0.22, 1]])
        place = np.array([[width, 0, foot[0]], [0, width, foot[1]], [0, 0, 1]])
        self._warp = place @ turn @ lean @ far

    def at(self, points: Points) -> Quad:
        """Where these points are on the picture, (n, 2) pixels."""
        flat = np.asarray(points, np.float64)[:, None]
        return np.asarray(cv2.perspectiveTransform(flat, self._warp)[:, 0], np.float32)

    def fill(self, points: Points, paint: Colour) -> None:
        """A filled polygon."""
        spots = np.round(self.at(points) * 8).astype(np.int32)
        cv2.fillPoly(self.picture, [spots], paint, cv2.LINE_AA, 3)

    def box(self, left: float, top: float, right: float, bottom: float, paint: Colour, *, inset: float = 0.0) -> None:
        """A filled box; `inset` pulls its lower corners in (positive) or its upper ones (negative)."""
        low, high = max(0.0, inset), max(0.0, -inset)
        self.fill([(left + high, top), (right - high, top), (right - low, bottom), (left + low, bottom)], paint)

    def line(self, points: Points, paint: Colour, thick: float) -> None:
        """An open line, `thick` in vehicle widths."""
        spots = np.round(self.at(points) * 8).astype(np.int32)
        cv2.polylines(self.picture, [spots], False, paint, max(1, round(thick * self.width)), cv2.LINE_AA, 3)

    def oval(self, centre: tuple[float, float], radii: tuple[float, float], paint: Colour, thick: float = -1) -> None:
        """An ellipse, filled or as a ring."""
        angles = np.linspace(0, math.tau, 24, endpoint=False)
        points = np.stack([centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)], 1)
        if thick < 0:
            self.fill(points, paint)
        else:
            self.line(np.vstack([points, points[:1]]), paint, thick)

    def lit(self, rng: random.Random, noise: np.random.Generator, hull: Points) -> None:
        """Sheen and shade over what lies within `hull`: painted metal is never one colour."""
        spots = self.at(hull)
        low = np.clip(np.floor(spots.min(0)), 0, None).astype(int)
        high = np.minimum(np.ceil(spots.max(0)).astype(int), self.picture.shape[1::-1])
        width, height = (int(edge) for edge in high - low)
        if width < 4 or height < 4:
            return
        small = noise.uniform(-1, 1, (rng.randint(3, 9), rng.randint(2, 7))).astype(np.float32)
        gain = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(rng.uniform(0.03, 0.22))
        inside = np.zeros((height, width), np.float32)
        cv2.fillPoly(inside, [np.round((spots - low) * 8).astype(np.int32)], 1.0, cv2.LINE_AA, 3)
        place = self.picture[low[1] : high[1], low[0] : high[0]]
        place[:] = np.clip(place * (1 + gain * inside)[..., None], 0, 255).astype(np.uint8)
