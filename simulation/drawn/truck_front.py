"""A truck's front at high resolution with plates as signmakers and the road leave them: any cut, dirt, bolts, frames.

`simulation.drawn.cabs` draws the vehicle; here its plates are set anew, twice as fine, in a cut of their own, so that no two
visits show the same characters. The front is drawn once and kept in several sizes: a frame only has to turn it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.drawn.cabs import HEIGHT, METRE, WIDTH, DrawnTruck, Fixed, art, mainland_kind
from simulation.drawn.glyphs import GlyphCut, Mask, glyph
from simulation.drawn.plates import PALETTE, STANDARD, Colour, PlateKind, Style, paint, sheet

FINE = 2  # this front is so many times finer than that of `cabs`
SIZES = (1.0, 0.71, 0.5, 0.36, 0.25)  # of the kept copies; the one just larger than needed is turned
CHARACTER_M = (0.08, 0.09)
"""How high the characters of a Hong Kong plate are, metres: at least 8 cm (domain §3a)."""
MAINLAND_M = (0.098, 0.104)
"""What is drawn 79 pixels high on a Mainland plate, so that the whole is 440 by 140 mm within 5 % (GA 36-2018)."""
LAMPS = ((92, 525), (468, 525))  # where `cabs` puts them
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Dressed:
    """A front: `copies` (H, W, 4) uint8 blue-green-red-mask by size, and its plates on the largest copy."""

    copies: dict[float, Picture]
    plates: tuple[Fixed, ...]


def any_face(rng: random.Random) -> GlyphCut:
    """A cut that a signmaker may have; never twice the same."""
    width = rng.uniform(0.5, 0.86)
    stroke = rng.uniform(0.1, min(0.19, width * 0.28))
    flagged, flat, straight, spurred = (rng.random() < share for share in (0.15, 0.6, 0.5, 0.4))
    return GlyphCut(width, stroke, flagged, flat, straight, spurred)


def _ink(char: str, height: int, face: GlyphCut) -> Mask:
    return glyph(char, height, face)


def any_style(rng: random.Random, kind: PlateKind) -> Style:
    """A setting within what is seen on the road; Mainland plates are made to one pattern and vary little."""
    if kind not in (PlateKind.HK_FRONT, PlateKind.HK_REAR):
        return replace(STANDARD[kind], gap=rng.uniform(0.1, 0.16), dot=rng.random() < 0.8)
    return Style(
        ink=partial(_ink, face=any_face(rng)),
        gap=rng.uniform(0.08, 0.22),
        space=rng.uniform(0.25, 0.7),
        margin=(rng.uniform(0.12, 0.5), rng.uniform(0.1, 0.3)),
        row_gap=rng.uniform(0.02, 0.3),
        border=rng.choice((0.0, 0.0, 0.03, 0.06)),
    )


def flat_plate(rng: random.Random, text: str, kind: PlateKind, rows: int, style: Style) -> Picture:
    """One plate flat, characters 79 pixels high, with bolts; paint faded a little."""
    ground, ink = (_faded(rng, colour) for colour in PALETTE[kind])
    drawn = paint(sheet(text, kind, rows, 79, style), ground, ink, border=style.border * 79)
    if rng.random() < 0.6:
        _bolts(rng, drawn)
    return drawn


def _faded(rng: random.Random, colour: Colour) -> Colour:
    light, lift = rng.uniform(0.8, 1.03), rng.randint(0, 18)
    blue, green, red = (min(255, int(part * light) + lift) for part in colour)
    return blue, green, red


def _bolts(rng: random.Random, picture: Picture) -> None:
    """Screws near the edges, where they hide no character."""
    rows, columns = picture.shape[:2]
    shade = rng.randint(60, 200)
    y = rng.choice((0.07, 0.5, 0.93))
    for x in rng.choice(((0.03, 0.97), (0.02, 0.98))):
        cv2.circle(picture, (int(x * columns), int(y * rows)), 5, (shade, shade, shade), -1, cv2.LINE_AA)


def dress(truck: DrawnTruck, seed: int, *, dirt: float = 0.0, night: bool = False) -> Dressed:
    """The front of `truck`.

    Args:
        truck: what it is and bears.
        seed: of the plates' cut, place and dirt.
        dirt: 0 for washed, 1 for as dirty as a plate may be and still be read.
        night: lit by the camera's infrared lamp: grey, the vehicle dim, its plates thrown back brightly.
    """
    rng = random.Random(f"{seed}/dressed/{truck.vrn}")  # noqa: S311  looks, not secrets
    bare = art(replace(truck, vrn="", mainland=""))
    size = (WIDTH * FINE, HEIGHT * FINE)
    canvas = np.asarray(cv2.resize(bare.image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    cut = np.asarray(cv2.resize(bare.cut, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    plates = _hang(rng, canvas, truck)
    if dirt:
        canvas = soiled(rng, canvas, dirt)
    if night:
        _by_infrared(rng, canvas, plates)
    whole = np.dstack([canvas, cut])
    return Dressed({share: _copy(whole, share) for share in SIZES}, plates)


def _copy(whole: Picture, share: float) -> Picture:
    if share == 1:
        return whole
    return np.asarray(cv2.resize(whole, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)


def _hang(rng: random.Random, canvas: Picture, truck: DrawnTruck) -> tuple[Fixed, ...]:
    found: list[Fixed] = []
    x, y = (280 + rng.randint(-50, 50)) * FINE, rng.randint(500, 514) * FINE
    if truck.vrn:
        tall = rng.uniform(*CHARACTER_M) * METRE * FINE
        found.append(_mount(rng, canvas, truck.vrn, PlateKind.HK_FRONT, truck.rows, (x, y, tall / 79)))
        y = int(found[0].corners[2, 1]) + rng.choice((2, 5, 9)) * FINE
    if truck.mainland:
        x += rng.randint(-8, 8) * FINE
        tall = rng.uniform(*MAINLAND_M) * METRE * FINE
        found.append(_mount(rng, canvas, truck.mainland, mainland_kind(truck.mainland), 1, (x, y, tall / 79)))
    return tuple(found)


def _mount(  # noqa: PLR0917  what and where
    rng: random.Random, canvas: Picture, text: str, kind: PlateKind, rows: int, at: tuple[int, int, float]
) -> Fixed:
    """Screws a plate on, its top edge's middle at `at[:2]`, `at[2]` times as large as it is drawn flat."""
    drawn = flat_plate(rng, text, kind, rows, any_style(rng, kind))
    drawn = np.asarray(cv2.resize(drawn, None, fx=at[2], fy=at[2], interpolation=cv2.INTER_AREA), np.uint8)
    high, wide = drawn.shape[:2]
    left, top = at[0] - wide // 2, at[1]
    edge = rng.choice((0, 3, 6)) * FINE // 2
    cv2.rectangle(canvas, (left - edge, top - edge), (left + wide + edge, top + high + edge), (30, 30, 30), -1)
    canvas[top : top + high, left : left + wide] = drawn
    corners = np.array([[left, top], [left + wide, top], [left + wide, top + high], [left, top + high]], np.float32)
    return Fixed(text, kind, rows, corners)


