"""Drawn visits at the level of plates: the same plate, cut and dirt in a few pictures that differ as frames do.

The detector is left out; its place is taken by the true corners, a little wrong: once for the visit, and once more for
each picture. Rectification, recogniser, grammar and settling are the lane's own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.plate_read import PlateRead
from simulation.drawn.plans import SHARES, any_mark, any_rows
from simulation.drawn.plates import PlateKind
from simulation.drawn.truck_front import any_style, flat_plate, soiled
from simulation.drawn.weather import Picture, Sky, VideoStream, Weather, smeared
from tools.bench.cuts import any_ink, fonts
from tools.bench.told import ToldReader

SIZE = (256, 144)
_FINER = 1.3  # a plate is warped into place from a copy at most this much larger than it will be
Corners = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PlatePlan:
    """What chance decides about one plate's visit.

    Attributes:
        text: on the plate; `kind`, `rows`: how.
        weather: between plate and camera.
        width: of the plate once the truck stands, pixels.
        frames: pictures; in the first `moving` of them the truck still comes nearer.
    """

    seed: int
    text: str
    kind: PlateKind
    rows: int
    weather: Weather
    width: float
    frames: int
    moving: int
    dirt: float
    quality: int


def planned(seed: int, number: int) -> PlatePlan:
    """Visit `number` of the series `seed`: one in ten has no Hong Kong plate, only a black one."""
    rng = random.Random(f"{seed}/plate/{number}")
    alone = rng.random() < 0.1
    text = f"粤Z{rng.choice('ABCDEFGHJKMRST')}{rng.randint(0, 999):03d}港" if alone else any_mark(rng)
    kind = PlateKind.CROSS_BORDER if alone else rng.choices((PlateKind.HK_FRONT, PlateKind.HK_REAR), (9, 1))[0]
    rows = 1 if alone else any_rows(rng, text)
    frames = rng.randint(6, 12)
    return PlatePlan(
        seed=rng.getrandbits(48),
        text=text,
        kind=kind,
        rows=rows,
        weather=rng.choices(list(SHARES), list(SHARES.values()))[0],
        width=rng.uniform(95, 150) if rows == 1 else rng.uniform(70, 115),
        frames=frames,
        moving=rng.randint(0, frames - 4),
        dirt=rng.random() ** 2 if rng.random() < 0.6 else 0.0,
        quality=rng.randint(35, 92) if rng.random() < 0.7 else 0,
    )


class PlateVisit:
    """The pictures of one plate, (144, 256, 3), each with the corners a detector would find.

    Args:
        plan: what is drawn.
        folders: where fonts are.
    """

    def __init__(self, plan: PlatePlan, folders: tuple[Path, ...] = ()) -> None:
        self.plan = plan
        rng = self._rng = random.Random(f"{plan.seed}/drawn")
        self.cut, ink = any_ink(rng, fonts(folders))
        style = replace(any_style(rng, plan.kind), ink=ink)
        self._flat = flat_plate(rng, plan.text, plan.kind, plan.rows, style)
        if plan.dirt:
            self._flat = soiled(rng, self._flat, plan.dirt)
        self._around = self._surroundings(rng)
        if plan.weather is Weather.NIGHT:
            self._darken(rng)
        self._sky = Sky(plan.weather, plan.seed, SIZE)
        self._turn = (rng.gauss(0, 0.03), rng.gauss(0, 0.05), rng.gauss(0, 0.03))  # roll, slant, perspective
        self._wrong = np.array([[rng.gauss(0, 0.02), rng.gauss(0, 0.03)] for _ in range(4)])
        self._exposure = rng.uniform(0, 1)

    def _surroundings(self, rng: random.Random) -> Picture:
        """Paintwork and a bumper, in no particular colours."""
        around = np.empty((SIZE[1], SIZE[0], 3), np.uint8)
        around[:] = [rng.randint(20, 230) for _ in range(3)]
        edge = rng.randint(20, SIZE[1] - 20)
        around[edge:] = [rng.randint(20, 120)] * 3
        return around

    def _darken(self, rng: random.Random) -> None:
        """By infrared light: grey, the vehicle dim, the plate reflecting."""
        gain = rng.uniform(0.75, 1.2)
        flat = cv2.convertScaleAbs(cv2.cvtColor(self._flat, cv2.COLOR_BGR2GRAY), alpha=gain)
        around = cv2.convertScaleAbs(cv2.cvtColor(self._around, cv2.COLOR_BGR2GRAY), alpha=rng.uniform(0.1, 0.4))
        self._flat, self._around = (
            np.asarray(cv2.cvtColor(each, cv2.COLOR_GRAY2BGR), np.uint8) for each in (flat, around)
        )

    def __iter__(self) -> Iterator[tuple[Picture, Corners]]:
        stream = VideoStream(quality=self.plan.quality or 95, size=SIZE)
        for number in range(self.plan.frames):
            yield self._frame(number, stream)

    def _frame(self, number: int, stream: VideoStream) -> tuple[Picture, Corners]:
        rng = random.Random(f"{self.plan.seed}/{number}")
        left = max(0, self.plan.moving - number)  # pictures until it stands
        corners = self._corners(self.plan.width * (1 - 0.03 * left), rng)
        picture = self._laid(corners)
        blur = self._exposure * (2.5 * left + abs(rng.gauss(0, 0.8)))
        picture = smeared(picture, rng.gauss(0, 0.2) * blur, blur)
        picture = stream.through(self._sky.seen(picture, number))
        size = np.array([np.ptp(corners[:, 0]), np.ptp(corners[:, 1])])
        shaken = np.array([[rng.gauss(0, 0.006), rng.gauss(0, 0.011)] for _ in range(4)])
        return picture, np.asarray(corners + (self._wrong + shaken) * size, np.float32)

    def _corners(self, width: float, rng: random.Random) -> Corners:
        height = width * self._flat.shape[0] / self._flat.shape[1]
        share = min(1.0, 0.8 * SIZE[1] / height)
        half = np.array([width, height]) * share / 2
        roll, slant, far = self._turn
        square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
        square[:, 1] *= 1 + far * square[:, 0]
        points = square * half
        points[:, 1] += points[:, 0] * (roll + slant * 0.5)
        points[:, 0] += points[:, 1] * slant
        middle = np.array(SIZE) / 2 + [rng.uniform(-3, 3), rng.uniform(-3, 3)]
        return np.asarray(points + middle, np.float32)

    def _laid(self, corners: Corners) -> Picture:
        """The plate warped into its place."""
        share = min(1.0, _FINER * float(np.linalg.norm(corners[1] - corners[0])) / self._flat.shape[1])
        flat = np.asarray(cv2.resize(self._flat, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)
        rows, columns = flat.shape[:2]
        edge = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
        warp = cv2.getPerspectiveTransform(edge, corners)
        over = cv2.warpPerspective(flat, warp, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        inside = np.zeros((SIZE[1], SIZE[0]), np.uint8)
        cv2.fillConvexPoly(inside, np.round(corners * 8).astype(np.int32), 255, cv2.LINE_AA, 3)
        share_in = inside[..., None].astype(np.float32) / 255
        return np.asarray(self._around * (1 - share_in) + over * share_in, np.uint8)


class Pointed(ToldReader):
    """The lane's reader, told where the plate is."""

    def read_at(self, image: Picture, corners: Corners, turn: int = 0) -> tuple[PlateRead, ...]:
        """The plate with these corners; `turn` as of `PlateReader.read`."""
        self.told = (corners,)
        return self.read(image, turn=turn)
