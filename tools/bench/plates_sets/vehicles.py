"""Plates of every set on the flat end of a vehicle: paintwork, a bumper, lamps, the mark and what hangs with it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from domain.marks import ROW
from simulation.drawn.plans import DIGITS, LETTERS, any_mainland, any_mark, any_rows
from simulation.drawn.plates import PlateKind, Style
from simulation.drawn.truck_front import any_style, flat_plate, soiled
from simulation.drawn.trucks import CameraView
from simulation.drawn.weather import Picture, Weather
from tools.bench.plates_sets.scene import FINE, SIZE, Pose, Quad, exposed, laid, moved

CHARACTER_M = 0.085
"""How high a character of a Hong Kong plate is: 8 cm at least by law (domain §3a)."""
MAINLAND_M = 0.1  # so high is what is drawn 79 pixels high on a Mainland plate
END = (1000, 700)  # of the flat end, pixels


@dataclass(frozen=True, slots=True)
class Hung:
    """A plate in a picture: what stands on it and where."""

    text: str
    kind: PlateKind
    rows: int
    corners: Quad


@dataclass(frozen=True, slots=True)
class SetPicture:
    """A picture of a set and its plates; none on a negative."""

    picture: Picture
    plates: tuple[Hung, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a set wants of its next picture.

    Attributes:
        text: on the Hong Kong plate, with blanks; `kind` and `rows`: how.
        style: how it is set.
        yaw: radians from the front.
        tall: of the plate in the picture, pixels.
        weather: between it and the camera.
        dirt: 0 to 1.
        mainland: hung under it; "" for none.
        lamps: headlights shine.
    """

    text: str
    kind: PlateKind
    rows: int
    style: Style
    yaw: float
    tall: float
    weather: Weather
    dirt: float
    mainland: str
    lamps: bool = False


def ordinary(rng: random.Random) -> Wish:
    """What comes every day; the sets change a part of it."""
    text = any_mark(rng)
    rows = any_rows(rng, text)
    return Wish(
        text=text,
        kind=PlateKind.HK_FRONT,
        rows=rows,
        style=any_style(rng, PlateKind.HK_FRONT),
        yaw=rng.gauss(0, 0.12),
        tall=rng.uniform(28, 60) * rows,
        weather=rng.choice((Weather.DAY, Weather.DAY, Weather.SUN)),
        dirt=0.0,
        mainland=any_mainland(rng) if rng.random() < 0.7 else "",
    )


def _plain(rng: random.Random) -> str:
    """Two letters and one to four digits."""
    return "".join(rng.choices(LETTERS, k=2)) + str(rng.randint(1, 10 ** rng.randint(2, 4) - 1))


def touching(rng: random.Random) -> Wish:
    """Two rows of which the upper stands on the lower."""
    wish = ordinary(rng)
    text = rng.choice("BRPEFKHL" + LETTERS) + rng.choice(LETTERS) + str(rng.randint(10, 9999))
    style = replace(wish.style, row_gap=rng.uniform(-0.16, 0.0))
    return replace(wish, text=text, rows=2, style=style, tall=rng.uniform(55, 120))


def aside(rng: random.Random) -> Wish:
    """From 30 to 60 degrees aside."""
    wish = ordinary(rng)
    return replace(wish, yaw=rng.choice((-1, 1)) * rng.uniform(0.52, 1.05), tall=rng.uniform(34, 64) * wish.rows)


def small(rng: random.Random) -> Wish:
    """Two rows, 40 to 60 pixels high in all."""
    wish = ordinary(rng)
    return replace(wish, text=_plain(rng), rows=2, tall=rng.uniform(40, 60))


def yellow(rng: random.Random) -> Wish:
    """The rear of a goods vehicle or a taxi."""
    wish = ordinary(rng)
    yaw = rng.gauss(0, 0.3) if rng.random() < 0.6 else rng.choice((-1, 1)) * rng.uniform(0.4, 0.9)
    rows = rng.choice((1, 2, 2))
    return replace(wish, text=_plain(rng), kind=PlateKind.HK_REAR, rows=rows, yaw=yaw, tall=rng.uniform(30, 58) * rows)


def personalised(rng: random.Random) -> Wish:
    """One to eight letters and digits, some with blanks; in two rows no more than four in each (Cap. 374E)."""
    text = "".join(rng.choices(LETTERS if rng.random() < 0.5 else LETTERS + DIGITS, k=rng.randint(1, 8)))
    if 2 <= len(text) <= 7 and rng.random() < 0.5:
        place = rng.randint(1, len(text) - 1)
        text = f"{text[:place]} {text[place:]}"
    wish = ordinary(rng)
    bare = text.replace(" ", "")
    rows = rng.choice((1, 2)) if len(bare) >= 4 and " " in text else 1
    rows = 1 if max(map(len, text.split())) > ROW else rows
    return replace(wish, text=text, rows=rows, tall=rng.uniform(30, 60) * rows)


def dirty(rng: random.Random) -> Wish:
    """Mud on the plate, as much as there may be and still be read."""
    return replace(ordinary(rng), dirt=rng.uniform(0.4, 1.0))


def rain(rng: random.Random) -> Wish:
    """Rain, and drops on the lens."""
    return replace(ordinary(rng), weather=Weather.RAIN)


def headlights(rng: random.Random) -> Wish:
    """Lamps beside the plate, by night and in rain."""
    return replace(ordinary(rng), weather=rng.choice((Weather.NIGHT, Weather.RAIN)), lamps=True)


