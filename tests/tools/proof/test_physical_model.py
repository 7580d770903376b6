"""The physical model: it holds for the shipped step, it finds what was wrong before, and its own parts do as they say.

This is its short version; the long one is a command of its own (`rocars-lane prove --physical --seconds N`).
"""

from __future__ import annotations

import pytest

from lane_agent.model import Contact
from lane_agent.rules import RULES
from tools.proof.harmful import MENDED, HarmfulMutant, noticed
from tools.proof.physical.breadth import search_site
from tools.proof.physical.deeds import LOOPS, deeds, do, in_words
from tools.proof.physical.exposure import allowed, breaks_the_law
from tools.proof.physical.machine import CountedLanes
from tools.proof.physical.plans import PLANS, PhysicalPlan
from tools.proof.physical.report import explore
from tools.proof.physical.road import (
    GAP,
    GONE,
    LINE,
    OUT,
    RoadVehicle,
    at_line,
    covers,
    is_free,
    pressed_by_wheels,
    queue,
)
from tools.proof.physical.site import NOBODY, PhysicalSite, begin, exposed, has_grounds
from tools.proof.physical.walk import BOUNDS_MS, WalksFound, _Walk, walk

BY_NAME = {plan.name: plan for plan in PLANS}


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_nobody_stands_under_anothers_3(plan: PhysicalPlan) -> None:
    """Breadth first, as far as a second goes: nothing that can happen at the site breaks the law."""
    found = search_site(plan, most=3_000)
    assert found.path == ()
    assert found.states >= 3_000 or found.complete
    assert found.transitions > found.states


def test_three_vehicles_and_more_are_on_the_road() -> None:
    """Rows 1 and 3 of the review need three."""
    assert sum(len(plan.lengths) >= 3 for plan in PLANS) >= 8
    assert any(max(plan.lengths) == 3 for plan in PLANS)


@pytest.mark.long
@pytest.mark.parametrize("mutant", MENDED, ids=lambda mutant: mutant.says)
def test_what_mended_a_wrong_release_cannot_be_undone_unnoticed(mutant: HarmfulMutant) -> None:
    """With one mend undone the search finds the wrong release again, and says how it comes."""
    assert noticed(mutant).startswith("drives A > ")


def _plays(plan: PhysicalPlan, names: str) -> tuple[CountedLanes, PhysicalSite]:
    machine = CountedLanes()
    site = begin(plan, machine, machine.first())
    for name in names.split(" > "):
        possible = {in_words(deed): deed for deed in deeds(plan, machine, site)}
        assert name in possible, (name, sorted(possible))
        site = do(plan, machine, site, possible[name])
    return machine, site


RELEASED = "drives A > drives B > stop_loop reports > started A > cleared A > read A"


def test_a_vehicle_with_grounds_is_shown_3_and_goes() -> None:
    """The ordinary course reaches 3, and the next vehicle starts from nothing: the law is not kept by showing nothing."""
    plan = BY_NAME["bundles come and go"]
    machine, site = _plays(plan, RELEASED)
    assert site.three
    assert site.three_for == 0
    assert has_grounds(plan, site, 0)
    assert exposed(plan, site) == NOBODY
    machine, site = _plays(plan, f"{RELEASED} > drives A > drives B")
    assert exposed(plan, site) == 1
    assert allowed(plan, machine, site) == "passing"
    machine, site = _plays(plan, f"{RELEASED} > drives A > drives B > drives A > exit_loop reports")
    assert not site.three
    assert exposed(plan, site) == NOBODY


def test_3_comes_by_itself_after_an_answer_that_immigration_kept_back() -> None:
    """One swallowed answer does not end automatic release: the next vehicle but one is released as ever (design §2.13)."""
    plan = PhysicalPlan("late", ("late", "take over"), (1, 1, 1), (0, 1, 2), ("none", "none", "live"))
    swallowed = (
        "started A > take over A > enters > drives A > drives A > stop_loop reports > exit_loop reports > drives A"
    )
    second = (
        "drives B > stop_loop reports > exit_loop reports > started B > cleared A > cleared B > take over B > enters"
    )
    gone = "drives B > drives B > stop_loop reports > exit_loop reports > drives B > exit_loop reports"
    third = "drives C > drives C > drives C > stop_loop reports > started C > cleared C > read C"
    _, site = _plays(plan, f"drives A > drives B > stop_loop reports > {swallowed} > {second} > {gone} > {third}")
    assert site.three
    assert site.three_for == 2


