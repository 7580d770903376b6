"""What two officers must agree on, where the lane's settings say so: a release over a warning, the bypass of a loop.

Rules of this file:
- The lane itself refuses what one officer alone asks for, by whatever way it came: from the page, from the centre, with the core
  there or away. Nobody's absence makes one officer enough; what needs no second one is to stop, to inspect, to clear by hand.
- A warning is anything that speaks against the release at this moment; the page (`console.grounds`) puts the same into words.
- `chan`, `chan@wall` and `chan@centre` count as one person: a name behind two doors is no second officer.
"""

from __future__ import annotations

from lane_agent.events import LoopBypassed, OfficerReleased
from lane_agent.matching import sort_bundles
from lane_agent.model import Codes, Doubt, Immigration, Link
from lane_agent.state import Lane, Visit, visit_key

TOLD_BY_THE_CODES = frozenset({Doubt.NO_BUNDLE, Doubt.EARLY, Doubt.WRONG_POINT, Doubt.CONTRADICTION})
"""Doubts that only say that nobody did anything about what the codes say; the codes of this moment say it themselves."""


def needs_second(lane: Lane, event: OfficerReleased | LoopBypassed) -> bool:
    """Whether this event counts only with a second officer's name in it."""
    if isinstance(event, LoopBypassed):
        return lane.policy.second_bypass and event.bypassed
    return lane.policy.second_release and warned(lane)


def approved(lane: Lane, event: OfficerReleased | LoopBypassed) -> bool:
    """Whether two officers stand behind it, or one is enough."""
    return not needs_second(lane, event) or (bool(person(event.second)) and not one_person(event.second, event.officer))


def person(name: str) -> str:
    """The login without the door it came by."""
    return name.partition("@")[0].strip().casefold()


def one_person(one: str, other: str) -> bool:
    """Whether two names may be one person's."""
    return person(one) == person(other)


def warned(lane: Lane) -> bool:
    """Whether anything speaks against releasing the vehicle in the lane now; False without one."""
    visit = lane.visit
    if visit is None:
        return False
    by_itself = visit.doubt is not None and visit.doubt not in TOLD_BY_THE_CODES
    if by_itself or lane.link is not Link.FRESH or visit.immigration is not Immigration.CLEARED:
        return True
    if visit.read is None or visit.codes is None:
        return True
    return _by_the_codes(lane, visit, visit.codes)


def _by_the_codes(lane: Lane, visit: Visit, codes: Codes) -> bool:
    if any(near.held for near in codes.near):
        return True
    sorted_ = sort_bundles(codes, lane.policy, visit_key(lane, visit.number))
    if sorted_.early or sorted_.elsewhere:
        return True
    against = (bool(sorted_.pending) or not codes.approved) if visit.unladen else not sorted_.pending
    return against or (lane.policy.manifest_sensor and not visit.manifest and not visit.manual)
