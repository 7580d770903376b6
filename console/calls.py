"""What calls an officer, worst first: vehicles that ran, and the alarms that stand, one card for each cause. Pure.

Rules of this file:
- A vehicle that left against the signal has a card of its own, with its plate and picture, until somebody takes it.
- Alarms of one cause are one card, and one act takes or closes all that were on it. A row's "equipment fault" is the card of
  the equipment that broke. Vehicles that ran are never put together: each has to be found.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from console import times, words
from console.ports import AlarmView, LaneView, PastVisit
from console.tongues import Both, chinese_of, joined
from domain.alarm_lifecycle import AlarmState
from domain.alarms import LaneAlarmKind
from lane_agent.model import Fault

_OVER = AlarmState.CLOSED
_UNSEEN = frozenset({AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED})


def runs(view: LaneView) -> list[dict[str, Any]]:
    """Vehicles that left against the signal and that nobody has taken, the newest first."""
    untaken = [one for one in view.alarms if is_run(one) and one.state is AlarmState.UNACKNOWLEDGED]
    return [_run(view, one) for one in sorted(untaken, key=lambda one: (-one.at_ms, -one.visit))]


def is_run(alarm: AlarmView) -> bool:
    """Whether it tells of a vehicle that left against the signal."""
    return alarm.kind == LaneAlarmKind.RUN_THROUGH


def _run(view: LaneView, alarm: AlarmView) -> dict[str, Any]:
    past = next((one for one in view.past if one.id == alarm.visit), None)
    here = view.visit if view.visit is not None and view.visit.id == alarm.visit else None
    evidence = past.evidence if past else here.evidence if here else ()
    name = past.ran if past else view.row_name
    told = words.RAN.get(name, words.ALARMS[LaneAlarmKind.RUN_THROUGH])
    read = here.read if here else None
    vrn = past.vrn if past else read.vrn if read else ""
    return {
        "id": alarm.id,
        "says": told.text,
        "todo": words.ALARMS[LaneAlarmKind.RUN_THROUGH].next,
        "vrn": vrn or Both("plate not read", "未能讀取車牌"),
        "mainland": past.mainland if past else (read.mainland or "") if read else "",
        "at": times.clock(alarm.at_ms),
        "visit": alarm.visit,
        "picture": evidence[0] if evidence else "",
    }


def cards(view: LaneView) -> list[dict[str, Any]]:
    """The alarms that are not over, one card for each cause, as the lane ranks them (`edge.alarm_desk`)."""
    groups: dict[tuple[str, str], list[AlarmView]] = {}
    standing = [one for one in view.alarms if one.state is not _OVER]
    for alarm in standing:
        groups.setdefault(_cause(alarm, standing), []).append(alarm)
    marks = marks_of(view)
    return [_card(view, group, marks) for group in sorted(groups.values(), key=_rank)]


def marks_of(view: LaneView) -> dict[int, str]:
    """The mark of each visit that the page shows, "" for one that was not read: an officer tells others the mark, not the visit."""
    marks = {past.id: past.vrn for past in view.past}
    if view.visit is not None:
        marks[view.visit.id] = view.visit.read.vrn if view.visit.read else ""
    return marks


def _cause(alarm: AlarmView, standing: Iterable[AlarmView]) -> tuple[str, str]:
    if is_run(alarm):
        return alarm.kind, alarm.id
    if alarm.kind == LaneAlarmKind.FAULT:
        broken = next((one for one in standing if one.kind == LaneAlarmKind.FAULT_RAISED), None)
        return (broken.kind, broken.cause) if broken else (alarm.kind, "")
    return alarm.kind, alarm.cause


def _rank(group: list[AlarmView]) -> tuple[bool, bool, int, int]:
    return min(
        (
            one.state is not AlarmState.UNACKNOWLEDGED,
            one.state is AlarmState.RETURNED,
            one.priority.value,
            -one.at_ms,
        )
        for one in group
    )


def _card(view: LaneView, group: list[AlarmView], marks: dict[int, str]) -> dict[str, Any]:
    first = next((one for one in group if one.kind != LaneAlarmKind.FAULT), group[0])
    told = words.alarm(first.kind)
    fault = _fault(first.cause) if first.kind == LaneAlarmKind.FAULT_RAISED else None
    visits = sorted({one.visit for one in group if one.visit})
    unseen = [one.id for one in group if one.state in _UNSEEN]
    over = all(one.state is AlarmState.RETURNED for one in group)
    since_ms = min(one.at_ms for one in group)
    return {
        "key": f"{first.kind}/{first.cause}/{first.id if is_run(first) else ''}",
        "says": fault.text if fault else told.text,
        "todo": "" if over else fault.next if fault else told.next,
        "at": times.clock(since_ms),
        "age": "" if over else lasted(view.at_ms - since_ms),
        "count": _often(group, first),
        "visits": [{"id": one, "listed": one in marks, "vrn": marks.get(one, "")} for one in visits[-4:]],
        "help": first.kind == LaneAlarmKind.HELP,
        "detail": first.detail,
        "became": became(first),
        "priority": min(group, key=lambda one: one.priority.value).priority.word,
        "open": unseen,
        "closable": [one.id for one in group if one.by_hand and one.state is AlarmState.ACKNOWLEDGED],
        "shelvable": [one.id for one in group if one.may_be_shelved],
    }


def _often(group: list[AlarmView], first: AlarmView) -> int:
    if is_run(first):
        return 1  # one vehicle, whose row and whose end both say so
    same = [one for one in group if one.kind == first.kind]
    return first.count if len(same) == 1 else len(same)


def _fault(cause: str) -> words.Words | None:
    return next((told for fault, told in words.FAULTS.items() if fault.value == cause), None)


def camera_fault(view: LaneView) -> str:
    """Why the picture is not live, with its age; "" while the camera is well."""
    if Fault.CAMERA not in {fault for fault, _ in view.faults}:
        return ""
    age = fault_age(view, Fault.CAMERA)
    return (
        Both(f"camera fault for {age}", f"攝影機故障已 {chinese_of(age)}")
        if age
        else Both("camera fault", "攝影機故障")
    )


def fault_age(view: LaneView, fault: Fault) -> str:
    """For how long it has been broken, "" if that is not known."""
    since_ms = dict(view.faulty_since).get(fault, 0)
    return lasted(view.at_ms - since_ms) if since_ms else ""


def lasted(ms: int) -> Both:
    """A duration, in both languages."""
    english = times.lasted(ms)
    return Both(english, english.replace(" min", " 分").replace(" h", " 小時").replace(" s", " 秒"))


def became(alarm: AlarmView) -> str:
    """Where the alarm is in its life, in one line; "" while nobody has touched it."""
    who = alarm.seen_by
    taken = Both(f"Taken by {who}", f"由 {who} 處理") if who else ""
    match alarm.state:
        case AlarmState.RETURNED:
            at = times.clock(alarm.ended_ms)
            return Both(f"Cause gone at {at}", f"{at} 原因已消除")
        case AlarmState.SHELVED:
            who, at = alarm.shelved_by, times.clock(alarm.shelved_ms)
            return Both(f"Shelved by {who} until {at}", f"由 {who} 擱置至 {at}")
        case AlarmState.CLOSED if alarm.closed_by and alarm.closed_by[0] != "(":
            return Both(f"Closed by {alarm.closed_by}", f"由 {alarm.closed_by} 結案")
        case AlarmState.CLOSED:
            # Often by what an officer did, so it did not end "by itself".
            gone = Both("cause gone", "原因已消除")
            return joined(Both("; ", "；"), [taken, gone]) if taken else Both("Cause gone", gone.chinese)
        case _:
            return taken or (Both("Nobody has taken it yet", "仍未有人處理") if alarm.escalated else "")


def outcome_of(past: PastVisit) -> tuple[str, str]:
    """What became of a past visit, and its level: what the vehicle did comes before what it was told."""
    if past.ran:
        return words.RAN[past.ran].text, "stop"
    if past.officer and past.ruling.value == "none" and past.outcome.value == "undecided":
        return Both("Cleared by hand", "人手清關"), "busy"
    return words.OUTCOMES[past.outcome].text, words.OUTCOME_LEVELS[past.outcome]
