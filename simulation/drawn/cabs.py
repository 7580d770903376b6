"""A truck's front drawn flat: cab, windscreen, grille, lamps, bumper, plates, and lettering that is no plate.

The art is a picture with its own cut-out mask; `simulation.drawn.trucks` places it in the lane.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache, partial

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.drawn.glyphs import GlyphCut, Mask, glyph
from simulation.drawn.plates import PALETTE, STANDARD, Colour, PlateKind, Style, paint, sheet

WIDTH, HEIGHT = 560, 660  # of the art, in pixels; the cab of a heavy goods vehicle is about 2.5 m wide
METRE = 238.0
"""Pixels on the art."""
_CHARACTER_M = 0.085  # high; at least 8 cm by law (domain §3a), and the plate is as wide as the mark needs
_FACES = (
    GlyphCut(),
    GlyphCut(0.66, 0.15),
    GlyphCut(0.74, 0.16, flat_three=True),
    GlyphCut(0.62, 0.14, straight_nine=True),
)
_PAINTS: tuple[Colour, ...] = (
    (235, 235, 230), (60, 60, 190), (160, 90, 30), (70, 140, 60), (40, 170, 220), (70, 70, 75), (150, 150, 145),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DrawnTruck:
    """One vehicle of the drawn world.

    Attributes:
        vrn: its Hong Kong mark; "" for none (covered, lost).
        mainland: the plate below it, "" for none: 粤Z…港 is black, other 粤 plates are yellow.
        rows: of the Hong Kong plate, 1 or 2.
        badge: model name on the grille, "" for none; `lettering`: on the bumper, "" for none. Neither is a plate.
        seed: chooses colours and shapes; the same truck always looks the same.
    """

    vrn: str
    mainland: str = ""
    rows: int = 1
    badge: str = ""
    lettering: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Fixed:
    """A plate on the art: what it says and its corners, clockwise from top left, (4, 2) float32."""

    text: str
    kind: PlateKind
    rows: int
    corners: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Art:
    """The front: `image` (HEIGHT, WIDTH, 3) uint8, `cut` (HEIGHT, WIDTH) uint8 mask, and its plates."""

    image: NDArray[np.uint8]
    cut: Mask
    plates: tuple[Fixed, ...]


def _box(canvas: NDArray[np.uint8], box: tuple[int, int, int, int], colour: Colour) -> None:
    cv2.rectangle(canvas, box[:2], box[2:], colour, -1)


def _shade(colour: Colour, factor: float) -> Colour:
    blue, green, red = (min(255, int(part * factor)) for part in colour)
    return blue, green, red


def _cab(rng: random.Random, canvas: NDArray[np.uint8]) -> Colour:
    """Roof, windscreen, mirrors and panels; returns the bumper's colour."""
    body = rng.choice(_PAINTS)
    _box(canvas, (50, 30, 510, 560), body)
    cv2.ellipse(canvas, (280, 40), (228, 30), 0, 180, 360, _shade(body, 0.9), -1, cv2.LINE_AA)
    _box(canvas, (78, 90, 482, 285), (62, 50, 42))
    cv2.line(canvas, (90, 275), (250, 110), (96, 84, 76), 14, cv2.LINE_AA)
    for side in (14, 512):
        _box(canvas, (side, 120, side + 34, 230), (40, 40, 40))
    _box(canvas, (50, 296, 510, 306), _shade(body, 0.7))
    return rng.choice((body, (52, 52, 54), (110, 110, 112)))


