"""Which buttons are on, and on what a release would be based: the lane's own judgement, in an officer's words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from console.grounds import NO_VEHICLE, basis, facts, in_words, stops_of, warnings, why_not
from console.ports import BundleView, LaneView, LinkView, VisitView
from console.tongues import chinese_of
from domain.crossing import Direction
from lane_agent import events as e
from lane_agent.matching import Standing
from lane_agent.model import (
    Bundle,
    Cargo,
    Codes,
    Contact,
    Doubt,
    Fault,
    Immigration,
    Link,
    NearMiss,
    Outcome,
    Read,
    ReadSource,
    Screen,
)
from simulation.page_lane import PageLane
from tests.rigs.page import NIGHT_MS, PATIENT, ManualClock, painted

READ = Read("MK8271", None, 0.98, ReadSource.READER)
CLEARED = VisitView(7, 0, read=READ, immigration=Immigration.CLEARED)
VIEW = LaneView(
    1, 0, "L1", "SZB", Direction.INBOUND, simulated=False, open=True, row=17, link=LinkView(Link.FRESH), visit=CLEARED
)
VEHICLE = ("release", "inspect", "correct", "take_over")
World = Callable[[PageLane], Awaitable[object]]


def view_after(*world: World, vehicle: bool = True) -> LaneView:
    """The view of a real lane after all that; by default a vehicle came first, was read and cleared by Immigration."""

    async def story() -> LaneView:
        lane = PageLane(clock=ManualClock(), paint=painted, policy=PATIENT)
        working = asyncio.create_task(lane.agent.run())
        await lane.start()
        if vehicle:
            await lane.arrives()
            await lane.reads("MK8271")
            await lane.immigration_clears()
        for happens in world:
            await happens(lane)
        working.cancel()
        return lane.page.view()

    return asyncio.run(story())


def told(*events: e.Event) -> World:
    """The lane is told of these events."""
    return lambda lane: lane.happens(*events)


def bundled(*codes: str) -> World:
    """The core bundles this vehicle's consignments, with these codes."""

    async def arrive(lane: PageLane) -> None:
        lane.add_bundle("MK8271", *codes)
        await lane.codes_change("MK8271")

    return arrive


def test_an_empty_lane_has_no_vehicle_to_act_on() -> None:
    """The four buttons about a vehicle are off, and say why."""
    off = why_not(view_after(vehicle=False))
    assert {off[name] for name in VEHICLE} == {NO_VEHICLE}


def test_a_cleared_vehicle_is_released_early_with_one_warning_and_without_any_by_hand() -> None:
    """Only its manifest is not in the box; in manual mode the officer takes that himself."""
    view = view_after(bundled("release"))
    assert why_not(view)["release"] == ""
    assert warnings(view) == ("The manifest has not been dropped into the box.",)
    assert view.visit is not None
    assert warnings(replace(view, visit=replace(view.visit, manual=True))) == ()


@pytest.mark.parametrize(
    ("changes", "unladen", "says"),
    [
        (None, False, ("no bundle that can be used",)),
        ({"valid_until_ms": NIGHT_MS}, False, ("expired", "no bundle that can be used")),
        ({"direction": Direction.OUTBOUND}, False, ("other direction", "no bundle that can be used")),
        ({"earliest_ms": NIGHT_MS + 3_600_000}, False, ("early (22 Nov 04:00)",)),
        ({"point": "Man Kam To"}, False, ("other control point (Man Kam To)",)),
        (None, True, ("not on the approved list",)),
        ({}, True, ("goods are bundled",)),
    ],
    ids=["row 12", "row 13", "row 16", "row 14", "row 15", "row 10", "row 11"],
)
def test_a_release_warns_of_what_the_codes_say_before_the_lane_has_a_doubt(
    changes: dict[str, object] | None, unladen: bool, says: tuple[str, ...]
) -> None:
    """While the driver is still asked to press Unladen, whoever releases is told that there is no bundle."""

    async def comes(lane: PageLane) -> None:
        if changes is not None:
            lane.add_bundle("MK8271", "release", **changes)
        await lane.codes_change("MK8271")
        if unladen:
            await lane.pulse(Contact.UNLADEN)

    view = view_after(comes)
    assert view.visit is not None
    told = warnings(replace(view, visit=replace(view.visit, doubt=None)))
    assert all(any(word in one for one in told) for word in says), told
    assert any("manifest has not been dropped" in one for one in told)
    assert all(chinese_of(one) != one for one in told)


