"""The nouns of the lane. Frozen values only; nothing here decides.

Times: `mono_ms` is the box's monotonic clock in milliseconds, good for durations within one boot; `utc_ms` is UTC in
milliseconds for the record. Marks are normalised (`domain.marks.normalise`) before they get here.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.crossing import Direction
from lane_agent.contacts import Contact as Contact  # noqa: PLC0414 -- one of the nouns, imported with them
from lane_agent.frozen import Constant
from lane_agent.wording import Scene


class Link(Constant):
    """What the link machine vouches for now (design §3)."""

    FRESH = "fresh"  # a proof within 3 s, and the lane's version and state hash are those it names
    STALE = "stale"  # proof is late or the lane is behind: nothing new is released
    OFFLINE = "offline"  # no proof for 5 s: manual mode from the next vehicle on


class TimeQuality(Constant):
    """How far a UTC stamp can be trusted (design §2.12)."""

    PROVEN = "proven"  # carried from the core's last proof
    SYSTEM = "system"  # the box's own clock, which reports that it is synchronised
    UNSURE = "unsure"  # no proof and no synchronisation since boot


@dataclass(frozen=True, slots=True)
class Moment:
    """When an event happened, as given by the shell."""

    mono_ms: int
    utc_ms: int
    quality: TimeQuality = TimeQuality.SYSTEM


class Screen(Constant):
    """The two screens of the lane (seed 004)."""

    XDB = "xdb"
    AIOP = "aiop"


class Fault(Constant):
    """What takes the lane out of automatic mode (design §2.8, row 21)."""

    CAMERA = "camera"
    READER = "reader"
    CLOCK = "clock"
    STORE = "store"
    SCREEN = "screen"
    CODES = "codes"  # state hash mismatch
    CONTACTS = "contacts"  # the board is missing, does not answer, or has a contact that chatters
    IDENTIFIER = "identifier"  # the second identifier is gone, and this lane requires it
    STUCK_CONTACT = "stuck_contact"  # a contact that speaks for a visit was active when a vehicle arrived
    WAY_OUT = "way_out"  # vehicle after vehicle left, and no way-out loop saw one of them


class ManualReason(Constant):
    """Why the lane is in manual mode; more than one may hold."""

    LINK = "link"
    FAULT = "fault"
    ORDER = "order"
    UNVERIFIED = "unverified"  # the agent started, and the codes are not verified yet
    BYPASS = "bypass"  # a loop is bypassed: 3 would have no living way to end (design §2.14)


class Doubt(Constant):
    """Why a visit is the officer's, until an officer settles it; `docs/lane.md` says which row or event sets which."""

    RESTART = "restart"
    BEGAN_CLOSED = "began_closed"
    CLOSED_MEANWHILE = "closed_meanwhile"  # the lane was closed with this vehicle at the kiosk (row 1)
    ANSWER_UNCLEAR = "answer_unclear"  # Immigration referred this vehicle, or the one before (design §2.13)
    FAULT = "fault"
    REFERRED = "referred"
    SECOND_VEHICLE = "second_vehicle"
    PLATES_DISAGREE = "plates_disagree"
    OTHER_VEHICLE = (
        "other_vehicle"  # Immigration's terminal named another mark than the one an officer typed (design §2.13)
    )
    BOX_UNUSABLE = "box_unusable"  # the drop-in box is full or jammed, and the manifest is wanted
    UNIDENTIFIED = "unidentified"  # the required second identifier did not name the vehicle in time
    CONTACT_STUCK = "contact_stuck"
    OVERDUE = "overdue"  # a waiting state reached its limit
    NO_BUNDLE = "no_bundle"  # rows 12, 13, 16: nobody pressed Unladen in time
    EARLY = "early"
    WRONG_POINT = "wrong_point"
    UNCLAIMED = "unclaimed"  # the core signed no receipt of this visit's claim in time (design §3)
    CLAIM_REFUSED = "claim_refused"  # the core refused the claim: another lane has one, or the bundle was used
    CONTRADICTION = "contradiction"  # unladen pressed against a pending bundle: live, early or for another point
    HELP_AFTER_DONE = "help_after_done"
    HOLD_AFTER_DONE = "hold_after_done"
    GROUNDS_GONE = "grounds_gone"  # a bundle that 3 rested on was withdrawn, or used elsewhere, while 3 stood
    NOT_CONFIRMED = "not_confirmed"  # a screen did not confirm screen 3 in time
    NOT_LEFT = "not_left"  # screen 3 or 4 was shown for its whole time and the vehicle is still here
    ORDERED = "ordered"  # an officer ordered an inspection
    ANNOUNCED = "announced"  # begun by an officer over a bypassed loop


