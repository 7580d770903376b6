"""Finds for the second look: places on drawn pictures, each with what it is (`devices.anpr.look.FindKind`).

Some places are the plates themselves, a little wrong; some are rows of them, plates with their neighbours, and pieces
cut through; some are lines of lettering; and some are what the detector in use finds, the best of all mistakes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.look import FindKind, grown
from devices.anpr.plate_reader import PlateReader
from tools.training import clutter, decoys
from tools.training.backgrounds import piece
from tools.training.boards import any_board
from tools.training.clutter import SIZE, Picture
from tools.training.easel import Quad
from tools.training.lens import seen
from tools.training.mounting import Alone, Bill, attitude, lay, rectangle, scatter, shared
from tools.training.scenes import Stock, any_truck, draw_lane, draw_street
from tools.training.texts import personalised, short

Find = tuple[NDArray[np.float16], int]  # what the detector saw of it (`devices.anpr.look.sampled`), kind
SIDES = (448, 576, 640, 704, 832)
"""At which the detector looks at a drawn picture: plates of one picture in several sizes."""
MOST = 18
"""Places told of one look at a picture, beside what the detector finds: many pictures teach more than many places."""

NAMES = 0.7
"""In every second picture so large a share of the vehicles bear a personalised mark: alone on a vehicle, as most of them
hang, it resembles lettering more than any other plate does."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One drawn picture: its plates with their rows, and the boxes of its lettering."""

    picture: Picture
    quads: list[Quad]
    rows: list[int]
    letters: list[Quad]


def finds(rng: random.Random, noise: np.random.Generator, kept: Stock, reader: PlateReader) -> list[Find]:
    """Those of one drawn picture, some tens; `reader` is asked what its detector sees and finds."""
    drawn = _drawn(rng, noise, kept)
    found: list[Find] = []
    for side in rng.sample(SIDES, 2):
        reader.side = side
        view = reader.view(drawn.picture)
        told = [*_plates(rng, drawn), *_rows(rng, drawn), *_amiss(rng, drawn), *_lettering(rng, drawn)]
        places = rng.sample(told, min(len(told), MOST))
        for one in view.found:
            kind = _kind(one.corners, drawn)
            places += [(_shaken(rng, one.corners, 0.02), kind), (one.corners, kind)] if kind is not None else []
        found += [(view.look_at(quad).astype(np.float16), int(kind)) for quad, kind in places]
    return found


def _drawn(rng: random.Random, noise: np.random.Generator, kept: Stock) -> _Sheet:
    kind, names = rng.random(), NAMES if rng.random() < 0.5 else 0.0
    if kind < 0.12:  # the lane itself, with marks of all lengths
        truck = any_truck(rng)
        text = rng.choice((truck.vrn, short(rng), personalised(rng)))
        rows = truck.rows if len(text) > 3 and " " not in text else 1
        lane = draw_lane(rng, noise, replace(truck, vrn=text, rows=rows))
        return _Sheet(lane.picture, lane.quads, lane.rows, [])
    if kind < 0.3:  # vehicles in a street
        street = draw_street(rng, noise, kept, plates=rng.random() < 0.85, names=names)
        return _Sheet(street.picture, street.quads, street.rows, [])
    share = rng.random()
    if kept.photos and share < 0.5:
        picture = piece(rng, rng.choice(kept.photos), SIZE)
    else:
        picture = clutter.road(rng, noise) if share < 0.7 else clutter.plain(rng, noise)
    letters: list[Quad] = []
    bare = kind > 0.75  # writing and no plate
    for _ in range(rng.randint(5, 12) if bare else rng.randint(1, 5)):
        letters += _board(rng, kept, picture, letters)
    bill = Bill(rng, noise, kept.cut, picture, [], names=names)
    taken = list(letters)
    for _ in range(0 if bare else rng.randint(2, 5)):
        scatter(bill)
    letters = [box for box in taken if all(shared(box, quad) < 0.02 for quad in bill.quads)]
    if rng.random() < 0.3:
        decoys.scatter(rng, picture, kept.cut, np.array([*bill.quads, *letters], np.float32).reshape(-1, 4, 2))
    return _Sheet(seen(rng, noise, picture, bill.quads, []), bill.quads, bill.rows, letters)


def _board(rng: random.Random, kept: Stock, picture: Picture, taken: list[Quad]) -> list[Quad]:
    """Puts one up somewhere and returns the boxes of its lines, and of neighbouring lines together."""
    board = any_board(rng, kept.cut)
    high, wide = board.picture.shape[:2]
    width = min(500.0, 10 ** rng.uniform(1.6, 2.5) * max(1.0, wide / high / 3))
    place = Alone((rng.uniform(60, SIZE - 60), rng.uniform(40, SIZE - 40)), attitude(rng))
    corners = place.corners(rectangle(0, 0, width, width * high / wide))
    if any(shared(corners, other) > 0 for other in taken) or not lay(picture, board.picture, corners):
        return []
    flat = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    warp = cv2.getPerspectiveTransform(flat, corners)
    lines = [*board.lines, *(_union(one, other) for one, other in zip(board.lines, board.lines[1:], strict=False))]
    return [_moved(line, rng, warp) for line in lines]


