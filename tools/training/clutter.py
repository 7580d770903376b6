"""What a scene shows besides vehicles and plates: plain backgrounds, edges, road paint, lettering."""

from __future__ import annotations

import random

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.drawn.glyphs import chinese
from simulation.drawn.plates import Colour
from tools.training.faces import TypeCase

Picture = NDArray[np.uint8]
SIZE = 640
HANZI = "香运输物流有限公司广东深圳货柜车牌号码安全保持距离危险品建筑工程贸易食品快递冷冻集团"


def colour(rng: random.Random) -> Colour:
    """Any colour."""
    return rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255)


def grey(rng: random.Random, low: int = 0, high: int = 255) -> Colour:
    """Nearly grey."""
    level = rng.randint(low, high)
    blue, green, red = (int(np.clip(level + rng.gauss(0, 8), 0, 255)) for _ in range(3))
    return blue, green, red


def _any(rng: random.Random) -> Colour:
    return colour(rng) if rng.random() < 0.4 else grey(rng)


def overlap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The boxes' intersection as a share of the smaller one."""
    low = np.maximum(one.min(0), other.min(0))
    high = np.minimum(one.max(0), other.max(0))
    shared = float(np.prod(np.clip(high - low, 0, None)))
    return shared / max(1.0, min(float(np.prod(np.ptp(one, 0))), float(np.prod(np.ptp(other, 0)))))


def plain(rng: random.Random, noise: np.random.Generator) -> Picture:
    """Smooth or blocky noise with edges, discs and lines over it."""
    small = noise.uniform(0, 255, (rng.randint(2, 9), rng.randint(2, 9), 3)).astype(np.float32)
    method = rng.choice((cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_LINEAR, cv2.INTER_NEAREST))
    big = cv2.resize(small, (SIZE, SIZE), interpolation=method)
    share = rng.uniform(0.1, 1)
    picture = np.asarray(np.clip(big * share + (1 - share) * rng.uniform(0, 220), 0, 255), np.uint8)
    for _ in range(rng.randint(4, 40)):
        _shape(rng, picture)
    return picture


def _shape(rng: random.Random, picture: Picture) -> None:
    x, y = rng.randint(-60, SIZE), rng.randint(-60, SIZE)
    width, height = int(10 ** rng.uniform(0.9, 2.5)), int(10 ** rng.uniform(0.7, 2.3))
    share, paint = rng.random(), _any(rng)
    if share < 0.45:
        cv2.rectangle(picture, (x, y), (x + width, y + height), paint, rng.choice((-1, -1, 1, 2, 4)))
    elif share < 0.65:
        cv2.ellipse(
            picture,
            (x, y),
            (width // 2 + 2, height // 2 + 2),
            rng.randint(0, 180),
            0,
            360,
            paint,
            rng.choice((-1, 2, 3)),
        )
    elif share < 0.85:
        far = (x + rng.randint(-250, 250), y + rng.randint(-250, 250))
        cv2.line(picture, (x, y), far, paint, rng.randint(1, 9), cv2.LINE_AA)
    else:
        points = [[x + rng.randint(-width, width), y + rng.randint(-height, height)] for _ in range(rng.randint(3, 6))]
        cv2.fillPoly(picture, [np.array(points, np.int32)], paint)


def road(rng: random.Random, noise: np.random.Generator) -> Picture:
    """Asphalt seen from above a lane, with lines, arrows and writing painted on it."""
    level = rng.uniform(50, 170)
    small = noise.normal(level, rng.uniform(2, 14), (rng.randint(20, 160), rng.randint(20, 160), 1)).astype(np.float32)
    big = cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)[..., None]
    tone = np.array([rng.gauss(1, 0.03) for _ in range(3)], np.float32)
    picture = np.asarray(np.clip(big * tone, 0, 255), np.uint8)
    for _ in range(rng.randint(0, 5)):
        x, y, far = rng.randint(0, SIZE), rng.randint(-80, SIZE), (rng.randint(-200, 200), rng.randint(30, 500))
        paint = rng.choice((grey(rng, 180, 250), (60, 190, 225)))
        cv2.line(picture, (x, y), (x + far[0], y + far[1]), paint, rng.randint(2, 16), cv2.LINE_AA)
    for _ in range(rng.randint(0, 3)):
        tile = chinese(rng.choice(HANZI), rng.randint(30, 120))
        wide = np.asarray(cv2.resize(tile, (tile.shape[1], int(tile.shape[0] * rng.uniform(0.4, 1.2)))), np.uint8)
        _ink(picture, wide, rng.randint(-30, SIZE - 20), rng.randint(0, SIZE - 20), grey(rng, 170, 250))
    return picture


