"""Vehicles for the detector's scenes: lorries, vans, cars and coaches from in front, tailgates from behind.

All are drawn on an `Easel`, in vehicle widths. What is returned says where plates are screwed on and where lamps are.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from simulation.drawn.plates import Colour
from tools.training.easel import Easel

_BODIES: tuple[Colour, ...] = (
    (238, 238, 236), (222, 224, 224), (176, 178, 180), (120, 122, 124), (62, 60, 58), (30, 28, 28), (22, 20, 20),
    (52, 36, 30), (96, 44, 22), (40, 32, 150), (36, 30, 96), (60, 90, 50), (40, 170, 225), (190, 130, 60), (150, 160, 175),
)  # fmt: skip


@dataclass(slots=True)
class DrawnVehicle:
    """A drawn vehicle.

    Attributes:
        easel: it was drawn upon.
        mounts: places for plates: middle x, middle y and how wide a plate is there, vehicle widths.
        lamps: middle and radius, vehicle widths.
        glass: the windscreen: left, top, right, bottom.
        top: its upper edge.
    """

    easel: Easel
    mounts: list[tuple[float, float, float]]
    lamps: list[tuple[float, float, float]]
    glass: tuple[float, float, float, float]
    top: float
    recess: tuple[float, float, float, float] | None = field(default=None)


def shade(colour: Colour, factor: float) -> Colour:
    """Darker or lighter."""
    blue, green, red = (int(min(255, max(0, part * factor))) for part in colour)
    return blue, green, red


def dull(rng: random.Random, low: int, high: int) -> Colour:
    """A grey with a little colour."""
    level = rng.randint(low, high)
    blue, green, red = (int(np.clip(level + rng.gauss(0, 5), 0, 255)) for _ in range(3))
    return blue, green, red


def body(rng: random.Random) -> Colour:
    """Paint, mostly white, silver or black."""
    colour = rng.choice(_BODIES[:8] if rng.random() < 0.7 else _BODIES)
    return shade(colour, rng.uniform(0.75, 1.1))


def _screen(rng: random.Random, easel: Easel, glass: tuple[float, float, float, float]) -> None:
    """Windscreen with what is behind it, wipers and stickers."""
    left, top, right, bottom = glass
    easel.box(left, top, right, bottom, dull(rng, 15, 110), inset=-0.04)
    for _ in range(rng.randint(0, 3)):
        x, y = rng.uniform(left, right), rng.uniform(top, bottom)
        easel.oval((x, y), (rng.uniform(0.02, 0.08), rng.uniform(0.02, 0.1)), dull(rng, 10, 140))
    for _ in range(rng.randint(0, 2)):
        x = rng.uniform(left, right)
        easel.line([(x, bottom), (x + rng.uniform(0.02, 0.3), top)], dull(rng, 60, 200), rng.uniform(0.005, 0.03))
    easel.line([(left, bottom), (right, bottom)], dull(rng, 5, 40), 0.012)
    for x in (left + 0.1, 0.02):
        easel.line(
            [(x, bottom), (x + rng.uniform(0.15, 0.35), bottom - rng.uniform(0.0, 0.08))], dull(rng, 5, 30), 0.008
        )
    for _ in range(rng.randint(0, 4)):
        x, y, size = (
            rng.uniform(left + 0.05, right - 0.08),
            rng.choice((top + 0.02, bottom - 0.08)),
            rng.uniform(0.02, 0.05),
        )
        paint = rng.choice(((235, 235, 235), (215, 190, 60), (60, 160, 235), (90, 200, 90), (240, 240, 180)))
        easel.box(x, y, x + size * rng.uniform(0.8, 2.2), y + size, paint)


def _slats(rng: random.Random, easel: Easel, box: tuple[float, float, float, float]) -> None:
    """Grille: level or upright bars, or a mesh, in dark or chrome, often framed."""
    left, top, right, bottom = box
    pull = rng.choice((0.0, rng.uniform(-0.08, 0.12)))
    easel.box(left, top, right, bottom, dull(rng, 8, 60), inset=pull)
    bright, count = dull(rng, *rng.choice(((20, 70), (120, 235)))), rng.randint(2, 9)
    thick = (bottom - top) / count * rng.uniform(0.15, 0.6)
    if rng.random() < 0.65:
        for y in np.linspace(top, bottom, count + 1)[1:-1]:
            easel.line([(left + 0.02, y), (0, y + rng.choice((0, 0.015))), (right - 0.02, y)], bright, thick)
    if rng.random() < 0.4:
        for x in np.linspace(left, right, rng.randint(6, 22))[1:-1]:
            easel.line([(x, top), (x, bottom)], bright, rng.uniform(0.003, 0.012))
    if rng.random() < 0.6:
        frame = [(left, top), (right, top), (right - max(0, pull), bottom), (left + max(0, pull), bottom), (left, top)]
        easel.line(frame, dull(rng, 110, 245), rng.uniform(0.006, 0.025))
    if rng.random() < 0.7:
        centre, size = (0.0, rng.choice((top - 0.02, (top + bottom) / 2))), rng.uniform(0.02, 0.06)
        easel.oval(centre, (size * rng.uniform(0.8, 1.6), size), dull(rng, 10, 90))
        easel.oval(centre, (size * rng.uniform(0.8, 1.4), size), dull(rng, 150, 250), 0.008)
        easel.line(
            [(centre[0], centre[1] - size), centre, (centre[0] - size, centre[1] + size)], dull(rng, 150, 250), 0.008
        )


def _lamps(rng: random.Random, easel: Easel, y: float, size: float, out: float) -> list[tuple[float, float, float]]:
    """A pair of headlamps, slanted glass with round reflectors, now and then shining."""
    tall, slant, shining = size * rng.uniform(0.35, 0.9), rng.uniform(-0.03, 0.05), rng.random() < 0.35
    frame, glass, core = dull(rng, 20, 120), dull(rng, 120, 225), dull(rng, 200, 255)
    lamps = []
    for side in (-1, 1):
        x = side * out
        corners = [
            (x - side * size, y + slant), (x + side * size * 0.8, y - tall), (x + side * size, y + tall * 0.4),
            (x - side * size * 0.6, y + tall),
        ]  # fmt: skip
        easel.fill(corners, frame)
        easel.fill([(x + 0.85 * (px - x), y + 0.8 * (py - y)) for px, py in corners], glass)
        for place in (-0.3, 0.35):
            centre = (x + place * size, y + 0.1 * tall)
            easel.oval(centre, (tall * 0.4, tall * 0.4), dull(rng, 60, 250))
            easel.oval(centre, (tall * 0.22, tall * 0.22), (255, 255, 255) if shining else core)
        if rng.random() < 0.3:
            easel.line([(x - side * size, y + tall), (x + side * size, y + tall * 0.6)], (250, 252, 252), 0.014)
        lamps.append((x, y, tall * 0.5))
    return lamps


def _mirrors(rng: random.Random, easel: Easel, paint: Colour, y: float) -> None:
    for side in (-1, 1):
        x = side * 0.5
        easel.box(min(x, x + side * 0.09), y, max(x, x + side * 0.09), y + rng.uniform(0.05, 0.2), paint)


def lorry(rng: random.Random, easel: Easel) -> DrawnVehicle:
    """A heavy goods vehicle's cab: high, flat, a deep bumper."""
    paint, top = body(rng), -rng.uniform(1.0, 1.45)
    lower = rng.choice((paint, dull(rng, 15, 70), dull(rng, 90, 200)))
    if rng.random() < 0.6:
        easel.box(-0.56, top - rng.uniform(0.05, 0.5), 0.56, -0.1, body(rng))  # the box body behind
    easel.box(-0.5, top, 0.5, 0, paint)
    glass = (-0.46, top + rng.uniform(0.08, 0.22), 0.46, -rng.uniform(0.58, 0.72))
    _screen(rng, easel, glass)
    _mirrors(rng, easel, dull(rng, 10, 50), glass[1] + 0.02)
    _slats(rng, easel, (-rng.uniform(0.2, 0.42), glass[3] + 0.09, rng.uniform(0.2, 0.42), -rng.uniform(0.3, 0.36)))
    easel.box(-0.51, -rng.uniform(0.24, 0.3), 0.51, 0, lower)
    easel.line([(-0.51, -0.24), (0.51, -0.24)], shade(lower, rng.choice((0.6, 1.3))), 0.012)
    if rng.random() < 0.5:
        easel.box(-rng.uniform(0.1, 0.3), -0.17, rng.uniform(0.1, 0.3), -0.03, dull(rng, 5, 50))
    lamps = _lamps(rng, easel, -rng.uniform(0.12, 0.3), rng.uniform(0.07, 0.11), 0.38)
    mounts = [(rng.uniform(-0.2, 0.2), -rng.uniform(0.08, 0.24), 0.21), (rng.uniform(-0.25, 0.25), -0.33, 0.21)]
    if rng.random() < 0.08:
        mounts.insert(0, (rng.uniform(-0.2, 0.2), glass[3] + 0.05, 0.21))
    return DrawnVehicle(easel, mounts, lamps, glass, top)


