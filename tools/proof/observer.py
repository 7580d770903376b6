"""How the onlooker's knowledge grows: first by the input, then by what is seen of the lane."""

from __future__ import annotations

from typing import Any, assert_never

from domain.alarms import LaneAlarmKind
from domain.crossing import Direction
from domain.marks import is_near_miss
from lane_agent import events as e
from lane_agent.effects import Alarm, CancelTimer, Claim, Consume, Effect, GiveBack, LookUp, Show, StartTimer
from lane_agent.frozen import replace
from lane_agent.model import Contact, Fault, Immigration, Link, Screen
from lane_agent.wording import Scene
from tools.proof.answers import meaning_of
from tools.proof.counting import counts, fell_back
from tools.proof.history import NOW, InputHistory, VehicleInputs

ORDINARY = (
    *(Scene.STOP, Scene.IMMIGRATION_TURN, Scene.WAIT, Scene.WATCH, Scene.RECEIVED),
    *(Scene.UNLADEN, Scene.MANIFEST, Scene.DONE),
)
SIGNALS = (Contact.UNLADEN, Contact.DROP_BOX, Contact.IMMIGRATION_STARTED, Contact.IMMIGRATION_CLEARED)
HANDS_OVER = (LaneAlarmKind.CONTRADICTION, LaneAlarmKind.EARLY_ARRIVAL, LaneAlarmKind.MANIFEST_BY_HAND)
"""Alarms that say: from now on this visit is the officer's (rows 11 and 14, and where no manifest can be dropped)."""
SPEAKING = frozenset((*SIGNALS, Contact.IMMIGRATION_REFERRED))
"""Contacts that speak for a visit: active at arrival they are a fault of the line."""
TOLD_ALONE = frozenset(
    {
        *(Contact.BOX_LID, Contact.BOX_NEARLY_FULL, Contact.BOX_FULL, Contact.BOX_JAM),
        *(Contact.CABINET, Contact.ARRIVAL_LOOP),
    }
)
"""Contacts whose edges say nothing of a vehicle; what a full box means is seen of the screens."""
ANSWERS = (Contact.IMMIGRATION_CLEARED, Contact.IMMIGRATION_REFERRED)
"""Immigration's answers to its own *started*."""


def after(history: InputHistory, event: e.Event, effects: tuple[Effect, ...]) -> InputHistory:
    """What the onlooker knows after one step."""
    counted = counts(history, event)
    if counted:
        history = _input(history, event)
    for effect in effects:
        history = _seen(history, effect)
    return _spent(history) if counted and isinstance(event, e.CodesFound) else history


def _with(history: InputHistory, **facts: Any) -> InputHistory:
    vehicle = history.vehicle
    if vehicle is None:
        return history
    for name, fact in facts.items():
        if getattr(vehicle, name) != fact:
            return replace(history, vehicle=replace(vehicle, **facts))
    return history


def _doubt(history: InputHistory, kind: str = "other") -> InputHistory:
    vehicle = history.vehicle
    if vehicle is None or vehicle.shown == "4" or vehicle.doubt == "other":
        return history
    return _with(history, doubt=kind, plain=False)


def _hand(history: InputHistory) -> InputHistory:
    return _with(_doubt(history), handed=True, plain=False)


def _shows_3(history: InputHistory) -> bool:
    return history.vehicle is not None and history.vehicle.shown == "3"


