"""Text fitted to a rectangle: at most two rows a language, as large as it can be, nothing outside.

The sizes are found by trying: for each way of breaking the languages into rows, the greatest Traditional size whose
rows all fit; the way whose sizes are best together is taken.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import pygame

from display.fonts import Fonts
from display.scenes import Language, SignLine

_EM = 100  # widths are compared at this size; they grow linearly with it
_BASELINE = {Language.TRADITIONAL: 0.88, Language.ENGLISH: 0.80, Language.SIMPLIFIED: 0.88}  # from the row's top, em
_ROW = {Language.TRADITIONAL: 1.14, Language.ENGLISH: 1.22, Language.SIMPLIFIED: 1.16}  # row to row, em
_GAP = 0.26  # between languages, in ems of the Traditional text
_WEIGHT = {Language.TRADITIONAL: 1.0, Language.ENGLISH: 0.75, Language.SIMPLIFIED: 0.4}
_LEAST = 0.45  # a language smaller than this beside the Traditional text means that the arrangement is bad
_STRETCH = 1.3  # where the Traditional text is kept small by its length, the others may come this much closer to it
_HELD_DOWN = 0.6  # of the greatest size
# A break between clauses is taken if it costs no more than this factor of size.
_NATURAL = {Language.TRADITIONAL: 0.7, Language.ENGLISH: 0.8, Language.SIMPLIFIED: 0.7}


class Align(Enum):
    """How rows are aligned in their rectangle."""

    LEFT = "left"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class TextRow:
    """One row of text in its place: `origin` is where its baseline starts, `ink` what it covers."""

    text: str
    language: Language
    size: int
    origin: tuple[int, int]
    ink: tuple[int, int, int, int]

    @property
    def bottom(self) -> int:
        """The first pixel row under the ink."""
        return self.ink[1] + self.ink[3]

    def lowered(self, by: int) -> TextRow:
        """The same row, further down."""
        left, top, width, height = self.ink
        return replace(self, origin=(self.origin[0], self.origin[1] + by), ink=(left, top + by, width, height))


@dataclass(frozen=True, slots=True)
class _Option:
    line: SignLine
    rows: tuple[str, ...]
    widest: float  # ink width of the widest row at one em, in ems


@dataclass(frozen=True, slots=True)
class _Frame:
    box: pygame.Rect
    fonts: Fonts
    align: Align

    def row(self, text: str, language: Language, size: int, baseline: int) -> TextRow:
        ink = self.fonts.ink(text, language, size)
        spare = 0 if self.align is Align.LEFT else (self.box.width - ink.width) // 2
        origin = (self.box.x + spare - ink.x, baseline)
        ink.move_ip(origin)
        return TextRow(text, language, size, origin, (ink.x, ink.y, ink.width, ink.height))


def fit(
    lines: Sequence[SignLine], box: pygame.Rect, fonts: Fonts, *, greatest: int, align: Align = Align.CENTRE
) -> tuple[TextRow, ...]:
    """The rows of `lines` inside `box`, the block centred vertically; () if there is no line.

    Args:
        lines: the languages, top to bottom; the first sets the size of the others.
        box: where the ink may be.
        fonts: measures the text.
        greatest: most pixels of the first line's em.
        align: how rows are aligned.
    """
    if not lines:
        return ()
    frame = _Frame(box, fonts, align)
    narrowest = min(option.widest for option in _options(lines[0], fonts))
    if narrowest * greatest * _HELD_DOWN > box.width:
        lines = (lines[0], *(replace(line, scale=line.scale * _STRETCH) for line in lines[1:]))
    ways = itertools.product(*(_options(line, fonts) for line in lines))
    return max((_largest(way, frame, greatest) for way in ways), key=_worth)


def _worth(rows: tuple[TextRow, ...]) -> float:
    """How good sizes are together: the logarithm keeps one large language from paying for an unreadable one."""
    sizes = {row.language: row.size for row in rows}
    least = rows[0].size * _LEAST
    dwarfed = sum(max(0.0, math.log(least / size)) for size in sizes.values())
    return sum(_WEIGHT[language] * math.log(size) for language, size in sizes.items()) - 2 * dwarfed


def _options(line: SignLine, fonts: Fonts) -> Iterator[_Option]:
    """One row, and the best two rows; a break between clauses is preferred to one inside a clause."""
    glue = " " if line.language is Language.ENGLISH else ""
    yield _option(line, (line.text,), fonts)
    natural = [
        _option(line, (_join(line.clauses[:cut], glue), _join(line.clauses[cut:], glue)), fonts)
        for cut in range(1, len(line.clauses))
    ]
    inner = [_option(line, rows, fonts) for rows in _inner_breaks(line.clauses, glue)]
    best = min([*natural, *inner], key=lambda option: option.widest, default=None)
    kind = min(natural, key=lambda option: option.widest, default=None)
    if best and kind:
        yield kind if best.widest >= kind.widest * _NATURAL[line.language] else best
    elif best:
        yield best


def _inner_breaks(clauses: tuple[tuple[str, ...], ...], glue: str) -> Iterator[tuple[str, str]]:
    for place, clause in enumerate(clauses):
        for cut in range(1, len(clause)):
            yield _join((*clauses[:place], clause[:cut]), glue), _join((clause[cut:], *clauses[place + 1 :]), glue)


def _join(clauses: tuple[tuple[str, ...], ...], glue: str) -> str:
    return " ".join(glue.join(clause) for clause in clauses)


def _option(line: SignLine, rows: tuple[str, ...], fonts: Fonts) -> _Option:
    return _Option(line, rows, max(fonts.ink(row, line.language, _EM).width for row in rows) / _EM)


def _largest(way: tuple[_Option, ...], frame: _Frame, greatest: int) -> tuple[TextRow, ...]:
    """The rows of this way at the greatest size at which their measured ink lies inside the box."""
    box = frame.box
    start = min(greatest, int(box.width / way[0].widest), int(box.height / _height_ems(way)) * 2)
    for size in range(start, 4, -1):
        sizes = _sizes(way, size, frame)
        if _height(way, sizes) * 0.8 <= box.height:  # the ink is never that much lower than its rows
            rows = _place(way, sizes, frame)
            if all(box.contains(row.ink) for row in rows):
                return rows
    return _place(way, _sizes(way, 4, frame), frame)


def _sizes(way: tuple[_Option, ...], first: int, frame: _Frame) -> list[int]:
    fitting = [max(4, min(int(first * option.line.scale), int(frame.box.width / option.widest))) for option in way]
    return [frame.fonts.usable(option.line.language, size) for option, size in zip(way, fitting, strict=True)]


def _height_ems(way: tuple[_Option, ...]) -> float:
    return sum(len(option.rows) * option.line.scale for option in way)


def _height(way: tuple[_Option, ...], sizes: list[int]) -> float:
    rows = sum(len(option.rows) * _ROW[option.line.language] * size for option, size in zip(way, sizes, strict=True))
    return rows + _GAP * sizes[0] * (len(way) - 1)


def _place(way: tuple[_Option, ...], sizes: list[int], frame: _Frame) -> tuple[TextRow, ...]:
    """The rows of these sizes, their ink centred vertically in the frame."""
    top = 0.0
    placed: list[TextRow] = []
    for option, size in zip(way, sizes, strict=True):
        language = option.line.language
        for text in option.rows:
            row = frame.row(text, language, size, round(top + _BASELINE[language] * size))
            if placed and row.ink[1] <= placed[-1].bottom:  # a few pixels high, rounding may let rows touch
                lower = placed[-1].bottom + 1 - row.ink[1]
                row = row.lowered(lower)
                top += lower
            placed.append(row)
            top += _ROW[language] * size
        top += _GAP * sizes[0]
    spare = frame.box.height - (placed[-1].bottom - placed[0].ink[1])
    down = frame.box.y + spare // 2 - placed[0].ink[1]
    return tuple(row.lowered(down) for row in placed)
