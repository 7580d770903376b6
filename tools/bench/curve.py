"""Stated confidence against what was right: bins, expected calibration error, and the curve as a small SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

EDGES = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)
"""Of the bins: narrow where decisions are taken."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Those whose stated confidence lies in [`low`, `high`): how many, what they stated, how many were right."""

    low: float
    high: float
    count: int
    stated: float
    right: float

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return {
            "from": self.low,
            "to": self.high,
            "count": self.count,
            "stated": round(self.stated, 5),
            "right": round(self.right, 5),
        }


def bins(stated: NDArray[np.float64], right: NDArray[np.bool_]) -> list[Bin]:
    """The bins that are not empty; the last one holds 1.0 too."""
    found = []
    for low, high in pairwise(EDGES):
        here = (stated >= low) & ((stated < high) if high < 1 else (stated <= 1))
        if here.any():
            found.append(Bin(low, high, int(here.sum()), float(stated[here].mean()), float(right[here].mean())))
    return found


def error(found: Sequence[Bin]) -> float:
    """The expected calibration error: the distance between what was stated and what was right, weighted by count."""
    total = sum(each.count for each in found)
    return sum(each.count * abs(each.stated - each.right) for each in found) / max(1, total)


def distance(one: str, other: str) -> list[tuple[int, int]]:
    """The places of `one` and of `other` that correspond in the shortest edit of one into the other, where alike."""
    rows, columns = len(one) + 1, len(other) + 1
    cost = np.zeros((rows, columns), int)
    cost[:, 0], cost[0, :] = np.arange(rows), np.arange(columns)
    for i in range(1, rows):
        for j in range(1, columns):
            unlike = one[i - 1] != other[j - 1]
            cost[i, j] = min(cost[i - 1, j] + 1, cost[i, j - 1] + 1, cost[i - 1, j - 1] + unlike)
    pairs, i, j = [], rows - 1, columns - 1
    while i and j:
        if one[i - 1] == other[j - 1] and cost[i, j] == cost[i - 1, j - 1]:
            pairs.append((i - 1, j - 1))
            i, j = i - 1, j - 1
        elif cost[i, j] == cost[i - 1, j - 1] + 1:
            i, j = i - 1, j - 1
        elif cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def verdicts(said: str, true: str) -> list[bool]:
    """For each character said whether it is right: it is in the truth, and none beside it was lost."""
    if said == true:
        return [True] * len(said)
    partner = dict(distance(said, true))
    right = []
    for place in range(len(said)):
        mine = partner.get(place)
        before = -1 if place == 0 else partner.get(place - 1, None if mine is None else mine - 1)
        after = len(true) if place == len(said) - 1 else partner.get(place + 1, None if mine is None else mine + 1)
        right.append(mine is not None and before == mine - 1 and after == mine + 1)
    return right


FEW = 20  # a bin of fewer means nothing, and is not drawn
_WIDE, _HIGH, _EDGE = 460, 340, 48


def _far(value: float) -> float:
    """The axis: 0.9, 0.99, 0.999 and 0.9999 equally far apart, since that is where decisions are taken."""
    return -float(np.log10(max(1e-4, 1 - value))) / 4


def svg(curves: Mapping[str, Sequence[Bin]], title: str) -> str:
    """The reliability curve, drawn by hand: stated along, right upwards, and the diagonal of perfect honesty.

    Args:
        curves: name and bins of each line.
        title: above it.
    """
    marks = (0.5, 0.9, 0.99, 0.999, 0.9999)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" font-family="sans-serif" font-size="11">',
        f'<rect width="{_WIDE}" height="{_HIGH}" fill="#fff"/>',
        f'<text x="{_EDGE}" y="18" font-size="13">{title}</text>',
    ]
    for mark in marks:
        x, y = _point(mark, mark)
        parts.append(f'<path d="M{x} {_HIGH - _EDGE}V30M{_EDGE} {y}H{_WIDE - 26}" stroke="#ddd"/>')
        parts.append(f'<text x="{x}" y="{_HIGH - _EDGE + 15}" text-anchor="middle">{mark}</text>')
        parts.append(f'<text x="{_EDGE - 5}" y="{y + 4}" text-anchor="end">{mark}</text>')
    (x0, y0), (x1, y1) = _point(0, 0), _point(0.9999, 0.9999)
    parts.append(f'<path d="M{x0} {y0}L{x1} {y1}" stroke="#888" stroke-dasharray="4 3"/>')
    for number, (name, found) in enumerate(curves.items()):
        parts += _line(name, found, ("#c0392b", "#1f618d", "#1e8449")[number % 3], number)
    parts.append(f'<text x="{_WIDE / 2}" y="{_HIGH - 10}" text-anchor="middle">stated confidence</text>')
    parts.append(
        f'<text x="12" y="{_HIGH / 2}" transform="rotate(-90 12 {_HIGH / 2})" text-anchor="middle">right</text>'
    )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _point(stated: float, right: float) -> tuple[float, float]:
    x = _EDGE + _far(stated) * (_WIDE - _EDGE - 28)
    y = _HIGH - _EDGE - _far(right) * (_HIGH - _EDGE - 32)
    return round(x, 1), round(y, 1)


def _line(name: str, found: Sequence[Bin], colour: str, number: int) -> list[str]:
    points = [_point(each.stated, each.right) for each in found if each.count >= FEW]
    way = "L".join(f"{x} {y}" for x, y in points)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="2.6" fill="{colour}"/>' for x, y in points)
    at = _HIGH - _EDGE - 34 + 14 * number
    label = f'<text x="{_WIDE - 150}" y="{at}" fill="{colour}">{name}</text>'
    return [f'<path d="M{way}" fill="none" stroke="{colour}" stroke-width="1.6"/>', dots, label]
