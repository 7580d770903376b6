"""The surface of a development or demonstration: a window, or none (SDL's dummy driver)."""

from __future__ import annotations

import hashlib
import os

import pygame

from display.drawing import blank, paint, paint_showing
from display.errors import NoDisplayError
from display.failsafe import Showing
from display.light import DAY, Light
from display.settings import DEFAULT_SIZE, Mode, Size, check_size
from lane_agent.model import Screen
from lane_agent.wording import Scene

_UNSEEN = {"dummy", "offscreen"}  # SDL falls back to such a driver by itself; a sign that nobody sees is a fault


class PaintedSurface:
    """One screen's surface.

    Raises:
        BadSizeError: no such screen.
        FontMissingError: the glyphs are not installed.
        NoDisplayError: the window cannot be opened.
    """

    def __init__(self, screen: Screen, *, size: Size | None = None, mode: Mode = Mode.HEADLESS) -> None:
        self.trouble = ""
        self.light: Light = DAY
        self._screen = screen
        wanted = check_size(screen, size or DEFAULT_SIZE[screen])
        surface = self._open(wanted, mode)
        if surface.get_width() < wanted[0] or surface.get_height() < wanted[1]:
            raise NoDisplayError(f"{screen.value}: the display is {surface.get_size()}, smaller than {wanted}")
        self._sign = surface.subsurface(_middle(surface.get_size(), wanted))

    def _open(self, wanted: Size, mode: Mode) -> pygame.Surface:
        try:
            surface = _window(f"ROCARS Lane {self._screen.value.upper()}", wanted, mode)
        except pygame.error as error:
            raise NoDisplayError(
                f"{self._screen.value}: no {mode.value} can be opened ({error}): check that a display is connected "
                "and DISPLAY is set, or run the screen headless"
            ) from error
        pygame.mouse.set_visible(mode is Mode.WINDOW)
        return surface

    def warm(self, *, simulated: bool) -> None:
        """Prepares every sign once, so that the first vehicle does not wait for glyphs and pictograms."""
        spare = blank(self._sign.get_size())
        for scene in Scene:
            paint(spare, self._screen, scene, "00:00" if scene is Scene.EARLY else "", simulated=simulated)

    def attend(self) -> bool:
        """A window of a desktop needs nothing."""
        return True

    def files(self) -> list[int]:
        """Its events are asked for each turn."""
        return []

    def paint(self, showing: Showing) -> bool:
        """Paints and flips."""
        paint_showing(self._sign, self._screen, showing, self.light)
        pygame.display.flip()
        return True

    def digest(self) -> str:
        """sha256 (hex) of the sign's pixels as 24-bit RGB, row by row."""
        return hashlib.sha256(pygame.image.tobytes(self._sign, "RGB")).hexdigest()

    def closed_by_hand(self) -> bool:
        """Whether someone closed the window; also repaints what another window had covered."""
        kinds = {event.type for event in pygame.event.get()}
        if pygame.WINDOWEXPOSED in kinds:
            pygame.display.flip()
        return pygame.QUIT in kinds

    def close(self) -> None:
        """Gives the display back."""
        pygame.display.quit()


def _window(caption: str, wanted: Size, mode: Mode) -> pygame.Surface:
    if mode is Mode.HEADLESS:
        os.environ["SDL_VIDEODRIVER"] = "dummy"
    pygame.display.init()
    driver = pygame.display.get_driver()
    if mode is not Mode.HEADLESS and driver in _UNSEEN:
        raise pygame.error(f"only the driver {driver!r}, which nobody sees")
    pygame.display.set_caption(caption)
    return pygame.display.set_mode(wanted)


def _middle(whole: Size, part: Size) -> pygame.Rect:
    return pygame.Rect((whole[0] - part[0]) // 2, (whole[1] - part[1]) // 2, *part)
