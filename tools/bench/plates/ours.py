"""The lane's own reader as a contender: `python -m tools.bench.plates.ours MODE [options]`.

Modes: `lane` reads as a lane's reader process does, and `rocars-lane read` (its memory is measured with the libraries
of the cameras loaded, which are not in the installed size, since no picture needs them to be read); `boxed` is told the labelled corners, which measures the recogniser alone.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import devices.reader_child  # noqa: F401 - the lane's reader process holds these libraries too
from devices.anpr.detections import SIDE
from devices.anpr.engines import ENGINES, Engine
from devices.anpr.errors import ReaderError
from devices.anpr.memory import forget_start, return_memory_early
from devices.anpr.plate_read import PlateRead
from devices.anpr.plate_reader import PlateReader
from devices.anpr.selection import ALONE, mark_of
from devices.anpr.weights import SHIPPED, origin
from tools.bench.plates.installed import of_distributions, of_folder
from tools.bench.plates.serve import AbsentError, serve
from tools.bench.plates.wire import ContenderHello, ContenderReply, Cost, ReadAnswer, ReadRequest
from tools.bench.told import ToldReader

RELEASES = tuple(sorted({0.5, 0.7, ALONE, 0.9, 0.95, 0.98}))
MODES = ("lane", "boxed")
_LIBRARIES = ("numpy", "opencv-python-headless", "msgspec")
_OF_ENGINE = {"easyocr": ("onnxruntime", "easyocr", "onnx"), "opencv": ()}


class Stopwatch:
    """An engine that remembers how much of the processor each network took."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.spent: dict[str, float] = {}

    def run(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """As the engine inside, adding processor milliseconds to `spent[name]`."""
        begun = time.process_time()
        output = self._engine.run(name, array)
        self.spent[name] = self.spent.get(name, 0.0) + 1_000 * (time.process_time() - begun)
        return output


class Ours:
    """See `tools.bench.plates.serve.Contender`."""

    def __init__(self, mode: str, engine: str, weights: Path, side: int, threshold: float | None) -> None:
        try:
            self._watch = Stopwatch(ENGINES[engine](weights))
            run = origin(weights).run
            forget_start()  # as the lane's reader process does
        except (ReaderError, ImportError) as error:
            raise AbsentError(f"the reader does not start: {error}") from error
        self._told = ToldReader(self._watch)
        self._reader = PlateReader(self._watch, side=side) if mode == "lane" else self._told
        self._reader.threshold = self._reader.threshold if threshold is None else threshold
        size = of_distributions(*_LIBRARIES, *_OF_ENGINE.get(engine, (engine,))) + _code(weights)
        self.hello = ContenderHello(
            f"{mode}, {engine}, weights of run {run[:12]}", size, pieces=False, release=_said(ALONE)
        )

    def read(self, image: NDArray[np.uint8], asked: ReadRequest) -> ContenderReply:
        """Every plate, and the mark to act on by release threshold."""
        self._watch.spent = {}
        self._told.told = [np.array(corners, np.float32) for corners in asked.plates]
        reads = (self._told if asked.crop else self._reader).read(image)
        marks = {_said(release): mark_of(reads, release=release)[0] for release in RELEASES}
        return ContenderReply([_answer(read) for read in reads], marks, Cost(parts=self._watch.spent))


def _said(release: float) -> str:
    return f"{release:.2f}"


def _answer(read: PlateRead) -> ReadAnswer:
    return ReadAnswer(read.text, read.corners.tolist(), read.confidence)


def _code(weights: Path) -> float:
    """Our own part: the reader, and the weights where they lie elsewhere."""
    elsewhere = of_folder(weights) if weights != SHIPPED else 0.0
    return of_folder(SHIPPED.parent) + elsewhere


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.plates.ours", description=__doc__)
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--engine", choices=sorted(ENGINES), default="onnxruntime")
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--threshold", type=float)
    asked = parser.parse_args()
    return_memory_early()  # as the lane's reader process does
    serve(lambda: Ours(asked.mode, asked.engine, asked.weights, asked.side, asked.threshold))


if __name__ == "__main__":
    main()
