"""Which of a contender's answers count for which plate. Pure.

A contender that reads whole plates is right where one of its plates at the place has the text that is there. One that
gives pieces of text is given every fair chance: any of its pieces there, or any run of them in reading order (by rows,
each from left to right) joined together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from domain.marks import Family, family, normalise
from tools.bench.plates.labels import Label
from tools.bench.plates.wire import Corners, ReadAnswer

_OVERLAP = 0.3  # intersection over union at which two plates are the same one
_SURE = 0.5  # a piece below it is no answer; RapidOCR itself gives none below
_CHINESE = re.compile(r"[一-鿿]")
_TRADITIONAL = str.maketrans("粵", "粤")


def comparable(text: str) -> str:
    """The comparison form of the lane (`domain.marks.normalise`); the traditional 粵 is the 粤 of the plates."""
    return normalise(text).translate(_TRADITIONAL)


def latin(text: str) -> str:
    """The comparison form without its Chinese characters."""
    return _CHINESE.sub("", comparable(text))


def near(label: Label, answers: Sequence[ReadAnswer]) -> list[ReadAnswer]:
    """The answers at the place of a plate; all of them where its place is not known."""
    corners = label.corners
    return list(answers) if corners is None else [one for one in answers if _same_place(corners, one.corners)]


def nearest(label: Label, answers: Sequence[ReadAnswer]) -> ReadAnswer | None:
    """The answer that shares most with a plate, or None."""
    there = near(label, answers)
    corners = label.corners
    if corners is None or not there:
        return there[0] if len(there) == 1 else None
    return max(there, key=lambda one: _shared(corners, one.corners))


def texts(label: Label, answers: Sequence[ReadAnswer], *, pieces: bool) -> list[str]:
    """The answers that count for a plate, in comparison form."""
    there = near(label, answers)
    if not pieces:
        return [comparable(one.text) for one in there]
    words = [comparable(one.text) for one in in_reading_order(there)]
    runs = range(len(words) + 1)
    return ["".join(words[start:end]) for start in runs for end in runs if start < end]


def in_reading_order(answers: Sequence[ReadAnswer]) -> list[ReadAnswer]:
    """Row by row, each from left to right; what begins above the middle of a row's first piece belongs to the row."""
    rows: list[list[ReadAnswer]] = []
    for one in sorted(answers, key=lambda each: _box(each.corners)[1]):
        if rows and _box(one.corners)[1] < sum(_box(rows[-1][0].corners)[1::2]) / 2:
            rows[-1].append(one)
        else:
            rows.append([one])
    return [one for row in rows for one in sorted(row, key=lambda each: _box(each.corners)[0])]


def best_looking(answers: Sequence[ReadAnswer]) -> str | None:
    """The surest string of pieces that looks like an ordinary Hong Kong mark: two letters, one to four digits.

    Letters and digits beside or above each other are also tried as one string, as sure as its weaker piece.
    """
    sure = [one for one in answers if one.confidence >= _SURE]
    found = [(one.confidence, comparable(one.text)) for one in sure] + list(_joined(sure))
    marks = [(confidence, text) for confidence, text in found if family(text) is Family.ORDINARY]
    return max(marks)[1] if marks else None


def _joined(answers: Sequence[ReadAnswer]) -> Iterator[tuple[float, str]]:
    for first in answers:
        for second in answers:
            if first is not second and (_beside(first, second) or _above(first, second)):
                yield min(first.confidence, second.confidence), comparable(first.text) + comparable(second.text)


def _beside(first: ReadAnswer, second: ReadAnswer) -> bool:
    """Whether the second goes on where the first ends, in the same row."""
    (_, top, right, bottom), (left, upper, _, lower) = _box(first.corners), _box(second.corners)
    return abs(left - right) < bottom - top and top < (upper + lower) / 2 < bottom


def _above(first: ReadAnswer, second: ReadAnswer) -> bool:
    """Whether the second is close below the first."""
    (left, top, right, bottom), (begin, upper, end, _) = _box(first.corners), _box(second.corners)
    return abs(upper - bottom) < bottom - top and begin < (left + right) / 2 < end


def _box(corners: Corners) -> tuple[float, float, float, float]:
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(down), max(across), max(down)


def _same_place(one: Corners, other: Corners) -> bool:
    return _inside(_middle(one), other) or _inside(_middle(other), one) or _shared(one, other) > _OVERLAP


def _middle(corners: Corners) -> tuple[float, float]:
    return sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners)


def _inside(point: tuple[float, float], corners: Corners) -> bool:
    return cv2.pointPolygonTest(np.array(corners, np.float32), point, measureDist=False) >= 0


def _shared(one: Corners, other: Corners) -> float:
    """Intersection over union."""
    first, second = np.array(one, np.float32), np.array(other, np.float32)
    area, _ = cv2.intersectConvexConvex(first, second)
    return float(area) / max(1.0, cv2.contourArea(first) + cv2.contourArea(second) - float(area))
