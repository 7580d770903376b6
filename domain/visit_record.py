"""The records of a journal that both ends read: their kinds, and the base record of a visit with its facts as values.

In a journal a record is a kind and facts, (name, text) pairs sorted by name, where an empty fact is left out. That form is
the contract (`docs/schemas/effect_record.json`); `VisitEnded` is what one of them says.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

Facts = tuple[tuple[str, str], ...]
"""(name, text) pairs, sorted by name, none of them empty."""


class RecordKind(StrEnum):
    """What a record is about; the value is the name in journals."""

    IGNORED = "Ignored"  # an input that did not count: says nothing of the vehicle
    VEHICLE_ARRIVED = "VehicleArrived"
    ROW_ENTERED = "RowEntered"
    UNLADEN_DECLARED = "UnladenDeclared"
    CORRECTED = "Corrected"
    RELEASED_BY_OFFICER = "ReleasedByOfficer"
    SENT_TO_COMPOUND = "SentToCompound"
    WITHDRAWN = "Withdrawn"
    HELD_UP = "HeldUp"  # 3 stays over its time, for the queue in front holds the vehicle up
    WAY_OUT_OF_VEHICLE_BEFORE = "WayOutOfVehicleBefore"
    VISIT_ENDED = "VisitEnded"
    HELP_REQUESTED = "HelpRequested"
    HELP_ANSWERED = "HelpAnswered"
    HELP_ENDED = "HelpEnded"
    CALL_REPORTED = "CallReported"  # what became of an attempt to reach somebody (`CallNote`)
    OFFICER_SENT = "OfficerSent"  # the driver was told that an officer comes
    LANE_OPENED = "LaneOpened"
    LANE_CLOSED = "LaneClosed"
    MANUAL_ORDERED = "ManualOrdered"
    MANUAL_ENDED = "ManualEnded"
    LOOP_BYPASSED = "LoopBypassed"
    WORDS_RECEIVED = "WordsReceived"
    DRIVER_NOTIFIED = "DriverNotified"  # the panel says something besides its message (`domain.notices`)
    ALARM_HANDLED = "AlarmHandled"  # an officer took, closed or shelved an alarm (`domain.alarm_list`)
    APPROVAL_HANDLED = (
        "ApprovalHandled"  # a request for a second officer's approval, other than the act (`ApprovalDeed`)
    )
    IMMIGRATION_DEBT_PAID = "ImmigrationDebtPaid"
    IMMIGRATION_DEBT_LAPSED = "ImmigrationDebtLapsed"
    IMMIGRATION_DEBT_WRITTEN_OFF = "ImmigrationDebtWrittenOff"


class ApprovalDeed(StrEnum):
    """What `RecordKind.APPROVAL_HANDLED` can say of a request; its fact `deed`. An approval is the act itself, with both names."""

    ASKED = "asked"
    REFUSED = "refused"
    LAPSED = "lapsed"  # nobody answered in time
    VOID = "void"  # the vehicle or the grounds changed, or the lane began anew, while it waited


class CallNote(StrEnum):
    """What `RecordKind.CALL_REPORTED` can say of a call of the intercom; its fact `call`."""

    RANG = "rang"  # the other side says that it rings there
    BUSY = "busy"
    REFUSED = "refused"
    MISSED = "missed"  # nobody answered in time
    UNREACHABLE = "unreachable"
    ESCALATED = "escalated"  # the next number is called
    ANSWERED = "answered"  # by whom, from where; a locked page names who used it last
    TALKING = "talking"  # each end hears the other
    LOST = "lost"  # the voice broke off and did not come back
    ENDED = "ended"
    LISTENING = "listening"  # an officer begins to listen at the kiosk, where no call of his is open; from where
    LISTENED = "listened"  # he no longer does; from where, for how long, why


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitEnded:
    """The base record of a visit (domain §4): who, where, when, what was read, decided and shown.

    Coded values (outcome, doubt, ruling, mode, ...) are the lane's words as text, "" where there is none: a core may read
    the journal of a newer lane.

    Attributes:
        lane_id, point, direction: where.
        arrived_ms, immigration_ms, decided_ms, left_ms: UTC ms by the lane; None for what did not happen.
        quality: how far the lane trusted its clock at the end ("proven", "system", "unsure").
        how: the loop it left over, or how else the visit ended.
        vrn, mainland, confidence, source: the plate as read, the lowest confidence of a character (0 to 1, four places),
            and who vouches for it.
        unread: why no plate was read.
        evidence: content hashes of the pictures, each once, in order.
        identifiers: (source, VRN) as second identifiers named the vehicle; `identified` is "agrees" or "differs".
        mode, link: manual or automatic, and the state of the link at the end.
        row: the row of domain §4 that showed 3 or 4.
        outcome, doubt, ruling, officer, reason: what was decided, by whom and why.
        unladen, manifest: the driver pressed Unladen; the paper manifest was seen.
        ubrs: bundles that the visit used.
        prompts: how often the driver was asked for something (row 12); paper: the number of the paper manifest (row 7).
        epoch, version, state_hash: the codes it was decided on.
        ccrns, schemes: of every consignment those codes name for the vehicle; schemes only where there is one.
    """

    lane_id: str = ""
    point: str = ""
    direction: str = ""
    arrived_ms: int | None = None
    immigration_ms: int | None = None
    decided_ms: int | None = None
    left_ms: int | None = None
    quality: str = ""
    how: str = ""
    vrn: str = ""
    mainland: str = ""
    confidence: float | None = None
    source: str = ""
    unread: str = ""
    evidence: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    identified: str = ""
    mode: str = ""
    link: str = ""
    row: int | None = None
    outcome: str = ""
    doubt: str = ""
    ruling: str = ""
    officer: str = ""
    reason: str = ""
    unladen: bool = False
    manifest: bool = False
    ubrs: tuple[str, ...] = ()
    prompts: int | None = None
    paper: str = ""
    epoch: str = ""
    version: int | None = None
    state_hash: str = ""
    ccrns: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()

    def to_facts(self) -> Facts:
        """The facts of the record, as a journal has them."""
        return tuple([(name, text) for name in _IN_ORDER if (text := _text(getattr(self, name)))])

    @classmethod
    def from_facts(cls, told: Mapping[str, str] | Iterable[tuple[str, str]]) -> Self:
        """What the facts of such a record say.

        Never raises, since the core refuses no row of a journal for what is in it: a fact that is missing or unreadable
        counts as not recorded, and one that this version does not know is passed over.
        """
        return cls(**{name: _READERS[name](text) for name, text in dict(told).items() if name in _READERS})


def facts(**named: object) -> Facts:
    """The facts of a record: each value as text; what is None or "" is left out."""
    return tuple(sorted((name, str(value)) for name, value in named.items() if value not in ("", None)))


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case None | False:
            return ""
        case True:
            return "yes"
        case float():
            return f"{value:.4f}"
        case tuple():
            return ",".join("=".join(item) if isinstance(item, tuple) else item for item in value)
        case _:
            return str(value)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 20 else None


def _share(text: str) -> float | None:
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    named = (name.partition("=") for name in _names(text))
    return tuple((source, mark) for source, _, mark in named)


_BY_TYPE: dict[str, Callable[[str], object]] = {
    "str": str,
    "bool": "yes".__eq__,
    "int | None": _number,
    "float | None": _share,
    "tuple[str, ...]": _names,
    "tuple[tuple[str, str], ...]": _pairs,
}
_READERS: dict[str, Callable[[str], Any]] = {
    field.name: _BY_TYPE[str(field.type)] for field in dataclasses.fields(VisitEnded)
}
"""How each fact is read back, by the type that its field declares."""
_IN_ORDER = tuple(sorted(_READERS))
"""Names in the order that facts have in a record."""