def soiled(rng: random.Random, picture: Picture, dirt: float) -> Picture:
    """Mud in clouds, thicker below; it dims characters, and does not cover them.

    Args:
        rng: decides where.
        picture: a plate or a whole front.
        dirt: 0 for none, 1 for as much as there may be on a plate that is still to be read.
    """
    height, width = picture.shape[:2]
    noise = np.random.default_rng(rng.getrandbits(63))
    clouds = np.zeros((height, width), np.float32)
    for cell in (11, 27, 90):
        grid = noise.uniform(0, 1, (height // cell + 1, width // cell + 1)).astype(np.float32)
        clouds += cv2.resize(grid, (width, height)) / 3
    rise = np.linspace(0.2, 1, height, dtype=np.float32)[:, None]
    cover = np.clip((clouds - 0.42) * 4, 0, 1) * rise * np.float32(0.62 * dirt)
    mud = np.array([rng.randint(60, 110), rng.randint(80, 120), rng.randint(95, 135)], np.float32)
    return np.asarray(picture * (1 - cover[..., None]) + mud * cover[..., None], np.uint8)


def _by_infrared(rng: random.Random, canvas: Picture, plates: tuple[Fixed, ...]) -> None:
    """Paint reflects little and without colour; plates send the light back whence it came."""
    grey = cv2.cvtColor(canvas, cv2.COLOR_BGR2GRAY)
    dim = cv2.convertScaleAbs(grey, alpha=rng.uniform(0.12, 0.4))
    gain = rng.uniform(0.75, 1.2)  # beyond 1 the ground is burnt out
    for fixed in plates:
        (left, top), (right, bottom) = fixed.corners[0].astype(int), fixed.corners[2].astype(int)
        bright = cv2.convertScaleAbs(grey[top:bottom, left:right], alpha=gain)
        dim[top:bottom, left:right] = bright
    canvas[:] = dim[..., None]
