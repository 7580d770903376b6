"""The operators' interface as types: one request, one answer, each a line of JSON over the local socket.

Rules of this file: a request is named by its "do"; `who` is the login of whoever acts, and goes into the diary. The
socket's file rights say who may connect; what the requests may do is the office's to decide.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.office.bundling import BundleRequest
from core.office.cargo import CargoInformation
from core.office.service import ImportedBundle

LONGEST_LINE = 16 << 20
"""Bytes of the longest request or answer."""

Login = Annotated[str, Meta(min_length=1, max_length=64)]


class _Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """A request is a JSON object whose "do" names it."""


class Lodge(_Request, frozen=True, tag="lodge"):
    """Lodge cargo information; answered by `cargo.Lodging`."""

    who: Login
    cargo: CargoInformation


class MakeBundle(_Request, frozen=True, tag="bundle"):
    """Bundle; answered by `bundling.BundleMade`."""

    who: Login
    bundle: BundleRequest


class Debundle(_Request, frozen=True, tag="debundle"):
    """Undo a bundle."""

    who: Login
    ubr: str


class Hold(_Request, frozen=True, tag="hold"):
    """Stop a vehicle; answered by its normalised VRN."""

    who: Login
    vrn: str
    reason: str


class LiftHold(_Request, frozen=True, tag="lift_hold"):
    """End a hold; answered by the normalised VRN."""

    who: Login
    vrn: str


class Approve(_Request, frozen=True, tag="approve"):
    """Approve a cross-boundary vehicle; answered by its normalised VRN."""

    who: Login
    vrn: str
    mainland: str = ""


class WithdrawApproval(_Request, frozen=True, tag="withdraw_approval"):
    """Take a vehicle off the list of approved ones; answered by its normalised VRN."""

    who: Login
    vrn: str


class Decide(_Request, frozen=True, tag="decide"):
    """A selector's action code for a consignment."""

    who: Login
    ccrn: str
    code: str
    reason: str


class TakeOverRecords(_Request, frozen=True, tag="take_over"):
    """Take over records made elsewhere, all or none; answered by the UBRs of the bundles, in order."""

    who: Login
    bundles: tuple[ImportedBundle, ...] = ()
    holds: tuple[tuple[str, str], ...] = ()
    vehicles: tuple[tuple[str, str], ...] = ()


class Arrived(_Request, frozen=True, tag="arrived"):
    """A vehicle has come to the examination compound; answered by `compound.Expected`."""

    who: Login
    vrn: str


class TakeAlarm(_Request, frozen=True, tag="take_alarm"):
    """An officer deals with an alarm; answered by `alarms.CoreAlarm`."""

    who: Login
    alarm: int


class ClearAlarm(_Request, frozen=True, tag="clear_alarm"):
    """An alarm has been dealt with; answered by `alarms.CoreAlarm`."""

    who: Login
    alarm: int
    why: str = ""


class ShelveAlarm(_Request, frozen=True, tag="shelve_alarm"):
    """Nobody is called about an alarm for so many minutes; answered by `alarms.CoreAlarm`."""

    who: Login
    alarm: int
    minutes: Annotated[int, Meta(ge=1, le=480)]


class SettleUse(_Request, frozen=True, tag="settle_use"):
    """A disputed use was one, or was none; answered by the `disputes.DisputedUse` that is settled."""

    who: Login
    ubr: str
    used: bool
    reason: Annotated[str, Meta(min_length=1)]


class SettleClaim(_Request, frozen=True, tag="settle_claim"):
    """A bundle that a silent lane has claimed was used, or was not; answered by the `claims.HeldClaim` that is settled."""

    who: Login
    ubr: str
    used: bool
    reason: Annotated[str, Meta(min_length=1)]


class SendCommand(_Request, frozen=True, tag="command"):
    """A signed command to a lane; answered by its identifier. `CommandState` tells what became of it."""

    who: Login
    lane: str
    name: str
    visit: str = ""
    text: str = ""
    good_seconds: Annotated[int, Meta(ge=1, le=3_600)] = 30
    revert_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 0
    picture: str = ""
    journal: str = ""
    rows: tuple[int, int] = (0, 0)


class ListCommands(_Request, frozen=True, tag="commands"):
    """The latest commands, or the one of that identifier; answered by a list of `CommandState`, newest first."""

    most: int = 50
    id: str = ""


class ListPictures(_Request, frozen=True, tag="pictures"):
    """Evidence pictures held, of a lane or of a visit (lane/journal/number); answered by a list of `pictures.Kept`."""

    lane: str = ""
    visit: str = ""


class GetPicture(_Request, frozen=True, tag="picture"):
    """One picture's bytes (in base64); `purpose` goes into the diary with who looked at it (domain §8)."""

    who: Login
    picture: str
    purpose: Annotated[str, Meta(min_length=1)]


