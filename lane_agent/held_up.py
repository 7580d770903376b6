"""3 over its time, for a truck that the queue in front holds up (design §2.2): what it takes, and what ends it.

Rules of this file:
- It needs a limit of the site's own (`Policy.held_up_ms`), a way-out loop that has seen the last vehicle leave since the agent
  started, no loop bypassed, no fault, a stop loop that has not opened, and the same plate in a picture taken since, again and again.
- The whole wait has one limit, which nothing extends. Every other cause that takes 3 back goes on taking it back.
- 3 is screen 3, Clearance Completed.
"""

from __future__ import annotations

from domain.visit_record import RecordKind
from lane_agent.change import Change, cancel_timer, doubt, record, start_timer
from lane_agent.effects import LookAgain
from lane_agent.guards import departing, help_open, on_stop_loop
from lane_agent.model import Doubt, Outcome
from lane_agent.state import Lane

LIMIT = "held_up"
"""The timer of the whole wait."""
LOOK = "look"
"""The timer of one look; its serial names the question to the reader."""
LOOK_MS = 10_000
"""So long after the reader last saw the plate 3 is taken back: less than the time that 3 has at first (`table.LIMITS_MS`)."""


def may_wait(lane: Lane) -> bool:
    """Whether a 3 whose time is over may stay, as long as the reader sees the plate."""
    visit = lane.visit
    if visit is None or visit.outcome is not Outcome.RELEASED or visit.read is None or visit.doubt is not None:
        return False
    stands = on_stop_loop.holds(lane) and not departing.holds(lane)
    free = not lane.bypassed and not lane.faults and not help_open.holds(lane)
    return lane.policy.held_up_ms > 0 and lane.way_out_lives and stands and free


def begin(lane: Lane) -> Change:
    """The time of 3 is over: the reader is asked, and the limit of the whole wait begins."""
    told = record(RecordKind.HELD_UP, lane, limit_ms=lane.policy.held_up_ms)
    lane, limited = start_timer(lane, LIMIT, lane.policy.held_up_ms)
    lane, asked = look(lane)
    return lane, (told, *limited, *asked)


def look(lane: Lane) -> Change:
    """Asks the reader for the same plate in a picture taken from now on."""
    visit = lane.visit
    if visit is None or visit.read is None:
        return lane, ()
    lane, timed = start_timer(lane, LOOK, LOOK_MS)
    return lane, (*timed, LookAgain(visit.number, dict(lane.timers)[LOOK], visit.read.vrn))


def ended(lane: Lane) -> Lane:
    """A vehicle whose 3 stands over its time is the officer's once the lane may not let it wait any more."""
    if not is_waiting(lane) or departing.holds(lane) or may_wait(lane):
        return lane
    return doubt(lane, Doubt.NOT_LEFT)


def is_waiting(lane: Lane) -> bool:
    """Whether 3 stands over its time."""
    return any(name == LIMIT for name, _ in lane.timers)


def stop(lane: Lane) -> Change:
    """3 is no longer shown: nobody looks for its plate any more."""
    if not any(name in (LIMIT, LOOK) for name, _ in lane.timers):
        return lane, ()
    lane, limit = cancel_timer(lane, LIMIT)
    lane, looking = cancel_timer(lane, LOOK)
    return lane, limit + looking
