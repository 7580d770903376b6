"""`python -m tools.training.failures`: drawn plates that are read wrong, the surest first, as one picture with captions."""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.anpr.background import background_of
from devices.anpr.contrast import levelled
from devices.anpr.ctc import decode
from devices.anpr.engines import ENGINES
from devices.anpr.grammar import grammar_of
from devices.anpr.weights import SHIPPED
from domain.marks import normalise
from simulation.drawn.glyphs import chinese
from tools.training.crops import sample
from tools.training.faces import TypeCase, case

_COLUMNS, _TILE = 4, (320, 128)
_CAPTION = 26


@dataclass(frozen=True, slots=True)
class Failure:
    """One drawn crop (64, 160), what it shows, what was read, and how sure the least sure character was."""

    picture: NDArray[np.uint8]
    truth: str
    text: str
    confidence: float


def failures(weights: Path, cut: TypeCase, *, count: int, seed: int) -> list[Failure]:
    """Of `count` crops drawn with a seed that no training used, those read wrong, the surest first."""
    engine = ENGINES["onnxruntime"](weights)
    rng, noise, neighbour = random.Random(f"{seed}/failures"), np.random.default_rng([seed, 77]), None
    found = []
    for _ in range(count):
        picture, _, plate = sample(rng, noise, cut, neighbour)
        neighbour = plate or neighbour
        if plate is None:
            continue
        chances = engine.run("recogniser", levelled(picture)[None, None])[0]
        background = background_of(np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8), chances)
        reading = decode(chances, grammar_of(background))
        confidence = min((chance for _, chance in reading.characters), default=0.0)
        if normalise(reading.text) != normalise(plate.text):
            found.append(Failure(picture, plate.text, reading.text, confidence))
    return sorted(found, key=lambda failure: -failure.confidence)


def _written(text: str) -> NDArray[np.uint8]:
    """Black on white, `_CAPTION` pixels high; Chinese characters from the system font."""
    line = np.full((_CAPTION, _TILE[0]), 255, np.uint8)
    x = 4
    for char in text:
        if ord(char) < 128:
            cv2.putText(line, char, (x, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 0, 1, cv2.LINE_AA)
            x += 11
        else:
            mask = chinese(char, 16)
            line[5:21, x : x + mask.shape[1]] = 255 - mask
            x += mask.shape[1] + 3
    return line


def sheet(found: list[Failure]) -> NDArray[np.uint8]:
    """The failures in rows of four, each with "truth > read confidence" under it."""
    tiles = [
        np.vstack([cv2.resize(one.picture, _TILE), _written(f"{one.truth} > {one.text} {one.confidence:.2f}")])
        for one in found
    ]
    blank = np.full((_TILE[1] + _CAPTION, _TILE[0]), 255, np.uint8)
    tiles += [blank] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[at : at + _COLUMNS]) for at in range(0, len(tiles), _COLUMNS)]
    return np.asarray(np.vstack(rows), np.uint8)


def main() -> None:
    """Draws, reads, and writes the picture."""
    parser = argparse.ArgumentParser(prog="python -m tools.training.failures", description=__doc__)
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--fonts", type=Path, action="append", default=[], help="folder with unpacked fonts; repeat")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--show", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="PNG to write")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    found = failures(asked.weights, case((*asked.fonts, Path("/usr/share/fonts"))), count=asked.count, seed=asked.seed)
    sure = sum(one.confidence >= 0.9 for one in found)
    print(f"{len(found)} of {asked.count} read wrong, {sure} of them with 0.9 or more")
    if found:
        cv2.imwrite(str(asked.out), sheet(found[: asked.show]))


if __name__ == "__main__":
    main()
