"""Drawn visits: a truck comes into view, brakes, nods and stands, as the lane's camera would show it.

The truck is drawn once, finely (`simulation.drawn.truck_front`); each picture only turns it into place, smears it as far as it
moved while the shutter was open, and sends it through weather, sensor and stream (`simulation.drawn.weather`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.drawn.cabs import HEIGHT, WIDTH, DrawnTruck, Fixed
from simulation.drawn.plans import VisitPlan
from simulation.drawn.truck_front import FINE, LAMPS, SIZES, Dressed, dress
from simulation.drawn.trucks import CameraView
from simulation.drawn.weather import Picture, Point, Sky, VideoStream, Weather, smeared

_BEHIND = 0.55  # how much further away the second vehicle is


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture (height, width, 3) of a visit; `plates` are those of the truck itself, corners in pixels."""

    picture: Picture
    taken_ms: int
    standing: bool
    plates: tuple[Fixed, ...]


@dataclass(frozen=True, slots=True)
class Stance:
    """How a vehicle stands in the lane: offset from its middle in picture widths, and its turn and tilt in radians."""

    aside: float
    yaw: float
    roll: float


class Approach:
    """The pictures of one visit, in order.

    Args:
        plan: what happens; the same plan is drawn again alike.
        size: width and height of the pictures, pixels.
    """

    def __init__(self, plan: VisitPlan, size: tuple[int, int] = (960, 540)) -> None:
        rng = random.Random(f"{plan.seed}/approach")  # noqa: S311  a drawn world, no secrets
        self.plan = plan
        self._size = size
        self._sky = Sky(plan.weather, plan.seed, size)
        self._lane = self._sky.lit(CameraView(size, noise=0).picture().image)
        self._truck = self._dressed(plan.truck, plan.dirt)
        self._others = [
            (self._dressed(other, 0.3), Stance(aside, 0.0, 0.0), behind)
            for other, aside, behind in (
                (plan.second, plan.aside, _BEHIND),
                (plan.neighbour, plan.beyond, rng.uniform(0, 0.5)),
            )
            if other is not None
        ]
        self._stance = Stance(rng.uniform(-0.05, 0.05), rng.uniform(-0.05, 0.05), rng.uniform(-0.02, 0.02))
        self._nod = (rng.uniform(1, 7), rng.uniform(1.1, 2.2), rng.uniform(0.2, 0.6))  # pixels, hertz, seconds
        self._shake = rng.uniform(0, 1.2)

    def _dressed(self, truck: DrawnTruck, dirt: float) -> Dressed:
        return dress(truck, self.plan.seed, dirt=dirt, night=self.plan.weather is Weather.NIGHT)

    def __iter__(self) -> Iterator[Shot]:
        stream = VideoStream(quality=self.plan.quality, factor=self.plan.factor, size=self._size)
        for number in range(self.plan.frames):
            yield self._shot(number, stream)

    def _shot(self, number: int, stream: VideoStream) -> Shot:
        at_ms = self.plan.taken_ms(number)
        picture = self._lane.copy()
        for dressed, stance, behind in self._others:
            self._place(picture, dressed, self._warp(stance, self._nearness(at_ms) - behind, (0.0, 0.0)))
        shake = self._shaken(number)
        warp = self._warp(self._stance, self._nearness(at_ms), shake, self._lift(at_ms))
        self._place(picture, self._truck, warp)
        picture = smeared(picture, *self._motion(at_ms, number))
        lamps, near = self._lamps(warp)
        picture = stream.through(self._sky.seen(picture, number, lamps, near))
        plates = tuple(_moved(plate, warp) for plate in self._truck.plates)
        return Shot(picture, at_ms, at_ms >= self.plan.standing_ms, plates)

    def _nearness(self, at_ms: float) -> float:
        """0 where it comes into view, 1 at the stop line, braking evenly."""
        left = max(0.0, 1 - at_ms / self.plan.standing_ms)
        return 1 - left * left

    def _lift(self, at_ms: float) -> float:
        """How far it nods once it stands, pixels."""
        since = (at_ms - self.plan.standing_ms) / 1000
        high, rate, fades = self._nod
        return high * math.exp(-since / fades) * math.sin(2 * math.pi * rate * since) if since > 0 else 0.0

    def _shaken(self, number: int) -> Point:
        rng = random.Random(f"{self.plan.seed}/shake/{number}")  # noqa: S311
        return rng.gauss(0, self._shake), rng.gauss(0, self._shake)

    def _motion(self, at_ms: int, number: int) -> Point:
        """How far the truck moves in the picture while the shutter is open: down as it comes, up and down as it nods."""
        before, after = (at_ms + side * self.plan.exposure_ms / 2 for side in (-1, 1))
        comes = (self._nearness(after) - self._nearness(before)) * 0.38 * self._size[1]
        nods = self._lift(after) - self._lift(before)
        rng = random.Random(f"{self.plan.seed}/smear/{number}")  # noqa: S311
        sway = rng.gauss(0, self._shake) * self.plan.exposure_ms / 30
        return sway, comes + nods

    def _warp(self, stance: Stance, nearness: float, shake: Point, lift: float = 0.0) -> NDArray[np.float64]:
        """From the largest copy of a front to the picture."""
        width, height = self._size
        nearness = max(-0.2, nearness)
        share = (0.26 + 0.36 * nearness) * width / WIDTH
        x = width * (0.5 + stance.aside) + shake[0]
        foot = height * (0.58 + 0.38 * nearness) + shake[1] + lift
        half, tall = WIDTH * share / 2, HEIGHT * share
        yaw = stance.yaw
        corners = np.array(
            [[-half, -tall * (1 + yaw)], [half, -tall * (1 - yaw)], [half, yaw * tall], [-half, -yaw * tall]]
        )
        turn = np.array(
            [[math.cos(stance.roll), -math.sin(stance.roll)], [math.sin(stance.roll), math.cos(stance.roll)]]
        )
        flat = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32) * FINE
        return np.asarray(cv2.getPerspectiveTransform(flat, (corners @ turn.T + [x, foot]).astype(np.float32)))

    def _place(self, picture: Picture, dressed: Dressed, warp: NDArray[np.float64]) -> None:
        """Turns a front into place; only where it will be is touched."""
        corners = _through(warp, np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32) * FINE)
        low = np.clip(np.floor(corners.min(0)), 0, self._size).astype(int)
        high = np.clip(np.ceil(corners.max(0)), 0, self._size).astype(int)
        if (high <= low).any():
            return
        scale = float(np.linalg.norm(corners[1] - corners[0])) / (WIDTH * FINE)
        share = min((each for each in SIZES if each >= scale), default=1.0)
        move = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]], float)
        local = move @ warp @ np.diag([1 / share, 1 / share, 1.0])
        box = (int(high[0] - low[0]), int(high[1] - low[1]))
        over = cv2.warpPerspective(dressed.copies[share], local, box, flags=cv2.INTER_LINEAR)
        inside = (over[..., 3] > 127).astype(np.uint8)
        cv2.copyTo(np.ascontiguousarray(over[..., :3]), inside, picture[low[1] : high[1], low[0] : high[0]])

    def _lamps(self, warp: NDArray[np.float64]) -> tuple[tuple[Point, ...], float]:
        """Where the headlights are, and how large the truck is against its size at the stop line."""
        places = _through(warp, np.array(LAMPS, np.float32) * FINE)
        near = float(np.linalg.norm(places[1] - places[0])) / (
            0.62 * self._size[0] * (LAMPS[1][0] - LAMPS[0][0]) / WIDTH
        )
        return tuple((float(x), float(y)) for x, y in places), near


def _through(warp: NDArray[np.float64], points: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.perspectiveTransform(points[None], warp)[0], np.float32)


def _moved(plate: Fixed, warp: NDArray[np.float64]) -> Fixed:
    return Fixed(plate.text, plate.kind, plate.rows, _through(warp, plate.corners))