@pytest.mark.parametrize(
    ("world", "says"),
    [
        (lambda lane: lane.codes_change("MK8271", hold=True), "sent to the compound"),
        (bundled("release", "inspect"), "sent to the compound"),
        (bundled("Release"), "sent to the compound"),
        (lambda lane: lane.pulse(Contact.IMMIGRATION_REFERRED), "Immigration has not cleared"),
        (told(e.OfficerInspected(1, "chan", "profile")), "sent to the compound"),
        (told(e.OfficerReleased(1, "chan", "checked")), "already released"),
        (told(e.LaneClosed("chan", "end of shift")), ""),
    ],
    ids=["hold", "inspect code", "unknown code", "referred", "sent to compound", "already released", "closing"],
)
def test_a_known_stop_turns_the_release_off_but_never_the_inspection(world: World, says: str) -> None:
    """Stops bind officers too; stopping is always possible (design §2.4)."""
    view = view_after(world)
    off = why_not(view)
    assert says in off["release"]
    assert bool(off["release"]) is bool(says)
    assert view.visit is not None
    assert view.visit.outcome is Outcome.EXAMINE or off["inspect"] == ""
    assert off["take_over"] == ""


def test_a_stop_that_the_lane_refuses_a_release_for_is_named() -> None:
    """In manual mode nothing is shown to the driver for it: the officer reads which stop it is."""

    async def comes(lane: PageLane) -> None:
        await lane.arrives()
        await lane.reads("MK8271")
        await lane.codes_change("MK8271", hold=True)

    off = why_not(view_after(told(e.ManualOrdered("chan", "exercise")), comes, vehicle=False))
    assert off["release"] == "There is a HOLD on this vehicle. Only the core can lift it."


@pytest.mark.parametrize("fault", [Fault.STORE, Fault.SCREEN])
def test_a_lane_that_cannot_record_or_show_releases_nobody(fault: Fault) -> None:
    """Officers clear by hand (design §2.8)."""

    async def breaks(lane: PageLane) -> None:
        lane.falls_silent(Screen.XDB)  # or painting what the lane then shows would prove the screen good
        await lane.happens(e.FaultRaised(fault, ""))

    assert "clear by hand" in why_not(view_after(breaks))["release"]


def test_the_lanes_own_refusal_is_told_in_its_words() -> None:
    """The page knows less than the lane."""
    view = replace(VIEW, refuses=(("release", "Immigration has not cleared this visit, or it is leaving"),))
    assert why_not(view)["release"] == "Immigration has not cleared this visit, or it is leaving."


@pytest.mark.parametrize(
    ("visit", "here", "says"),
    [
        (0, None, "No vehicle is in the lane."),
        (4, None, "Visit 4 is over. No vehicle is in the lane."),
        (4, CLEARED, "Visit 4 is over; another vehicle (visit 7) is in the lane."),
    ],
)
def test_an_act_about_another_visit_names_both(visit: int, here: VisitView | None, says: str) -> None:
    """The lane says that it belongs to another visit; the page says to which."""
    assert in_words("belongs to another visit", replace(VIEW, visit=here), visit) == says


def test_a_bundle_that_lists_nothing_is_told_as_the_stop_it_is() -> None:
    """The lane releases nobody on an empty bundle."""
    bundle = Bundle("2349872345", "MK8271", Direction.INBOUND, "", 0, 1, ())
    listed = replace(bundle, ubr="2349872346", cargo=(Cargo("2001067889", "release"), Cargo("2001067890", "hold")))
    codes = Codes("MK8271", Link.FRESH, 0, 0, "e1", 1, "00", held=True, bundles=(bundle, listed))
    shown = tuple(BundleView(one, Standing.LIVE, stops=True) for one in codes.bundles)
    visit = replace(CLEARED, codes=codes, bundles=shown, must_stop=True)
    assert stops_of(visit) == (
        "There is a HOLD on this vehicle.",
        "UBR 2349872345 lists no consignment.",
        "CCRN 2001067890 has action code “hold”.",
    )
    assert basis(replace(VIEW, visit=visit)) != basis(VIEW)
    assert stops_of(replace(visit, must_stop=False)) == ()


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


