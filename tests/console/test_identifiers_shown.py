"""What the page says of second identifiers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.ports import LaneView, VisitView
from console.present import present
from domain.crossing import Direction
from lane_agent.model import Codes, Link, Read, ReadSource

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


@pytest.mark.parametrize(
    ("recorded", "line"),
    [("粤Z1111港", "■ Mainland plate on record: 粤Z1111港"), ("粤ZH740港", ""), ("", "")],
    ids=["differs", "agrees", "none"],
)
def test_told_to_compare_the_mainland_plate_an_officer_sees_the_one_on_record(recorded: str, line: str) -> None:
    """The one that was read is above; nothing is said where both agree or the record names none."""
    codes = Codes("AB1234", Link.FRESH, 0, 0, "epoch", 4, "", approved=True, approved_mainland=recorded)
    assert shown(replace(VISIT, read=replace(READ, mainland="粤ZH740港"), codes=codes)) == line


def test_before_the_read_nothing_is_compared() -> None:
    """The mark alone."""
    assert shown(replace(VISIT, read=None, identifiers=(("rfid", "AB1234"),))) == "Label AB1234"


def test_a_required_identifier_is_awaited() -> None:
    """The officer sees what the lane waits for."""
    assert shown(replace(VISIT, identifier_wanted=True)) == "Second identifier awaited"