def infrared(rng: random.Random) -> Wish:
    """By the camera's own lamp."""
    return replace(ordinary(rng), weather=Weather.NIGHT)


WISHES: dict[str, Callable[[random.Random], Wish]] = {
    "touching": touching,
    "aside": aside,
    "small": small,
    "yellow": yellow,
    "personalised": personalised,
    "dirt": dirty,
    "rain": rain,
    "headlights": headlights,
    "infrared": infrared,
}


def drawn(rng: random.Random, wish: Wish) -> SetPicture:
    """The picture."""
    night = wish.weather is Weather.NIGHT
    end = paintwork(rng)
    plates = _hung(rng, end, wish)
    if night:
        _by_infrared(rng, end, plates)
    first = plates[0].corners
    scale = wish.tall / float(first[3, 1] - first[0, 1]) * FINE
    pose = Pose(
        wish.yaw, rng.gauss(-0.12, 0.06), rng.gauss(0, 0.03), scale, (SIZE[0] / 2, SIZE[1] / 2), rng.uniform(3, 7)
    )
    there = moved(first, pose.warp((END[0], END[1]))).mean(0)
    goal = (rng.uniform(0.3, 0.7) * SIZE[0], rng.uniform(0.35, 0.75) * SIZE[1])
    pose = replace(pose, at=(pose.at[0] + goal[0] - float(there[0]), pose.at[1] + goal[1] - float(there[1])))
    base = CameraView(seed=rng.getrandbits(20)).picture().image
    if night:
        grey = cv2.convertScaleAbs(cv2.cvtColor(base, cv2.COLOR_BGR2GRAY), alpha=0.3)
        base = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    warp = laid(base, end, pose)
    lamps = moved(np.array([[120, 360], [880, 360]], np.float32), warp) if wish.lamps else np.zeros((0, 2), np.float32)
    picture = exposed(rng, base, wish.weather, tuple((float(x), float(y)) for x, y in lamps))
    seen = tuple(replace(one, corners=moved(one.corners, warp)) for one in plates)
    return SetPicture(picture, seen)


def paintwork(rng: random.Random) -> Picture:
    """The flat end: a body, a dark bumper, lamps, some lines."""
    end = np.empty((END[1], END[0], 3), np.uint8)
    end[:] = rng.choice(((235, 235, 232), (60, 60, 60), (40, 40, 170), (170, 110, 50), (60, 130, 60), (40, 180, 230)))
    edge = rng.randint(300, 560)
    end[edge:] = [rng.randint(25, 110)] * 3
    for x in (120, 880):
        cv2.rectangle(end, (x - 70, 320), (x + 70, 400), (215, 220, 225), -1)
        cv2.rectangle(end, (x - 70, 320), (x + 70, 400), (40, 40, 40), 4)
    for _ in range(rng.randint(1, 5)):
        y = rng.randint(20, END[1] - 20)
        cv2.line(end, (0, y), (END[0], y), [rng.randint(20, 120)] * 3, rng.randint(2, 7))
    return end


def _hung(rng: random.Random, end: Picture, wish: Wish) -> list[Hung]:
    x, y = END[0] // 2 + rng.randint(-80, 80), rng.randint(380, 460)
    found = [_mounted(rng, end, (x, y), wish, CHARACTER_M)]
    if wish.mainland:
        below = int(found[0].corners[2, 1]) + rng.choice((2, 6, 12))
        found.append(mainland_on(rng, end, (x, below), wish))
    return found


def mainland_on(rng: random.Random, end: Picture, at: tuple[int, int], wish: Wish) -> Hung:
    """Hangs the Mainland plate of `wish`, the middle of its upper edge near (x, y) of the flat end."""
    kind = PlateKind.CROSS_BORDER if wish.mainland.startswith("粤Z") else PlateKind.CN_YELLOW
    other = replace(wish, text=wish.mainland, kind=kind, rows=1, style=any_style(rng, kind))
    return _mounted(rng, end, (at[0] + rng.randint(-10, 10), at[1]), other, MAINLAND_M)


def _mounted(rng: random.Random, end: Picture, at: tuple[int, int], wish: Wish, character: float) -> Hung:
    flat = flat_plate(rng, wish.text, wish.kind, wish.rows, wish.style)
    share = character * FINE / 79
    flat = np.asarray(cv2.resize(flat, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)
    if wish.dirt:
        flat = soiled(rng, flat, wish.dirt)
    high, wide = flat.shape[:2]
    left, top = at[0] - wide // 2, at[1]
    rim = rng.choice((0, 0, 4, 7))
    cv2.rectangle(end, (left - rim, top - rim), (left + wide + rim, top + high + rim), (32, 32, 32), -1)
    end[top : top + high, left : left + wide] = flat
    corners = np.array([[left, top], [left + wide, top], [left + wide, top + high], [left, top + high]], np.float32)
    return Hung(wish.text.replace(" ", ""), wish.kind, wish.rows, corners)


def _by_infrared(rng: random.Random, end: Picture, plates: list[Hung]) -> None:
    """Paint reflects little and without colour; plates send the light back whence it came."""
    grey = cv2.cvtColor(end, cv2.COLOR_BGR2GRAY)
    dim = cv2.convertScaleAbs(grey, alpha=rng.uniform(0.12, 0.4))
    gain = rng.uniform(0.75, 1.2)
    for one in plates:
        (left, top), (right, bottom) = one.corners[0].astype(int), one.corners[2].astype(int)
        dim[top:bottom, left:right] = cv2.convertScaleAbs(grey[top:bottom, left:right], alpha=gain)
    end[:] = dim[..., None]
