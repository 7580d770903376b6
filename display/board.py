"""The surface people look at: a window, the full screen, or none (SDL's dummy driver)."""

from __future__ import annotations

import hashlib
import os

import pygame

from display.drawing import blank, paint
from display.errors import NoDisplayError
from display.settings import DEFAULT_SIZE, Mode, Size, check_size
from display.vigil import Showing
from lane_agent.model import Screen
from lane_agent.wording import Scene


class Board:
    """One screen's surface.

    Raises:
        BadSizeError: no such screen.
        FontMissingError: the glyphs are not installed.
        NoDisplayError: the window cannot be opened.
    """

    def __init__(self, screen: Screen, *, size: Size | None = None, mode: Mode = Mode.HEADLESS) -> None:
        self._screen = screen
        self._size = check_size(screen, size or DEFAULT_SIZE[screen])
        self._surface = self._open(mode)
        self._sign = self._surface.subsurface(_middle(self._surface.get_size(), self._size))

    def _open(self, mode: Mode) -> pygame.Surface:
        if mode is Mode.HEADLESS:
            os.environ["SDL_VIDEODRIVER"] = "dummy"
        full = mode is Mode.FULLSCREEN
        try:
            pygame.display.init()
            pygame.display.set_caption(f"ROCARS Lane {self._screen.value.upper()}")
            surface = pygame.display.set_mode((0, 0) if full else self._size, pygame.FULLSCREEN if full else 0)
        except pygame.error as error:
            raise NoDisplayError(
                f"{self._screen.value}: no {mode.value} can be opened ({error}): check that a display is connected "
                "and DISPLAY is set, or run the screen headless"
            ) from error
        if surface.get_width() < self._size[0] or surface.get_height() < self._size[1]:
            raise NoDisplayError(
                f"{self._screen.value}: the display is {surface.get_size()}, smaller than {self._size}"
            )
        pygame.mouse.set_visible(mode is Mode.WINDOW)
        return surface

    def warm(self, *, simulated: bool) -> None:
        """Prepares every sign once, so that the first vehicle does not wait for glyphs and pictograms."""
        spare = blank(self._size)
        for scene in Scene:
            paint(spare, self._screen, scene, "00:00" if scene is Scene.EARLY else "", simulated=simulated)

    def paint(self, showing: Showing) -> None:
        """Paints and flips; when it returns, people see it."""
        paint(self._sign, self._screen, showing.scene, showing.parameter, simulated=showing.simulated)
        pygame.display.flip()

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


def _middle(whole: Size, part: Size) -> pygame.Rect:
    return pygame.Rect((whole[0] - part[0]) // 2, (whole[1] - part[1]) // 2, *part)
