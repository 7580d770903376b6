"""What the browser may ask for, checked here before it becomes an officer's event.

Rules of this file: unknown fields are refused; a reason is always given; the officer's name comes from the session,
never from the request. Nothing here judges whether the lane may do it now: the lane does (`lane_agent.acceptance`).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from console.errors import RequestRefusedError
from console.ports import Control, OfficerAction, SecondAnswer
from console.tongues import Both
from domain import marks
from domain.alarm_lifecycle import LONGEST_SHELF_MS
from lane_agent.events import (
    DebtWrittenOff,
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
    OfficerSent,
    OfficerTookOver,
    VehicleAnnounced,
)
from lane_agent.model import Contact

_PLACEHOLDERS: dict[str, Any] = {
    "visit": 0,
    "basis": "",
    "reason": "any reason",
    "vrn": "AA1",
    "loop": Contact.STOP_LOOP,
}
"""For every field that a request must give, a value that is in order."""


class ActRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="action"):
    """A request for one of an officer's acts; its tag is the act's name."""

    def event(self, officer: str) -> OfficerAction:
        """The event that `officer` asks the lane for.

        Raises:
            RequestRefusedError: a field is not acceptable (422).
        """
        raise NotImplementedError

    @classmethod
    def example(cls, visit: int) -> OfficerAction:
        """An event of this kind about `visit`, the rest made up: to ask the lane beforehand whether it would refuse."""
        given = {name: _PLACEHOLDERS[name] for name in cls.__struct_fields__ if name in _PLACEHOLDERS}
        return cls(**given | ({"visit": visit} if "visit" in given else {})).event("-")


class ReleaseVisit(ActRequest, frozen=True, tag="release"):
    """Release this visit. `basis` is what the officer was shown, `read` confirms that the warnings were read."""

    visit: int
    basis: str
    reason: str
    read: bool = False
    paper: str = ""

    def event(self, officer: str) -> OfficerAction:
        """The release."""
        return OfficerReleased(self.visit, officer, _reason(self.reason), _paper(self.paper))


class InspectVisit(ActRequest, frozen=True, tag="inspect"):
    """Send this visit to the compound. It needs no basis: inspection is always possible (design §2.4)."""

    visit: int
    reason: str

    def event(self, officer: str) -> OfficerAction:
        """The order to inspect."""
        return OfficerInspected(self.visit, officer, _reason(self.reason))


class CorrectPlate(ActRequest, frozen=True, tag="correct"):
    """Type the mark of this visit's vehicle."""

    visit: int
    vrn: str
    reason: str

    def event(self, officer: str) -> OfficerAction:
        """The typed mark, normalised."""
        return OfficerCorrected(self.visit, officer, _mark(self.vrn), _reason(self.reason))


class TakeOverVisit(ActRequest, frozen=True, tag="take_over"):
    """End this visit by hand."""

    visit: int
    reason: str
    paper: str = ""

    def event(self, officer: str) -> OfficerAction:
        """The end of the visit."""
        return OfficerTookOver(self.visit, officer, _reason(self.reason), _paper(self.paper))


class OpenLane(ActRequest, frozen=True, tag="open"):
    """Open the lane."""

    def event(self, officer: str) -> OfficerAction:
        """The opening."""
        return LaneOpened(officer)


class CloseLane(ActRequest, frozen=True, tag="close"):
    """Close the lane."""

    reason: str

    def event(self, officer: str) -> OfficerAction:
        """The closing."""
        return LaneClosed(officer, _reason(self.reason))


class OrderManual(ActRequest, frozen=True, tag="order_manual"):
    """Order manual mode."""

    reason: str

    def event(self, officer: str) -> OfficerAction:
        """The order."""
        return ManualOrdered(officer, _reason(self.reason))


class EndManual(ActRequest, frozen=True, tag="end_manual"):
    """Lift the order for manual mode."""

    def event(self, officer: str) -> OfficerAction:
        """The end of the order."""
        return ManualEnded(officer)


class BypassLoop(ActRequest, frozen=True, tag="bypass"):
    """Ignore a stuck loop (design §2.9)."""

    loop: Contact
    reason: str

    def event(self, officer: str) -> OfficerAction:
        """The bypass."""
        return LoopBypassed(self.loop, bypassed=True, officer=officer, reason=_reason(self.reason))


class RestoreLoop(ActRequest, frozen=True, tag="restore"):
    """Use a bypassed loop again."""

    loop: Contact
    reason: str

    def event(self, officer: str) -> OfficerAction:
        """The end of the bypass."""
        return LoopBypassed(self.loop, bypassed=False, officer=officer, reason=_reason(self.reason))