class Immigration(Constant):
    """Where Immigration is with this visit."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    CLEARED = "cleared"
    REFERRED = "referred"


class ReadSource(Constant):
    """Who vouches for the plate."""

    READER = "reader"
    OFFICER = "officer"


@dataclass(frozen=True, slots=True)
class Read:
    """The plate of a visit, settled.

    Attributes:
        vrn: the Hong Kong mark, normalised: the key of every record.
        mainland: the Mainland plate seen with it, normalised, or None; a second witness, never a key.
        confidence: the lowest character confidence of `vrn`, 0 to 1.
        source: the reader, or an officer who typed it.
        evidence: content hashes (sha256 hex) of the pictures that produced it.
    """

    vrn: str
    mainland: str | None
    confidence: float
    source: ReadSource
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cargo:
    """One consignment of a bundle: its CCRN, its action code exactly as sent, and a scheme flag (row 18)."""

    ccrn: str
    code: str
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The consignments (CCRNs) bundled with a vehicle under one UBR (domain §1c).

    Attributes:
        point: code of the expected control point, or "" where the driver named none (domain §0.4).
        earliest_ms, valid_until_ms: core time, UTC ms; crossing allowed at t with earliest <= t < valid_until.
        withdrawn: undone (debundled); kept as a tombstone, so that row 13 can say so.
        used_by: visit key ("lane/journal/visit") that consumed it, "" if none.
    """

    ubr: str
    vrn: str
    direction: Direction
    point: str
    earliest_ms: int
    valid_until_ms: int
    cargo: tuple[Cargo, ...]
    withdrawn: bool = False
    used_by: str = ""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A vehicle on the record whose mark neighbours the read one (design §2.6).

    `held` includes vehicles with a pending bundle whose code is not release.
    """

    vrn: str
    held: bool
    bundled: bool


@dataclass(frozen=True, slots=True)
class Codes:
    """All that the replicated log says of one VRN, and which version of the log it was (design §2.3).

    Attributes:
        link: the state of the link at the moment of this lookup.
        core_ms: the core's time now (last proof + monotonic), or None without proof.
        slack_ms: how far it may be off, at most the proof's round trip.
        held: an exact hold on the VRN.
        bundles: every bundle of the VRN, withdrawn, used and other directions included.
        approved: the VRN is on the core's list of approved cross-boundary vehicles.
        approved_mainland: the Mainland plate that list names for it, "" if none.
    """

    vrn: str
    link: Link
    core_ms: int | None
    slack_ms: int
    epoch: str
    version: int
    state_hash: str
    held: bool = False
    bundles: tuple[Bundle, ...] = ()
    approved: bool = False
    approved_mainland: str = ""
    near: tuple[NearMiss, ...] = ()


class Outcome(Constant):
    """What Customs has told the driver: RELEASED is screen 3 (Clearance Completed) shown, EXAMINE screen 4; no intention."""

    UNDECIDED = "undecided"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"  # screen 3 was shown and taken back
    EXAMINE = "examine"


class Ruling(Constant):
    """What an officer has decided about a visit."""

    NONE = "none"
    RELEASE = "release"
    INSPECT = "inspect"


class HelpCall(Constant):
    """The help call of a lane (row 6)."""

    NONE = "none"
    RINGING = "ringing"
    ANSWERED = "answered"  # somebody has taken it; no voice flows, so the driver waits for an officer
    TALKING = "talking"  # answered, and each end hears the other


@dataclass(frozen=True, slots=True)
class Face:
    """What both screens are to show, and which of them have confirmed it."""

    serial: int = 0
    xdb: Scene = Scene.OFFICER
    aiop: Scene = Scene.OFFICER
    parameter: str = ""
    painted: frozenset[Screen] = frozenset()


@dataclass(frozen=True, slots=True)
class Policy:
    """What the lane's configuration decides (durations in ms). Part of the state, so that a replay has it.

    Attributes:
        manifest_sensor: the paper manifest must be seen in the drop-in box before screen 3 (domain §4).
        other_point_accepted: row 15's local policy.
        compound_loop: a loop tells the way to the compound from the way out.
        exit_to_compound: the way to the compound crosses the way-out loop, so that loop says nothing of a vehicle told 4.
        identifier_required: no automatic release unless a second identifier names the mark that was read.
        immigration_debt_ms: how long an answer that Immigration owes for a vehicle that has gone may still come
            (design §2.13).
        unseen_limit: so many vehicles in a row that no way-out loop saw are a fault of it (design §2.14).
        held_up_ms: how much longer 3 may stand for a truck that the queue in front holds up, 0 for never (`held_up`).
        second_release, second_bypass: a release over a warning, the bypass of a loop need a second officer (`approval`).
        second_ms: how long a request for one stands.
        limits: how long each waiting stage may last; keys are the table's stage names.
    """

    lane: str = "lane"
    journal: str = "journal"
    point: str = "POINT"
    direction: Direction = Direction.INBOUND
    manifest_sensor: bool = False
    other_point_accepted: bool = False
    compound_loop: bool = False
    exit_to_compound: bool = False
    identifier_required: bool = False
    confirm_ms: int = 500
    paint_ms: int = 2_000
    help_stuck_ms: int = 10_000
    immigration_debt_ms: int = 120_000
    unseen_limit: int = 3
    held_up_ms: int = 0
    second_release: bool = False
    second_bypass: bool = False
    second_ms: int = 120_000
    limits: tuple[tuple[str, int], ...] = ()
