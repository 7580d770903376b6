"""What may happen next at a site, and what it does: vehicles, loops, Immigration, officer, reader, records, the agent.

Rules of this file:
- People act on whoever stands at the line. Immigration may answer when that vehicle has gone, and then keeps one answer
  back at most; an officer may enter his decision later, for the visit that his page showed.
- A loop that works reports a vehicle before it has left the loop; whether it ever opens between two vehicles that follow
  bumper to bumper is open.
- Who was not told 4 takes the way out. Who was not told 3 or 4 stays, unless an officer sent him off or the site says
  that vehicles run ("runs").
- It keeps no answer back for a vehicle whose visit the lane had not ended when it began with the next: the two left no gap
  for the loops, so to the lane they are one.
- What an officer decided before the agent's start to release is void: the page asks him again, and so does the core
  (`console.grounds.basis`, `sync.link.commands`).
- An officer asks where his page does not say how Immigration answered (an answer that came for two, a box restored), and
  does not release a vehicle that it referred.
- The debt of Immigration lapses only when no answer is kept back (the bound of design §2.13: 120 s).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lane_agent import events as e
from lane_agent.model import Contact, Immigration, Link, Read, ReadSource
from tools.proof.physical.machine import LaneMachine, visit_of
from tools.proof.physical.plans import MARKS, PhysicalPlan
from tools.proof.physical.road import GAP, GONE, LINE, OUT, RoadVehicle, at_line, covers, is_free, pressed_by_wheels
from tools.proof.physical.site import ELSEWHERE, NOBODY, Decided, PhysicalSite, Use, tell

OFFICER, WHY = "officer1", "seen by me"
LOOPS = (Contact.STOP_LOOP, Contact.EXIT_LOOP, Contact.COMPOUND_LOOP)
ENTERED = ("release", "inspect", "take over", "typing")
"""What an officer may decide about the vehicle that he sees."""

Deed = tuple[str, int]
"""What happens, and to which vehicle, mark or loop."""


def deeds(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite) -> Iterator[Deed]:
    """Everything that can happen next."""
    yield from _driving(plan, machine, site)
    yield from _loops(plan, machine, site)
    yield from _immigration(plan, machine, site)
    yield from _reading(plan, machine, site)
    yield from _officer(plan, machine, site)
    yield from _centre(plan, site)
    yield from _agent(plan, machine, site)


def do(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, deed: Deed) -> PhysicalSite:
    """The site after a deed."""
    return _DO[deed[0]](plan, machine, site, deed[1])


def in_words(deed: Deed) -> str:
    """A deed for a report: "drives B", "cleared A"."""
    name, number = deed
    if name in ("reports", "dead", "stuck"):
        return f"{LOOPS[number].value} {name}"
    if name in ("elsewhere", "withdrawn", "come", "hold"):
        return f"record of {MARKS[number]}: {name}"
    return f"{name} {'ABCDEFG'[number]}" if number >= 0 and name != "paints" else name


# --- vehicles and loops ------------------------------------------------------------------------------------------


def _driving(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite) -> Iterator[Deed]:
    for number, vehicle in enumerate(site.road):
        if vehicle.head != GONE and _may_drive(plan, machine, site, number):
            yield "drives", number


def _may_drive(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> bool:
    free = is_free(site.road, plan.lengths, number, off=_turns_off(site, number))
    goes = site.road[number].head != LINE or _may_go(plan, site, number)
    in_row = free and goes and _in_one_row(plan, machine, site, number)
    return free and goes and not in_row and _loops_have_reported(plan, machine, site, number)


def _loops_have_reported(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> bool:
    """A loop that works reports a vehicle before it has left the loop, and before its front is on the next."""
    vehicle = site.road[number]
    tail = vehicle.head - plan.lengths[number] + 1
    if tail == LINE or (vehicle.head + 1 == OUT and tail < LINE):
        return _has_reported(machine, site, Contact.STOP_LOOP)
    if tail != OUT:
        return True
    if vehicle.off:
        return not plan.policy.compound_loop or _has_reported(machine, site, Contact.COMPOUND_LOOP)
    return _has_reported(machine, site, Contact.EXIT_LOOP)


def _in_one_row(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> bool:
    """Three so close that neither loop opens between them are one to the lane; that is left out where the second has no 3."""
    head, heard = site.road[number].head + 1, machine.lane_of(site.lane).contacts
    if head == LINE and number and Contact.STOP_LOOP in heard:
        ahead = site.road[number - 1]
        return ahead.missed and not ahead.parted and site.three_for != number - 1
    followed = at_line(site.road, plan.lengths) not in (NOBODY, number)
    would_miss = head == OUT and Contact.EXIT_LOOP in heard
    return would_miss and followed and not site.road[number].parted and site.three_for != number


def _turns_off(site: PhysicalSite, number: int) -> bool:
    vehicle = site.road[number]
    return vehicle.off if vehicle.head >= GAP else vehicle.head == LINE and site.four_for == number


def _may_go(plan: PhysicalPlan, site: PhysicalSite, number: int) -> bool:
    return number in (site.three_for, site.four_for) or "runs" in plan.may or site.road[number].sent


def _has_reported(machine: LaneMachine, site: PhysicalSite, loop: Contact) -> bool:
    """A loop that works has reported the vehicle on it; one that is dead or stuck says nothing."""
    return _health(site, loop) != "" or loop in machine.lane_of(site.lane).contacts


def _health(site: PhysicalSite, loop: Contact) -> str:
    place = LOOPS.index(loop)
    return site.health[place] if place < len(site.health) else ""


def level(plan: PhysicalPlan, site: PhysicalSite, loop: Contact) -> bool:
    """What a loop says now."""
    health = _health(site, loop)
    return health == "stuck" or (health == "" and pressed_by_wheels(site.road, plan.lengths, loop))


def _drives(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> PhysicalSite:
    vehicle = site.road[number]
    off, head = _turns_off(site, number), vehicle.head + 1
    gone = head - plan.lengths[number] >= OUT
    way_out = Contact.COMPOUND_LOOP if off else Contact.EXIT_LOOP
    untold = site.bypassed or way_out in machine.lane_of(site.lane).contacts
    missed = vehicle.missed or (head == OUT and untold)
    moved = vehicle._replace(head=GONE if gone else head, off=off, missed=missed)
    site = _with(site, number, moved)
    if gone and site.begun == number:
        return site._replace(begun=NOBODY, over=False, owed=_kept_back(site))
    return site


def _with(site: PhysicalSite, number: int, vehicle: RoadVehicle) -> PhysicalSite:
    return site._replace(road=(*site.road[:number], vehicle, *site.road[number + 1 :]))


def _loops(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite) -> Iterator[Deed]:
    heard = machine.lane_of(site.lane).contacts
    for place, loop in enumerate(LOOPS[: 3 if plan.policy.compound_loop else 2]):
        if level(plan, site, loop) is not (loop in heard):
            yield "reports", place
    for place, name in enumerate(("stop", "exit")):
        if not any(site.health):
            for how in ("dead", "stuck"):
                if f"{name} {how}" in plan.may:
                    yield how, place


def _reports(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, place: int) -> PhysicalSite:
    loop = LOOPS[place]
    active = level(plan, site, loop)
    if active and loop is not Contact.STOP_LOOP and not (site.bypassed and loop is Contact.EXIT_LOOP):
        for number, vehicle in enumerate(site.road):
            on_it = vehicle.off is (loop is Contact.COMPOUND_LOOP) and covers(vehicle, plan.lengths[number], OUT)
            if on_it and not _health(site, loop):
                site = _with(site, number, vehicle._replace(seen=True))
    if not active and loop is Contact.STOP_LOOP:
        road = tuple(one._replace(parted=True) if LINE < one.head != GONE else one for one in site.road)
        site = site._replace(road=road)
    return tell(plan, machine, site, e.ContactChanged(loop, active, machine.now_ms()))


def _fails(how: str) -> Callable[[PhysicalPlan, LaneMachine, PhysicalSite, int], PhysicalSite]:
    def fail(_plan: PhysicalPlan, _machine: LaneMachine, site: PhysicalSite, place: int) -> PhysicalSite:
        return site._replace(health=(how, "") if place == 0 else ("", how))

    return fail


# --- Immigration -------------------------------------------------------------------------------------------------


def _immigration(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite) -> Iterator[Deed]:
    here = at_line(site.road, plan.lengths)
    if here not in (NOBODY, site.begun) and _has_reported(machine, site, Contact.STOP_LOOP):
        vehicle = site.road[here]
        if not vehicle.referred and (not vehicle.cleared or "again" in plan.may):
            yield "started", here
        if vehicle.referred and "stray" in plan.may and NOBODY == site.begun == site.owed:
            yield "stray cleared", here
    if site.begun != NOBODY and (site.begun == here or ("late" in plan.may and site.owed == NOBODY)):
        yield "cleared", site.begun
        if "referral" in plan.may or "stray" in plan.may:
            yield "referred", site.begun
    if site.owed != NOBODY and "late" in plan.may:
        yield "gives up", site.owed
        yield "cleared", site.owed
        if "referral" in plan.may:
            yield "referred", site.owed


def _pulse(machine: LaneMachine, contact: Contact) -> tuple[e.Event, e.Event]:
    now = machine.now_ms()
    return e.ContactChanged(contact, True, now), e.ContactChanged(contact, False, now)


def _started(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> PhysicalSite:
    """Immigration begins with a vehicle, and so takes back what it decided before."""
    owed = _kept_back(site)
    heard = machine.lane_of(site.lane).visit is not None
    site = _with(site, number, site.road[number]._replace(cleared=False))
    site = site._replace(begun=number, over=not heard, owed=owed if heard else NOBODY)
    return tell(plan, machine, site, *_pulse(machine, Contact.IMMIGRATION_STARTED))


def _kept_back(site: PhysicalSite) -> int:
    """Whose answer Immigration may give later when it turns to another vehicle, or has none any more."""
    if site.begun == NOBODY:
        return site.owed
    return site.begun if site.over else NOBODY


def _answers(
    contact: Contact, **decided: bool
) -> Callable[[PhysicalPlan, LaneMachine, PhysicalSite, int], PhysicalSite]:
    def answer(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> PhysicalSite:
        site = _with(site, number, site.road[number]._replace(**decided))
        site = site._replace(
            begun=NOBODY if site.begun == number else site.begun,
            over=site.over and site.begun != number,
            owed=NOBODY if site.owed == number else site.owed,
        )
        return tell(plan, machine, site, *_pulse(machine, contact))

    return answer


# --- the reader --------------------------------------------------------------------------------------------------


def _reading(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite) -> Iterator[Deed]:
    visit, here = machine.lane_of(site.lane).visit, at_line(site.road, plan.lengths)
    if visit is None or here == NOBODY:
        return
    behind = here + 1
    if site.read == NOBODY:
        yield "read", here
        if "neighbour" in plan.may and behind < len(site.road) and site.road[behind].head == LINE - 1:
            yield "read", behind
        if "unread" in plan.may and not visit.unread:
            yield "unread", NOBODY
    elif plan.marks[site.read] != plan.marks[here] and visit.doubt is None:
        yield "doubted", site.read
    looked_for = visit.read is not None and visit.read.vrn == MARKS[plan.marks[here]]
    if looked_for and any(name == "look" for name, _ in machine.lane_of(site.lane).timers):
        yield "seen again", here
    if "identifier" in plan.may and not visit.identifiers:
        yield "identified", here
    if "unladen" in plan.may and not site.road[here].pressed and site.road[here].head == LINE:
        yield "pressed", here


def _read(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> PhysicalSite:
    site = site._replace(read=number)
    read = Read(MARKS[plan.marks[number]], None, 0.98, ReadSource.READER)
    return tell(plan, machine, site, e.PlateSettled(visit_of(machine, site.lane), read))


def _unread(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, _number: int) -> PhysicalSite:
    return tell(plan, machine, site, e.PlateUnread(visit_of(machine, site.lane), "mud"))


def _doubted(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> PhysicalSite:
    return tell(plan, machine, site, e.PlateDoubted(visit_of(machine, site.lane), MARKS[plan.marks[number]]))


def _seen_again(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> PhysicalSite:
    look = dict(machine.lane_of(site.lane).timers)["look"]
    seen = e.PlateSeenAgain(visit_of(machine, site.lane), look, MARKS[plan.marks[number]])
    return tell(plan, machine, site, seen)


def _identified(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> PhysicalSite:
    named = e.IdentifierRead("immigration", MARKS[plan.marks[number]], machine.now_ms(), vouched=True)
    return tell(plan, machine, site, named)


def _pressed(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> PhysicalSite:
    site = _with(site, number, site.road[number]._replace(pressed=True))
    return tell(plan, machine, site, *_pulse(machine, Contact.UNLADEN))


# --- the officer -------------------------------------------------------------------------------------------------


def _officer(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite) -> Iterator[Deed]:
    lane, here = machine.lane_of(site.lane), at_line(site.road, plan.lengths)
    told = lane.visit is not None and lane.visit.immigration is Immigration.REFERRED
    if site.officer.act:
        asked = site.officer.act == "release" and site.road[site.officer.vehicle].referred and not told
        yield ("thinks better" if asked else "enters"), NOBODY
    elif here != NOBODY and lane.visit is not None:
        for act in ENTERED:
            if act in plan.may and (told or act != "release" or not site.road[here].referred):
                yield act, here
    owes_nobody = site.owed == NOBODY and site.begun == NOBODY
    if "write off" in plan.may and owes_nobody and here != NOBODY and site.road[here].cleared:
        unclear = lane.visit is not None and lane.visit.unclear is not None
        yield from (("write off", here),) * (lane.debt or unclear)
    if "bypass" in plan.may:
        yield ("put back" if site.bypassed else "bypass"), NOBODY
        if lane.manual and site.bypassed:
            yield "automatic", NOBODY


def _decides(act: str) -> Callable[[PhysicalPlan, LaneMachine, PhysicalSite, int], PhysicalSite]:
    def decide(_plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, number: int) -> PhysicalSite:
        site = site._replace(officer=Decided(act, number, visit_of(machine, site.lane)))
        vehicle = site.road[number]
        if act == "release":
            vehicle = vehicle._replace(officer=True)
        return _with(site, number, vehicle._replace(sent=vehicle.sent or act in ("release", "take over")))

    return decide


def _enters(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, _number: int) -> PhysicalSite:
    act, vehicle, visit = site.officer
    events: dict[str, e.Event] = {
        "release": e.OfficerReleased(visit, OFFICER, WHY),
        "inspect": e.OfficerInspected(visit, OFFICER, WHY),
        "take over": e.OfficerTookOver(visit, OFFICER, WHY),
        "typing": e.OfficerCorrected(visit, OFFICER, MARKS[plan.marks[vehicle]], WHY),
    }
    later = tell(plan, machine, site._replace(officer=Decided()), events[act])
    his = later.three and not site.three and later.three_for == NOBODY
    return later._replace(three_for=vehicle) if his else later


def _thinks_better(_plan: PhysicalPlan, _machine: LaneMachine, site: PhysicalSite, _number: int) -> PhysicalSite:
    vehicle = site.road[site.officer.vehicle]._replace(officer=False)
    return _with(site, site.officer.vehicle, vehicle)._replace(officer=Decided())


def _writes_off(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, _number: int) -> PhysicalSite:
    return tell(plan, machine, site, e.DebtWrittenOff(visit_of(machine, site.lane), OFFICER, WHY))


def _bypasses(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, _number: int) -> PhysicalSite:
    over = not site.bypassed
    site = site._replace(road=_not_told_of(plan, site))
    events: tuple[e.Event, ...] = (e.LoopBypassed(Contact.EXIT_LOOP, over, OFFICER, WHY),)
    if over:
        events = (e.ManualOrdered(OFFICER, WHY), *events)
    return tell(plan, machine, site._replace(bypassed=over), *events)


def _automatic(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, _number: int) -> PhysicalSite:
    return tell(plan, machine, site, e.ManualEnded(OFFICER))


# --- the records, the agent --------------------------------------------------------------------------------------


def _centre(plan: PhysicalPlan, site: PhysicalSite) -> Iterator[Deed]:
    for mark, (record, use) in enumerate(zip(site.records, site.uses, strict=True)):
        if record == "live" and use == Use():
            for change in ("elsewhere", "withdrawn"):
                if change in plan.may:
                    yield change, mark
        if "hold" in plan.may and record != "hold":
            yield "hold", mark
        if "come" in plan.may and record in ("none", "approved"):
            yield "come", mark


def _changes(change: str) -> Callable[[PhysicalPlan, LaneMachine, PhysicalSite, int], PhysicalSite]:
    def new_record(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, mark: int) -> PhysicalSite:
        records, uses = list(site.records), list(site.uses)
        if change == "elsewhere":
            uses[mark] = Use(ELSEWHERE)
        else:
            records[mark] = "live" if change == "come" else change
        site = site._replace(records=tuple(records), uses=tuple(uses))
        return tell(plan, machine, site, e.CodesChanged(MARKS[mark], change == "hold"))

    return new_record


def _agent(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite) -> Iterator[Deed]:
    lane = machine.lane_of(site.lane)
    if machine.counted:
        here = at_line(site.road, plan.lengths)
        for name, _ in lane.timers:
            answers_here = lane.visit is not None and site.begun == here
            kept_back = site.owed != NOBODY or not (site.begun == NOBODY or answers_here)
            if name != "paint" and not (name == "debt" and kept_back):
                yield f"{name} runs out", NOBODY
    if lane.link is not Link.FRESH:
        yield "fresh", NOBODY
    elif "link" in plan.may:
        yield "offline", NOBODY
    if "restart" in plan.may:
        yield "restart", NOBODY


def _runs_out(name: str) -> Callable[[PhysicalPlan, LaneMachine, PhysicalSite, int], PhysicalSite]:
    def fire(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, _number: int) -> PhysicalSite:
        serial = dict(machine.lane_of(site.lane).timers)[name]
        return tell(plan, machine, site, e.TimerFired(name, serial))

    return fire


def _link(link: Link) -> Callable[[PhysicalPlan, LaneMachine, PhysicalSite, int], PhysicalSite]:
    return lambda plan, machine, site, _number: tell(plan, machine, site, e.LinkChanged(link))


def _not_told_of(plan: PhysicalPlan, site: PhysicalSite) -> tuple[RoadVehicle, ...]:
    """Of a vehicle that stands on the way-out loop at this moment the lane may never be told."""
    return tuple(
        vehicle._replace(missed=vehicle.missed or (not vehicle.seen and covers(vehicle, plan.lengths[number], OUT)))
        for number, vehicle in enumerate(site.road)
    )


def restarts(plan: PhysicalPlan, machine: LaneMachine, site: PhysicalSite, _number: int) -> PhysicalSite:
    """The agent starts anew and hears from every contact where it stands. A release that was not entered yet is asked again."""
    if site.officer.act == "release":
        site = _thinks_better(plan, machine, site, NOBODY)
    levels = [
        e.ContactChanged(contact, contact in LOOPS and level(plan, site, contact), machine.now_ms())
        for contact in Contact
    ]
    site = site._replace(three=False, three_for=NOBODY, road=_not_told_of(plan, site))
    return tell(plan, machine, site, e.AgentStarted(plan.policy, "boot", "proof"), *levels)


_DO: dict[str, Callable[[PhysicalPlan, LaneMachine, PhysicalSite, int], PhysicalSite]] = {
    "drives": _drives,
    "reports": _reports,
    "dead": _fails("dead"),
    "stuck": _fails("stuck"),
    "started": _started,
    "cleared": _answers(Contact.IMMIGRATION_CLEARED, cleared=True),
    "referred": _answers(Contact.IMMIGRATION_REFERRED, referred=True, cleared=False),
    "gives up": lambda _plan, _machine, site, _number: site._replace(owed=NOBODY),
    "stray cleared": lambda plan, machine, site, _: tell(
        plan, machine, site, *_pulse(machine, Contact.IMMIGRATION_CLEARED)
    ),
    "read": _read,
    "unread": _unread,
    "doubted": _doubted,
    "seen again": _seen_again,
    "identified": _identified,
    "pressed": _pressed,
    **{act: _decides(act) for act in ENTERED},
    "enters": _enters,
    "thinks better": _thinks_better,
    "write off": _writes_off,
    "bypass": _bypasses,
    "put back": _bypasses,
    "automatic": _automatic,
    **{change: _changes(change) for change in ("elsewhere", "withdrawn", "come", "hold")},
    **{f"{name} runs out": _runs_out(name) for name in ("stage", "gone", "debt", "help", "paint", "held_up", "look")},
    "fresh": _link(Link.FRESH),
    "offline": _link(Link.OFFLINE),
    "restart": restarts,
}
