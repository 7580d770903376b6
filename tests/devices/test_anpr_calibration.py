"""What a stated confidence is worth: rising, bound to its recogniser, and absent without harm."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fit import knots
from devices.anpr.calibration import AS_STATED, NAME, Calibration, load
from devices.anpr.errors import WeightsDamagedError, WeightsVersionError
from devices.anpr.weights import SHIPPED, origin

LINE = Calibration("hash", 1, 100, ((0.2, 0.1), (0.9, 0.8), (0.99, 0.97), (0.9999, 0.999)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Models with nothing beside them."""
    shutil.copy(SHIPPED / "weights.json", tmp_path)
    return tmp_path


def test_without_points_confidence_stands_as_stated(folder: Path) -> None:
    """A folder of other weights needs no calibration to be used."""
    assert load(folder) is AS_STATED
    assert AS_STATED.of(0.834) == 0.834


def test_at_its_points_it_says_what_was_measured_and_between_them_lies_between() -> None:
    """Beyond the ends nothing is surer, or less sure, than what was measured."""
    assert [LINE.of(stated) for stated, _ in LINE.knots] == pytest.approx([right for _, right in LINE.knots], abs=1e-4)
    assert 0.8 < LINE.of(0.95) < 0.97
    assert LINE.of(0.0) == 0.1
    assert LINE.of(1.0) == 0.999


@given(st.floats(0, 1), st.floats(0, 1))
def test_it_rises(one: float, other: float) -> None:
    """A threshold lets the same reads through, in the same order."""
    low, high = sorted((one, other))
    assert LINE.of(low) <= LINE.of(high)


def test_it_is_bound_to_its_recogniser(folder: Path) -> None:
    """Another recogniser boasts in another way."""
    mine = origin(folder).models["recogniser"].sha256
    file = folder / NAME
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(LINE, recogniser=mine)))
    assert load(folder).knots == LINE.knots
    file.write_bytes(msgspec.json.encode(LINE))
    with pytest.raises(WeightsVersionError, match="another recogniser"):
        load(folder)


@pytest.mark.parametrize("knots", [[[0.9, 0.8], [0.5, 0.9]], [[0.5, 0.9], [0.9, 0.8]], "none"])
def test_a_damaged_file_is_refused(folder: Path, knots: object) -> None:
    """With what to do about it."""
    (folder / NAME).write_text(json.dumps({"recogniser": "x", "knots": knots}))
    with pytest.raises(WeightsDamagedError, match="remove it, or fit it anew"):
        load(folder)


def test_what_is_fitted_says_what_was_right() -> None:
    """A recogniser that is a third as sure of its errors as it should be is seen through."""
    rng = np.random.default_rng(1)
    stated = 1 - 10 ** -rng.uniform(0.05, 3.5, 60_000)
    right = rng.uniform(size=60_000) > np.minimum(1, 3 * (1 - stated))
    line = Calibration(knots=knots(stated, right))
    for confidence in (0.9, 0.97, 0.99, 0.997):
        assert 1 - line.of(confidence) == pytest.approx(3 * (1 - confidence), rel=0.35)
    assert all(list(axis) == sorted(axis) for axis in zip(*line.knots, strict=True))


def test_a_few_doubtful_characters_do_not_drag_the_sure_ones_down() -> None:
    """Bins with hardly anything in them are joined where little is."""
    stated = np.concatenate([np.full(40, 0.3), np.full(40, 0.9965), np.full(9000, 0.9999)])
    right = np.concatenate([np.zeros(80, bool), np.ones(9000, bool)])
    line = Calibration(knots=knots(stated, right))
    assert line.of(0.9999) > 0.999