def test_what_was_decided_before_a_start_of_the_agent_has_to_be_looked_at_again() -> None:
    """Two starts with a vehicle in the lane look the same in every fact, and another vehicle may stand there by then."""

    def starts(boot: str) -> Callable[[PageLane], Awaitable[object]]:
        return lambda lane: lane.happens(e.AgentStarted(PATIENT, boot, "test"))

    once, twice = view_after(starts("boot-2")), view_after(starts("boot-2"), starts("boot-3"))
    assert once.visit is not None
    assert facts(once) == facts(twice)
    assert basis(once) != basis(twice)


def test_a_loop_is_bypassed_in_manual_mode_only_and_vehicles_announced_over_it() -> None:
    """Design §2.9."""
    automatic = why_not(view_after(vehicle=False))
    assert (automatic["bypass"], automatic["restore"]) == ("The lane is not in manual mode.", "No loop is bypassed.")
    bypass = e.LoopBypassed(Contact.STOP_LOOP, bypassed=True, officer="chan", reason="stuck")
    manual = told(e.ManualOrdered("chan", "loop stuck"), bypass)
    off = why_not(view_after(manual, vehicle=False))
    assert (off["bypass"], off["restore"], off["announce"]) == ("", "", "")
    assert why_not(view_after(manual))["announce"]


def test_manual_mode_is_ordered_once_and_ended_by_whom_it_was_ordered_for() -> None:
    """Each button at its time; a link that is lost is ended by no officer."""
    ordered = why_not(view_after(told(e.ManualOrdered("chan", "exercise")), vehicle=False))
    lost = why_not(view_after(lambda lane: lane.link_is(Link.OFFLINE), vehicle=False))
    assert (bool(ordered["order_manual"]), ordered["end_manual"]) == (True, "")
    assert (lost["order_manual"], "its other causes end by themselves" in lost["end_manual"]) == ("", True)


def test_help_is_answered_while_it_rings_and_ended_while_it_lasts() -> None:
    """Each button at its time."""

    def ring(lane: PageLane) -> Awaitable[object]:
        return lane.pulse(Contact.HELP)

    ringing, answered = why_not(view_after(ring)), why_not(view_after(ring, told(e.HelpAnswered("chan"))))
    assert (ringing["answer"], ringing["end_call"], answered["end_call"]) == ("", "", "")
    assert answered["answer"]
    assert why_not(view_after())["end_call"]


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, Standing.LIVE),
        ({"earliest_ms": NIGHT_MS}, Standing.EARLY),
        ({"valid_until_ms": NIGHT_MS + 80}, Standing.EXPIRED),
        ({"direction": Direction.OUTBOUND}, Standing.OPPOSITE),
        ({"point": "Man Kam To"}, Standing.ELSEWHERE),
        ({"withdrawn": True}, Standing.WITHDRAWN),
    ],
    ids=lambda value: value.value if isinstance(value, Standing) else "",
)
def test_a_bundle_is_shown_as_the_lane_judges_it(changes: dict[str, object], standing: Standing) -> None:
    """With the uncertainty of the core's clock on the safe side, and the lane's own control point."""

    async def bundle(lane: PageLane) -> None:
        lane.add_bundle("MK8271", "inspect", **changes)
        await lane.codes_change("MK8271")

    visit = view_after(bundle).visit
    assert visit is not None
    (shown,) = visit.bundles
    stops = standing in {Standing.LIVE, Standing.EARLY, Standing.ELSEWHERE}
    assert (shown.standing, shown.stops, visit.must_stop) == (standing, stops, stops)


def test_a_bundle_used_by_another_vehicle_is_shown_as_used() -> None:
    """One used by this very visit still counts (design §2.4)."""

    async def used(lane: PageLane) -> None:
        for key in ("other/journal/7", lane.visit_key()):
            lane.journal.uses[lane.add_bundle("MK8271", "release").ubr] = key
        await lane.codes_change("MK8271")

    visit = view_after(used).visit
    assert visit is not None
    assert [shown.standing for shown in visit.bundles] == [Standing.USED, Standing.LIVE]
