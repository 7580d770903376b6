"""What a lane remembers between two events: `Lane`, and in it at most one open `Visit`. Facts only; the table decides.

Serials (of faces, lookups and timers) come from one counter, so that no answer to an older question fits a newer one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lane_agent.model import (
    Codes,
    Contact,
    Doubt,
    Face,
    Fault,
    HelpCall,
    Immigration,
    Link,
    ManualReason,
    Moment,
    Outcome,
    Policy,
    Read,
    Ruling,
)

GENESIS = Moment(0, 0)


@dataclass(frozen=True, slots=True)
class Visit:
    """One vehicle, arrival to departure (design §2.1).

    Attributes:
        number: counts visits for the life of the store; with lane and journal id it is the visit's key.
        manual: the lane was in manual mode at arrival; modes take effect between visits (design §2.8).
        officers: the visit has been handed to the officer; it no longer waits for Immigration or the driver.
        doubt: the first reason why nothing but an officer may release it.
        codes: the last answer of the code book; `answered` is true only within the step that brought it.
        lookup: serial of the lookup that is open, 0 if none.
        claim: serial of the claim that stands, asked for or granted, 0 if none; `claimed` are its bundles, sorted.
        receipt: the epoch in which the core signed that they are this visit's, "" while it has not (design §3).
        decided: number of the row that showed 3 or 4.
        identifiers: (source, VRN) as second identifiers named the vehicle, sorted, each pair once.
        vouched: the marks among them whose origin is proved (`IdentifierRead.vouched`), sorted.
        unclear: Immigration's answer that came in this visit and was taken for the vehicle before (design §2.13).
        prompts: how often the driver was asked for something.
        paper: the number of the paper manifest, as an officer typed it.
        leaving: the stop loop has cleared; `way` is the loop on the way out that saw the vehicle, if any.
        follows: the vehicle before had not been seen on the way out yet, so the next edge there is that one's.
    """

    number: int
    arrived: Moment
    manual: bool = False
    began_closed: bool = False
    officers: bool = False
    immigration: Immigration = Immigration.NOT_STARTED
    read: Read | None = None
    unread: str = ""
    candidates: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    doubt: Doubt | None = None
    unladen: bool = False
    manifest: bool = False
    codes: Codes | None = None
    answered: bool = False
    lookup: int = 0
    ruling: Ruling = Ruling.NONE
    officer: str = ""
    reason: str = ""
    outcome: Outcome = Outcome.UNDECIDED
    decided: int = 0
    used: tuple[str, ...] = ()
    claim: int = 0
    claimed: tuple[str, ...] = ()
    receipt: str = ""
    identifiers: tuple[tuple[str, str], ...] = ()
    vouched: tuple[str, ...] = ()
    unclear: Contact | None = None
    prompts: int = 0
    paper: str = ""
    leaving: bool = False
    follows: bool = False
    way: Contact | None = None
    immigration_over: Moment | None = None
    decided_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane of one control point.

    Attributes:
        known: contacts reported since the agent started; the first report of each is no edge.
        contacts: those active now.
        bypassed: loops that an officer has bypassed.
        debt: Immigration began with a vehicle that left, and has not answered: its next answer is for that one.
        unseen: vehicles in a row that left and that no way-out loop saw.
        way_out_lives: a way-out loop closed since the agent started, and has missed no vehicle since; kept only where
            `Policy.held_up_ms` asks for it.
        row: name of the row of the table that holds now.
        stage: name of the row whose waiting limit runs, or has run out.
        timers: (name, serial) of those running, sorted.
        visits, serial: the counters.
    """

    policy: Policy = field(default_factory=Policy)
    boot: str = ""
    opened: bool = False
    link: Link = Link.OFFLINE
    manual: frozenset[ManualReason] = frozenset()
    faults: frozenset[Fault] = frozenset()
    known: frozenset[Contact] = frozenset()
    contacts: frozenset[Contact] = frozenset()
    bypassed: frozenset[Contact] = frozenset()
    debt: bool = False
    unseen: int = 0
    way_out_lives: bool = False
    help: HelpCall = HelpCall.NONE
    visit: Visit | None = None
    face: Face = field(default_factory=Face)
    row: str = ""
    stage: str = ""
    timers: tuple[tuple[str, int], ...] = ()
    visits: int = 0
    serial: int = 0


def visit_key(lane: Lane, number: int) -> str:
    """The territory-wide name of a visit: lane/journal/number."""
    return f"{lane.policy.lane}/{lane.policy.journal}/{number}"
