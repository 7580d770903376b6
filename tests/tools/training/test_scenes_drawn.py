"""The scenes that the detector learns from: true corners, stacked pairs, decoys without a plate, photographs found."""

from __future__ import annotations

import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.training import backgrounds, scenes, weather
from tools.training.clutter import SIZE
from tools.training.easel import Easel
from tools.training.faces import TypeCase, chinese_atlases, stroke_atlas
from tools.training.fronts import car, coach, lorry, tail
from tools.training.mounting import Bill, OnVehicle, dress, rectangle, shared
from tools.training.scenes import Scene, Stock


@pytest.fixture(scope="module")
def kept() -> Stock:
    """Our own strokes, no fonts, no photographs."""
    rng = random.Random(3)
    return Stock(TypeCase(tuple(stroke_atlas(rng) for _ in range(4)), (), tuple(chinese_atlases())), ())


@pytest.fixture(scope="module")
def drawn(kept: Stock) -> list[Scene]:
    """A dozen scenes."""
    rng, noise = random.Random(8), np.random.default_rng(8)
    return [scenes.draw(rng, noise, kept) for _ in range(12)]


def test_a_scene_is_a_picture_with_plates_whose_corners_go_round_from_the_top_left(drawn: list[Scene]) -> None:
    """Inside the picture, clockwise, not turned over, at least a few pixels large."""
    assert sum(len(quads) for _, quads in drawn) > 8
    for picture, quads in drawn:
        assert picture.shape == (SIZE, SIZE, 3)
        for quad in quads:
            assert quad.min() > 0
            assert quad.max() < SIZE
            assert cv2.contourArea(quad, True) > 20  # oriented: clockwise as the picture is seen
            assert quad[0, 0] < quad[1, 0]


def test_no_plate_hides_another(drawn: list[Scene]) -> None:
    """Stacked ones touch; what a vehicle in front would hide has been taken down."""
    for _, quads in drawn:
        for place, one in enumerate(quads):
            assert all(shared(one, other) < 0.16 for other in quads[:place])


def test_scenes_without_plates_have_none(kept: Stock) -> None:
    """Vehicles, lettering, lamps: what must not be taken for a plate."""
    picture, quads = scenes.street(random.Random(1), np.random.default_rng(1), kept, plates=False)
    assert quads == []
    assert picture.std() > 1


@pytest.mark.parametrize("make", [lorry, car, coach, tail])
def test_plates_hang_on_the_vehicle_they_belong_to(make: type, kept: Stock) -> None:
    """Whatever the vehicle and however it is turned: within its outline."""
    picture = np.full((SIZE, SIZE, 3), 90, np.uint8)
    rng = random.Random(5)
    vehicle = make(rng, Easel(picture, (320, 560), 380, (0.2, 0.05, 0.2)))
    bill = Bill(rng, np.random.default_rng(5), kept.cut, picture, [])
    dress(bill, vehicle)
    assert bill.quads
    outline = OnVehicle(vehicle).corners(rectangle(0, vehicle.top / 2, 1.2, -vehicle.top * 1.2))
    assert all(cv2.pointPolygonTest(outline, tuple(map(float, quad.mean(0))), False) > 0 for quad in bill.quads)


def test_pairs_hang_one_above_the_other(kept: Stock) -> None:
    """Mostly touching, with the Mainland plate now above and now below, and hardly ever aside."""
    gaps = []
    for seed in range(30):
        picture = np.full((SIZE, SIZE, 3), 90, np.uint8)
        rng = random.Random(seed)
        bill = Bill(rng, np.random.default_rng(seed), kept.cut, picture, [])
        dress(bill, car(rng, Easel(picture, (320, 560), 500, (0, 0, 0))))
        if len(bill.quads) == 2:
            first, second = (quad.mean(0) for quad in bill.quads)
            tall = sum(float(np.linalg.norm(quad[3] - quad[0])) for quad in bill.quads) / 2
            gaps.append((abs(first[0] - second[0]) / tall, (second[1] - first[1]) / tall))
    assert len(gaps) > 8
    assert np.median([aside for aside, _ in gaps]) < 0.3
    assert {down > 0 for _, down in gaps} == {True, False}
    assert np.median([abs(down) for _, down in gaps]) < 1.3


def test_at_night_plates_outshine_the_vehicle() -> None:
    """They throw the infrared lamp's light back; all colour is gone."""
    picture = np.full((200, 200, 3), (60, 160, 220), np.uint8)
    plate = np.array([[80, 90], [120, 90], [120, 110], [80, 110]], np.float32)
    seen = weather.infrared(picture, [plate], np.random.default_rng(2), dark=0.3, glow=1.3)
    assert (seen[..., 0] == seen[..., 2]).all()
    assert seen[100, 100, 0] > 2 * int(seen[60, 60, 0])


def test_a_shining_lamp_veils_what_is_near() -> None:
    """Burnt out in the middle, brighter around it, nothing far away."""
    picture = np.full((200, 200, 3), 40, np.uint8)
    seen = weather.bloom(picture, [(60, 60, 8)], strength=1.0)
    assert seen[60, 60].min() > 220
    assert seen[60, 75].min() > 60
    assert abs(int(seen[190, 190, 0]) - 40) < 3


def test_a_stopped_drawing_goes_on_where_it_was(
    kept: Stock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shard counts only when its corners are written, after its pictures; those there are left alone."""
    monkeypatch.setattr(scenes, "SHARD", 3)
    monkeypatch.setattr(scenes, "stock", lambda _: kept)
    scenes.draw_all(tmp_path, (), count=3, seed=1)
    first = (tmp_path / "0000.npy").read_bytes()
    (tmp_path / "0001.npy").write_bytes(b"cut sho")
    scenes.draw_all(tmp_path, (), count=6, seed=1)
    assert (tmp_path / "0000.npy").read_bytes() == first
    assert np.load(tmp_path / "0001.npy", mmap_mode="r").shape == (3, SIZE, SIZE, 3)
    assert "shard 2 of 2" in capsys.readouterr().out


def test_only_the_photographs_named_are_used(tmp_path: Path) -> None:
    """The largest of each; anything else in the folder might have another licence."""
    inside = tmp_path / "wallpapers" / "Path" / "contents"
    inside.mkdir(parents=True)
    for file, level in ((inside / "100x80.jpg", 20), (inside / "200x160.jpg", 90), (tmp_path / "holiday.jpg", 200)):
        size = (160, 200) if level == 90 else (80, 100)
        cv2.imencode(".jpg", np.full((*size, 3), level, np.uint8))[1].tofile(file)
    backgrounds.photos.cache_clear()
    (photo,) = backgrounds.photos((tmp_path,))
    assert photo.shape == (160, 200, 3)
    assert backgrounds.piece(random.Random(1), photo, 64).shape == (64, 64, 3)
