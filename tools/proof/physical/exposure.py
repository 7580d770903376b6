"""The law of the physical model, over vehicles: whose wheels may be at the line while 3 is shown, and for how long."""

from __future__ import annotations

from tools.proof.physical.machine import LaneMachine
from tools.proof.physical.plans import PhysicalPlan
from tools.proof.physical.road import LINE, at_line
from tools.proof.physical.site import NOBODY, PhysicalSite, exposed, has_grounds, on_its_way

WRONG_THREE = "nobody stands under another's 3"
"""The invariant's name, for reports."""

REASONS_IN_WORDS = {
    "": "none: 3 has been taken back, and a loop and a screen take their time",
    "passing": "the vehicle that 3 is for has just left the line; the way-out loop, which works, will end 3",
    "merged": "a vehicle that ran has just left the line without a gap; the way-out loop, which works, will end 3",
    "unseen": "a loop is broken and nobody knows it: 3 ends by time",
    "officer": "an officer released a vehicle over a loop that he had bypassed, or that did not open: 3 ends by time",
}
"""By the reasons that `allowed` gives."""


def allowed(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite) -> str:
    """Why a vehicle without grounds may stand under 3 for the moment; "" where it may not. The bounds are `walk.BOUNDS_MS`.

    - "passing": the vehicle that 3 is for has grounds, and is on its way from the line to the loop that will end 3.
    - "merged": one that ran is on its way there, and whoever closed up is taken for it; that loop will end 3, too.
    - "unseen": a loop is broken, and nothing has told the lane so far; 3 ends by time.
    - "officer": released by an officer, who had bypassed the loop, or where it did not open; 3 ends by time.
    """
    whom = site.three_for
    if whom != NOBODY and has_grounds(plan, site, whom) and _will_end(plan, site, whom):
        return "passing"
    here = at_line(site.road, plan.lengths)
    if any(site.road[number].head > LINE and _will_end(plan, site, number) for number in range(here)):
        return "merged"
    if not _limit_runs(machine, site):
        return ""
    if any(site.health):
        return "unseen"
    his = whom != NOBODY and site.road[whom].officer
    return "officer" if his and (site.bypassed or site.road[whom].missed) else ""


def _will_end(plan: PhysicalPlan, site: PhysicalSite, number: int) -> bool:
    """A loop that works, and was open before it came, will report this vehicle, and end 3."""
    vehicle = site.road[number]
    dead = plan.policy.compound_loop is False if vehicle.off else site.bypassed or site.health[1] != ""
    return on_its_way(plan, site, number) and not vehicle.missed and not dead


def breaks_the_law(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite) -> bool:
    """Whether a vehicle without grounds stands at the line under 3, and nothing that the bound allows for explains it."""
    return exposed(plan, site) != NOBODY and not allowed(plan, machine, site)


def _limit_runs(machine: LaneMachine, site: PhysicalSite) -> bool:
    return any(name in ("stage", "look") for name, _ in machine.lane_of(site.lane).timers)