def test_a_release_that_was_decided_before_the_agents_start_is_not_entered_after_it() -> None:
    """The page asks the officer again: another vehicle may stand there by then (`console.grounds.basis`)."""
    plan = BY_NAME["restarts"]
    machine, site = _plays(plan, "drives A > drives B > stop_loop reports > release A")
    assert site.road[0].officer
    site = do(plan, machine, site, ("restart", NOBODY))
    assert "enters" not in {in_words(deed) for deed in deeds(plan, machine, site)}
    assert not site.road[0].officer


def test_a_loop_that_the_lane_lacks_reports_nothing_in_a_walk() -> None:
    """A vehicle on its way to the compound is seen by a loop there, where there is one."""
    walker = _Walk(4664, WalksFound(), RULES)
    assert not walker.plan.policy.compound_loop
    turned = RoadVehicle(OUT, off=True)
    walker.site = walker.site._replace(road=(turned, *walker.site.road[1:]))
    walker._expect()
    assert LOOPS.index(Contact.COMPOUND_LOOP) not in walker.reports


def test_the_law_is_broken_by_a_3_that_is_for_nobody_there() -> None:
    """A vehicle without grounds at the line, and nothing on its way that would end 3."""
    plan = BY_NAME["close followers"]
    machine, site = _plays(plan, "drives A > drives B > stop_loop reports")
    assert not breaks_the_law(plan, machine, site)
    assert breaks_the_law(plan, machine, site._replace(three=True))


def test_a_long_vehicle_covers_both_loops_and_nobody_overtakes() -> None:
    """Cells under wheels, who is at the line, and whether the way is free."""
    lengths = (3, 1)
    road = (RoadVehicle(OUT), RoadVehicle(LINE - 1))
    assert [covers(road[0], 3, cell) for cell in range(5)] == [False, True, True, True, False]
    assert at_line(road, lengths) == 0
    assert pressed_by_wheels(road, lengths, Contact.STOP_LOOP)
    assert pressed_by_wheels(road, lengths, Contact.EXIT_LOOP)
    assert not pressed_by_wheels(road, lengths, Contact.COMPOUND_LOOP)
    assert not is_free(road, lengths, 1, off=False)
    gone = (RoadVehicle(GONE), RoadVehicle(LINE))
    assert at_line(gone, lengths) == 1
    assert is_free(gone, lengths, 1, off=False)
    turned = (RoadVehicle(GAP, off=True), RoadVehicle(LINE))
    assert is_free(turned, (1, 1), 1, off=False)
    assert not is_free(turned, (1, 1), 1, off=True)
    assert [vehicle.head for vehicle in queue((1, 2, 1))] == [0, -1, -3]


def test_walks_keep_every_bound_and_a_seed_repeats_them() -> None:
    """Random sites, real limits: the same seeds see the same, and nobody stands under another's 3 too long."""
    one, two = WalksFound(), WalksFound()
    for seed in range(25):
        walk(seed, one)
        walk(seed, two)
    assert one.broken == []
    assert one == two
    assert one.runs == 25
    assert one.releases > 3
    assert len(one.threes) > 100


def test_a_walk_notices_a_vehicle_that_stands_under_anothers_3() -> None:
    """The measure itself: longer than the bound is broken, with the seed and the way to it."""
    found = WalksFound()
    walker = _Walk(1, found, RULES)
    road = (RoadVehicle(LINE), *walker.site.road[1:])
    walker.site, walker.glass_three = walker.site._replace(road=road), True
    walker._measure()
    walker.machine.mono_ms += BOUNDS_MS[""]
    walker._measure()
    assert found.broken == []
    walker.machine.mono_ms += 1
    walker._measure()
    assert found.broken[0]["seed"] == 1
    assert found.worst_ms == {"": BOUNDS_MS[""] + 1}


def test_the_report_counts_states_vehicles_and_runs() -> None:
    """What is printed and written, for whoever wants to know how far it went."""
    said: list[str] = []
    counts = explore(1, 1, said.append)
    assert counts["sites"] == len(PLANS)
    assert counts["states"] == sum(one["states"] for one in counts["of_sites"].values()) > 10_000
    assert counts["vehicles"] > counts["runs"] * 3
    assert counts["violations"] == 0
    assert len(said) == len(PLANS) + 1
