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

_NOTHING_OUT = "where nothing is under way, going back to the first row that is not acknowledged goes nowhere"
_NOT_NOUGHT = "it is said of a clock that is off by more than is tolerated, so never of nought"
_NO_CORE_TIME = (
    "without the core's time a command is refused before (`_out_of_time`); it is asked again so that the type is known"
)
_OWN_SHARE = "the share is our own choice: of a plate that is exactly so large either answer is as good"

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
    "sync.link.follower due drops `whole`": (
        "asking is put off only while the codes are in doubt, and what is due then is a whole snapshot"
    ),
    "sync.link.sender due drops `self._sent > self.acknowledged`": _NOTHING_OUT,
    "sync.link.sender due turns `self._sent > self.acknowledged`": _NOTHING_OUT,
    "sync.link.freshness on_nonce_sent turns `sent > oldest`": (
        "whether a nonce is too old `awaits` sees for itself; here they are only thrown away"
    ),
    "sync.link.freshness on_heartbeat drops `sent is None`": (
        "`awaits`, which is asked too, says no to a nonce that is not ours"
    ),
    "sync.link.freshness _judge turns `proof.sent_ms < self._since`": (
        "whether a nonce or a snapshot of the same millisecond was first nobody can say, and neither judgement makes anything fresh"
    ),
    "sync.link.freshness on_applied turns `held.left_ms > oldest`": (
        "a head left so long ago is equal to no proof that still counts; whether a core that names it went back or has other rows, "
        "the codes are in doubt"
    ),
    "sync.link.machine _publish_state drops `0`": (
        "what is set without a connection is not published; with the connection it is made anew"
    ),
    "sync.link.core_clock _words turns `off_ms > 0`": _NOT_NOUGHT,
    "sync.link.core_clock _step turns `off_ms > 0`": _NOT_NOUGHT,
    "sync.link.core_clock nearest turns `other.low > self.high`": (
        "it is asked of two that do not meet; where one ends as the other begins, they do"
    ),
    "sync.link.core_clock due drops `held is None`": (
        "what is durable was expected first: without anything expected nothing is durable either"
    ),
    "sync.link.core_clock due turns `abs(held.beyond(self._drifted(kept, now))) > _MOVED_MS`": (
        "the bound is our own choice; it decides when something is written, and not what"
    ),
    "sync.link.commands judge drops `situation.core is None`": _NO_CORE_TIME,
    "sync.link.commands judge drops `Refusal.NO_TIME`": _NO_CORE_TIME,
    "sync.link.commands _set_revert drops `situation.core is None`": _NO_CORE_TIME,
    "devices.visit_reader _strangers turns `scale(read) ** 2 > SECOND * scale(first) ** 2`": _OWN_SHARE,
    "devices.visit_reader _second turns `r.area > SECOND * ours[0].area`": _OWN_SHARE,
    "devices.visit_reader _collect turns `len(self._since) < SINCE`": (
        "one picture more than 25 seconds of them is as good a bound"
    ),
    "devices.visit_reader _contradicted drops `not self._latched`": (
        "pictures are kept for contradicting from the settled mark on: before it there are none, and none contradict nothing"
    ),
    "devices.visit_reader _keep drops `best.plate is not None`": (
        "a picture is the best one of a mark, so it has that plate"
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
    "sync.link.follower",
    "sync.link.freshness",
    "sync.link.claims",
    "sync.link.journal_end",
    "sync.link.sender",
    "sync.link.machine",
    "sync.link.command_lifecycle",
    "sync.link.silence",
    "sync.link.telemetry",
    "devices.visit_reader",
    "sync.codelog",
    "wire.forgetting",
    "core.ledger.forgetting",
    "core.ledger.strictest",
)
"""Modules of which every mutant was tried, and each that lived has its reason above."""


def source_reason(name: str) -> str:
    """Why this mutant of the source may live, "" if nobody has said. Lines move, so a reason does not name one."""
    return SOURCE_REASONS.get(re.sub(r":\d+ ", " ", name, count=1), "")
