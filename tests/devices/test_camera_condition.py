"""Black, blinded, out of focus, moved: told apart on drawn lanes, and never seen where there is nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from devices.camera_condition import (
    ELSEWHERE_MS,
    LASTS_MS,
    WELL_MS,
    CameraAilment,
    CameraCondition,
    CameraReference,
    small_grey,
)
from devices.dated_picture import Picture

BOX = (0.1, 0.2, 0.9, 0.95)


def lane(seed: int = 1, *, light: float = 1.0, noise: float = 4.0, of: int = 7) -> Picture:
    """An empty lane of 1280 x 720: kerbs, a booth, marks on the road; `of` draws another place."""
    draw = np.random.default_rng(of)
    picture = np.full((720, 1280, 3), 110, np.uint8)
    for _ in range(60):
        left, top = (int(one) for one in draw.integers(0, (1200, 660)))
        wide, high = (int(one) for one in draw.integers(20, 220, 2))
        grey = int(draw.integers(30, 220))
        cv2.rectangle(picture, (left, top), (left + wide, top + high), (grey, grey, grey), -1)
    far = (640 + 60 * (of - 7), 200)
    for at in range(0, 1280, 160):
        cv2.line(picture, (at, 719), far, (230, 230, 230), 3)
    noisy = picture * light + np.random.default_rng(seed).normal(0, noise, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def moved(picture: Picture, right: int, down: int) -> Picture:
    """The camera was pushed."""
    return np.roll(picture, (down, right), (0, 1))


def condition() -> CameraCondition:
    """With the empty lane as reference."""
    return CameraCondition(BOX, CameraReference.of(small_grey(lane()), BOX))


def after(
    judge: CameraCondition, picture: Picture, ms: int, *, empty: bool = True, at: int = 0
) -> CameraAilment | None:
    """What ails a camera that shows this for so long, two pictures a second."""
    found = None
    for moment in range(at, at + ms + 1, 450):
        found = judge.saw(picture, moment, empty=empty)
    return found


AILING = [
    (np.full((720, 1280, 3), 6, np.uint8), CameraAilment.BLACK),
    (cv2.addWeighted(lane(), 1.0, np.full((720, 1280, 3), 180, np.uint8), 1.0, 0), CameraAilment.BLINDED),
    (cv2.GaussianBlur(lane(), (0, 0), 14), CameraAilment.OUT_OF_FOCUS),
    (moved(lane(), 90, 0), CameraAilment.MOVED),
    (moved(lane(), -20, 60), CameraAilment.MOVED),
]


@pytest.mark.parametrize(("picture", "ailment"), AILING, ids=["black", "blinded", "blurred", "right", "up"])
def test_each_ailment_is_named_within_three_seconds(picture: Picture, ailment: CameraAilment) -> None:
    """Not at the first picture, and told apart from the others; what to do is in its words."""
    judge = condition()
    assert judge.saw(picture, 0, empty=True) is None
    assert after(judge, picture, LASTS_MS + 450, at=450) is ailment
    assert ":" in ailment.value


def test_a_camera_that_looks_elsewhere_is_told_later_than_a_vehicle_takes_to_pass() -> None:
    """A lorry that fills the picture for some seconds fits the reference nowhere, too."""
    judge, elsewhere = condition(), lane(of=99)
    assert after(judge, elsewhere, 8_000) is None
    assert after(judge, elsewhere, ELSEWHERE_MS, at=8_450) is CameraAilment.ELSEWHERE


def test_a_reference_does_not_wear_by_being_compared_with() -> None:
    """After a day's looks at a camera that looks elsewhere it is what the technician approved."""
    reference = CameraReference.of(small_grey(lane()), BOX)
    kept, judge = reference.shape.copy(), CameraCondition(BOX, reference)
    after(judge, lane(of=99), 30_000)
    assert np.array_equal(reference.shape, kept)
    assert after(judge, moved(lane(), 90, 0), 5_000, at=40_000) is CameraAilment.MOVED


@pytest.mark.parametrize("light", [0.25, 0.6, 1.0, 1.15])
def test_a_living_camera_in_any_light_is_well(light: float) -> None:
    """Noise, dusk and a brighter day are no ailment."""
    judge = condition()
    for number in range(30):
        assert judge.saw(lane(number, light=light), 450 * number, empty=True) is None


def test_a_vehicle_in_the_lane_is_not_held_against_the_reference() -> None:
    """While a visit is open only black and blinded are looked for."""
    assert after(condition(), lane(of=99), 30_000, empty=False) is None
    assert after(condition(), moved(lane(), 90, 0), 5_000, empty=False) is None
    assert after(condition(), np.zeros((720, 1280, 3), np.uint8), 5_000, empty=False) is CameraAilment.BLACK


def test_it_is_over_by_itself_and_not_at_the_first_good_picture() -> None:
    """A cover that flaps in the wind is still a cover."""
    judge = condition()
    assert after(judge, np.zeros((720, 1280, 3), np.uint8), 5_000) is CameraAilment.BLACK
    assert judge.saw(lane(), 6_000, empty=True) is CameraAilment.BLACK
    assert judge.saw(lane(), 6_000 + WELL_MS, empty=True) is None


def test_a_moved_camera_stays_moved_while_a_vehicle_stands_there() -> None:
    """Nothing is compared during a visit, so nothing has become well."""
    judge = condition()
    assert after(judge, moved(lane(), 90, 0), 5_000) is CameraAilment.MOVED
    assert after(judge, moved(lane(), 90, 0), 9_000, empty=False, at=5_450) is CameraAilment.MOVED


def test_without_a_reference_only_what_needs_none_is_found() -> None:
    """A technician who stored none is told nothing of places and focus."""
    judge = CameraCondition(BOX)
    assert after(judge, moved(lane(), 90, 0), 5_000) is None
    assert after(judge, np.zeros((720, 1280, 3), np.uint8), 5_000) is CameraAilment.BLACK
