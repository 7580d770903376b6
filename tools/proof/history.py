"""What an observer knows who sees every input and every screen, and never looks into the lane.

Rules of this file: it is written from design §2, not from `receive`; it reads events, the answers as `answers` judges
them, and effects as they are seen from outside (screens, timers, questions, alarms). The law is checked against it.
3 is screen 3, Clearance Completed; 4 is screen 4, to the examination compound.
"""

from __future__ import annotations

from dataclasses import dataclass

from lane_agent.model import Contact, Fault, Immigration, Link, Moment, Policy, Screen
from lane_agent.wording import Scene
from tools.proof.answers import Meaning

NOW = Moment(1_000, 1_800_000_000_000)
"""Every event happens now: no rule compares durations, a limit is an event."""
BEFORE_MS = NOW.mono_ms - 1
"""The time of an edge from before the arrival: a millisecond is enough."""
SCREENS = frozenset(Screen)


DARK = (Fault.STORE, Fault.SCREEN, Fault.CODES, Fault.CONTACTS, Fault.STUCK_CONTACT)
"""Faults under which nobody is shown 3 (design §2.8)."""


@dataclass(frozen=True, slots=True)
class VehicleInputs:
    """The inputs of one visit.

    Attributes:
        manual, closed: how the lane was when it came.
        follows: the vehicle before had not reached a way out yet.
        leaving, way: the stop loop has cleared; the way-out loop seen.
        vrn, typed, mainland: the mark read; an officer typed it; the Mainland plate.
        named: (source, mark) of second identifiers; `vouched`: the marks among them of proved origin.
        unclear: the answer of Immigration that came in this visit and was taken for the vehicle before.
        used: the bundles that 3 or 4 was shown on.
        claimed: the bundles that the lane has asked the core for, and not given back (design §3).
        receipt: the epoch in which the core signed that they are this visit's, "" while it has not.
        doubt: "" for none, "plates" for a disagreement of plates only, else "other".
        handed: a limit ran out, or the visit was the officer's from the start.
        meaning, fresh: of the last answer about this mark, and whether it was fresh and timed.
        release, inspect: an officer's standing order.
        shown: "", "3", "back" (3 was taken back) or "4".
        told: an alarm has told the officer since the last waiting limit began; that an answer is unclear calls nobody.
        plain: nothing but the ordinary course has happened yet.
    """

    manual: bool = False
    closed: bool = False
    follows: bool = False
    leaving: bool = False
    way: Contact | None = None
    immigration: Immigration = Immigration.NOT_STARTED
    vrn: str = ""
    typed: bool = False
    mainland: str = ""
    named: frozenset[tuple[str, str]] = frozenset()
    vouched: frozenset[str] = frozenset()
    unclear: Contact | None = None
    used: frozenset[str] = frozenset()
    claimed: frozenset[str] = frozenset()
    receipt: str = ""
    doubt: str = ""
    handed: bool = False
    press: bool = False
    manifest: bool = False
    meaning: Meaning | None = None
    fresh: bool = False
    release: bool = False
    inspect: bool = False
    shown: str = ""
    told: bool = False
    plain: bool = True

    @property
    def asks_for(self) -> bool:
        """It waits for the core's answer to a claim."""
        return bool(self.claimed) and not self.receipt

    @property
    def departing(self) -> bool:
        """It has left the stop loop, or passed a way out."""
        return self.leaving or self.way is not None

    @property
    def referred(self) -> bool:
        """Immigration keeps it."""
        return self.immigration is Immigration.REFERRED

    @property
    def cleared(self) -> bool:
        """Immigration has let it go."""
        return self.immigration is Immigration.CLEARED

    @property
    def marks(self) -> frozenset[str]:
        """The marks that second identifiers have named."""
        return frozenset(mark for _, mark in self.named)

    @property
    def bound(self) -> frozenset[str]:
        """The marks that Immigration's terminal has named."""
        return frozenset(mark for source, mark in self.named if source == "immigration_terminal")

    @property
    def officers(self) -> bool:
        """Whether an officer's order may hold: after Immigration, or where the visit is his and not referred."""
        return self.cleared or ((self.handed or self.manual) and not self.referred)

    @property
    def may_release(self) -> bool:
        """Whether an officer's release may hold: Immigration comes first where it has begun (rows 4 and 5 before 7)."""
        return self.officers and self.immigration is not Immigration.RUNNING


@dataclass(frozen=True, slots=True)
class InputHistory:
    """The inputs that outlive a visit, and what is seen of the lane now.

    Attributes:
        manual: reasons for manual mode: "link", "unverified", "fault", "order", "bypass".
        debt: Immigration began with a vehicle that left without an answer.
        unseen: vehicles in a row that left, and no way-out loop saw one of them.
        way_out_seen: the way-out loop closed since the agent started, and no vehicle was missed, no loop bypassed, since.
        known, active, bypassed: contacts as reported.
        help: "", "ringing", "answered" or "talking".
        timers: names of those running.
        xdb, aiop, painted: what both screens were last told, and who confirmed it.
        own: that was told in this visit.
        asked: a question to the code book is open.
    """

    policy: Policy
    opened: bool = False
    link: Link = Link.OFFLINE
    manual: frozenset[str] = frozenset()
    debt: bool = False
    unseen: int = 0
    way_out_seen: bool = False
    faults: frozenset[Fault] = frozenset()
    known: frozenset[Contact] = frozenset()
    active: frozenset[Contact] = frozenset()
    bypassed: frozenset[Contact] = frozenset()
    help: str = ""
    timers: frozenset[str] = frozenset()
    xdb: Scene = Scene.OFFICER
    aiop: Scene = Scene.OFFICER
    painted: frozenset[Screen] = frozenset()
    own: bool = False
    asked: bool = False
    vehicle: VehicleInputs | None = None

    @property
    def confirmed(self) -> bool:
        """Both screens show what they were told."""
        return self.painted == SCREENS

    @property
    def dark(self) -> bool:
        """The store, a screen, the codes or a contact is at fault: 3 for nobody."""
        return not self.faults.isdisjoint(DARK)

    @property
    def may_wait(self) -> bool:
        """§2.2: a 3 whose time is over may stay while its plate is seen: the site allows it, and the loops can be believed."""
        vehicle = self.vehicle
        if vehicle is None or vehicle.shown != "3" or not vehicle.vrn or vehicle.doubt or vehicle.departing:
            return False
        loops = self.way_out_seen and Contact.STOP_LOOP in self.active and not self.bypassed
        return self.policy.held_up_ms > 0 and loops and not self.faults and not self.help

    @property
    def shut(self) -> bool:
        """The lane is closed to whoever is, or comes, there."""
        return not self.opened and (self.vehicle is None or self.vehicle.closed)
