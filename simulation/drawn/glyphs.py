"""The characters of plates as ink: our own strokes for letters and digits, a system font for Chinese ones.

Rules of this file: a glyph is a mask, uint8, 255 where there is ink; nothing here knows colours or plates. The strokes
were drawn by us after the proportions of Hong Kong marks (57 wide, 79 high, 14 thick: domain §3a); no font is shipped.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Path2D = tuple[tuple[float, float], ...]

CJK_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc")
"""Where Debian's fonts-noto-cjk puts the one Chinese font that everything drawn here uses."""
CJK_INDEX = 4  # the Hong Kong shapes inside that collection


class ChineseFontMissingError(OSError):
    """The Chinese system font is not installed."""


@dataclass(frozen=True, slots=True)
class GlyphCut:
    """How a signmaker cuts the strokes.

    Attributes:
        width: of a letter, as a share of its height.
        stroke: thickness, as a share of the height.
        flagged_one: the 1 has a flag instead of being a bare bar.
        flat_three: the 3 has a flat top.
        straight_nine: 6 and 9 have straight legs.
        spurred_g: the G has a stem and hardly a bar, and so is nearly a C.
        upright_r: the R stands on a straight leg; where a lower row touches its feet it is nearly a B.
    """

    width: float = 0.72
    stroke: float = 0.17
    flagged_one: bool = False
    flat_three: bool = False
    straight_nine: bool = False
    spurred_g: bool = False
    upright_r: bool = False


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> Path2D:  # noqa: PLR0917
    """Points of an ellipse's arc, degrees, clockwise from the right (y grows downwards)."""
    steps = max(4, int(abs(end - start) / 12))
    angles = [math.radians(start + (end - start) * k / steps) for k in range(steps + 1)]
    return tuple((cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles)


def _turned(path: Path2D) -> Path2D:
    return tuple((1 - x, 1 - y) for x, y in path)


_BOWL: Path2D = ((0, 1), (0, 0), (0.58, 0), *_arc(0.6, 0.265, 0.4, 0.265, -90, 90), (0, 0.53))
_OPEN: Path2D = (*_arc(0.5, 0.31, 0.5, 0.31, -12, -180), *_arc(0.5, 0.69, 0.5, 0.31, 180, 12))
_SIX: tuple[Path2D, ...] = ((*_arc(0.5, 0.33, 0.5, 0.33, -28, -180), (0, 0.68)), _arc(0.5, 0.69, 0.5, 0.31, 0, 360))
_STRAIGHT_NINE: tuple[Path2D, ...] = (_arc(0.5, 0.31, 0.5, 0.31, 0, 360), ((1, 0.33), (0.87, 0.66), (0.42, 1)))

STROKES: dict[str, tuple[Path2D, ...]] = {
    "A": (((0, 1), (0.43, 0), (0.57, 0), (1, 1)), ((0.17, 0.69), (0.83, 0.69))),
    "B": (
        ((0, 0), (0, 1), (0.62, 1), *_arc(0.66, 0.735, 0.34, 0.265, 90, -90), (0, 0.47)),
        ((0, 0), (0.58, 0), *_arc(0.62, 0.235, 0.31, 0.235, -90, 90)),
    ),
    "C": (_OPEN,),
    "D": (
        (
            (0, 0),
            (0, 1),
            (0.42, 1),
            *_arc(0.44, 0.62, 0.56, 0.38, 90, 0),
            *_arc(0.44, 0.38, 0.56, 0.38, 0, -90),
            (0, 0),
        ),
    ),
    "E": (((1, 0), (0, 0), (0, 1), (1, 1)), ((0, 0.49), (0.82, 0.49))),
    "F": (((1, 0), (0, 0), (0, 1)), ((0, 0.5), (0.8, 0.5))),
    "G": ((*_OPEN, (0.98, 0.56), (0.56, 0.56)),),
    "H": (((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 0.49), (1, 0.49))),
    "J": (((1, 0), (1, 0.7), *_arc(0.5, 0.7, 0.5, 0.3, 0, 172)),),
    "K": (((0, 0), (0, 1)), ((0.98, 0), (0.02, 0.6)), ((0.33, 0.42), (1, 1))),
    "L": (((0, 0), (0, 1), (1, 1)),),
    "M": (((0, 1), (0, 0), (0.5, 0.6), (1, 0), (1, 1)),),
    "N": (((0, 1), (0, 0), (1, 1), (1, 0)),),
    "P": (_BOWL,),
    "Q": ((*_arc(0.5, 0.36, 0.5, 0.36, -180, 0), *_arc(0.5, 0.64, 0.5, 0.36, 0, 180), (0, 0.36)), ((0.5, 0.7), (1, 1))),
    "R": (_BOWL, ((0.46, 0.53), (1, 1))),
    "S": ((*_arc(0.5, 0.245, 0.48, 0.245, -14, -250), *_arc(0.5, 0.735, 0.5, 0.265, -70, 166)),),
    "T": (((0, 0), (1, 0)), ((0.5, 0), (0.5, 1))),
    "U": (((0, 0), (0, 0.7), *_arc(0.5, 0.7, 0.5, 0.3, 180, 0), (1, 0)),),
    "V": (((0, 0), (0.5, 1), (1, 0)),),
    "W": (((0, 0), (0.24, 1), (0.5, 0.28), (0.76, 1), (1, 0)),),
    "X": (((0, 0), (1, 1)), ((1, 0), (0, 1))),
    "Y": (((0, 0), (0.5, 0.52), (1, 0)), ((0.5, 0.52), (0.5, 1))),
    "Z": (((0, 0), (1, 0), (0, 1), (1, 1)),),
    "0": ((*_arc(0.5, 0.36, 0.5, 0.36, -180, 0), *_arc(0.5, 0.64, 0.5, 0.36, 0, 180), (0, 0.36)),),
    "1": (((0.5, 0), (0.5, 1)),),
    "2": ((*_arc(0.5, 0.29, 0.48, 0.29, -172, 38), (0, 1), (1, 1)),),
    "3": ((*_arc(0.5, 0.25, 0.45, 0.25, -160, 90), *_arc(0.5, 0.735, 0.5, 0.265, -90, 160)),),
    "4": (((0.74, 1), (0.74, 0), (0, 0.69), (1, 0.69)),),
    "5": (((0.94, 0), (0.09, 0), (0.05, 0.45), *_arc(0.5, 0.68, 0.5, 0.32, -138, 152)),),
    "6": _SIX,
    "7": (((0, 0), (1, 0), (0.38, 1)),),
    "8": (_arc(0.5, 0.245, 0.44, 0.245, 0, 360), _arc(0.5, 0.735, 0.5, 0.265, 0, 360)),
    "9": tuple(_turned(path) for path in _SIX),
}
_FLAG: Path2D = ((0.14, 0.2), (0.5, 0))
_FLAT_THREE: tuple[Path2D, ...] = (((0.05, 0), (0.95, 0), (0.42, 0.4), *_arc(0.46, 0.7, 0.52, 0.3, -95, 160)),)
_SPURRED_G: tuple[Path2D, ...] = (
    (*_arc(0.5, 0.31, 0.5, 0.31, -12, -180), *_arc(0.5, 0.69, 0.5, 0.31, 180, 50), (0.98, 0.56), (0.74, 0.56)),
    ((0.98, 0.56), (0.98, 0.98)),
)
_UPRIGHT_R: tuple[Path2D, ...] = (_BOWL, ((0.5, 0.53), *_arc(0.62, 0.75, 0.3, 0.22, -90, 0), (0.95, 1)))
LATIN = "".join(STROKES)
CHINESE = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新" + "港澳学警挂领使"
"""Provinces, and what ends a special plate (GA 36)."""


def _strokes(char: str, face: GlyphCut) -> tuple[Path2D, ...]:
    if char == "1" and face.flagged_one:
        return (*STROKES["1"], _FLAG)
    if char == "3" and face.flat_three:
        return _FLAT_THREE
    if char == "G" and face.spurred_g:
        return _SPURRED_G
    if char == "R" and face.upright_r:
        return _UPRIGHT_R
    if char in "69" and face.straight_nine:
        return _STRAIGHT_NINE if char == "9" else tuple(_turned(path) for path in _STRAIGHT_NINE)
    return STROKES[char]


def _width(char: str, face: GlyphCut, height: int) -> float:
    if char == "1" and not face.flagged_one:
        return height * face.stroke + 2
    return height * face.width * (1.14 if char in "MW" else 1.0)


@lru_cache(maxsize=8192)
def latin(char: str, face: GlyphCut, height: int) -> Mask:
    """The ink of one letter or digit, shape (height, its own width).

    Raises:
        KeyError: `char` is none of `LATIN`.
    """
    scale = 2  # drawn at twice the size and shrunk: smooth edges for any stroke
    half = max(1.0, height * face.stroke * scale / 2)
    wide = max(2 * half + 2, _width(char, face, height) * scale)
    canvas = np.zeros((height * scale, round(wide)), np.uint8)
    for path in _strokes(char, face):
        points = np.array([[half + x * (wide - 2 * half), half + y * (height * scale - 2 * half)] for x, y in path])
        cv2.polylines(canvas, [np.round(points * 16).astype(np.int32)], False, 255, round(2 * half), cv2.LINE_AA, 4)
    ink = cv2.resize(canvas, (max(2, canvas.shape[1] // scale), height), interpolation=cv2.INTER_AREA)
    return np.asarray(ink, np.uint8)


@lru_cache(maxsize=512)
def chinese(char: str, height: int, font: Path = CJK_FONT, index: int = CJK_INDEX) -> Mask:
    """The ink of one Chinese character, cut to its own box and scaled to `height`.

    Raises:
        FontMissingError: the system font is not there; says how to install it.
    """
    if not font.is_file():
        raise ChineseFontMissingError(f"no Chinese font at {font}: install it with 'apt-get install fonts-noto-cjk'")
    ink = from_font(char, font, index)
    rows, width = ink.shape
    return np.asarray(cv2.resize(ink, (max(2, width * height // rows), height), interpolation=cv2.INTER_AREA), np.uint8)


def from_font(char: str, font: Path, index: int = 0, size: int = 96) -> Mask:
    """The ink of `char` in any font file, cut to its own box; empty where the font lacks it.

    Raises:
        OSError: the file is no font, or is not there.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import pygame.freetype  # noqa: PLC0415  the lane itself never draws plates; only demonstrations and training pay

    pygame.freetype.init()
    data, (width, rows) = pygame.freetype.Font(str(font), size, font_index=index).render_raw(char)
    return np.frombuffer(data, np.uint8).reshape(rows, width)


def glyph(char: str, height: int, face: GlyphCut) -> Mask:
    """The ink of any character a plate can bear."""
    return latin(char, face, height) if char in STROKES else chinese(char, height)
