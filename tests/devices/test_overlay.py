"""What the officer's page shows of the reader's finds."""

from __future__ import annotations

import numpy as np

from devices.anpr.plate_read import PlateRead, Region
from devices.overlay import BESIDE, COUNTED, EDGE, overlaid
from devices.zone import Zone


def colours(picture: np.ndarray) -> set[tuple[int, ...]]:
    """Every colour in a picture."""
    return {tuple(int(part) for part in pixel) for pixel in np.unique(picture.reshape(-1, 3), axis=0)}


def plate(x: float, *, inside: bool) -> PlateRead:
    """A plate with its top left at (x, 40)."""
    corners = np.array([[x, 40], [x + 60, 40], [x + 60, 60], [x, 60]], np.float32)
    return PlateRead("LT3482", Region.HONG_KONG, 1, corners, 0.9, (("L", 0.9),), inside=inside)


def test_plates_that_count_those_beside_and_the_lanes_part_are_told_apart() -> None:
    """Three colours; the picture itself, which may become evidence, stays as it is."""
    picture = np.zeros((120, 320, 3), np.uint8)
    drawn = overlaid(picture, (plate(20, inside=True), plate(220, inside=False)), Zone((0.0, 0.0, 0.5, 0.9)))
    assert {COUNTED, BESIDE, EDGE} <= colours(drawn)
    assert not picture.any()
    assert EDGE not in colours(overlaid(picture, (), Zone())), "the whole picture needs no edge"
