"""Which buttons are on, and on what a release would be based."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.permits import NO_VEHICLE, basis, bundle_state, permits, warnings
from console.ports import Action, HelpView, LaneView, LinkView, VisitView
from console.simulated.script import HOUR_MS, codes
from domain.crossing import Direction
from lane_agent.model import (
    Contact,
    Doubt,
    Fault,
    HelpCall,
    Immigration,
    Link,
    ManualReason,
    NearMiss,
    Outcome,
    Read,
    ReadSource,
)

READ = Read("MK8271", None, 0.98, ReadSource.READER)
CLEARED = VisitView(7, 0, read=READ, immigration=Immigration.CLEARED)
VIEW = LaneView(
    1, 0, "L1", "SZB", Direction.INBOUND, simulated=False, open=True, row=17, link=LinkView(Link.FRESH), visit=CLEARED
)


def test_an_empty_lane_has_no_vehicle_to_act_on() -> None:
    """The four buttons about a vehicle are off, and say why."""
    allowed = permits(replace(VIEW, visit=None))
    assert {allowed[one] for one in (Action.RELEASE, Action.INSPECT, Action.CORRECT, Action.TAKE_OVER)} == {NO_VEHICLE}


def test_a_cleared_vehicle_can_be_released_without_warnings() -> None:
    """Nothing speaks against it."""
    assert permits(VIEW)[Action.RELEASE] == ""
    assert warnings(VIEW) == ()


@pytest.mark.parametrize(
    "visit",
    [
        replace(CLEARED, codes=codes(HOUR_MS, "MK8271", (), held=True)),
        replace(CLEARED, codes=codes(HOUR_MS, "MK8271", ("release", "inspect"))),
        replace(CLEARED, codes=codes(HOUR_MS, "MK8271", ("Release",))),
        replace(CLEARED, immigration=Immigration.REFERRED),
        replace(CLEARED, outcome=Outcome.EXAMINE),
        replace(CLEARED, outcome=Outcome.RELEASED),
    ],
    ids=["hold", "inspect code", "unknown code", "referred", "sent to compound", "already released"],
)
def test_a_known_stop_turns_the_release_off_but_never_the_inspection(visit: VisitView) -> None:
    """Stops bind officers too; stopping is always possible (design §2.4)."""
    allowed = permits(replace(VIEW, visit=visit))
    assert allowed[Action.RELEASE]
    assert visit.outcome is Outcome.EXAMINE or allowed[Action.INSPECT] == ""
    assert allowed[Action.TAKE_OVER] == ""


@pytest.mark.parametrize("fault", [Fault.STORE, Fault.SCREEN])
def test_a_lane_that_cannot_record_or_show_releases_nobody(fault: Fault) -> None:
    """Officers clear by hand (design §2.8)."""
    assert "clear by hand" in permits(replace(VIEW, faults=((fault, ""),)))[Action.RELEASE]


def test_the_lanes_own_refusal_is_told_in_its_words() -> None:
    """The page knows less than the lane."""
    view = replace(VIEW, refuses=((Action.RELEASE, "Immigration has not cleared this visit, or it is leaving"),))
    assert permits(view)[Action.RELEASE] == "Immigration has not cleared this visit, or it is leaving."


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"visit": replace(CLEARED, near=(NearMiss("MK8277", held=True, bundled=False),))}, "MK8277 is HELD"),
        ({"visit": replace(CLEARED, immigration=Immigration.RUNNING)}, "Immigration has not cleared"),
        ({"link": LinkView(Link.STALE)}, "not proven fresh"),
        ({"visit": replace(CLEARED, read=None)}, "No plate"),
        ({"visit": replace(CLEARED, doubt=Doubt.OVERDUE)}, "waited too long"),
    ],
)
def test_what_speaks_against_a_release_is_a_warning_and_changes_its_basis(change: dict[str, object], word: str) -> None:
    """An officer who decided before it was known has to look again."""
    changed = replace(VIEW, **change)
    assert any(word in warning for warning in warnings(changed))
    assert basis(changed) != basis(VIEW)


def test_seconds_passing_do_not_change_the_basis() -> None:
    """A dialog left open for a moment is still good."""
    assert basis(replace(VIEW, at_ms=9_000, sequence=12)) == basis(VIEW)


def test_a_loop_is_bypassed_in_manual_mode_only_and_vehicles_announced_over_it() -> None:
    """Design §2.9."""
    assert permits(VIEW)[Action.BYPASS]
    manual = replace(VIEW, manual=(ManualReason.ORDER,), bypassed=(Contact.STOP_LOOP,), visit=None)
    allowed = permits(manual)
    assert (allowed[Action.BYPASS], allowed[Action.RESTORE], allowed[Action.ANNOUNCE]) == ("", "", "")
    assert permits(replace(manual, visit=CLEARED))[Action.ANNOUNCE]


def test_help_is_answered_while_it_rings_and_ended_while_it_lasts() -> None:
    """Each button at its time."""
    ringing = permits(replace(VIEW, help=HelpView(HelpCall.RINGING, 0)))
    answered = permits(replace(VIEW, help=HelpView(HelpCall.ANSWERED, 0, "chan")))
    assert (ringing[Action.ANSWER], ringing[Action.END_CALL], answered[Action.END_CALL]) == ("", "", "")
    assert answered[Action.ANSWER]
    assert permits(VIEW)[Action.END_CALL]


def test_a_bundle_says_why_it_does_not_count() -> None:
    """In the order that an officer would ask."""
    bundle = codes(10 * HOUR_MS, "MK8271", ("release",)).bundles[0]
    inbound, now = Direction.INBOUND, 10 * HOUR_MS
    assert bundle_state(bundle, now, inbound) == ""
    assert bundle_state(bundle, bundle.earliest_ms - 1, inbound) == "early"
    assert bundle_state(bundle, bundle.valid_until_ms, inbound) == "expired"
    assert bundle_state(bundle, now, Direction.OUTBOUND) == "other direction"
    assert bundle_state(replace(bundle, used_by="L1/j/3"), now, inbound) == "used"
    assert bundle_state(replace(bundle, withdrawn=True), now, inbound) == "withdrawn"
    assert bundle_state(bundle, None, inbound) == ""
