"""Whole pictures for the detector: drawn once at 640 px, cut and shaken again at every use.

A scene is `(picture (640, 640, 3) uint8, quads (n, 4, 2) float32)`. A fifth are the lane pictures of
`devices.drawn.trucks`; the rest is clutter with a vehicle-like front, plates in every attitude, and lettering that is
no plate. Shards of 250 scenes are written as they are finished, so a stopped run goes on where it was.
"""

from __future__ import annotations

import random
import string
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.drawn.plates import PALETTE, Colour, Kind, paint, sheet
from devices.drawn.trucks import LaneView, Truck
from training import clutter
from training.clutter import SIZE, Picture
from training.crops import style
from training.faces import Case, case
from training.texts import cross_border, mainland, mark, ordinary

Quad = NDArray[np.float32]
SHARD = 250
_STACKED = ((Kind.CROSS_BORDER, cross_border), (Kind.CN_BLUE, lambda rng: mainland(rng, 5)))


def tint(rng: random.Random, colour: Colour, spread: float) -> Colour:
    """The colour as the sun, the dirt and the printer left it."""
    light = rng.uniform(0.55, 1.08)
    blue, green, red = (int(np.clip(part * light + rng.gauss(0, spread), 0, 255)) for part in colour)
    return blue, green, red


def plate(rng: random.Random, cut: Case, kind: Kind, text: str, rows: int) -> Picture:
    """A flat plate in colour."""
    flat = sheet(text, kind, rows, 40, style(rng, cut, kind, rows))
    ground, ink = PALETTE[kind]
    border = rng.choice((0, 0, 1, 2, 3))
    picture = paint(flat, tint(rng, ground, 12), tint(rng, ink, 10), border=border)
    if rng.random() < 0.4:
        height, width = picture.shape[:2]
        for x in (0.1, 0.9) if rng.random() < 0.5 else (0.28, 0.72):
            centre = (int(x * width), int(rng.choice((0.12, 0.28, 0.5)) * height))
            cv2.circle(picture, centre, rng.randint(1, 4), clutter.grey(rng, 30, 200), -1, cv2.LINE_AA)
    return picture


def attitude(rng: random.Random) -> NDArray[np.float64]:
    """How a plate is turned: 2 x 2, with a share of perspective in the third row."""
    yaw, roll, lean = rng.gauss(0, 0.3), rng.gauss(0, 0.06), rng.gauss(0, 0.1)
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    shape = np.array([[max(0.5, np.cos(yaw)), 0], [np.tan(lean), 1]])
    return np.vstack([turn @ shape, [[np.sin(yaw) * 0.15, 0]]])


def quad(centre: tuple[float, float], size: tuple[float, float], pose: NDArray[np.float64]) -> Quad:
    """The corners of a plate of that size, so turned."""
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
    square[:, 1] *= 1 + pose[2, 0] * square[:, 0]
    corners = (square * size / 2) @ pose[:2].T + centre
    return np.asarray(corners, np.float32)


def lay(picture: Picture, flat: Picture, corners: Quad) -> bool:
    """Puts a flat plate on the picture; False where it would not fit."""
    if corners.min() < 2 or corners.max() > SIZE - 3:
        return False
    width = float(np.linalg.norm(corners[1] - corners[0]))
    if width < flat.shape[1] * 0.7:
        size = (max(12, int(width * 1.3)), max(6, int(width * 1.3 * flat.shape[0] / flat.shape[1])))
        flat = np.asarray(cv2.resize(flat, size, interpolation=cv2.INTER_AREA), np.uint8)
    rows, columns = flat.shape[:2]
    low, high = np.floor(corners.min(0)).astype(int) - 1, np.ceil(corners.max(0)).astype(int) + 2
    box = (int(high[0] - low[0]), int(high[1] - low[1]))
    local = (corners - low).astype(np.float32)
    warp = cv2.getPerspectiveTransform(np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32), local)
    over = cv2.warpPerspective(flat, warp, box, borderMode=cv2.BORDER_REPLICATE)
    inside = np.zeros((box[1], box[0]), np.uint8)
    cv2.fillConvexPoly(inside, np.round(local * 8).astype(np.int32), 255, cv2.LINE_AA, 3)
    share = inside[..., None].astype(np.float32) / 255
    place = picture[low[1] : high[1], low[0] : high[0]]
    place[:] = (place * (1 - share) + over * share).astype(np.uint8)
    return True


