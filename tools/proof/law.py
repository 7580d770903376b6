"""Design §2 as invariants over the history of inputs and what is seen. Each is true of every step, or the law is broken.

Rules of this file: an invariant looks at `Sight` only, never at the lane; its docstring is the sentence that reports print.
3 is screen 3, Clearance Completed; 4 is screen 4, to the examination compound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from domain.alarms import LaneAlarmKind
from lane_agent import events as e
from lane_agent.effects import Alarm, Claim, Consume, Effect, GiveBack, Show, StartReading, StartTimer
from lane_agent.model import Contact, Immigration, Link
from lane_agent.wording import Scene
from tools.proof.code_book import EPOCH, MAINLAND
from tools.proof.history import InputHistory, VehicleInputs

HELP = {"ringing": Scene.HELP, "answered": Scene.OFFICER, "talking": Scene.TALK}
WAITING = frozenset({"held_up", "look"})
"""The limits of a 3 that outlasts its time."""
PROMPTS = (Scene.UNLADEN, Scene.MANIFEST)
NEED_KNOWLEDGE = (Scene.UNLADEN, Scene.NOBUNDLE, Scene.EARLY, Scene.WRONGPOINT)


class Sight(NamedTuple):
    """One step as the onlooker sees it; made by `sight`.

    Attributes:
        before, now: what he knew and knows.
        vehicle: the one in the lane now.
        counted: whether the input counts, by the law.
        same: the lane is the same after as before, and only recorded.
        answered: the answer to the last question came in this very step.
        turned_to: what the XDB was newly told in this step, if anything.
    """

    before: InputHistory
    event: e.Event
    effects: tuple[Effect, ...]
    now: InputHistory
    vehicle: VehicleInputs | None
    counted: bool
    same: bool
    answered: bool
    turned_to: Scene | None


def sight(
    before: InputHistory, event: e.Event, effects: tuple[Effect, ...], now: InputHistory, *, counted: bool, same: bool
) -> Sight:
    """What the onlooker sees of a step."""
    turned = now.xdb is not before.xdb and any(isinstance(effect, Show) for effect in effects)
    answered = counted and isinstance(event, e.CodesFound)
    return Sight(before, event, effects, now, now.vehicle, counted, same, answered, now.xdb if turned else None)


Invariant = Callable[[Sight], bool]


def three_has_grounds(sight: Sight) -> bool:
    """§2.2: 3 is shown only when everything asked for is there, or an officer released this visit."""
    if sight.turned_to is not Scene.DONE:
        return True
    vehicle = sight.vehicle
    return vehicle is not None and (by_itself(sight, vehicle) or by_officer(sight, vehicle))


def by_itself(sight: Sight, vehicle: VehicleInputs) -> bool:
    """All that design §2.2 asks for, from the inputs of this visit."""
    now, before = sight.now, sight.before
    if before.vehicle is None or before.vehicle.shown:
        return False
    ordinary = not (vehicle.manual or vehicle.closed or vehicle.handed or vehicle.doubt or vehicle.departing)
    lane = not now.faults and not now.help and now.link is Link.FRESH and _way_out_tells(now)
    screens = before.confirmed and before.own
    paper = vehicle.manifest or not now.policy.manifest_sensor
    known = _identified(now, vehicle)
    return ordinary and lane and screens and paper and known and vehicle.cleared and _records_release(sight, vehicle)


def _way_out_tells(now: InputHistory) -> bool:
    """§2.14: no loop is bypassed, and the way-out loop is open, so that it can tell when the vehicle comes."""
    return not now.bypassed and Contact.EXIT_LOOP not in now.active


def _identified(now: InputHistory, vehicle: VehicleInputs) -> bool:
    """Every second identifier agrees, and there is one where it is required; the mark an officer typed needs none.

    §2.13: but nobody goes on what Immigration said of another vehicle, whoever typed the mark.
    """
    if vehicle.bound - {vehicle.vrn}:
        return False
    if vehicle.typed:
        return True
    return not vehicle.marks - {vehicle.vrn} and (bool(vehicle.vouched) or not now.policy.identifier_required)


def _records_release(sight: Sight, vehicle: VehicleInputs) -> bool:
    """The answer of this very step releases: live bundles with the core's receipt, or the press and a positive identity."""
    meaning = vehicle.meaning
    if meaning is None or not sight.answered or not vehicle.fresh or not vehicle.vrn or meaning.stop:
        return False
    if (meaning.held and not vehicle.typed) or (meaning.listed and vehicle.mainland not in ("", MAINLAND)):
        return False
    if vehicle.press:
        return not (meaning.live or meaning.later) and not meaning.neighbour and meaning.approved
    return bool(meaning.live) and vehicle.claimed == set(meaning.live) and vehicle.receipt == EPOCH


