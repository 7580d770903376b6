"""`python -m tools.training.scout`: how well plates are found on drawn scenes that no training has seen, and what is no plate.

Half of the pictures are scenes with plates (found, missed, how exact the corners are); the other half are vehicles,
lettering and photographs without a plate, where every mark read is a false one.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.detections import Detection
from devices.anpr.engines import ENGINES
from devices.anpr.plate_reader import PlateReader
from devices.anpr.selection import hong_kong, mark_of
from devices.anpr.weights import SHIPPED
from lane_agent.settling import SURE
from tools.training.scenes import Scene, Stock, stock, street

SEED = 987_654  # of no training
WIDTHS = (40, 60, 100, 200, 400)  # pixels; a plate belongs to the first that is not smaller
Quad = NDArray[np.float32]


def scenes(count: int, kept: Stock, *, plates: bool) -> list[Scene]:
    """The same pictures every time, as long as the drawing is not changed."""
    rng, noise = random.Random(f"{SEED}/{plates}"), np.random.default_rng([SEED, plates])
    return [street(rng, noise, kept, plates=plates) for _ in range(count)]


def error(quad: Quad, corners: Quad) -> float:
    """Mean distance of the corners, as a share of the plate's height."""
    tall = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    return float(np.linalg.norm(quad - corners, axis=1).mean()) / tall


def _size(quad: Quad) -> int:
    wide = float(np.linalg.norm(quad[1] - quad[0]))
    return next((limit for limit in WIDTHS if wide <= limit), 640)


class Tally:
    """What was found on pictures with plates."""

    def __init__(self) -> None:
        self.near: list[float] = []
        self.sizes: dict[int, list[bool]] = defaultdict(list)
        self.found = 0

    def add(self, truth: list[Quad], seen: list[Detection]) -> None:
        """One picture."""
        self.found += len(seen)
        for quad in truth:
            off = min((error(quad, one.corners) for one in seen), default=9.0)
            self.sizes[_size(quad)].append(off < 0.25)
            self.near += [off] * (off < 0.25)

    def show(self) -> None:
        """Prints it."""
        wanted = sum(len(hits) for hits in self.sizes.values())
        print(f"recall {len(self.near) / wanted:.4f} of {wanted}, precision {len(self.near) / max(1, self.found):.4f}")
        for size, hits in sorted(self.sizes.items()):
            print(f"  up to {size:3} px wide: {sum(hits) / len(hits):.3f} of {len(hits)}")
        worst = statistics.quantiles(self.near, n=10)[-1]
        print(f"corner error, plate heights: median {statistics.median(self.near):.4f}, nine in ten below {worst:.4f}")


def main() -> None:
    """Measures what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m tools.training.scout", description=__doc__)
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--fonts", type=Path, action="append", default=[], help="folder with unpacked packages; repeat")
    parser.add_argument("--side", type=int, default=640, help="of the detector's input; scenes are drawn at 640")
    parser.add_argument("--count", type=int, default=300, help="pictures of each half")
    parser.add_argument("--threshold", type=float, default=0.35)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    kept = stock((*asked.fonts, Path("/usr/share/fonts")))
    reader = PlateReader(ENGINES["onnxruntime"](asked.weights), side=asked.side, threshold=asked.threshold)
    tally = Tally()
    for picture, truth in scenes(asked.count, kept, plates=True):
        tally.add(truth, reader.view(picture).found)
    tally.show()
    finds = plain = marks = 0
    for picture, _ in scenes(asked.count, kept, plates=False):
        reads = reader.read(picture)
        finds += len(reads)
        plain += bool(hong_kong(reads))
        marks += mark_of(reads, release=SURE)[0] is not None
    print(f"{asked.count} pictures without a plate: {finds} finds, {plain} with a Hong Kong mark, {marks} acted on")


if __name__ == "__main__":
    main()
