"""Which plates hang on one vehicle."""

from __future__ import annotations

import numpy as np
import pytest

from devices.anpr.choice import mainland_of, mark_of, second_marks
from devices.anpr.reads import PlateRead, Region
from devices.anpr.vehicles import companion, scale, together, vehicles

WIDE_M = {Region.CROSS_BORDER: 0.44, Region.MAINLAND: 0.44, Region.HONG_KONG: 0.52}


def hung(text: str, x: float, y: float, *, metre: float = 200, rows: int = 1, turn: float = 0.0) -> PlateRead:
    """A plate with its middle `x` and `y` metres from the picture's origin, where a metre has so many pixels."""
    region = Region.CROSS_BORDER if text.startswith("粤") else Region.HONG_KONG
    wide, tall = (0.33, 0.2) if rows == 2 else (WIDE_M[region], 0.13)
    box = np.array([[-wide, -tall], [wide, -tall], [wide, tall], [-wide, tall]]) / 2 + [x, y]
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = np.asarray(box @ spin.T * metre, np.float32)
    return PlateRead(text, region, rows, corners, 0.98, tuple((char, 0.98) for char in text))


HK = hung("LT3482", 3, 2)


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("turn", [0.0, 0.15])
@pytest.mark.parametrize(("x", "y"), [(3, 2.17), (3.02, 1.83), (3.7, 2.0), (2.4, 2.3)])
def test_above_below_and_side_by_side_is_one_vehicle(rows: int, turn: float, x: float, y: float) -> None:
    """However the camera is tilted, and whether the Hong Kong plate has one row or two."""
    first, other = hung("LT3482", 3, 2, rows=rows, turn=turn), hung("粤ZR12A港", x, y, turn=turn)
    assert together(first, other)
    assert companion(first, (first, other)) is other


@pytest.mark.parametrize(
    "other",
    [
        hung("粤ZR12A港", 5.9, 2),  # the next lane: as near, a lane's width aside
        hung("粤ZR12A港", 7.4, 4.6, metre=90),  # the one behind: half as large
        hung("粤ZR12A港", 3, 3.2),  # straight above, but a metre and more: painted on a box, or a second cab
    ],
)
def test_further_back_or_in_the_next_lane_is_another_vehicle(other: PlateRead) -> None:
    """Its Mainland plate is no witness for ours."""
    assert not together(HK, other)
    assert companion(HK, (HK, other)) is None
    assert mainland_of((HK, other)) is None
    assert [(v.hong_kong, v.mainland) for v in vehicles([HK], (HK, other))] == [(HK, None), (None, other)]


def test_between_two_marks_a_mainland_plate_belongs_to_the_nearer_one() -> None:
    """Two cars side by side, close enough that it could be either's."""
    left, right, below = hung("LT3482", 3, 2), hung("GC507", 4.4, 2), hung("粤ZR12A港", 4.35, 2.16)
    assert companion(left, (below,), (left, right)) is None
    assert companion(right, (below,), (left, right)) is below
    assert [v.mainland for v in vehicles([left, right], (left, right, below))] == [None, below]


def test_scale_is_pixels_a_metre_whatever_the_plate() -> None:
    """The three kinds have widths of their own."""
    plates = (HK, hung("LT3482", 3, 2, rows=2), hung("粤ZR12A港", 3, 2))
    assert [scale(plate) for plate in plates] == pytest.approx([200, 200, 200], rel=1e-3)


def test_outside_the_lane_nothing_counts() -> None:
    """Neither as the mark nor as a second one; and the reason says where it was."""
    beside = PlateRead("GC507", Region.HONG_KONG, 1, HK.corners + 300, 0.99, (("G", 0.99),), inside=False)
    assert mark_of((beside, HK)) == ("LT3482", None)
    assert second_marks((beside, HK), nearness=0.1, sure=0.5) == ()
    assert mark_of((beside,)) == (None, "no plate in the lane's part of the picture")
