"""The pictogram of a sign: the outer shape says the tone, the drawing inside says the message.

Drawn several times larger than needed and scaled down smoothly: pygame draws no smooth edges by itself. Shapes differ
as well as colours, for drivers who see no colour.
"""

from __future__ import annotations

import math
from functools import lru_cache

import pygame

from display.pen import INKS, WHITE, Pen, Point
from display.scenes import Pictogram
from display.symbols import SYMBOLS
from lane_agent.wording import Tone

_TIMES = 4  # drawn this many times larger than shown


def outline(pen: Pen, tone: Tone) -> None:
    """The outer shape of a tone."""
    match tone:
        case Tone.NEUTRAL:
            pen.disc((50, 50), 49, pen.mark)
            pen.disc((50, 50), 45, pen.background)
        case Tone.STOP:
            pen.polygon(_regular(8, 53, 22.5), WHITE)
            pen.polygon(_regular(8, 49, 22.5), pen.background)
        case Tone.GO:
            pen.disc((50, 50), 50, pen.background)
        case Tone.EXAMINE:
            pen.polygon([(50, 0), (100, 50), (50, 100), (0, 50)], pen.background)
        case Tone.ASK:
            pen.box(2, 2, 98, 98, pen.background, round_by=14)
        case Tone.OFFICER:
            pen.polygon(_shield(), pen.background)
        case Tone.HELP:
            pen.box(0, 4, 100, 82, pen.background, round_by=16)
            pen.polygon([(22, 78), (22, 100), (48, 78)], pen.background)


def _regular(sides: int, radius: float, turn: float) -> list[Point]:
    angles = [math.radians(turn + step * 360 / sides) for step in range(sides)]
    return [(50 + radius * math.cos(a), 50 + radius * math.sin(a)) for a in angles]


def _shield() -> list[Point]:
    """Straight sides, then a curve down to the point."""
    steps = [step / 24 for step in range(25)]
    right = [(50 + 44 * (1 - t**2.2), 46 + 54 * t) for t in steps]
    return [(6, 3), (94, 3), *right, *[(100 - x, y) for x, y in reversed(right)]]


@lru_cache(maxsize=128)
def picture(pictogram: Pictogram, tone: Tone, side: int) -> pygame.Surface:
    """The pictogram as a square of `side` pixels with a transparent background. Do not draw on it: it is shared."""
    large = pygame.Surface((side * _TIMES, side * _TIMES), pygame.SRCALPHA, 32)
    pen = Pen(large, INKS[tone])
    outline(pen, tone)
    SYMBOLS[pictogram](pen)
    return pygame.transform.smoothscale(large, (side, side))
