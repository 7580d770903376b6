"""The state of a site, and how an event of the world reaches the lane and comes back as screens and used bundles.

Rules of this file: what a vehicle has a right to is known from what people decided about this very vehicle and from the
records; never from what the lane makes of it. 3 is screen 3, Clearance Completed; 4 is screen 4, to the compound.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import NamedTuple

from domain.crossing import RELEASE, Direction
from lane_agent import events as e
from lane_agent.effects import Claim, Consume, Effect, LookUp, Show
from lane_agent.model import Bundle, Cargo, Codes, Contact, Link, Screen
from lane_agent.wording import Scene
from tools.proof.code_book import CORE_MS, MINUTE_MS
from tools.proof.physical.machine import BEFORE, LaneMachine, visit_of
from tools.proof.physical.plans import MARKS, PhysicalPlan
from tools.proof.physical.road import GONE, OUT, Road, at_line, covers, queue

EPOCH = "epoch"
NOBODY, ELSEWHERE = -1, -3
"""No vehicle; another lane."""


class Use(NamedTuple):
    """Who used a bundle: the visit of this lane (0 nobody, `ELSEWHERE` another lane), and the vehicle it was."""

    visit: int = 0
    vehicle: int = NOBODY


class Decided(NamedTuple):
    """What an officer has decided, looking at a vehicle, and has not entered yet; `visit` is what his page showed."""

    act: str = ""
    vehicle: int = NOBODY
    visit: int = 0


class PhysicalSite(NamedTuple):
    """A lane and all that is around it.

    Attributes:
        lane: what the machine knows the lane by.
        health: of the stop loop and the way-out loop: "", "dead" or "stuck".
        records, uses: by mark.
        begun: the vehicle that Immigration has begun with and not answered; `over`: the lane has ended its visit since.
        owed: a vehicle before it whose visit is over, likewise.
        officer: what he is about to enter.
        read: the vehicle whose plate the reader settled in this visit.
        three: 3 is shown; `three_for`, `four_for`: the vehicle that 3, or 4, is for.
        bypassed: an officer has bypassed the way-out loop.
    """

    lane: int
    road: Road
    records: tuple[str, ...]
    uses: tuple[Use, ...]
    health: tuple[str, str] = ("", "")
    begun: int = NOBODY
    over: bool = False
    owed: int = NOBODY
    officer: Decided = Decided()
    read: int = NOBODY
    three: bool = False
    three_for: int = NOBODY
    four_for: int = NOBODY
    bypassed: bool = False


def begin(plan: PhysicalPlan, machine: LaneMachine, lane: int) -> PhysicalSite:
    """The site before the first vehicle: the agent has started, the lane is open, its codes are fresh."""
    site = PhysicalSite(lane, queue(plan.lengths), plan.records, tuple(Use() for _ in plan.records))
    levels = tuple(e.ContactChanged(contact, False, machine.now_ms()) for contact in Contact)
    site = tell(plan, machine, site, e.AgentStarted(plan.policy, "boot", "proof"), *levels)
    return tell(plan, machine, site, e.LaneOpened("officer1"), e.LinkChanged(Link.FRESH))


def tell(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, *events: e.Event) -> PhysicalSite:
    """Feeds events, each with all answers to it: the code book's at once (the shell's promise), then what screens paint."""
    waiting = deque(events)
    while waiting:
        lane, effects, turned = machine.take(site.lane, waiting.popleft())
        site = site._replace(lane=lane)
        if turned:
            site = _visit_over(site, machine)
        for effect in effects:
            site = _follows(plan, machine, site, effect, waiting)
    return site


def _visit_over(site: PhysicalSite, machine: LaneMachine) -> PhysicalSite:
    site = site._replace(read=NOBODY, four_for=NOBODY)
    if site.begun != NOBODY:
        site = site._replace(over=True, owed=NOBODY)  # one answer is kept back at most, that of the newest
    if not machine.counted:
        return site
    uses = tuple(Use(BEFORE, use.vehicle) if use.visit > 0 else use for use in site.uses)
    officer = site.officer._replace(visit=BEFORE if site.officer.visit else 0)
    return site._replace(uses=uses, officer=officer)


def _follows(
    plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, effect: Effect, waiting: deque[e.Event]
) -> PhysicalSite:
    match effect:
        case LookUp():
            waiting.appendleft(e.CodesFound(effect.visit, effect.lookup, found(machine, site, effect.vrn)))
        case Claim():
            waiting.extend(claim_answered(machine, site, effect))
        case Show():
            site = _shown(plan, site, effect)
            if machine.counted:
                waiting.extend(painted(machine, site))
        case Consume():
            used = {int(ubr) for ubr in effect.ubrs}
            use = Use(visit_of(machine, site.lane), site.three_for)
            site = site._replace(uses=tuple(use if number in used else old for number, old in enumerate(site.uses)))
        case _:
            pass
    return site


def claim_answered(machine: LaneMachine, site: PhysicalSite, order: Claim) -> tuple[e.ClaimAnswered, ...]:
    """The core's answer, once the link is there: a bundle is this visit's unless another one used it (design §3)."""
    if machine.lane_of(site.lane).link is not Link.FRESH:
        return ()
    mine = (0, visit_of(machine, site.lane))
    taken = [ubr for ubr in order.ubrs if site.uses[int(ubr)].visit not in mine]
    refusal = f"{', '.join(taken)}: used" if taken else ""
    return (e.ClaimAnswered(order.visit, order.claim, order.ubrs, EPOCH, 1, refusal),)


def painted(machine: LaneMachine, site: PhysicalSite) -> tuple[e.ScenePainted, e.ScenePainted]:
    """Both screens confirm what they were told last."""
    face = machine.lane_of(site.lane).face
    return e.ScenePainted(Screen.XDB, face.xdb, face.serial), e.ScenePainted(Screen.AIOP, face.aiop, face.serial)


def _shown(plan: PhysicalPlan, site: PhysicalSite, order: Show) -> PhysicalSite:
    if order.xdb is Scene.EXAMINE and site.four_for == NOBODY:
        site = site._replace(four_for=at_line(site.road, plan.lengths))
    if Scene.DONE not in (order.xdb, order.aiop):
        return site._replace(three=False, three_for=NOBODY)
    if site.three:
        return site
    return site._replace(three=True, three_for=whose(plan, site))


def whose(plan: PhysicalPlan, site: PhysicalSite) -> int:
    """The vehicle at the line, or gone over it and not seen on a way out yet, that 3 can be for: the first with grounds."""
    for number, vehicle in enumerate(site.road):
        if on_its_way(plan, site, number) and not vehicle.off and has_grounds(plan, site, number):
            return number
    return NOBODY


def on_its_way(plan: PhysicalPlan, site: PhysicalSite, number: int) -> bool:
    """It is at the line, or between the line and the way-out loop, which has not reported it."""
    vehicle, length = site.road[number], plan.lengths[number]
    return not vehicle.seen and any(covers(vehicle, length, cell) for cell in range(1, OUT + 1))


def has_grounds(plan: PhysicalPlan, site: PhysicalSite, number: int) -> bool:
    """Whether this very vehicle may be shown 3: by the records after Immigration let it go, or by an officer's decision."""
    vehicle = site.road[number]
    if vehicle.referred or site.begun == number:
        return False
    return vehicle.officer or (vehicle.cleared and records_release(plan, site, number))


