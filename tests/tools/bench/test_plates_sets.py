"""The drawn sets: what is on the pictures is what the labels say, and the same picture comes again."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from domain.containers import container_number
from domain.lettering import lettering
from domain.marks import normalise
from simulation.drawn.plates import PlateKind
from tools.bench.cli import app
from tools.bench.plates.labels import pictures
from tools.bench.plates_sets.catalogue import NEGATIVES, SETS, WORDS, picture, write
from tools.bench.plates_sets.lettering import PAINTS, code
from tools.bench.plates_sets.scene import SIZE
from tools.bench.plates_sets.vehicles import WISHES, Hung
from tools.bench.plates_sets.words import text


def height(one: Hung) -> float:
    """Of a plate in the picture, pixels."""
    return float(np.linalg.norm(one.corners[3] - one.corners[0]) + np.linalg.norm(one.corners[2] - one.corners[1])) / 2


@pytest.mark.parametrize("name", list(WISHES))
def test_a_set_shows_its_plates_whole_and_as_it_says(name: str) -> None:
    """The first picture: the plate is inside, is what the set is about, and comes again alike."""
    shown, again = picture(name, 0), picture(name, 0)
    assert np.array_equal(shown.picture, again.picture)
    first = shown.plates[0]
    assert first.corners.min() > 0
    assert (first.corners.max(0) < SIZE).all()
    assert 1 <= len(first.text) <= 8
    assert first.kind is (PlateKind.HK_REAR if name == "yellow" else PlateKind.HK_FRONT)
    if name in {"touching", "small"}:
        assert first.rows == 2
    if name == "small":
        assert 36 < height(first) < 66
    if name == "aside":
        x, y = np.ptp(first.corners, 0)
        assert x < 0.9 * (WISHES[name](random.Random(1)).tall * 8 + y)  # narrower than any plate from the front


def test_negatives_bear_no_plate_and_are_written_as_unreadable(tmp_path: Path) -> None:
    """Two of them: pictures, and rows that the bench takes for no plate."""
    place = write(NEGATIVES, tmp_path, 2)
    with (place / "labels.csv").open(encoding="utf-8") as lines:
        assert [row["region"] for row in csv.DictReader(lines)] == ["unreadable"] * 2
    shown = pictures(place)
    assert [one.labels for one in shown] == [(), ()]
    assert all(cv2.imread(str(one.file)).shape == (SIZE[1], SIZE[0], 3) for one in shown)


def test_a_set_that_is_there_is_not_drawn_again(tmp_path: Path) -> None:
    """Its labels are the bench's own kinds, and its files stay."""
    place = write("yellow", tmp_path, 1)
    (one,) = pictures(place)
    assert one.labels[0].kind.hong_kong
    before = one.file.stat().st_mtime_ns
    write("yellow", tmp_path, 1)
    assert one.file.stat().st_mtime_ns == before
    (other,) = pictures(write("yellow", tmp_path, 1, seed=5))
    assert other.file.name == "yellow-5-0000.jpg"


def test_words_are_as_long_as_marks_and_in_no_rule() -> None:
    """What is drawn has the form of a mark, and the reader's rules do not know it; some hang above a Mainland plate."""
    rng = random.Random(3)
    drawn = [text(rng) for _ in range(300)]
    assert all(len(normalise(one)) <= 8 for one in drawn)
    assert sum(bool(lettering(one)) for one in drawn) < 0.06 * len(drawn)
    hung = [one.kind for number in range(12) for one in picture(WORDS, number).plates]
    assert 0 < len(hung) < 12
    assert PlateKind.HK_FRONT not in hung


def test_what_is_written_on_containers_is_a_container_number() -> None:
    """With the right check digit; and every kind of lettering gives lines of text."""
    rng = random.Random(4)
    assert all(container_number("".join(code(rng))) for _ in range(50))
    assert all(all(write_it(rng)) for write_it in PAINTS for _ in range(20))


def test_the_bench_measures_sets_by_name(tmp_path: Path) -> None:
    """By set: what would be given on negatives, and time and memory; a set that is none is refused."""
    file = tmp_path / "figures.json"
    asked = ["plates", "--set", f"yellow,{NEGATIVES}", "--number", "1", "--only", "ours", "--json", str(file)]
    ended = CliRunner().invoke(app, asked)
    assert ended.exit_code == 0, ended.output
    said = json.loads(file.read_text(encoding="utf-8"))["sets"]
    assert set(said) == {"yellow", NEGATIVES}
    none = said[NEGATIVES]["contenders"]["ours"]
    assert none["acting"][none["release"]]["unlabelled"]["of"] == 1
    assert none["ms"] > 0
    assert none["peak_mb"] > 50
    wrong = CliRunner().invoke(app, ["plates", "--set", "purple"])
    assert wrong.exit_code == 2
    assert len(SETS) == len(WISHES) + 2
