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
from display.fonts import Fonts, shared
from display.scenes import COARSE_BELOW, Hint, Language, Sign, SignLine, sign
from display.settings import Size
from lane_agent.model import Screen
from lane_agent.wording import Scene, Tone

Rectangle = tuple[int, int, int, int]

# The pictogram's share of the board's height: the messages of seed 004 must be told apart from a distance,
# but a coarse board needs its pixels for the words.
_SHARE = {Tone.STOP: 0.42, Tone.GO: 0.42, Tone.EXAMINE: 0.38}


@dataclass(frozen=True, slots=True)
class Key:
    """The label above one physical button."""

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


@lru_cache(maxsize=256)
def lay_out(screen: Screen, scene: Scene, parameter: str, simulated: bool, size: Size) -> Layout:
    """The sign of `scene` fitted to `size`; kept, because a screen shows the same few signs all day."""
    told = sign(screen, scene, parameter, simulated=simulated, coarse=min(size) < COARSE_BELOW)
    if screen is Screen.XDB:
        return _board(told, size, shared())
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
        rows=fit(told.lines, body, fonts, greatest=round(side * (0.27 if told.coarse else 0.2))),
        header=header,
        ribbon=_plain(ribbon),
        ribbon_rows=_ribbon_rows(told, ribbon, fonts),
        column=None,
        rule=_plain(rule),
        keys=(),
    )


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
    tall = round(body.height * (0.35 if told.coarse else _SHARE.get(told.tone, 0.36)))
    band = _cut_top(body, tall + max(2, round(body.width * 0.03)))
    return pygame.Rect(band.centerx - tall // 2, band.y, tall, tall)


def _panel(told: Sign, size: Size, fonts: Fonts) -> Layout:
    width, height = size
    ribbon, body = _cut_ribbon(told, size)
    strip = pygame.Rect(0, height - round(height * 0.16), width, round(height * 0.16))
    body.height -= strip.height
    column = pygame.Rect(body.x, body.y, round(width * 0.31), body.height)
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
        rows=fit(told.lines, words, fonts, greatest=round(height * 0.17), align=Align.LEFT),
        header=header,
        ribbon=_plain(ribbon),
        ribbon_rows=_ribbon_rows(told, ribbon, fonts),
        column=_sure(column),
        rule=None,
        keys=_keys(told, strip, margin, fonts),
    )


def _keys(told: Sign, strip: pygame.Rect, margin: int, fonts: Fonts) -> tuple[Key, ...]:
    """The buttons' names side by side, in one size."""
    wide = (strip.width - margin) // len(told.hints) - margin
    tall = round(strip.height * 0.66)
    areas = [pygame.Rect(margin + place * (wide + margin), strip.y + tall // 6, wide, tall) for place in range(2)]
    lines = [SignLine(Language.TRADITIONAL, ((f"{hint.traditional}  {hint.english}",),), 1.0) for hint in told.hints]
    boxes = [area.inflate(-area.height // 2, -area.height // 4) for area in areas]
    size = min(fit((line,), box, fonts, greatest=tall // 2)[0].size for line, box in zip(lines, boxes, strict=True))
    rows = [fit((line,), box, fonts, greatest=size)[0] for line, box in zip(lines, boxes, strict=True)]
    baseline = max(row.origin[1] for row in rows)
    return tuple(
        Key(hint, _sure(area), (row.lowered(baseline - row.origin[1]),))
        for hint, area, row in zip(told.hints, areas, rows, strict=True)
    )


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
