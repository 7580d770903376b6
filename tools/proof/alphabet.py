"""The finite alphabet of the prover: groups of letters, each letter one or a few events, given what is seen of the lane.

A pulse is a contact that closes and opens. A boot is `AgentStarted` with the levels of all contacts. A letter that would
change nothing (a contact that closes twice, a timer that does not run) is left out. Events are made once and given again as the
same objects, since the search numbers them by identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from lane_agent import events as e
from lane_agent.contacts import CONTACTS, FOR_VISIT, TELLTALES, WAYS_OUT
from lane_agent.model import Contact, Fault, Link, Policy, Read, ReadSource, Screen
from lane_agent.wording import Scene
from tools.proof.answers import answer
from tools.proof.canonical import CLAIM, FACE, OLDER, QUESTION, TIMERS, VISIT
from tools.proof.code_book import EPOCH, MAINLAND, NEIGHBOUR, OTHER_MAINLAND, STRANGER, VRN
from tools.proof.history import BEFORE_MS, NOW, InputHistory

OFFICER, WHY = "officer1", "seen by me"
ANOTHER = (0, VISIT + 1)
"""Numbers of the visit before and the visit after."""

Make = Callable[[InputHistory], tuple[e.Event, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Letter:
    """One input as the world gives it; `make` returns no events where it cannot happen. Equal to itself alone."""

    name: str
    make: Make


def _always(name: str, *events: e.Event) -> Letter:
    return Letter(name, lambda _: events)


def _in_visit(name: str, *events: e.Event) -> Letter:
    return Letter(name, lambda history: events if history.vehicle else ())


def _says(signal: Contact, vrn: str = "", edge_ms: int = NOW.mono_ms, *, vouched: bool = True) -> Letter:
    """Immigration's terminal says so, and names a mark or none."""
    said = f"terminal: {signal.value}{' of ' + vrn if vrn else ''}{'' if vouched else ', unproved'}"
    return _always(
        said if edge_ms == NOW.mono_ms else f"late {said}", e.ImmigrationSignalled(signal, edge_ms, vrn, vouched)
    )


def _level(contact: Contact, *, active: bool) -> Letter:
    event = e.ContactChanged(contact, active, NOW.mono_ms)
    name = f"{contact.value} {'on' if active else 'off'}"
    return Letter(name, lambda history: (event,) if (contact in history.active) is not active else ())


def _pulse(contact: Contact, edge_ms: int = NOW.mono_ms) -> Letter:
    events = (e.ContactChanged(contact, True, edge_ms), e.ContactChanged(contact, False, edge_ms))
    name = contact.value if edge_ms == NOW.mono_ms else f"late {contact.value}"
    return Letter(name, lambda history: () if contact in history.active else events)


def _timer(name: str) -> Letter:
    event = e.TimerFired(name, TIMERS[name])
    return Letter(f"{name} runs out", lambda history: (event,) if name in history.timers else ())


def _paints(*screens: Screen) -> Letter:
    def make(history: InputHistory) -> tuple[e.Event, ...]:
        told = {Screen.XDB: history.xdb, Screen.AIOP: history.aiop}
        left = [screen for screen in screens if screen not in history.painted]
        return tuple(_painted(screen, told[screen]) for screen in left)

    return Letter(f"{' and '.join(screen.value for screen in screens)} painted", make)


@cache
def _painted(screen: Screen, scene: Scene) -> e.Event:
    return e.ScenePainted(screen, scene, FACE)


def levels(active: frozenset[Contact]) -> tuple[e.Event, ...]:
    """The first report of every contact; those that say nothing of a vehicle first, which the two restarts then share."""
    return tuple(_reported(contact, active=contact in active) for contact in _QUIET_FIRST)


_QUIET_FIRST = sorted(Contact, key=lambda contact: not (contact in TELLTALES or CONTACTS[contact].witness))


@cache
def _reported(contact: Contact, *, active: bool) -> e.Event:
    return e.ContactChanged(contact, active, NOW.mono_ms)


@cache
def boot(policy: Policy, active: frozenset[Contact] = frozenset()) -> tuple[e.Event, ...]:
    """An agent that starts and hears all its contacts."""
    return (e.AgentStarted(policy, "boot", "proof"), *levels(active))


