"""Rectified plate crops as the recogniser gets them, drawn with everything that goes wrong between plate and lens.

A sample is `(picture (64, 160) uint8 grey, target (3, 40) int8, text)`. Target rows: the single row, the upper of two,
the lower of two; a column holds a class of `ALPHABET` (1-based), 0 for blank, -1 where it does not matter.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.alphabet import CLASS, COLUMNS, CROP
from simulation.drawn.plates import STANDARD, PlateKind, Sheet, Style, sheet
from tools.training.faces import TypeCase
from tools.training.texts import mark

Grey = NDArray[np.float32]
WIDTH, HEIGHT = CROP
DARK = (PlateKind.CROSS_BORDER, PlateKind.MACAU, PlateKind.CN_BLUE)


@dataclass(frozen=True, slots=True)
class GreyPlate:
    """A plate drawn flat in grey, float32 0..255."""

    picture: Grey
    sheet: Sheet
    text: str


def style(rng: random.Random, case: TypeCase, kind: PlateKind, rows: int) -> Style:
    """A random setting: what signmakers do, not what the law says (domain §3a: compliance is poor)."""
    hong_kong = kind in (PlateKind.HK_FRONT, PlateKind.HK_REAR)
    wide = rng.uniform(0.8, 1.3) if hong_kong else rng.uniform(0.62, 1.0)
    gap = rng.uniform(0.05, 0.22) if rows == 1 or rng.random() < 0.6 else rng.uniform(0.15, 0.5)
    margin = rng.uniform(0.03, 0.6) if rng.random() < 0.85 else rng.uniform(0.6, 2.2)
    row_gap = rng.uniform(-0.3, 0.08) if rng.random() < 0.7 else rng.uniform(0.08, 0.35)  # letters often touch digits
    return replace(
        STANDARD[kind],
        ink=case.pick(rng).ink,
        gap=gap,
        space=gap + rng.uniform(0.1, 0.7),
        margin=(margin, rng.uniform(0.06, 0.4)),
        row_gap=row_gap,
        hidden=max(-row_gap, rng.uniform(0.05, 0.2)) if rows == 2 and rng.random() < 0.15 else 0.0,
        dot=rng.random() < 0.7,
        squeeze=wide,
        chinese=rng.uniform(0.42, 0.62) if rng.random() < 0.8 else rng.uniform(0.6, 1.0),
    )


def flat(rng: random.Random, case: TypeCase, kind: PlateKind, text: str, rows: int, *, height: int = 44) -> GreyPlate:
    """One plate flat in grey, with frame, bolts and weathering of the ink."""
    drawn = sheet(text, kind, rows, height, style(rng, case, kind, rows))
    mask = drawn.mask
    if rng.random() < 0.35:
        kernel = np.ones((2, 2) if rng.random() < 0.6 else (3, 3), np.uint8)
        mask = np.asarray((cv2.dilate if rng.random() < 0.5 else cv2.erode)(mask, kernel), np.uint8)
    share = mask.astype(np.float32) / 255
    low, high = rng.uniform(0, 70), rng.uniform(150, 255)
    background, ink = (low, high) if kind in DARK else (high, low)
    picture = np.asarray(background + share * (ink - background), np.float32)
    _frame(rng, picture, ink, height)
    _bolts(rng, picture, height)
    return GreyPlate(picture, drawn, text.replace(" ", ""))


def _frame(rng: random.Random, picture: Grey, ink: float, height: int) -> None:
    if rng.random() < 0.45:
        inset, thick = rng.randint(0, height // 10), rng.randint(1, max(1, height // 14))
        far = (picture.shape[1] - 1 - inset, picture.shape[0] - 1 - inset)
        cv2.rectangle(picture, (inset, inset), far, ink, thick, cv2.LINE_AA)


def _bolts(rng: random.Random, picture: Grey, height: int) -> None:
    """Screws: also the two beside the letters of a two-row plate, which look like dots."""
    if rng.random() < 0.5:
        return
    rows, columns = picture.shape
    y = rng.choice((0.1, 0.25, 0.5, 0.3, 0.9)) * rows
    for x in rng.choice(((0.08, 0.92), (0.2, 0.8), (0.25, 0.75), (0.3, 0.7), (0.5,), (0.04, 0.96))):
        centre = (int(x * columns + rng.gauss(0, 2)), int(y + rng.gauss(0, 2)))
        cv2.circle(picture, centre, rng.randint(1, max(2, height // 12)), rng.uniform(20, 220), -1, cv2.LINE_AA)


def quad(rng: random.Random) -> NDArray[np.float32]:
    """Where the plate's corners fall in the crop, given a detector that is a little wrong."""
    margins = [rng.uniform(-0.03, 0.09) if rng.random() < 0.85 else rng.uniform(0.06, 0.2) for _ in range(4)]
    left, right, top, bottom = margins
    corners = np.array([[left, top], [1 - right, top], [1 - right, 1 - bottom], [left, 1 - bottom]], np.float32)
    steep = 0.14 if rng.random() < 0.1 else 0.05  # a detector that takes a slanted plate's box for its corners
    turn, lean = rng.gauss(0, steep), rng.gauss(0, steep / 2.5)
    corners[:, 1] += np.array([-turn, turn, turn, -turn], np.float32)
    corners[:, 0] += np.array([lean, lean, -lean, -lean], np.float32)
    corners += np.array([[rng.gauss(0, 0.012), rng.gauss(0, 0.022)] for _ in range(4)], np.float32)
    return corners * np.array([WIDTH, HEIGHT], np.float32)