def _input(history: InputHistory, event: e.Event) -> InputHistory:  # noqa: C901, PLR0911, PLR0912 -- one short case a kind
    match event:
        case e.AgentStarted():
            return _boot(history, event)
        case e.ContactChanged():
            return _contact(history, event)
        case e.PlateSettled() | e.PlateUnread() | e.PlateDoubted() | e.IdentifierRead() | e.OfficerCorrected():
            return _plates(history, event)
        case e.PlateSeenAgain():
            return history
        case e.SecondVehicleSeen():
            return _doubt(history)
        case e.ImmigrationSignalled():
            return _terminal(history, event)
        case e.LinkChanged() | e.CodesVerified() | e.ManualOrdered() | e.ManualEnded():
            return _mode(history, event)
        case e.CodesChanged():
            return _doubt(history) if _hold_on_3(history, event) else history
        case e.CodesFound():
            return _answer(history, event)
        case e.ClaimAnswered():
            return _doubt(history) if event.refusal else _with(history, receipt=event.epoch)
        case e.ScenePainted():
            return _dark(history) if fell_back(history, event) else _painted(history, event.screen)
        case e.ShowLapsed():
            return _doubt(history) if _shows_3(history) else history
        case e.TimerFired():
            return _timer(history, event.timer)
        case e.FaultRaised() | e.FaultCleared():
            return _fault(history, event)
        case e.HelpAnswered():
            return replace(history, help="answered")
        case e.HelpEnded():
            return replace(history, help="")
        case e.AudioChanged():
            return replace(history, help="talking" if event.flowing else "answered")
        case e.CallLost():
            return replace(history, help="ringing")
        case e.OfficerSent():
            return replace(history, help="answered")
        case (
            e.TroubleReported()
            | e.TroubleEnded()
            | e.AlarmHandled()
            | e.ApprovalHandled()
            | e.WordsReceived()
            | e.DriverNotified()
            | e.CallReported()
        ):
            return history
        case _:
            return _officer(history, event)


def _officer(history: InputHistory, event: e.OfficerEvent) -> InputHistory:  # noqa: C901, PLR0911 -- one short case a kind
    match event:
        case e.OfficerReleased():
            if _shows_3(history):
                return history
            return _with(replace(history, help=""), release=True, inspect=False, doubt="", handed=True, plain=False)
        case e.OfficerInspected():
            history = _with(history, inspect=True, release=False, plain=False)
            return _doubt(history) if _shows_3(history) else history
        case e.OfficerTookOver():
            return _gone(history)
        case e.LaneOpened():
            vehicle = history.vehicle
            history = replace(history, opened=True)
            return _with(_hand(history), closed=False) if vehicle is not None and vehicle.closed else history
        case e.LaneClosed():
            vehicle, history = history.vehicle, replace(history, opened=False)
            kiosk = vehicle is not None and not vehicle.closed and vehicle.shown != "3"
            return _hand(history) if kiosk else history
        case e.LoopBypassed():
            return _bypass(history, event)
        case e.DebtWrittenOff():
            return _written_off(history)
        case e.VehicleAnnounced():
            return _hand(_come(history))
        case e.OfficerCorrected() | e.ManualOrdered() | e.ManualEnded():
            return history  # sorted out above: plates and modes
        case _:
            assert_never(event)


def _bypass(history: InputHistory, event: e.LoopBypassed) -> InputHistory:
    loops = history.bypassed - {event.contact}
    loops = loops | {event.contact} if event.bypassed else loops
    manual = history.manual | {"bypass"} if loops else history.manual - {"bypass"}
    history = replace(history, bypassed=loops, manual=manual, unseen=0, way_out_seen=False)
    if history.vehicle is not None and not history.vehicle.manual:
        history = _with(history, handed=True, plain=False)
    return _repaired(history, Fault.WAY_OUT)


def _written_off(history: InputHistory) -> InputHistory:
    vehicle, history = history.vehicle, replace(history, debt=False)
    if vehicle is None or vehicle.unclear is not Contact.IMMIGRATION_CLEARED:
        return history
    running = vehicle.immigration is Immigration.RUNNING
    history = _with(history, unclear=None, plain=False)
    return _with(history, immigration=Immigration.CLEARED) if running else history


