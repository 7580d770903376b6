"""Whole pictures for the detector: drawn once at 640 px, cut and shaken again at every use.

A scene is `(picture (640, 640, 3) uint8, quads (n, 4, 2) float32)`. Some are the lane pictures of `simulation.drawn`, most
show vehicles of all kinds on roads, photographs or nothing in particular, and one in twelve has no plate at all. Shards
of 250 scenes are written as they are finished, so a stopped run goes on where it was.
"""

from __future__ import annotations

import random
import string
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from simulation.drawn.trucks import CameraView, DrawnTruck
from tools.training import clutter, signs
from tools.training.backgrounds import photos, piece
from tools.training.clutter import SIZE, Picture
from tools.training.easel import Easel, Quad
from tools.training.faces import TypeCase, case
from tools.training.fronts import vehicle
from tools.training.lens import seen
from tools.training.mounting import Bill, around, dress, scatter
from tools.training.texts import cross_border, mainland, ordinary
from tools.training.weather import Lamp

SHARD = 250
Scene = tuple[Picture, list[Quad]]


@dataclass(frozen=True, slots=True)
class Stock:
    """What scenes are drawn from: character cuts and photographs (perhaps none)."""

    cut: TypeCase
    photos: tuple[Picture, ...]


def stock(folders: tuple[Path, ...]) -> Stock:
    """Everything found under these folders."""
    return Stock(case(folders), photos(folders))


def _background(rng: random.Random, noise: np.random.Generator, kept: Stock) -> Picture:
    share = rng.random()
    if kept.photos and share < 0.3:
        return piece(rng, rng.choice(kept.photos), SIZE)
    return clutter.road(rng, noise) if share < 0.65 else clutter.plain(rng, noise)


def _easel(rng: random.Random, picture: Picture) -> Easel:
    """Where a vehicle stands: from far away to so near that it fills more than the picture."""
    width = 10 ** rng.uniform(2.22, 2.98)
    foot = (SIZE / 2 + rng.gauss(0, 0.25) * SIZE, rng.uniform(0.45 * SIZE, SIZE + 0.15 * width))
    yaw = rng.gauss(0, 0.22) if rng.random() < 0.75 else rng.choice((-1, 1)) * rng.uniform(0.4, 1.0)
    return Easel(picture, foot, width, (yaw, rng.gauss(0, 0.04), rng.uniform(-0.1, 0.5)))


@dataclass(frozen=True, slots=True)
class Street:
    """A picture of vehicles, the corners of their plates, and how many rows each plate has."""

    picture: Picture
    quads: list[Quad]
    rows: list[int]


def street(rng: random.Random, noise: np.random.Generator, kept: Stock, *, plates: bool = True) -> Scene:
    """As `draw_street`, without the rows."""
    drawn = draw_street(rng, noise, kept, plates=plates)
    return drawn.picture, drawn.quads


def draw_street(
    rng: random.Random, noise: np.random.Generator, kept: Stock, *, plates: bool = True, names: float = 0.0
) -> Street:
    """Vehicles with their plates; the one behind is drawn first, and what the next hides is gone.

    Args:
        rng: of everything random.
        noise: of what numpy draws.
        kept: fonts and photographs.
        plates: whether any are hung.
        names: the share of vehicles with a personalised mark (`tools.training.mounting.Bill`).
    """
    picture = _background(rng, noise, kept)
    if rng.random() < 0.3:
        clutter.lettering(rng, picture, kept.cut)
    easels = sorted((_easel(rng, picture) for _ in range(rng.choices((0, 1, 2, 3), (12, 55, 23, 10))[0])), key=_near)
    bill, lamps = Bill(rng, noise, kept.cut, picture, [], names=names), list[Lamp]()
    for easel in easels:
        _cleared(bill, easel)
        one = vehicle(rng, noise, easel)
        signs.letter(rng, kept.cut, one)
        if plates and rng.random() < 0.95:
            dress(bill, one)
        spots = easel.at([(x, y) for x, y, _ in one.lamps])
        lamps += [(float(x), float(y), r * easel.width) for (x, y), (_, _, r) in zip(spots, one.lamps, strict=True)]
    for _ in range(rng.choices((0, 1, 2), (60, 28, 12))[0] if easels else rng.randint(0, 3)):
        if plates:
            scatter(bill)
    return Street(seen(rng, noise, picture, bill.quads, lamps), bill.quads, bill.rows)


