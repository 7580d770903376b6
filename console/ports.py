"""What the page needs from the lane, named for the need; `edge.lane_feed` provides it.

Rules of this file: frozen values and Protocols only. Nothing here has words for people (`words` has them), and nothing
decides: what stops a vehicle and what an officer may do now is the lane's own judgement, carried in the view.

Times: `*_ms` of a moment is UTC milliseconds; `*_age_ms`, `*_wait_ms` are durations in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from domain.alarm_lifecycle import AlarmState
from domain.alarm_traits import Priority
from domain.alarms import LaneAlarmKind
from domain.crossing import Direction
from domain.notices import DriverNotice
from domain.visit_record import ApprovalDeed
from lane_agent.events import HelpAnswered, HelpEnded, OfficerEvent, OfficerSent
from lane_agent.matching import Standing
from lane_agent.model import (
    Bundle,
    Codes,
    Contact,
    Doubt,
    Fault,
    HelpCall,
    Immigration,
    Link,
    ManualReason,
    NearMiss,
    Outcome,
    Read,
    Ruling,
    Screen,
)
from lane_agent.wording import Scene

OfficerAction = OfficerEvent | HelpAnswered | HelpEnded | OfficerSent
"""What an officer can do at this page; each is one event of `lane_agent.events`, the officer's login in it."""


@dataclass(frozen=True, slots=True)
class BundleView:
    """A bundle of the vehicle in the lane: how it stands towards this crossing, and whether it stops it."""

    bundle: Bundle
    standing: Standing
    stops: bool = False


