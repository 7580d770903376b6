"""The state line says what matters first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.headline import Attention, headline
from console.ports import LaneView, LinkView, VisitView
from domain.crossing import Direction
from lane_agent.model import Doubt, Fault, Link, ManualReason, Outcome

IDLE = LaneView(1, 0, "L1", "Shenzhen Bay", Direction.INBOUND, simulated=False, open=True, row=2, row_name="2 waiting")
VISIT = VisitView(7, 0)


def test_an_idle_lane_waits_for_a_vehicle() -> None:
    """Nothing is wrong and nobody is there."""
    line = headline(IDLE)
    assert (line.says, line.level, line.mode, line.todo) == ("Waiting for a vehicle", Attention.CALM, "Automatic", "")


def test_manual_mode_tells_for_how_long_there_was_no_proof() -> None:
    """The officer reads the seconds; what is spoken aloud does not change with them."""
    lost = replace(IDLE, manual=(ManualReason.LINK,), link=LinkView(Link.OFFLINE, proof_age_ms=7_400))
    later = replace(lost, link=LinkView(Link.OFFLINE, proof_age_ms=8_400))
    assert headline(lost).says == "MANUAL: core not answering: records may be old; no answer for 7 s"
    assert headline(lost).key == headline(later).key
    assert (
        headline(replace(lost, link=LinkView())).says
        == "MANUAL: core not answering: records may be old; no answer since the start"
    )


def test_manual_mode_begins_between_visits() -> None:
    """Inside a visit that began in automatic the page says that manual mode follows (design §2.8)."""
    line = headline(replace(IDLE, manual=(ManualReason.FAULT,), visit=VISIT, row=17, row_name="17 deciding"))
    assert line.mode == "Automatic"
    assert any("follows after this visit" in reason for reason in line.reasons)


@pytest.mark.parametrize(
    ("outcome", "doubt", "says", "level"),
    [
        (Outcome.RELEASED, None, "RELEASED: vehicle may drive off", Attention.DONE),
        (Outcome.EXAMINE, None, "INSPECT: to the examination compound", Attention.STOP),
        (
            Outcome.WITHDRAWN,
            Doubt.HOLD_AFTER_DONE,
            "RELEASE WITHDRAWN: A hold arrived after the release",
            Attention.STOP,
        ),
        (Outcome.UNDECIDED, Doubt.OVERDUE, "OFFICER NEEDED: It has waited too long", Attention.OFFICER),
    ],
)
def test_what_the_driver_was_shown_comes_first(
    outcome: Outcome, doubt: Doubt | None, says: str, level: Attention
) -> None:
    """Before any thought of the system's, the officer reads what the driver reads."""
    line = headline(replace(IDLE, row=8, visit=replace(VISIT, outcome=outcome, doubt=doubt)))
    assert (line.says, line.level) == (says, level)


def test_a_vehicle_leaving_without_a_release_outranks_everything() -> None:
    """Row 22 stands on top of the table, and of the page."""
    line = headline(replace(IDLE, row=22, row_name="22 leaving against the signal", visit=VISIT))
    assert line.level is Attention.STOP
    assert "WITHOUT a release" in line.says


def test_a_fault_is_told_once_and_without_the_technicians_detail() -> None:
    """That is in the technician's drawer; a second fault is among the reasons."""
    line = headline(replace(IDLE, faults=((Fault.CAMERA, "no frame for 3 s"),)))
    assert line.says == "Camera gives no picture"
    assert not any("no frame" in one or "Camera" in one for one in line.reasons)
    two = headline(replace(IDLE, faults=((Fault.CAMERA, ""), (Fault.READER, "no answer"))))
    assert "Plate reader does not answer." in two.reasons


def test_a_closed_lane_says_closed() -> None:
    """Also when something is broken."""
    line = headline(replace(IDLE, open=False, row=1, faults=((Fault.CLOCK, ""),)))
    assert (line.says, line.mode, line.level) == ("Lane closed", "Closed", Attention.OFF)


def test_a_truck_that_the_queue_holds_up_is_said_to_be() -> None:
    """3 stands over its time, and the officer reads why (design §2.2)."""
    released = replace(VISIT, outcome=Outcome.RELEASED, held_up=True)
    line = headline(replace(IDLE, visit=released, row=17, row_name="17 stands"))
    assert line.level is Attention.DONE
    assert any("Held up by the queue in front" in reason for reason in line.reasons)
