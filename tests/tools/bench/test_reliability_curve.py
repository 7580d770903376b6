"""Stated confidence against what was right."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from tools.bench.curve import bins, error, svg, verdicts


@pytest.mark.parametrize(
    ("said", "true", "right"),
    [
        ("LT3482", "LT3482", "yyyyyy"),
        ("LT3462", "LT3482", "yyynyy"[:3] + "yny"),
        ("ZF495", "ZF4951", "yyyyn"),  # a lost character makes the one beside it wrong
        ("NEATPG", "1NEATPG", "nyyyyy"),
        ("LT348", "LT1348", "ynnyy"[:1] + "nnyy"),
        ("LT34882", "LT3482", None),
        ("AB", "XY", "nn"),
    ],
)
def test_each_character_is_judged_by_itself_and_by_what_is_lost_beside_it(
    said: str, true: str, right: str | None
) -> None:
    """So that a dropped 1 counts against those who should have doubted."""
    found = "".join("y" if each else "n" for each in verdicts(said, true))
    if right is None:
        assert "n" in found
    else:
        assert found == right


def test_honest_confidence_has_no_error_and_boasting_has() -> None:
    """Half of what states 0.5 is right, or nothing is."""
    stated = np.full(1000, 0.55)
    honest = np.arange(1000) < 550
    assert error(bins(stated, honest)) == pytest.approx(0)
    assert error(bins(stated, np.zeros(1000, bool))) == pytest.approx(0.55)


def test_bins_hold_everything_once() -> None:
    """Also what states exactly 1, or exactly an edge."""
    stated = np.array([0.0, 0.3, 0.95, 0.999, 1.0])
    found = bins(stated, np.ones(5, bool))
    assert sum(each.count for each in found) == 5
    assert all(each.low <= each.stated <= each.high for each in found)


def test_the_curve_is_a_well_formed_picture() -> None:
    """One line and its dots for each name; what hardly happened is left out."""
    found = bins(np.repeat([0.4, 0.97, 0.9999, 0.85], [30, 30, 30, 3]), np.repeat([False, True], [30, 63]))
    drawn = ET.fromstring(svg({"a character": found, "a read": found}, "drawn"))  # noqa: S314  we drew it
    assert drawn.tag.endswith("svg")
    assert len([part for part in drawn.iter() if part.tag.endswith("circle")]) == 6
