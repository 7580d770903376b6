"""Plates, drawn flat: Hong Kong in one or two rows, the black 粤Z…港/澳, Mainland and Macau ones (domain §3).

A drawn plate knows where each of its characters is, so that training and tests need no labelling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.drawn.glyphs import CHINESE, GlyphCut, Mask, glyph

Colour = tuple[int, int, int]  # blue, green, red, as OpenCV has them
Ink = Callable[[str, int], Mask]  # (character, height) -> mask


class PlateKind(Enum):
    """What sort of plate; the value is the region name that the reader reports, or refines it."""

    HK_FRONT = "hk-front"  # black on white
    HK_REAR = "hk-rear"  # black on yellow
    CROSS_BORDER = "cross-border"  # white on black, 粤Z…港 or 粤Z…澳
    CN_BLUE = "cn-blue"
    CN_YELLOW = "cn-yellow"
    CN_GREEN = "cn-green"
    MACAU = "macau"  # white on black, two letters and digits


PALETTE: dict[PlateKind, tuple[Colour, Colour]] = {
    PlateKind.HK_FRONT: ((240, 244, 245), (28, 26, 25)),
    PlateKind.HK_REAR: ((38, 188, 240), (26, 26, 28)),
    PlateKind.CROSS_BORDER: ((26, 24, 24), (236, 238, 238)),
    PlateKind.CN_BLUE: ((150, 62, 18), (240, 240, 240)),
    PlateKind.CN_YELLOW: ((36, 184, 236), (26, 26, 28)),
    PlateKind.CN_GREEN: ((128, 208, 142), (30, 30, 30)),
    PlateKind.MACAU: ((26, 24, 24), (236, 238, 238)),
}
"""Background and ink of each kind."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a plate is set. Lengths are shares of the character height.

    Attributes:
        ink: gives a character's mask; the default is our own face.
        gap: between characters; `space`: between groups; `margin`: left and right, above and below.
        row_gap: between two rows; `hidden`: the foot of the upper row that the lower one covers; `border`: thickness of
            the frame line, 0 for none.
        dot: a round dot between the groups of a cross-border plate.
        squeeze: factor on the width of letters and digits; `chinese`: width of a Chinese character (GA 36: 45 of 90).
    """

    ink: Ink = field(default_factory=lambda: partial(_ink, face=GlyphCut()))
    gap: float = 0.14
    space: float = 0.5
    margin: tuple[float, float] = (0.25, 0.2)
    row_gap: float = 0.18
    hidden: float = 0.0
    border: float = 0.0
    dot: bool = True
    squeeze: float = 1.0
    chinese: float = 0.5


def _ink(char: str, height: int, face: GlyphCut) -> Mask:
    return glyph(char, height, face)


@dataclass(frozen=True, slots=True)
class Spot:
    """One character of a drawn plate: its row (0 or 1) and box in pixels of the flat picture."""

    char: str
    row: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A plate as ink only: `mask` (height, width), its characters, and how many rows it has."""

    mask: Mask
    spots: tuple[Spot, ...]
    rows: int


def groups(text: str, kind: PlateKind) -> tuple[str, ...]:
    """The text as it is grouped on the plate: where it has blanks, else letters and digits, or 粤Z and the rest."""
    if " " in text:
        return tuple(text.split())
    if kind not in (PlateKind.HK_FRONT, PlateKind.HK_REAR, PlateKind.MACAU):
        return (text[:2], text[2:])
    if kind is PlateKind.MACAU:
        return (text[:2], text[2:4], text[4:])
    letters = len(text) - len(text.lstrip("ABCDEFGHJKLMNPRSTUVWXYZ"))
    return (text[:letters], text[letters:]) if 0 < letters < len(text) else (text,)


def _line(parts: tuple[str, ...], height: int, style: Style, *, dot: bool) -> tuple[Mask, list[tuple[str, int, int]]]:
    """One row of characters: its mask and (character, x0, x1) of each."""
    tiles: list[tuple[str, int, Mask]] = []
    x = 0.0
    for number, part in enumerate(parts):
        if number:
            x += (style.space - style.gap) * height
            if dot:
                tiles.append(("·", round(x - (style.space + style.gap) * height / 2), _dot(height)))
        for char in part:
            tile = _squeezed(style.ink(char, height), char, style)
            tiles.append((char, round(x), tile))
            x += tile.shape[1] + style.gap * height
    width = max(at + tile.shape[1] for _, at, tile in tiles)
    mask = np.zeros((height, width), np.uint8)
    for _, at, tile in tiles:
        np.maximum(mask[:, at : at + tile.shape[1]], tile, out=mask[:, at : at + tile.shape[1]])
    return mask, [(char, at, at + tile.shape[1]) for char, at, tile in tiles if char != "·"]


