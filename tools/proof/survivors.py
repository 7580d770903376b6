"""Why the mutants that nothing kills may live."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tools.proof.mutation import Fate

_LEVEL = (
    "a level at the agent's start matters only with a vehicle in the lane; that visit is the officer's then, and he decides "
    "whatever this contact says"
)

REASONS: dict[str, str] = {
    "row '17 claiming' without 'not unladen'": (
        "where Unladen was pressed and the core's time is not known, the vehicle waits for a receipt instead of a decision: "
        "the screens say the same, and both waits end at the officer"
    ),
    "PlateSeenAgain without 'this visit'": (
        "a look has the number of its timer, which the lane gives once: what answers the look that is asked is of this visit"
    ),
    "drop_box without 'known'": _LEVEL,
    "immigration_started without 'known'": _LEVEL,
}
"""For each survivor whose change is not idle by the rows and conditions around it, why it harms nobody."""


def reason(fate: Fate) -> str:
    """Why this survivor may live, "" if nobody has said. One that some step tells apart must be named above."""
    return REASONS.get(fate.name) or ("" if fate.differs else fate.because)


def unexplained(survivors: Iterable[Fate]) -> list[str]:
    """Names of the survivors without a reason."""
    return [fate.name for fate in survivors if not reason(fate)]


_NO_VISIT = "what the reader or an officer says of a visit counts only while that visit is open (`acceptance`)"
_HELD_UP = (
    "`held_up.may_wait`, which alone asks for this mark, looks at the limit itself; it is left out here so that the journal of "
    "a lane without that limit says nothing of it"
)

SOURCE_REASONS: dict[str, str] = {
    "lane_agent.receive _closed drops `visit.began_closed`": (
        "only a lane that is open is closed, and in an open lane no visit counts as begun while it was closed: opening ends that"
    ),
    "lane_agent.receive _contact drops `event.contact is Contact.STOP_LOOP`": (
        "the first report that another contact is open does nothing but end the alarm of a telltale, and after a start none "
        "stands (`edge.alarm_desk`)"
    ),
    "lane_agent.receive _speaks_for_visit drops `lane.visit is not None`": "3 is shown to nobody without a visit",
    "lane_agent.receive _plate drops `visit is None`": _NO_VISIT,
    "lane_agent.receive _doubted drops `visit is None`": _NO_VISIT,
    "lane_agent.receive _released drops `visit is None`": _NO_VISIT,
    "lane_agent.receive _grounds_still_there drops `visit is None`": "it is asked while 3 is shown, so of a visit",
    "lane_agent.receive _fault drops `not visit.lookup`": (
        "an officer's release that is not shown yet waits for a lookup: the step that ends the lookup shows 3 or spends the release"
    ),
    "lane_agent.receive _overdue negates `if not is_shown_3(lane)`": (
        "a release makes the visit the officer's, and the rows that then have a limit show 3 or 4: of 3 the release is spent "
        "when it is taken back, of 4 there is none"
    ),
    "lane_agent.passage _stop_loop_cleared drops `visit.leaving`": (
        "a vehicle that leaves clears the loop a second time only where an officer put the loop back meanwhile; it is then "
        "called gone 15 s after that"
    ),
    "lane_agent.passage line_opened drops `Fault.STUCK_CONTACT not in lane.faults`": (
        "a fault that is not there is cleared without a change"
    ),
    "lane_agent.passage _way_out_seen drops `lane.policy.held_up_ms > 0`": _HELD_UP,
    "lane_agent.passage _way_out_seen turns `lane.policy.held_up_ms > 0`": _HELD_UP,
    "lane_agent.passage way_out_changed turns `event.edge_ms < visit.arrived.mono_ms`": (
        "nobody can say which of two edges of one millisecond was first; no vehicle is on the way out in the one it arrives in"
    ),
    "lane_agent.passage summary drops `''`": "a record leaves out what is None and what is empty alike",
    "lane_agent.settling _witness drops `vote.text`": (
        "a Mainland vote without a text has no weight, and a text of no length is no plate"
    ),
    "lane_agent.settling contradicted drops `vote.text`": (
        "a picture in which nothing was seen has no weight in either of the sums that are compared"
    ),
    "lane_agent.settling contradicted turns `math.fsum((_weight(vote) for vote in others)) <= allowed`": (
        "where two sums of confidences are equal to the last bit, either answer is as good"
    ),
    "lane_agent.settling _lacking turns `found.share < law.share`": (
        "where just so much agrees, no confidence reaches `Thresholds.character`: it does not settle, in other words"
    ),
    "lane_agent.matching witness_disagrees drops `codes.approved`": (
        "the code book names a Mainland plate only with an approval (`sync.lookup`)"
    ),
    "sync.codelog _hashed drops `damage`": "which of several damaged rows is named is no matter",
    "sync.codelog _look_whose_fault drops `self.damage`": (
        "rows that are known to be damaged are found so when they are read again; only that reading is spared"
    ),
    "sync.codelog _sweep drops `_LARGEST`": (
        "the rows of a snapshot that was never finished then go when the next list is live, for they are older than that"
    ),
    "core.ledger.changes _to_sign drops `not isinstance(row, BundleRecord)`": (
        "what is no bundle is looked for under no number, so nothing is known of it"
    ),
    "core.ledger.strictest strictest drops `own is None`": (
        "`ReplicatedLog.forgotten` knows nothing of a row that is in the list"
    ),
    "core.ledger.forgetting _is_steady turns `abs(ahead - self._ahead) > STEP_MS`": (
        "the bound is our own choice: a clock that moved by exactly so much may count as set or as steady"
    ),
}
"""Survivors among the mutants of the source (`source_fates`, `test_fates`), without their line number, and why each harms nobody."""


JUDGED = (
    "lane_agent.receive",
    "lane_agent.help_call",
    "lane_agent.passage",
    "lane_agent.matching",
    "lane_agent.settling",
    "sync.codelog",
    "wire.forgetting",
    "core.ledger.forgetting",
    "core.ledger.strictest",
)
"""Modules of which every mutant was tried, and each that lived has its reason above."""


def source_reason(name: str) -> str:
    """Why this mutant of the source may live, "" if nobody has said. Lines move, so a reason does not name one."""
    return SOURCE_REASONS.get(re.sub(r":\d+ ", " ", name, count=1), "")