def _reboots() -> tuple[Letter, ...]:
    def same(history: InputHistory) -> tuple[e.Event, ...]:
        return boot(history.policy, history.active)

    def gone(history: InputHistory) -> tuple[e.Event, ...]:
        there = Contact.STOP_LOOP in history.active
        return boot(history.policy, history.active - {Contact.STOP_LOOP}) if there else ()

    return Letter("restart", same), Letter("restart, vehicle gone", gone)


def _read(vrn: str = VRN, mainland: str | None = None, visit: int = VISIT) -> e.PlateSettled:
    return e.PlateSettled(visit, Read(vrn, mainland, 0.98, ReadSource.READER))


def _correct(vrn: str, visit: int = VISIT, officer: str = OFFICER) -> e.OfficerCorrected:
    return e.OfficerCorrected(visit, officer, vrn, WHY)


def _fault(fault: Fault) -> tuple[Letter, ...]:
    raised, cleared = e.FaultRaised(fault, "proof"), e.FaultCleared(fault)
    return (
        Letter(f"{fault.value} fails", lambda history: () if fault in history.faults else (raised,)),
        Letter(f"{fault.value} works", lambda history: (cleared,) if fault in history.faults else ()),
    )


def _link(link: Link) -> Letter:
    event = e.LinkChanged(link)
    return Letter(f"link {link.value}", lambda history: () if history.link is link else (event,))


def _bypass(contact: Contact) -> tuple[Letter, ...]:
    return tuple(
        _always(f"{'bypass' if on else 'put back'} {contact.value}", e.LoopBypassed(contact, on, OFFICER, WHY))
        for on in (True, False)
    )


def _of_another(visit: int) -> tuple[Letter, ...]:
    """Everything that can be said of a visit, said of another."""
    events: tuple[e.Event, ...] = (
        _read(visit=visit),
        e.PlateUnread(visit, "mud"),
        e.PlateDoubted(visit, VRN),
        e.SecondVehicleSeen(visit),
        e.PlateSeenAgain(visit, TIMERS["look"], VRN),
        e.CodesFound(visit, QUESTION, answer("hold", vrn=VRN, link=Link.FRESH)),
        e.ClaimAnswered(visit, CLAIM, ("live",), EPOCH, 1),
        e.ClaimAnswered(visit, CLAIM, ("live",), EPOCH, 1, "claimed elsewhere"),
        e.OfficerReleased(visit, OFFICER, WHY),
        e.OfficerInspected(visit, OFFICER, WHY),
        _correct(STRANGER, visit),
        e.OfficerTookOver(visit, OFFICER, WHY),
        e.DebtWrittenOff(visit, OFFICER, WHY),
        *((e.DriverNotified("delay", OFFICER, visit, 60_000),) if visit else ()),
    )
    return tuple(_always(f"{type(event).__name__} of visit {visit}", event) for event in events)


def _unnamed() -> tuple[Letter, ...]:
    events: tuple[e.Event, ...] = (
        e.OfficerReleased(VISIT, " ", WHY),
        e.OfficerInspected(VISIT, "", WHY),
        _correct(STRANGER, officer=""),
        _correct(""),
        e.OfficerTookOver(VISIT, "", WHY),
        e.LaneOpened(""),
        e.LaneClosed("", WHY),
        e.ManualOrdered("", WHY),
        e.ManualEnded(""),
        e.LoopBypassed(Contact.STOP_LOOP, True, "", WHY),
        e.LoopBypassed(Contact.HELP, True, OFFICER, WHY),
        e.VehicleAnnounced(""),
        e.DebtWrittenOff(VISIT, "", WHY),
        e.HelpAnswered(""),
        e.HelpEnded("", "none"),
        e.OfficerSent(""),
        e.DriverNotified("delay", " ", 0, 60_000),
        e.DriverNotified("proceed", OFFICER, 0, 60_000),
    )
    return tuple(_always(f"{type(event).__name__} that names nobody or nothing", event) for event in events)


