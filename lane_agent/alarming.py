"""What is told about alarms beside their raising: which fault one is about, when its cause is gone, what an officer did.

Rules of this file: it reads the lane before and after a step and decides nothing. Whether an alarm stands is not known here;
the end of one that does not stand says nothing (`domain.alarm_list`).
"""

from __future__ import annotations

from domain.alarm_traits import Ends
from domain.alarms import LaneAlarmKind
from domain.visit_record import RecordKind, facts
from lane_agent.effects import Alarm, AlarmEnded, Record
from lane_agent.events import AlarmHandled
from lane_agent.model import Contact, Fault, HelpCall
from lane_agent.rules import Rules
from lane_agent.state import Lane


def fault_alarm(fault: Fault, visit: int, detail: str) -> Alarm:
    """A fault is raised: one alarm for each fault, however often it comes."""
    return Alarm(LaneAlarmKind.FAULT_RAISED, visit, f"{fault.value}: {detail}", fault.value)


def handled(event: AlarmHandled) -> Record:
    """The record of what an officer did with an alarm; of no visit, since an alarm may outlive its own."""
    named = facts(
        alarm=event.alarm,
        deed=event.deed,
        officer=event.officer,
        reason=event.reason,
        until_ms=event.until_ms or None,
    )
    return Record(RecordKind.ALARM_HANDLED, 0, named)


def over(before: Lane, after: Lane, rules: Rules) -> tuple[AlarmEnded, ...]:
    """The alarms whose cause this step has taken away: faults, the help call, the row that called somebody.

    What else a visit raised ends with its record.
    """
    visit = after.visit.number if after.visit else 0
    ended: tuple[AlarmEnded, ...] = ()
    if before.faults != after.faults:
        gone = sorted(before.faults - after.faults, key=lambda fault: fault.value)
        ended = tuple(_fault_over(fault, visit) for fault in gone)
    if before.help is not HelpCall.NONE and after.help is HelpCall.NONE:
        ended += (AlarmEnded(LaneAlarmKind.HELP, visit),)
    if Contact.HELP in before.contacts and Contact.HELP not in after.contacts:
        ended += (AlarmEnded(LaneAlarmKind.HELP_STUCK, visit),)
    return ended + _row_left(before, after, rules)


def _fault_over(fault: Fault, visit: int) -> AlarmEnded:
    if fault is Fault.STUCK_CONTACT:
        return AlarmEnded(LaneAlarmKind.CONTACT_STUCK, visit)
    return AlarmEnded(LaneAlarmKind.FAULT_RAISED, visit, fault.value)


def _row_left(before: Lane, after: Lane, rules: Rules) -> tuple[AlarmEnded, ...]:
    """The row that raised an alarm about this visit has been left while the visit goes on."""
    same = before.visit is not None and after.visit is not None and before.visit.number == after.visit.number
    if not same or before.row == after.row or before.visit is None:
        return ()
    kind = next((row.alarm for row in rules.table if row.name == before.row), None)
    if kind is None or kind.care.ends is not Ends.VISIT:
        return ()
    return (AlarmEnded(kind, before.visit.number),)
