"""Claim before release at the core (design §3): one bundle, one visit, whatever is repeated, lost or late."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import RefusedError
from core.link.alarms import AlarmBook
from wire import messages as wire
from wire.codec import decode


@pytest.fixture
def other(core: Any, lane: Any, make_lane: Any) -> Any:
    """A second registered lane."""
    second = make_lane("szb-in-02")
    register(core, lane, second)
    return second


def register(core: Any, *lanes: Any) -> None:
    """These lanes are registered."""
    core.exchange.registered({one.name: one.signer.ring() for one in lanes})


def wanted(lane: Any, *ubrs: str, visit: int = 1, claim: int = 5, **changes: Any) -> wire.ClaimWanted:
    """A claim of a visit of this lane."""
    values = {"lane": lane.name, "journal": lane.journal, "visit": visit, "claim": claim, "ubrs": ubrs}
    return wire.ClaimWanted(**{**values, **changes})


def ask(core: Any, lane: Any, *ubrs: str, **changes: Any) -> wire.ClaimAnswer:
    """Claims over the wire; the core's answer, its signature checked."""
    return say(core, lane, wanted(lane, *ubrs, **changes))


def say(core: Any, lane: Any, claim: wire.ClaimWanted) -> wire.ClaimAnswer:
    """The answer to a claim message."""
    (out,) = core.exchange.hear([lane.says(lane.topics.claim, claim)]).now
    assert (out.topic, out.lane) == (lane.topics.claim_answer, lane.name)
    return decode(wire.ClaimAnswer, core.signer.ring().open(out.topic, out.payload))


def gives_back(lane: Any, visit: int = 1, claim: int = 5) -> Any:
    """The journal's row that gives a claim back."""
    return lane.write({"type": "GiveBack", "visit": visit, "claim": claim, "ubrs": []})


def hears(core: Any, lane: Any, *rows: Any) -> None:
    """Rows arrive."""
    core.exchange.hear(lane.sends(*rows))


def test_a_claim_is_granted_and_the_receipt_names_it_whole(core: Any, lane: Any) -> None:
    """Lane, journal, visit, claim, bundles, epoch and version, signed by the core."""
    ubr, head = core.bundle(core.lodge()), core.log.head()
    answer = ask(core, lane, ubr)
    named = (answer.lane, answer.journal, answer.visit, answer.claim, answer.ubrs)
    assert named == (lane.name, lane.journal, 1, 5, (ubr,))
    assert (answer.state, answer.epoch, answer.version) == ("granted", head.epoch, core.log.head().version)


def test_the_same_claim_again_gets_the_same_answer(core: Any, lane: Any) -> None:
    """A lane repeats it until an answer comes."""
    ubr = core.bundle(core.lodge())
    assert ask(core, lane, ubr) == ask(core, lane, ubr)
    assert len(core.projection.claims.every()) == 1


def test_a_bundle_is_granted_to_one_lane_only(core: Any, lane: Any, other: Any) -> None:
    """The second lane is told in words whose it is."""
    ubr = core.bundle(core.lodge())
    ask(core, lane, ubr)
    answer = ask(core, other, ubr)
    assert answer.state == "refused"
    assert answer.detail == f"UBR {ubr} is claimed by visit {lane.name}/{lane.journal}/1"


def test_a_claim_is_of_all_bundles_or_of_none(core: Any, lane: Any, other: Any) -> None:
    """One that is not free refuses the others too, and they stay free."""
    taken, free = core.bundle(core.lodge()), core.bundle(core.lodge())
    ask(core, lane, taken)
    assert ask(core, other, taken, free).state == "refused"
    assert ask(core, lane, taken, free, claim=6).state == "granted"


@pytest.mark.parametrize("what", ["unknown", "withdrawn", "used", "of another vehicle"])
def test_a_bundle_that_cannot_be_released_on_is_refused_with_the_reason(
    core: Any, lane: Any, other: Any, what: str
) -> None:
    """In words, for the officer."""
    first = core.bundle(core.lodge())
    ubr, why = {"unknown": ("9999999999", "is not in the core's list")}.get(what, (core.bundle(core.lodge()), what))
    if what == "withdrawn":
        core.office.debundle(ubr, who="clerk")
    if what == "used":
        hears(core, other, other.reads(1), other.uses(1, ubr))
    if what == "of another vehicle":
        ubr, why = core.bundle(core.lodge(), vrn="CD 5678"), "several vehicles"
    answer = ask(core, lane, first, ubr)
    assert answer.state == "refused"
    assert why in answer.detail


def test_the_use_ends_the_claim_and_the_bundle_stays_used(core: Any, lane: Any, other: Any) -> None:
    """The journal's row of the release."""
    ubr = core.bundle(core.lodge())
    ask(core, lane, ubr)
    hears(core, lane, lane.reads(1), lane.uses(1, ubr))
    assert core.projection.claims.every() == []
    assert "was used by" in ask(core, other, ubr).detail


