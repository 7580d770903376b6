"""Which inputs count, by design §2.1 and the officer's powers: the observer's own reading of the law."""

from __future__ import annotations

from typing import assert_never

from domain.notices import NO_NOTICE, DriverNotice
from lane_agent import events as e
from lane_agent.model import Contact, Immigration, Screen
from tools.proof.canonical import CLAIM, FACE, QUESTION, TIMERS, VISIT
from tools.proof.history import NOW, InputHistory, VehicleInputs

LOOPS = (Contact.STOP_LOOP, Contact.EXIT_LOOP, Contact.COMPOUND_LOOP)


def counts(history: InputHistory, event: e.Event) -> bool:  # noqa: C901, PLR0911, PLR0912 -- one short case a kind
    """Whether the event may change anything. Contacts are levels and always heard; `observer` sorts them out."""
    match event:
        case e.PlateSettled() | e.PlateUnread() | e.PlateDoubted() | e.SecondVehicleSeen():
            return history.vehicle is not None and event.visit == VISIT
        case e.PlateSeenAgain():
            return _seen_again(history, event)
        case e.IdentifierRead():
            return history.vehicle is not None and event.edge_ms >= NOW.mono_ms
        case e.ImmigrationSignalled():
            return _signal_counts(history, event)
        case e.CodesFound():
            return _answers(history, event)
        case e.ClaimAnswered():
            return _answers_claim(history, event)
        case e.ScenePainted():
            told = history.xdb if event.screen is Screen.XDB else history.aiop
            return (event.serial == FACE and event.scene is told) or fell_back(history, event)
        case e.ShowLapsed():
            return event.serial == FACE and history.xdb is not None
        case e.TimerFired():
            return event.timer in history.timers and event.serial == TIMERS[event.timer]
        case e.HelpAnswered():
            return _named(event.officer) and history.help == "ringing"
        case e.HelpEnded() | e.OfficerSent():
            return _named(event.officer) and history.help != ""
        case e.AudioChanged() | e.CallLost():
            return history.help in ("answered", "talking")
        case e.DriverNotified():
            return _notice_counts(history, event)
        case (
            e.AgentStarted()
            | e.ContactChanged()
            | e.LinkChanged()
            | e.CodesVerified()
            | e.CodesChanged()
            | e.FaultRaised()
            | e.FaultCleared()
            | e.TroubleReported()
            | e.TroubleEnded()
            | e.AlarmHandled()
            | e.ApprovalHandled()
            | e.WordsReceived()
            | e.CallReported()
        ):
            return True
        case _:
            return _named(event.officer) and _officer(history, event)


def _notice_counts(history: InputHistory, event: e.DriverNotified) -> bool:
    """For whoever comes; or for the vehicle that is here, until it was told where to go."""
    listed = event.notice == NO_NOTICE or event.notice in set(DriverNotice)
    waits = history.vehicle is not None and history.vehicle.shown not in ("3", "4")
    return _named(event.issuer) and listed and (not event.visit or (event.visit == VISIT and waits))


def fell_back(history: InputHistory, event: e.ScenePainted) -> bool:
    """A screen shows its safe face by itself while the other says 3 (design §2.2, §2.11)."""
    return event.serial == 0 and history.vehicle is not None and history.vehicle.shown == "3"


def _named(officer: str) -> bool:
    return bool(officer.strip())


def _signal_counts(history: InputHistory, event: e.ImmigrationSignalled) -> bool:
    """Of this visit, and *cleared* only once begun; or it pays, or makes, the debt of a vehicle before."""
    vehicle, answer = history.vehicle, event.signal is not Contact.IMMIGRATION_STARTED
    if history.debt and answer:
        return True
    if vehicle is None or event.edge_ms < NOW.mono_ms:
        taken_over = vehicle is None and Contact.STOP_LOOP in history.active - history.bypassed
        return taken_over and not answer
    running = vehicle.immigration is Immigration.RUNNING
    return running or event.signal is not Contact.IMMIGRATION_CLEARED


def _answers(history: InputHistory, event: e.CodesFound) -> bool:
    vehicle = history.vehicle
    right = event.visit == VISIT and event.lookup == QUESTION
    return vehicle is not None and history.asked and right and event.codes.vrn == vehicle.vrn


def _seen_again(history: InputHistory, event: e.PlateSeenAgain) -> bool:
    vehicle = history.vehicle
    right = event.visit == VISIT and event.look == TIMERS["look"] and "look" in history.timers
    return vehicle is not None and right and event.vrn == vehicle.vrn


def _answers_claim(history: InputHistory, event: e.ClaimAnswered) -> bool:
    vehicle = history.vehicle
    right = event.visit == VISIT and event.claim == CLAIM
    return vehicle is not None and vehicle.asks_for and right and set(event.ubrs) == vehicle.claimed


def _officer(history: InputHistory, event: e.OfficerEvent) -> bool:  # noqa: PLR0911 -- one short case a kind
    vehicle = history.vehicle
    match event:
        case e.OfficerReleased():
            return vehicle is not None and event.visit == VISIT and _may_release(history, vehicle)
        case e.OfficerInspected() | e.OfficerTookOver():
            return vehicle is not None and event.visit == VISIT
        case e.OfficerCorrected():
            return vehicle is not None and event.visit == VISIT and event.vrn != "" and vehicle.shown != "4"
        case e.LaneOpened():
            return not history.opened
        case e.LaneClosed():
            return history.opened
        case e.ManualOrdered() | e.ManualEnded():
            return True
        case e.LoopBypassed():
            return event.contact in LOOPS and (bool(history.manual) or not event.bypassed)
        case e.VehicleAnnounced():
            return vehicle is None and Contact.STOP_LOOP in history.bypassed
        case e.DebtWrittenOff():
            owed = history.debt or (vehicle is not None and vehicle.unclear is not None)
            return owed and event.visit == (VISIT if vehicle else 0)
        case _:
            assert_never(event)


def _may_release(history: InputHistory, vehicle: VehicleInputs) -> bool:
    """Design §2.2: never a referred, leaving or inspected vehicle, never against a known stop, a dark or closed lane."""
    stopped = vehicle.meaning is not None and vehicle.meaning.stop
    free = not vehicle.departing and vehicle.shown != "4" and not stopped
    return vehicle.may_release and free and not history.dark and not history.shut
