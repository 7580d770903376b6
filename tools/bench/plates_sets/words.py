"""Words and codes that have the form of a personalised mark and that no rule of `domain.lettering` knows.

The negatives bear what stands beside a lane, and the rules were written with it in view. These words are from shop fronts,
streets and business names, and the codes are drawn by chance, so that only what the reader sees can tell them from a plate.
"""

from __future__ import annotations

import random
from dataclasses import replace

import cv2
import numpy as np

from simulation.drawn.plans import DIGITS, LETTERS, any_mainland
from simulation.drawn.plates import Colour
from simulation.drawn.trucks import CameraView
from simulation.drawn.weather import Picture, Weather
from tools.bench.plates_sets.lettering import line
from tools.bench.plates_sets.scene import Pose, exposed, laid, moved
from tools.bench.plates_sets.vehicles import END, Hung, SetPicture, mainland_on, ordinary, paintwork

WORDS = (  # noqa: SIM905  a hundred quoted words would hide them
    "LUCKY DRAGON HARBOUR EXPRESS CARGO FREIGHT FRESH MARKET NOODLE BAKERY TRADING GARAGE TYRES PAPER STEEL GLASS COFFEE "
    "SUGAR RICE WATER SUNNY GOLDEN PEARL JADE CROWN ROYAL GRAND METRO CENTRAL NATHAN CANTON QUEENS KWUN MONGKOK TUENMUN "
    "SHATIN YUENLONG KWAICHUNG TAIPO FANLING LANTAU STANLEY EAST WEST NORTH SOUTH UPPER LOWER GATE PIER DOCK YARD STORE UNIT "
    "BLOCK FLOOR TOWER PLAZA HOTEL BANK TRUST SMART FAST DIRECT GLOBAL UNITED PACIFIC ORIENT ASIA CHINA TRANS AIR SEA LAND "
    "COLD CHAIN FROZEN FOODS MEAT FRUIT FLOWER GARDEN POWER ENERGY GAS OIL CEMENT SAND TIMBER FURNITURE MOVERS RENTAL SALES "
    "SERVICE REPAIR PRESS PRINT BOOKS TOYS SHOES JEANS SPORTS BEAUTY HEALTH DENTAL CLINIC SCHOOL"
).split()
_GROUNDS: tuple[tuple[Colour, Colour], ...] = (
    ((238, 240, 240), (22, 22, 22)),
    ((238, 240, 240), (22, 22, 22)),
    ((25, 200, 245), (22, 22, 22)),
    ((238, 240, 240), (150, 60, 30)),
    ((70, 120, 20), (240, 240, 240)),
    ((40, 40, 190), (240, 240, 240)),
)
"""Ground and letters; the first ones are those of plates."""


def text(rng: random.Random) -> str:
    """At most eight characters and a blank."""
    word = rng.choice([one for one in WORDS if len(one) <= 8])
    if rng.random() < 0.5:
        return word
    if len(word) <= 6 and rng.random() < 0.4:
        return f"{word} {rng.choice(DIGITS)}{rng.choice(('', rng.choice(LETTERS), rng.choice(DIGITS)))}"
    return "".join(rng.choices(LETTERS, k=rng.randint(3, 5))) + rng.choice(("", " ")) + rng.choice(LETTERS + DIGITS)


def board(rng: random.Random, base: Picture) -> None:
    """A board with one line on the flat end, or the line on its paint."""
    ink = line(rng, text(rng))
    size = rng.uniform(0.4, 1.2)
    ink = np.asarray(cv2.resize(ink, None, fx=size, fy=size, interpolation=cv2.INTER_AREA), np.uint8)
    pad_x, pad_y = round(rng.uniform(4, 50) * size), round(rng.uniform(4, 40) * size)
    high, wide = ink.shape[0] + 2 * pad_y, ink.shape[1] + 2 * pad_x
    if wide >= base.shape[1] or high >= base.shape[0]:
        return
    x, y = rng.randint(0, base.shape[1] - wide - 1), rng.randint(0, base.shape[0] - high - 1)
    ground, letters = rng.choice(_GROUNDS)
    place = base[y : y + high, x : x + wide]
    if rng.random() < 0.75:
        place[:] = ground
        if rng.random() < 0.4:
            cv2.rectangle(base, (x, y), (x + wide - 1, y + high - 1), letters, rng.randint(1, 4))
    share = ink[..., None].astype(np.float32) / 255
    inner = place[pad_y : pad_y + ink.shape[0], pad_x : pad_x + ink.shape[1]]
    inner[:] = (inner * (1 - share) + np.asarray(letters, np.float32) * share).astype(np.uint8)


def words(rng: random.Random) -> SetPicture:
    """A vehicle's end with one to four such lines and no Hong Kong plate; on every second one, about, hangs a Mainland plate."""
    base = CameraView(seed=rng.getrandbits(20)).picture().image
    end = paintwork(rng)
    for _ in range(rng.randint(1, 4)):
        board(rng, end)
    hung: list[Hung] = []
    wish = replace(ordinary(rng), mainland=any_mainland(rng))
    if wish.mainland and rng.random() < 0.6:
        hung.append(mainland_on(rng, end, (END[0] // 2 + rng.randint(-80, 80), rng.randint(400, 520)), wish))
    turn = (rng.gauss(0, 0.25), rng.gauss(-0.1, 0.1), rng.gauss(0, 0.03))
    pose = Pose(*turn, rng.uniform(130, 420), (480, 270), rng.uniform(3, 9))
    warp = laid(base, end, pose)
    weather = rng.choice((Weather.DAY, Weather.DAY, Weather.RAIN, Weather.SUN))
    seen = tuple(replace(one, corners=moved(one.corners, warp)) for one in hung)
    return SetPicture(exposed(rng, base, weather, ()), seen)
