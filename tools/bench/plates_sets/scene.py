"""A flat end of a vehicle before a camera: where it appears, and what light, lens and stream make of it.

The end is drawn flat, `FINE` pixels a metre; the camera is a pin-hole that sees it turned (yaw, pitch, roll).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.drawn.weather import Picture, Sky, VideoStream, Weather, smeared

FINE = 420
"""Pixels a metre on the flat drawing."""
SIZE = (960, 540)
Quad = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pose:
    """How the camera sees a flat end.

    Attributes:
        yaw, pitch, roll: radians; a yaw of 1 is 57° from the side.
        scale: pixels a metre in the picture, at the end's middle.
        at: where that middle appears, pixels.
        away: metres from the camera, which decides the perspective.
    """

    yaw: float
    pitch: float
    roll: float
    scale: float
    at: tuple[float, float]
    away: float

    def warp(self, flat: tuple[int, int]) -> NDArray[np.float64]:
        """From the flat drawing, (width, height) pixels, to the picture."""
        turn = _turned(self.yaw, self.pitch, self.roll)
        lens = np.array([[self.scale * self.away, 0, self.at[0]], [0, self.scale * self.away, self.at[1]], [0, 0, 1]])
        metres = np.array([[1 / FINE, 0, -flat[0] / 2 / FINE], [0, 1 / FINE, -flat[1] / 2 / FINE], [0, 0, 1]])
        plane = np.column_stack([turn[:, 0], turn[:, 1], [0.0, 0.0, self.away]])
        return np.asarray(lens @ plane @ metres)


def _turned(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    def about(axis: int, angle: float) -> NDArray[np.float64]:
        vector = np.zeros(3)
        vector[axis] = angle
        return np.asarray(cv2.Rodrigues(vector)[0])

    return about(2, roll) @ about(0, pitch) @ about(1, yaw)


def laid(base: Picture, flat: Picture, pose: Pose) -> NDArray[np.float64]:
    """Puts the flat end on the picture; returns the warp that puts its points there."""
    high, wide = flat.shape[:2]
    warp = pose.warp((wide, high))
    share = pose.scale / FINE
    soft = cv2.GaussianBlur(flat, (0, 0), 0.4 / share) if share < 0.8 else flat
    size = (base.shape[1], base.shape[0])
    over = cv2.warpPerspective(soft, warp, size, flags=cv2.INTER_LINEAR)
    inside = cv2.warpPerspective(np.full((high, wide), 255, np.uint8), warp, size) > 127
    base[inside] = over[inside]
    return warp


def moved(corners: Quad, warp: NDArray[np.float64]) -> Quad:
    """Where points of the flat end are in the picture."""
    return np.asarray(cv2.perspectiveTransform(corners[None].astype(np.float64), warp)[0], np.float32)


def exposed(rng: random.Random, picture: Picture, weather: Weather, lamps: tuple[tuple[float, float], ...]) -> Picture:
    """What the sensor and the stream make of the drawing."""
    size = (picture.shape[1], picture.shape[0])
    seen = Sky(weather, rng.getrandbits(40), size).seen(picture, 1, lamps, rng.uniform(0.5, 1.2))
    seen = smeared(seen, rng.gauss(0, 0.8), rng.gauss(0, 0.8))
    return VideoStream(quality=rng.randint(45, 92), size=size).through(seen)
