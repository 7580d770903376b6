"""Drawn visits: planned by chance, drawn alike each time, blurred while moving, in the weather that was asked for."""

from __future__ import annotations

import random
from dataclasses import replace

import cv2
import numpy as np
import pytest

from simulation.drawn.approach import Approach, Shot
from simulation.drawn.plans import VisitPlan, any_rows, planned
from simulation.drawn.truck_front import FINE, dress, soiled
from simulation.drawn.trucks import DrawnTruck
from simulation.drawn.weather import Sky, VideoStream, Weather, smeared

TRUCK = DrawnTruck("LT3482", "粤ZR12A港", rows=2, badge="C250", seed=3)
PLAN = VisitPlan(
    seed=7,
    truck=TRUCK,
    weather=Weather.DAY,
    frames=20,
    standing_ms=1500,
    begun_ms=500,
    dirt=0.3,
    exposure_ms=25,
    quality=90,
    factor=28,
)


def shots(plan: VisitPlan) -> list[Shot]:
    """All pictures of a visit."""
    return list(Approach(plan))


def sharpness(shot: Shot) -> float:
    """Of the upper plate, whatever its size."""
    flat = np.array([[0, 0], [120, 0], [120, 60], [0, 60]], np.float32)
    warp = cv2.getPerspectiveTransform(shot.plates[0].corners, flat)
    plate = cv2.cvtColor(cv2.warpPerspective(shot.picture, warp, (120, 60)), cv2.COLOR_BGR2GRAY)
    return float(cv2.Laplacian(plate, cv2.CV_64F).var())


def test_the_same_plan_is_drawn_alike() -> None:
    """A failure can be looked at again."""
    short = replace(PLAN, frames=4, weather=Weather.RAIN, quality=0)
    for one, other in zip(shots(short), shots(short), strict=True):
        assert (one.picture == other.picture).all()
        assert (one.plates[0].corners == other.plates[0].corners).all()


def test_plans_repeat_by_seed_and_hold_what_the_lane_meets() -> None:
    """Every weather, one and two rows, company, plates missing; a visit begins before the truck stands."""
    plans = [planned(3, number) for number in range(400)]
    assert plans[17] == planned(3, 17) != planned(4, 17)
    assert {plan.weather for plan in plans} == set(Weather)
    assert {plan.truck.rows for plan in plans} == {1, 2}
    assert any(plan.second for plan in plans)
    assert any(plan.neighbour for plan in plans)
    assert any(not plan.truck.vrn for plan in plans)
    for plan in plans:
        assert 20 <= plan.frames <= 60
        assert plan.begun_ms < plan.standing_ms < plan.taken_ms(plan.frames - 1)


@pytest.mark.parametrize(("mark", "rows"), [("LT3482", {1, 2}), ("MYPR1NCE", {1, 2}), ("7", {1}), ("ABCDE12", {1})])
def test_two_rows_hold_four_characters_each(mark: str, rows: set[int]) -> None:
    """As the law has it for personalised marks."""
    rng = random.Random(1)
    assert {any_rows(rng, mark) for _ in range(40)} == rows


def test_a_truck_comes_nearer_and_then_stands() -> None:
    """It grows until its wheels stand; then only nods and shakes."""
    made = shots(PLAN)
    widths = [float(np.linalg.norm(shot.plates[0].corners[1] - shot.plates[0].corners[0])) for shot in made]
    moving = [width for width, shot in zip(widths, made, strict=True) if not shot.standing]
    assert moving == sorted(moving)
    assert moving[0] < 0.7 * moving[-1]
    standing = [shot.plates[0].corners for shot in made if shot.standing]
    assert standing
    assert all(abs(corners - standing[-1]).max() < 14 for corners in standing)


def test_what_moves_is_blurred_and_what_stands_is_not() -> None:
    """The shutter stays open while the truck comes."""
    made = shots(PLAN)
    assert sharpness(made[3]) < 0.5 * sharpness(made[-1])


def test_by_night_there_is_no_colour_and_the_plates_are_the_brightest_paint() -> None:
    """The infrared lamp; plates throw its light back."""
    shot = shots(replace(PLAN, weather=Weather.NIGHT, frames=20))[-1]
    assert np.ptp(shot.picture.astype(int), axis=2).max() < 12
    low, high = shot.plates[0].corners.min(0).astype(int), shot.plates[0].corners.max(0).astype(int)
    plate = shot.picture[low[1] : high[1], low[0] : high[0]]
    assert np.percentile(plate, 70) > 3 * shot.picture.mean()


