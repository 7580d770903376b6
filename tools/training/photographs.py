"""Photographed plates beside the drawn ones: Mainland crops, and what officers corrected; folders with `labels.csv`.

Of the crops only rows with an even number (from 0) are learnt from; the odd half stays for measuring (`rocars-bench plates --crops`).
The place of each character is not known, so these samples teach through CTC alone.
"""

from __future__ import annotations

import csv
import math
import random
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.alphabet import CLASS, COLUMNS, CROP
from devices.anpr.plate_reader import PlateReader, rectified
from tools.training.crops import damage, lit

ALIKE = 0.5
"""How much of a text must be as officers say, for the find to be that plate."""
Sample = tuple[NDArray[np.uint8], NDArray[np.int8], str]


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """A rectified plate in grey, any size, and its text."""

    picture: NDArray[np.uint8]
    text: str


def load(folder: Path) -> tuple[Photograph, ...]:
    """The half that may be learnt from.

    Raises:
        FileNotFoundError: the folder has no `labels.csv`, or a picture it names is not there.
        ValueError: a picture cannot be read, or a label has a character that the recogniser does not know.
    """
    with (folder / "labels.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))[::2]
    return tuple(_photograph(folder / row["file"], row["plate"]) for row in rows)


def corrected(folder: Path, reader: PlateReader) -> tuple[Photograph, ...]:
    """The plates of a folder that `rocars-lane corrections` wrote: whole pictures with what officers say stands there.

    Where the plate is nobody marked: it is the find whose text is most like the truth, and no find at all where none is
    at least half like it. What was read wrong is what is learnt most from.

    Raises:
        FileNotFoundError: the folder has no `labels.csv`.
        ValueError: a picture cannot be read, or a label has a character that the recogniser does not know.
    """
    with (folder / "labels.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    found = (_plate_of(folder / row["file"], row["plate"], reader) for row in rows)
    return tuple(one for one in found if one is not None)


def _plate_of(file: Path, text: str, reader: PlateReader) -> Photograph | None:
    picture = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
    if picture is None or not set(text) <= CLASS.keys():
        raise ValueError(f"{file}: not a picture, or its label {text!r} has a character outside the alphabet")
    whole = np.asarray(picture, np.uint8)
    alike = [(SequenceMatcher(None, read.text, text).ratio(), read) for read in reader.read(whole)]
    likeness, best = max(alike, key=lambda pair: pair[0], default=(0.0, None))
    if best is None or likeness < ALIKE:
        return None
    crop = cv2.cvtColor(rectified(whole, best.corners), cv2.COLOR_BGR2GRAY)
    return Photograph(np.asarray(crop, np.uint8), text)


def _photograph(file: Path, text: str) -> Photograph:
    picture = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None or not set(text) <= CLASS.keys():
        raise ValueError(f"{file}: not a picture, or its label {text!r} has a character outside the alphabet")
    return Photograph(np.asarray(picture, np.uint8), text)


@lru_cache(maxsize=1)
def _weights(known: tuple[Photograph, ...]) -> tuple[float, ...]:
    provinces = Counter(one.text[0] for one in known)
    return tuple(1 / math.sqrt(provinces[one.text[0]]) for one in known)


def sample(rng: random.Random, noise: np.random.Generator, known: tuple[Photograph, ...]) -> Sample:
    """One of them, cut and shaken anew; the target leaves every column open (-1).

    A province that has fewer pictures is shown oftener than its share, or the commonest one becomes the answer to any blur.
    """
    one = rng.choices(known, _weights(known))[0]
    rows, columns = one.picture.shape
    width, height = CROP
    cut = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    spread = np.array([[rng.gauss(0, 0.02) * width, rng.gauss(0, 0.04) * height] for _ in range(4)], np.float32)
    inset = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32) * [rng.uniform(-2, 10), rng.uniform(-2, 8)]
    goal = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + spread + inset
    warp = cv2.getPerspectiveTransform(cut, goal.astype(np.float32))
    flat = cv2.warpPerspective(one.picture, warp, CROP, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    crop = lit(rng, np.asarray(flat, np.float32))
    bits = damage(rng, noise, crop) if rng.random() < 0.5 else np.asarray(np.clip(crop, 0, 255), np.uint8)
    return bits, np.full((3, COLUMNS), -1, np.int8), one.text