def test_the_same_claim_after_its_own_use_is_still_granted(core: Any, lane: Any) -> None:
    """The lane repeats a claim whose answer was lost, and an officer has released meanwhile."""
    ubr = core.bundle(core.lodge())
    ask(core, lane, ubr)
    hears(core, lane, lane.reads(1), lane.uses(1, ubr))
    assert ask(core, lane, ubr).state == "granted"
    assert core.projection.claims.every() == []


def test_what_is_given_back_is_free_for_another_lane(core: Any, lane: Any, other: Any) -> None:
    """The journal says so, so a restart of either side loses nothing."""
    ubr = core.bundle(core.lodge())
    ask(core, lane, ubr)
    hears(core, lane, gives_back(lane))
    assert ask(core, other, ubr).state == "granted"


def test_a_claim_that_was_given_back_is_never_granted_again(core: Any, lane: Any, other: Any) -> None:
    """A broker that repeats the lane's message, before or after the give-back, takes nothing out of use."""
    ubr = core.bundle(core.lodge())
    ask(core, lane, ubr)
    hears(core, lane, gives_back(lane))
    answer = ask(core, lane, ubr)
    assert (answer.state, core.projection.claims.every()) == ("refused", [])
    assert ask(core, lane, ubr, claim=4).state == "refused"
    assert ask(core, other, ubr).state == "granted"


def test_a_give_back_that_comes_before_its_claim_ends_it_too(core: Any, lane: Any, other: Any) -> None:
    """Rows and claims are different topics: a broker may turn them round."""
    ubr = core.bundle(core.lodge())
    hears(core, lane, gives_back(lane))
    assert ask(core, lane, ubr).state == "refused"
    assert ask(core, other, ubr).state == "granted"


def test_an_older_give_back_does_not_end_a_newer_claim(core: Any, lane: Any) -> None:
    """The row is late: the visit has claimed anew."""
    ubr = core.bundle(core.lodge())
    ask(core, lane, ubr, claim=9)
    hears(core, lane, gives_back(lane, claim=5))
    assert [held.claim for held in core.projection.claims.every()] == [9]


def test_a_newer_claim_of_the_visit_takes_the_place_of_the_older(core: Any, lane: Any, other: Any) -> None:
    """What is no longer claimed is free."""
    first, second = core.bundle(core.lodge()), core.bundle(core.lodge())
    ask(core, lane, first)
    ask(core, lane, second, claim=6)
    assert ask(core, other, first).state == "granted"
    assert ask(core, lane, first).state == "refused", "the older claim again"


@pytest.mark.parametrize("row", ["ended", "next arrived"])
def test_the_end_of_the_visit_ends_its_claim(core: Any, lane: Any, other: Any, make_record: Any, row: str) -> None:
    """Also where the lane forgot it: its store was emptied by an upgrade."""
    ubr = core.bundle(core.lodge())
    ask(core, lane, ubr)
    hears(core, lane, lane.write(make_record("VisitEnded", 1) if row == "ended" else make_record("VehicleArrived", 2)))
    assert core.projection.claims.every() == []
    assert ask(core, lane, ubr).state == "refused", "a visit that is over claims nothing"
    assert ask(core, other, ubr).state == "granted"


def test_a_lane_whose_rows_are_swallowed_claims_for_one_visit_and_no_more(
    core: Any, lane: Any, make_record: Any
) -> None:
    """Until its journal has told what became of the visit before: it waits, and gets on as soon as the rows are there."""
    first, second = core.bundle(core.lodge()), core.bundle(core.lodge(), vrn="CD 5678")
    ask(core, lane, first)
    answer = ask(core, lane, second, visit=2, claim=20)
    assert answer.state == "wait"
    assert f"{lane.name}/{lane.journal}/1" in answer.detail
    hears(core, lane, lane.reads(1), lane.uses(1, first), lane.write(make_record("VisitEnded", 1)))
    assert ask(core, lane, second, visit=2, claim=20).state == "granted"


def test_a_lane_cannot_take_bundles_out_by_inventing_visits(core: Any, lane: Any) -> None:
    """Upwards it waits, downwards it is refused: one visit of a journal holds a claim."""
    ubrs = [core.bundle(core.lodge(), vrn=f"AB {number}") for number in range(1, 8)]
    states = [ask(core, lane, ubr, visit=visit).state for ubr, visit in zip(ubrs, (5, 6, 7, 4, 3), strict=False)]
    assert states == ["granted", "wait", "wait", "refused", "refused"]


def test_claims_that_are_refused_leave_nothing_behind(core: Any, lane: Any) -> None:
    """A lane may name as many visits as there are numbers; the store does not grow by it."""
    for visit in range(1, 30):
        assert ask(core, lane, "9999999999", visit=visit).state == "refused"
    assert core.store.connection.execute("SELECT COUNT(*) FROM visit_claims").fetchone() == (0,)


def test_a_refused_claim_takes_the_place_of_the_visits_older_one(core: Any, lane: Any, other: Any) -> None:
    """The lane has let go of the older one when it asked for more."""
    first = core.bundle(core.lodge())
    ask(core, lane, first)
    assert ask(core, lane, first, "9999999999", claim=6).state == "refused"
    assert ask(core, other, first).state == "granted"


