"""The driver's call for help, from the button to its end; `HelpCall` says where it stands."""

from __future__ import annotations

from typing import assert_never

from domain.alarms import LaneAlarmKind
from domain.visit_record import CallNote, RecordKind
from lane_agent import events as e
from lane_agent.change import Change, cancel_timer, doubt, is_shown_3, record, start_timer, visit_number
from lane_agent.effects import Alarm, Ring
from lane_agent.frozen import replace
from lane_agent.model import Doubt, HelpCall
from lane_agent.state import Lane


def button(lane: Lane, *, pressed: bool) -> Change:
    """The help button goes down or up. A press while 3 is shown takes it back: whoever calls has not been cleared in his own eyes."""
    if not pressed:
        return cancel_timer(lane, "help")
    lane, effects = start_timer(lane, "help", lane.policy.help_stuck_ms)
    if lane.help is not HelpCall.NONE:
        return lane, effects
    if is_shown_3(lane):
        lane = doubt(lane, Doubt.HELP_AFTER_DONE)
    lane = replace(lane, help=HelpCall.RINGING)
    return lane, (
        *effects,
        Ring("ring"),
        Alarm(LaneAlarmKind.HELP, visit_number(lane)),
        record(RecordKind.HELP_REQUESTED, lane),
    )


def went_on(lane: Lane, event: e.HelpAnswered | e.HelpEnded | e.AudioChanged | e.CallLost | e.OfficerSent) -> Change:
    """The call is answered, is heard, is lost, ends. A call whose sound is lost rings again: the driver still waits."""
    match event:
        case e.HelpAnswered():
            return _answered(lane, event.officer)
        case e.HelpEnded():
            ended = record(RecordKind.HELP_ENDED, lane, officer=event.officer, outcome=event.outcome)
            return replace(lane, help=HelpCall.NONE), (Ring("end"), ended)
        case e.AudioChanged():
            return replace(lane, help=HelpCall.TALKING if event.flowing else HelpCall.ANSWERED), ()
        case e.CallLost():
            lost = record(RecordKind.CALL_REPORTED, lane, call=CallNote.LOST, detail=event.detail)
            return replace(lane, help=HelpCall.RINGING), (Ring("ring"), lost)
        case e.OfficerSent():
            ringing = lane.help is HelpCall.RINGING
            lane, answered = _answered(lane, event.officer) if ringing else (replace(lane, help=HelpCall.ANSWERED), ())
            return lane, (*answered, record(RecordKind.OFFICER_SENT, lane, officer=event.officer))
        case _:
            assert_never(event)


def _answered(lane: Lane, officer: str) -> Change:
    told = record(RecordKind.HELP_ANSWERED, lane, officer=officer)
    return replace(lane, help=HelpCall.ANSWERED), (Ring("answer"), told)
