"""Negatives: pictures full of writing in which no vehicle shows a Hong Kong plate.

Every text here is of a kind that stands beside a lane: on containers (ISO 6346: owner code, serial number, check digit,
size and type code; labels of height and of dangerous goods), on lorries and buses, above shops, on road signs and
police boards. Fonts are the system's own (Noto Sans CJK, DejaVu) and OpenCV's Hershey strokes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.containers import check_digit
from simulation.drawn.glyphs import CJK_FONT, CJK_INDEX, from_font
from simulation.drawn.plans import DIGITS
from simulation.drawn.plates import Colour
from simulation.drawn.trucks import CameraView
from simulation.drawn.weather import Picture, Weather
from tools.bench.plates_sets.photographs import photographs
from tools.bench.plates_sets.scene import SIZE, Pose, exposed, laid
from tools.bench.plates_sets.vehicles import SetPicture, paintwork

OWNERS = ("MSCU", "CAAU", "TCLU", "OOLU", "CSNU", "TGHU", "MAEU", "HLXU", "BMOU", "FCIU", "SEGU", "CXRU")
_ALL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHOPS = ("茶餐廳", "OPEN", "7-11", "SALE", "粥麵", "HSBC", "停車場", "PARKING", "50% OFF", "CIRCLE K", "大快活", "ATM")
_ROAD = ("50", "70", "STOP", "停", "P", "慢", "SLOW", "4.5m", "LANE 3", "ONLY", "7:00-19:00", "EXIT 5B", "M3", "Rt 9")
_POLICE = ("POLICE", "警察", "CUSTOMS", "海關", "STOP", "停車檢查", "KEEP LEFT", "ACCIDENT", "ROAD CLOSED", "A 12")
_BADGES = ("FH460", "ACTROS", "R 500", "HINO 700", "C250", "ISUZU", "XF 480", "TGX", "GIGA", "11R22.5", "LX 570")
Lines = list[str]


def code(rng: random.Random) -> tuple[str, str, str]:
    """Owner and category, serial number, check digit; the digit is right."""
    owner = rng.choice(OWNERS) if rng.random() < 0.6 else "".join(rng.choices(_ALL, k=3)) + "U"
    serial = _digits(rng, 6)
    return owner, serial, str(check_digit(owner + serial))


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(DIGITS, k=count))


def _size(rng: random.Random) -> str:
    return rng.choice(("22G1", "45G1", "42G1", "22R1", "45R1", "L5G1", "25G1", "22T6", "22U1", "42P3"))


def owner_code(rng: random.Random) -> Lines:
    """As on the doors, the front wall or the roof: in one line or several."""
    owner, serial, check = code(rng)
    size = _size(rng)
    return rng.choice(
        (
            [f"{owner} {serial} {check}"],
            [f"{owner} {serial} {check}", size],
            [owner, serial, check, size],
            [f"{owner} {serial}", size],
            [owner, f"{serial} {check}"],
            [size],
        )
    )


def upright(rng: random.Random) -> Lines:
    """One character above the other, as on corner posts."""
    owner, serial, check = code(rng)
    return [*(owner + serial), check]


def weights(rng: random.Random) -> Lines:
    """Masses and the capacity."""
    gross, tare = rng.choice((30480, 32500, 24000)), rng.randint(2100, 4800)
    return [
        f"MAX GROSS {gross} KG",
        f"TARE {tare} KG",
        f"NET {gross - tare} KG",
        f"CU.CAP {rng.choice((33, 67, 76))}.2 M3",
    ]


def height(rng: random.Random) -> Lines:
    """The label of height."""
    return rng.choice((["CAUTION", "9'6\" HIGH"], ["9'6\" HIGH"], ["2.9M", "9'6\""], ["HIGH CUBE"], ["9'6\"", "HIGH"]))


def hazard(rng: random.Random) -> Lines:
    """A placard, an orange board, a UN number."""
    return rng.choice(
        ([_digits(rng, 2), _digits(rng, 4)], [f"UN {_digits(rng, 4)}"], ["FLAMMABLE", "3"], ["CLASS 8"], ["DANGER"])
    )


def seal(rng: random.Random) -> Lines:
    """A seal's number."""
    return ["".join(rng.choices(_ALL, k=rng.randint(1, 4))) + _digits(rng, rng.randint(4, 8))]


