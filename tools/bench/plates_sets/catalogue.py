"""The sets by name, and one written to a folder: pictures and the `labels.csv` that `rocars-bench plates --data` reads."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from simulation.drawn.plates import PlateKind
from tools.bench.plates_sets.lettering import negative
from tools.bench.plates_sets.vehicles import WISHES, Hung, SetPicture, drawn
from tools.bench.plates_sets.words import words

NEGATIVES, WORDS = "negatives", "words"
_BARE = {NEGATIVES: negative, WORDS: words}  # no picture of these has a plate
SETS = (*WISHES, *_BARE)
COUNTS = {NEGATIVES: 2_000, WORDS: 1_000}
COUNT = 200
"""Pictures of a set that is not in `COUNTS`."""
SEED = 71
_COLUMNS = ("file", "plate", "region", "layout", "x", "y", "w", "h", "quad")
_REGIONS = {PlateKind.HK_FRONT: "HK", PlateKind.HK_REAR: "HK", PlateKind.CROSS_BORDER: "CN-crossborder"}


def picture(name: str, number: int, seed: int = SEED) -> SetPicture:
    """Picture `number` of a set; the same seed and number draw it again."""
    rng = random.Random(f"{seed}/{name}/{number}")
    return _BARE[name](rng) if name in _BARE else drawn(rng, WISHES[name](rng))


def count_of(name: str, asked: int | None = None) -> int:
    """How many pictures a set has."""
    return asked or COUNTS.get(name, COUNT)


def write(name: str, folder: Path, count: int, seed: int = SEED) -> Path:
    """Draws the first `count` pictures of a set into `folder`/NAME, unless they are there; returns that folder."""
    place = folder / name
    sheet = place / "labels.csv"
    place.mkdir(parents=True, exist_ok=True)
    if sheet.is_file() and _pictures(sheet, f"{name}-{seed}-") == count:
        return place
    fresh = sheet.with_suffix(".new")
    with fresh.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(_COLUMNS)
        for number in range(count):
            file = f"{name}-{seed}-{number:04d}.jpg"
            shown = picture(name, number, seed)
            cv2.imwrite(str(place / file), shown.picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
            table.writerows(_rows(file, shown))
    fresh.replace(sheet)
    return place


def _pictures(sheet: Path, stem: str) -> int:
    """How many there are of this set and seed."""
    with sheet.open(encoding="utf-8", newline="") as lines:
        return len({row["file"] for row in csv.DictReader(lines) if row["file"].startswith(stem)})


def _rows(file: str, shown: SetPicture) -> Iterator[tuple[object, ...]]:
    for one in shown.plates:
        yield (file, *_row(one))
    if not shown.plates:
        yield file, "", "unreadable", "single_row", 0, 0, 0, 0, "0 0"


def _row(one: Hung) -> tuple[object, ...]:
    low, size = one.corners.min(0), np.ptp(one.corners, 0)
    box = (round(float(low[0])), round(float(low[1])), round(float(size[0])), round(float(size[1])))
    layout = "double_row" if one.rows == 2 else "single_row"
    quad = " ".join(f"{number:.1f}" for number in one.corners.ravel())
    return one.text, _REGIONS.get(one.kind, "CN"), layout, *box, quad