def _boot(history: InputHistory, event: e.AgentStarted) -> InputHistory:
    vehicle = history.vehicle
    manual = (history.manual & {"order", "bypass"}) | {"link", "unverified"}
    history = InputHistory(
        event.policy,
        opened=history.opened,
        manual=manual,
        bypassed=history.bypassed,
        debt=history.debt,
        unseen=history.unseen,
        vehicle=vehicle,
    )
    if vehicle is None:
        return history
    shown = "back" if vehicle.shown == "3" else vehicle.shown
    return _with(_hand(history), shown=shown, release=False, leaving=False)


def _mode(
    history: InputHistory, event: e.LinkChanged | e.CodesVerified | e.ManualOrdered | e.ManualEnded
) -> InputHistory:
    manual = history.manual
    match event:
        case e.LinkChanged(Link.OFFLINE):
            return replace(history, link=event.link, manual=manual | {"link"})
        case e.LinkChanged(Link.FRESH):
            return replace(history, link=event.link, manual=manual - {"link", "unverified"})
        case e.LinkChanged():
            return replace(history, link=event.link)
        case e.CodesVerified():
            return replace(history, manual=manual - {"unverified"})
        case e.ManualOrdered():
            return replace(history, manual=manual | {"order"})
        case e.ManualEnded():
            return replace(history, manual=manual - {"order"})
        case _:
            assert_never(event)


def _fault(history: InputHistory, event: e.FaultRaised | e.FaultCleared) -> InputHistory:
    if isinstance(event, e.FaultCleared):
        return _repaired(history, event.fault)
    more = {"fault", "unverified"} if event.fault is Fault.CODES else {"fault"}
    history = replace(history, faults=history.faults | {event.fault}, manual=history.manual | more)
    if event.fault is Fault.CODES and history.asked:
        history = _with(replace(history, asked=False), release=_shows_3(history) and _release(history))
    return _doubt(history)


def _release(history: InputHistory) -> bool:
    return history.vehicle is not None and history.vehicle.release


def _repaired(history: InputHistory, fault: Fault) -> InputHistory:
    faults = history.faults - {fault}
    return replace(history, faults=faults, manual=history.manual if faults else history.manual - {"fault"})


def _painted(history: InputHistory, screen: Screen) -> InputHistory:
    history = replace(history, painted=history.painted | {screen})
    return _repaired(history, Fault.SCREEN) if history.confirmed else history


def _contact(history: InputHistory, event: e.ContactChanged) -> InputHistory:  # noqa: PLR0911 -- one short case a kind
    contact, active = event.contact, event.active
    if contact in TOLD_ALONE:
        levels = history.active | {contact} if active else history.active - {contact}
        return replace(history, known=history.known | {contact}, active=levels)
    first, was = contact not in history.known, contact in history.active
    levels = history.active | {contact} if active else history.active - {contact}
    history = replace(history, known=history.known | {contact}, active=levels)
    if contact in history.bypassed or (active == was and not (first and contact is Contact.STOP_LOOP)):
        return history
    if not active and not history.active & SPEAKING:
        history = _repaired(history, Fault.STUCK_CONTACT)
    if contact is Contact.STOP_LOOP:
        return _stop_loop(history, active=active, first=first)
    if active and not first and contact not in SPEAKING and contact is not Contact.HELP:
        lives = contact is Contact.EXIT_LOOP and history.policy.held_up_ms > 0
        history = _repaired(replace(history, unseen=0, way_out_seen=lives), Fault.WAY_OUT)
    if history.debt and active and not first and contact in ANSWERS:
        return _late_answer(history, contact)
    if contact is Contact.HELP:
        return _help(history) if active else history
    mine = history.vehicle is not None and event.edge_ms >= NOW.mono_ms
    if not active or first or not mine:
        begins = active and not first and contact is Contact.IMMIGRATION_STARTED
        taken_over = history.vehicle is None and Contact.STOP_LOOP in history.active - history.bypassed
        return replace(history, debt=True) if begins and taken_over else history
    return _way_out(history, contact) if contact not in SPEAKING else _signal(history, contact)


