"""The operators' interface as types: one request, one answer, each a line of JSON over the local socket.

Rules of this file: a request is named by its "do", and says nothing about who asks: that is the connection's, by the kernel's
login or by signing in. The socket's file rights say who may connect; who may ask what is `rights`'.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.model.consignment import CargoInformation
from core.model.people import Account, Role
from core.office.bundling import BundleRequest
from core.office.service import ImportedBundle

LONGEST_LINE = 16 << 20
"""Bytes of the longest request or answer."""

Number = Annotated[str, Meta(max_length=32)]
Why = Annotated[str, Meta(min_length=1, max_length=1_000)]


class _Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """A request is a JSON object whose "do" names it."""


class SignIn(_Request, frozen=True, tag="sign_in"):
    """Sign in over this connection; answered by `SignedIn`."""

    name: str
    password: Annotated[str, Meta(max_length=1_024)]
    code: Annotated[str, Meta(max_length=16)]


class Resume(_Request, frozen=True, tag="resume"):
    """Go on as an earlier sign-in of the same login, by its token; answered by `SignedIn`."""

    token: Annotated[str, Meta(max_length=128)]


class SignOut(_Request, frozen=True, tag="sign_out"):
    """End the session of this connection."""


class Lodge(_Request, frozen=True, tag="lodge"):
    """Lodge cargo information; answered by `cargo.Lodging`.

    Attributes:
        party: whose it is; needed where the department's clerk lodges for somebody, else the asker's own.
    """

    cargo: CargoInformation
    party: str = ""


class LodgeBatch(_Request, frozen=True, tag="lodge_batch"):
    """Lodge a batch, all of it or nothing; answered by a tuple of `cargo.Lodging`, in order.

    Attributes:
        batch: the sender's own number. The same batch again is answered by the same CCRNs.
    """

    batch: Annotated[str, Meta(max_length=64)]
    cargo: tuple[CargoInformation, ...]
    party: str = ""


class Amend(_Request, frozen=True, tag="amend"):
    """Put another lodgement in place of one that is not bundled; answered by `cargo.Lodging`."""

    ccrn: Number
    cargo: CargoInformation


class Cancel(_Request, frozen=True, tag="cancel"):
    """Withdraw a consignment that is not bundled."""

    ccrn: Number


class HandTo(_Request, frozen=True, tag="hand_to"):
    """Hand consignments to a carrier, who may then bundle them."""

    ccrns: Annotated[tuple[Number, ...], Meta(min_length=1, max_length=999)]
    party: str


class SaveDraft(_Request, frozen=True, tag="save_draft"):
    """Keep a lodgement that is not complete, or a template, under a name of one's own.

    Attributes:
        form: what is filled in so far, as `CargoInformation` has it; nothing of it is checked.
    """

    name: str
    form: dict[str, Any]
    template: bool = False


class ListDrafts(_Request, frozen=True, tag="drafts"):
    """One's own drafts and templates; answered by a list of `Draft`, newest first."""

    text: Annotated[str, Meta(max_length=64)] = ""


class DropDraft(_Request, frozen=True, tag="drop_draft"):
    """Throw a draft or template of one's own away."""

    name: str


class MakeBundle(_Request, frozen=True, tag="bundle"):
    """Bundle; answered by `bundling.BundleMade`."""

    bundle: BundleRequest


class Debundle(_Request, frozen=True, tag="debundle"):
    """Undo a bundle."""

    ubr: Number


class Swap(_Request, frozen=True, tag="swap"):
    """Put the cargo of a bundle on another vehicle, in one step; answered by `bundling.BundleMade`."""

    ubr: Number
    vrn: str
    driver: str


class Hold(_Request, frozen=True, tag="hold"):
    """Stop a vehicle; answered by its normalised VRN."""

    vrn: str
    reason: str


class LiftHold(_Request, frozen=True, tag="lift_hold"):
    """End a hold; answered by the normalised VRN."""

    vrn: str


class Approve(_Request, frozen=True, tag="approve"):
    """Approve a cross-boundary vehicle; answered by its normalised VRN."""

    vrn: str
    mainland: str = ""


class WithdrawApproval(_Request, frozen=True, tag="withdraw_approval"):
    """Take a vehicle off the list of approved ones; answered by its normalised VRN."""

    vrn: str


class Decide(_Request, frozen=True, tag="decide"):
    """A selector's action code for a consignment."""

    ccrn: Number
    code: str
    reason: str