def car(rng: random.Random, easel: Easel) -> DrawnVehicle:
    """A car, van or people carrier: bonnet, grille, bumper with an intake."""
    paint, top = body(rng), -rng.uniform(0.75, 1.08)
    line, hood = top + rng.uniform(0.36, 0.44), -rng.uniform(0.34, 0.42)
    easel.fill([(-0.36, top), (0.36, top), (0.46, line), (-0.46, line)], paint)
    glass = (-0.4, top + rng.uniform(0.04, 0.1), 0.4, line)
    _screen(rng, easel, glass)
    _mirrors(rng, easel, rng.choice((paint, dull(rng, 10, 40))), line - 0.06)
    easel.fill(
        [(-0.46, line), (0.46, line), (0.5, hood), (0.5, -0.06), (0.44, 0), (-0.44, 0), (-0.5, -0.06), (-0.5, hood)],
        paint,
    )
    easel.line([(-0.46, line + 0.02), (-0.3, hood)], shade(paint, 0.75), 0.008)
    easel.line([(0.46, line + 0.02), (0.3, hood)], shade(paint, 0.75), 0.008)
    wide = rng.uniform(0.16, 0.34)
    _slats(rng, easel, (-wide, hood + rng.uniform(0, 0.05), wide, -rng.uniform(0.18, 0.27)))
    lamps = _lamps(rng, easel, hood + rng.uniform(0.04, 0.12), rng.uniform(0.07, 0.12), rng.uniform(0.35, 0.4))
    wide = rng.uniform(0.2, 0.44)
    easel.box(
        -wide,
        -rng.uniform(0.12, 0.17),
        wide,
        -rng.uniform(0.04, 0.07),
        dull(rng, 5, 45),
        inset=rng.uniform(-0.05, 0.08),
    )
    for side in (-1, 1):
        easel.oval((side * 0.4, -0.1), (0.03, 0.03), dull(rng, 60, 240))
    easel.box(-0.5, -0.02, 0.5, 0.05, dull(rng, 5, 40))
    mounts = [(rng.gauss(0, 0.03), -rng.uniform(0.08, 0.25), 0.29), (rng.choice((-0.2, 0.2)), -0.14, 0.27)]
    return DrawnVehicle(easel, mounts, lamps, glass, top)


