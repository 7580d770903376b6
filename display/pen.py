"""A pen that draws on a square of 100 x 100 units, whatever its pixels, and the colours of the tones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import pygame

from display.fonts import shared
from display.scenes import Language
from lane_agent.wording import Tone

Colour = tuple[int, int, int]
Point = tuple[float, float]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
RED: Colour = (226, 32, 38)
GREEN: Colour = (0, 168, 84)
AMBER: Colour = (255, 184, 0)
BLUE: Colour = (24, 98, 214)
TEAL: Colour = (0, 140, 158)
SLATE: Colour = (58, 70, 88)


@dataclass(frozen=True, slots=True)
class Ink:
    """The two colours of a tone: the background of its shape, and what is drawn on it."""

    background: Colour
    mark: Colour


INKS: dict[Tone, Ink] = {
    Tone.NEUTRAL: Ink(SLATE, WHITE),
    Tone.STOP: Ink(RED, WHITE),
    Tone.GO: Ink(GREEN, WHITE),
    Tone.EXAMINE: Ink(AMBER, BLACK),
    Tone.ASK: Ink(BLUE, WHITE),
    Tone.OFFICER: Ink(WHITE, BLACK),
    Tone.HELP: Ink(TEAL, WHITE),
}


class Pen:
    """Draws on a square of 100 x 100 units, whatever its pixels."""

    def __init__(self, surface: pygame.Surface, ink: Ink) -> None:
        self.surface = surface
        self.background = ink.background
        self.mark = ink.mark
        self._unit = surface.get_width() / 100

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        pygame.draw.polygon(self.surface, colour, [self._at(point) for point in points])

    def disc(self, centre: Point, radius: float, colour: Colour) -> None:
        """A filled circle."""
        pygame.draw.circle(self.surface, colour, self._at(centre), radius * self._unit)

    def ring(self, centre: Point, radius: float, width: float, colour: Colour) -> None:
        """A circle's outline; `radius` is the outer one."""
        pygame.draw.circle(self.surface, colour, self._at(centre), radius * self._unit, round(width * self._unit))

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour, *, round_by: float = 0) -> None:
        """A filled rectangle, its corners rounded by `round_by` units."""
        x, y = self._at((left, top))
        rect = pygame.Rect(round(x), round(y), round((right - left) * self._unit), round((bottom - top) * self._unit))
        pygame.draw.rect(self.surface, colour, rect, border_radius=round(round_by * self._unit))

    def stroke(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A thick line with round ends and joints."""
        for point in points:
            self.disc(point, width / 2, colour)
        for (x1, y1), (x2, y2) in itertools.pairwise(points):
            length = math.hypot(x2 - x1, y2 - y1)
            dx, dy = (y1 - y2) / length * width / 2, (x2 - x1) / length * width / 2
            self.polygon([(x1 + dx, y1 + dy), (x2 + dx, y2 + dy), (x2 - dx, y2 - dy), (x1 - dx, y1 - dy)], colour)

    def oval(self, left: float, top: float, right: float, bottom: float, *, width: float, colour: Colour) -> None:
        """The outline of an ellipse."""
        (x1, y1), (x2, y2) = self._at((left, top)), self._at((right, bottom))
        pygame.draw.ellipse(self.surface, colour, pygame.Rect(x1, y1, x2 - x1, y2 - y1), round(width * self._unit))

    def arc(self, centre: Point, radius: float, start: float, end: float, *, width: float, colour: Colour) -> None:
        """A thick arc; angles in degrees, clockwise from three o'clock."""
        steps = max(4, round(abs(end - start) / 4))
        turn = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
        self.stroke([(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in turn], width, colour)

    def word(self, text: str, size: float, centre: Point, colour: Colour) -> None:
        """A Traditional Chinese or Latin word, its ink centred on a point."""
        pixels = round(size * self._unit)
        ink = shared().ink(text, Language.TRADITIONAL, pixels)
        x, y = self._at(centre)
        origin = (round(x - ink.width / 2) - ink.x, round(y - ink.height / 2) - ink.y)
        shared().draw(self.surface, text, Language.TRADITIONAL, size=pixels, origin=origin, colour=colour)

    def _at(self, point: Point) -> Point:
        return point[0] * self._unit, point[1] * self._unit
