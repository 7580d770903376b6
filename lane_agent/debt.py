"""An answer that Immigration owes: for a vehicle whose visit was over before it came (design §2.13).

It is incurred where a visit ends (`change.owe_answer`), and lapses with the timer of the same name.
"""

from __future__ import annotations

from domain.alarms import LaneAlarmKind
from domain.visit_record import RecordKind
from lane_agent import events as e
from lane_agent.change import Change, cancel_timer, hand_over, record, visit_with
from lane_agent.effects import Alarm
from lane_agent.frozen import replace
from lane_agent.model import Contact, Doubt, Immigration, Moment
from lane_agent.state import Lane

ANSWERS = frozenset({Contact.IMMIGRATION_CLEARED, Contact.IMMIGRATION_REFERRED})
"""How Immigration answers its own *started*."""


def pay(lane: Lane, answer: Contact, *, of_another: bool = False) -> Change:
    """Immigration's late answer, for the vehicle before: it releases nobody (design §2.13).

    *Referred* may as well be of the vehicle that is there now, so that one is the officer's; unless it named another, of
    proved origin (`of_another`).
    """
    lane, cancelled = cancel_timer(replace(lane, debt=False), "debt")
    visit = lane.visit
    effects = (*cancelled, record(RecordKind.IMMIGRATION_DEBT_PAID, lane, signal=answer.value))
    if of_another or visit is None or visit.immigration is not Immigration.RUNNING:
        return lane, effects
    lane = visit_with(lane, unclear=answer)
    if answer is Contact.IMMIGRATION_REFERRED:
        lane = hand_over(lane, Doubt.ANSWER_UNCLEAR)
    return lane, (*effects, Alarm(LaneAlarmKind.IMMIGRATION_ANSWER_UNCLEAR, visit.number, answer.value))


def write_off(lane: Lane, event: e.DebtWrittenOff, at: Moment) -> Change:
    """An officer says whose the answer was: of the vehicle that is there now."""
    visit = lane.visit
    lane, cancelled = cancel_timer(replace(lane, debt=False), "debt")
    written = record(RecordKind.IMMIGRATION_DEBT_WRITTEN_OFF, lane, officer=event.officer, reason=event.reason)
    if visit is not None and visit.unclear is Contact.IMMIGRATION_CLEARED:
        running = visit.immigration is Immigration.RUNNING
        lane = visit_with(lane, unclear=None)
        lane = visit_with(lane, immigration=Immigration.CLEARED, immigration_over=at) if running else lane
    return lane, (*cancelled, written)