def _hang(rng: random.Random, cut: Case, picture: Picture, front: clutter.Front | None, quads: list[Quad]) -> None:
    """One mounting: a plate, often with a second one right below it."""
    text, kind, rows = mark(rng)
    width = 10 ** rng.uniform(1.35, 2.3)
    centre = (rng.uniform(20, SIZE - 20), rng.uniform(20, SIZE - 20))
    if front is not None and rng.random() < 0.8:
        width = front.width * rng.uniform(0.14, 0.32)
        centre = (front.x + rng.gauss(0, 0.12) * front.width, front.bottom - front.height * rng.uniform(0.03, 0.4))
    pose = attitude(rng)
    stacked = rng.random() < 0.55
    if stacked and kind not in (Kind.HK_FRONT, Kind.HK_REAR):
        text, kind, rows = ordinary(rng), Kind.HK_FRONT, rng.choice((1, 2))
    flat = plate(rng, cut, kind, text, rows)
    height = width * flat.shape[0] / flat.shape[1]
    _add(rng, picture, flat, quad(centre, (width, height), pose), quads)
    if stacked:
        other, make = _STACKED[rng.random() < 0.15]
        below = plate(rng, cut, other, make(rng), 1)
        wide = width * rng.uniform(0.85, 1.25) * (1.25 if rows == 2 else 1.0)
        tall = wide * below.shape[0] / below.shape[1]
        down = pose[:2] @ np.array([rng.gauss(0, 0.03) * width, (height + tall) / 2 * rng.uniform(1.0, 1.12)])
        _add(rng, picture, below, quad((centre[0] + down[0], centre[1] + down[1]), (wide, tall), pose), quads)


def _add(rng: random.Random, picture: Picture, flat: Picture, corners: Quad, quads: list[Quad]) -> None:
    if any(clutter.overlap(corners, other) > 0.12 for other in quads):
        return
    if rng.random() < 0.5:
        middle = corners.mean(0)
        holder = middle + (corners - middle) * np.array([rng.uniform(1.02, 1.15), rng.uniform(1.05, 1.35)], np.float32)
        cv2.fillConvexPoly(picture, np.round(holder * 8).astype(np.int32), clutter.grey(rng), cv2.LINE_AA, 3)
    if lay(picture, flat, corners):
        quads.append(corners)


def cluttered(rng: random.Random, noise: np.random.Generator, cut: Case) -> tuple[Picture, list[Quad]]:
    """A picture of no place in particular."""
    picture = clutter.ground(rng, noise)
    front = clutter.front(rng, picture) if rng.random() < 0.8 else None
    clutter.lettering(rng, picture, cut)
    quads: list[Quad] = []
    for _ in range(rng.choices((0, 1, 2, 3), (8, 50, 30, 12))[0]):
        _hang(rng, cut, picture, front, quads)
    return clutter.seen(rng, noise, picture), quads


def any_truck(rng: random.Random) -> Truck:
    """A random vehicle of the drawn lane."""
    below = rng.choice((cross_border(rng), cross_border(rng), mainland(rng, 5), ""))
    badge = rng.choice(("", "C250", "FH460", "ML350", "ACTRS", "".join(rng.choices(string.digits, k=4))))
    lettering = rng.choice(("", "HKLTD", "".join(rng.choices(string.digits, k=8))))
    return Truck(ordinary(rng), below, rng.choice((1, 2)), badge, lettering, rng.randint(0, 10**6))


def lane(rng: random.Random, noise: np.random.Generator) -> tuple[Picture, list[Quad]]:
    """A square cut out of a lane picture."""
    view = LaneView(light=rng.uniform(0.4, 1.1), noise=rng.uniform(2, 9), seed=rng.randint(0, 10**6))
    second = any_truck(rng) if rng.random() < 0.15 else None
    shown = view.picture(any_truck(rng), rng.random(), second=second, frame=rng.randint(0, 99))
    zoom = SIZE / shown.image.shape[0]
    left = rng.uniform(0.2, 0.8) * (shown.image.shape[1] * zoom - SIZE)
    warp = np.array([[zoom, 0, -left], [0, zoom, 0]])
    picture = np.asarray(cv2.warpAffine(shown.image, warp, (SIZE, SIZE)), np.uint8)
    quads = [np.asarray(p.corners * zoom - [left, 0], np.float32) for p in shown.plates]
    kept = [q for q in quads if q.min() > 0 and q.max() < SIZE]
    return (clutter.seen(rng, noise, picture) if rng.random() < 0.3 else picture), kept


def draw(rng: random.Random, noise: np.random.Generator, cut: Case) -> tuple[Picture, list[Quad]]:
    """One scene."""
    return lane(rng, noise) if rng.random() < 0.2 else cluttered(rng, noise, cut)


def draw_all(folder: Path, fonts: tuple[Path, ...], *, count: int, seed: int) -> None:
    """Draws `count` scenes into shards under `folder`, leaving those already there."""
    cv2.setNumThreads(1)
    cut = case(fonts)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range((count + SHARD - 1) // SHARD):
        file = folder / f"{number:04d}.npz"
        if file.exists():
            continue
        rng, noise = random.Random(f"{seed}/{number}"), np.random.default_rng([seed, number, 7])
        made = [draw(rng, noise, cut) for _ in range(SHARD)]
        fresh = file.with_name(f"new{file.name}")
        quads = np.concatenate([np.array(q, np.float32).reshape(-1, 8) for _, q in made])
        counts = np.array([len(q) for _, q in made])
        np.savez(fresh, pictures=np.stack([p for p, _ in made]), quads=quads, counts=counts)
        fresh.replace(file)
        print(f"scenes: shard {number + 1} of {(count + SHARD - 1) // SHARD}", flush=True)
