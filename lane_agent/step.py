"""(lane, event, moment) -> (lane, effects): the whole behaviour of a lane, pure and total.

In three parts: `receive` records in the lane what the event says; the decision table is read until its answer no longer
changes the lane, and entering a row does what that row says; then the code book is asked, bundles are claimed or given back,
the waiting timer set and the screens painted as that row needs. 3 is screen 3, Clearance Completed; 4 is screen 4, to the examination compound.
"""

from __future__ import annotations

from domain.alarm_traits import Ends
from domain.alarms import LaneAlarmKind
from domain.hong_kong import day_and_minute, month_and_day
from domain.visit_record import RecordKind
from lane_agent import held_up
from lane_agent.alarming import over
from lane_agent.change import (
    Change,
    ask_codes,
    cancel_timer,
    hand_over,
    record,
    start_timer,
    visit_with,
    withdraw,
)
from lane_agent.claims import settle_claim
from lane_agent.effects import Alarm, Consume, Effect, Record, Show
from lane_agent.events import Event, FaultRaised, OfficerReleased
from lane_agent.frozen import replace
from lane_agent.guards import departing, standing_of
from lane_agent.matching import sort_bundles
from lane_agent.model import Codes, Doubt, Face, Fault, HelpCall, Immigration, Link, Moment, Outcome, Ruling
from lane_agent.receive import receive
from lane_agent.rules import RULES, Rules
from lane_agent.state import Lane, Visit, visit_key
from lane_agent.table import LIMITS_MS, Row
from lane_agent.wording import Scene

PROMPTS_COUNTED = 9
"""A driver who was asked so often was asked often: the count ends here."""

STARTING_MS = 15_000
"""The screens start with the agent, so their first painting may take as long as their processes take to start."""


def step(lane: Lane, event: Event, at: Moment, rules: Rules = RULES) -> Change:
    """One step of the lane. Never raises for any lane and event; nothing is done, only asked for."""
    before = lane
    lane, received = receive(lane, event, at, rules)
    lane = held_up.ended(lane)
    row, (lane, decided) = _decide(lane, at, rules, quiet=isinstance(event, OfficerReleased))
    lane, refused = _refuse_release(lane)
    lane, asked = (lane, ()) if _ignored(received) else _ask_code_book(lane, event, rules)
    if refused:  # the officer's release no longer holds, so another row may
        row = rules.first_row(lane)
    lane, claimed = settle_claim(lane)
    lane = visit_with(lane, answered=False)  # an answer decides in the step that brings it, and in no later one
    lane, waited = (lane, ()) if row.xdb is Scene.DONE else held_up.stop(lane)
    lane, timed = _time_stage(lane, row)
    lane, shown = _show(lane, row)
    return lane, received + over(before, lane, rules) + decided + refused + asked + claimed + waited + timed + shown


def _ignored(received: tuple[Effect, ...]) -> bool:
    return any(isinstance(effect, Record) and effect.kind == RecordKind.IGNORED for effect in received)


def _decide(lane: Lane, at: Moment, rules: Rules, *, quiet: bool) -> tuple[Row, Change]:
    """Reads the table until entering its answer changes nothing about the visit.

    Entering a row may set facts that guards ask for (an outcome, a doubt), so another row may hold afterwards. No guard asks
    which row was entered last. The rounds are counted, so that a step ends whatever the table says.
    With `quiet` no alarm is raised: the officer who has just released a vehicle need not be called to it.
    """
    effects: tuple[Effect, ...] = ()
    row = rules.first_row(lane)
    for _ in range(len(rules.table)):
        taken, back = _withdraw_if_hidden(lane, row)
        entered, more = _enter(taken, row, at, quiet=quiet)
        effects += back + more
        settled = entered is lane or entered.visit == lane.visit
        lane = entered
        if settled:
            break
        row = rules.first_row(lane)
    return row, (lane, effects)


def _withdraw_if_hidden(lane: Lane, row: Row) -> Change:
    """Withdraws a release for good when the row that holds no longer shows 3, unless the vehicle is leaving on it.

    Otherwise 3 would come back by itself when a fault or a help call has passed, and nobody would have looked (design §2.2).
    """
    visit = lane.visit
    if visit is None or visit.outcome is not Outcome.RELEASED or row.xdb is Scene.DONE or departing.holds(lane):
        return lane, ()
    cleared = visit.immigration is Immigration.CLEARED or visit.ruling is Ruling.RELEASE
    return withdraw(lane, Doubt.FAULT if lane.faults or cleared else Doubt.REFERRED)


