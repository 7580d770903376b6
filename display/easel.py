"""A sign drawn where nobody sees it yet: the pixels that a surface then shows."""

from __future__ import annotations

import hashlib

import pygame

from display.drawing import blank, paint, paint_showing
from display.failsafe import Showing
from display.fonts import shared
from display.light import DAY, Light
from display.settings import Size
from lane_agent.model import Screen
from lane_agent.wording import Scene


class SignEasel:
    """Draws one screen's signs.

    Attributes:
        light: what the next sign is drawn with.

    Raises:
        FontMissingError: the glyphs are not installed.
    """

    def __init__(self, screen: Screen) -> None:
        self.light: Light = DAY
        self._screen = screen
        self._sheet = blank((1, 1))
        shared()

    def draw(self, showing: Showing, size: Size) -> bytes:
        """The sign's pixels: rows of blue, green, red and a spare byte."""
        if self._sheet.get_size() != size:
            self._sheet = blank(size)
        paint_showing(self._sheet, self._screen, showing, self.light)
        return self._sheet.get_buffer().raw

    def digest(self) -> str:
        """sha256 (hex) of what was drawn last, as 24-bit RGB, row by row."""
        return hashlib.sha256(pygame.image.tobytes(self._sheet, "RGB")).hexdigest()

    def warm(self, size: Size, *, simulated: bool) -> None:
        """Prepares every sign once, so that the first vehicle does not wait for glyphs and pictograms."""
        spare = blank(size)
        for scene in Scene:
            paint(spare, self._screen, scene, "00:00" if scene is Scene.EARLY else "", simulated=simulated)
