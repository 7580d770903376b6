"""Every kind of alarm, by name: those a lane raises and those the core raises about a lane.

Rules of this file:
- The value of a kind is its name in journals, in the core's store and on pages. Its meaning never changes. A kind that is
  renamed keeps its old name in `FORMER`, since journals are kept for years.
- Values are nouns or past participles in CamelCase, like the records of a journal.
- What an officer reads about a kind is `console.words.ALARMS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self


class _Kind(StrEnum):
    """A kind of alarm whose members are written as `(value, meaning)`."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class LaneAlarmKind(_Kind):
    """What a lane tells people. `meaning` says when it is raised, in one sentence.

    The order is that of the work: the vehicle and its plate, its bundle, the officer, the box, the link.
    """

    # The vehicle in the lane
    RUN_THROUGH = "RunThrough", "A vehicle left without a release, or took the way out when sent to the compound."
    LEFT_UNSEEN = "LeftUnseen", "A vehicle cleared the stop loop and no loop on the way out saw it."
    ARRIVED_CLOSED = "ArrivedClosed", "A vehicle drove into the closed lane."
    RESTARTED_WITH_VEHICLE = "RestartedWithVehicle", "The agent started while a visit was open."
    IMMIGRATION_ANSWER_UNCLEAR = (
        "ImmigrationAnswerUnclear",
        "An answer of Immigration was taken for the vehicle before, which had got none (design §2.13).",
    )
    CONTACT_STUCK = "ContactStuck", "A contact that speaks for a visit was already active when the vehicle arrived."
    REFERRED = "Referred", "Immigration referred or refused the driver (row 5)."
    MANUAL_VISIT = "ManualVisit", "A vehicle arrived in manual mode and is cleared by hand (row 7)."
    AT_OFFICER = "AtOfficer", "A visit waits for an officer (row 8)."
    OVERDUE = "Overdue", "A row that waits for something reached its limit; the visit is the officer's."
    HELP = "Help", "The driver pressed Help (row 6)."
    HELP_STUCK = "HelpStuck", "The Help button was held longer than anybody presses it."

    # Its plate
    PLATE_UNREAD = "PlateUnread", "The reader could not settle a plate (row 8)."
    PLATES_DISAGREE = (
        "PlatesDisagree",
        "The Mainland plate seen is not the one the core lists for this vehicle (row 8).",
    )
    NEAR_MISS = "NearMiss", "The plate is one character from that of a held vehicle (row 8)."
    IDENTIFIER_LOST = "IdentifierLost", "The second identifier does not answer, and this lane does not require it."
    IDENTIFIER_STUCK = "IdentifierStuck", "The second identifier repeats a vehicle that has left."
    IDENTIFIER_UNKNOWN = "IdentifierUnknown", "A label was read that is not in the table of labels."

    # Its bundle
    UNLADEN_NOT_PROVED = "UnladenNotProved", "Unladen was pressed, and the records do not confirm it (row 10)."
    CONTRADICTION = "Contradiction", "Unladen was pressed against a pending bundle (row 11)."
    NO_BUNDLE = "NoBundle", "The vehicle has no live bundle, and Unladen was not pressed (rows 12, 13, 16)."
    EARLY_ARRIVAL = "EarlyArrival", "The vehicle came before the earliest crossing time of its bundle (row 14)."
    OTHER_POINT = "OtherPoint", "The bundle names another control point; the driver waits for the core (row 15)."
    WRONG_POINT = "WrongPoint", "The bundle names another control point, and the core changed nothing (row 15)."

    # What was decided about it
    NOT_FRESH = "NotFresh", "A vehicle is in the lane and the link does not vouch for the codes (row 20)."
    RELEASE_REFUSED = "ReleaseRefused", "The codes speak against an officer's release."
    WITHDRAWN = "Withdrawn", "Screen 3 was shown and taken back."

    # The box
    FAULT = "Fault", "A fault is active and a vehicle is in the lane (row 21)."
    FAULT_RAISED = "FaultRaised", "Something that a release depends on broke."
    STORE_FAILED = "StoreFailed", "The link could not read or write the store."
    STORE_ROOM_LOW = "StoreRoomLow", "The store's disk has little room, or will soon."
    STORE_WORN = "StoreWorn", "The flash is near the end of its life by its own estimate."
    EVIDENCE_OVER_LIMIT = "EvidenceOverLimit", "Pictures that may not be removed take more room than planned."
    CLOCK_STEPPED = "ClockStepped", "The box's own clock was set while the agent ran."
    CERTIFICATE_ENDS = "CertificateEnds", "A certificate of this box is about to expire."
    CORE_KEYS_UNREADABLE = (
        "CoreKeysUnreadable",
        "The files of the core's keys changed and cannot be read; the old keys hold.",
    )

    # The link
    CODES_IN_DOUBT = "CodesInDoubt", "The lane can no longer vouch for its codes."
    CODES_MISMATCH = "CodesMismatch", "The lane's codes do not have the state hash that the core signed."
    CORE_CLOCK_DOUBTED = "CoreClockDoubted", "The core's time jumped and is not believed."
    CORE_CLOCK_STEPPED = "CoreClockStepped", "The core's time was set, and the step is accepted."
    MESSAGE_REFUSED = (
        "MessageRefused",
        "A message was not signed by the core, not for this lane, or not of the contract.",
    )
    STORE_WENT_BACK = "StoreWentBack", "The lane's store is an older copy, or changed: the core has rows that it lacks."
    ROWS_UNACKNOWLEDGED = "RowsUnacknowledged", "Journal rows were sent, and the core does not acknowledge them."
    SESSION_TAKEN_OVER = "SessionTakenOver", "Another client connects under this lane's name."
    PICTURE_NOT_SENT = "PictureNotSent", "The core refused an evidence picture."


