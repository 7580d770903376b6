"""`python -m training.measure FOLDER`: how well real plates are read. For measuring only; nothing is learnt from them.

FOLDER holds `labels.csv` (file, plate, region, layout, x, y, w, h, quad) and the pictures it names. Both sides are
normalised before they are compared.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.choice import RELEASE, mark_of
from devices.anpr.decode import SIDE, Found
from devices.anpr.engines import ENGINES
from devices.anpr.plate_reader import ONE_VIEW, THREE_VIEWS, PlateReader
from devices.anpr.reads import PlateRead
from devices.anpr.weights import SHIPPED
from lane_agent.plates import normalise

RELEASES = (0.5, RELEASE, 0.9, 0.95, 0.98)


@dataclass(frozen=True)
class Label:
    """One labelled plate."""

    file: str
    plate: str
    kind: str
    corners: NDArray[np.float32]


class Boxed(PlateReader):
    """A reader that is told where the plates are: measures the recogniser alone."""

    boxes: tuple[NDArray[np.float32], ...] = ()

    def find(self, image: NDArray[np.uint8]) -> list[Found]:  # noqa: ARG002  the boxes are known
        """The true boxes, in order."""
        return [Found(1.0, corners) for corners in self.boxes]


def labels(folder: Path) -> dict[str, list[Label]]:
    """Readable labels by file."""
    found: dict[str, list[Label]] = defaultdict(list)
    with (folder / "labels.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            places = row["quad"].split()
            if row["region"] != "unreadable" and len(places) == 8 and int(row["w"]) > 9:
                corners = np.array(places, np.float32).reshape(4, 2)
                kind = row["region"] + (" two rows" if row["layout"] == "double_row" else "")
                found[row["file"]].append(Label(row["file"], row["plate"], kind, corners))
    return found


class Marks:
    """What the lane would have acted on: right, wrong or silent, at several release thresholds."""

    def __init__(self) -> None:
        self.counts: dict[float, list[int]] = {release: [0, 0, 0] for release in RELEASES}
        self.wrong: list[str] = []

    def add(self, file: str, plates: list[Label], reads: tuple[PlateRead, ...]) -> None:
        """One picture that shows a readable Hong Kong plate."""
        truths = {normalise(plate.plate) for plate in plates if plate.kind.startswith("HK")}
        if not truths:
            return
        for release, counts in self.counts.items():
            vrn, _ = mark_of(reads, release=release)
            counts[2 if vrn is None else int(vrn not in truths)] += 1
            if release == RELEASE and vrn is not None and vrn not in truths:
                self.wrong.append(f"{file}: {vrn}, is {' or '.join(sorted(truths))}")

    def show(self, *, wrong: bool) -> None:
        """Prints the counts."""
        for release, (right, bad, silent) in self.counts.items():
            print(f"mark to act on, release {release:.2f}: {right} right, {bad} wrong, {silent} silent")
        if wrong:
            print("\n".join(self.wrong))


def _best(label: Label, reads: tuple[PlateRead, ...]) -> PlateRead | None:
    def shared(read: PlateRead) -> float:
        area, _ = cv2.intersectConvexConvex(label.corners, read.corners)
        return float(area) / max(1.0, cv2.contourArea(label.corners) + read.area - float(area))

    best = max(reads, key=shared, default=None)
    return best if best is not None and shared(best) > 0.3 else None


def measure(folder: Path, reader: PlateReader, *, boxed: bool, wrong: bool) -> None:
    """Prints the table."""
    hits: dict[str, list[bool]] = defaultdict(list)
    spent, found, marks = [], 0, Marks()
    for file, plates in labels(folder).items():
        image = np.asarray(cv2.imread(str(folder / file)), np.uint8)
        if isinstance(reader, Boxed):
            reader.boxes = tuple(plate.corners for plate in plates)
        begun = time.perf_counter()
        reads = reader.read(image)
        spent.append(time.perf_counter() - begun)
        found += len(reads)
        marks.add(file, plates, reads)
        for number, plate in enumerate(plates):
            read = reads[number] if boxed else _best(plate, reads)
            text = read.text if read else ""
            _count(hits, plate, text, found=read is not None)
            if wrong and normalise(text) != normalise(plate.plate):
                print(f"{plate.file} {plate.plate} read {text or '-'} {read.confidence if read else ''}")
    for kind, right in sorted(hits.items()):
        print(f"{kind:28} {sum(right):4} of {len(right):4}  {sum(right) / len(right):.3f}")
    marks.show(wrong=wrong)
    print(f"{found} plates in {len(spent)} pictures, {1000 * statistics.median(spent):.1f} ms a picture (median)")


def _count(hits: dict[str, list[bool]], label: Label, text: str, *, found: bool) -> None:
    truth, said = normalise(label.plate), normalise(text)
    hits[label.kind].append(truth == said)
    hits["found"].append(found)
    if label.kind.startswith("CN-crossborder"):
        hits["CN-crossborder, Latin part"].append(truth.strip("粤港澳") == said.strip("粤港澳"))


def main() -> None:
    """Measures what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m training.measure", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--engine", choices=sorted(ENGINES), default="onnxruntime")
    parser.add_argument("--boxed", action="store_true", help="use the labelled corners: the recogniser alone")
    parser.add_argument("--sides", type=int, nargs="+", default=[SIDE])
    parser.add_argument("--threshold", type=float, default=0.35)
    parser.add_argument("--three-views", action="store_true", help="three cuts of each plate, made one reading")
    parser.add_argument("--wrong", action="store_true", help="list what was read wrong")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    kind = Boxed if asked.boxed else PlateReader
    engine = ENGINES[asked.engine](asked.weights)
    views = THREE_VIEWS if asked.three_views and not asked.boxed else ONE_VIEW
    reader = kind(engine, sides=tuple(asked.sides), views=views, threshold=asked.threshold)
    measure(asked.folder, reader, boxed=asked.boxed, wrong=asked.wrong)


if __name__ == "__main__":
    main()
