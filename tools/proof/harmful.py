"""Changes of the source that did harm and that neither proof nor tests had noticed, and who notices each of them now.

The first eight were found by a review; the next three undo what mended the wrong releases it had found (A1 to A3 of
`docs/attacks.md`); the others undo what the physical model found.
"""

from __future__ import annotations

from dataclasses import dataclass

from tools.proof.physical.breadth import search_site
from tools.proof.physical.plans import PLANS
from tools.proof.search import RememberedStep, search
from tools.proof.slices import SLICES
from tools.proof.source_mutants import in_place, reworded

MOST = 60_000
"""States of a site that are searched for a mutant."""


@dataclass(frozen=True, slots=True)
class HarmfulMutant:
    """One change of words in a module, and the slice or the site in which it breaks the law.

    Attributes:
        slice: of the proof, "" where a site is named.
        site: of the physical model.
    """

    says: str
    module: str
    before: str
    after: str
    slice: str = ""
    site: str = ""


REVIEWED: tuple[HarmfulMutant, ...] = (
    HarmfulMutant(
        "edges of up to 0.9 s before the arrival count for this vehicle",
        "lane_agent.acceptance",
        "event.edge_ms >= lane.visit.arrived.mono_ms",
        "event.edge_ms >= lane.visit.arrived.mono_ms - 900",
        slice="inputs of others",
    ),
    HarmfulMutant(
        "a bundle used by this lane's earlier visit is live again",
        "lane_agent.matching",
        'bundle.used_by not in ("", visit_key)',
        'bundle.used_by.rpartition("/")[0] not in ("", visit_key.rpartition("/")[0])',
        slice="every record",
    ),
    HarmfulMutant(
        "direction from the default policy: an outbound lane releases on inbound bundles",
        "lane_agent.matching",
        "bundle.direction is not policy.direction",
        "bundle.direction is not Policy().direction",
        slice="outbound lane",
    ),
    HarmfulMutant(
        "a second read one character off no longer doubts the first",
        "lane_agent.receive",
        "if first.vrn != second.vrn or len(witnesses) > 1:",
        "if (first.vrn != second.vrn and not is_near_miss(first.vrn, second.vrn)) or len(witnesses) > 1:",
        slice="neighbouring marks",
    ),
    HarmfulMutant(
        "a second identifier one character off agrees",
        "lane_agent.receive",
        "if others - {read.vrn} else lane",
        "if any(one != read.vrn and not is_near_miss(one, read.vrn) for one in others) else lane",
        slice="neighbouring marks",
    ),
    HarmfulMutant(
        "a referral line active at arrival is ignored",
        "lane_agent.passage",
        "stuck = sorted(contact.value for contact in lane.contacts.intersection(FOR_VISIT))",
        "stuck = sorted(c.value for c in lane.contacts.intersection(FOR_VISIT) - {Contact.IMMIGRATION_REFERRED})",
        slice="stuck lines",
    ),
    HarmfulMutant(
        "in manual an officer may release over a referral",
        "lane_agent.guards",
        "if visit.immigration in (Immigration.RUNNING, Immigration.REFERRED):",
        "if visit.immigration in (Immigration.RUNNING, Immigration.REFERRED) and not visit.manual:",
        slice="manual and referral",
    ),
    HarmfulMutant(
        "typing the mark settles a stuck input",
        "lane_agent.receive",
        "settled = visit.doubt is Doubt.PLATES_DISAGREE",
        "settled = visit.doubt in (Doubt.PLATES_DISAGREE, Doubt.CONTACT_STUCK)",
        slice="stuck lines and typed marks",
    ),
)

MENDED: tuple[HarmfulMutant, ...] = (
    HarmfulMutant(
        "A1: Immigration's late answer counts for the vehicle that is there now",
        "lane_agent.receive",
        "if lane.debt and event.active and not first and event.contact in debt.ANSWERS:",
        "if False:",
        site="a debt written off",
    ),
    HarmfulMutant(
        "A2: a bypassed loop keeps nothing from being automatic",
        "lane_agent.guards",
        "return bool(lane.bypassed)",
        "return False",
        site="a loop bypassed",
    ),
    HarmfulMutant(
        "A3: a close follower takes over 3",
        "lane_agent.passage",
        "if visit.follows and visit.outcome is not Outcome.RELEASED:",
        "if visit.follows:",
        site="close followers",
    ),
    HarmfulMutant(
        "3 is shown while a vehicle stands on the way-out loop",
        "lane_agent.guards",
        "return Contact.EXIT_LOOP in lane.contacts - lane.bypassed",
        "return False",
        site="close followers run",
    ),
    HarmfulMutant(
        "no answer is owed for a vehicle taken over by hand",
        "lane_agent.passage",
        "return owe_answer(lane) if begins and lane.visit is None and on_stop_loop.holds(lane) else (lane, ())",
        "return (lane, ())",
        site="a debt written off",
    ),
    HarmfulMutant(
        "no answer is owed where Immigration begins again after one that was unclear",
        "lane_agent.immigration",
        "return owe_answer(visit_with(lane, unclear=None)) if unclear else (lane, ())",
        "return visit_with(lane, unclear=None), ()",
        site="Immigration begins again",
    ),
    HarmfulMutant(
        "a vehicle that stood here while a loop was bypassed is released by itself",
        "lane_agent.passage",
        "visit_with(lane, officers=True) if automatic else lane",
        "lane",
        site="a loop bypassed, officer releases",
    ),
)


def noticed(mutant: HarmfulMutant, *, most: int = MOST) -> str:
    """What the mutant breaks in its slice or at its site, with the way to it; "" if nobody notices.

    Raises:
        ValueError: the words that it changes are no longer in the source.
    """
    with in_place(reworded(mutant.says, mutant.module, mutant.before, mutant.after)):
        if mutant.site:
            plan = next(plan for plan in PLANS if plan.name == mutant.site)
            return " > ".join(search_site(plan, most=most).path)
        slice_ = next(slice_ for slice_ in SLICES if slice_.name == mutant.slice)
        found = search(RememberedStep(), slice_, stop=True)
        return "; ".join(f"{one.law}: {' > '.join(one.path)}" for one in found.violations)