def test_company_is_in_the_picture_and_the_truth_is_the_trucks_own() -> None:
    """A second truck beside the first changes the picture and not the plates that count."""
    alone = replace(PLAN, frames=14)
    for company in (
        replace(alone, second=DrawnTruck("GC507", seed=8), aside=0.33),
        replace(alone, neighbour=DrawnTruck("GC507", seed=8), beyond=-0.5),
    ):
        one, other = shots(alone)[-1], shots(company)[-1]
        assert {plate.text for plate in other.plates} == {"LT3482", "粤ZR12A港"}
        assert (abs(one.picture.astype(int) - other.picture) > 60).any(2).mean() > 0.01


@pytest.mark.parametrize("weather", list(Weather))
def test_each_picture_of_a_sky_has_grain_of_its_own(weather: Weather) -> None:
    """Else the camera would look frozen."""
    sky, grey = Sky(weather, 4, (320, 180)), np.full((180, 320, 3), 120, np.uint8)
    assert (sky.seen(grey.copy(), 1) != sky.seen(grey.copy(), 2)).mean() > 0.3
    assert (sky.seen(grey.copy(), 1) == sky.seen(grey.copy(), 1)).all()


def test_headlights_burn_out_by_night_only() -> None:
    """A lamp and the glow around it."""
    dark, lamps = np.full((180, 320, 3), 20, np.uint8), ((160.0, 90.0),)
    night, day = Sky(Weather.NIGHT, 4, (320, 180)), Sky(Weather.DAY, 4, (320, 180))
    assert night.seen(dark.copy(), 1, lamps)[80:100, 150:170].mean() > 60 + night.seen(dark.copy(), 1)[80:100].mean()
    assert (day.seen(dark.copy(), 1, lamps) == day.seen(dark.copy(), 1)).all()


@pytest.mark.parametrize(("across", "down"), [(0.0, 8.0), (8.0, 0.0), (6.0, 6.0)])
def test_smear_is_a_line_as_long_as_the_way(across: float, down: float) -> None:
    """A dot becomes a stroke of that length, and keeps its light."""
    dot = np.zeros((64, 64, 3), np.uint8)
    cv2.circle(dot, (32, 32), 3, (255, 255, 255), -1)
    line = smeared(dot, across, down)
    rows, columns = np.nonzero(line[..., 0] > 8)
    assert np.ptp(rows) - 6 == pytest.approx(down, abs=3)
    assert np.ptp(columns) - 6 == pytest.approx(across, abs=3)
    assert float(line.sum()) == pytest.approx(float(dot.sum()), rel=0.1)
    assert smeared(dot, 0.4, 0.4) is dot


@pytest.mark.parametrize("quality", [0, 70])
def test_a_stream_gives_back_nearly_what_went_in(quality: int) -> None:
    """H.264 and JPEG: each picture comes back at once, a little worse."""
    stream, last = VideoStream(quality=quality, size=(960, 540)), None
    for shot in shots(replace(PLAN, frames=3)):
        last = stream.through(shot.picture)
        assert last.shape == shot.picture.shape
        assert 0 < np.abs(last.astype(int) - shot.picture).mean() < 12


def test_plates_are_set_in_another_cut_for_each_visit() -> None:
    """The same mark never looks twice the same; its place is told in pixels of the finest copy."""
    one, other = (dress(TRUCK, seed) for seed in (1, 2))
    assert (one.copies[1.0] != other.copies[1.0]).any()
    for front in (one, other):
        for plate in front.plates:
            assert plate.corners.max() < 660 * FINE
            assert front.copies[0.5].shape[0] == front.copies[1.0].shape[0] // 2


def test_dirt_dims_and_does_not_cover() -> None:
    """Even the dirtiest plate that is drawn can be read by a person."""
    plate = np.zeros((110, 400, 3), np.uint8)
    plate[:, 200:] = 240
    dirty = soiled(random.Random(1), plate, 1.0)
    assert (dirty != plate).any()
    assert dirty[:, 200:].mean() - dirty[:, :200].mean() > 80