def _older() -> tuple[Letter, ...]:
    stale = answer("hold", vrn=VRN, link=Link.FRESH)
    timers = tuple(_always(f"older timer {name}", e.TimerFired(name, OLDER)) for name in TIMERS)
    return (
        _always("answer to an older question", e.CodesFound(VISIT, OLDER, stale)),
        _always("answer to no question", e.CodesFound(VISIT, 0, stale)),
        _always(
            "answer about another mark", e.CodesFound(VISIT, QUESTION, answer("nothing", vrn="ZZ9", link=Link.FRESH))
        ),
        _always("answer to an older claim", e.ClaimAnswered(VISIT, OLDER, ("live",), EPOCH, 1)),
        _always("answer to no claim", e.ClaimAnswered(VISIT, 0, (), EPOCH, 1)),
        _always("refusal of an older claim", e.ClaimAnswered(VISIT, OLDER, ("live",), EPOCH, 1, "claimed elsewhere")),
        _always("answer about other bundles", e.ClaimAnswered(VISIT, CLAIM, ("another",), EPOCH, 1)),
        _always("XDB paints an older scene", e.ScenePainted(Screen.XDB, Scene.DONE, OLDER)),
        Letter("AIOP paints another scene", lambda history: (_another_scene(history),)),
        _always("late identifier", e.IdentifierRead("rfid", STRANGER, BEFORE_MS)),
        *timers,
    )


def _drives_off(history: InputHistory) -> tuple[e.Event, ...]:
    if Contact.STOP_LOOP not in history.active:
        return ()
    way = [_reported(Contact.EXIT_LOOP, active=active) for active in (True, False)]
    return (_reported(Contact.STOP_LOOP, active=False), *way)


def _another_scene(history: InputHistory) -> e.Event:
    return _painted(Screen.AIOP, Scene.CLOSED if history.aiop is not Scene.CLOSED else Scene.DONE)


_TAKES_OVER, _OPENS = e.OfficerTookOver(VISIT, OFFICER, WHY), e.LaneOpened(OFFICER)
_BYPASSES = (e.ManualOrdered(OFFICER, WHY), e.LoopBypassed(Contact.STOP_LOOP, True, OFFICER, WHY))


def _free_the_lane(history: InputHistory) -> tuple[e.Event, ...]:
    acts: list[e.Event] = []
    if history.vehicle is not None:
        acts.append(_TAKES_OVER)
    if not history.opened:
        acts.append(_OPENS)
    if Contact.STOP_LOOP in history.active and Contact.STOP_LOOP not in history.bypassed:
        acts += _BYPASSES
    return tuple(acts)


_NO_VISIT_TO_WRITE_OFF: tuple[e.Event, ...] = (e.DebtWrittenOff(0, OFFICER, WHY),)


_IMMIGRATION = (Contact.IMMIGRATION_STARTED, Contact.IMMIGRATION_CLEARED, Contact.IMMIGRATION_REFERRED)

