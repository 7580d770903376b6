"""How a screen is configured: which, how large, where painted. No pixels: the box's settings use this too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from display.errors import BadSizeError
from lane_agent.model import Screen

Size = tuple[int, int]
"""(width, height) in pixels."""

DEFAULT_SIZE: dict[Screen, Size] = {Screen.XDB: (256, 256), Screen.AIOP: (800, 600)}


class Mode(Enum):
    """Where a screen is painted."""

    HEADLESS = "headless"
    WINDOW = "window"
    FULLSCREEN = "fullscreen"


@dataclass(frozen=True, slots=True)
class ScreenSetting:
    """One screen of this box.

    Attributes:
        size: None for the default, or on a full screen for the largest sign that fits.
        paint_log: gets a JSON line for every painting.

    Raises:
        BadSizeError: no such screen.
    """

    screen: Screen
    size: Size | None = None
    mode: Mode = Mode.HEADLESS
    paint_log: Path | None = None

    def __post_init__(self) -> None:
        check_size(self.screen, self.size or DEFAULT_SIZE[self.screen])


def check_size(screen: Screen, size: Size) -> Size:
    """Returns `size` if such a screen exists.

    Raises:
        BadSizeError: the XDB is square, 96 to 1024 pixels (98 x 98 cm, seed 004); the AIOP is 4:3, 320 to 1600 wide.
    """
    width, height = size
    if screen is Screen.XDB and not (width == height and 96 <= width <= 1024):
        raise BadSizeError(f"XDB {width}x{height}: the board is square, from 96x96 to 1024x1024 pixels")
    if screen is Screen.AIOP and not (width * 3 == height * 4 and 320 <= width <= 1600):
        raise BadSizeError(f"AIOP {width}x{height}: the panel is 4:3, from 320x240 to 1600x1200 pixels")
    return size


def largest_fit(screen: Screen, display: Size) -> Size:
    """The largest sign of `screen` that a display of this size can hold.

    Raises:
        BadSizeError: not even the smallest fits.
    """
    width, height = display
    if screen is Screen.XDB:
        side = min(width, height, 1024)
        return check_size(screen, (side, side))
    quarter = min(width // 4, height // 3, 400)
    return check_size(screen, (quarter * 4, quarter * 3))
