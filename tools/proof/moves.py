"""The words of scenarios: what vehicle, driver, officer and world can do, each a few events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from domain.marks import normalise
from lane_agent import events as e
from lane_agent.model import Contact, Fault, Link, Screen
from tools.proof.code_book import MAINLAND, NEIGHBOUR, OTHER_MAINLAND, STRANGER, VRN
from tools.proof.world import OFFICER, SECOND, TAKEN, WHY, ScenarioWorld

Word = Callable[[ScenarioWorld, str], object]

AGO_MS = 600_000
"""Long before any arrival of a scenario."""


def play(script: str, world: ScenarioWorld | None = None) -> ScenarioWorld:
    """Plays words such as "ready arrive read:XY77 wait:60" in a world (a new one if none is given)."""
    world = world or ScenarioWorld()
    for word in script.split():
        say(world, word)
    return world


def say(world: ScenarioWorld, word: str) -> None:
    """Plays one word, "name" or "name:argument".

    Raises:
        KeyError: there is no such word.
    """
    name, _, argument = word.partition(":")
    WORDS[name](world, argument)


def _boot(world: ScenarioWorld, levels: str = "") -> None:
    active = {Contact(name) for name in levels.split("+") if name}
    world._timers.clear()  # noqa: SLF001 -- timers end with the process
    world.tell(e.AgentStarted(world.policy, "boot", "test"))
    for contact in Contact:
        world.tell(e.ContactChanged(contact, contact in active, world.now_ms + 10))


def _ready(world: ScenarioWorld, _: str) -> None:
    _boot(world)
    world.tell(e.LaneOpened(OFFICER), e.LinkChanged(Link.FRESH), e.CodesVerified("epoch", 1))


def _records(world: ScenarioWorld, names: str) -> None:
    world.book.words = frozenset(name for name in names.split("+") if name)


def _change(world: ScenarioWorld, names: str) -> None:
    _records(world, names)
    world.tell(e.CodesChanged(VRN, "hold" in names))


def _read(world: ScenarioWorld, plates: str) -> None:
    vrn, _, mainland = plates.partition("+")
    marks = {"own": MAINLAND, "other": OTHER_MAINLAND, "": None}
    world.settle({"": VRN, "stranger": STRANGER}.get(vrn, vrn), marks[mainland])


def _pass_loop(contact: Contact) -> Word:
    return lambda world, _: world.pulse(contact)


def _leave(world: ScenarioWorld, way: str) -> None:
    world.contact(Contact.STOP_LOOP, active=False)
    world.pulse(Contact(way or "exit_loop"))


def _late(world: ScenarioWorld, contact: str) -> None:
    world.pulse(Contact(contact), AGO_MS)


def _screens(world: ScenarioWorld, names: str) -> None:
    world.screens = frozenset(Screen(name) for name in names.split("+") if name)


def _paint(world: ScenarioWorld, names: str) -> None:
    world.tell(*world.confirmations(frozenset(Screen(name) for name in names.split("+"))))


def _officer(make: Callable[[ScenarioWorld], e.Event]) -> Word:
    return lambda world, _: world.tell(make(world))


def _bypass(world: ScenarioWorld, loop: str, *, bypassed: bool = True, second: str = "") -> None:
    world.tell(e.LoopBypassed(Contact(loop), bypassed, OFFICER, WHY, second))


def _terminal_says(world: ScenarioWorld, said: str) -> e.ImmigrationSignalled:
    """Said as "started", or as "started+XY77" where it names the vehicle."""
    signal, _, mark = said.partition("+")
    return e.ImmigrationSignalled(Contact(f"immigration_{signal}"), world.now_ms + 10, normalise(mark), vouched=True)


def _book(world: ScenarioWorld, state: str) -> None:
    world.book.readable = state != "broken"


def _limits(world: ScenarioWorld, limits: str) -> None:
    pairs = (pair.split("=") for pair in limits.split("+"))
    world.policy = replace(world.policy, limits=tuple((name, int(ms)) for name, ms in pairs))


WORDS: dict[str, Word] = {
    "ready": _ready,
    "boot": _boot,
    "limits": _limits,
    "records": _records,
    "change": _change,
    "book": _book,
    "clock": lambda world, minutes: setattr(world.book, "core_ms", world.book.core_ms + 60_000 * int(minutes)),
    "wait": lambda world, seconds: world.pass_time(round(float(seconds) * 1000)),
    "arrive": lambda world, _: world.contact(Contact.STOP_LOOP, active=True),
    "leave": _leave,
    "clear-stop": lambda world, _: world.contact(Contact.STOP_LOOP, active=False),
    "way-out": _pass_loop(Contact.EXIT_LOOP),
    "to-compound": _pass_loop(Contact.COMPOUND_LOOP),
    "immigration": _pass_loop(Contact.IMMIGRATION_STARTED),
    "cleared": _pass_loop(Contact.IMMIGRATION_CLEARED),
    "referred": _pass_loop(Contact.IMMIGRATION_REFERRED),
    "press": _pass_loop(Contact.UNLADEN),
    "drop": _pass_loop(Contact.DROP_BOX),
    "late": _late,
    "on": lambda world, contact: world.contact(Contact(contact), active=True),
    "off": lambda world, contact: world.contact(Contact(contact), active=False),
    "help": _pass_loop(Contact.HELP),
    "answer-help": lambda world, _: world.tell(e.HelpAnswered(OFFICER)),
    "end-help": lambda world, _: world.tell(e.HelpEnded(OFFICER, "advised")),
    "audio": lambda world, to: world.tell(e.AudioChanged(flowing=to == "flows")),
    "call-lost": lambda world, _: world.tell(e.CallLost("no sound for 5 s")),
    "send-officer": lambda world, _: world.tell(e.OfficerSent(OFFICER)),
    "other-hold": lambda world, _: world.tell(e.CodesChanged(STRANGER, True)),
    "neighbour-hold": lambda world, _: world.tell(e.CodesChanged(NEIGHBOUR, True)),
    "read": _read,
    "read-of-before": lambda world, _: world.settle(VRN, visit=world.visit - 1),
    "unread": lambda world, _: world.tell(e.PlateUnread(world.visit, "mud", ("AB123",), ("f" * 64,))),
    "unread-of-before": lambda world, _: world.tell(e.PlateUnread(world.visit - 1, "mud")),
    "doubted": lambda world, vrn: world.tell(e.PlateDoubted(world.visit, vrn or VRN, ("AB123",), ("f" * 64,))),
    "doubted-of-before": lambda world, _: world.tell(e.PlateDoubted(world.visit - 1, VRN)),
    "second": lambda world, _: world.tell(e.SecondVehicleSeen(world.visit)),
    "second-of-before": lambda world, _: world.tell(e.SecondVehicleSeen(world.visit - 1)),
    "identifier": lambda world, vrn: world.tell(
        e.IdentifierRead("rfid", normalise(vrn), world.now_ms + 10, vouched=True)
    ),
    "immigration-identifier": lambda world, vrn: world.tell(
        e.IdentifierRead("immigration", normalise(vrn), world.now_ms + 10, vouched=True)
    ),
    "unproved-identifier": lambda world, vrn: world.tell(e.IdentifierRead("broker", normalise(vrn), world.now_ms + 10)),
    "late-identifier": lambda world, vrn: world.tell(e.IdentifierRead("rfid", normalise(vrn), world.now_ms - AGO_MS)),
    "terminal": lambda world, said: world.tell(_terminal_says(world, said)),
    "unproved-terminal": lambda world, said: world.tell(replace(_terminal_says(world, said), vouched=False)),
    "late-terminal": lambda world, said: world.tell(
        replace(_terminal_says(world, said), edge_ms=world.now_ms - AGO_MS)
    ),
    "again": lambda world, vrn: world.see_again(normalise(vrn) or VRN),
    "again-older": lambda world, _: world.see_again(VRN, older=True),
    "core": lambda world, answers: setattr(world, "core", answers),
    "grant": lambda world, _: world.tell(world.claim_answer(world.claims[-1])),
    "refuse": lambda world, _: world.tell(world.claim_answer(world.claims[-1], refusal=TAKEN)),
    "grant-first": lambda world, _: world.tell(world.claim_answer(world.claims[0])),
    "grant-of-before": lambda world, _: world.tell(
        replace(world.claim_answer(world.claims[-1]), visit=world.visit - 1)
    ),
    "grant-other-epoch": lambda world, _: world.tell(world.claim_answer(world.claims[-1], epoch="another")),
    "grant-other-bundles": lambda world, _: world.tell(
        replace(world.claim_answer(world.claims[-1]), ubrs=("several",))
    ),
    "link": lambda world, name: world.set_link(Link(name)),
    "verified": lambda world, _: world.tell(e.CodesVerified("epoch", 1)),
    "fault": lambda world, name: world.tell(e.FaultRaised(Fault(name), "scenario")),
    "works": lambda world, name: world.tell(e.FaultCleared(Fault(name))),
    "screens": _screens,
    "paint": _paint,
    "paint-before": lambda world, _: world.tell(
        *(e.ScenePainted(screen, world.lane.face.xdb, world.lane.face.serial - 1) for screen in Screen)
    ),
    "open": lambda world, _: world.tell(e.LaneOpened(OFFICER)),
    "close": lambda world, _: world.tell(e.LaneClosed(OFFICER, WHY)),
    "manual": lambda world, _: world.tell(e.ManualOrdered(OFFICER, WHY)),
    "automatic": lambda world, _: world.tell(e.ManualEnded(OFFICER)),
    "bypass": _bypass,
    "bypass-two": lambda world, loop: _bypass(world, loop, second=SECOND),
    "unbypass": lambda world, loop: _bypass(world, loop, bypassed=False),
    "write-off": _officer(lambda world: e.DebtWrittenOff(world.visit if world.lane.visit else 0, OFFICER, WHY)),
    "lapsed-before": lambda world, _: world.tell(e.ShowLapsed(world.lane.face.serial - 1)),
    "lapsed": lambda world, _: world.tell(e.ShowLapsed(world.lane.face.serial)),
    "notify": lambda world, notice: world.tell(e.DriverNotified(notice, OFFICER, 0, 60_000)),
    "notify-visit": lambda world, notice: world.tell(e.DriverNotified(notice, OFFICER, world.visit, 60_000)),
    "notify-before": lambda world, notice: world.tell(e.DriverNotified(notice, OFFICER, world.visit - 1, 60_000)),
    "notify-unnamed": lambda world, notice: world.tell(e.DriverNotified(notice, " ", 0, 60_000)),
    "announce": lambda world, _: world.tell(e.VehicleAnnounced(OFFICER)),
    "announce-unnamed": lambda world, _: world.tell(e.VehicleAnnounced(" ")),
    "release": _officer(lambda world: e.OfficerReleased(world.visit, OFFICER, WHY)),
    "release-two": _officer(lambda world: e.OfficerReleased(world.visit, OFFICER, WHY, second=SECOND)),
    "release-twice": _officer(lambda world: e.OfficerReleased(world.visit, OFFICER, WHY, second=f"{OFFICER}@wall")),
    "release-before": _officer(lambda world: e.OfficerReleased(world.visit - 1, OFFICER, WHY)),
    "release-unnamed": _officer(lambda world: e.OfficerReleased(world.visit, " ", WHY)),
    "inspect": _officer(lambda world: e.OfficerInspected(world.visit, OFFICER, WHY)),
    "inspect-before": _officer(lambda world: e.OfficerInspected(world.visit - 1, OFFICER, WHY)),
    "take-over": _officer(lambda world: e.OfficerTookOver(world.visit, OFFICER, WHY)),
    "take-over-before": _officer(lambda world: e.OfficerTookOver(world.visit - 1, OFFICER, WHY)),
    "correct": lambda world, vrn: world.tell(e.OfficerCorrected(world.visit, OFFICER, normalise(vrn), WHY)),
    "correct-before": lambda world, vrn: world.tell(e.OfficerCorrected(world.visit - 1, OFFICER, normalise(vrn), WHY)),
}
"""Every word, with what it makes happen. Contacts and loops are named as in `model.Contact`."""