GROUPS: dict[str, tuple[Letter, ...]] = {
    "drive": (
        _level(Contact.STOP_LOOP, active=True),
        _level(Contact.STOP_LOOP, active=False),
        _pulse(Contact.EXIT_LOOP),
        _timer("gone"),
    ),
    "pass": (_level(Contact.STOP_LOOP, active=True), Letter("drives off", _drives_off)),
    "way out": (_level(Contact.EXIT_LOOP, active=True), _level(Contact.EXIT_LOOP, active=False)),
    "compound": (_pulse(Contact.COMPOUND_LOOP),),
    "immigration": (_pulse(Contact.IMMIGRATION_STARTED), _pulse(Contact.IMMIGRATION_CLEARED)),
    "referral": (_pulse(Contact.IMMIGRATION_REFERRED),),
    "read": (_in_visit("read", _read()),),
    "limits": (_timer("stage"), _timer("debt")),
    "debt": (
        _in_visit("debt written off", e.DebtWrittenOff(VISIT, OFFICER, WHY)),
        Letter("debt written off before", lambda history: () if history.vehicle else _NO_VISIT_TO_WRITE_OFF),
    ),
    "lapse": (_in_visit("the order came too late", e.ShowLapsed(FACE)),),
    "terminal": (
        _says(Contact.IMMIGRATION_STARTED, VRN),
        _says(Contact.IMMIGRATION_CLEARED, VRN),
        _says(Contact.IMMIGRATION_STARTED, STRANGER),
        _says(Contact.IMMIGRATION_CLEARED, STRANGER),
    ),
    "terminal, unproved": (
        _says(Contact.IMMIGRATION_STARTED),
        _says(Contact.IMMIGRATION_CLEARED, VRN, vouched=False),
        _says(Contact.IMMIGRATION_CLEARED, STRANGER, vouched=False),
        _says(Contact.IMMIGRATION_REFERRED, STRANGER),
    ),
    "terminal, late": (
        _says(Contact.IMMIGRATION_CLEARED, VRN, BEFORE_MS),
        _says(Contact.IMMIGRATION_STARTED, STRANGER, BEFORE_MS),
    ),
    "box": tuple(
        _level(contact, active=active) for contact in (Contact.BOX_JAM, Contact.BOX_FULL) for active in (True, False)
    ),
    "telltales": (
        *(
            _level(contact, active=active)
            for contact in (Contact.BOX_LID, Contact.BOX_NEARLY_FULL, Contact.CABINET, Contact.ARRIVAL_LOOP)
            for active in (True, False)
        ),
        _in_visit("a line on the panel", e.DriverNotified("delay", OFFICER, VISIT, 60_000)),
    ),
    **{contact.value: (_pulse(contact),) for contact in FOR_VISIT if contact not in _IMMIGRATION},
    "plates": (
        _in_visit("identifier differs", e.IdentifierRead("rfid", STRANGER, NOW.mono_ms)),
        _in_visit("officer types the mark", _correct(VRN)),
    ),
    "marks": (
        _in_visit("read of another mark", _read(STRANGER)),
        _in_visit("identifier agrees", e.IdentifierRead("rfid", VRN, NOW.mono_ms, vouched=True)),
        _in_visit("an unproved identifier agrees", e.IdentifierRead("echo", VRN, NOW.mono_ms)),
        _in_visit("officer types another mark", _correct(STRANGER)),
    ),
    "near marks": (
        _in_visit("read of a neighbouring mark", _read(NEIGHBOUR)),
        _in_visit(
            "identifier names a neighbouring mark", e.IdentifierRead("rfid", NEIGHBOUR, NOW.mono_ms, vouched=True)
        ),
    ),
    "sources": (
        _in_visit("another identifier agrees", e.IdentifierRead("immigration", VRN, NOW.mono_ms, vouched=True)),
        _in_visit("another identifier differs", e.IdentifierRead("immigration", STRANGER, NOW.mono_ms)),
    ),
    "identifier": _fault(Fault.IDENTIFIER),
    "witness": (
        _in_visit("read with the listed Mainland plate", _read(mainland=MAINLAND)),
        _in_visit("read with another Mainland plate", _read(mainland=OTHER_MAINLAND)),
    ),
    "unread": (_in_visit("unread", e.PlateUnread(VISIT, "mud")),),
    "held up": (
        _in_visit("the plate is seen again", e.PlateSeenAgain(VISIT, TIMERS["look"], VRN)),
        _in_visit("another plate is seen again", e.PlateSeenAgain(VISIT, TIMERS["look"], STRANGER)),
        _timer("look"),
        _timer("held_up"),
    ),
    "doubted": (
        _in_visit("the read is doubted", e.PlateDoubted(VISIT, VRN)),
        _in_visit("another read is doubted", e.PlateDoubted(VISIT, STRANGER)),
    ),
    "tailgating": (_in_visit("second vehicle", e.SecondVehicleSeen(VISIT)),),
    "officer": (
        _in_visit("officer releases", e.OfficerReleased(VISIT, OFFICER, WHY)),
        _in_visit("officer inspects", e.OfficerInspected(VISIT, OFFICER, WHY)),
        _in_visit("officer takes over", e.OfficerTookOver(VISIT, OFFICER, WHY)),
    ),
    "claims": (
        Letter("the core refuses the claim", lambda history: _claim_answer(history, refusal="claimed elsewhere")),
        Letter("the core grants the claim in another epoch", lambda history: _claim_answer(history, epoch="another")),
    ),
    "link": (_link(Link.FRESH), _link(Link.STALE), _link(Link.OFFLINE)),
    "verified": (_always("codes verified", e.CodesVerified("epoch", 1)),),
    "camera": _fault(Fault.CAMERA),
    "store": _fault(Fault.STORE),
    "codes": _fault(Fault.CODES),
    "help": (
        _pulse(Contact.HELP),
        _always("help answered", e.HelpAnswered(OFFICER)),
        _always("help ended", e.HelpEnded(OFFICER, "advised")),
    ),
    "voice": (
        _always("each end hears the other", e.AudioChanged(flowing=True)),
        _always("an end hears nothing", e.AudioChanged(flowing=False)),
        _always("the call is lost", e.CallLost("no sound")),
        _always("an officer comes", e.OfficerSent(OFFICER)),
    ),
    "help held": (_level(Contact.HELP, active=True), _level(Contact.HELP, active=False), _timer("help")),
    "doors": (_always("lane opened", e.LaneOpened(OFFICER)), _always("lane closed", e.LaneClosed(OFFICER, WHY))),
    "modes": (
        _always("manual ordered", e.ManualOrdered(OFFICER, WHY)),
        _always("manual ended", e.ManualEnded(OFFICER)),
    ),
    "bypass": (
        *_bypass(Contact.STOP_LOOP),
        _always("vehicle announced", e.VehicleAnnounced(OFFICER)),
    ),
    "bypass exit": _bypass(Contact.EXIT_LOOP),
    "changes": (
        _in_visit("records change", e.CodesChanged(VRN, False)),
        _in_visit("hold on the vehicle", e.CodesChanged(VRN, True)),
        _in_visit("hold on a neighbour", e.CodesChanged(NEIGHBOUR, True)),
        _in_visit("hold on another", e.CodesChanged(STRANGER, True)),
    ),
    "screens": (_paints(Screen.XDB), _paints(Screen.AIOP), _timer("paint")),
    "fallback": tuple(
        _always(f"{screen.value} falls back to its safe face", e.ScenePainted(screen, Scene.WAIT, 0))
        for screen in Screen
    ),
    "restart": _reboots(),
    "stuck": (
        _level(Contact.IMMIGRATION_CLEARED, active=True),
        _level(Contact.IMMIGRATION_CLEARED, active=False),
        _level(Contact.IMMIGRATION_REFERRED, active=True),
        _level(Contact.IMMIGRATION_REFERRED, active=False),
        _level(Contact.UNLADEN, active=True),
        _level(Contact.UNLADEN, active=False),
    ),
    "others": tuple(letter for visit in ANOTHER for letter in _of_another(visit)),
    "unnamed": _unnamed(),
    "older": _older(),
    "late": tuple(_pulse(contact, BEFORE_MS) for contact in (*FOR_VISIT, *WAYS_OUT)),
}
"""Letters by what they are about; a contact that speaks for a visit has a group of its own name."""