def _dot(height: int) -> Mask:
    size = max(3, round(height * 0.12))
    tile = np.zeros((height, size), np.uint8)
    cv2.circle(tile, (size // 2, height // 2), size // 2, 255, -1, cv2.LINE_AA)
    return tile


def _squeezed(tile: Mask, char: str, style: Style) -> Mask:
    width = tile.shape[0] * style.chinese if char in CHINESE else tile.shape[1] * style.squeeze
    size = (max(2, round(width)), tile.shape[0])
    if size[0] == tile.shape[1]:
        return tile
    return np.asarray(cv2.resize(tile, size, interpolation=cv2.INTER_AREA), np.uint8)


def sheet(text: str, kind: PlateKind, rows: int, height: int, style: Style) -> Sheet:
    """Sets `text` in one or two rows of characters `height` pixels high."""
    parts = groups(text, kind)
    dotted = style.dot and kind not in (PlateKind.HK_FRONT, PlateKind.HK_REAR)
    lines = [_line(parts, height, style, dot=dotted)]
    if rows == 2:
        if len(parts) == 1:
            middle = (len(text) + 1) // 2
            parts = (text[:middle], text[middle:])
        lines = [_line((part,), height, style, dot=False) for part in (parts[0], "".join(parts[1:])) if part]
    return _stack(lines, height, style)


def _stack(lines: list[tuple[Mask, list[tuple[str, int, int]]]], height: int, style: Style) -> Sheet:
    left, top = (round(share * height) for share in style.margin)
    step = height + round(style.row_gap * height)
    width = max(mask.shape[1] for mask, _ in lines) + 2 * left
    whole = np.zeros((2 * top + step * (len(lines) - 1) + height, width), np.uint8)
    spots: list[Spot] = []
    if len(lines) > 1 and style.hidden > 0:
        lines[0][0][-max(1, round(style.hidden * height)) :] = 0
    for row, (mask, places) in enumerate(lines):
        x, y = (width - mask.shape[1]) // 2, top + row * step
        np.maximum(whole[y : y + height, x : x + mask.shape[1]], mask, out=whole[y : y + height, x : x + mask.shape[1]])
        spots += [Spot(char, row, x + x0, y, x + x1, y + height) for char, x0, x1 in places]
    return Sheet(whole, tuple(spots), len(lines))


def paint(flat: Sheet, background: Colour, ink: Colour, border: float = 0.0) -> NDArray[np.uint8]:
    """The plate in colour, (height, width, 3) uint8, with an optional frame line `border` pixels thick."""
    mask = flat.mask
    if border >= 1:
        mask = mask.copy()
        inset = round(border)
        corner = (mask.shape[1] - 1 - inset, mask.shape[0] - 1 - inset)
        cv2.rectangle(mask, (inset, inset), corner, 255, round(border), cv2.LINE_AA)
    share = mask[..., None].astype(np.float32) / 255
    return np.asarray(np.asarray(background, np.float32) * (1 - share) + np.asarray(ink, np.float32) * share, np.uint8)


_MAINLAND = Style(
    ink=partial(_ink, face=GlyphCut(width=0.5, stroke=0.12)), gap=0.13, space=0.38, margin=(0.18, 0.16), border=0.05
)
STANDARD: dict[PlateKind, Style] = {
    kind: Style() if kind in (PlateKind.HK_FRONT, PlateKind.HK_REAR) else _MAINLAND for kind in PlateKind
}
"""The plain way each kind is set."""


def draw(text: str, kind: PlateKind = PlateKind.HK_FRONT, rows: int = 1, height: int = 79) -> NDArray[np.uint8]:
    """A clean plate in colour; `height` is that of a character, in pixels."""
    style = STANDARD[kind]
    return paint(sheet(text, kind, rows, height, style), *PALETTE[kind], border=style.border * height)