def _enter(lane: Lane, row: Row, at: Moment, *, quiet: bool) -> Change:
    if lane.row == row.name:
        return lane, ()
    lane = replace(lane, row=row.name)
    visit = lane.visit
    effects: tuple[Effect, ...] = ()
    if visit is not None and row.prompt:
        lane = visit_with(lane, prompts=min(visit.prompts + 1, PROMPTS_COUNTED))
    if visit is not None and row.outcome is not None:
        lane, effects = _conclude(lane, visit, row, at)
    if row.doubt is not None:
        lane = hand_over(lane, row.doubt)
    if visit is not None:
        effects = (
            record(RecordKind.ROW_ENTERED, lane, row=row.number, name=row.name, **_grounds(lane, visit)),
            *effects,
        )
    about = row.alarm is not None and (visit is not None or row.alarm.care.ends is not Ends.VISIT)
    if row.alarm and about and not quiet:
        effects += (Alarm(row.alarm, visit.number if visit else 0, row.name),)
    return lane, effects


def _conclude(lane: Lane, visit: Visit, row: Row, at: Moment) -> Change:
    """A row that shows 3 or 4: uses the bundles (design §2.4); after 4 the compound expects the vehicle.

    3 uses every live bundle. If none is live, an officer released the vehicle, and with it whatever is pending; 4 uses
    whatever is pending.
    """
    lane = visit_with(lane, outcome=row.outcome, decided=row.number, decided_at=at)
    if visit.codes is None:
        ubrs: tuple[str, ...] = ()
    else:
        standing = standing_of(lane, visit, visit.codes)
        live = standing.live if row.outcome is Outcome.RELEASED else ()
        ubrs = tuple(bundle.ubr for bundle in live or standing.pending)
    lane = visit_with(lane, used=tuple(dict.fromkeys((*visit.used, *ubrs))))
    effects: tuple[Effect, ...] = (Consume(visit.number, ubrs),) if ubrs else ()
    if row.outcome is Outcome.EXAMINE:
        vrn = visit.read.vrn if visit.read else ""
        effects += (record(RecordKind.SENT_TO_COMPOUND, lane, vrn=vrn, ubrs=",".join(ubrs), officer=visit.officer),)
    return lane, effects


def _grounds(lane: Lane, visit: Visit) -> dict[str, object]:
    """The facts that a row was entered on: plate, version of the codes, and the sorted bundles (design §2.3)."""
    codes = visit.codes
    grounds: dict[str, object] = {"vrn": visit.read.vrn if visit.read else "", "link": lane.link.value}
    if visit.receipt:
        grounds |= {"claimed": ",".join(visit.claimed)}
    if codes is None:
        return grounds
    return (
        grounds
        | {"epoch": codes.epoch, "version": codes.version, "state_hash": codes.state_hash}
        | _bundles(lane, codes)
    )


