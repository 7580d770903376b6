"""Things on a vehicle's front that a detector takes for plates: lamps with their glints, grilles, emblems, bare letters.

They are drawn onto the training crops as they are cut, always away from the plates, and never labelled.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.training.clutter import Picture, badge, grey, overlap
from tools.training.faces import TypeCase

Box = tuple[int, int, int, int]  # left, top, width, height


def _blob(rng: random.Random, box: Box) -> NDArray[np.int32]:
    """A lamp's outline: four to seven corners around the box, pulled about."""
    left, top, width, height = box
    count = rng.randint(4, 7)
    turn = rng.uniform(0, math.tau)
    angles = [turn + math.tau * k / count + rng.uniform(-0.3, 0.3) for k in range(count)]
    reach = [rng.uniform(0.7, 1.1) for _ in range(count)]
    points = [
        [left + width / 2 * (1 + r * math.cos(a)), top + height / 2 * (1 + r * math.sin(a))]
        for a, r in zip(angles, reach, strict=True)
    ]
    return np.round(np.array(points)).astype(np.int32)


def lamp(rng: random.Random, picture: Picture, box: Box) -> None:
    """Glass with reflectors: bright, round inside, with hard glints and dark edges."""
    left, top, width, height = box
    outline = _blob(rng, box)
    cv2.fillPoly(picture, [outline], grey(rng, 60, 235), cv2.LINE_AA)
    for _ in range(rng.randint(1, 4)):
        centre = (left + rng.randint(width // 5, width * 4 // 5), top + rng.randint(height // 5, height * 4 // 5))
        size = max(2, int(min(width, height) * rng.uniform(0.12, 0.4)))
        cv2.circle(picture, centre, size, grey(rng), rng.choice((-1, 1, 2, 3)), cv2.LINE_AA)
        cv2.circle(picture, centre, max(1, size // 2), grey(rng), -1, cv2.LINE_AA)
    for _ in range(rng.randint(0, 4)):
        one = (left + rng.randint(0, width), top + rng.randint(0, height))
        other = (left + rng.randint(0, width), top + rng.randint(0, height))
        cv2.line(picture, one, other, grey(rng), rng.randint(1, 3), cv2.LINE_AA)
    if rng.random() < 0.6:
        cv2.polylines(picture, [outline], True, grey(rng, 0, 90), rng.randint(1, 3), cv2.LINE_AA)


def bars(rng: random.Random, picture: Picture, box: Box) -> None:
    """A grille: upright or level bars in a frame."""
    left, top, width, height = box
    dark, bright = grey(rng, 0, 70), grey(rng, 70, 240)
    cv2.rectangle(picture, (left, top), (left + width, top + height), dark, -1)
    step = rng.randint(3, 10)
    if rng.random() < 0.5:
        for x in range(left, left + width, step):
            cv2.line(picture, (x, top), (x + rng.randint(-2, 2), top + height), bright, max(1, step // 2), cv2.LINE_AA)
    else:
        for y in range(top, top + height, step):
            cv2.line(picture, (left, y), (left + width, y), bright, max(1, step // 2), cv2.LINE_AA)
    if rng.random() < 0.6:
        cv2.rectangle(picture, (left, top), (left + width, top + height), bright, rng.randint(1, 4))


def emblem(rng: random.Random, picture: Picture, box: Box) -> None:
    """A maker's sign: a ring or shield with a few strokes."""
    left, top, width, height = box
    size = min(width, height) // 2 + 3
    centre = (left + width // 2, top + height // 2)
    axes = (int(size * rng.uniform(0.7, 1.4)), size)
    base, stroke = grey(rng), grey(rng)
    cv2.ellipse(picture, centre, axes, 0, 0, 360, base, rng.choice((-1, -1, 2, 3)), cv2.LINE_AA)
    for _ in range(rng.randint(1, 4)):
        angle = rng.uniform(0, math.tau)
        far = (int(centre[0] + axes[0] * math.cos(angle)), int(centre[1] + axes[1] * math.sin(angle)))
        cv2.line(picture, centre, far, stroke, rng.randint(1, 4), cv2.LINE_AA)
    cv2.ellipse(picture, centre, axes, 0, 0, 360, stroke, rng.randint(1, 3), cv2.LINE_AA)


def panel(rng: random.Random, picture: Picture, box: Box) -> None:
    """A blank plate-shaped thing: a tow cover, a sticker, a bright patch of road paint."""
    left, top, width, height = box
    cv2.rectangle(picture, (left, top), (left + width, top + height), grey(rng), -1)
    if rng.random() < 0.5:
        cv2.rectangle(picture, (left, top), (left + width, top + height), grey(rng), rng.randint(1, 3))


_KINDS: tuple[Callable[[random.Random, Picture, Box], None], ...] = (lamp, lamp, lamp, bars, bars, emblem, panel)


def scatter(rng: random.Random, picture: Picture, cut: TypeCase, quads: NDArray[np.float32]) -> None:
    """A few decoys on a crop, none of them touching a plate."""
    rows, columns = picture.shape[:2]
    for _ in range(rng.choice((0, 1, 2, 3, 4))):
        width = int(10 ** rng.uniform(1.2, 2.1))
        height = max(6, int(width * rng.uniform(0.25, 1.1)))
        left, top = rng.randint(-10, columns - 10), rng.randint(-10, rows - 10)
        around = np.array([[left - 8, top - 8], [left + width + 8, top + height + 8]], np.float32)
        if all(overlap(around, quad) == 0 for quad in quads):
            rng.choice(_KINDS)(rng, picture, (left, top, width, height))
    for _ in range(rng.choice((0, 0, 1, 2, 3))):
        badge(rng, picture, cut, quads)
    if rng.random() < 0.4:  # so that being sharp gives nothing away
        cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.5), dst=picture)