def by_officer(sight: Sight, vehicle: VehicleInputs) -> bool:
    """An officer released this visit, may, and no stop is known at this moment."""
    now = sight.now
    stopless = not vehicle.vrn or (sight.answered and vehicle.meaning is not None and not vehicle.meaning.stop)
    free = not (vehicle.doubt or vehicle.departing or now.help or now.dark or now.shut)
    undone = sight.before.vehicle is not None and sight.before.vehicle.shown != "4"
    return vehicle.release and vehicle.may_release and stopless and free and undone


def three_is_taken_back(sight: Sight) -> bool:
    """§2.2: 3 does not outlast departure, doubt, a new hold, Help, its time, a fault, or Immigration's change of mind."""
    if sight.now.xdb is not Scene.DONE:
        return True
    vehicle = sight.vehicle
    if vehicle is None or vehicle.departing or vehicle.doubt or sight.now.help or sight.now.dark:
        return False
    by_itself_still = vehicle.cleared and not sight.now.bypassed
    return vehicle.shown == "3" and (by_itself_still or (vehicle.release and vehicle.may_release))


def three_waits_for_a_plate(sight: Sight) -> bool:
    """§2.2: 3 outlasts its time only in a lane that may let it, under a limit nothing extends, while its plate is looked for."""
    now, event = sight.now, sight.event
    over = sight.counted and isinstance(event, e.TimerFired) and event.timer == "stage"
    again = sight.counted and isinstance(event, e.PlateSeenAgain)
    begun = [effect.timer for effect in sight.effects if isinstance(effect, StartTimer)]
    if ("held_up" in begun and not over) or ("look" in begun and not (over or again)):
        return False
    if now.xdb is not Scene.DONE:
        return now.timers.isdisjoint(WAITING)
    return "stage" in now.timers or (now.may_wait and now.timers >= WAITING)


def three_does_not_nag(sight: Sight) -> bool:
    """§2.2: where a lane may let 3 wait, the end of its time does not take it back, nor does a plate that is seen again."""
    event, before = sight.event, sight.before
    waits = isinstance(event, e.TimerFired | e.PlateSeenAgain) and sight.counted and before.may_wait
    if not waits or before.xdb is not Scene.DONE or getattr(event, "timer", "stage") != "stage":
        return True
    return sight.now.xdb is Scene.DONE


def three_when_due(sight: Sight) -> bool:
    """§2.2: in the ordinary course, the answer that completes the grounds shows 3 at once."""
    vehicle = sight.vehicle
    if vehicle is None or not vehicle.plain or sight.now.shut or not by_itself(sight, vehicle):
        return True
    return sight.now.xdb is Scene.DONE


def three_is_asked_for(sight: Sight) -> bool:
    """§2.3: where only the deciding answer is missing, it is asked for in that very step."""
    vehicle, now = sight.vehicle, sight.now
    ordinary = vehicle is not None and vehicle.plain and bool(vehicle.vrn) and not now.shut
    if vehicle is None or not ordinary or not sight.counted or sight.answered or _answers_nothing(sight):
        return True
    missing = vehicle.meaning is None or (not vehicle.fresh and vehicle.meaning.timed and now.link is Link.FRESH)
    return now.asked or not missing or bool(now.faults) or isinstance(sight.event, e.FaultRaised)