def _line(rng: random.Random, cut: TypeCase, height: int) -> NDArray[np.uint8]:
    """A line of lettering as ink: Chinese, or Latin too long or too odd to be a mark."""
    if rng.random() < 0.5:
        tiles = [chinese(rng.choice(HANZI), height) for _ in range(rng.randint(2, 9))]
    else:
        atlas = cut.pick(rng)
        tiles = [
            atlas.ink(char, height) for char in rng.choices("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", k=rng.randint(9, 16))
        ]
    gap = max(1, height // 8)
    return np.hstack([np.pad(tile, ((0, 0), (0, gap))) for tile in tiles])


def _ink(picture: Picture, ink: NDArray[np.uint8], x: int, y: int, paint: Colour) -> None:
    ink = ink[max(0, -y) :, max(0, -x) :]
    place = picture[max(0, y) : max(0, y) + ink.shape[0], max(0, x) : max(0, x) + ink.shape[1]]
    share = ink[: place.shape[0], : place.shape[1], None].astype(np.float32) / 255
    place[:] = (place * (1 - share) + np.asarray(paint, np.float32) * share).astype(np.uint8)


def lettering(rng: random.Random, picture: Picture, cut: TypeCase) -> None:
    """Company names, telephone numbers, badges, signs: everything that looks like a plate and is none."""
    for _ in range(rng.choice((0, 1, 2, 4, 7))):
        ink = _line(rng, cut, int(10 ** rng.uniform(0.85, 1.6)))
        _ink(picture, ink, rng.randint(-30, SIZE - 20), rng.randint(-5, SIZE), _any(rng))
    for _ in range(rng.choice((0, 0, 1, 2))):
        lines = [_line(rng, cut, rng.randint(8, 22)) for _ in range(rng.randint(1, 3))]
        x, y, pad = rng.randint(0, SIZE), rng.randint(0, SIZE), rng.randint(4, 24)
        width, height = max(line.shape[1] for line in lines), sum(line.shape[0] + 4 for line in lines)
        cv2.rectangle(picture, (x - pad, y - pad), (x + width + pad, y + height + pad), _any(rng), -1)
        paint = _any(rng)
        for line in lines:
            _ink(picture, line, x, y, paint)
            y += line.shape[0] + 4


def badge(rng: random.Random, picture: Picture, cut: TypeCase, quads: NDArray[np.float32]) -> None:
    """A model name or a few letters bare on the paint, away from the plates: the commonest thing taken for one.

    Dark letters on a bright place are left out: there a white plate without a visible edge would look the same.
    """
    height = int(10 ** rng.uniform(0.8, 1.45))
    atlas = cut.pick(rng)
    text = rng.choices("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", k=rng.randint(2, 8))
    ink = np.hstack([np.pad(atlas.ink(char, height), ((0, 0), (0, max(1, height // 6)))) for char in text])
    tall, wide = picture.shape[:2]
    x, y = rng.randint(0, max(1, wide - ink.shape[1])), rng.randint(0, max(1, tall - height))
    box = np.array([[x - 6, y - 6], [x + ink.shape[1] + 6, y + height + 6]], np.float32)
    if any(overlap(box, quad) > 0 for quad in quads):
        return
    place = picture[y : y + height, x : x + ink.shape[1]]
    level = int(place.mean())
    paint = grey(rng, min(230, level + 25), 255) if level < 215 else colour(rng)
    _ink(picture, ink, x, y, paint)