def _union(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, int, int, int]:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _moved(line: tuple[int, ...], rng: random.Random, warp: NDArray[np.float64]) -> Quad:
    """A line's box with some room around it, as a detector would give it."""
    left, top, right, bottom = line
    pad = rng.uniform(0.05, 0.35) * (bottom - top)
    box = [[left - pad, top - pad], [right + pad, top - pad], [right + pad, bottom + pad], [left - pad, bottom + pad]]
    return np.asarray(cv2.perspectiveTransform(np.array([box], np.float64), warp)[0], np.float32)


def _shaken(rng: random.Random, quad: Quad, spread: float = 0.05) -> Quad:
    """The corners a little wrong."""
    size = np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])
    off = np.array([[rng.gauss(0, spread), rng.gauss(0, spread)] for _ in range(4)]) * size / 2
    wrong = grown(quad, rng.uniform(0.95, 1.12), rng.uniform(0.95, 1.15))
    return np.asarray(wrong + off, np.float32)


def _plates(rng: random.Random, drawn: _Sheet) -> list[tuple[Quad, FindKind]]:
    return [
        (_shaken(rng, quad), FindKind.ONE_ROW if rows == 1 else FindKind.TWO_ROWS)
        for quad, rows in zip(drawn.quads, drawn.rows, strict=True)
        for _ in range(2 if rows == 1 and not _short(quad) else 5)  # the rarer ones more often
    ]


def _short(quad: Quad) -> bool:
    """Whether it is as narrow for its height as a row of three or four characters."""
    return float(np.linalg.norm(quad[1] - quad[0])) < 3.3 * float(np.linalg.norm(quad[3] - quad[0]))


def _rows(rng: random.Random, drawn: _Sheet) -> list[tuple[Quad, FindKind]]:
    """The upper row, or the lower one, of plates that have two."""
    found = []
    for quad, rows in zip(drawn.quads, drawn.rows, strict=True):
        for upper in (True, False) * 3 if rows == 2 else ():
            tall = rng.uniform(0.42, 0.58)
            shift = (1 - tall) / 2 if upper else -(1 - tall) / 2
            half = grown(grown(quad, rng.uniform(0.7, 1.1), 1.0), 1.0, tall, up=shift)
            found.append((_shaken(rng, half, 0.04), FindKind.UPPER_ROW if upper else FindKind.LOWER_ROW))
    return found


def _amiss(rng: random.Random, drawn: _Sheet) -> list[tuple[Quad, FindKind]]:
    """A plate with its neighbour, or one whose end is outside."""
    found = []
    for quad in drawn.quads:
        if rng.random() < 0.5:
            continue
        if rng.random() < 0.5:  # a third or more of it cut off at one side
            part = rng.uniform(0.35, 0.68)
            along = (quad[1] - quad[0] + quad[2] - quad[3]) / 2 * (1 - part) / 2 * rng.choice((-1, 1))
            found.append((_shaken(rng, np.asarray(grown(quad, part, 1.0) + along, np.float32), 0.03), FindKind.AMISS))
        else:  # shifted by half its height: one half of it, and what hangs there
            up = rng.choice((-1, 1)) * rng.uniform(0.4, 0.6)
            found.append((_shaken(rng, grown(quad, 1.0, rng.uniform(0.9, 1.2), up=up), 0.03), FindKind.AMISS))
    for one in drawn.quads:
        for other in drawn.quads:
            near = float(np.linalg.norm(one[3] - other[0]) + np.linalg.norm(one[2] - other[1]))
            if one is not other and near < 0.8 * float(np.linalg.norm(one[3] - one[0])):
                found.append((_shaken(rng, np.array([one[0], one[1], other[2], other[3]], np.float32)), FindKind.AMISS))
    return found


def _lettering(rng: random.Random, drawn: _Sheet) -> list[tuple[Quad, FindKind]]:
    chosen = rng.sample(drawn.letters, min(len(drawn.letters), 12))
    return [(_shaken(rng, quad), FindKind.NO_PLATE) for quad in chosen]


def _kind(quad: Quad, drawn: _Sheet) -> FindKind | None:
    """What a find of the detector is; None where it is neither this nor that."""
    nearest = max(range(len(drawn.quads)), key=lambda place: _iou(quad, drawn.quads[place]), default=None)
    if nearest is None or all(shared(quad, other) < 0.02 for other in drawn.quads):
        return FindKind.NO_PLATE
    true, rows = drawn.quads[nearest], drawn.rows[nearest]
    off = float(np.linalg.norm(quad - true, axis=1).mean()) / float(np.linalg.norm(true[3] - true[0]))
    if off < 0.25:
        return FindKind.ONE_ROW if rows == 1 else FindKind.TWO_ROWS
    if rows == 2:
        for kind, up in ((FindKind.UPPER_ROW, 0.25), (FindKind.LOWER_ROW, -0.25)):
            if _iou(quad, grown(true, 1.0, 0.5, up=up)) > 0.6:
                return kind
    return FindKind.AMISS if _iou(quad, true) < 0.5 else None


def _iou(one: Quad, other: Quad) -> float:
    area, _ = cv2.intersectConvexConvex(one, other)
    return float(area) / max(1.0, cv2.contourArea(one) + cv2.contourArea(other) - float(area))