class Lanes(_Request, frozen=True, tag="lanes"):
    """Every registered lane; answered by a list of `LaneStatusView`."""


class Crossings(_Request, frozen=True, tag="crossings"):
    """The latest crossings; answered by a list of `projection.Crossing`."""

    most: int = 100
    lane: str = ""


class Alarms(_Request, frozen=True, tag="alarms"):
    """Standing alarms, or all; answered by a list of `alarms.CoreAlarm`."""

    most: int = 500
    cleared: bool = False


class ListDisputedUses(_Request, frozen=True, tag="disputed_uses"):
    """The uses that no read bears out; answered by a list of `disputes.DisputedUse`, oldest first."""


class ListClaims(_Request, frozen=True, tag="claims"):
    """Bundles that visits have claimed and not used; answered by a list of `claims.HeldClaim`, oldest first."""


class ListQuarantine(_Request, frozen=True, tag="quarantine"):
    """Rows that could not be read whole; answered by a list of `intake.QuarantinedRow`, newest first."""

    most: Annotated[int, Meta(ge=1, le=10_000)] = 500


class AtCompound(_Request, frozen=True, tag="compound"):
    """Vehicles expected at the compound; answered by a list of `compound.Expected`."""


class Enquire(_Request, frozen=True, tag="enquire"):
    """All that is on record for a VRN, CCRN or UBR; answered by `EnquiryResult`."""

    text: str


class Status(_Request, frozen=True, tag="status"):
    """How the core is; answered by `CoreStatus`."""


Request = (
    Lodge
    | MakeBundle
    | Debundle
    | Hold
    | LiftHold
    | Approve
    | WithdrawApproval
    | Decide
    | TakeOverRecords
    | Arrived
    | TakeAlarm
    | ClearAlarm
    | ShelveAlarm
    | SettleUse
    | SettleClaim
    | SendCommand
    | ListCommands
    | ListPictures
    | GetPicture
    | Lanes
    | Crossings
    | Alarms
    | ListDisputedUses
    | ListClaims
    | ListQuarantine
    | AtCompound
    | Enquire
    | Status
)


CHANGES = (
    Lodge,
    MakeBundle,
    Debundle,
    Hold,
    LiftHold,
    Approve,
    WithdrawApproval,
    Decide,
    TakeOverRecords,
    SettleUse,
)
"""Requests that may change the list."""

TOGETHER = (Lodge, MakeBundle, Debundle, Hold, LiftHold, Approve, WithdrawApproval, Decide, TakeOverRecords)
"""Requests that write into the database alone: those that wait at the same moment are kept by one commit."""


class CommandState(msgspec.Struct, frozen=True, kw_only=True):
    """A command and what became of it; `outcome` is "" until the lane replied."""

    id: str
    lane: str
    issuer: str
    name: str
    visit: str
    text: str
    issued_ms: int
    expires_ms: int
    outcome: str
    detail: str


class JournalView(msgspec.Struct, frozen=True, kw_only=True):
    """A lane's journal at the core: acknowledged up to `seq`, whose row has this hash (hex).

    Attributes:
        again: rows that came again since the core's start and were the same as those here.
    """

    journal: str
    seq: int
    hash: str
    again: int


class LaneStatusView(msgspec.Struct, frozen=True, kw_only=True):
    """A lane as the core sees it; times in UTC ms, 0 for never. See `link.LaneStatus`."""

    lane: str
    presence: str
    software: str
    proved_ms: int
    epoch: str
    version: int
    level: bool
    journals: tuple[JournalView, ...]
    facts: dict[str, Any] = {}
    core_keys: tuple[str, ...] | None = None
    sampled_ms: int = 0
    telemetry: dict[str, int | float | str] = {}
    samples: int = 0
    shed: int = 0
    missed: int = 0


class EnquiryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an enquiry found, as plain data.

    Attributes:
        rows: the rows of the log, a vehicle's or the one bundle.
        cargo: the consignment, if one was asked for.
        visits: of a vehicle, its latest visits to any lane as `projection.Crossing`, newest first.
    """

    rows: tuple[Any, ...]
    cargo: tuple[Any, ...]
    visits: tuple[Any, ...] = ()


class CoreStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the core is: the head of its log (hashes in hex), its brokers, and what it has taken in and refused.

    Attributes:
        brokers: "host:port" to whether it is connected.
        events: rows of every lane's journal that are committed.
        refused: messages refused, by reason.
        signing: the key it signs with, by name and digits.
    """

    epoch: str
    version: int
    log_hash: str
    state_hash: str
    now_ms: int
    brokers: dict[str, bool]
    events: int
    refused: dict[str, int]
    signing: str = ""


class AdminAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The line that answers a request: a result, or the problems for which it was refused."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    problems: tuple[str, ...] = ()