@dataclass(frozen=True, slots=True)
class VisitView:
    """The vehicle that is in the lane now.

    Attributes:
        id: the visit's number; every action about this vehicle must carry it.
        arrived_ms: when it arrived.
        manual: the lane was in manual mode when it arrived (modes take effect between visits).
        read: the settled read, or None while there is none.
        candidates: what the reader saw when it gave up, best first.
        near: vehicles on the record whose mark neighbours the read one.
        identifiers: (source, mark) of second identifiers, in this visit.
        identifier_wanted: this lane requires one, and none has named the mark yet.
        immigration: where Immigration is.
        unladen: the driver declared an empty vehicle.
        held_up: 3 stands over its time, for the queue in front holds the vehicle up.
        manifest: the drop-in box's sensor; None where this lane has none.
        codes: the deciding lookup, or the latest one; None before any.
        bundles: those of `codes`, as the lane judges them (`lane_agent.matching`).
        must_stop: the lane knows a stop: a hold, or a bundle that stops.
        doubt: why the visit is the officer's.
        outcome: what has been shown to the driver.
        ruling: what an officer has decided, if anything.
        evidence: content hashes of the pictures of this visit, newest last.
        officer, reason: who decided or corrected last, and why; "" for nobody.
    """

    id: int
    arrived_ms: int
    manual: bool = False
    read: Read | None = None
    candidates: tuple[str, ...] = ()
    near: tuple[NearMiss, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    identifier_wanted: bool = False
    immigration: Immigration = Immigration.NOT_STARTED
    unladen: bool = False
    held_up: bool = False
    manifest: bool | None = None
    codes: Codes | None = None
    bundles: tuple[BundleView, ...] = ()
    must_stop: bool = False
    doubt: Doubt | None = None
    outcome: Outcome = Outcome.UNDECIDED
    ruling: Ruling = Ruling.NONE
    evidence: tuple[str, ...] = ()
    officer: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HelpView:
    """The help call of the lane; `since_ms` is when it began to ring, `by` who answered."""

    state: HelpCall = HelpCall.NONE
    since_ms: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class AlarmView:
    """One alarm (`domain.alarm_lifecycle`).

    Attributes:
        kind, cause: `effects.Alarm.kind`, and which of several causes ("camera").
        at_ms: when it was raised first; count: how often since.
        visit: 0 where none is concerned.
        seen_by: who took it.
        state, priority: as of the view; escalated: nobody has taken it for too long.
        ended_ms: since when its cause is gone, 0 while it stands.
        closed_by: who closed it, `ITSELF` where nobody had to.
        shelved_by, shelved_ms: who shelved it, and until when.
    """

    id: str
    kind: str
    at_ms: int
    detail: str = ""
    visit: int = 0
    seen_by: str = ""
    count: int = 1
    state: AlarmState = AlarmState.UNACKNOWLEDGED
    priority: Priority = Priority.MEDIUM
    escalated: bool = False
    ended_ms: int = 0
    closed_by: str = ""
    by_hand: bool = False
    """Whether a person must close it."""
    cause: str = ""
    shelved_by: str = ""
    shelved_ms: int = 0

    @property
    def may_be_shelved(self) -> bool:
        """It stands, ends by itself when it is mended, and is about no vehicle: nobody waits for an answer."""
        standing = self.state in {AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED}
        calls = self.kind in {LaneAlarmKind.HELP, LaneAlarmKind.HELP_STUCK}
        return standing and not (self.by_hand or self.visit or calls)


@dataclass(frozen=True, slots=True)
class MessageView:
    """Words from the centre: `issuer` is the officer there; `visit` is 0 where none is concerned; `seen_by` read them."""

    id: str
    at_ms: int
    issuer: str
    text: str
    visit: int = 0
    seen_by: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A request for a second officer's approval.

    Attributes:
        id: names it.
        act: the act of `console.acts` that is asked for; loop: which loop, where it is about one.
        officer, reason: who asked, and why.
        visit: the vehicle, 0 for none.
        asked_ms, until_ms: when it was asked for, and when it lapses.
        deed: what became of it; None once it was approved and done.
        second: who approved or refused it; why: why it was refused, or is void.
    """

    id: str
    act: str
    officer: str
    reason: str
    visit: int
    asked_ms: int
    until_ms: int
    loop: str = ""
    deed: ApprovalDeed | None = ApprovalDeed.ASKED
    second: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class NoticeView:
    """What the panel says besides its message, by whom, and until when."""

    notice: DriverNotice
    issuer: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class SecondAnswer:
    """What a second officer says to the request of that id; `reason` says why he refuses."""

    id: str
    officer: str
    approves: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LinkView:
    """The link to the core and the copy of the codes held here.

    Attributes:
        verdict: what the link machine vouches for.
        proof_age_ms: time since the last proof of freshness; None if there was none since start.
        version, head: code version held here, and the core's newest as last proven (None if unknown).
        verified: the state hash held here equals the core's signed one.
        waiting: entries the core has not yet acknowledged.
        broker: name of the broker in use, "" while not connected.
        trouble: why there is no link, for the technician; "" where there is one.
        refused: (what, how many): messages refused since start, such as bad signatures.
    """

    verdict: Link = Link.OFFLINE
    proof_age_ms: int | None = None
    version: int = 0
    head: int | None = None
    verified: bool = False
    waiting: int = 0
    broker: str = ""
    trouble: str = ""
    refused: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ScreenView:
    """One screen: what it was told to show, what it says it painted (None: no answer), and whether that is confirmed."""

    screen: Screen
    told: Scene
    painted: Scene | None
    confirmed: bool
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class PastVisit:
    """A finished visit, for the list.

    Attributes:
        row, row_name: the decision table's row that held last (`lane_agent.table.Row`); 0 and "" if none.
        ruling, officer, reason: an officer's part in it; NONE, "", "" if none. An officer without a ruling cleared it by hand.
        evidence: content hashes of its pictures, best first.
        ran: the row by which it left against the signal (`lane_agent.table.Row`), "" if it did not.
    """

    id: int
    arrived_ms: int
    left_ms: int
    vrn: str
    mainland: str
    outcome: Outcome
    row: int
    row_name: str = ""
    doubt: Doubt | None = None
    ruling: Ruling = Ruling.NONE
    officer: str = ""
    reason: str = ""
    evidence: tuple[str, ...] = ()
    ran: str = ""


@dataclass(frozen=True, slots=True)
class LaneView:
    """The lane as an officer sees it, complete.

    Attributes:
        sequence: grows with every change; never repeats within a start of the agent.
        at_ms: the moment of this view.
        inbox_wait_ms: how long the oldest event has been waiting for the agent; large means the agent is stuck.
        open: the lane is open.
        manual: why the lane is in manual mode; empty means automatic. With a visit that began in automatic, it follows
            when that visit is over.
        faults: (fault, detail for the technician), active now.
        faulty_since: (fault, when it was first seen), of those of `faults` of which that is known.
        bypassed: loops that an officer bypassed.
        debt: Immigration owes an answer for a vehicle that left, or one of this visit was taken for it.
        row, row_name: the decision table's row in force (`lane_agent.table.Row`); 0 and "" if none.
        refuses: (name of the act, why): the acts of `console.acts` that the lane would refuse at this moment, and the
            check of `lane_agent.acceptance` that fails.
        second: the acts that a second officer must approve at this moment.
        approval: what was last asked of a second officer, since the agent's start.
        notice: what the panel says besides its message, where that message may carry it.
        listener: who listens at the kiosk, "" for nobody; the panel says so in that place.
        visit: the vehicle in the lane, or None.
        start: names this start of the agent; a visit that was open before it may now be taken for another vehicle.
        past: the last twenty visits, newest first.
        read_ms: what reading a picture takes: at most for half of the last ones, and for 99 of a hundred; None before
            the first.
    """

    sequence: int
    at_ms: int
    lane: str
    point: str
    direction: Direction
    simulated: bool
    open: bool
    row: int
    row_name: str = ""
    refuses: tuple[tuple[str, str], ...] = ()
    second: tuple[str, ...] = ()
    approval: ApprovalView | None = None
    notice: NoticeView | None = None
    listener: str = ""
    manual: tuple[ManualReason, ...] = ()
    bypassed: tuple[Contact, ...] = ()
    debt: bool = False
    faults: tuple[tuple[Fault, str], ...] = ()
    faulty_since: tuple[tuple[Fault, int], ...] = ()
    visit: VisitView | None = None
    start: str = ""
    help: HelpView = HelpView()
    alarms: tuple[AlarmView, ...] = ()
    messages: tuple[MessageView, ...] = ()
    link: LinkView = LinkView()
    screens: tuple[ScreenView, ...] = ()
    past: tuple[PastVisit, ...] = ()
    inbox_wait_ms: int = 0
    read_ms: tuple[int, int] | None = None
    software: str = ""


@dataclass(frozen=True, slots=True)
class CameraPicture:
    """The newest camera picture as JPEG, the plate's box drawn in it, and its age."""

    jpeg: bytes
    age_ms: int


@dataclass(frozen=True, slots=True)
class EvidencePicture:
    """A stored evidence picture and its media type."""

    body: bytes
    media_type: str = "image/jpeg"


class LaneFeed(Protocol):
    """The lane, for its page. All methods are called in the agent's own event loop and must not block it."""

    def view(self) -> LaneView:
        """The lane as it is now; ages are computed at the call."""

    async def changed(self, after: int) -> LaneView:
        """Waits until the view's `sequence` exceeds `after`. A slow page skips views; it never queues them."""

    async def frame(self) -> CameraPicture | None:
        """The newest camera picture; None while the camera gives none."""

    async def small_frame(self, width: int) -> CameraPicture | None:
        """The newest camera picture, `width` pixels wide at most; None while the camera gives none."""

    async def screen_png(self, screen: Screen) -> bytes | None:
        """What that screen shows now, as PNG, confirmed or not; None if it cannot be told."""

    async def evidence(self, digest: str) -> EvidencePicture | None:
        """The evidence picture of that sha256 (hex); None if it was pruned or never existed."""

    async def act(self, action: OfficerAction) -> str:
        """Puts an officer's event to the lane; once it is in the journal, why the lane refused it, "" if it did not."""

    async def ask_second(self, action: OfficerAction) -> str:
        """Asks for a second officer's approval of an event; why that cannot be, "" if the request stands."""

    async def answer_second(self, answer: SecondAnswer) -> str:
        """A second officer approves or refuses; why nothing came of it, "" if it was done."""

    async def acknowledge(self, alarm: str, officer: str) -> bool:
        """Notes that an officer has seen the alarm or message with this id; False if it is no longer kept.

        It decides nothing in the lane; of an alarm it is in the journal.
        """

    async def close_alarm(self, alarm: str, officer: str, reason: str) -> str:
        """An officer closes an alarm that only a person can end; why not, "" if it is closed."""

    async def shelve_alarm(self, alarm: str, officer: str, reason: str, minutes: int) -> str:
        """An officer wants no call from an alarm for so long; why not, "" if it is shelved. It counts and ends as before."""


class Control(Enum):
    """What a simulated driver can do in the lane."""

    UNLADEN = "unladen"
    HELP = "help"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class TruckKind:
    """A kind of truck that the generator can send; `words` name it for people."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class SimulationView:
    """State of the simulated world around the lane: the link, and trucks waiting to drive in."""

    link_up: bool
    queue: int
    scenarios: tuple[TruckKind, ...]


class SimulationPort(Protocol):
    """The simulated world of a demonstration. A real lane is composed without one, and its page then has no panel."""

    def view(self) -> SimulationView:
        """The world as it is now."""

    async def press(self, control: Control) -> None:
        """The driver presses a button or drops the manifest."""

    async def switch_link(self, *, up: bool) -> None:
        """Plugs the network cable in, or pulls it."""

    async def send_truck(self, scenario: str) -> None:
        """Lets a truck of that scenario drive up.

        Raises:
            KeyError: there is no such scenario.
        """


@dataclass(frozen=True, slots=True)
class EvidenceViewed:
    """Somebody looked at a picture of a vehicle (domain §8: each view is logged)."""

    officer: str
    digest: str
    purpose: str
    address: str


class ViewLog(Protocol):
    """Where views of evidence are logged."""

    def __call__(self, viewed: EvidenceViewed) -> None:
        """Keeps the entry; must not block."""


class Ticks(Protocol):
    """A monotonic clock, chosen by the composition root."""

    def __call__(self) -> int:
        """Milliseconds since some fixed moment."""