def _corners(picture: Grey) -> NDArray[np.float32]:
    rows, columns = picture.shape
    return np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)


def target(drawn: Sheet, warp: NDArray[np.float64]) -> NDArray[np.int8]:
    """Which class each output column should give, from where the characters were drawn."""
    wanted = np.zeros((3, COLUMNS), np.int8)
    for spot in drawn.spots:
        middle = (spot.y0 + spot.y1) / 2
        ends = np.array([[[spot.x0, middle], [spot.x1, middle]]], np.float32)
        (x0, _), (x1, _) = cv2.perspectiveTransform(ends, warp)[0] * COLUMNS / WIDTH
        row = 0 if drawn.rows == 1 else 1 + spot.row
        _mark(wanted[row], CLASS[spot.char], float(x0), float(x1))
    return wanted


def _mark(row: NDArray[np.int8], value: int, x0: float, x1: float) -> None:
    middle, half = (x0 + x1) / 2, (x1 - x0) / 2
    places = np.arange(COLUMNS) + 0.5 - middle
    row[(np.abs(places) < half) & (row == 0)] = -1
    row[np.abs(places) < max(0.5, 0.55 * half)] = value


def backdrop(rng: random.Random, noise: np.random.Generator) -> Grey:
    """What surrounds a plate: smooth noise, or nothing in particular."""
    small = noise.uniform(0, 255, (rng.randint(2, 6), rng.randint(2, 9))).astype(np.float32)
    share = rng.uniform(0.05, 1)
    method = rng.choice((cv2.INTER_CUBIC, cv2.INTER_NEAREST, cv2.INTER_LINEAR))
    return np.asarray(
        cv2.resize(small, CROP, interpolation=method) * share + (1 - share) * rng.uniform(0, 220), np.float32
    )


def _lay(base: Grey, picture: Grey, corners: NDArray[np.float32]) -> tuple[Grey, NDArray[np.float64]]:
    warp = cv2.getPerspectiveTransform(_corners(picture), corners)
    over = cv2.warpPerspective(picture, warp, CROP, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillConvexPoly(inside, np.round(corners * 8).astype(np.int32), 255, cv2.LINE_AA, 3)
    share = inside.astype(np.float32) / 255
    return np.asarray(base * (1 - share) + over * share, np.float32), np.asarray(warp)


def sample(
    rng: random.Random, noise: np.random.Generator, case: TypeCase, neighbour: GreyPlate | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.int8], GreyPlate | None]:
    """One crop, its target, and the flat plate (to be the next one's neighbour); 3 % have no plate at all."""
    base = backdrop(rng, noise)
    if rng.random() < 0.03:
        return damage(rng, noise, base), np.zeros((3, COLUMNS), np.int8), None
    text, kind, rows = mark(rng)
    plate = flat(rng, case, kind, text, rows, height=rng.randint(30, 48))
    corners = quad(rng)
    if neighbour is not None and rng.random() < 0.35:
        side = np.array([0, rng.choice((-1, 1)) * rng.uniform(0.9, 1.1) * HEIGHT], np.float32)
        base, _ = _lay(base, neighbour.picture, corners + side)
    if rng.random() < 0.3:
        _holder(rng, base, corners)
    crop, warp = _lay(base, weathered(rng, noise, plate.picture), corners)
    crop = lit(rng, crop)
    return damage(rng, noise, crop), target(plate.sheet, warp), plate


def _holder(rng: random.Random, base: Grey, corners: NDArray[np.float32]) -> None:
    """What a plate is screwed into: its rim beside the last character looks like a 1."""
    middle = corners.mean(0)
    wide = (corners - middle) * [rng.uniform(1.02, 1.2), rng.uniform(1.02, 1.25)] + middle
    level = rng.uniform(0, 70) if rng.random() < 0.7 else rng.uniform(0, 255)
    cv2.fillConvexPoly(base, np.round(wide * 8).astype(np.int32), level, cv2.LINE_AA, 3)


