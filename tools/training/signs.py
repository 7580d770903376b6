"""Writing on vehicles that is no plate: telephone and route numbers, container numbers, warning boards, cards."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.drawn.glyphs import chinese
from simulation.drawn.plates import Colour
from tools.training.clutter import HANZI, grey
from tools.training.faces import TypeCase
from tools.training.fronts import DrawnVehicle, dull
from tools.training.mounting import OnVehicle, rectangle

Ink = NDArray[np.uint8]
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_HEIGHT = 32


def lettered(rng: random.Random, cut: TypeCase, text: str) -> Ink:
    """A line of text as ink, `_HEIGHT` pixels high; a character that is not in the alphabet is a gap or Chinese."""
    atlas = cut.pick(rng)
    tiles = []
    for char in text:
        if char in HANZI:
            tiles.append(chinese(char, _HEIGHT))
        else:
            tiles.append(atlas.ink(char, _HEIGHT) if char in atlas.glyphs else np.zeros((_HEIGHT, 12), np.uint8))
    return np.hstack([np.pad(tile, ((0, 0), (0, 5))) for tile in tiles])


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.digits, k=count))


def telephone(rng: random.Random) -> str:
    """Eight digits in two groups, or a Mainland number of eleven."""
    return f"{_digits(rng, 4)} {_digits(rng, 4)}" if rng.random() < 0.7 else _digits(rng, 11)


def company(rng: random.Random) -> str:
    """A name, Chinese or Latin, longer than a mark."""
    if rng.random() < 0.6:
        return "".join(rng.choices(HANZI, k=rng.randint(3, 9)))
    return (
        "".join(rng.choices(_LETTERS, k=rng.randint(5, 9))) + " " + "".join(rng.choices(_LETTERS, k=rng.randint(3, 8)))
    )


def container(rng: random.Random) -> str:
    """Owner, serial number and check digit of a container."""
    return "".join(rng.choices(_LETTERS, k=3)) + "U " + _digits(rng, 6) + " " + _digits(rng, 1)


def model(rng: random.Random) -> str:
    """What the maker calls it."""
    return rng.choice(("", "FH", "C", "ML", "GLE", "A", "R", "HINO", "")) + _digits(rng, rng.choice((2, 3, 3, 4)))


def _write(vehicle: DrawnVehicle, ink: Ink, middle: tuple[float, float], height: float, paint: Colour) -> None:
    """Ink on the vehicle, `height` in vehicle widths."""
    corners = OnVehicle(vehicle).corners(rectangle(*middle, height * ink.shape[1] / ink.shape[0], height))
    picture = vehicle.easel.picture
    low = np.clip(np.floor(corners.min(0)), 0, None).astype(int)
    high = np.minimum(np.ceil(corners.max(0)).astype(int), picture.shape[1::-1])
    width, tall = (int(edge) for edge in high - low)
    if width < 3 or tall < 3:
        return
    rows, columns = ink.shape
    shrink = float(np.linalg.norm(corners[1] - corners[0])) / columns
    soft = cv2.GaussianBlur(ink, (0, 0), 0.4 / max(shrink, 0.1)) if shrink < 0.8 else ink
    flat = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    warp = cv2.getPerspectiveTransform(flat, (corners - low).astype(np.float32))
    share = cv2.warpPerspective(soft, warp, (width, tall)).astype(np.float32)[..., None] / 255
    place = picture[low[1] : high[1], low[0] : high[0]]
    place[:] = (place * (1 - share) + np.asarray(paint, np.float32) * share).astype(np.uint8)


def _panel(vehicle: DrawnVehicle, middle: tuple[float, float], size: tuple[float, float], paint: Colour) -> None:
    vehicle.easel.fill(rectangle(*middle, *size), paint)


def painted(rng: random.Random, cut: TypeCase, vehicle: DrawnVehicle) -> None:
    """Letters straight on the paint: name, telephone number, container number, model."""
    text = rng.choice((telephone, company, company, container, model))(rng)
    ink, height = lettered(rng, cut, text), rng.uniform(0.03, 0.08)
    y = rng.choice((vehicle.top + 0.05, vehicle.top + 0.09, vehicle.glass[3] + 0.05, -0.08, -0.3))
    _write(
        vehicle,
        ink,
        (rng.uniform(-0.25, 0.25), y),
        height,
        rng.choice((dull(rng, 0, 60), dull(rng, 190, 255), (40, 40, 190))),
    )


def route(rng: random.Random, cut: TypeCase, vehicle: DrawnVehicle) -> None:
    """A destination blind: amber or white on black, above the windscreen or behind it."""
    text = rng.choice((_digits(rng, rng.randint(1, 3)), rng.choice(_LETTERS) + _digits(rng, 2), company(rng)))
    ink, height = lettered(rng, cut, text), rng.uniform(0.05, 0.1)
    middle = (rng.uniform(-0.2, 0.2), vehicle.glass[1] + rng.uniform(-0.04, 0.06))
    _panel(
        vehicle, middle, (height * ink.shape[1] / ink.shape[0] + rng.uniform(0.05, 0.4), height * 1.5), dull(rng, 0, 30)
    )
    _write(vehicle, ink, middle, height, rng.choice(((40, 170, 250), (240, 240, 240), (60, 220, 120))))


def card(rng: random.Random, cut: TypeCase, vehicle: DrawnVehicle) -> None:
    """Paper behind the glass: small writing in several lines."""
    left, top, right, bottom = vehicle.glass
    x, y = rng.uniform(left + 0.06, right - 0.06), rng.choice((bottom - 0.06, top + 0.06))
    wide, tall = rng.uniform(0.06, 0.14), rng.uniform(0.05, 0.09)
    _panel(
        vehicle, (x, y), (wide, tall), rng.choice(((245, 245, 240), (215, 200, 80), (130, 210, 240), (160, 220, 170)))
    )
    for number in range(rng.randint(2, 4)):
        ink = lettered(rng, cut, company(rng)[:6])
        size = min(tall / 6, wide * 0.8 * ink.shape[0] / ink.shape[1])
        _write(vehicle, ink, (x, y - tall * 0.3 + number * tall / 4), size, grey(rng, 0, 110))


def warning(rng: random.Random, cut: TypeCase, vehicle: DrawnVehicle) -> None:
    """A long-vehicle board, a hazard board in orange halves, or a round limit sign."""
    kind, x = rng.random(), rng.uniform(-0.35, 0.35)
    y = rng.choice((-0.1, -0.3, vehicle.top + 0.1))
    if kind < 0.4:
        _panel(vehicle, (x, y), (0.36, 0.07), (40, 200, 245))
        _write(vehicle, lettered(rng, cut, "LNG VEHCLE"), (x, y), 0.04, (20, 20, 20))
    elif kind < 0.7:
        _panel(vehicle, (x, y), (0.13, 0.1), (20, 110, 240))
        vehicle.easel.line(rectangle(x, y, 0.13, 0.1)[[0, 1, 2, 3, 0]], (15, 15, 15), 0.006)
        vehicle.easel.line([(x - 0.065, y), (x + 0.065, y)], (15, 15, 15), 0.006)
        _write(vehicle, lettered(rng, cut, _digits(rng, 2)), (x, y - 0.025), 0.034, (15, 15, 15))
        _write(vehicle, lettered(rng, cut, _digits(rng, 4)), (x, y + 0.025), 0.034, (15, 15, 15))
    else:
        vehicle.easel.oval((x, y), (0.045, 0.045), (245, 245, 245))
        vehicle.easel.oval((x, y), (0.045, 0.045), (30, 30, 200), 0.012)
        _write(vehicle, lettered(rng, cut, _digits(rng, 2)), (x, y), 0.035, (20, 20, 20))


_KINDS: tuple[Callable[[random.Random, TypeCase, DrawnVehicle], None], ...] = (
    painted,
    painted,
    painted,
    route,
    card,
    card,
    warning,
)


def letter(rng: random.Random, cut: TypeCase, vehicle: DrawnVehicle) -> None:
    """A few signs on a vehicle, before its plates are hung."""
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        rng.choice(_KINDS)(rng, cut, vehicle)
