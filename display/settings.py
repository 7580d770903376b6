"""The section `[screens]` of a lane's settings, and what sizes there are. No pixels: the box's settings use this too."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from display.errors import BadSizeError
from display.led.settings import LedSettings
from display.light import LightSettings
from lane_agent.model import Screen
from runtime.sections import NamedFile, PlaceOfSocket, Problem, Section

Size = tuple[int, int]
"""(width, height) in pixels."""

DEFAULT_SIZE: dict[Screen, Size] = {Screen.XDB: (256, 256), Screen.AIOP: (800, 600)}

Pixels = Annotated[int, Meta(ge=32, le=4_096, description="a number of pixels, 32 to 4096")]


Connector = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*\Z", max_length=32, description='a connector, such as "HDMI-A-1"')
]


class Mode(Enum):
    """How a screen is put up. On full screens each is a unit of its own; else both are children of the agent."""

    WINDOW = "window"
    FULLSCREEN = "fullscreen"
    HEADLESS = "headless"


class ScreenSettings(Section, frozen=True, kw_only=True):
    """One screen.

    Attributes:
        width, height: of the sign, in pixels.
        output: the connector of a full screen, as `ls /sys/class/drm` names it behind the card.
        monitor: a part of what the monitor there says of itself; another monitor is a fault. None: any will do.
        led: the line to a board's LED controller, where that takes pictures over a line instead of a monitor's signal.
    """

    width: Pixels
    height: Pixels
    output: Connector | None = None
    monitor: Annotated[str, Meta(min_length=2, max_length=64, description="the monitor's make or model")] | None = None
    led: LedSettings | None = None

    @property
    def size(self) -> Size:
        """Width and height."""
        return self.width, self.height


class ScreensSettings(Section, frozen=True, kw_only=True):
    """Both screens.

    Attributes:
        socket: the Unix socket over which scenes go out and paint reports come back.
        silent_s: a screen whose feed is silent this long shows its safe face.
        wording: a file with the site's own words (`display.wording_file`), or none.
        light: when the screens are dimmed, and the panel dark.
        paint_log: a folder for paint logs, or none; each screen's is `<screen>.jsonl`, a JSON line for every painting.
    """

    socket: Annotated[Path, PlaceOfSocket("mkdir -p {folder}, for the lane's user")]
    mode: Mode
    xdb: ScreenSettings
    aiop: ScreenSettings
    silent_s: Annotated[float, Meta(ge=0.2, le=10, description="a number of seconds, 0.2 to 10")] = 2.0
    wording: Annotated[Path, NamedFile("write it, or take the line out")] | None = None
    light: LightSettings = LightSettings()
    paint_log: Path | None = None

    @property
    def in_units(self) -> bool:
        """Whether the screens are units of their own, which nobody else starts; else they are children of the agent."""
        return self.mode is Mode.FULLSCREEN

    def of(self, screen: Screen) -> ScreenSettings:
        """One of the two."""
        return self.xdb if screen is Screen.XDB else self.aiop

    def contradictions(self) -> Iterator[Problem]:
        """Such screens exist, and neither covers the other."""
        for screen in Screen:
            try:
                check_size(screen, self.of(screen).size)
            except BadSizeError as error:
                wrong, _, remedy = str(error).partition(": ")
                yield Problem(screen.value, f"there is no {wrong}", remedy)
        if self.in_units:
            yield from self._outputs()

    def _outputs(self) -> Iterator[Problem]:
        for screen in Screen:
            if self.of(screen).led is not None:
                if screen is Screen.AIOP:
                    yield Problem("aiop.led", "is of the board alone", "take it out: the panel is a monitor")
                elif self.xdb.output is not None:
                    yield Problem("xdb.output", "is given beside xdb.led", "take one of the two out")
            elif self.of(screen).output is None:
                remedy = 'add output = "HDMI-A-1", or whichever connector it is on: ls /sys/class/drm'
                yield Problem(f"{screen.value}.output", "is missing, and a full screen needs it", remedy)
        if self.xdb.output is not None and self.xdb.output == self.aiop.output:
            wrong = f"{self.aiop.output} is also that of screens.xdb, and each fills it"
            yield Problem("aiop.output", wrong, 'give each its own, such as "HDMI-A-1" and "HDMI-A-2"')


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
