"""What the second look learns from, and what is learnt from officers' corrections."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.anpr.engines import OnnxRuntimeEngine
from devices.anpr.look import FEATURES, GRID, FindKind
from devices.anpr.plate_reader import PlateReader
from simulation.drawn.plates import PlateKind
from simulation.drawn.trucks import CameraView, DrawnTruck
from tools.training import photographs
from tools.training.boards import any_board
from tools.training.clutter import SIZE
from tools.training.faces import TypeCase, chinese_atlases, stroke_atlas
from tools.training.finds import finds
from tools.training.mounting import Bill
from tools.training.scenes import Stock


@pytest.fixture(scope="module")
def kept() -> Stock:
    """Our own strokes, no fonts, no photographs."""
    rng = random.Random(3)
    return Stock(TypeCase(tuple(stroke_atlas(rng) for _ in range(4)), (), tuple(chinese_atlases())), ())


@pytest.fixture(scope="module")
def reader() -> PlateReader:
    """The shipped reader, at the scores that are looked at while learning."""
    return PlateReader(OnnxRuntimeEngine(), threshold=0.2)


def test_a_few_pictures_give_finds_of_every_kind(kept: Stock, reader: PlateReader) -> None:
    """Whole plates, rows of them, pieces and lettering; each as the network takes it."""
    rng, noise = random.Random(5), np.random.default_rng(5)
    found = [one for _ in range(8) for one in finds(rng, noise, kept, reader)]
    assert {seen.shape for seen, _ in found} == {(FEATURES, *GRID[::-1])}
    counts = Counter(kind for _, kind in found)
    assert set(counts) == set(FindKind)
    assert min(counts.values()) >= 3


def test_names_hang_mostly_alone(kept: Stock) -> None:
    """Of so many vehicles with a personalised mark most have no Mainland plate."""
    rng, noise = random.Random(7), np.random.default_rng(7)
    bill = Bill(rng, noise, kept.cut, np.zeros((SIZE, SIZE, 3), np.uint8), [], names=1.0)
    pairs = [bill.pair(150) for _ in range(60)]
    assert all(first.kind in {PlateKind.HK_FRONT, PlateKind.HK_REAR} for first, _, _ in pairs)
    assert 5 < sum(other is not None for _, other, _ in pairs) < 30


def test_the_lines_of_a_board_lie_on_it(kept: Stock) -> None:
    """Boxes inside the picture, from top to bottom, with ink in each."""
    rng = random.Random(6)
    for board in (any_board(rng, kept.cut) for _ in range(40)):
        rows, columns = board.picture.shape[:2]
        tops = [top for _, top, _, _ in board.lines]
        assert tops == sorted(tops)
        for left, top, right, bottom in board.lines:
            assert 0 <= left < right <= columns
            assert 0 <= top < bottom <= rows
            assert np.ptp(board.picture[top:bottom, left:right].astype(int)) > 20


def test_a_correction_becomes_the_plate_that_the_officer_meant(tmp_path: Path, reader: PlateReader) -> None:
    """The find most like the truth, with the truth as its text; what is not on the picture teaches nothing."""
    shown = CameraView(seed=1).picture(DrawnTruck("LT3482", "粤ZR12A港", 1, "FH460", "", 3), 1.0)
    cv2.imwrite(str(tmp_path / "1.jpg"), shown.image)
    rows = "file,plate,region\n1.jpg,LT3487,HK\n1.jpg,XX99,HK\n"
    (tmp_path / "labels.csv").write_text(rows, encoding="utf-8")
    (one,) = photographs.corrected(tmp_path, reader)
    assert one.text == "LT3487"
    assert one.picture.shape == (64, 160)
    (tmp_path / "labels.csv").write_text("file,plate,region\nnone.jpg,LT3487,HK\n", encoding="utf-8")
    with pytest.raises(FileNotFoundError):
        photographs.corrected(tmp_path, reader)
