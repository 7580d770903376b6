"""How large and how clear the words of a sign are: character heights in the world, and contrast, measured on the pixels.

`python -m display.legibility` prints the table of docs/screens.md.

The rule is NUREG-0700's: a character subtends 15 minutes of arc at the least and 20 by preference (domain §5), which is
4.4 and 5.8 cm at the 10 m from which a driver reads the board. Contrast is WCAG's ratio of relative luminances; 7 is its
enhanced level.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pygame

from display.drawing import blank, paint
from display.fit import TextRow
from display.fonts import shared
from display.layout import Layout, lay_out
from display.light import DAY, Light
from display.scenes import Language
from display.settings import Size
from lane_agent.model import Screen
from lane_agent.wording import Scene

LEAST_CM: Final = 4.4
PREFERRED_CM: Final = 5.8
LEAST_CONTRAST: Final = 7.0

HEIGHT_CM: Final = {Screen.XDB: 98.0, Screen.AIOP: 15.8}
"""Of the whole picture, in seed 004."""

BOARDS: Final = (96, 128, 192, 256, 512, 1024)
"""The sides of the boards that the table is made for, in pixels."""

_LIKE = {Language.TRADITIONAL: "國", Language.ENGLISH: "E", Language.SIMPLIFIED: "国"}
_LONGEST = {Scene.EARLY: "12-31 23:30"}


@dataclass(frozen=True, slots=True)
class Legibility:
    """The words of one language on one sign.

    Attributes:
        cm: height of a Chinese character, or of a Latin capital, on the real screen.
        contrast: the weakest row's ratio, from 1 to 21.
    """

    language: Language
    cm: float
    contrast: float


def legibility(
    screen: Screen, scene: Scene, size: Size, *, simulated: bool = False, light: Light = DAY
) -> tuple[Legibility, ...]:
    """What `scene` on a screen of `size` pixels is like to read, a record a language.

    Raises:
        FontMissingError: the glyphs are not installed.
    """
    surface = blank(size)
    placed = paint(surface, screen, scene, _LONGEST.get(scene, ""), simulated=simulated, light=light)
    rows: dict[Language, list[TextRow]] = {}
    for row in placed.rows:
        rows.setdefault(row.language, []).append(row)
    return tuple(
        Legibility(
            language,
            min(_height_cm(screen, placed, row) for row in of_language),
            min(_contrast(surface, row) for row in of_language),
        )
        for language, of_language in rows.items()
    )


def labels_contrast(screen: Screen, scene: Scene, size: Size, *, light: Light = DAY) -> float:
    """The weakest ratio among header, ribbon and the names of the buttons."""
    surface = blank(size)
    placed = paint(surface, screen, scene, simulated=True, light=light)
    rows = [*placed.header, *placed.ribbon_rows, *(row for key in placed.keys for row in key.rows)]
    return min(_contrast(surface, row) for row in rows)


def buttons_mm(size: Size) -> float:
    """The em of the smallest name of a button on the panel, in mm."""
    placed = lay_out(Screen.AIOP, Scene.WELCOME, "", False, size)
    em = min(row.size for key in placed.keys for row in key.rows)
    return em * HEIGHT_CM[Screen.AIOP] * 10 / size[1]


def _height_cm(screen: Screen, placed: Layout, row: TextRow) -> float:
    fonts = shared(coarse=placed.sign.coarse)
    pixels = fonts.ink(_LIKE[row.language], row.language, row.size).height
    return pixels * HEIGHT_CM[screen] / placed.size[1]


def _contrast(surface: pygame.Surface, row: TextRow) -> float:
    """Between the colour beside the row, where no glyph reaches, and the row's own that differs most from it."""
    left, top, width, height = row.ink
    ground = _luminance(surface.get_at((max(0, left - 2), top + height // 2)))
    colours = {tuple(surface.get_at((x, y))) for x in range(left, left + width) for y in range(top, top + height)}
    return max(_ratio(ground, _luminance(colour)) for colour in colours)


def _luminance(colour: Iterable[int]) -> float:
    red, green, blue = (_linear(part / 255) for part in tuple(colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.040_45 else ((part + 0.055) / 1.055) ** 2.4


def _ratio(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def table() -> str:
    """Character heights on the board in cm, a line a scene and a column a board: Traditional / English / Simplified."""
    head = ["| scene |", *(f" {side} px |" for side in BOARDS)]
    lines = ["".join(head), "|---" * (len(BOARDS) + 1) + "|"]
    for scene in Scene:
        cells = ["/".join(f"{one.cm:.1f}" for one in legibility(Screen.XDB, scene, (side, side))) for side in BOARDS]
        if any(cells):
            lines.append(f"| `{scene.value}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