def _late_answer(history: InputHistory, contact: Contact) -> InputHistory:
    """It is the vehicle before's; a referral may be this one's too."""
    vehicle, history = history.vehicle, replace(history, debt=False)
    if vehicle is None or vehicle.immigration is not Immigration.RUNNING:
        return history
    history = _with(history, unclear=contact, plain=False)
    return _hand(history) if contact is Contact.IMMIGRATION_REFERRED else history


def _terminal(history: InputHistory, event: e.ImmigrationSignalled) -> InputHistory:
    """A signal that may name its vehicle. Of another vehicle it may hold this one, and never release it (design §2.13)."""
    vehicle, signal = history.vehicle, event.signal
    known = "" if vehicle is None else vehicle.vrn
    mine = event.vouched and known != "" and event.vrn == known
    other = known != "" and event.vrn not in ("", known)
    running = vehicle is not None and vehicle.immigration is Immigration.RUNNING
    if history.debt and signal in ANSWERS and not (mine and running):
        proved = event.vouched and other
        return replace(history, debt=False) if proved else _late_answer(history, signal)
    if vehicle is None or event.edge_ms < NOW.mono_ms:
        return replace(history, debt=True)
    if event.vrn:
        history = _named(history, vehicle, e.IdentifierRead("immigration_terminal", event.vrn, 0, event.vouched))
    if other and signal is Contact.IMMIGRATION_CLEARED:
        return _with(history, unclear=signal, plain=False)
    return _signal(history, signal)


def _stop_loop(history: InputHistory, *, active: bool, first: bool) -> InputHistory:
    vehicle = history.vehicle
    if not active:
        if vehicle is None or vehicle.leaving:
            return history
        return _gone(history) if vehicle.way is not None else _with(history, leaving=True)
    if vehicle is None:
        return _hand(_come(history)) if first else _come(history)
    return _with(_come(_gone(history)), follows=True) if vehicle.leaving else history


def _come(history: InputHistory) -> InputHistory:
    stuck = bool(history.active & SPEAKING)
    vehicle = VehicleInputs(manual=bool(history.manual), closed=not history.opened)
    history = replace(history, vehicle=vehicle, own=False, asked=False)
    if not stuck:
        return history
    faults = history.faults | {Fault.STUCK_CONTACT}
    return _doubt(replace(history, faults=faults, manual=history.manual | {"fault"}))


def _gone(history: InputHistory) -> InputHistory:
    owed = history.vehicle is not None and history.vehicle.immigration is Immigration.RUNNING
    return replace(history, vehicle=None, help="", own=False, asked=False, debt=history.debt or owed)


def _gone_unseen(history: InputHistory) -> InputHistory:
    """It left, and no way-out loop saw it; of one sent to the compound that says nothing where no loop is on its way."""
    vehicle, policy = history.vehicle, history.policy
    away = vehicle is not None and vehicle.shown == "4" and not (policy.compound_loop or policy.exit_to_compound)
    history = _gone(history)
    if away:
        return history
    history = replace(history, unseen=min(history.unseen + 1, policy.unseen_limit), way_out_seen=False)
    if history.unseen < policy.unseen_limit or history.bypassed:
        return history
    return replace(history, faults=history.faults | {Fault.WAY_OUT}, manual=history.manual | {"fault"})


def _way_out(history: InputHistory, contact: Contact) -> InputHistory:
    vehicle = history.vehicle
    if vehicle is not None and vehicle.follows and vehicle.shown != "3":
        return _with(history, follows=False)
    history = _with(history, way=contact)
    return _gone(history) if vehicle is not None and vehicle.leaving else history


def _help(history: InputHistory) -> InputHistory:
    if history.help:
        return history
    history = _with(replace(history, help="ringing"), plain=False)
    return _doubt(history) if _shows_3(history) else history