def _cleared(bill: Bill, easel: Easel) -> None:
    """Takes down the plates that a vehicle about to be drawn here may hide, so that none is left half seen."""
    hull = easel.at([(-0.65, -1.9), (0.65, -1.9), (0.65, 0.06), (-0.65, 0.06)])
    hidden = [quad for quad in bill.quads if cv2.intersectConvexConvex(quad, hull)[0] > 0]
    for quad in hidden:
        cv2.fillConvexPoly(bill.picture, around(quad, 1.02, 1.05), clutter.grey(bill.rng), cv2.LINE_AA, 3)
    left = [
        (quad, rows)
        for quad, rows in zip(bill.quads, bill.rows, strict=True)
        if not any(quad is other for other in hidden)
    ]
    bill.quads[:], bill.rows[:] = [quad for quad, _ in left], [rows for _, rows in left]


def _near(easel: Easel) -> float:
    return easel.width


def any_truck(rng: random.Random) -> DrawnTruck:
    """A random vehicle of the drawn lane."""
    below = rng.choice((cross_border(rng), cross_border(rng), mainland(rng, 5), ""))
    badge = rng.choice(("", "C250", "FH460", "ML350", "ACTRS", "".join(rng.choices(string.digits, k=4))))
    lettering = rng.choice(("", "HKLTD", "".join(rng.choices(string.digits, k=8))))
    return DrawnTruck(ordinary(rng), below, rng.choice((1, 2)), badge, lettering, rng.randint(0, 10**6))


def draw_lane(rng: random.Random, noise: np.random.Generator, truck: DrawnTruck) -> Street:
    """A square cut out of a lane picture in which this one comes, sometimes with another beside it."""
    view = CameraView(light=rng.uniform(0.4, 1.1), noise=rng.uniform(2, 9), seed=rng.randint(0, 10**6))
    second = any_truck(rng) if rng.random() < 0.15 else None
    shown = view.picture(truck, rng.random(), second=second, frame=rng.randint(0, 99))
    zoom = SIZE / shown.image.shape[0]
    left = rng.uniform(0.2, 0.8) * (shown.image.shape[1] * zoom - SIZE)
    warp = np.array([[zoom, 0, -left], [0, zoom, 0]])
    picture = np.asarray(cv2.warpAffine(shown.image, warp, (SIZE, SIZE)), np.uint8)
    moved = [(np.asarray(p.corners * zoom - [left, 0], np.float32), p.rows) for p in shown.plates]
    kept = [(quad, rows) for quad, rows in moved if quad.min() > 0 and quad.max() < SIZE]
    quads = [quad for quad, _ in kept]
    picture = seen(rng, noise, picture, quads, []) if rng.random() < 0.4 else picture
    return Street(picture, quads, [rows for _, rows in kept])


def lane(rng: random.Random, noise: np.random.Generator) -> Scene:
    """As `draw_lane` of any vehicle, without the rows."""
    drawn = draw_lane(rng, noise, any_truck(rng))
    return drawn.picture, drawn.quads


def draw(rng: random.Random, noise: np.random.Generator, kept: Stock) -> Scene:
    """One scene."""
    share = rng.random()
    if share < 0.1:
        return lane(rng, noise)
    return street(rng, noise, kept, plates=share > 0.18)


def draw_all(folder: Path, folders: tuple[Path, ...], *, count: int, seed: int) -> None:
    """Draws `count` scenes into shards under `folder`, leaving those already there."""
    cv2.setNumThreads(1)
    kept = stock(folders)
    folder.mkdir(parents=True, exist_ok=True)
    print(f"scenes: {len(kept.cut.fonts)} fonts, {len(kept.photos)} photographs", flush=True)
    shards = (count + SHARD - 1) // SHARD
    for number in range(shards):
        if not (folder / f"{number:04d}.npz").exists():
            _shard(folder, number, seed, kept)
            print(f"scenes: shard {number + 1} of {shards}", flush=True)


def _shard(folder: Path, number: int, seed: int, kept: Stock) -> None:
    """Pictures as a plain array that can be mapped, corners beside them; the corners' file says that both are whole."""
    rng, noise = random.Random(f"{seed}/{number}"), np.random.default_rng([seed, number, 7])
    made = [draw(rng, noise, kept) for _ in range(SHARD)]
    np.save(folder / f"{number:04d}.npy", np.stack([picture for picture, _ in made]))
    quads = np.concatenate([np.array(q, np.float32).reshape(-1, 8) for _, q in made])
    fresh = folder / f"new{number:04d}.npz"
    np.savez(fresh, quads=quads, counts=np.array([len(q) for _, q in made]))
    fresh.replace(folder / f"{number:04d}.npz")
