"""What the browser may ask for, checked here before it becomes an officer's event.

Rules of this file: unknown fields are refused; an action about a vehicle names its visit, and one whose visit is not the
open one is refused (design §2.1); a release names the `basis` it was decided on; a reason is always given; the officer's
name comes from the session, never from the request.
"""

from __future__ import annotations

import re
from typing import assert_never

import msgspec

from console import words
from console.errors import RequestRefusedError
from console.permits import NO_VEHICLE, basis, permits, warnings
from console.ports import Action, Control, LaneView, OfficerAction
from domain import marks
from lane_agent.events import (
    HelpAnswered,
    HelpEnded,
    LaneClosed,
    LaneOpened,
    LoopBypassed,
    ManualEnded,
    ManualOrdered,
    OfficerCorrected,
    OfficerInspected,
    OfficerReleased,
    OfficerTookOver,
    VehicleAnnounced,
)
from lane_agent.model import Contact


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="action"):
    pass


class Release(_Asked, frozen=True, tag="release"):
    """Release this visit. `read` confirms that the warnings were read."""

    visit: int
    basis: str
    reason: str
    read: bool = False


class Inspect(_Asked, frozen=True, tag="inspect"):
    """Send this visit to the compound. Always honoured: it needs no basis (design §2.4)."""

    visit: int
    reason: str


class Correct(_Asked, frozen=True, tag="correct"):
    """Type the mark of this visit's vehicle."""

    visit: int
    vrn: str
    reason: str


class TakeOverVisit(_Asked, frozen=True, tag="take_over"):
    """End this visit by hand."""

    visit: int
    reason: str


class Open(_Asked, frozen=True, tag="open"):
    """Open the lane."""


class Close(_Asked, frozen=True, tag="close"):
    """Close the lane."""

    reason: str


class OrderManual(_Asked, frozen=True, tag="order_manual"):
    """Order manual mode."""

    reason: str


class EndManual(_Asked, frozen=True, tag="end_manual"):
    """Lift the order for manual mode."""


class Bypass(_Asked, frozen=True, tag="bypass"):
    """Take a stuck loop out of the reckoning (design §2.9)."""

    loop: Contact
    reason: str


class Restore(_Asked, frozen=True, tag="restore"):
    """Count a bypassed loop again."""

    loop: Contact
    reason: str


class Announce(_Asked, frozen=True, tag="announce"):
    """A vehicle stands at the kiosk whose loop is bypassed."""


class AnswerHelp(_Asked, frozen=True, tag="answer"):
    """Answer the help call."""


class EndHelp(_Asked, frozen=True, tag="end_call"):
    """End the help call."""

    reason: str


AboutVisit = Release | Inspect | Correct | TakeOverVisit
AboutMode = Open | Close | OrderManual | EndManual
AboutRest = Bypass | Restore | Announce | AnswerHelp | EndHelp
Asked = AboutVisit | AboutMode | AboutRest
"""Every action of the page."""


class AcknowledgeAlarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An officer has seen this alarm."""

    alarm: str


class Press(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="press"):
    """Simulation: the driver does something."""

    control: Control


class SwitchLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="link"):
    """Simulation: the network cable."""

    up: bool


class SendTruck(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="truck"):
    """Simulation: the next truck."""

    scenario: str


Simulated = Press | SwitchLink | SendTruck
"""Everything the simulation panel asks for."""


def to_event(asked: Asked, *, officer: str, view: LaneView) -> OfficerAction:
    """The officer's event for a request, judged against the lane as it is now.

    Raises:
        RefusedError: it cannot be asked for now (409), or a field is not acceptable (422).
    """
    match asked:
        case Release() | Inspect() | Correct() | TakeOverVisit():
            return _about_visit(asked, officer, view)
        case Open() | Close() | OrderManual() | EndManual():
            return _about_mode(asked, officer, view)
        case Bypass() | Restore() | Announce() | AnswerHelp() | EndHelp():
            return _about_rest(asked, officer, view)
        case _:
            assert_never(asked)


def _about_visit(asked: AboutVisit, officer: str, view: LaneView) -> OfficerAction:
    _check_visit(asked.visit, view)
    _allow(asked, view)
    reason = _reason(asked.reason)
    match asked:
        case Release():
            _check_basis(asked, view)
            return OfficerReleased(asked.visit, officer, reason)
        case Inspect():
            return OfficerInspected(asked.visit, officer, reason)
        case Correct():
            return OfficerCorrected(asked.visit, officer, _mark(asked.vrn), reason)
        case TakeOverVisit():
            return OfficerTookOver(asked.visit, officer, reason)
        case _:
            assert_never(asked)


def _about_mode(asked: AboutMode, officer: str, view: LaneView) -> OfficerAction:
    _allow(asked, view)
    match asked:
        case Open():
            return LaneOpened(officer)
        case Close(reason):
            return LaneClosed(officer, _reason(reason))
        case OrderManual(reason):
            return ManualOrdered(officer, _reason(reason))
        case EndManual():
            return ManualEnded(officer)
        case _:
            assert_never(asked)


def _about_rest(asked: AboutRest, officer: str, view: LaneView) -> OfficerAction:
    _allow(asked, view)
    match asked:
        case Bypass(loop, reason):
            return LoopBypassed(_loop(loop), bypassed=True, officer=officer, reason=_reason(reason))
        case Restore(loop, reason):
            return LoopBypassed(_loop(loop), bypassed=False, officer=officer, reason=_reason(reason))
        case Announce():
            return VehicleAnnounced(officer)
        case AnswerHelp():
            return HelpAnswered(officer)
        case EndHelp(reason):
            return HelpEnded(officer, _reason(reason))
        case _:
            assert_never(asked)


def _check_visit(visit: int, view: LaneView) -> None:
    if view.visit is None:
        raise RequestRefusedError(409, f"Not done: visit {visit} is over. {NO_VEHICLE}")
    if view.visit.id != visit:
        raise RequestRefusedError(
            409, f"Not done: visit {visit} is over; another vehicle (visit {view.visit.id}) is in the lane."
        )


def _allow(asked: Asked, view: LaneView) -> None:
    why_not = permits(view)[Action(asked.__struct_config__.tag)]
    if why_not:
        raise RequestRefusedError(409, f"Not done: {why_not}")


def _check_basis(asked: Release, view: LaneView) -> None:
    if asked.basis != basis(view):
        raise RequestRefusedError(409, "Not released: something changed while you decided. Look again.")
    if warnings(view) and not asked.read:
        raise RequestRefusedError(409, "Not released: confirm first that you have read the warnings.")


def _reason(text: str) -> str:
    reason = re.sub(r"\s+", " ", "".join(letter if letter.isprintable() else " " for letter in text)).strip()
    if not 3 <= len(reason) <= 200:
        raise RequestRefusedError(422, "Not done: give a reason of 3 to 200 characters.")
    return reason


def _loop(contact: Contact) -> Contact:
    if contact not in words.LOOPS:
        raise RequestRefusedError(422, "Not done: only a loop can be bypassed.")
    return contact


def _mark(text: str) -> str:
    vrn = marks.normalise(text)
    if marks.family(vrn) not in marks.HONG_KONG:
        raise RequestRefusedError(
            422, f"Not done: “{text[:20]}” has not the form of a Hong Kong mark. Type letters and digits only."
        )
    return vrn