def _answers_nothing(sight: Sight) -> bool:
    """*Cleared* from Immigration that has not begun, or has answered already (§2.13)."""
    event, before = sight.event, sight.before.vehicle
    cleared = isinstance(event, e.ContactChanged) and event.contact is Contact.IMMIGRATION_CLEARED
    return cleared and (before is None or before.immigration is not Immigration.RUNNING)


def four_has_grounds(sight: Sight) -> bool:
    """§2.4: 4 is shown only for an exact stop after Immigration, or on an officer's order."""
    if sight.turned_to is not Scene.EXAMINE:
        return True
    vehicle = sight.vehicle
    if vehicle is None:
        return False
    before = sight.before.vehicle
    again = before is not None and before.shown == "4"
    exact = vehicle.cleared and bool(vehicle.vrn) and vehicle.meaning is not None and vehicle.meaning.stop
    return again or exact or (vehicle.inspect and vehicle.officers)


def four_when_due(sight: Sight) -> bool:
    """§2.4: a known exact stop is honoured once Immigration is over: fresh or stale, manual or automatic."""
    vehicle = sight.vehicle
    if vehicle is None or vehicle.departing or sight.now.faults or sight.now.shut or not vehicle.cleared:
        return True
    stop = bool(vehicle.vrn) and vehicle.meaning is not None and vehicle.meaning.stop
    return not (stop or vehicle.inspect or vehicle.shown == "4") or sight.now.xdb is Scene.EXAMINE


def bundles_are_used(sight: Sight) -> bool:
    """§2.4: what 3 or 4 was shown on is used at once, all live bundles or all that were pending, and never otherwise."""
    before, vehicle = sight.before.vehicle, sight.vehicle
    if sight.turned_to not in (Scene.DONE, Scene.EXAMINE):
        return not any(isinstance(effect, Consume) for effect in sight.effects)
    if vehicle is None or vehicle.meaning is None:
        return True
    if before is not None and before.shown == "4":
        return True
    live, pending = vehicle.meaning.live, (*vehicle.meaning.live, *vehicle.meaning.later)
    wanted = (live or pending) if sight.turned_to is Scene.DONE else pending
    used = {ubr for effect in sight.effects if isinstance(effect, Consume) for ubr in effect.ubrs}
    return used == set(wanted)


def claims_are_given_back(sight: Sight) -> bool:
    """§3: a claim that led to no release is given back in the step that makes the vehicle the officer's, or ends its visit."""
    before, vehicle = sight.before.vehicle, sight.vehicle
    returned = {ubr for effect in sight.effects if isinstance(effect, GiveBack) for ubr in effect.ubrs}
    anew = any(isinstance(effect, Claim) for effect in sight.effects)
    same = vehicle is not None and not _is_another(sight)
    held, used = (before.claimed, before.used) if before else (frozenset(), frozenset())
    if not same:
        return returned == held - used
    if vehicle is None or vehicle.claimed <= vehicle.used or vehicle.release:
        return True
    lost = vehicle.manual or vehicle.closed or vehicle.doubt or vehicle.handed or vehicle.departing or vehicle.press
    return not lost and vehicle.shown == "" and (anew or not returned)


def _is_another(sight: Sight) -> bool:
    """A vehicle came in this step."""
    return any(isinstance(effect, StartReading) for effect in sight.effects) and not isinstance(
        sight.event, e.AgentStarted
    )


