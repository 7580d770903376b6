"""What happens to a lane, named in the past. Every event is one of `Event`, and `step` is total over it.

An input that can help a release carries the visit it belongs to (`visit`), or the monotonic time of its
physical edge (`edge_ms`), from which the visit follows (design §2.1). Officers are named by their login.
"""

from __future__ import annotations

from dataclasses import dataclass

from lane_agent.model import Codes, Contact, Fault, Link, Policy, Read, Screen
from lane_agent.wording import Scene


@dataclass(frozen=True, slots=True)
class AgentStarted:
    """The agent has started; the first event of every boot. `software` is the version."""

    policy: Policy
    boot: str
    software: str


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """A debounced contact changed; `edge_ms` is when the physical edge happened."""

    contact: Contact
    active: bool
    edge_ms: int


@dataclass(frozen=True, slots=True)
class PlateSettled:
    """The reader settled the plate of this visit: above the release threshold, and a possible mark."""

    visit: int
    read: Read


@dataclass(frozen=True, slots=True)
class PlateUnread:
    """The reader gave up on this visit; `candidates` are what it saw, best first, for the officer only."""

    visit: int
    reason: str
    candidates: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlateDoubted:
    """The pictures since the reader settled `vrn` say otherwise; `candidates` are what they say, best first."""

    visit: int
    vrn: str
    candidates: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlateSeenAgain:
    """The answer to `LookAgain` number `look`: `vrn` was read in a picture taken since, and no other mark."""

    visit: int
    look: int
    vrn: str


@dataclass(frozen=True, slots=True)
class SecondVehicleSeen:
    """The reader sees two vehicles in the region of interest of this visit (tailgating)."""

    visit: int


@dataclass(frozen=True, slots=True)
class IdentifierRead:
    """A second identifier (Immigration's own plate, an RFID label, the rear camera) named a VRN.

    `vouched`: its origin is proved, by a signature or by a wired port of its own. Any other may only contradict.
    """

    source: str
    vrn: str
    edge_ms: int
    vouched: bool = False


@dataclass(frozen=True, slots=True)
class ImmigrationSignalled:
    """Immigration's terminal says that it has started with, cleared or referred a vehicle; contacts say it without a name.

    Attributes:
        signal: one of the three Immigration contacts, in whose place it speaks.
        edge_ms: when it was so.
        vrn: the mark of the vehicle it is about, "" where the terminal does not say.
        vouched: the origin of the mark is proved: a port of its own, or a signature.
    """

    signal: Contact
    edge_ms: int
    vrn: str = ""
    vouched: bool = False


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The link machine's verdict changed."""

    link: Link


@dataclass(frozen=True, slots=True)
class CodesVerified:
    """The lane's codes equal the core's signed head again (leaves `ManualReason.UNVERIFIED`)."""

    epoch: str
    version: int


@dataclass(frozen=True, slots=True)
class CodesChanged:
    """The log changed in a way that touches `vrn` or a near-miss of it; `hold` if a stop was added."""

    vrn: str
    hold: bool


@dataclass(frozen=True, slots=True)
class CodesFound:
    """The answer to `LookUp` number `lookup` of this visit."""

    visit: int
    lookup: int
    codes: Codes


@dataclass(frozen=True, slots=True)
class ClaimAnswered:
    """The core's signed answer to `Claim` number `claim` of this visit (design §3).

    Attributes:
        ubrs: the bundles that were claimed.
        epoch, version: the head of the log that the core answered from.
        refusal: "" if all of them are this visit's alone from now on; otherwise why not, in words.
    """

    visit: int
    claim: int
    ubrs: tuple[str, ...]
    epoch: str
    version: int
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class ScenePainted:
    """A screen reports what it painted."""

    screen: Screen
    scene: Scene
    serial: int


@dataclass(frozen=True, slots=True)
class ShowLapsed:
    """The order to show 3 was older than `RELEASE_AGE_MS` when it could be carried out, and was not (design §2.15)."""

    serial: int


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer asked for by `StartTimer` ran out. `serial` tells it from an earlier one of the same name."""

    timer: str
    serial: int


@dataclass(frozen=True, slots=True)
class FaultRaised:
    """Something the release depends on is broken; `detail` is for the technician."""

    fault: Fault
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FaultCleared:
    """It works again."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class TroubleReported:
    """Something about the box that people should know and that no release depends on, such as a disk that fills.

    `kind` is a `domain.alarms.LaneAlarmKind`; text, since a journal may hold one that this version no longer has.
    """

    kind: str
    detail: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class TroubleEnded:
    """What `TroubleReported` told is over; `kind` and `cause` are those of that event."""

    kind: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class AlarmHandled:
    """An officer dealt with an alarm; it decides nothing.

    Attributes:
        alarm: the text of its key (`domain.alarm_lifecycle.AlarmKey`).
        deed: one of `domain.alarm_list.DEEDS`.
        reason: why it is closed or shelved.
        until_ms: of shelving, UTC ms.
    """

    alarm: str
    deed: str
    officer: str
    reason: str = ""
    until_ms: int = 0


