"""Which plates hang on one vehicle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from devices.anpr.pairing import companion, foremost, is_mainland, scale, together, vehicles
from devices.anpr.plate_read import PlateRead, Region
from devices.anpr.selection import mainland_of, mark_of, second_marks

WIDE_M = {Region.CROSS_BORDER: 0.44, Region.MAINLAND: 0.44, Region.HONG_KONG: 0.52}

TALL_M = {Region.CROSS_BORDER: 0.14, Region.MAINLAND: 0.14, Region.HONG_KONG: 0.115}


def hung(text: str, x: float, y: float, *, metre: float = 200, rows: int = 1, turn: float = 0.0) -> PlateRead:
    """A plate with its middle `x` and `y` metres from the picture's origin, where a metre has so many pixels."""
    region = Region.CROSS_BORDER if text.startswith("粤") else Region.HONG_KONG
    tall = 0.21 if rows == 2 else TALL_M[region]
    wide = 0.33 if rows == 2 else WIDE_M[region]
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
    """The three kinds have heights of their own."""
    plates = (HK, hung("LT3482", 3, 2, rows=2), hung("粤ZR12A港", 3, 2))
    assert [scale(plate) for plate in plates] == pytest.approx([200, 200, 200], rel=1e-3)


def test_outside_the_lane_nothing_counts() -> None:
    """Neither as the mark nor as a second one; and the reason says where it was."""
    beside = PlateRead("GC507", Region.HONG_KONG, 1, HK.corners + 300, 0.99, (("G", 0.99),), inside=False)
    assert mark_of((beside, HK)) == ("LT3482", None)
    assert second_marks((beside, HK), nearness=0.1, sure=0.5) == ()
    assert mark_of((beside,)) == (None, "no whole plate in the lane's part of the picture")


def test_half_hidden_it_is_still_a_mainland_plate() -> None:
    """Its Chinese character says so; a badge or a Hong Kong mark has none."""
    part = replace(hung("R709", 3, 2), text="R709港", region=Region.UNKNOWN, rows=1)
    assert is_mainland(part)
    assert not is_mainland(replace(part, text="R709"))
    assert not is_mainland(replace(part, confidence=0.2))


def test_the_mark_of_the_vehicle_behind_is_not_that_of_the_one_in_front() -> None:
    """The one in front has lost its Hong Kong plate; the one behind shows its own, half hidden Mainland plate below."""
    ahead, behind = hung("粤ZK926澳", 3, 2), hung("DX5247", 4.2, 1.8, metre=170, rows=2)
    below = replace(hung("粤ZR709港", 4.22, 2.0, metre=170), text="R709港", region=Region.UNKNOWN)
    assert companion(behind, (ahead, below), (behind,)) is below
    assert foremost([behind], (ahead, behind, below)) is None
    assert foremost([behind], (behind, below)) is behind
    assert mark_of((ahead, behind)) == (None, "the vehicle in front shows no mark: DX5247 is not on it")


def test_a_badge_far_above_the_mainland_plate_is_not_its_mark() -> None:
    """A model name on the cab reads like a mark, and hangs where no plate does."""
    badge = replace(hung("FH460", 3, 1), score=0.9)
    assert foremost([badge], (badge, hung("粤ZZ599港", 3, 2))) is None


def test_a_plate_that_is_further_back_takes_nothing_from_the_mark_in_front() -> None:
    """Half as large: the vehicle behind."""
    assert foremost([HK], (HK, hung("粤ZR12A港", 7.4, 4.6, metre=90))) is HK
    assert foremost([], (HK,)) is None


def test_the_nearest_vehicle_is_the_one_of_the_largest_scale_not_of_the_largest_plate() -> None:
    """A narrow two-row plate in front, a wide one a vehicle's length behind."""
    narrow = hung("HH21", 3, 2, metre=230, rows=2)
    middle = narrow.corners.mean(0)
    narrow = replace(narrow, corners=np.asarray((narrow.corners - middle) * [0.4, 1] + middle, np.float32))
    wide, below = hung("RX7801", 5.2, 1.9, metre=180, rows=2), hung("粤SZ2577", 3, 2.2, metre=230)
    assert wide.area > narrow.area
    assert foremost([wide, narrow], (wide, narrow, below)) is narrow
    assert mainland_of((wide, narrow, below)) == "粤SZ2577"
