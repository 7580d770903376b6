"""The drawn world: plates that say what they should, trucks that look the same each time, corners that are true."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from simulation.drawn.cabs import art
from simulation.drawn.glyphs import ChineseFontMissingError, chinese, from_font
from simulation.drawn.plates import STANDARD, PlateKind, draw, groups, sheet
from simulation.drawn.trucks import CameraView, DrawnTruck

TRUCK = DrawnTruck("LT3482", "粤ZR12A港", rows=2, badge="C250", lettering="HKLTD", seed=3)


def test_the_same_truck_in_the_same_frame_is_the_same_picture() -> None:
    """Everything is decided by seeds: a demonstration can be run again."""
    one, other = (CameraView(seed=5).picture(TRUCK, 0.7, frame=9) for _ in range(2))
    assert (one.image == other.image).all()


def test_the_next_frame_differs_as_a_sensors_would() -> None:
    """Noise and sway; otherwise the camera would look frozen."""
    view = CameraView()
    assert (view.picture(frame=1).image != view.picture(frame=2).image).mean() > 0.5


@pytest.mark.parametrize("nearness", [0.1, 0.5, 1.0])
def test_the_corners_are_where_the_plates_are(nearness: float) -> None:
    """Straightened by its corners, each plate looks like the flat one."""
    shown = CameraView(noise=0, seed=2).picture(TRUCK, nearness)
    assert [plate.text for plate in shown.plates] == [TRUCK.vrn, TRUCK.mainland]
    flat = art(TRUCK)
    for plate, drawn in zip(shown.plates, flat.plates, strict=True):
        one, other = (_straight(*pair) for pair in ((shown.image, plate.corners), (flat.image, drawn.corners)))
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.75


def _straight(image: np.ndarray, corners: np.ndarray) -> np.ndarray:
    target = np.array([[0, 0], [60, 0], [60, 30], [0, 30]], np.float32)
    return cv2.cvtColor(cv2.warpPerspective(image, cv2.getPerspectiveTransform(corners, target), (60, 30)), 6)


def test_a_truck_grows_as_it_approaches_and_then_stands() -> None:
    """Frames of an approach, then of standing at the stop line."""
    pictures = list(CameraView().approach(TRUCK, 4, standing=2))
    widths = [float(np.ptp(picture.plates[0].corners[:, 0])) for picture in pictures]
    assert widths[:4] == sorted(widths[:4])
    assert widths[5] == pytest.approx(widths[3], rel=0.02)


def test_a_second_truck_shows_the_plates_the_first_does_not_hide() -> None:
    """Both marks are in the picture when the second one stands beside."""
    marks = {p.text for p in CameraView().picture(TRUCK, 1.0, second=DrawnTruck("GC507", seed=8)).plates}
    assert marks == {"LT3482", "粤ZR12A港", "GC507"}


def test_a_truck_without_plates_and_an_empty_lane_have_none() -> None:
    """Nothing to read is a case of its own."""
    assert CameraView().picture(DrawnTruck("")).plates == ()
    assert CameraView().picture().plates == ()


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("LT3482", PlateKind.HK_FRONT, ("LT", "3482")),
        ("MYPR1NCE", PlateKind.HK_FRONT, ("MYPR", "1NCE")),
        ("88", PlateKind.HK_REAR, ("88",)),
        ("粤ZR12A港", PlateKind.CROSS_BORDER, ("粤Z", "R12A港")),
        ("MX1234", PlateKind.MACAU, ("MX", "12", "34")),
    ],
)
def test_a_mark_is_grouped_as_on_the_road(text: str, kind: PlateKind, parts: tuple[str, ...]) -> None:
    """Letters apart from digits, 粤Z apart from the rest."""
    assert groups(text, kind) == parts


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("text", ["LT3482", "MYPR1NCE", "88"])
def test_every_character_knows_its_place(text: str, rows: int) -> None:
    """In reading order, inside the plate, with ink in its box; a two-row plate is higher than wide rows are long."""
    flat = sheet(text, PlateKind.HK_FRONT, rows, 40, STANDARD[PlateKind.HK_FRONT])
    assert "".join(spot.char for spot in flat.spots) == text
    assert flat.rows == rows
    for spot in flat.spots:
        assert flat.mask[int(spot.y0) : int(spot.y1), int(spot.x0) : int(spot.x1)].max() == 255


def test_plates_have_the_colours_of_their_kind() -> None:
    """Black on white in front, black on yellow behind, white on black below."""
    white, yellow, black = (
        draw("LT3482", kind)[3, 20] for kind in (PlateKind.HK_FRONT, PlateKind.HK_REAR, PlateKind.MACAU)
    )
    assert white.min() > 200
    assert yellow[2] > 200
    assert yellow[0] < 100
    assert black.max() > 200  # its white frame line


def test_a_missing_chinese_font_says_what_to_install(tmp_path: Path) -> None:
    """The package is named."""
    with pytest.raises(ChineseFontMissingError, match="apt-get install fonts-noto-cjk"):
        chinese("粤", 20, tmp_path / "none.ttc")
    with pytest.raises(OSError, match="none"):
        from_font("A", tmp_path / "none.ttf")
