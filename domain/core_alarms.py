"""Every kind of alarm that the core raises itself about a lane; `domain.alarms` has the rules of the table, and the lanes' half."""

from __future__ import annotations

from domain.alarm_traits import AlarmKind, Care, Desk, Ends, Priority, quiet


class CoreAlarmKind(AlarmKind):
    """What the core raises itself about a lane. `meaning` says when, in one sentence."""

    BUNDLE_USED_TWICE = (
        "BundleUsedTwice",
        Care(Priority.URGENT, Desk.CONTROL, Ends.PERSON),
        "Two visits consumed one bundle.",
        "Find both vehicles by rocars-core enquire; one of them crossed on the other's bundle.",
    )
    UNKNOWN_BUNDLE_USED = (
        "UnknownBundleUsed",
        Care(Priority.URGENT, Desk.CONTROL, Ends.PERSON),
        "A visit consumed a bundle that is not in this core's list.",
        "Look at the lane's journal; was a backup of the core restored?",
    )
    USE_WITHOUT_READ = (
        "UseWithoutRead",
        Care(Priority.HIGH, Desk.CONTROL, Ends.CAUSE),
        "A visit consumed a bundle of a vehicle whose mark was not read in it.",
        "Find out, then rocars-core settle-use.",
    )
    USED_UNDER_CLAIM = (
        "UsedUnderClaim",
        Care(Priority.URGENT, Desk.CONTROL, Ends.PERSON),
        "A visit consumed a bundle that another visit had claimed.",
        "Find both vehicles by rocars-core claims and enquire; one of them may have crossed on the other's bundle.",
    )
    LANE_DISBELIEVED = (
        "LaneDisbelieved",
        Care(Priority.URGENT, Desk.SECURITY, Ends.CAUSE),
        "A lane consumed so many bundles without a read that it is not believed.",
        "Look at the lane, then rocars-core settle-use for each.",
    )
    COMPOUND_OVERDUE = (
        "CompoundOverdue",
        Care(Priority.URGENT, Desk.CONTROL, Ends.CAUSE),
        "A vehicle sent to the examination compound has not arrived in time.",
        "Look for it; rocars-core arrived ends the alarm.",
    )
    EVENT_REFUSED = (
        "EventRefused",
        Care(Priority.URGENT, Desk.SECURITY, Ends.PERSON),
        "A row of a lane's journal does not follow the rows before it.",
        "Keep the lane's store as evidence; have it looked at before it clears another vehicle.",
    )
    EVENT_QUARANTINED = (
        "EventQuarantined",
        Care(Priority.MEDIUM, Desk.TECHNICIAN, Ends.PERSON),
        "A row of a lane's journal is kept, and cannot be read whole.",
        "List such rows with rocars-core quarantine; does the lane run newer software?",
    )
    LANE_OVER_BUDGET = (
        "LaneOverBudget",
        quiet(Priority.HIGH, Desk.TECHNICIAN),
        "A lane sends more rows than any lane has to say; they are taken slowly.",
        "Look at what the lane repeats.",
    )
    LANE_WENT_BACK = (
        "LaneWentBack",
        Care(Priority.URGENT, Desk.TECHNICIAN, Ends.CAUSE),
        "A lane runs on an older copy of its store, or a changed one.",
        "It begins another journal by itself and fetches what it lacks. Find out who put the copy there.",
    )
    TWO_BOXES = (
        "TwoBoxes",
        Care(Priority.URGENT, Desk.SECURITY, Ends.CAUSE),
        "Two boxes speak with one lane's key at the same time; neither is proved anything.",
        "Find the second box. Until it is off, the lane is cleared by hand.",
    )
    ROWS_LATE = (
        "RowsLate",
        Care(Priority.HIGH, Desk.TECHNICIAN, Ends.CAUSE),
        "Rows that a lane has in its journal do not arrive here.",
        "Look at the broker between them: something may hold the rows back.",
    )
    JOURNAL_REPLACED = (
        "JournalReplaced",
        Care(Priority.HIGH, Desk.TECHNICIAN, Ends.PERSON),
        "A lane began another journal: it lost or replaced its store.",
        "Was its store replaced on purpose? If not, keep the old one.",
    )
    ROWS_MISSING = (
        "RowsMissing",
        Care(Priority.HIGH, Desk.TECHNICIAN, Ends.CAUSE),
        "Rows that a lane knows as acknowledged are not here; they are asked for again.",
        "Was a backup of the core restored? It ends when the rows are here.",
    )
    CORE_WENT_BACK = (
        "CoreWentBack",
        Care(Priority.URGENT, Desk.TECHNICIAN, Ends.CAUSE),
        "A lane holds newer codes than this core: a backup was restored.",
        "Nothing, if it ends by itself: the core takes back from its lanes what it lacks.",
    )
    CORE_FORKED = (
        "CoreForked",
        Care(Priority.URGENT, Desk.TECHNICIAN, Ends.PERSON),
        "A lane has shown signed deltas that this core's list cannot take in: nothing is proved until a new epoch.",
        "Stop the core and run rocars-core restart-log; it carries every hold over.",
    )
    LIST_EDITED = (
        "ListEdited",
        Care(Priority.URGENT, Desk.SECURITY, Ends.CAUSE),
        "The list in this core's store does not follow from its signed deltas.",
        "Somebody changed the store. Keep a copy of it, then restore a backup: the lanes give back what it lacks.",
    )
    CODES_DIFFER = (
        "CodesDiffer",
        Care(Priority.HIGH, Desk.TECHNICIAN, Ends.CAUSE),
        "A lane holds the same version of the codes with another state hash.",
        "It fetches a full copy by itself; if it comes again, replace its disk.",
    )
    CORE_KEY_MISSING = (
        "CoreKeyMissing",
        Care(Priority.HIGH, Desk.TECHNICIAN, Ends.CAUSE),
        "A lane does not have the key by which this core signs.",
        "rocars-core core-keys --sign-with one that it has, or rocars-lane enrol --answer on the box.",
    )
    MESSAGE_REFUSED = (
        "MessageRefused",
        quiet(Priority.HIGH, Desk.SECURITY),
        "A message of a lane was not signed by it, or not of the contract.",
        "Is its key registered? If it is, somebody else speaks in its name.",
    )
    PICTURE_REFUSED = (
        "PictureRefused",
        quiet(Priority.LOW, Desk.TECHNICIAN, minutes=720),
        "A lane offered a picture that this core does not take.",
        "Compare evidence.send of the lane with keeping of the core.",
    )
    PICTURE_NOT_KEPT = (
        "PictureNotKept",
        quiet(Priority.MEDIUM, Desk.TECHNICIAN),
        "A picture of a lane could not be written.",
        "Look at the disk of the pictures.",
    )
    CERTIFICATE_ENDS = (
        "CertificateEnds",
        Care(Priority.MEDIUM, Desk.TECHNICIAN, Ends.CAUSE),
        "A certificate is about to expire.",
        "Have it renewed.",
    )
