"""A fitted sign painted to a surface. Colours are chosen here; where things are placed is `layout`'s."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from display.failsafe import Showing
from display.fit import TextRow
from display.fonts import Fonts, shared
from display.layout import Key, Layout, lay_out
from display.light import DAY, Light
from display.pen import BLACK, INKS, WHITE, Colour
from display.pictograms import picture
from display.scenes import Language, Pictogram
from display.settings import Size
from lane_agent.model import Screen
from lane_agent.wording import Scene, Tone

_MAGENTA: Colour = (158, 6, 98)  # the ribbon: a colour no tone has
_COLUMN: Colour = (13, 20, 32)
_LIT: Colour = (14, 62, 156)
_QUIET: Colour = (184, 192, 204)

# What the words of a tone are written in on the dark board; brighter than the shapes, for thin strokes.
_BOARD_WORDS: dict[Tone, Colour] = {Tone.GO: (70, 255, 140), Tone.EXAMINE: (255, 204, 51)}
_BOARD = {Language.ENGLISH: (240, 240, 240), Language.SIMPLIFIED: (188, 194, 202)}


@dataclass(frozen=True, slots=True)
class PanelInk:
    """The panel's colours: behind the message, behind the buttons' names, their mark, and the words by language."""

    paper: Colour
    strip: Colour
    mark: Colour
    words: dict[Language, Colour]


_BY_DAY = PanelInk(
    (250, 250, 247),
    (226, 229, 233),
    _COLUMN,
    {Language.TRADITIONAL: (12, 16, 24), Language.ENGLISH: (30, 38, 50), Language.SIMPLIFIED: (70, 80, 94)},
)
_BY_NIGHT = PanelInk(
    (10, 13, 18),
    (28, 33, 42),
    (226, 229, 233),
    {Language.TRADITIONAL: (250, 250, 247), Language.ENGLISH: (224, 228, 234), Language.SIMPLIFIED: (184, 192, 204)},
)
"""A white panel at night blinds a driver to the lane in front of him."""


def paint(
    surface: pygame.Surface,
    screen: Screen,
    scene: Scene,
    parameter: str = "",
    *,
    simulated: bool = False,
    light: Light = DAY,
    notice: str = "",
) -> Layout:
    """Paints the sign of `scene` over the whole `surface` and returns where everything went."""
    placed = lay_out(screen, scene, parameter, simulated, surface.get_size(), notice=notice)
    if screen is Screen.XDB:
        _paint_board(surface, placed, shared(coarse=placed.sign.coarse))
    else:
        _paint_panel(surface, placed, shared(), _BY_NIGHT if light.dark else _BY_DAY)
    _paint_ribbon(surface, placed, shared())
    if light.level < 1:
        surface.fill((round(255 * light.level),) * 3, special_flags=pygame.BLEND_RGB_MULT)
    return placed


def paint_showing(surface: pygame.Surface, screen: Screen, showing: Showing, light: Light) -> Layout:
    """Paints what a screen is to show now, as `paint`."""
    return paint(
        surface,
        screen,
        showing.scene,
        showing.parameter,
        simulated=showing.simulated,
        light=light,
        notice=showing.notice,
    )


def _paint_board(surface: pygame.Surface, placed: Layout, fonts: Fonts) -> None:
    surface.fill(BLACK)
    if placed.rule is not None:
        surface.fill((52, 58, 68), placed.rule)
    _write(surface, placed.header, _QUIET, fonts)
    _paint_pictogram(surface, placed)
    for row in placed.rows:
        first = _BOARD_WORDS.get(placed.sign.tone, WHITE)
        _write(surface, (row,), _BOARD.get(row.language, first), fonts)


def _paint_panel(surface: pygame.Surface, placed: Layout, fonts: Fonts, ink: PanelInk) -> None:
    surface.fill(ink.strip)
    if placed.column is not None:
        left, top, wide, tall = placed.column
        surface.fill(ink.paper, (0, top, placed.size[0], tall))
        surface.fill(_COLUMN, placed.column)
        edge = max(3, placed.size[0] // 100)
        surface.fill(INKS[placed.sign.tone].background, (left + wide - edge, top, edge, tall))
    _write(surface, placed.header, (206, 213, 224), fonts)
    _paint_pictogram(surface, placed)
    for row in placed.rows:
        _write(surface, (row,), ink.words[row.language], fonts)
    _paint_notice(surface, placed, fonts, ink)
    for key in placed.keys:
        _paint_key(surface, key, fonts, ink)


def _paint_notice(surface: pygame.Surface, placed: Layout, fonts: Fonts, ink: PanelInk) -> None:
    """The line besides the message, on the message's paper: it is no name of a button below it.

    That somebody listens is no notice among others: light on dark, with an ear, by day and by night.
    """
    if placed.notice is None:
        return
    left, top, wide, _ = placed.notice
    surface.fill(ink.paper if placed.ear is None else _COLUMN, placed.notice)
    surface.fill(ink.mark if placed.ear is None else _QUIET, (left, top, wide, max(2, placed.size[1] // 200)))
    if placed.ear is not None:
        surface.blit(picture(Pictogram.EAR, Tone.HELP, placed.ear[2]), placed.ear[:2])
    for row in placed.notice_rows:
        _write(surface, (row,), ink.words[row.language] if placed.ear is None else WHITE, fonts)


def _paint_key(surface: pygame.Surface, key: Key, fonts: Fonts, ink: PanelInk) -> None:
    """The name of a button and a mark that points down at it: a sign on the panel's edge, nothing that asks to be touched.

    While the message speaks of the button the whole field is blue, and the mark white.
    """
    area = pygame.Rect(key.area)
    words, mark = (WHITE, WHITE) if key.hint.lit else (ink.words[Language.TRADITIONAL], ink.mark)
    if key.hint.lit:
        surface.fill(_LIT, area)
    half = area.height // 8
    top = area.bottom - half - area.height // 20
    pygame.draw.polygon(
        surface, mark, [(area.centerx - half, top), (area.centerx + half, top), (area.centerx, top + half)]
    )
    _write(surface, key.rows, words, fonts)


def _paint_pictogram(surface: pygame.Surface, placed: Layout) -> None:
    if placed.pictogram is not None and placed.sign.pictogram is not None:
        left, top, side, _ = placed.pictogram
        surface.blit(picture(placed.sign.pictogram, placed.sign.tone, side), (left, top))


def _paint_ribbon(surface: pygame.Surface, placed: Layout, fonts: Fonts) -> None:
    if placed.ribbon is not None:
        surface.fill(_MAGENTA, placed.ribbon)
        _write(surface, placed.ribbon_rows, WHITE, fonts)


def _write(surface: pygame.Surface, rows: tuple[TextRow, ...], colour: Colour, fonts: Fonts) -> None:
    for row in rows:
        fonts.draw(surface, row.text, row.language, size=row.size, origin=row.origin, colour=colour)


def blank(size: Size) -> pygame.Surface:
    """A surface of `size` that needs no window; 32 bits like the window, so that the pixels are the same."""
    return pygame.Surface(size, 0, 32)