BOTH_PAINT = _paints(*Screen)
OFFICERS_ONLY = Letter("officer's actions only", _free_the_lane)
"""What an officer can do to a lane so that it waits for the next vehicle (design §2.9)."""


def _claim_answer(history: InputHistory, *, epoch: str = EPOCH, refusal: str = "") -> tuple[e.Event, ...]:
    vehicle = history.vehicle
    if vehicle is None or not vehicle.asks_for:
        return ()
    return (_of_the_claim(vehicle.claimed, epoch, refusal),)


@cache
def _of_the_claim(claimed: frozenset[str], epoch: str, refusal: str) -> e.Event:
    return e.ClaimAnswered(VISIT, CLAIM, tuple(sorted(claimed)), epoch, 1, refusal)


GRANTED = Letter("the core grants the claim", _claim_answer)


def answers(names: tuple[str, ...], *, doubtful: bool) -> tuple[Letter, ...]:
    """What the code book may answer; `doubtful` adds answers older than the link's verdict, and no answer at all."""
    letters = [_answer(name, None) for name in names]
    if doubtful:
        letters += [_answer(name, Link.STALE) for name in names]
        fails = e.FaultRaised(Fault.CODES)
        letters.append(Letter("the code book fails", lambda history: (fails,) if history.asked else ()))
    return tuple(letters)


def _answer(name: str, link: Link | None) -> Letter:
    def make(history: InputHistory) -> tuple[e.Event, ...]:
        vrn = history.vehicle.vrn if history.vehicle else ""
        return (_found(name, vrn, link or history.link),) if history.asked else ()

    return Letter(f"answer: {name}" + (" (found while stale)" if link else ""), make)


@cache
def _found(name: str, vrn: str, link: Link) -> e.Event:
    return e.CodesFound(VISIT, QUESTION, answer(name, vrn=vrn, link=link))