def telephone(rng: random.Random) -> Lines:
    """Eight digits, mostly with a word before."""
    return [f"{rng.choice(('', 'TEL ', '電話 ', 'Tel: '))}{rng.choice('23569')}{_digits(rng, 3)} {_digits(rng, 4)}"]


def bus(rng: random.Random) -> Lines:
    """A route, a fleet number, a company."""
    fleet = rng.choice(("ATENU", "3ASV", "V6X", "AVBWU", "E6X", "8")) + _digits(rng, rng.randint(1, 4))
    return rng.choice(
        ([rng.choice(("B3X", "968", "N30", "A21", "1A", "K75P", "277E"))], [fleet], ["KMB"], ["CITYBUS"], ["九巴"])
    )


def _one_of(words: tuple[str, ...]) -> Callable[[random.Random], Lines]:
    return lambda rng: [rng.choice(words)] if rng.random() < 0.7 else rng.sample(words, 2)


shop, road, police, badge = _one_of(_SHOPS), _one_of(_ROAD), _one_of(_POLICE), _one_of(_BADGES)
_YELLOW, _ORANGE, _WHITE, _BLACK = (25, 200, 245), (10, 110, 245), (238, 240, 240), (22, 22, 22)
_BLUE, _GREEN, _RED = (150, 70, 20), (70, 120, 20), (40, 40, 190)
PAINTS: dict[Callable[[random.Random], Lines], tuple[tuple[Colour | None, Colour], ...]] = {
    owner_code: ((None, _WHITE), (None, _BLACK)),
    upright: ((None, _WHITE), (None, _BLACK)),
    weights: ((None, _WHITE), (None, _BLACK)),
    height: ((_YELLOW, _BLACK), (_YELLOW, _BLACK), (_WHITE, _BLACK)),
    hazard: ((_ORANGE, _BLACK), (_WHITE, _BLACK), (_RED, _WHITE)),
    seal: ((_YELLOW, _BLACK), (_WHITE, _BLACK), (_BLUE, _WHITE)),
    telephone: ((None, _WHITE), (None, _BLACK), (_WHITE, _BLACK)),
    bus: ((_BLACK, (60, 180, 250)), (_WHITE, _BLACK), (_YELLOW, _BLACK), (None, _WHITE)),
    shop: ((_RED, _WHITE), (_WHITE, _RED), (_GREEN, _WHITE), (_YELLOW, _RED)),
    road: ((_WHITE, _BLACK), (_BLUE, _WHITE), (_GREEN, _WHITE)),
    police: ((_BLUE, _WHITE), (_WHITE, _BLUE), (_YELLOW, _BLACK)),
    badge: ((None, _WHITE), (None, _BLACK), (_BLACK, (200, 200, 200))),
}
"""What is written, and in which paints (ground, letters); None is the paintwork itself."""
WHERE = {
    "containers": (owner_code, upright, weights, height, hazard, seal, telephone),
    "lorries": (telephone, bus, badge, hazard),
}
"""On flat ends of that kind; what is left stands along the road."""


@lru_cache(maxsize=1)
def _fonts() -> tuple[tuple[Path, int], ...]:
    dejavu = sorted(Path("/usr/share/fonts/truetype/dejavu").glob("*Sans*.ttf"))
    return ((CJK_FONT, CJK_INDEX), *((file, 0) for file in dejavu))