def claimed_when_due(sight: Sight) -> bool:
    """§3: in the ordinary course the answer that finds bundles to release on claims them in that very step."""
    vehicle, meaning = sight.vehicle, sight.vehicle.meaning if sight.vehicle else None
    if vehicle is None or meaning is None or not vehicle.plain or vehicle.doubt or vehicle.manual or sight.now.shut:
        return True
    ordinary = sight.answered and vehicle.fresh and not vehicle.press and not vehicle.departing and not vehicle.shown
    differs = meaning.listed and vehicle.mainland not in ("", MAINLAND)
    if not ordinary or meaning.stop or (meaning.held and not vehicle.typed) or differs:
        return True
    return vehicle.claimed == set(meaning.live)


def others_change_nothing(sight: Sight) -> bool:
    """§2.1: an input of another visit, an older answer, an unnamed or unauthorised act changes nothing but the record."""
    return sight.counted or (sight.same and not sight.effects)


def unknown_is_not_absent(sight: Sight) -> bool:
    """§2.7: what is said of missing, early or misplaced bundles rests on an answer that was fresh, and still is."""
    if sight.now.xdb not in NEED_KNOWLEDGE:
        return True
    vehicle = sight.vehicle
    return vehicle is not None and vehicle.fresh and sight.now.link is Link.FRESH


def dark_shows_no_three(sight: Sight) -> bool:
    """§2.8: with the store or a screen at fault 3 is shown to nobody."""
    return Scene.DONE not in (sight.now.xdb, sight.now.aiop) or not sight.now.dark


def fault_to_the_officer(sight: Sight) -> bool:
    """§2.8, row 21: while a fault is active the screens send to the officer, save what an officer or a departure shows."""
    now, vehicle = sight.now, sight.vehicle
    if not now.faults or now.shut or (vehicle is not None and vehicle.departing):
        return True
    return now.xdb is Scene.OFFICER or (now.xdb is Scene.DONE and vehicle is not None and vehicle.release)


def modes_between_visits(sight: Sight) -> bool:
    """§2.8: manual mode takes effect between visits, never inside one."""
    return sight.now.xdb is not Scene.MANUAL or (sight.vehicle is not None and sight.vehicle.manual)


def nothing_waits_for_ever(sight: Sight) -> bool:
    """§2.9: with a vehicle in the lane a limit is running, or the officer has been told of it, or is deciding it."""
    vehicle = sight.vehicle
    if vehicle is None or sight.now.timers & {"stage", "gone", "look"}:
        return True
    return vehicle.told or bool(sight.now.help) or (vehicle.release and sight.now.asked)


def help_is_answered(sight: Sight) -> bool:
    """§2.10: Help shows on the panel in every state, for as long as the call lasts, and TALK only while sound flows."""
    wanted = HELP.get(sight.now.help)
    return sight.now.aiop is wanted if wanted else sight.now.aiop not in (Scene.HELP, Scene.TALK)


def help_pauses_prompts_only(sight: Sight) -> bool:
    """§2.10: Help stops the clock of a driver's prompt, and no other."""
    now, before = sight.now, sight.before
    if not now.help:
        return True
    if now.xdb in PROMPTS:
        return "stage" not in now.timers
    kept = before.xdb is now.xdb and "stage" in before.timers and not isinstance(sight.event, e.TimerFired)
    handed = any(isinstance(effect, Alarm) for effect in sight.effects)
    return not kept or handed or "stage" in now.timers


def help_held_is_stuck(sight: Sight) -> bool:
    """§2.10: a held Help button runs against its limit, and a call that is stuck ends."""
    held = Contact.HELP in sight.now.active
    pressed = held and Contact.HELP not in sight.before.active
    if pressed:
        limit = sight.now.policy.help_stuck_ms
        return any(isinstance(one, StartTimer) and (one.timer, one.ms) == ("help", limit) for one in sight.effects)
    return held or "help" not in sight.now.timers


def screens_say_the_same(sight: Sight) -> bool:
    """§2.11: both screens say the same, save Immigration's turn on the XDB and help on the panel."""
    xdb, aiop = sight.now.xdb, sight.now.aiop
    if xdb is Scene.IMMIGRATION_TURN:
        return aiop in (Scene.IMMIGRATION, Scene.RECEIVED, Scene.OFFICER, *HELP.values())
    return aiop is (HELP.get(sight.now.help) or xdb)