class AnnounceVehicle(ActRequest, frozen=True, tag="announce"):
    """A vehicle is at the kiosk whose loop is bypassed."""

    def event(self, officer: str) -> OfficerAction:
        """The announcement."""
        return VehicleAnnounced(officer)


class WriteOffDebt(ActRequest, frozen=True, tag="write_off"):
    """Immigration owes no answer for a vehicle that has left (design §2.13)."""

    visit: int
    reason: str

    def event(self, officer: str) -> OfficerAction:
        """The word of the officer."""
        return DebtWrittenOff(self.visit, officer, _reason(self.reason))


class AnswerHelp(ActRequest, frozen=True, tag="answer"):
    """Answer the help call."""

    def event(self, officer: str) -> OfficerAction:
        """The answer."""
        return HelpAnswered(officer)


class SendOfficer(ActRequest, frozen=True, tag="officer_comes"):
    """An officer comes to the lane; the call stays open until he is there."""

    def event(self, officer: str) -> OfficerAction:
        """The word of it."""
        return OfficerSent(officer)


class EndHelp(ActRequest, frozen=True, tag="end_call"):
    """End the help call."""

    reason: str

    def event(self, officer: str) -> OfficerAction:
        """The end of the call."""
        return HelpEnded(officer, _reason(self.reason))


class DecidingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page has the dialog of this act open about this visit; "" when it has closed it."""

    act: str
    visit: int


class SecondRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A second officer approves what another asked for, or refuses it and says why.

    Attributes:
        id: which request.
        basis, read: as `ReleaseVisit`, of what the second officer was shown.
    """

    id: str
    approves: bool
    reason: str = ""
    basis: str = ""
    read: bool = False

    def answer(self, officer: str) -> SecondAnswer:
        """The answer of `officer`.

        Raises:
            RequestRefusedError: a refusal has no reason (422).
        """
        return SecondAnswer(self.id, officer, self.approves, "" if self.approves else _reason(self.reason))


class AcknowledgeAlarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An officer takes this alarm and those shown with it, or has read this message."""

    alarm: str
    others: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Those that were on the card; what came since is not among them."""
        return (self.alarm, *self.others)


class CloseAlarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An officer closes an alarm that does not end by itself, and those shown with it, and says what became of it."""

    alarm: str
    reason: str
    others: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Those that were on the card."""
        return (self.alarm, *self.others)

    def checked(self) -> str:
        """The reason, fit for the journal.

        Raises:
            RequestRefusedError: it is too short or too long.
        """
        return _reason(self.reason)


class ShelveAtLane(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An officer does not want to be called by an alarm for a while, nor by those shown with it, and says why."""

    alarm: str
    reason: str
    minutes: int
    others: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Those that were on the card."""
        return (self.alarm, *self.others)

    def checked(self) -> str:
        """The reason, fit for the journal.

        Raises:
            RequestRefusedError: it is too short or too long, or the time is none.
        """
        if not 1 <= self.minutes <= LONGEST_SHELF_MS // 60_000:
            raise RequestRefusedError(422, "Not done: an alarm is shelved for 1 minute to 8 hours.")
        return _reason(self.reason)


class PressControl(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="press"):
    """Simulation: the driver does something."""

    control: Control


class SwitchLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="link"):
    """Simulation: the network cable."""

    up: bool


class SendTruck(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="truck"):
    """Simulation: the next truck."""

    scenario: str


SimulationRequest = PressControl | SwitchLink | SendTruck
"""Everything the simulation panel asks for."""


def _reason(text: str) -> str:
    reason = re.sub(r"\s+", " ", "".join(letter if letter.isprintable() else " " for letter in text)).strip()
    if not 3 <= len(reason) <= 200:
        raise RequestRefusedError(422, "Not done: give a reason of 3 to 200 characters.")
    return reason


def _paper(text: str) -> str:
    number = text.strip()
    if len(number) > 40 or not number.isprintable():
        raise RequestRefusedError(422, "Not done: the number of a paper manifest has at most 40 letters and digits.")
    return number


def _mark(text: str) -> str:
    vrn = marks.normalise(text)
    if marks.family(vrn) not in marks.HONG_KONG:
        raise RequestRefusedError(
            422,
            Both(
                f"Not done: “{text[:20]}” does not have the form of a Hong Kong mark. Type letters and digits only.",
                f"未有執行：「{text[:20]}」不符合香港車牌格式，請只輸入字母及數字。",
            ),
        )
    return vrn
