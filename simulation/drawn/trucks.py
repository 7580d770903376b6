"""What the lane's camera sees, drawn: an empty lane, a truck coming nearer, now and then a second one behind it.

    view = LaneView()
    for picture in view.approach(Truck("LT3482", mainland="粤ZR12A港"), frames=12):
        ...  # picture.image (540, 960, 3) uint8 blue-green-red, picture.plates

Everything is decided by the seed and the frame number: the same world is drawn again alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.drawn.cabs import HEIGHT, WIDTH, Art, DrawnTruck, Fixed, art

__all__ = ["CameraView", "DrawnTruck", "LanePicture"]

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LanePicture:
    """One frame: `image` (height, width, 3) uint8 blue-green-red, and every plate in it with its corners in pixels."""

    image: Picture
    plates: tuple[Fixed, ...]


class CameraView:
    """A camera above the kiosk, looking at the lane.

    Args:
        size: width and height of the frames, pixels.
        light: 1 for day, down to 0.2 for a badly lit night.
        noise: standard deviation of the sensor's noise, grey levels.
        seed: of the noise and of how trucks stand in the lane.
    """

    def __init__(
        self, size: tuple[int, int] = (960, 540), light: float = 1.0, noise: float = 4.0, seed: int = 0
    ) -> None:
        self.size = size
        self.light = light
        self.seed = seed
        self._grain = np.random.default_rng(seed).normal(0, noise, (size[1] + 64, size[0] + 64, 1)).astype(np.float32)
        self._lane = _lane(size)

    def picture(
        self,
        truck: DrawnTruck | None = None,
        nearness: float = 1.0,
        *,
        second: DrawnTruck | None = None,
        frame: int = 0,
    ) -> LanePicture:
        """One frame.

        Args:
            truck: the vehicle in the lane; None for an empty lane.
            nearness: 0 where it comes into view, 1 at the stop line.
            second: a vehicle close behind, half hidden beside the first.
            frame: number of the frame; chooses the noise and a slight sway.
        """
        image = self._lane.copy()
        plates: list[Fixed] = []
        if second is not None:
            plates += self._place(image, second, max(0.0, nearness - 0.6), 0.37, frame)
        if truck is not None:
            plates = self._unhidden(plates, truck, nearness, frame) + self._place(image, truck, nearness, 0.0, frame)
        return LanePicture(self._exposed(image, frame), tuple(plates))

    def approach(self, truck: DrawnTruck, frames: int, *, standing: int = 0) -> Iterator[LanePicture]:
        """`frames` pictures of a truck coming nearer, then `standing` of it at the stop line."""
        for frame in range(frames + standing):
            yield self.picture(truck, min(1.0, (frame + 1) / frames), frame=frame)

    def _warp(self, truck: DrawnTruck, nearness: float, aside: float, frame: int) -> NDArray[np.float64]:
        """From the art to the frame: where the truck stands, how far it is, how it is turned."""
        rng = np.random.default_rng([self.seed, truck.seed])
        width, height = self.size
        share = (0.26 + 0.36 * nearness) * width / WIDTH
        x = width * (0.5 + aside + rng.uniform(-0.05, 0.05)) + np.sin(frame * 0.7)
        foot = height * (0.58 + 0.38 * nearness) + np.sin(frame * 1.3)
        yaw, roll = rng.uniform(-0.05, 0.05), rng.uniform(-0.02, 0.02)
        half, tall = WIDTH * share / 2, HEIGHT * share
        corners = np.array(
            [[-half, -tall * (1 + yaw)], [half, -tall * (1 - yaw)], [half, yaw * tall], [-half, -yaw * tall]]
        )
        turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
        flat = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
        placed = (corners @ turn.T + [x, foot]).astype(np.float32)
        return np.asarray(cv2.getPerspectiveTransform(flat, placed))

    def _place(self, image: Picture, truck: DrawnTruck, nearness: float, aside: float, frame: int) -> list[Fixed]:
        drawn = art(truck)
        warp = self._warp(truck, nearness, aside, frame)
        over = cv2.warpPerspective(_softened(drawn, warp), warp, self.size, flags=cv2.INTER_LINEAR)
        inside = cv2.warpPerspective(drawn.cut, warp, self.size, flags=cv2.INTER_LINEAR) > 127
        image[inside] = over[inside]
        return [self._seen(plate, warp) for plate in drawn.plates]

    def _seen(self, plate: Fixed, warp: NDArray[np.float64]) -> Fixed:
        corners = cv2.perspectiveTransform(plate.corners[None], warp)[0]
        return Fixed(plate.text, plate.kind, plate.rows, np.asarray(corners, np.float32))

    def _unhidden(self, plates: list[Fixed], truck: DrawnTruck, nearness: float, frame: int) -> list[Fixed]:
        """Those of the truck behind that the one in front does not cover."""
        warp = self._warp(truck, nearness, 0.0, frame)
        hull = cv2.perspectiveTransform(np.array([[[36, 30], [524, 30], [524, 634], [36, 634]]], np.float32), warp)[0]
        return [
            p for p in plates if all(cv2.pointPolygonTest(hull, (float(x), float(y)), False) < 0 for x, y in p.corners)
        ]

    def _exposed(self, image: Picture, frame: int) -> Picture:
        rng = np.random.default_rng([self.seed, frame])
        top, left = (int(n) for n in rng.integers(0, 64, 2))
        grain = self._grain[top : top + self.size[1], left : left + self.size[0]]
        return np.asarray(np.clip(image * np.float32(self.light) + grain, 0, 255), np.uint8)


def _softened(drawn: Art, warp: NDArray[np.float64]) -> Picture:
    """The art blurred as far as it is about to be shrunk, so that thin strokes do not break up."""
    share = float(np.linalg.norm(warp[:2, 0])) / float(warp[2, 2])
    if share > 0.9:
        return drawn.image
    return np.asarray(cv2.GaussianBlur(drawn.image, (0, 0), 0.45 / max(share, 0.2)), np.uint8)


def _lane(size: tuple[int, int]) -> Picture:
    """The empty lane: canopy, booths, road with its edge lines."""
    width, height = size
    image = np.empty((height, width, 3), np.uint8)
    fade = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    image[:] = (np.array([190, 186, 180], np.float32) * (1 - fade) + np.array([92, 92, 94], np.float32) * fade).astype(
        np.uint8
    )
    horizon = int(height * 0.42)
    cv2.rectangle(image, (0, 0), (width, int(height * 0.12)), (120, 122, 126), -1)
    for side in (0, int(width * 0.86)):
        cv2.rectangle(
            image, (side, int(height * 0.2)), (side + int(width * 0.14), int(height * 0.8)), (150, 160, 158), -1
        )
        cv2.rectangle(
            image, (side + 12, int(height * 0.3)), (side + int(width * 0.14) - 12, int(height * 0.5)), (84, 76, 64), -1
        )
    road = np.array([[width * 0.3, horizon], [width * 0.7, horizon], [width * 0.98, height], [width * 0.02, height]])
    cv2.fillPoly(image, [road.astype(np.int32)], (86, 86, 88), cv2.LINE_AA)
    for x0, x1 in ((0.33, 0.1), (0.67, 0.9)):
        cv2.line(
            image,
            (int(width * x0), horizon),
            (int(width * x1), height),
            (60, 190, 225),
            max(2, width // 160),
            cv2.LINE_AA,
        )
    return image