def _signal(history: InputHistory, contact: Contact) -> InputHistory:
    vehicle = history.vehicle
    match contact:
        case Contact.UNLADEN:
            contradicts = vehicle is not None and vehicle.shown == "3" and bool(vehicle.used)
            return _doubt_if(contradicts, _with(history, press=True), "other")
        case Contact.DROP_BOX:
            return _with(history, manifest=True)
        case Contact.IMMIGRATION_CLEARED:
            begun = vehicle is not None and vehicle.immigration is Immigration.RUNNING
            return _with(history, immigration=Immigration.CLEARED) if begun else history
        case Contact.IMMIGRATION_REFERRED:
            return _doubt(_with(history, immigration=Immigration.REFERRED))
        case _:
            if vehicle is not None and vehicle.unclear is not None:
                history = replace(_with(history, unclear=None), debt=True)
            if vehicle is not None and not vehicle.referred:
                history = _with(history, immigration=Immigration.RUNNING)
            return _doubt(history) if _shows_3(history) else history


def _plates(
    history: InputHistory,
    event: e.PlateSettled | e.PlateUnread | e.PlateDoubted | e.IdentifierRead | e.OfficerCorrected,
) -> InputHistory:
    vehicle = history.vehicle
    if vehicle is None:
        return history
    match event:
        case e.PlateUnread():
            return history if vehicle.vrn else _with(history, plain=False)
        case e.PlateDoubted():
            return _doubt_if(vehicle.vrn == event.vrn and not vehicle.typed, history, "plates")
        case e.IdentifierRead():
            return _named(history, vehicle, event)
        case e.OfficerCorrected():
            settled = "" if vehicle.doubt == "plates" else vehicle.doubt
            wrong = vehicle.shown == "3" and vehicle.vrn not in ("", event.vrn)
            history = _with(history, vrn=event.vrn, typed=True, doubt=settled, meaning=None, plain=False)
            history = _doubt_if(bool(vehicle.bound - {event.vrn}), history, "other")
            return _doubt_if(wrong, replace(history, asked=False), "plates")
        case _:
            return history if vehicle.typed else _settled(history, vehicle, event)


def _settled(history: InputHistory, vehicle: VehicleInputs, event: e.PlateSettled) -> InputHistory:
    seen = event.read.mainland or ""
    if not vehicle.vrn:
        history = _with(history, vrn=event.read.vrn, mainland=seen)
        return _doubt_if(bool(vehicle.marks - {event.read.vrn}), history, "plates")
    if vehicle.vrn != event.read.vrn or (vehicle.mainland and seen and vehicle.mainland != seen):
        return _doubt(history, "plates")
    return _with(history, mainland=vehicle.mainland or seen)


def _named(history: InputHistory, vehicle: VehicleInputs, event: e.IdentifierRead) -> InputHistory:
    """Against the read; before one, identifiers against each other. What was said before says nothing new."""
    said = (event.source, event.vrn)
    if said in vehicle.named:
        return history
    others = frozenset({vehicle.vrn}) if vehicle.vrn else vehicle.marks
    vouched = vehicle.vouched | {event.vrn} if event.vouched else vehicle.vouched
    history = _with(history, named=vehicle.named | {said}, vouched=vouched)
    return _doubt_if(bool(others - {event.vrn}), history, "plates")


def _doubt_if(differs: bool, history: InputHistory, kind: str) -> InputHistory:
    return _doubt(history, kind) if differs else history


def _hold_on_3(history: InputHistory, event: e.CodesChanged) -> bool:
    vehicle = history.vehicle
    if vehicle is None or not event.hold or not _shows_3(history) or not vehicle.vrn:
        return False
    return event.vrn == vehicle.vrn or is_near_miss(event.vrn, vehicle.vrn)