@dataclass(frozen=True, slots=True)
class ApprovalHandled:
    """What became of a request for a second officer's approval, other than the act itself; it decides nothing.

    Attributes:
        act: the act of `console.acts` that was asked for.
        deed: a `domain.visit_record.ApprovalDeed`; text, since a journal may hold one that this version no longer has.
        officer: who asked; second: who refused it, "" for nobody.
        reason: why it was asked for; why: why it was refused, or is void.
    """

    act: str
    deed: str
    officer: str
    reason: str = ""
    second: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class WordsReceived:
    """An officer at the centre has sent a message to the one at the lane; it decides nothing."""

    issuer: str
    text: str


@dataclass(frozen=True, slots=True)
class DriverNotified:
    """An officer at the centre has the panel say something besides its message; it decides nothing.

    Attributes:
        notice: a `domain.notices.DriverNotice`, or `NO_NOTICE` to take away what is shown.
        issuer: the officer.
        visit: whom it is for, 0 for whoever is there until its time is over.
        ms: how long it stands.
    """

    notice: str
    issuer: str
    visit: int
    ms: int


@dataclass(frozen=True, slots=True)
class OfficerReleased:
    """An officer releases this visit by hand.

    `paper` is the number of the paper manifest, "" if none was taken; `second` who approved it, "" for nobody (`approval`).
    """

    visit: int
    officer: str
    reason: str
    paper: str = ""
    second: str = ""


@dataclass(frozen=True, slots=True)
class OfficerInspected:
    """An officer sends this visit to the examination compound."""

    visit: int
    officer: str
    reason: str


@dataclass(frozen=True, slots=True)
class OfficerCorrected:
    """An officer typed the VRN of this visit (normalised)."""

    visit: int
    officer: str
    vrn: str
    reason: str


@dataclass(frozen=True, slots=True)
class OfficerTookOver:
    """An officer ends this visit by hand: cleared or turned away outside the system. Also ends one that a stuck loop began.

    `paper` is the number of the paper manifest, "" if none was taken.
    """

    visit: int
    officer: str
    reason: str
    paper: str = ""


@dataclass(frozen=True, slots=True)
class LaneOpened:
    """An officer opened the lane."""

    officer: str


@dataclass(frozen=True, slots=True)
class LaneClosed:
    """An officer closed the lane; takes effect between visits."""

    officer: str
    reason: str


@dataclass(frozen=True, slots=True)
class ManualOrdered:
    """Manual mode was ordered (exercise, instruction); takes effect between visits."""

    officer: str
    reason: str


@dataclass(frozen=True, slots=True)
class ManualEnded:
    """The order for manual mode was lifted; other causes keep theirs."""

    officer: str


@dataclass(frozen=True, slots=True)
class LoopBypassed:
    """An officer bypasses a stuck loop, or restores it; a bypass needs manual mode (design §2.9). `second` approved it."""

    contact: Contact
    bypassed: bool
    officer: str
    reason: str
    second: str = ""


@dataclass(frozen=True, slots=True)
class VehicleAnnounced:
    """An officer says that a vehicle is at the kiosk while the stop loop is bypassed; its visit is cleared by hand."""

    officer: str


@dataclass(frozen=True, slots=True)
class DebtWrittenOff:
    """An officer says that Immigration owes no answer for a vehicle before; `visit` is the open one, 0 without.

    An answer of this visit that was taken for that vehicle counts for this one then (design §2.13).
    """

    visit: int
    officer: str
    reason: str


@dataclass(frozen=True, slots=True)
class HelpAnswered:
    """An officer answered the help call."""

    officer: str


@dataclass(frozen=True, slots=True)
class HelpEnded:
    """An officer ended the help call."""

    officer: str
    outcome: str


@dataclass(frozen=True, slots=True)
class AudioChanged:
    """Sound begins or ceases to reach both ends of the answered call, as each end says of itself."""

    flowing: bool


@dataclass(frozen=True, slots=True)
class CallLost:
    """The voice of an answered call broke off and did not come back: the driver still needs somebody."""

    detail: str


@dataclass(frozen=True, slots=True)
class OfficerSent:
    """Whoever answers, or a key on his telephone, says that an officer comes to the lane. The call stays open until one does."""

    officer: str


@dataclass(frozen=True, slots=True)
class CallReported:
    """What became of an attempt to reach somebody, for the records alone.

    Attributes:
        call: a `domain.visit_record.CallNote`; text, since a journal may hold one that this version no longer has.
        who: the number or workstation it is about.
    """

    call: str
    who: str
    detail: str = ""


OfficerEvent = (
    OfficerReleased
    | OfficerInspected
    | OfficerCorrected
    | OfficerTookOver
    | LaneOpened
    | LaneClosed
    | ManualOrdered
    | ManualEnded
    | LoopBypassed
    | VehicleAnnounced
    | DebtWrittenOff
)

Event = (
    AgentStarted
    | ContactChanged
    | PlateSettled
    | PlateUnread
    | PlateDoubted
    | PlateSeenAgain
    | SecondVehicleSeen
    | IdentifierRead
    | ImmigrationSignalled
    | LinkChanged
    | CodesVerified
    | CodesChanged
    | CodesFound
    | ClaimAnswered
    | ScenePainted
    | ShowLapsed
    | TimerFired
    | FaultRaised
    | FaultCleared
    | TroubleReported
    | TroubleEnded
    | AlarmHandled
    | ApprovalHandled
    | WordsReceived
    | DriverNotified
    | HelpAnswered
    | HelpEnded
    | AudioChanged
    | CallLost
    | OfficerSent
    | CallReported
    | OfficerEvent
)
