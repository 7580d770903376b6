"""The second identifier: what is recorded of it, what its loss does where it is required, and what settles it."""

from __future__ import annotations

import pytest

from lane_agent.effects import Alarm, LookUp
from lane_agent.model import Doubt, Fault, ManualReason, Policy
from tools.proof.moves import play
from tools.proof.world import ScenarioWorld

REQUIRED = Policy(identifier_required=True)
LADEN = "ready records:live arrive immigration"


def _ended(script: str, policy: Policy | None = None) -> dict[str, str]:
    """The base record of the one visit of a story."""
    (record,) = play(f"{script} leave", ScenarioWorld(policy=policy or Policy())).records("VisitEnded")
    return record


def test_agreement_is_in_the_base_record() -> None:
    """Who named which mark, and that it is the one the visit was decided on."""
    record = _ended(f"{LADEN} read identifier:AB1234 cleared")
    assert record["identifiers"] == "rfid=AB1234"
    assert record["identified"] == "agrees"
    assert record["outcome"] == "released"


def test_disagreement_is_in_the_base_record() -> None:
    """Every mark that was named stays on record, also the one an officer settled against."""
    record = _ended(f"{LADEN} identifier:XY77 identifier:AB1234 read cleared")
    assert record["identifiers"] == "rfid=AB1234,rfid=XY77"
    assert record["identified"] == "differs"
    assert record["doubt"] == "plates_disagree"
    assert record["outcome"] == "undecided"


@pytest.mark.parametrize("script", [f"{LADEN} read cleared", f"{LADEN} identifier:AB1234 cleared unread"])
def test_without_a_mark_to_compare_nothing_is_said_of_agreement(script: str) -> None:
    """No identifier, or no read: neither agrees nor differs."""
    assert "identified" not in _ended(script)


def test_a_read_from_before_the_visit_is_not_of_it() -> None:
    """It is journaled as ignored, and the base record knows nothing of it."""
    record = _ended(f"{LADEN} read late-identifier:XY77 cleared")
    assert "identifiers" not in record
    assert record["outcome"] == "released"


def test_a_repeated_read_changes_nothing() -> None:
    """A reader says the same for as long as the vehicle stands."""
    world = play(f"{LADEN} read identifier:AB1234 cleared")
    before = world.lane
    play("identifier:AB1234", world)
    assert world.lane == before


def test_the_deciding_lookup_is_made_when_the_awaited_identifier_comes() -> None:
    """The codes are asked for at release, not at reading (design §2.3)."""
    world = play(f"{LADEN} read cleared wait:5", ScenarioWorld(policy=REQUIRED))
    asked = sum(isinstance(effect, LookUp) for effect in world.told)
    play("identifier:AB1234", world)
    assert sum(isinstance(effect, LookUp) for effect in world.told) > asked
    assert world.face == "DONE"


def test_the_officer_is_told_what_was_waited_for() -> None:
    """The alarm names the row, the doubt the reason."""
    world = play(f"{LADEN} read cleared wait:10", ScenarioWorld(policy=REQUIRED))
    assert world.lane.visit is not None
    assert world.lane.visit.doubt is Doubt.UNIDENTIFIED
    overdue = [one for one in world.told if isinstance(one, Alarm) and one.kind == "Overdue"]
    assert [one.detail for one in overdue] == ["8 second identifier awaited"]


def test_an_officer_releases_an_unidentified_vehicle() -> None:
    """The officer's release is the other way to 3, and its record says what the system had decided."""
    world = play(f"{LADEN} read cleared wait:10 release", ScenarioWorld(policy=REQUIRED))
    assert world.face == "DONE"
    assert world.records("ReleasedByOfficer")[0]["system"] == "unidentified"


def test_a_required_identifier_that_is_lost_makes_the_lane_manual() -> None:
    """Its loss is a fault: the vehicle in the lane is the officer's, the next ones too, until it is back."""
    world = play(f"{LADEN} read identifier:AB1234 fault:identifier cleared", ScenarioWorld(policy=REQUIRED))
    assert world.face == "OFFICER"
    assert ManualReason.FAULT in world.lane.manual
    play("works:identifier leave arrive immigration read identifier:AB1234 cleared", world)
    assert Fault.IDENTIFIER not in world.lane.faults
    assert world.face == "DONE"