def weathered(rng: random.Random, noise: np.random.Generator, picture: Grey) -> Grey:
    """Dirt, shadow and glare on the plate itself."""
    rows, columns = picture.shape
    if rng.random() < 0.35:
        small = noise.uniform(0, 1, (rng.randint(3, 7), rng.randint(4, 14))).astype(np.float32)
        dirt = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC)
        dirt = np.clip((dirt - rng.uniform(0.5, 0.85)) * rng.uniform(1, 4), 0, rng.uniform(0.2, 0.7))
        picture = picture * (1 - dirt) + dirt * rng.uniform(20, 140)
    if rng.random() < 0.4:
        shade = np.linspace(rng.uniform(0.4, 1), 1, columns, dtype=np.float32)
        picture = picture * (shade if rng.random() < 0.5 else shade[::-1])
    if rng.random() < 0.12:
        shadow = np.ones((rows, columns), np.float32)
        x = rng.randint(0, columns)
        points = np.array([[x, 0], [2 * columns, 0], [2 * columns, rows], [x + rng.randint(-rows, rows), rows]])
        cv2.fillPoly(shadow, [points.astype(np.int32)], rng.uniform(0.35, 0.75))
        picture = picture * shadow
    if rng.random() < 0.25:
        picture = _spotted(rng, picture)
    return np.asarray(picture, np.float32)


def _spotted(rng: random.Random, picture: Grey) -> Grey:
    """Drops on the lens or dirt on the plate that may hide what tells a B from a P: such a plate must not be read with confidence."""
    rows, columns = picture.shape
    cover = np.zeros((rows, columns), np.float32)
    for _ in range(rng.randint(1, 3)):
        size = rng.uniform(0.08, 0.3) * rows
        centre = (int(rng.uniform(0, columns)), int(rng.uniform(0, rows)))
        axes = (max(2, int(size * rng.uniform(0.7, 1.6))), max(2, int(size)))
        cv2.ellipse(cover, centre, axes, rng.uniform(0, 180), 0, 360, rng.uniform(0.5, 1), -1, cv2.LINE_AA)
    cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.5, 0.08 * rows)), np.float32)
    return np.asarray(picture * (1 - cover) + cover * rng.uniform(40, 200), np.float32)


def lit(rng: random.Random, crop: Grey) -> Grey:
    """Lamps and weather between plate and lens: a headlight's glow, the bloom of a bright plate, rain."""
    rows, columns = crop.shape
    if rng.random() < 0.06:
        ys, xs = np.ogrid[0:rows, 0:columns]
        x, y, reach = rng.uniform(-0.2, 1.2) * columns, rng.uniform(-0.5, 1.5) * rows, rng.uniform(0.2, 1.2) * rows
        glow = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * reach**2))
        crop = crop + np.float32(rng.uniform(40, 200)) * glow.astype(np.float32)
    if rng.random() < 0.06:
        crop = crop + rng.uniform(0.2, 0.8) * cv2.GaussianBlur(np.clip(crop - 120, 0, None), (0, 0), rng.uniform(2, 6))
    if rng.random() < 0.05:
        streaks = np.zeros((rows, columns), np.float32)
        lean = rng.uniform(-0.3, 0.3)
        for _ in range(rng.randint(4, 30)):
            x, y, long = rng.uniform(0, columns), rng.uniform(-10, rows), rng.uniform(4, 30)
            cv2.line(streaks, (int(x), int(y)), (int(x + lean * long), int(y + long)), rng.uniform(-60, 90), 1)
        crop = crop + streaks
    return np.asarray(crop, np.float32)


def _motion(rng: random.Random) -> NDArray[np.float32]:
    """Smear along a line; up and down is worst, since a lorry nods as it brakes and thin bars vanish."""
    angle = rng.choice((0, 90, 90, rng.uniform(0, 180)))
    size = int(3 + 12 * rng.random() ** 1.5)
    kernel = np.zeros((size, size), np.float32)
    kernel[size // 2] = 1
    turn = cv2.getRotationMatrix2D((size / 2 - 0.5, size / 2 - 0.5), angle, 1)
    kernel = np.asarray(cv2.warpAffine(kernel, turn, (size, size)), np.float32)
    return np.asarray(kernel / max(float(kernel.sum()), 1e-3), np.float32)


def damage(rng: random.Random, noise: np.random.Generator, crop: Grey) -> NDArray[np.uint8]:
    """Distance, blur, exposure, sensor noise and compression, on (64, 160)."""
    if rng.random() < 0.3:
        crop = np.asarray(cv2.filter2D(crop, -1, _motion(rng)), np.float32)
    elif rng.random() < 0.5:
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.4, 1.6)), np.float32)
    if rng.random() < 0.6:
        factor = 10 ** rng.uniform(-0.66, 0)
        aside = rng.uniform(0.35, 0.8) if rng.random() < 0.25 else 1.0  # seen from the side a plate has fewer columns
        size = (max(20, int(WIDTH * factor * aside)), max(8, int(HEIGHT * factor)))
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.float32)
    crop = (crop - 128) * rng.uniform(0.3, 1.3) + 128 + rng.uniform(-50, 50)
    crop = crop + noise.standard_normal(crop.shape, np.float32) * rng.uniform(0, 16) * rng.random()
    bits = np.clip(crop, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, rng.randint(20, 92)]
        bits = np.asarray(cv2.imdecode(cv2.imencode(".jpg", bits, quality)[1], cv2.IMREAD_GRAYSCALE), np.uint8)
    if bits.shape != (HEIGHT, WIDTH):
        bits = np.asarray(
            cv2.resize(bits, CROP, interpolation=rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC))), np.uint8
        )
    return bits