def _answer(history: InputHistory, event: e.CodesFound) -> InputHistory:
    policy = history.policy
    outbound = policy.direction is Direction.OUTBOUND
    meaning = meaning_of(event.codes, lenient=policy.other_point_accepted, outbound=outbound)
    fresh = event.codes.link is Link.FRESH and meaning.timed
    history = _with(replace(history, asked=False), meaning=meaning, fresh=fresh)
    vehicle = history.vehicle
    if vehicle is None or vehicle.shown != "3":
        return history
    pending = {*meaning.live, *meaning.later}
    against = vehicle.press and bool(pending)
    lost = bool(vehicle.used - pending)
    return _doubt_if(meaning.stop or (not vehicle.release and (against or lost)), history, "other")


def _timer(history: InputHistory, name: str) -> InputHistory:
    history = replace(history, timers=history.timers - {name})
    match name:
        case "gone":
            return _gone_unseen(history)
        case "debt":
            return replace(history, debt=False)
        case "help":
            return replace(history, help="")
        case "paint":
            return _dark(history)
        case "stage" if history.may_wait:
            return history
        case _:
            return _overdue(history)


def _dark(history: InputHistory) -> InputHistory:
    faults = history.faults | {Fault.SCREEN}
    return _doubt(replace(history, faults=faults, manual=history.manual | {"fault"}))


def _overdue(history: InputHistory) -> InputHistory:
    """A waiting limit ran out. While a fresh lane waits for the reader it only means: not read."""
    vehicle = history.vehicle
    if vehicle is None:
        return history
    if not vehicle.vrn and history.xdb in (Scene.WAIT, Scene.RECEIVED) and history.link is Link.FRESH:
        return _with(history, plain=False)
    return _with(_hand(history), release=vehicle.release and vehicle.shown == "3")


def _seen(history: InputHistory, effect: Effect) -> InputHistory:  # noqa: PLR0911 -- one short case a kind
    match effect:
        case Show():
            return _shown(history, effect)
        case StartTimer():
            history = replace(history, timers=history.timers | {effect.timer})
            return _with(history, told=False) if effect.timer == "stage" else history
        case CancelTimer():
            return replace(history, timers=history.timers - {effect.timer})
        case LookUp():
            return replace(history, asked=True)
        case Consume():
            used = history.vehicle.used if history.vehicle else frozenset()
            return _with(history, used=used | set(effect.ubrs))
        case Claim():
            return _with(history, claimed=frozenset(effect.ubrs), receipt="")
        case GiveBack():
            return _given_back(history, effect)
        case Alarm() if effect.visit and effect.kind is not LaneAlarmKind.IMMIGRATION_ANSWER_UNCLEAR:
            return _with(_hand(history) if effect.kind in HANDS_OVER else history, told=True)
        case _:
            return history


def _shown(history: InputHistory, effect: Show) -> InputHistory:
    """A scene told to the screens; 3 that is no longer there was taken back, unless the vehicle went with it."""
    vehicle = history.vehicle
    history = replace(history, xdb=effect.xdb, aiop=effect.aiop, painted=frozenset(), own=vehicle is not None)
    if vehicle is None:
        return history
    shown = {Scene.DONE: "3", Scene.EXAMINE: "4"}.get(effect.xdb, vehicle.shown)
    if vehicle.shown == "3" and effect.xdb is not Scene.DONE and not vehicle.departing:
        history = _with(_doubt(history), handed=True, release=False)
        shown = "back" if shown == "3" else shown
    return _with(history, shown=shown, plain=vehicle.plain and effect.xdb in ORDINARY)


def _given_back(history: InputHistory, effect: GiveBack) -> InputHistory:
    vehicle = history.vehicle
    left = vehicle.claimed - set(effect.ubrs) if vehicle else frozenset()
    return _with(history, claimed=left, receipt=vehicle.receipt if vehicle and left else "")


def _spent(history: InputHistory) -> InputHistory:
    """An officer's release that the answer did not bear out is spent."""
    return history if _shows_3(history) else _with(history, release=False)
