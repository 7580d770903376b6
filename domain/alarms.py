"""Every kind of alarm that a lane raises: the one table of names, care, meanings and remedies.

Rules of this file:
- The value of a kind is its name in journals, in the core's store and on pages. Its meaning never changes. A kind that is
  renamed keeps its old name in `FORMER`, since journals are kept for years.
- Values are nouns or past participles in CamelCase, like the records of a journal.
- `docs/alarms.md` is written from it; what an officer reads above the remedy, in two languages, is `console.words.ALARMS`.
- The kinds that the core raises itself are in `domain.core_alarms`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from domain.alarm_traits import UNKNOWN, AlarmKind, Care, Desk, Ends, Priority, quiet
from domain.core_alarms import CoreAlarmKind as CoreAlarmKind  # noqa: PLC0414 -- the other half of the table


class LaneAlarmKind(AlarmKind):
    """What a lane tells people. `meaning` says when it is raised, in one sentence.

    The order is that of the work: the vehicle and its plate, its bundle, the officer, the box, the link.
    """

    # The vehicle in the lane
    RUN_THROUGH = (
        "RunThrough",
        Care(Priority.URGENT, Desk.OFFICER, Ends.PERSON),
        "A vehicle left without a release, or took the way out when sent to the compound.",
        "Tell control room and compound; keep the pictures.",
    )
    LEFT_UNSEEN = (
        "LeftUnseen",
        Care(Priority.HIGH, Desk.OFFICER, Ends.PERSON),
        "A vehicle cleared the stop loop and no loop on the way out saw it.",
        "Find out which way it went; tell the control room.",
    )
    REVERSED_OUT = (
        "ReversedOut",
        Care(Priority.HIGH, Desk.OFFICER, Ends.PERSON),
        "A vehicle left the stop line backwards, over the arrival loop.",
        "Find the vehicle; tell the control room.",
    )
    WRONG_WAY = (
        "WrongWay",
        Care(Priority.HIGH, Desk.OFFICER, Ends.PERSON),
        "A vehicle came in over the way-out loop.",
        "Stop it; send it out the way it came.",
    )
    TAILGATED = (
        "Tailgated",
        Care(Priority.URGENT, Desk.OFFICER, Ends.PERSON),
        "Two vehicles passed the way-out loop in one visit.",
        "Stop the second vehicle; tell the control room; keep the pictures.",
    )
    ARRIVED_CLOSED = (
        "ArrivedClosed",
        Care(Priority.HIGH, Desk.OFFICER, Ends.VISIT),
        "A vehicle drove into the closed lane.",
        "Open the lane or turn it back.",
    )
    RESTARTED_WITH_VEHICLE = (
        "RestartedWithVehicle",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "The agent started while a visit was open.",
        "Deal with this vehicle by hand.",
    )
    IMMIGRATION_ANSWER_UNCLEAR = (
        "ImmigrationAnswerUnclear",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "An answer of Immigration was taken for the vehicle before, which had got none (design §2.13).",
        "Ask Immigration. If it was for this vehicle, write the debt off.",
    )
    IMMIGRATION_OTHER_VEHICLE = (
        "ImmigrationOtherVehicle",
        Care(Priority.HIGH, Desk.OFFICER, Ends.VISIT),
        "Immigration's terminal named another vehicle than the one in the lane (design §2.13).",
        "Compare plate, vehicle and Immigration's screen; release nobody before.",
    )
    CONTACT_STUCK = (
        "ContactStuck",
        Care(Priority.HIGH, Desk.TECHNICIAN, Ends.CAUSE),
        "A contact that speaks for a visit was already active when the vehicle arrived.",
        "Ask the driver; call the technician.",
    )
    REFERRED = (
        "Referred",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "Immigration referred or refused the driver (row 5).",
        "Wait for Immigration.",
    )
    MANUAL_VISIT = (
        "ManualVisit",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "A vehicle arrived in manual mode and is cleared by hand (row 7).",
        "Take the paper manifest and decide.",
    )
    AT_OFFICER = (
        "AtOfficer",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "A visit waits for an officer (row 8).",
        "Look at the lane and decide.",
    )
    OVERDUE = (
        "Overdue",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "A row that waits for something reached its limit; the visit is the officer's.",
        "Speak with the driver; decide.",
    )
    HELP = (
        "Help",
        Care(Priority.HIGH, Desk.OFFICER, Ends.CAUSE, called=True),
        "The driver pressed Help (row 6).",
        "Answer the call.",
    )
    HELP_STUCK = (
        "HelpStuck",
        Care(Priority.MEDIUM, Desk.TECHNICIAN, Ends.CAUSE),
        "The Help button was held longer than anybody presses it.",
        "Call the driver; have the button looked at.",
    )
    HELP_UNANSWERED = (
        "HelpUnanswered",
        Care(Priority.URGENT, Desk.OFFICER, Ends.CAUSE, called=True),
        "The driver's call was answered neither at a page nor at any of the telephones within the set time.",
        "Answer it at the page, or send somebody to the lane.",
    )
    INTERCOM_FAILED = (
        "IntercomFailed",
        Care(Priority.MEDIUM, Desk.TECHNICIAN, Ends.CAUSE),
        "The intercom cannot carry a voice: its process, microphone, loudspeaker or registration failed (cause).",
        "Go to drivers who press Help; call the technician.",
    )

    BOX_FULL = (
        "BoxFull",
        Care(Priority.HIGH, Desk.OFFICER, Ends.CAUSE),
        "The drop-in box is full; drivers are sent to the officer.",
        "Empty the box; take manifests by hand until then.",
    )
    BOX_JAMMED = (
        "BoxJammed",
        Care(Priority.HIGH, Desk.OFFICER, Ends.CAUSE),
        "Paper stands in the slot of the drop-in box; drivers are sent to the officer.",
        "Pull the paper out; take manifests by hand until then.",
    )
    MANIFEST_BY_HAND = (
        "ManifestByHand",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "A manifest is wanted, and the drop-in box is full or jammed; the vehicle is the officer's.",
        "Take the manifest by hand; decide.",
    )
    BOX_NEARLY_FULL = (
        "BoxNearlyFull",
        Care(Priority.LOW, Desk.OFFICER, Ends.CAUSE),
        "The drop-in box is nearly full.",
        "Empty it before it is full.",
    )
    BOX_OPEN = (
        "BoxOpen",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.CAUSE),
        "The drop-in box stands open.",
        "See who opened it; count the manifests; close it.",
    )

    # Its plate
    PLATE_UNREAD = (
        "PlateUnread",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "The reader could not settle a plate (row 8).",
        "Press “Correct plate” and type the mark.",
    )
    PLATES_DISAGREE = (
        "PlatesDisagree",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "The Mainland plate seen is not the one the core lists for this vehicle (row 8).",
        "Compare both plates with the vehicle.",
    )
    NEAR_MISS = (
        "NearMiss",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "The plate is one character from that of a held vehicle (row 8).",
        "Compare, press “Correct plate” and type the true mark.",
    )
    IDENTIFIER_LOST = (
        "IdentifierLost",
        Care(Priority.MEDIUM, Desk.TECHNICIAN, Ends.CAUSE),
        "The second identifier does not answer, and this lane does not require it.",
        "Call the technician.",
    )
    IDENTIFIER_STUCK = (
        "IdentifierStuck",
        quiet(Priority.LOW, Desk.TECHNICIAN),
        "The second identifier repeats a vehicle that has left.",
        "Call the technician to look at it.",
    )
    IDENTIFIER_UNKNOWN = (
        "IdentifierUnknown",
        quiet(Priority.LOW, Desk.TECHNICIAN, minutes=720),
        "A label was read that is not in the table of labels.",
        "Have it added to the table of labels, or removed.",
    )

    # Its bundle
    UNLADEN_NOT_PROVED = (
        "UnladenNotProved",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "Unladen was pressed, and the records do not confirm it (row 10).",
        "Look into the vehicle.",
    )
    CONTRADICTION = (
        "Contradiction",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "Unladen was pressed against a pending bundle (row 11).",
        "Look into the vehicle.",
    )
    NO_BUNDLE = (
        "NoBundle",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "The vehicle has no live bundle, and Unladen was not pressed (rows 12, 13, 16).",
        "Ask for the UBR or the paper manifest.",
    )
    EARLY_ARRIVAL = (
        "EarlyArrival",
        Care(Priority.LOW, Desk.OFFICER, Ends.VISIT),
        "The vehicle came before the earliest crossing time of its bundle (row 14).",
        "Tell the driver the time.",
    )
    OTHER_POINT = (
        "OtherPoint",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "The bundle names another control point; the driver waits for the core (row 15).",
        "Ask the core now.",
    )
    WRONG_POINT = (
        "WrongPoint",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "The bundle names another control point, and the core changed nothing (row 15).",
        "Ask the core.",
    )

    CLAIM_REFUSED = (
        "ClaimRefused",
        Care(Priority.HIGH, Desk.OFFICER, Ends.VISIT),
        "The core refused this visit its bundle: another lane has claimed it, or it was used (design §3).",
        "Another vehicle may have crossed on it: look at both.",
    )

    # What was decided about it
    NOT_FRESH = (
        "NotFresh",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "A vehicle is in the lane and the link does not vouch for the codes (row 20).",
        "Check by phone, then decide.",
    )
    RELEASE_REFUSED = (
        "ReleaseRefused",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "The codes speak against an officer's release.",
        "Look at the codes again; decide anew.",
    )
    WITHDRAWN = (
        "Withdrawn",
        Care(Priority.HIGH, Desk.OFFICER, Ends.VISIT),
        "Screen 3 was shown and taken back.",
        "See that the vehicle has stopped.",
    )

    # The box
    SIGNAL_STUCK = (
        "SignalStuck",
        Care(Priority.HIGH, Desk.TECHNICIAN, Ends.CAUSE),
        "A contact has been on for longer than anybody presses it or stands on it.",
        "Look at the button, the sensor and its cable.",
    )
    SIGNAL_DEAD = (
        "SignalDead",
        Care(Priority.HIGH, Desk.TECHNICIAN, Ends.CAUSE),
        "A contact did not move where it should have.",
        "Look at the loop or sensor and its cable; clear by hand.",
    )
    OUTPUT_DEAD = (
        "OutputDead",
        Care(Priority.MEDIUM, Desk.TECHNICIAN, Ends.CAUSE),
        "A lamp, bell, signal or barrier does not follow its order, by its read-back.",
        "Look at the lamp or drive, its fuse and its cable.",
    )
    CABINET_OPEN = (
        "CabinetOpen",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.CAUSE),
        "The door of the lane's cabinet stands open.",
        "See who is at it; close it.",
    )
    FAULT = (
        "Fault",
        Care(Priority.MEDIUM, Desk.OFFICER, Ends.VISIT),
        "A fault is active and a vehicle is in the lane (row 21).",
        "Clear by hand; call the technician.",
    )
    FAULT_RAISED = (
        "FaultRaised",
        Care(Priority.HIGH, Desk.TECHNICIAN, Ends.CAUSE),
        "Something that a release depends on broke.",
        "Clear by hand; call the technician.",
    )
    STORE_FAILED = (
        "StoreFailed",
        quiet(Priority.HIGH, Desk.TECHNICIAN),
        "The link could not read or write the store.",
        "Clear by hand on paper; call the technician.",
    )
    STORE_ROOM_LOW = (
        "StoreRoomLow",
        Care(Priority.MEDIUM, Desk.TECHNICIAN, Ends.CAUSE),
        "The store's disk has little room, or will soon.",
        "Call the technician before it is full.",
    )
    STORE_WORN = (
        "StoreWorn",
        Care(Priority.LOW, Desk.TECHNICIAN, Ends.CAUSE),
        "The flash is near the end of its life by its own estimate.",
        "Have the technician replace it.",
    )
    EVIDENCE_OVER_LIMIT = (
        "EvidenceOverLimit",
        Care(Priority.MEDIUM, Desk.TECHNICIAN, Ends.CAUSE),
        "Pictures that may not be removed take more room than planned.",
        "The link has been away too long: call the technician.",
    )
    CLOCK_STEPPED = (
        "ClockStepped",
        quiet(Priority.LOW, Desk.TECHNICIAN, minutes=60),
        "The box's own clock was set while the agent ran.",
        "Nothing now; tell the technician.",
    )
    PAGE_NOT_SERVED = (
        "PageNotServed",
        Care(Priority.HIGH, Desk.TECHNICIAN, Ends.CAUSE),
        "The officers' page of this lane is not served.",
        "systemctl status rocars-lane-page; until it is back, the barrier officer clears by hand.",
    )
    CERTIFICATE_ENDS = (
        "CertificateEnds",
        Care(Priority.MEDIUM, Desk.TECHNICIAN, Ends.CAUSE),
        "A certificate of this box is about to expire.",
        "Have it renewed.",
    )
    CORE_KEYS_UNREADABLE = (
        "CoreKeysUnreadable",
        Care(Priority.MEDIUM, Desk.TECHNICIAN, Ends.CAUSE),
        "The files of the core's keys changed and cannot be read; the old keys hold.",
        "Call the technician; the keys read before hold.",
    )

    # The link
    CODES_IN_DOUBT = (
        "CodesInDoubt",
        Care(Priority.HIGH, Desk.OFFICER, Ends.CAUSE),
        "The lane can no longer vouch for its codes.",
        "Clear by hand; a full copy is being fetched.",
    )
    CODES_MISMATCH = (
        "CodesMismatch",
        quiet(Priority.HIGH, Desk.CONTROL),
        "The lane's codes do not have the state hash that the core signed.",
        "Clear by hand; a full copy is fetched.",
    )
    CORE_CLOCK_DOUBTED = (
        "CoreClockDoubted",
        Care(Priority.HIGH, Desk.CONTROL, Ends.CAUSE),
        "The core's time jumped and is not believed.",
        "Clear by hand; have the core's time service looked at.",
    )
    CORE_CLOCK_STEPPED = (
        "CoreClockStepped",
        quiet(Priority.LOW, Desk.CONTROL, minutes=60),
        "The core's time was set, and the step is accepted.",
        "Nothing now; tell the technician.",
    )
    MESSAGE_REFUSED = (
        "MessageRefused",
        quiet(Priority.HIGH, Desk.SECURITY),
        "A message was not signed by the core, not for this lane, or not of the contract.",
        "Tell the core's duty officer; it may be an attack.",
    )
    STORE_WENT_BACK = (
        "StoreWentBack",
        Care(Priority.URGENT, Desk.TECHNICIAN, Ends.PERSON),
        "The lane's store is an older copy, or changed: the core has rows that it lacks.",
        "Clear by hand; call a technician. The lane fetches from the core what it lacks.",
    )
    ROWS_UNACKNOWLEDGED = (
        "RowsUnacknowledged",
        quiet(Priority.HIGH, Desk.CONTROL),
        "Journal rows were sent, and the core does not acknowledge them.",
        "Tell the core's duty officer; something on the line may hold them back.",
    )
    SESSION_TAKEN_OVER = (
        "SessionTakenOver",
        quiet(Priority.URGENT, Desk.SECURITY),
        "Another client connects under this lane's name.",
        "Tell security; stay in manual mode.",
    )
    BROKER_REFUSES = (
        "BrokerRefuses",
        quiet(Priority.HIGH, Desk.TECHNICIAN),
        "The broker refuses what this lane sends, by its access list or its limits.",
        "Have the broker's configuration corrected; the topic is in the alarm.",
    )
    PICTURE_NOT_SENT = (
        "PictureNotSent",
        quiet(Priority.LOW, Desk.TECHNICIAN, minutes=720),
        "The core refused an evidence picture.",
        "Tell the technician; it is kept here.",
    )


FORMER: Final[Mapping[str, LaneAlarmKind]] = {
    "clock_stepped": LaneAlarmKind.CLOCK_STEPPED,
    "store_room": LaneAlarmKind.STORE_ROOM_LOW,
    "store_wear": LaneAlarmKind.STORE_WORN,
    "evidence_room": LaneAlarmKind.EVIDENCE_OVER_LIMIT,
    "certificate_ends": LaneAlarmKind.CERTIFICATE_ENDS,
    "core_keys": LaneAlarmKind.CORE_KEYS_UNREADABLE,
}
"""Names in journals that 0.1.0 and earlier wrote. They replay unchanged; only readers need this table."""


_LANE_KINDS: Final[Mapping[str, LaneAlarmKind]] = {**FORMER, **{kind.value: kind for kind in LaneAlarmKind}}
_CORE_KINDS: Final[Mapping[str, CoreAlarmKind]] = {kind.value: kind for kind in CoreAlarmKind}


def lane_alarm_kind(name: str) -> LaneAlarmKind | None:
    """The kind that a journal calls `name`, now or formerly; None for one that this version does not know."""
    return _LANE_KINDS.get(name)


def care_of(name: str, *, of_core: bool = False) -> Care:
    """How an alarm of this name is dealt with, `of_core` where the core raised it; of an unknown one, a person closes it."""
    kind = _CORE_KINDS.get(name) if of_core else _LANE_KINDS.get(name)
    return kind.care if kind is not None else UNKNOWN