def records_release(plan: PhysicalPlan, site: PhysicalSite, number: int) -> bool:
    """The records let this vehicle go: a bundle that nobody else has used, or the press of one that is approved."""
    mark = plan.marks[number]
    record, use = site.records[mark], site.uses[mark]
    if record == "approved":
        return site.road[number].pressed
    return record == "live" and use.vehicle in (NOBODY, number) and use.visit != ELSEWHERE


def found(machine: LaneMachine, site: PhysicalSite, vrn: str) -> Codes:
    """What the code book says of a mark now."""
    mark, lane = MARKS.index(vrn), machine.lane_of(site.lane)
    use, journal = site.uses[mark].visit, lane.policy.journal
    used_by = {0: "", ELSEWHERE: "other/journal/7", BEFORE: f"lane/{journal}/0"}.get(use, f"lane/{journal}/{use}")
    return codes_of_record(mark, site.records[mark], used_by, lane.link)


@cache
def codes_of_record(mark: int, record: str, used_by: str, link: Link) -> Codes:
    """The answer about a mark with this record, for an inbound lane."""
    bundles: tuple[Bundle, ...] = ()
    if record in ("live", "opposite", "withdrawn"):
        times = (CORE_MS - MINUTE_MS, CORE_MS + 600 * MINUTE_MS)
        way = Direction.OUTBOUND if record == "opposite" else Direction.INBOUND
        cargo = (Cargo("2001067800", RELEASE),)
        bundles = (Bundle(str(mark), MARKS[mark], way, "POINT", *times, cargo, record == "withdrawn", used_by),)
    held, approved = record == "hold", record == "approved"
    return Codes(MARKS[mark], link, CORE_MS, 0, EPOCH, 1, "hash", held=held, bundles=bundles, approved=approved)


def exposed(plan: PhysicalPlan, site: PhysicalSite) -> int:
    """The vehicle without grounds of its own that stands at the line under 3, `NOBODY` if there is none."""
    number = at_line(site.road, plan.lengths) if site.three else NOBODY
    return NOBODY if number == NOBODY or has_grounds(plan, site, number) else number


def is_over(site: PhysicalSite) -> bool:
    """Every vehicle is gone."""
    return all(vehicle.head == GONE for vehicle in site.road)
