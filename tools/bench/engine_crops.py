"""What the engines are compared on: rectified plates, drawn ones and those found in pictures; and whole drawn pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.contrast import levelled
from devices.anpr.files import PICTURES
from devices.anpr.onnxruntime_engine import OnnxRuntimeEngine
from devices.anpr.plate_reader import PlateReader, fitted, rectified
from simulation.drawn.trucks import CameraView, DrawnTruck
from tools.bench.plates_drawn import PlateVisit, planned

_SIDE = 640  # of the detector's input, as a lane has it
_MARKS = ("LT3482", "EV2033", "HK8461", "AB1234", "TN5907", "RJ246")


@dataclass(frozen=True, slots=True)
class Crop:
    """One plate: the rectified picture (64, 160, 3), and as the recogniser takes it, (64, 160) float32."""

    picture: NDArray[np.uint8]
    level: NDArray[np.float32]


def _crop(image: NDArray[np.uint8], corners: NDArray[np.float32]) -> Crop:
    cut = rectified(image, corners)
    grey = np.asarray(cv2.cvtColor(cut, cv2.COLOR_BGR2GRAY), np.uint8)
    return Crop(cut, levelled(grey))


def drawn(count: int, seed: int) -> Iterator[Crop]:
    """Drawn plates, each another mark in another cut, in any weather; one picture of each."""
    for number in range(count):
        yield _crop(*next(iter(PlateVisit(planned(seed, number)))))


def photographed(folder: Path) -> Iterator[Crop]:
    """Every plate that the default engine's detector finds in the pictures of a folder."""
    reader = PlateReader(OnnxRuntimeEngine(), side=_SIDE)
    for file in sorted(each for each in folder.rglob("*") if each.suffix.lower() in PICTURES):
        image = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
        if image is not None:
            picture = np.asarray(image, np.uint8)
            yield from (_crop(picture, found.corners) for found in reader.view(picture).found)


def pictures(count: int) -> NDArray[np.float32]:
    """Drawn lane pictures as the detector takes them, (count, 3, 384, 640) float32."""
    view = CameraView(seed=1)
    trucks = [DrawnTruck(_MARKS[number % len(_MARKS)], rows=1 + number % 2, seed=number) for number in range(count)]
    shown = [view.picture(truck, (1 + number % 5) / 5, frame=number) for number, truck in enumerate(trucks)]
    return np.concatenate([fitted(each.image, _SIDE)[0] for each in shown])