def _bundles(lane: Lane, codes: Codes) -> dict[str, object]:
    standing = sort_bundles(codes, lane.policy, visit_key(lane, lane.visits))
    sorted_ubrs = {
        "live": standing.live,
        "early": standing.early,
        "elsewhere": standing.elsewhere,
        "ended": standing.ended,
        "opposite": standing.opposite,
    }
    facts: dict[str, object] = {name: ",".join(bundle.ubr for bundle in found) for name, found in sorted_ubrs.items()}
    facts["near"] = ",".join(miss.vrn for miss in codes.near)
    if standing.early and codes.core_ms is not None:
        facts["minutes_early"] = -(-(min(b.earliest_ms for b in standing.early) - codes.core_ms) // 60_000)
    return facts


def _refuse_release(lane: Lane) -> Change:
    """Ends an officer's release that the code book's answer has just spoken against, and tells the officer.

    It must not wait: a release that stayed would take effect minutes later, when the codes change and nobody is looking.
    """
    visit = lane.visit
    if visit is None or not visit.answered:
        return lane, ()
    if visit.ruling is not Ruling.RELEASE or visit.outcome is Outcome.RELEASED:
        return lane, ()
    return visit_with(lane, ruling=Ruling.NONE), (Alarm(LaneAlarmKind.RELEASE_REFUSED, visit.number, lane.row),)


def _ask_code_book(lane: Lane, event: Event, rules: Rules) -> Change:
    """Asks when nothing but the answer is missing for 3, so that the deciding lookup is as new as can be (design §2.3).

    Whether that is so the table says itself, read as if an answer had come. After a fault nothing is asked in the same step:
    a code book that fails would be asked for ever.
    """
    visit = lane.visit
    if visit is None or visit.read is None or visit.lookup or visit.answered or isinstance(event, FaultRaised):
        return lane, ()
    if _lacks_answer(lane, visit):
        return ask_codes(lane)
    as_if_answered = visit_with(lane, answered=True)
    return ask_codes(lane) if rules.first_row(as_if_answered).outcome is Outcome.RELEASED else (lane, ())


def _lacks_answer(lane: Lane, visit: Visit) -> bool:
    """No answer yet, or one from before the link was fresh, when a missing record proved nothing (design §2.7).

    A code book at fault is not asked again before it works.
    """
    if Fault.CODES in lane.faults:
        return False
    return visit.codes is None or (visit.codes.link is not Link.FRESH and lane.link is Link.FRESH)


def _time_stage(lane: Lane, row: Row) -> Change:
    """Runs the limit of the row that holds; an open help call pauses a driver's prompt, and no other limit (design §2.10)."""
    paused = row.prompt and lane.help is not HelpCall.NONE
    wanted = row.name if row.limit and not paused else ""
    if wanted == lane.stage:
        return lane, ()
    lane, cancelled = cancel_timer(replace(lane, stage=wanted), "stage")
    if not wanted:
        return lane, cancelled
    limits = dict(lane.policy.limits)
    lane, started = start_timer(lane, "stage", limits.get(row.limit, LIMITS_MS[row.limit]))
    return lane, cancelled + started


def _show(lane: Lane, row: Row) -> Change:
    xdb, aiop = row.xdb, row.aiop
    if lane.visit is not None and lane.visit.unladen:
        xdb, aiop = _receipted(xdb), _receipted(aiop)
    if lane.help is not HelpCall.NONE:
        aiop = _OF_CALL[lane.help]
    face = lane.face
    parameter = _earliest(lane) if row.parameter else ""
    if (face.serial, face.xdb, face.aiop, face.parameter) == (face.serial or -1, xdb, aiop, parameter):
        return lane, ()
    serial = lane.serial + 1
    lane = replace(lane, serial=serial, face=Face(serial, xdb, aiop, parameter))
    # A 3 that a screen has not confirmed is taken back at once (design §2.2); other scenes may take longer to paint.
    limit = lane.policy.confirm_ms if Scene.DONE in (xdb, aiop) else lane.policy.paint_ms
    if not lane.known:
        limit = STARTING_MS
    lane, timed = start_timer(lane, "paint", limit)
    return lane, (Show(serial, xdb, aiop, parameter), *timed)


_OF_CALL = {HelpCall.RINGING: Scene.HELP, HelpCall.ANSWERED: Scene.OFFICER, HelpCall.TALKING: Scene.TALK}
"""TALK promises that somebody hears: it stands only while each end says that it hears the other."""


def _receipted(scene: Scene) -> Scene:
    """A press of Unladen is a declaration in law: it is answered wherever the lane has nothing else to say (domain §5)."""
    return Scene.RECEIVED if scene in _NOTHING_TO_DO else scene


_NOTHING_TO_DO = (Scene.IMMIGRATION, Scene.WAIT, Scene.WATCH)
"""Scenes that ask nothing of the driver. The board during Immigration's turn is not ours."""


def _earliest(lane: Lane) -> str:
    """The earliest crossing time among the early bundles: `hh:mm` in Hong Kong, `MM-DD hh:mm` where that is not today."""
    visit = lane.visit
    if visit is None or visit.codes is None:
        return ""
    early = standing_of(lane, visit, visit.codes).early
    if not early:
        return lane.face.parameter
    day, minute = day_and_minute(min(bundle.earliest_ms for bundle in early))
    clock = f"{minute // 60:02d}:{minute % 60:02d}"
    core_ms = visit.codes.core_ms
    if core_ms is not None and day_and_minute(core_ms)[0] == day:
        return clock
    month, of_month = month_and_day(day)
    return f"{month:02d}-{of_month:02d} {clock}"
