"""Every scene on every screen as PNG: `python -m display.pictures OUTDIR`; and one sign as bytes for the officers' page."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pygame

from display.drawing import blank, paint
from display.errors import DisplayError
from display.fonts import shared
from display.light import DAY, Light
from display.scenes import Language
from display.settings import DEFAULT_SIZE, Size, check_size
from lane_agent.model import Screen
from lane_agent.wording import Scene

EXAMPLE_TIME = "12-01 04:30"
"""The parameter of EARLY in the pictures."""

_GAP = 12
_CAPTION = 22


@lru_cache(maxsize=64)
def render(
    screen: Screen,
    scene: Scene,
    parameter: str = "",
    simulated: bool = False,
    size: Size | None = None,
    *,
    notice: str = "",
) -> bytes:
    """One sign as PNG, exactly as the screen process paints it; takes some 20 ms the first time, then nothing.

    Args:
        screen: which screen.
        scene: which message.
        parameter: fills `{earliest}`.
        simulated: with the ribbon.
        size: (width, height) in pixels; the screen's default if None.
        notice: the line below a message that may carry one.

    Raises:
        BadSizeError: no such screen.
        FontMissingError: the glyphs are not installed.
    """
    surface = blank(check_size(screen, size or DEFAULT_SIZE[screen]))
    paint(surface, screen, scene, parameter, simulated=simulated, notice=notice)
    return _png(surface)


def _png(surface: pygame.Surface) -> bytes:
    buffer = io.BytesIO()
    pygame.image.save(surface, buffer, "sign.png")
    return buffer.getvalue()


def contact_sheet(screen: Screen, *, size: Size, columns: int, times: int = 1, light: Light = DAY) -> bytes:
    """All scenes of one screen on one PNG, each under its key; `times` enlarges the pixels of a coarse board."""
    scenes = list(Scene)
    width, height = size[0] * times, size[1] * times
    lines = -(-len(scenes) // columns)
    sheet = blank(((width + _GAP) * columns + _GAP, (height + _CAPTION + _GAP) * lines + _GAP))
    sheet.fill((122, 126, 132))
    for place, scene in enumerate(scenes):
        left = _GAP + place % columns * (width + _GAP)
        top = _GAP + place // columns * (height + _CAPTION + _GAP)
        sign = blank(size)
        paint(sign, screen, scene, _example(scene), light=light)
        colour = (255, 255, 255)
        shared().draw(sheet, scene.value, Language.ENGLISH, size=15, origin=(left, top + 15), colour=colour)
        sheet.blit(pygame.transform.scale(sign, (width, height)), (left, top + _CAPTION))
    return _png(sheet)


def _example(scene: Scene) -> str:
    return EXAMPLE_TIME if scene is Scene.EARLY else ""


def write_all(folder: Path) -> list[Path]:
    """Writes `<screen>-<SCENE>.png` for each, and the contact sheets; returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        f"{screen.value}-{scene.value}.png": render(screen, scene, _example(scene))
        for screen in Screen
        for scene in Scene
    }
    pictures["sheet-xdb.png"] = contact_sheet(Screen.XDB, size=(256, 256), columns=5)
    pictures["sheet-xdb-96.png"] = contact_sheet(Screen.XDB, size=(96, 96), columns=5, times=2)
    pictures["sheet-aiop.png"] = contact_sheet(Screen.AIOP, size=(320, 240), columns=4)
    night = Light(dark=True)
    pictures["sheet-aiop-night.png"] = contact_sheet(Screen.AIOP, size=(320, 240), columns=4, light=night)
    pictures |= {f"simulated-{screen.value}.png": render(screen, Scene.STOP, simulated=True) for screen in Screen}
    for name, png in pictures.items():
        (folder / name).write_bytes(png)
    return [folder / name for name in pictures]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 2 if the pictures cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m display.pictures", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="OUTDIR", help="where to write; made if missing")
    try:
        written = write_all(parser.parse_args(arguments).folder)
    except (DisplayError, OSError) as error:
        sys.stderr.write(f"display.pictures: {error}\n")
        return 2
    sys.stdout.write(f"{len(written)} pictures in {written[0].parent}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