def line(rng: random.Random, text: str) -> NDArray[np.uint8]:
    """One line as ink, about 48 pixels high."""
    if text.isascii() and rng.random() < 0.3:
        face, thick = rng.choice((cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX)), rng.randint(3, 7)
        (wide, _), _ = cv2.getTextSize(text, face, 1.8, thick)
        ink = np.zeros((66, wide + 12), np.uint8)
        cv2.putText(ink, text, (6, 54), face, 1.8, 255, thick, cv2.LINE_AA)
        return ink
    file, index = rng.choice(_fonts()) if text.isascii() else _fonts()[0]
    ink = from_font(text, file, index, 64)
    wide = max(4, round(ink.shape[1] * rng.uniform(0.6, 1.1)))
    return np.asarray(cv2.resize(ink, (wide, ink.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)


def written(rng: random.Random, base: Picture, write: Callable[[random.Random], Lines]) -> None:
    """Writes on a flat picture, somewhere, in some size."""
    ground, ink = rng.choice(PAINTS[write])
    lines = [line(rng, text) for text in write(rng)]
    size = rng.uniform(0.35, 1.3)
    gap, pad = round(10 * size), round(rng.uniform(6, 40) * size)
    lines = [
        np.asarray(cv2.resize(one, None, fx=size, fy=size, interpolation=cv2.INTER_AREA), np.uint8) for one in lines
    ]
    wide, high = max(one.shape[1] for one in lines) + 2 * pad, sum(one.shape[0] + gap for one in lines) + 2 * pad
    if wide >= base.shape[1] or high >= base.shape[0]:
        return
    x, y = rng.randint(0, base.shape[1] - wide - 1), rng.randint(0, base.shape[0] - high - 1)
    if ground is not None:
        base[y : y + high, x : x + wide] = ground
        if rng.random() < 0.4:
            cv2.rectangle(base, (x + 3, y + 3), (x + wide - 4, y + high - 4), ink, 3)
    y += pad
    for one in lines:
        place = base[y : y + one.shape[0], x + (wide - one.shape[1]) // 2 :][:, : one.shape[1]]
        share = one[..., None].astype(np.float32) / 255
        place[:] = (place * (1 - share) + np.asarray(ink, np.float32) * share).astype(np.uint8)
        y += one.shape[0] + gap


def container(rng: random.Random) -> Picture:
    """A container's end: corrugated paint, door bars."""
    paint = rng.choice(((50, 40, 150), (120, 70, 30), (60, 110, 50), (30, 90, 190), (140, 140, 140), (225, 225, 225)))
    end = np.empty((700, 1000, 3), np.uint8)
    end[:] = paint
    wave = np.sin(np.arange(1000) / rng.uniform(8, 20)) * rng.uniform(0, 18)
    end[:] = np.clip(end + wave[None, :, None], 0, 255).astype(np.uint8)
    for x in rng.sample((150, 380, 620, 860), rng.randint(0, 4)):
        cv2.rectangle(end, (x, 0), (x + 14, 699), (170, 170, 172), -1)
    return end


def negative(rng: random.Random) -> SetPicture:
    """A picture without a plate."""
    share = rng.random()
    base = _background(rng)
    if share < 0.45:
        end, kinds = container(rng), WHERE["containers"]
    elif share < 0.65:
        end, kinds = paintwork(rng), WHERE["lorries"]
    else:
        for _ in range(rng.randint(3, 9)):
            written(rng, base, rng.choice((shop, road, police, telephone, bus)))
        return SetPicture(exposed(rng, base, _weather(rng), ()), ())
    for _ in range(rng.randint(2, 6)):
        written(rng, end, rng.choice(kinds))
    yaw = rng.gauss(0, 0.25)
    pose = Pose(yaw, rng.gauss(-0.1, 0.1), rng.gauss(0, 0.03), rng.uniform(130, 420), (480, 270), rng.uniform(3, 9))
    laid(base, end, pose)
    return SetPicture(exposed(rng, base, _weather(rng), ()), ())


def _weather(rng: random.Random) -> Weather:
    return rng.choice((Weather.DAY, Weather.DAY, Weather.RAIN, Weather.SUN))


def _background(rng: random.Random) -> Picture:
    kept = photographs()
    if kept and rng.random() < 0.5:
        photo = rng.choice(kept)
        share = max(SIZE[0] / photo.shape[1], SIZE[1] / photo.shape[0])
        big = cv2.resize(photo, None, fx=share * 1.02, fy=share * 1.02, interpolation=cv2.INTER_LINEAR)
        x, y = rng.randint(0, big.shape[1] - SIZE[0]), rng.randint(0, big.shape[0] - SIZE[1])
        return np.ascontiguousarray(big[y : y + SIZE[1], x : x + SIZE[0]], np.uint8)
    return CameraView(seed=rng.getrandbits(20)).picture().image