class TakeOverRecords(_Request, frozen=True, tag="take_over"):
    """Take over records made elsewhere, all or none; answered by the UBRs of the bundles, in order."""

    bundles: tuple[ImportedBundle, ...] = ()
    holds: tuple[tuple[str, str], ...] = ()
    vehicles: tuple[tuple[str, str], ...] = ()


class Arrived(_Request, frozen=True, tag="arrived"):
    """A vehicle has come to the examination compound; answered by `compound.Expected`."""

    vrn: str


class TakeAlarm(_Request, frozen=True, tag="take_alarm"):
    """An officer deals with an alarm; answered by `alarms.CoreAlarm`."""

    alarm: int


class ClearAlarm(_Request, frozen=True, tag="clear_alarm"):
    """An alarm has been dealt with; answered by `alarms.CoreAlarm`."""

    alarm: int
    why: str = ""


class ShelveAlarm(_Request, frozen=True, tag="shelve_alarm"):
    """Nobody is called about an alarm for so many minutes; answered by `alarms.CoreAlarm`."""

    alarm: int
    minutes: Annotated[int, Meta(ge=1, le=480)]


class SettleUse(_Request, frozen=True, tag="settle_use"):
    """A disputed use was one, or was none; answered by the `disputes.DisputedUse` that is settled."""

    ubr: Number
    used: bool
    reason: Why


class SettleClaim(_Request, frozen=True, tag="settle_claim"):
    """A bundle that a silent lane has claimed was used, or was not; answered by the `claims.HeldClaim` that is settled."""

    ubr: Number
    used: bool
    reason: Why


class SendCommand(_Request, frozen=True, tag="command"):
    """A signed command to a lane; answered by its identifier. `CommandState` tells what became of it."""

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
    """One picture's bytes (in base64); `purpose` goes into the audit log with who looked at it (domain §8)."""

    picture: str
    purpose: Why


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


class ReadAudit(_Request, frozen=True, tag="audit"):
    """The latest lines of the audit log that name a text; answered by a list of `model.audit.ChainedLine`, newest first."""

    most: Annotated[int, Meta(ge=1, le=10_000)] = 100
    text: Annotated[str, Meta(max_length=64)] = ""


class ListAccounts(_Request, frozen=True, tag="accounts"):
    """Everybody who may ask; answered by a list of `model.people.Account`."""


class AddParty(_Request, frozen=True, tag="add_party"):
    """Register a company or person of the trade."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
    name: Annotated[str, Meta(min_length=1, max_length=140)]


class AddAccount(_Request, frozen=True, tag="add_account"):
    """Open an account; answered by the address by which an authenticator takes its secret over, "" without a password."""

    account: Account
    password: Annotated[str, Meta(max_length=1_024)] = ""


class SetRoles(_Request, frozen=True, tag="set_roles"):
    """Give an account other roles."""

    name: str
    roles: tuple[Role, ...]


class CloseAccount(_Request, frozen=True, tag="close_account"):
    """Close an account for good."""

    name: str


class NewPassword(_Request, frozen=True, tag="new_password"):
    """Give an account another password and secret; answered like `AddAccount`."""

    name: str
    password: Annotated[str, Meta(max_length=1_024)]


class Enquire(_Request, frozen=True, tag="enquire"):
    """All that is on record for a VRN, CCRN or UBR; answered by `EnquiryResult`."""

    text: str


class Status(_Request, frozen=True, tag="status"):
    """How the core is; answered by `CoreStatus`."""


Request = (
    SignIn
    | Resume
    | SignOut
    | Lodge
    | LodgeBatch
    | Amend
    | Cancel
    | HandTo
    | SaveDraft
    | ListDrafts
    | DropDraft
    | Swap
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
    | ReadAudit
    | ListAccounts
    | AddParty
    | AddAccount
    | SetRoles
    | CloseAccount
    | NewPassword
    | Enquire
    | Status
)


CHANGES = (
    Lodge,
    LodgeBatch,
    Amend,
    Cancel,
    Swap,
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

TOGETHER = (
    Lodge,
    LodgeBatch,
    Amend,
    Cancel,
    Swap,
    MakeBundle,
    Debundle,
    Hold,
    LiftHold,
    Approve,
    WithdrawApproval,
    Decide,
    TakeOverRecords,
)
"""Requests that write into the database alone: those that wait at the same moment are kept by one commit."""
