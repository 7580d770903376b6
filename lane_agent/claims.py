"""Claim before release (design §3): which bundles the visit should hold at the core, asked for and given back as facts change.

Rules of this file:
- A claim is asked for as soon as an automatic release on bundles is in sight, so that the core's receipt is there before
  the driver is ready. It is of all live bundles at once; when these change it is asked for anew, and replaces the old one.
- A claim that led to no release is given back: when the visit ends, is the officer's, in doubt, leaves or is sent to 4. The core
  learns it from the journal, so a restart of either side loses none.
- An officer's release needs none, and keeps the one that the visit has. The journal's row of the use ends a claim.
"""

from __future__ import annotations

from domain.alarms import LaneAlarmKind
from lane_agent.change import Change, doubt, visit_with
from lane_agent.effects import Alarm, Claim, Effect, GiveBack
from lane_agent.events import ClaimAnswered
from lane_agent.frozen import replace
from lane_agent.matching import must_stop, sort_bundles, witness_disagrees
from lane_agent.model import Codes, Doubt, Link, Outcome, ReadSource, Ruling
from lane_agent.state import Lane, Visit, visit_key


def settle_claim(lane: Lane) -> Change:
    """Asks for what the open visit should hold and does not, or gives back what it should not; the end of each step."""
    visit = lane.visit
    if visit is None or (visit.claim and not _unused(visit)):
        return lane, ()
    wanted = _wanted(lane, visit)
    if wanted == visit.claimed:
        return lane, ()
    if not wanted:
        return visit_with(lane, claim=0, claimed=(), receipt=""), give_back(visit)
    serial = lane.serial + 1
    lane = visit_with(replace(lane, serial=serial), claim=serial, claimed=wanted, receipt="")
    return lane, (Claim(visit.number, serial, wanted),)


def give_back(visit: Visit) -> tuple[Effect, ...]:
    """Gives back what the visit claimed and has not used."""
    left = _unused(visit)
    return (GiveBack(visit.number, visit.claim, left),) if left else ()


def answered(lane: Lane, event: ClaimAnswered) -> Change:
    """The core's answer; a refusal makes the vehicle the officer's, and says why."""
    if not event.refusal:
        return visit_with(lane, receipt=event.epoch), ()
    return doubt(lane, Doubt.CLAIM_REFUSED), (Alarm(LaneAlarmKind.CLAIM_REFUSED, event.visit, event.refusal),)


def _unused(visit: Visit) -> tuple[str, ...]:
    return tuple(ubr for ubr in visit.claimed if ubr not in visit.used)


def _wanted(lane: Lane, visit: Visit) -> tuple[str, ...]:
    """The bundles that an automatic release of this visit would use, sorted; none where there can be none."""
    if visit.ruling is Ruling.RELEASE and visit.receipt:
        return visit.claimed
    if not _in_sight(visit) or visit.codes is None or visit.codes.link is not Link.FRESH:
        return ()
    key = visit_key(lane, visit.number)
    if must_stop(visit.codes, lane.policy, key) or _plate_questioned(visit, visit.codes):
        return ()
    return tuple(sorted(bundle.ubr for bundle in sort_bundles(visit.codes, lane.policy, key).live))


def _plate_questioned(visit: Visit, codes: Codes) -> bool:
    """A neighbour is held, or the Mainland plate is not the one listed: row 8 asks an officer first."""
    read = visit.read
    typed = read is not None and read.source is ReadSource.OFFICER
    near_held = any(miss.held for miss in codes.near) and not typed
    return near_held or witness_disagrees(codes, read.mainland if read else None)


def _in_sight(visit: Visit) -> bool:
    """Whether the visit may still be released on bundles by itself."""
    officers = visit.manual or visit.began_closed or visit.officers or visit.doubt is not None
    leaving = visit.leaving or visit.way is not None
    decided = visit.outcome is not Outcome.UNDECIDED or visit.ruling is not Ruling.NONE
    return not (officers or leaving or decided or visit.unladen)
