"""Where everything of a sign goes on a surface of a given size. Nothing is painted here.

The XDB is read from a cab some metres away: one column, centred, on a dark board. The AIOP is read at arm's length:
the pictogram in a dark column on the left, the words on a light background beside it, the names of the two physical
buttons along the bottom.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pygame

from display.fit import Align, TextRow, fit
from display.fonts import PIXEL_SIZE, Fonts, shared
from display.scenes import COARSE_BELOW, Hint, Language, Sign, SignLine, sign
from display.settings import Size
from lane_agent.model import Screen
from lane_agent.wording import Scene, Tone

Rectangle = tuple[int, int, int, int]

# The pictogram's share of the board's height: the messages of seed 004 must be told apart from a distance, but EXAMINE
# has the longest words, and a coarse board needs its pixels for the words.
_SHARE = {Tone.STOP: 0.42, Tone.GO: 0.34, Tone.EXAMINE: 0.28}
_SHARE_COARSE = 0.26

# Most of the board's side that the Traditional em may take. Size follows importance: no message has larger words than
# the two that send a driver on his way, so these two set what is left for the others (docs/screens.md).
_GREATEST = {Tone.GO: 0.2, Tone.EXAMINE: 0.2}
_GREATEST_OTHER = 0.1
_GREATEST_COARSE = {Tone.GO: 0.2, Tone.EXAMINE: 0.2}
_GREATEST_OTHER_COARSE = 0.16
_GREATEST_PANEL = {Tone.GO: 0.17, Tone.EXAMINE: 0.17}
_COLUMN_SHARE = {Tone.EXAMINE: 0.22}  # of the panel's width, for the pictogram


BUTTON_EM = 0.073
"""The em of a button's name as a share of the panel's height: 11.5 mm on the panel of 15.8 cm (seed 004), where 10 are wanted."""

_STRIP = 0.25  # of the panel's height: two rows of names, and the mark that points at the button below


_NOTICE = 0.21  # of the panel's height: three rows

NOTICE_EM = 0.06
"""The em of a notice's Traditional words as a share of the panel's height: 9.5 mm (seed 004); smaller than any message's."""


