"""What the plate networks learn from, and the plot of their logs (no torch needed)."""

from __future__ import annotations

import json
import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.anpr.alphabet import CLASS, COLUMNS, CROP
from devices.anpr.contrast import levelled
from devices.anpr.grammar import fitting, grammar_of
from devices.anpr.plate_read import Background, Region
from simulation.drawn.plates import PlateKind, draw
from tools.training import photographs
from tools.training.crops import GreyPlate, sample
from tools.training.faces import Atlas, TypeCase, chinese_atlases, stroke_atlas
from tools.training.plot import curves, plot
from tools.training.texts import mainland, mark

GROUND = {
    PlateKind.HK_FRONT: Background.WHITE,
    PlateKind.HK_REAR: Background.YELLOW,
    PlateKind.CROSS_BORDER: Background.BLACK,
    PlateKind.CN_BLUE: Background.BLUE,
    PlateKind.CN_YELLOW: Background.YELLOW,
    PlateKind.CN_GREEN: Background.GREEN,
    PlateKind.MACAU: Background.BLACK,
}


@pytest.fixture(scope="module")
def cut() -> TypeCase:
    """A small case of our own strokes."""
    rng = random.Random(3)
    return TypeCase(tuple(stroke_atlas(rng) for _ in range(4)), (), tuple(chinese_atlases()))


def folder_of(path: Path, plates: list[str]) -> Path:
    """A folder of photographed plates, as `--mainland` takes it."""
    lines = ["file,plate"]
    for number, text in enumerate(plates):
        cv2.imencode(".jpg", draw(text, PlateKind.CN_BLUE, height=24))[1].tofile(path / f"{number}.jpg")
        lines.append(f"{number}.jpg,{text}")
    (path / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_every_drawn_mark_fits_the_grammar_of_its_ground() -> None:
    """A mark that the reader could never say would teach nothing."""
    rng = random.Random(1)
    for _ in range(3000):
        text, kind, _ = mark(rng)
        text = text.replace(" ", "")  # blanks are set and not read
        assert set(text) <= CLASS.keys()
        assert fitting(text, grammar_of(GROUND[kind])) is not None, (text, kind)


def test_all_provinces_are_drawn_and_read_as_mainland() -> None:
    """Issue: any province can stand under a Hong Kong mark."""
    rng = random.Random(2)
    seen = {mainland(rng, 5)[0] for _ in range(3000)}
    assert len(seen) == 31
    form = fitting("皖A72G21", grammar_of(Background.BLUE))
    assert form is not None
    assert form.region is Region.MAINLAND


def test_no_hong_kong_form_has_a_q() -> None:
    """Q is on Mainland plates only; a Hong Kong 0 must not become one."""
    found = fitting("AQ1234", grammar_of(Background.WHITE))
    assert found is None


def test_levels_do_not_depend_on_polarity_or_exposure() -> None:
    """White on black, pale or dim: the recogniser gets the same."""
    plate = cv2.resize(cv2.cvtColor(draw("GE1998"), cv2.COLOR_BGR2GRAY), CROP)
    plain = levelled(np.asarray(plate, np.uint8))
    dark = levelled(np.asarray(255 - plate, np.uint8))
    pale = levelled(np.asarray(120 + plate // 3, np.uint8))
    assert np.abs(plain - dark).max() < 0.05
    assert np.abs(plain - pale).mean() < 0.12
    assert plain.min() < -1  # the ink
    assert 0 < np.median(plain) < 1  # the ground


def test_an_empty_crop_stays_empty() -> None:
    """Noise of two levels is not blown up to look like writing."""
    noise = np.random.default_rng(1).integers(127, 130, (64, 160)).astype(np.uint8)
    assert np.abs(levelled(noise)).max() < 1


def test_samples_are_the_same_for_the_same_seed(cut: TypeCase) -> None:
    """A run can be told by its seed."""

    def drawn() -> list[bytes]:
        rng, noise, neighbour = random.Random(5), np.random.default_rng(5), None
        made = []
        for _ in range(12):
            picture, wanted, plate = sample(rng, noise, cut, neighbour)
            neighbour = plate or neighbour
            assert picture.shape == (64, 160)
            assert wanted.shape == (3, COLUMNS)
            made.append(picture.tobytes() + wanted.tobytes())
        return made

    assert drawn() == drawn()


def test_every_character_is_marked_in_the_target(cut: TypeCase) -> None:
    """The columns say the whole text, in order, on the rows where it stands."""
    rng, noise = random.Random(6), np.random.default_rng(6)
    plates: list[tuple[np.ndarray, GreyPlate]] = []
    while len(plates) < 30:
        _, wanted, plate = sample(rng, noise, cut)
        if plate is not None and len(plate.text) < 7:
            plates.append((wanted, plate))
    whole = 0
    for wanted, plate in plates:
        said = [int(k) for row in wanted for k in row if k > 0]
        whole += set(said) == {CLASS[char] for char in plate.text}
    assert whole >= 27  # one pushed over the edge of the crop may lose a character


def test_only_even_rows_of_photographs_are_learnt_from(tmp_path: Path) -> None:
    """The odd half is kept for measuring."""
    known = photographs.load(folder_of(tmp_path, ["京A12345", "沪B23456", "粤C34567", "皖D45678"]))
    assert [one.text for one in known] == ["京A12345", "粤C34567"]
    picture, wanted, text = photographs.sample(random.Random(1), np.random.default_rng(1), known)
    assert picture.shape == (64, 160)
    assert (wanted == -1).all()
    assert text in {"京A12345", "粤C34567"}


def test_a_damaged_photograph_is_named(tmp_path: Path) -> None:
    """A training that begins must not stop in the middle of the night."""
    folder = folder_of(tmp_path, ["京A12345"])
    (folder / "0.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"0\.jpg: not a picture"):
        photographs.load(folder)


def test_the_log_becomes_a_picture(tmp_path: Path) -> None:
    """Loss and the share read right, over the samples seen."""
    lines = [
        {"at": 1, "seen": 0, "event": "begun"},
        {"at": 9, "seen": 64000, "loss": 0.5, "drawn_right": 0.6},
        {"at": 20, "seen": 128000, "loss": 0.3, "drawn_right": 0.8},
    ]
    (tmp_path / "recogniser.log").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert [curve.name for curve in curves(tmp_path / "recogniser.log")] == ["loss", "drawn_right"]
    drawn = plot(tmp_path).read_text(encoding="utf-8")
    assert "128,000 samples" in drawn
    assert drawn.count("<polyline") == 2


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    """Not an empty picture."""
    with pytest.raises(FileNotFoundError, match="no log with figures"):
        plot(tmp_path)


def test_an_atlas_has_every_character(cut: TypeCase) -> None:
    """Latin from strokes, Chinese from the system font."""
    atlas: Atlas = cut.pick(random.Random(1))
    assert set(atlas.glyphs) == CLASS.keys()