def _grille(rng: random.Random, canvas: NDArray[np.uint8]) -> None:
    count, shade = rng.randint(3, 7), rng.randint(25, 110)
    _box(canvas, (130, 330, 430, 460), (38, 38, 40))
    for number in range(count):
        y = 336 + number * 122 // count
        _box(canvas, (136, y, 424, y + 58 // count), (shade, shade, shade))


def _bumper(rng: random.Random, canvas: NDArray[np.uint8], colour: Colour) -> None:
    _box(canvas, (36, 480, 524, 634), colour)
    _box(canvas, (36, 480, 524, 486), _shade(colour, 1.25))
    for x in (92, 468):
        size = (rng.randint(30, 44), rng.randint(18, 28))
        cv2.ellipse(canvas, (x, 525), size, 0, 0, 360, (215, 222, 225), -1, cv2.LINE_AA)
        cv2.ellipse(canvas, (x, 525), (size[0] // 2, size[1] // 2), 0, 0, 360, (250, 250, 250), -1, cv2.LINE_AA)
    _box(canvas, (60, 634, 120, 658), (24, 24, 24))
    _box(canvas, (440, 634, 500, 658), (24, 24, 24))


def write(
    canvas: NDArray[np.uint8], text: str, at: tuple[int, int], height: int, *, colour: Colour, face: GlyphCut
) -> None:
    """Lettering with its middle at `at`, in pixels; what falls outside the canvas is left off."""
    tiles = [np.pad(glyph(char, height, face), ((0, 0), (0, max(2, height // 7)))) for char in text]
    ink = np.hstack(tiles).astype(np.float32)[..., None] / 255
    x, y = at[0] - ink.shape[1] // 2, at[1] - height // 2
    ink = ink[max(0, -y) :, max(0, -x) :]
    x, y = max(0, x), max(0, y)
    place = canvas[y : y + ink.shape[0], x : x + ink.shape[1]]
    ink = ink[: place.shape[0], : place.shape[1]]
    place[:] = (place * (1 - ink) + np.asarray(colour, np.float32) * ink).astype(np.uint8)


def _set(text: str, kind: PlateKind, rows: int, face: GlyphCut) -> NDArray[np.uint8]:
    style = STANDARD[kind]
    if kind in (PlateKind.HK_FRONT, PlateKind.HK_REAR):
        style = Style(ink=partial(_glyph, face=face))
    return paint(sheet(text, kind, rows, 79, style), *PALETTE[kind], border=style.border * 79)


def _glyph(char: str, height: int, face: GlyphCut) -> Mask:
    return glyph(char, height, face)


def _mount(canvas: NDArray[np.uint8], plate: NDArray[np.uint8], width: int, x: int, y: int) -> NDArray[np.float32]:
    """Screws the plate on, its top edge at `y`, centred at `x`; returns its corners."""
    height = round(plate.shape[0] * width / plate.shape[1])
    left = x - width // 2
    _box(canvas, (left - 4, y - 4, left + width + 3, y + height + 3), (30, 30, 30))
    canvas[y : y + height, left : left + width] = cv2.resize(plate, (width, height), interpolation=cv2.INTER_AREA)
    return np.array([[left, y], [left + width, y], [left + width, y + height], [left, y + height]], np.float32)


def mainland_kind(text: str) -> PlateKind:
    """粤Z…港 and 粤Z…澳 are black, six characters after the letter are green, other goods vehicles yellow (domain §3b)."""
    if text[-1] in "港澳":
        return PlateKind.CROSS_BORDER
    return PlateKind.CN_GREEN if len(text) == 8 else PlateKind.CN_YELLOW


def _plates(rng: random.Random, canvas: NDArray[np.uint8], truck: DrawnTruck) -> tuple[Fixed, ...]:
    found = []
    x, y = 280 + rng.randint(-50, 50), 506
    if truck.vrn:
        plate = _set(truck.vrn, PlateKind.HK_FRONT, truck.rows, rng.choice(_FACES))
        width = round(plate.shape[1] * _CHARACTER_M * METRE / 79)
        corners = _mount(canvas, plate, width, x, y)
        found.append(Fixed(truck.vrn, PlateKind.HK_FRONT, truck.rows, corners))
        y = int(corners[2, 1]) + rng.choice((2, 5, 9))
    if truck.mainland:
        kind = mainland_kind(truck.mainland)
        corners = _mount(canvas, _set(truck.mainland, kind, 1, GlyphCut()), 112, x, y)
        found.append(Fixed(truck.mainland, kind, 1, corners))
    return tuple(found)


@lru_cache(maxsize=64)
def art(truck: DrawnTruck) -> Art:
    """The front of this truck; drawn once and kept."""
    rng = random.Random(f"{truck.seed}/{truck.vrn}")  # noqa: S311  looks, not secrets
    canvas = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    bumper = _cab(rng, canvas)
    _grille(rng, canvas)
    _bumper(rng, canvas, bumper)
    cut = np.asarray((canvas.max(2) > 0) * 255, np.uint8)
    face = rng.choice(_FACES)
    if truck.badge:
        write(canvas, truck.badge, (rng.randint(180, 380), 318), 20, colour=(205, 205, 210), face=face)
    if truck.lettering:
        write(canvas, truck.lettering, (280, 62), 26, colour=(40, 40, 160), face=face)
    return Art(canvas, cut, _plates(rng, canvas, truck))
