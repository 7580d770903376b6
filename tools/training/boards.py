"""Boards and lettering that are no plates, flat: containers' codes and labels, shop and road signs, buses, numbers.

Each is a picture with the boxes of its lines: what a detector may take for a plate is a line of it, or two.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.drawn.plates import Colour
from tools.training.clutter import Picture, colour, grey
from tools.training.faces import TypeCase
from tools.training.signs import company, container, lettered, telephone

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_DIGITS = "0123456789"
Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class LetteringBoard:
    """A flat board: its picture, and the box of each line of its text."""

    picture: Picture
    lines: tuple[Box, ...]


def _some(rng: random.Random, chars: str, low: int, high: int) -> str:
    return "".join(rng.choices(chars, k=rng.randint(low, high)))


def size_type(rng: random.Random) -> str:
    """A container's size and type code."""
    return rng.choice("2445L") + rng.choice("0235") + rng.choice(("G1", "G0", "R1", "U1", "T6", "P3"))


def weights(rng: random.Random) -> list[str]:
    """Some of the lines on a container's door."""
    unit = rng.choice(("KGS", "LBS", "KG", "CUFT"))
    head = rng.choice(("", "MAX GR", "TARE ", "NET ", "CU CAP "))
    return [f"{head}{rng.randint(2, 34)} {rng.randint(0, 99)}0 {unit}" for _ in range(rng.randint(1, 4))]


def height(rng: random.Random) -> list[str]:
    """The label of height."""
    feet = rng.choice(("9 6", "96", "9 6", "8 6", "2 9M", "13 6"))
    return rng.choice((["CAUTI0N", feet, "HIGH"], [feet, "HIGH"], [feet + " HIGH"], ["HIGH CUBE", feet], [feet]))


def hazard(rng: random.Random) -> list[str]:
    """An orange board's two numbers, or the words of a placard."""
    if rng.random() < 0.6:
        return [_some(rng, _DIGITS, 2, 3), _some(rng, _DIGITS, 4, 4)]
    return rng.choice((["UN" + _some(rng, _DIGITS, 4, 4)], ["FLAMMABLE", "LIQUID", "3"], ["CLASS", "9"], ["DANGER"]))


def owner(rng: random.Random) -> list[str]:
    """Owner code and number, in one line, two or three; often with the size code."""
    code, number, check = container(rng).split()
    size = size_type(rng)
    return rng.choice(
        (
            [f"{code} {number} {check}"],
            [f"{code} {number} {check}", size],
            [code, f"{number} {check}"],
            [code, f"{number}", size],
            [code, number[:3], number[3:] + check],
            [size],
            [f"{code}{number}"],
        )
    )


def shop(rng: random.Random) -> list[str]:
    """A name and perhaps a number under it."""
    return [company(rng), *([telephone(rng)] if rng.random() < 0.4 else [])]


def road(rng: random.Random) -> list[str]:
    """Limits, routes, lanes, places."""
    one = (_some(rng, _DIGITS, 2, 2), "ST0P", _some(rng, _DIGITS, 1, 1) + "M", "LANE " + _some(rng, _DIGITS, 1, 2), "P")
    return [rng.choice(one)] if rng.random() < 0.7 else [company(rng), rng.choice(one)]


def police(rng: random.Random) -> list[str]:
    """Notice boards."""
    words = ("P0L1CE", "CUST0MS", "ST0P", "N0 ENTRY", "CL0SED", "SL0W", "KEEP LEFT", "ACC1DENT")
    return rng.sample(words, rng.randint(1, 2))


def bus(rng: random.Random) -> list[str]:
    """A fleet number, a route, a maker's name."""
    return [
        rng.choice(
            (
                _some(rng, _LETTERS, 1, 4) + _some(rng, _DIGITS, 1, 4),
                _some(rng, _DIGITS, 1, 3) + rng.choice(("", "X", "A", "M")),
                _some(rng, _LETTERS, 3, 7),
                _some(rng, _LETTERS, 2, 3) + " " + _some(rng, _DIGITS, 3, 4),
            )
        )
    ]


_YELLOW, _ORANGE, _WHITE = (30, 200, 245), (20, 110, 240), (240, 242, 242)
_KINDS = (
    (owner, 5, ((None, None),)),
    (weights, 2, ((None, None),)),
    (height, 3, ((_YELLOW, (20, 20, 20)), (_WHITE, (20, 20, 20)), (None, None))),
    (hazard, 2, ((_ORANGE, (15, 15, 15)), (_WHITE, (20, 20, 20)))),
    (shop, 2, ((None, None), (_WHITE, (30, 30, 150)))),
    (road, 2, ((_WHITE, (20, 20, 20)), ((140, 60, 20), _WHITE), ((60, 120, 20), _WHITE))),
    (police, 1, (((140, 50, 20), _WHITE), (_WHITE, (140, 40, 20)), (_YELLOW, (20, 20, 20)))),
    (bus, 4, ((None, None), ((20, 20, 20), (60, 180, 250)))),  # on white or yellow nothing would tell it from a plate
    (lambda rng: [telephone(rng)], 2, ((None, None), (_WHITE, (20, 20, 20)))),
)


def any_board(rng: random.Random, cut: TypeCase) -> LetteringBoard:
    """One, about a hundred pixels high."""
    write, _, paints = rng.choices(_KINDS, [share for _, share, _ in _KINDS])[0]
    ground, ink = rng.choice(paints)
    if ground is None or ink is None:
        ground, ink = _pair(rng)
    lines = [lettered(rng, cut, text) for text in write(rng)]
    if rng.random() < 0.5:  # all as wide as the widest
        widest = max(line.shape[1] for line in lines)
        lines = [line if len(line) == 0 else _widened(line, widest) for line in lines]
    return _set(rng, lines, ground, ink)


def _pair(rng: random.Random) -> tuple[Colour, Colour]:
    """Paint and letters that can be told apart."""
    if rng.random() < 0.5:
        return (colour(rng), grey(rng, 215, 255)) if rng.random() < 0.7 else (grey(rng, 0, 90), grey(rng, 190, 255))
    return (grey(rng, 180, 255), grey(rng, 0, 80)) if rng.random() < 0.6 else (colour(rng), grey(rng, 0, 40))


def _widened(line: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    rows = min(90, max(16, line.shape[0] * width // line.shape[1]))
    return np.asarray(cv2.resize(line, (width, rows), interpolation=cv2.INTER_LINEAR), np.uint8)


def _set(rng: random.Random, lines: list[NDArray[np.uint8]], ground: Colour, ink: Colour) -> LetteringBoard:
    pad, gap = rng.randint(3, 40), rng.randint(2, 16)
    width = max(line.shape[1] for line in lines) + 2 * pad
    high = sum(line.shape[0] for line in lines) + gap * (len(lines) - 1) + 2 * pad
    picture = np.empty((high, width, 3), np.uint8)
    picture[:] = ground
    top, boxes, left_bound = pad, [], rng.random() < 0.3
    for line in lines:
        left = pad if left_bound else (width - line.shape[1]) // 2
        share = line[..., None].astype(np.float32) / 255
        place = picture[top : top + line.shape[0], left : left + line.shape[1]]
        place[:] = (place * (1 - share) + np.asarray(ink, np.float32) * share).astype(np.uint8)
        boxes.append((left, top, left + line.shape[1], top + line.shape[0]))
        top += line.shape[0] + gap
    if rng.random() < 0.35:
        cv2.rectangle(picture, (2, 2), (width - 3, high - 3), ink, rng.randint(1, 3), cv2.LINE_AA)
    return LetteringBoard(picture, tuple(boxes))
