"""What weather and lamps do to a scene: infrared night, bloom around lamps, rain, haze.

Functions from a picture (height, width, 3) uint8 blue-green-red to another; chance comes from the generator given. They
share nothing with `simulation.drawn.weather`, so that visits drawn there are new to the detector.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Quad = NDArray[np.float32]
Lamp = tuple[float, float, float]  # x, y and radius, pixels


def _clipped(picture: NDArray[np.float32]) -> Picture:
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def infrared(
    picture: Picture, quads: Sequence[Quad], chance: np.random.Generator, *, dark: float, glow: float
) -> Picture:
    """The lane at night under an infrared lamp: grey, falling off to the sides, retroreflecting plates glowing.

    Args:
        picture: by day.
        quads: corners of the plates, pixels.
        chance: where the lamp points.
        dark: what is left of everything else, 0.1 to 0.7.
        glow: factor on the plates, 0.6 to 2; above about 1.1 a white background saturates and strokes grow thin.
    """
    height, width = picture.shape[:2]
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    centre = chance.uniform(0.25, 0.75, 2) * (width, height)
    reach = chance.uniform(0.5, 1.2) * max(width, height)
    xs, ys = np.arange(width, dtype=np.float32) - centre[0], np.arange(height, dtype=np.float32) - centre[1]
    fall = np.exp(-(xs[None] ** 2 + ys[:, None] ** 2) / (2 * reach**2)).astype(np.float32)
    gain = fall * np.float32(dark)
    for quad in quads:
        cv2.fillConvexPoly(gain, np.round(quad * 8).astype(np.int32), float(glow), cv2.LINE_AA, 3)
    lit = np.power(grey / 255, np.float32(1.15)) * 255 * gain
    return np.repeat(_clipped(lit)[..., None], 3, 2)


def bloom(picture: Picture, lamps: Sequence[Lamp], *, strength: float, spread: float = 3.0) -> Picture:
    """Lamps that shine: a burnt-out core, and a halo `spread` radii wide that veils what is near."""
    height, width = picture.shape[:2]
    light = np.zeros((max(2, height // 4), max(2, width // 4)), np.float32)
    for x, y, radius in lamps:
        core = max(1, round(radius / 4))
        disc = np.zeros_like(light)
        cv2.circle(disc, (round(x / 4), round(y / 4)), core, 1.0, -1)
        for share, wide in ((1.0, 0.4), (1.6, spread * 0.4), (1.2, spread)):
            light += share * cv2.GaussianBlur(disc, (0, 0), min(60.0, max(0.6, core * wide)))
    halo = cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    return _clipped(picture + halo[..., None] * np.float32(255 * strength))


def rain(picture: Picture, chance: np.random.Generator, *, amount: float) -> Picture:
    """Streaks of drops falling past the lens, and the contrast that they take; `amount` 0 to 1."""
    height, width = picture.shape[:2]
    streaks = np.zeros((height, width), np.float32)
    lean = chance.uniform(-0.3, 0.3)
    for _ in range(int(amount * 260 * width * height / 640**2)):
        x, y, length = chance.uniform(0, width), chance.uniform(-20, height), chance.uniform(6, 34)
        ends = (int(x), int(y)), (int(x + lean * length), int(y + length))
        cv2.line(streaks, *ends, float(chance.uniform(0.15, 0.8)), 1, cv2.LINE_AA)
    share = cv2.GaussianBlur(streaks, (0, 0), float(chance.uniform(0.5, 1.1)))[..., None] * np.float32(0.6)
    wet = picture * np.float32(1 - 0.25 * amount) + np.float32(30 * amount)
    return _clipped(wet * (1 - share) + 215 * share)


def drops(picture: Picture, chance: np.random.Generator, *, count: int) -> Picture:
    """Drops on the glass before the lens: each shows a smeared, shifted piece of the picture."""
    height, width = picture.shape[:2]
    blurred = cv2.GaussianBlur(picture, (0, 0), float(chance.uniform(3, 7)))
    shift = chance.integers(-14, 15, 2)
    shifted = np.roll(blurred, (int(shift[0]), int(shift[1])), (0, 1))
    mask = np.zeros((height, width), np.float32)
    for _ in range(count):
        centre = (int(chance.uniform(0, width)), int(chance.uniform(0, height)))
        radius = int(10 ** chance.uniform(0.4, 1.25))
        axes = (radius, int(radius * chance.uniform(0.8, 1.5)))
        cv2.ellipse(mask, centre, axes, 0, 0, 360, float(chance.uniform(0.4, 0.95)), -1, cv2.LINE_AA)
    share = cv2.GaussianBlur(mask, (0, 0), 1.2)[..., None]
    return _clipped(picture * (1 - share) + shifted * share)


def haze(picture: Picture, *, amount: float, level: float = 190.0) -> Picture:
    """Contrast lost to mist, spray, or the sun in the lens; `amount` 0 to 1."""
    return _clipped(picture * np.float32(1 - amount) + np.float32(level * amount))
