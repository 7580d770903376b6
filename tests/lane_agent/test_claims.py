"""Claim before release (design §3): when a visit claims its bundles, and when it gives them back."""

from __future__ import annotations

import pytest

from lane_agent.effects import Claim, Effect, GiveBack
from tools.proof.moves import play
from tools.proof.world import ScenarioWorld

READ = "ready records:live core:silent arrive immigration read"


def asked(world: ScenarioWorld) -> list[tuple[str, ...]]:
    """The bundles of every claim so far."""
    return [claim.ubrs for claim in world.claims]


def test_the_claim_goes_out_with_the_read_long_before_immigration_has_answered() -> None:
    """As soon as the exact read finds live bundles that all release, so that the receipt costs no time."""
    world = play(READ)
    assert asked(world) == [("live",)]
    assert world.lane.row == "4 immigration"


@pytest.mark.parametrize(
    "records", ["nothing", "hold", "inspect", "mixed", "unknown", "early", "used", "withdrawn", "live+near-held"]
)
def test_nothing_is_claimed_that_could_not_be_released_on(records: str) -> None:
    """A stop, a doubtful plate, or no live bundle: no claim."""
    assert asked(play(f"ready records:{records} arrive immigration read cleared")) == []


@pytest.mark.parametrize("before", ["manual", "close", "fault:camera"])
def test_a_vehicle_that_is_the_officers_from_the_start_claims_nothing(before: str) -> None:
    """In manual mode, in a closed lane, under a fault."""
    assert asked(play(f"ready {before} records:live arrive immigration read")) == []


ENDS = {
    "hold": "change:live+hold",
    "inspect code": "change:live+mixed",
    "bundle withdrawn": "change:withdrawn",
    "bundle used elsewhere": "change:used",
    "near-miss of a held vehicle": "change:live+near-held",
    "unladen pressed": "press",
    "referred": "referred",
    "second vehicle": "second",
    "other mark": "identifier:XY77",
    "fault": "fault:camera",
    "lane closed": "close",
    "officer inspects": "inspect",
    "taken over": "take-over",
    "drives off": "clear-stop",
    "left": "leave",
    "restart": "boot:stop_loop",
}
UNANSWERED = {"limit": "cleared wait:5", "refused": "refuse"}
SCRIPTS = {
    **{what: f"{READ} {words}" for what, words in (ENDS | UNANSWERED).items()},
    **{f"{what}, with the receipt": f"{READ} grant {words}" for what, words in ENDS.items()},
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_claim_that_leads_to_no_release_is_given_back(script: str) -> None:
    """Whether the core has answered or not; once, and by the claim's own number."""
    world = play(script)
    returned = [effect for effect in world.told if isinstance(effect, GiveBack)]
    assert [(one.claim, one.ubrs) for one in returned] == [(world.claims[0].claim, ("live",))]
    visit = world.lane.visit
    assert visit is None or (visit.claim, visit.claimed, visit.receipt) == (0, (), "")


def test_a_released_visit_gives_nothing_back() -> None:
    """The row of its use ends the claim."""
    world = play("ready records:live arrive immigration read cleared leave")
    assert world.consumed() == ("live",)
    assert world.returned() == ()


def test_a_withdrawn_release_gives_nothing_back_either() -> None:
    """The bundle is used: 3 was shown on it."""
    world = play("ready records:live arrive immigration read cleared help take-over")
    assert world.returned() == ()


def test_a_bundle_that_comes_later_is_claimed_with_the_first() -> None:
    """One claim of all live bundles, which takes the place of the one before."""
    world = play(f"{READ} grant change:live+several")
    assert asked(world) == [("live",), ("live", "several")]
    assert world.returned() == ()


def test_an_officer_who_releases_keeps_the_claim_and_the_record_says_so() -> None:
    """The officer's release is recorded with the epoch of the receipt, or with the word none."""
    claimed, unclaimed = play(f"{READ} grant cleared release"), play(f"{READ} cleared release")
    assert [claimed.consumed(), unclaimed.consumed()] == [("live",), ("live",)]
    assert [one["claim"] for one in unclaimed.records("ReleasedByOfficer")] == ["none"]
    assert claimed.returned() == ()


def test_an_officers_release_before_the_receipt_is_not_blocked() -> None:
    """It is shown without any answer of the core, and the claim that was asked for is given back."""
    world = play(f"{READ} cleared release")
    assert world.face == "DONE"
    assert world.returned() == ("live",)


def test_the_effects_of_a_claim_are_in_the_step_that_found_the_bundle() -> None:
    """The claim is journaled with the lookup it rests on."""
    world = play(READ)
    steps: list[tuple[str, tuple[Effect, ...]]] = [(type(event).__name__, effects) for event, _, effects in world.steps]
    claiming = [name for name, effects in steps if any(isinstance(effect, Claim) for effect in effects)]
    assert claiming == ["CodesFound"]