@dataclass(frozen=True, slots=True)
class Key:
    """The label above one physical button: its name in Chinese, and under it in English."""

    hint: Hint
    area: Rectangle
    rows: tuple[TextRow, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A sign in its place; every rectangle is (left, top, width, height) in pixels.

    Attributes:
        words: the space for the rows of the message.
        header: who speaks; empty on a coarse board, which has no room for it.
        ribbon: the simulation's strip, or None.
        column: the dark part of the AIOP, or None.
        rule: the line under the XDB's header, or None.
        notice: the panel's strip for a line besides the message, or None.
        ear: in it, the mark that an officer listens, or None.
    """

    sign: Sign
    size: Size
    pictogram: Rectangle | None
    words: Rectangle
    rows: tuple[TextRow, ...]
    header: tuple[TextRow, ...]
    ribbon: Rectangle | None
    ribbon_rows: tuple[TextRow, ...]
    column: Rectangle | None
    rule: Rectangle | None
    keys: tuple[Key, ...]
    notice: Rectangle | None = None
    notice_rows: tuple[TextRow, ...] = ()
    ear: Rectangle | None = None


@lru_cache(maxsize=256)
def lay_out(screen: Screen, scene: Scene, parameter: str, simulated: bool, size: Size, *, notice: str = "") -> Layout:
    """The sign of `scene` fitted to `size`; kept, because a screen shows the same few signs all day."""
    told = sign(screen, scene, parameter, simulated=simulated, coarse=min(size) < COARSE_BELOW, notice=notice)
    if screen is Screen.XDB:
        return _board(told, size, shared(coarse=told.coarse))
    return _panel(told, size, shared())


def _board(told: Sign, size: Size, fonts: Fonts) -> Layout:
    side = size[0]
    margin = 3 if told.coarse else round(side * 0.045)
    ribbon, body = _cut_ribbon(told, size)
    body = body.inflate(-2 * margin, -2 * margin)
    header, rule = _board_header(told, body, margin, fonts)
    pictogram = _picture_above(told, body)
    return Layout(
        sign=told,
        size=size,
        pictogram=_plain(pictogram),
        words=_sure(body),
        rows=fit(told.lines, body, fonts, greatest=_greatest(told, side)),
        header=header,
        ribbon=_plain(ribbon),
        ribbon_rows=_ribbon_rows(told, ribbon, fonts),
        column=None,
        rule=_plain(rule),
        keys=(),
    )


def _greatest(told: Sign, side: int) -> int:
    if told.coarse:
        return max(PIXEL_SIZE, int(side * _GREATEST_COARSE.get(told.tone, _GREATEST_OTHER_COARSE)))
    return int(side * _GREATEST.get(told.tone, _GREATEST_OTHER))


def _board_header(
    told: Sign, body: pygame.Rect, margin: int, fonts: Fonts
) -> tuple[tuple[TextRow, ...], pygame.Rect | None]:
    """Who speaks, and the line under it, cut off the top of `body`; a coarse board has no room for it."""
    if not told.coarse:
        band = _cut_top(body, round(body.width * 0.065))
        header = fit((_heading(told),), band, fonts, greatest=band.height, align=Align.LEFT)
        rule = pygame.Rect(body.x, body.y + margin // 3, body.width, max(1, body.width // 256))
        _cut_top(body, margin)
        return header, rule
    if told.pictogram is None:
        lines = (
            SignLine(Language.TRADITIONAL, ((told.header[0],),), 1.0),
            SignLine(Language.ENGLISH, ((told.header[1],),), 0.8),
        )
        return fit(lines, _cut_top(body, body.height // 3), fonts, greatest=16), None
    return (), None


def _picture_above(told: Sign, body: pygame.Rect) -> pygame.Rect | None:
    """The pictogram's square, cut off the top of `body`."""
    if told.pictogram is None:
        return None
    share = _SHARE_COARSE if told.coarse else _SHARE.get(told.tone, 0.31)
    tall = round(body.height * share)
    band = _cut_top(body, tall + max(2, round(body.width * 0.03)))
    return pygame.Rect(band.centerx - tall // 2, band.y, tall, tall)


def _panel(told: Sign, size: Size, fonts: Fonts) -> Layout:
    width, height = size
    ribbon, body = _cut_ribbon(told, size)
    strip = pygame.Rect(0, height - round(height * _STRIP), width, round(height * _STRIP))
    body.height -= strip.height
    band, ear, notice_rows = _notice(told, body, height, fonts)
    column = pygame.Rect(body.x, body.y, round(width * _COLUMN_SHARE.get(told.tone, 0.31)), body.height)
    margin = round(width * 0.035)
    inner = column.inflate(-2 * margin, -2 * margin)
    header = fit((_heading(told),), _cut_top(inner, round(height * 0.05)), fonts, greatest=height, align=Align.LEFT)
    side = min(inner.width, inner.height - margin // 2)
    pictogram = pygame.Rect(inner.centerx - side // 2, inner.centery - side // 2, side, side)
    words = pygame.Rect(column.right, body.y, width - column.right, body.height).inflate(-2 * margin, -2 * margin)
    return Layout(
        sign=told,
        size=size,
        pictogram=_sure(pictogram),
        words=_sure(words),
        rows=fit(
            told.lines, words, fonts, greatest=int(height * _GREATEST_PANEL.get(told.tone, 0.115)), align=Align.LEFT
        ),
        header=header,
        ribbon=_plain(ribbon),
        ribbon_rows=_ribbon_rows(told, ribbon, fonts),
        column=_sure(column),
        rule=None,
        keys=_keys(told, strip, fonts),
        notice=_plain(band),
        notice_rows=notice_rows,
        ear=_plain(ear),
    )


def _notice(
    told: Sign, body: pygame.Rect, height: int, fonts: Fonts
) -> tuple[pygame.Rect | None, pygame.Rect | None, tuple[TextRow, ...]]:
    """The strip of a notice, cut off the bottom of `body`, above the buttons' names; and the mark in it."""
    if not told.notice:
        return None, None, ()
    band = pygame.Rect(body.x, body.bottom - round(height * _NOTICE), body.width, round(height * _NOTICE))
    body.height -= band.height
    inner = band.inflate(-round(height * 0.06), -round(height * 0.025))
    ear = pygame.Rect(inner.topleft, (inner.height, inner.height)) if told.listening else None
    if ear is not None:
        taken = ear.width + round(height * 0.035)
        inner = pygame.Rect(inner.x + taken, inner.y, inner.width - taken, inner.height)
    return band, ear, fit(told.notice, inner, fonts, greatest=int(height * NOTICE_EM), align=Align.LEFT)


def _keys(told: Sign, strip: pygame.Rect, fonts: Fonts) -> tuple[Key, ...]:
    """The buttons' names side by side, all in one size; the space under a name is the mark's that points down."""
    wide = strip.width // len(told.hints)
    margin = strip.height // 16
    keys = []
    for place, hint in enumerate(told.hints):
        area = pygame.Rect(strip.x + place * wide, strip.y, wide, strip.height)
        names = pygame.Rect(area.x + margin, area.y + margin, wide - 2 * margin, round(strip.height * 0.78) - margin)
        chinese = SignLine(Language.TRADITIONAL, ((hint.chinese,),), 1.0)
        english = SignLine(Language.ENGLISH, (tuple(hint.english.split()),), 0.92)
        greatest = round(strip.height / _STRIP * BUTTON_EM)
        keys.append(Key(hint, _sure(area), fit((chinese, english), names, fonts, greatest=greatest)))
    return tuple(keys)


def _cut_ribbon(told: Sign, size: Size) -> tuple[pygame.Rect | None, pygame.Rect]:
    body = pygame.Rect((0, 0), size)
    if not told.ribbon:
        return None, body
    return _cut_top(body, max(12, round(size[1] * 0.07))), body


def _ribbon_rows(told: Sign, ribbon: pygame.Rect | None, fonts: Fonts) -> tuple[TextRow, ...]:
    if ribbon is None:
        return ()
    line = SignLine(Language.TRADITIONAL, ((told.ribbon,),), 1.0)
    return fit((line,), ribbon.inflate(-4, -2), fonts, greatest=round(ribbon.height * 0.8))


def _heading(told: Sign) -> SignLine:
    return SignLine(Language.TRADITIONAL, ((f"{told.header[0]}  {told.header[1]}",),), 1.0)


def _cut_top(body: pygame.Rect, height: int) -> pygame.Rect:
    """Takes `height` pixels off the top of `body` and returns them."""
    taken = pygame.Rect(body.x, body.y, body.width, height)
    body.y += height
    body.height -= height
    return taken


def _sure(rect: pygame.Rect) -> Rectangle:
    return rect.x, rect.y, rect.width, rect.height


def _plain(rect: pygame.Rect | None) -> Rectangle | None:
    return None if rect is None else _sure(rect)
