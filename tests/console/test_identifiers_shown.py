"""What the page says of second identifiers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.ports import LaneView, VisitView
from console.present import present
from domain.crossing import Direction
from lane_agent.model import Read, ReadSource

READ = Read("AB1234", None, 0.98, ReadSource.READER)
VISIT = VisitView(7, 0, read=READ)


def shown(visit: VisitView) -> Any:
    """The line of the page."""
    view = LaneView(
        sequence=1, at_ms=0, lane="l", point="p", direction=Direction.INBOUND, simulated=False, open=True, row=8
    )
    return present(replace(view, visit=visit))["visit"]["identifiers"]


@pytest.mark.parametrize(
    ("identifiers", "line"),
    [
        ((), ""),
        ((("rfid", "AB1234"),), "✓ Label AB1234 agrees"),
        ((("rfid", "XY77"),), "■ Label XY77 DIFFERS"),
        (
            (("immigration", "AB1234"), ("rfid", "XY77")),
            "✓ Immigration's reader AB1234 agrees; ■ Label XY77 DIFFERS",
        ),
        ((("weighbridge", "AB1234"),), "✓ weighbridge AB1234 agrees"),
    ],
)
def test_who_named_the_vehicle_and_whether_it_agrees(identifiers: tuple[tuple[str, str], ...], line: str) -> None:
    """By a sign and a word, never by colour alone."""
    assert shown(replace(VISIT, identifiers=identifiers)) == line


def test_before_the_read_nothing_is_compared() -> None:
    """The mark alone."""
    assert shown(replace(VISIT, read=None, identifiers=(("rfid", "AB1234"),))) == "Label AB1234"


def test_a_required_identifier_is_awaited() -> None:
    """The officer sees what the lane waits for."""
    assert shown(replace(VISIT, identifier_wanted=True)) == "Second identifier awaited"