def screens_are_watched(sight: Sight) -> bool:
    """§2.2: every scene must be confirmed in time, 3 within 500 ms; only screens that are just starting have longer."""
    policy = sight.now.policy
    if not sight.now.known:
        return sight.now.xdb is not Scene.DONE
    shows = [effect for effect in sight.effects if isinstance(effect, Show)]
    limits = [effect.ms for effect in sight.effects if isinstance(effect, StartTimer) and effect.timer == "paint"]
    return limits == [policy.confirm_ms if Scene.DONE in (show.xdb, show.aiop) else policy.paint_ms for show in shows]


def immigration_first(sight: Sight) -> bool:
    """Rows 3 to 5: Please Stop until Immigration begins, its own turn while it runs, and after a referral."""
    now, vehicle = sight.now, sight.vehicle
    if vehicle is None or vehicle.departing or now.faults or now.shut or now.xdb is Scene.DONE:
        return True
    if vehicle.referred:
        return now.xdb is Scene.IMMIGRATION_TURN
    if vehicle.handed or vehicle.cleared:
        return now.xdb is not Scene.IMMIGRATION_TURN
    waiting = vehicle.immigration is Immigration.NOT_STARTED
    return now.xdb is (Scene.STOP if waiting else Scene.IMMIGRATION_TURN)


def closed_is_closed(sight: Sight) -> bool:
    """Row 1: a closed lane says so to whoever comes."""
    vehicle = sight.vehicle
    return not sight.now.shut or (vehicle is not None and vehicle.shown == "3") or sight.now.xdb is Scene.CLOSED


def welcome_is_for_nobody(sight: Sight) -> bool:
    """Row 2: Welcome is shown to an empty, open, faultless lane, or behind a vehicle that leaves with 3."""
    vehicle, now = sight.vehicle, sight.now
    if now.xdb is not Scene.WELCOME:
        return True
    if vehicle is None:
        standing = Contact.STOP_LOOP in now.active - now.bypassed
        return now.opened and not now.faults and not standing
    return vehicle.departing and vehicle.shown == "3"


def run_through_is_told(sight: Sight) -> bool:
    """Row 22: a vehicle that leaves without 3 or 4, or past the compound, raises an alarm in that step."""
    before, event = sight.before.vehicle, sight.event
    if before is None or before.departing or not isinstance(event, e.ContactChanged):
        return True
    vehicle = sight.vehicle
    if vehicle is None or not vehicle.departing:
        return True
    wrong_way = not sight.now.policy.exit_to_compound and vehicle.way is Contact.EXIT_LOOP and vehicle.shown == "4"
    if vehicle.shown in ("3", "4") and not wrong_way:
        return True
    return any(isinstance(effect, Alarm) and effect.kind == LaneAlarmKind.RUN_THROUGH for effect in sight.effects)


LAW: tuple[Invariant, ...] = (
    three_has_grounds,
    three_is_taken_back,
    three_waits_for_a_plate,
    three_does_not_nag,
    three_when_due,
    three_is_asked_for,
    four_has_grounds,
    four_when_due,
    bundles_are_used,
    claims_are_given_back,
    claimed_when_due,
    others_change_nothing,
    unknown_is_not_absent,
    dark_shows_no_three,
    fault_to_the_officer,
    modes_between_visits,
    nothing_waits_for_ever,
    help_is_answered,
    help_pauses_prompts_only,
    help_held_is_stuck,
    screens_say_the_same,
    screens_are_watched,
    immigration_first,
    closed_is_closed,
    welcome_is_for_nobody,
    run_through_is_told,
)


def broken(sight: Sight) -> tuple[str, ...]:
    """Names of the invariants that this step breaks."""
    return tuple([law.__name__ for law in LAW if not law(sight)])