class CoreAlarmKind(_Kind):
    """What the core raises itself about a lane. `meaning` says when, in one sentence."""

    BUNDLE_USED_TWICE = "BundleUsedTwice", "Two visits consumed one bundle."
    UNKNOWN_BUNDLE_USED = "UnknownBundleUsed", "A visit consumed a bundle that is not in this core's list."
    USE_WITHOUT_READ = "UseWithoutRead", "A visit consumed a bundle of a vehicle whose mark was not read in it."
    LANE_DISBELIEVED = "LaneDisbelieved", "A lane consumed so many bundles without a read that it is not believed."
    COMPOUND_OVERDUE = "CompoundOverdue", "A vehicle sent to the examination compound has not arrived in time."
    EVENT_REFUSED = "EventRefused", "A row of a lane's journal does not follow the rows before it."
    EVENT_QUARANTINED = "EventQuarantined", "A row of a lane's journal is kept, and cannot be read whole."
    LANE_OVER_BUDGET = "LaneOverBudget", "A lane sends more rows than any lane has to say; they are taken slowly."
    LANE_WENT_BACK = "LaneWentBack", "A lane runs on an older copy of its store, or a changed one."
    TWO_BOXES = "TwoBoxes", "Two boxes speak with one lane's key at the same time; neither is proved anything."
    ROWS_LATE = "RowsLate", "Rows that a lane has in its journal do not arrive here."
    JOURNAL_REPLACED = "JournalReplaced", "A lane began another journal: it lost or replaced its store."
    ROWS_MISSING = "RowsMissing", "Rows that a lane knows as acknowledged are not here; they are asked for again."
    CORE_WENT_BACK = "CoreWentBack", "A lane holds newer codes than this core: a backup was restored."
    CORE_FORKED = (
        "CoreForked",
        "A lane has shown signed deltas that this core's list cannot take in: nothing is proved until a new epoch.",
    )
    LIST_EDITED = "ListEdited", "The list in this core's store does not follow from its signed deltas."
    CODES_DIFFER = "CodesDiffer", "A lane holds the same version of the codes with another state hash."
    CORE_KEY_MISSING = "CoreKeyMissing", "A lane does not have the key by which this core signs."
    MESSAGE_REFUSED = "MessageRefused", "A message of a lane was not signed by it, or not of the contract."
    PICTURE_REFUSED = "PictureRefused", "A lane offered a picture that this core does not take."
    PICTURE_NOT_KEPT = "PictureNotKept", "A picture of a lane could not be written."
    CERTIFICATE_ENDS = "CertificateEnds", "A certificate is about to expire."


FORMER: Final[Mapping[str, LaneAlarmKind]] = {
    "clock_stepped": LaneAlarmKind.CLOCK_STEPPED,
    "store_room": LaneAlarmKind.STORE_ROOM_LOW,
    "store_wear": LaneAlarmKind.STORE_WORN,
    "evidence_room": LaneAlarmKind.EVIDENCE_OVER_LIMIT,
    "certificate_ends": LaneAlarmKind.CERTIFICATE_ENDS,
    "core_keys": LaneAlarmKind.CORE_KEYS_UNREADABLE,
}
"""Names in journals that 0.1.0 and earlier wrote. They replay unchanged; only readers need this table."""


def lane_alarm_kind(name: str) -> LaneAlarmKind | None:
    """The kind that a journal calls `name`, now or formerly; None for one that this version does not know."""
    return next((kind for kind in LaneAlarmKind if kind == name), FORMER.get(name))