def test_a_lane_that_replaces_its_journal_again_and_again_is_stopped(core: Any, lane: Any) -> None:
    """Three claims of former journals stay for an operator; with so many nothing more is granted."""
    ubrs = [core.bundle(core.lodge(), vrn=f"AB {number}") for number in range(1, 6)]
    answers = [ask(core, lane, ubr, journal=f"j{number}") for number, ubr in enumerate(ubrs)]
    assert [answer.state for answer in answers] == ["granted"] * 3 + ["refused"] * 2
    assert "not settled" in answers[-1].detail


def test_an_officers_use_of_a_bundle_that_another_lane_has_claimed_is_an_alarm(
    core: Any, lane: Any, other: Any
) -> None:
    """It counts, and both vehicles are to be looked at."""
    ubr = core.bundle(core.lodge())
    ask(core, lane, ubr)
    hears(core, other, other.reads(1), other.uses(1, ubr))
    assert [alarm.kind for alarm in AlarmBook(core.store.connection).standing(now_ms=0)] == ["UsedUnderClaim"]
    assert core.log.bundle(ubr).used_by == f"{other.name}/{other.journal}/1"


def test_claims_do_not_lapse_and_outlast_a_restart_of_the_core(core: Any, lane: Any, other: Any, reopen: Any) -> None:
    """The lane that fell silent may have released on it."""
    ubr = core.bundle(core.lodge())
    ask(core, lane, ubr)
    core.clock.pass_minutes(60 * 24)
    again = reopen()
    register(again, lane, other)
    assert ask(again, other, ubr).state == "refused"


def granted_row(lane: Any, *ubrs: str, visit: int = 1, claim: int = 5, refusal: str = "") -> Any:
    """The journal's row of the answer to a claim."""
    event = {"type": "ClaimAnswered", "visit": visit, "claim": claim, "ubrs": list(ubrs), "refusal": refusal}
    at = {"mono_ms": 1, "utc_ms": 1_795_305_600_000, "quality": "proven"}
    return lane.write_body(json.dumps({"at": at, "event": event, "effects": []}).encode())


def test_a_restored_core_learns_of_its_own_grants_from_the_lanes_rows(core: Any, lane: Any, other: Any) -> None:
    """It had granted after its backup; the rows that it asks for again say so, and what became of it."""
    ubr = core.bundle(core.lodge())
    hears(core, lane, granted_row(lane, ubr))
    assert "is claimed by" in ask(core, other, ubr).detail
    hears(core, lane, gives_back(lane))
    assert ask(core, other, ubr).state == "granted"


def test_a_refusal_in_a_journal_claims_nothing(core: Any, lane: Any, other: Any) -> None:
    """Nor does the row of a claim that is over here."""
    ubr = core.bundle(core.lodge())
    hears(core, lane, granted_row(lane, ubr, refusal="used"), gives_back(lane, claim=6), granted_row(lane, ubr))
    assert ask(core, other, ubr).state == "granted"


@pytest.mark.parametrize("used", [True, False])
def test_an_operator_settles_the_claim_of_a_silent_lane(core: Any, lane: Any, other: Any, used: bool) -> None:
    """Either the vehicle crossed with it, and the bundle is used; or it is free again. The old claim is over."""
    ubr = core.bundle(core.lodge())
    ask(core, lane, ubr)
    with core.store.transaction():
        held = core.projection.claims.settle(ubr, used=used, now_ms=core.clock())
    assert held.key == f"{lane.name}/{lane.journal}/1"
    assert core.log.bundle(ubr).used_by == (held.key if used else "")
    assert ask(core, other, ubr).state == ("refused" if used else "granted")
    assert ask(core, lane, ubr).state == "refused"


def test_what_nobody_has_claimed_cannot_be_settled(core: Any) -> None:
    """The message says how to list what is claimed."""
    with pytest.raises(RefusedError, match="rocars-core claims"):
        core.projection.claims.settle("1", used=False, now_ms=0)


def test_a_claim_in_the_name_of_another_lane_is_refused_unread(core: Any, lane: Any, other: Any) -> None:
    """Its own key signs for its own topic."""
    ubr = core.bundle(core.lodge())
    assert core.exchange.hear([other.says(other.topics.claim, wanted(lane, ubr))]).now == []
    assert core.projection.claims.every() == []


def test_claims_and_rows_in_one_batch_are_answered_from_what_is_committed(core: Any, lane: Any, other: Any) -> None:
    """The rows first: what they use is used when the claim is looked at."""
    ubr = core.bundle(core.lodge())
    heard = [other.says(other.topics.claim, wanted(other, ubr)), *lane.sends(lane.reads(1), lane.uses(1, ubr))]
    answers = [out for out in core.exchange.hear(heard).now if out.topic == other.topics.claim_answer]
    (answer,) = [decode(wire.ClaimAnswer, core.signer.ring().open(out.topic, out.payload)) for out in answers]
    assert answer.state == "refused"
    assert answer.version == core.log.head().version