def coach(rng: random.Random, easel: Easel) -> DrawnVehicle:
    """A coach: nearly all windscreen, a plain panel below."""
    paint, top = body(rng), -rng.uniform(1.1, 1.4)
    easel.box(-0.5, top, 0.5, 0, paint)
    glass = (-0.47, top + rng.uniform(0.04, 0.2), 0.47, -rng.uniform(0.4, 0.55))
    _screen(rng, easel, glass)
    _mirrors(rng, easel, dull(rng, 10, 50), top + 0.1)
    easel.box(-0.5, -rng.uniform(0.2, 0.3), 0.5, 0, rng.choice((paint, body(rng), dull(rng, 15, 60))))
    lamps = _lamps(rng, easel, -rng.uniform(0.14, 0.24), rng.uniform(0.06, 0.1), 0.38)
    mounts = [(rng.gauss(0, 0.08), -rng.uniform(0.07, 0.3), 0.21), (0, -0.1, 0.21)]
    return DrawnVehicle(easel, mounts, lamps, glass, top)


def tail(rng: random.Random, easel: Easel) -> DrawnVehicle:
    """A vehicle from behind: doors or a tailgate, red lamps, a recess for the plate."""
    paint, top = body(rng), -rng.uniform(0.8, 1.3)
    easel.box(-0.5, top, 0.5, 0, paint)
    glass = (-0.42, top + 0.08, 0.42, -0.55)
    if rng.random() < 0.5:
        _screen(rng, easel, glass)
    else:
        easel.line([(0, top), (0, -0.2)], shade(paint, 0.6), 0.01)
        for x in (-0.3, -0.1, 0.1, 0.3):
            easel.line([(x, top + 0.05), (x, -0.25)], dull(rng, 60, 220), 0.012)
    for side in (-1, 1):
        x, y = side * rng.uniform(0.4, 0.46), -rng.uniform(0.2, 0.5)
        easel.box(
            x - 0.04, y, x + 0.04, y + rng.uniform(0.06, 0.2), rng.choice(((30, 25, 190), (40, 40, 230), (35, 30, 120)))
        )
        easel.box(x - 0.03, y + 0.02, x + 0.03, y + 0.05, rng.choice(((30, 140, 250), (235, 235, 240))))
    easel.box(-0.5, -rng.uniform(0.12, 0.2), 0.5, 0, rng.choice((paint, dull(rng, 15, 80))))
    y = -rng.uniform(0.1, 0.4)
    easel.box(-0.24, y - 0.09, 0.24, y + 0.09, shade(paint, rng.uniform(0.5, 1.0)))
    lamps = [(-0.43, -0.3, 0.02), (0.43, -0.3, 0.02)]
    return DrawnVehicle(easel, [(rng.gauss(0, 0.05), y, 0.27)], lamps, glass, top)


def vehicle(rng: random.Random, noise: np.random.Generator, easel: Easel) -> DrawnVehicle:
    """A vehicle of any kind."""
    made = rng.choices((lorry, car, coach, tail), (38, 40, 8, 14))[0](rng, easel)
    easel.lit(rng, noise, [(-0.52, made.top), (0.52, made.top), (0.52, 0.02), (-0.52, 0.02)])
    return made
