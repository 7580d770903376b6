"""Claims on the link (design §3): asked for until answered, and by nobody but the core, for this very claim."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from lane_agent.events import ClaimAnswered
from sync.link import Limits
from sync.link.claims import Claims
from sync.simulated.link import SimulatedLink
from wire.messages import ClaimAnswer, ClaimWanted

UBRS = ("1000000001", "1000000002")


def claiming(*, answered: bool = False) -> SimulatedLink:
    """A lane with a good link that claims two bundles for its visit 7; the core answers, or is silent."""
    world = SimulatedLink()
    world.connect()
    world.run(2_000)
    world.core.heard.clear()
    world.told.clear()
    world.core.granting = answered
    world.machine.claim(7, 41, UBRS, world.now)
    world.settle()
    return world


def wanted(world: SimulatedLink) -> list[ClaimWanted]:
    """The claims that the core has heard."""
    return [body for body in world.core.heard if isinstance(body, ClaimWanted)]


def told(world: SimulatedLink) -> list[ClaimAnswered]:
    """What the lane was told of its claim."""
    return [event for event in world.told if isinstance(event, ClaimAnswered)]


def test_a_claim_goes_out_at_once_and_the_lane_is_told_the_answer() -> None:
    """Not with the next tick: a driver waits."""
    world = claiming(answered=True)
    world.core_hears()
    assert [(one.visit, one.claim, one.ubrs) for one in wanted(world)] == [(7, 41, UBRS)]
    world.run(200)
    log = world.core.log
    assert told(world) == [ClaimAnswered(7, 41, UBRS, log.epoch, log.version)]


def test_a_claim_is_repeated_within_a_second_until_it_is_answered_and_no_longer() -> None:
    """Unchanged; the answer may have been lost on the way."""
    world = claiming()
    world.run(2_000)
    silent = wanted(world)
    assert len(silent) >= 3
    assert set(silent) == {silent[0]}
    world.core.granting = True
    world.run(1_000)
    assert len(told(world)) == 1
    world.core.heard.clear()
    world.run(3_000)
    assert wanted(world) == []


def test_a_claim_waits_for_the_link_and_goes_out_with_it() -> None:
    """The cable is cut before the core could answer."""
    world = claiming()
    world.cut()
    world.core.heard.clear()
    world.run(1_500)
    assert wanted(world) == []
    world.core.granting = True
    world.connect()
    world.run(200)
    assert len(told(world)) == 1


def test_what_is_given_back_is_asked_for_no_more() -> None:
    """And an answer that is still under way counts for nothing."""
    world = claiming()
    world.core_hears()
    (claim,) = wanted(world)
    world.machine.claims.drop(7, 41)
    world.core.heard.clear()
    world.run(2_000)
    world.hand(world.core.answer_claim(claim))
    assert (wanted(world), told(world)) == ([], [])


def test_a_newer_claim_takes_the_place_of_the_older() -> None:
    """The answer to the older one is no answer to it; giving the older one back does not end it."""
    world = claiming()
    world.core_hears()
    (older,) = wanted(world)
    world.machine.claim(7, 45, UBRS[:1], world.now)
    world.machine.claims.drop(7, 41)
    world.hand(world.core.answer_claim(older))
    assert told(world) == []
    world.core.granting = True
    world.run(1_000)
    assert [(one.claim, one.ubrs) for one in told(world)] == [(45, UBRS[:1])]


def test_a_refusal_is_told_with_its_reason() -> None:
    """In the core's words."""
    world = claiming()
    world.core_hears()
    world.hand(world.core.answer_claim(wanted(world)[0], "refused"))
    assert [one.refusal for one in told(world)] == ["because the test says so"]


def test_a_refusal_without_a_reason_is_a_refusal_all_the_same() -> None:
    """For the lane "" is a grant: a core that gives no reason must not release anybody by that."""
    claims = Claims("lane", "j", Limits())
    claims.want(1, 2, UBRS, 0)
    (claim,) = claims.due(0)
    named = {name: getattr(claim, name) for name in claim.__struct_fields__}
    told = claims.on_answer(ClaimAnswer(**named, epoch="e", version=3, state="refused"), "e")
    assert told is not None
    assert told.refusal == "the core gives no reason"


def test_wait_leaves_the_claim_open_and_says_why() -> None:
    """The lane asks again."""
    world = claiming()
    world.core_hears()
    world.hand(world.core.answer_claim(wanted(world)[0], "wait"))
    assert told(world) == []
    assert world.machine.claims.waiting == "because the test says so"
    world.core.granting = True
    world.run(1_000)
    assert len(told(world)) == 1
    assert world.machine.claims.waiting == ""


@pytest.mark.parametrize(
    "changes",
    [{"journal": "other"}, {"visit": 8}, {"claim": 40}, {"ubrs": UBRS[:1]}, {"epoch": "another"}],
    ids=lambda one: next(iter(one)),
)
def test_an_answer_that_does_not_name_this_claim_whole_counts_for_nothing(changes: dict[str, Any]) -> None:
    """Signed by the core, for this lane, and not for this."""
    world = claiming()
    world.core_hears()
    good = ClaimAnswer(
        lane=wanted(world)[0].lane,
        journal=wanted(world)[0].journal,
        visit=7,
        claim=41,
        ubrs=UBRS,
        epoch=world.core.log.epoch,
        version=1,
        state="granted",
    )
    world.hand(world.core.says(world.core.topics.claim_answer, msgspec.structs.replace(good, **changes)))
    assert told(world) == []
    world.hand(world.core.says(world.core.topics.claim_answer, good))
    assert len(told(world)) == 1


def test_a_repeated_answer_is_told_once() -> None:
    """A broker may deliver it twice, and late."""
    claims = Claims("lane", "j", Limits())
    claims.want(1, 2, UBRS, 0)
    (claim,) = claims.due(0)
    named = {name: getattr(claim, name) for name in claim.__struct_fields__}
    answer = ClaimAnswer(**named, epoch="e", version=3, state="granted")
    assert claims.on_answer(answer, "e") is not None
    assert claims.on_answer(answer, "e") is None


def test_an_open_claim_is_made_each_half_second_and_at_once_on_a_new_connection() -> None:
    """To the millisecond: not with every turn of the loop, of which there are many."""
    claims = Claims("lane", "j", Limits())
    claims.on_connected(0)
    claims.want(1, 2, UBRS, 0)
    assert [len(claims.due(now)) for now in (0, 0, 499, 500, 999, 1_000)] == [1, 0, 0, 1, 0, 1]
    claims.on_connected(1_100)
    assert [len(claims.due(now)) for now in (1_100, 1_599, 1_600)] == [1, 0, 1]


def test_giving_back_a_claim_that_was_answered_long_ago_is_nothing() -> None:
    """The lane gives back whenever a visit that claimed did not release."""
    claims = Claims("lane", "j", Limits())
    claims.drop(1, 2)
    assert claims.due(0) == []
