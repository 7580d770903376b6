"""Plates on vehicles: how they are made, dirtied, framed, stacked and mounted."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.drawn.plates import PALETTE, Colour, PlateKind, paint, sheet
from tools.training.clutter import SIZE, grey
from tools.training.crops import style
from tools.training.easel import Picture, Quad
from tools.training.faces import TypeCase
from tools.training.fronts import DrawnVehicle
from tools.training.texts import cross_border, mainland, mark, ordinary, personalised, short

_HONG_KONG = (PlateKind.HK_FRONT, PlateKind.HK_REAR)
FINE, COARSE = 72, 40  # height of a character on a flat plate, pixels
USUAL = 5.8  # how many characters' heights a Hong Kong plate of six characters in one row is wide


@dataclass(frozen=True, slots=True)
class FlatPlate:
    """A plate lying flat."""

    picture: Picture
    kind: PlateKind
    rows: int
    character: int  # how high one is, pixels

    @property
    def slope(self) -> float:
        """Height as a share of the width."""
        return float(self.picture.shape[0] / self.picture.shape[1])

    @property
    def across(self) -> float:
        """Width in heights of a character."""
        return float(self.picture.shape[1] / self.character)


def tint(rng: random.Random, colour: Colour, spread: float) -> Colour:
    """The colour as the sun, the dirt and the printer left it."""
    light = rng.uniform(0.55, 1.08)
    blue, green, red = (int(np.clip(part * light + rng.gauss(0, spread), 0, 255)) for part in colour)
    return blue, green, red


def plate(  # noqa: PLR0917  what and how
    rng: random.Random,
    noise: np.random.Generator,
    cut: TypeCase,
    kind: PlateKind,
    text: str,
    rows: int,
    height: int = COARSE,
) -> FlatPlate:
    """A flat plate in colour, as old and dirty as plates get."""
    flat = sheet(text, kind, rows, height, style(rng, cut, kind, rows))
    background, ink = PALETTE[kind]
    border = rng.choice((0, 0, 1, 2, 3)) * height / COARSE
    picture = paint(flat, tint(rng, background, 12), tint(rng, ink, 10), border=border)
    if rng.random() < 0.4:
        _bolts(rng, picture)
    return FlatPlate(_weathered(rng, noise, picture), kind, rows, height)


def _bolts(rng: random.Random, picture: Picture) -> None:
    rows, columns = picture.shape[:2]
    y = int(rng.choice((0.12, 0.28, 0.5)) * rows)
    for x in (0.1, 0.9) if rng.random() < 0.5 else (0.28, 0.72):
        cv2.circle(picture, (int(x * columns), y), rng.randint(1, 4), grey(rng, 30, 200), -1, cv2.LINE_AA)


def _weathered(rng: random.Random, noise: np.random.Generator, picture: Picture) -> Picture:
    """Mud, a slope of light, the hard edge of a shadow."""
    rows, columns = picture.shape[:2]
    cover = np.ones((rows, columns), np.float32)
    if rng.random() < 0.3:
        cover *= np.linspace(rng.uniform(0.4, 1), 1, columns, dtype=np.float32)[:: rng.choice((-1, 1))]
    if rng.random() < 0.15:
        x = rng.randint(0, columns)
        points = np.array([[x, 0], [2 * columns, 0], [2 * columns, rows], [x + rng.randint(-rows, rows), rows]])
        cv2.fillPoly(cover, [points.astype(np.int32)], rng.uniform(0.3, 0.75))
    lit = picture * cover[..., None]
    if rng.random() < 0.25:
        small = noise.uniform(0, 1, (rng.randint(3, 7), rng.randint(4, 14))).astype(np.float32)
        mud = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC)
        share = np.clip((mud - rng.uniform(0.4, 0.8)) * rng.uniform(1, 4), 0, rng.uniform(0.2, 0.75))[..., None]
        lit = lit * (1 - share) + np.array(grey(rng, 40, 130), np.float32) * share
    return np.asarray(np.clip(lit, 0, 255), np.uint8)


def lay(picture: Picture, flat: Picture, corners: Quad) -> bool:
    """Puts a flat plate on the picture; False where it would not fit."""
    if corners.min() < 2 or corners.max() > SIZE - 3:
        return False
    width = float(np.linalg.norm(corners[1] - corners[0]))
    if width < flat.shape[1] * 0.7:
        size = (max(12, int(width * 1.3)), max(6, int(width * 1.3 * flat.shape[0] / flat.shape[1])))
        flat = np.asarray(cv2.resize(flat, size, interpolation=cv2.INTER_AREA), np.uint8)
    rows, columns = flat.shape[:2]
    low, high = np.floor(corners.min(0)).astype(int) - 1, np.ceil(corners.max(0)).astype(int) + 2
    box = (int(high[0] - low[0]), int(high[1] - low[1]))
    local = (corners - low).astype(np.float32)
    warp = cv2.getPerspectiveTransform(np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32), local)
    over = cv2.warpPerspective(flat, warp, box, borderMode=cv2.BORDER_REPLICATE)
    inside = np.zeros((box[1], box[0]), np.uint8)
    cv2.fillConvexPoly(inside, np.round(local * 8).astype(np.int32), 255, cv2.LINE_AA, 3)
    share = inside[..., None].astype(np.float32) / 255
    place = picture[low[1] : high[1], low[0] : high[0]]
    place[:] = (place * (1 - share) + over * share).astype(np.uint8)
    return True


def shared(one: Quad, other: Quad) -> float:
    """The area two plates have in common, as a share of the smaller one."""
    area, _ = cv2.intersectConvexConvex(one, other)
    return float(area) / max(1.0, min(cv2.contourArea(one), cv2.contourArea(other)))


def around(corners: Quad, wide: float, tall: float) -> NDArray[np.int32]:
    """Corners grown about their middle, for `fillConvexPoly` with three fractional bits."""
    middle = corners.mean(0)
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 4
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 4
    grown = [middle + x * along * wide + y * down * tall for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return np.asarray(np.round(np.array(grown) * 8), np.int32)


def rectangle(x: float, y: float, width: float, height: float) -> NDArray[np.float64]:
    """Corners, clockwise from top left, of a box with its middle at (x, y)."""
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
    return square * [width / 2, height / 2] + [x, y]


@dataclass(slots=True)
class Bill:
    """The plates hung on one picture: what is put up where nothing hangs yet.

    Attributes:
        names: the share of vehicles whose plate is of a kind that resembles lettering (`_name`), mostly without a Mainland
            plate.
    """

    rng: random.Random
    noise: np.random.Generator
    cut: TypeCase
    picture: Picture
    quads: list[Quad]
    rows: list[int] = field(default_factory=list)  # of each plate hung, in the order of `quads` as they are hung
    names: float = 0.0

    def flat(self, text: str, kind: PlateKind, rows: int, width: float) -> FlatPlate:
        """A plate that will be `width` pixels wide."""
        return plate(self.rng, self.noise, self.cut, kind, text, rows, FINE if width > 200 else COARSE)

    def put(self, flat: FlatPlate, corners: Quad, *, board: bool) -> None:
        """Lays the plate, perhaps in a holder of its own; nothing where another hangs or the picture ends."""
        rng = self.rng
        if any(shared(corners, other) > 0.15 for other in self.quads):
            return
        if not board and rng.random() < 0.5:
            holder = around(corners, rng.uniform(1.02, 1.15), rng.uniform(1.03, 1.35))
            cv2.fillConvexPoly(self.picture, holder, self._holder(flat), cv2.LINE_AA, 3)
        if lay(self.picture, flat.picture, corners):
            self.quads.append(corners)
            self.rows.append(flat.rows)

    def _holder(self, flat: FlatPlate) -> Colour:
        """Any grey; often just that of the plate, so that its edge is lost."""
        if self.rng.random() < 0.4:
            blue, green, red = (int(level) for level in np.median(flat.picture[:3].reshape(-1, 3), axis=0))
            return blue, green, red
        return grey(self.rng)

    def pair(self, width: float) -> tuple[FlatPlate, FlatPlate | None, bool]:
        """What one vehicle shows: a plate, often a Mainland one with it, and whether that hangs above."""
        rng = self.rng
        if rng.random() < self.names:
            text, rows = _name(rng)
            other = self.flat(*_mainland(rng), width) if rng.random() < 0.3 else None
            return self.flat(text, rng.choice(_HONG_KONG), rows, width), other, rng.random() < 0.25
        text, kind, rows = mark(rng)
        if kind in _HONG_KONG and rng.random() < 0.2:
            text, rows = short(rng), rng.choice((1, 1, 2))
        if rng.random() > 0.6:
            return self.flat(text, kind, rows, width), None, False
        if kind not in _HONG_KONG:
            text, kind, rows = ordinary(rng), PlateKind.HK_FRONT, rng.choice((1, 2))
        other = self.flat(*_mainland(rng), width)
        return self.flat(text, kind, rows, width), other, rng.random() < 0.25

    def hang(self, x: float, y: float, width: float, to_picture: Placing) -> None:
        """A plate, and often a second one with it, the middle of the first at (x, y) in the measure of `to_picture`."""
        rng = self.rng
        scale = float(np.ptp(to_picture.corners(rectangle(x, y, width, width / 4))[:, 0])) / width
        first, other, above = self.pair(width * scale)
        lawful = first.kind in _HONG_KONG and rng.random() < 0.7
        wide = width * (first.across / USUAL if lawful else self._free(first))
        tall = wide * first.slope
        tilt = rng.gauss(0, 0.02)
        places = [(first, rectangle(x, y, wide, tall))]
        if other is not None:
            across = width * rng.uniform(0.75, 1.0) if lawful else self._beside(wide)
            height = across * other.slope
            gap = rng.uniform(-0.03, 0.03) if rng.random() < 0.6 else rng.uniform(0.03, 0.35)
            down = (tall + height) / 2 + gap * min(tall, height)
            aside = rng.gauss(0, 0.02) if rng.random() < 0.8 else rng.gauss(0, 0.12)
            places.append((other, rectangle(x + aside * wide, y + (-down if above else down), across, height)))
        self._mount(places, to_picture, tilt)

    def _free(self, flat: FlatPlate) -> float:
        """Any width: characters of one height are the law, and not always kept."""
        return self.rng.uniform(0.55, 0.85) if flat.rows == 2 else 1.0

    def _beside(self, wide: float) -> float:
        """How wide the other plate is."""
        return wide if self.rng.random() < 0.5 else wide * self.rng.uniform(0.8, 1.35)

    def _mount(self, places: list[tuple[FlatPlate, NDArray[np.float64]]], to_picture: Placing, tilt: float) -> None:
        rng = self.rng
        board = len(places) == 2 and rng.random() < 0.4
        if board:
            every = np.vstack([box for _, box in places])
            low, high = every.min(0), every.max(0)
            middle, size = (low + high) / 2, (high - low) * [rng.uniform(1.02, 1.15), rng.uniform(1.02, 1.2)]
            corners = to_picture.corners(rectangle(*middle, *size), tilt)
            cv2.fillConvexPoly(self.picture, around(corners, 1, 1), grey(rng), cv2.LINE_AA, 3)
        for number, (flat, box) in enumerate(places):
            own = tilt + (rng.gauss(0, 0.015) if number and not board else 0.0)
            self.put(flat, to_picture.corners(box, own), board=board)


def _name(rng: random.Random) -> tuple[str, int]:
    """A personalised mark, and in how many rows: four of five in one; in every third place an ordinary one in two."""
    if rng.random() < 0.33:
        return ordinary(rng), 2
    text = personalised(rng)
    return text, rng.choice((1, 1, 1, 1, 2)) if len(text.replace(" ", "")) > 3 else 1


def _mainland(rng: random.Random) -> tuple[str, PlateKind, int]:
    """What hangs with a Hong Kong plate: nearly always the black 粤Z…港."""
    if rng.random() < 0.85:
        return cross_border(rng), PlateKind.CROSS_BORDER, 1
    kind = rng.choice((PlateKind.CN_BLUE, PlateKind.CN_YELLOW, PlateKind.CN_GREEN))
    return mainland(rng, 6 if kind is PlateKind.CN_GREEN else 5), kind, 1


class Placing(ABC):
    """From the measure that plates are hung in to the picture."""

    def corners(self, box: NDArray[np.float64], tilt: float = 0.0) -> Quad:
        """The four corners on the picture of a box turned by `tilt` radians about its middle."""
        turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
        middle = box.mean(0)
        return self._placed((box - middle) @ turn.T + middle)

    @abstractmethod
    def _placed(self, box: NDArray[np.float64]) -> Quad:
        """The same corners on the picture."""


@dataclass(frozen=True)
class OnVehicle(Placing):
    """In vehicle widths, seen as the vehicle is."""

    vehicle: DrawnVehicle

    def _placed(self, box: NDArray[np.float64]) -> Quad:
        return self.vehicle.easel.at(box)


@dataclass(frozen=True)
class Alone(Placing):
    """In pixels about `middle`, in an attitude of its own: 2 x 2, and a share of perspective in the third row."""

    middle: tuple[float, float]
    pose: NDArray[np.float64]

    def _placed(self, box: NDArray[np.float64]) -> Quad:
        flat = box.copy()
        flat[:, 1] *= 1 + self.pose[2, 0] * flat[:, 0] / max(1.0, float(np.ptp(flat[:, 0]))) * 2
        return np.asarray(flat @ self.pose[:2].T + self.middle, np.float32)


def attitude(rng: random.Random) -> NDArray[np.float64]:
    """How a plate is turned: 2 x 2, with a share of perspective in the third row."""
    yaw, roll, lean = rng.gauss(0, 0.3), rng.gauss(0, 0.07), rng.gauss(0, 0.1)
    if rng.random() < 0.25:  # from the side
        yaw = rng.choice((-1, 1)) * rng.uniform(0.5, 1.1)
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    shape = np.array([[max(0.42, np.cos(yaw)), 0], [np.tan(lean), 1]])
    return np.vstack([turn @ shape, [[np.sin(yaw) * 0.15, 0]]])


def dress(bill: Bill, vehicle: DrawnVehicle) -> None:
    """Hangs plates on a vehicle: mostly at its usual place."""
    rng = bill.rng
    x, y, width = vehicle.mounts[0] if rng.random() < 0.85 else vehicle.mounts[-1]
    bill.hang(x, y, width * rng.uniform(0.85, 1.2), OnVehicle(vehicle))


def scatter(bill: Bill) -> None:
    """Hangs plates anywhere, of any size up to three fifths of the picture's width."""
    rng = bill.rng
    width = 10 ** rng.uniform(1.35, 2.3 if rng.random() < 0.8 else 2.58)
    reach = max(20.0, width * 0.55)
    middle = (rng.uniform(reach, SIZE - reach), rng.uniform(20, SIZE - 20))
    bill.hang(0, 0, width, Alone(middle, attitude(rng)))
