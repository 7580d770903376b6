"""The state line: what the lane is doing, why, and what the officer does next. Pure; from the view and the words.

Rules of this file: the first that applies is told.

1. Row 22, a vehicle that is leaving; and, while no other is in the lane, one that ran and that nobody has taken.
2. With a vehicle in the lane: what the driver has been shown (released, sent to the compound, taken back); a doubt; a fault;
   manual clearance; the row. What has been shown comes before what is still being decided.
3. Without one: closed; manual mode; a fault; the row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from console import words
from console.calls import fault_age, runs
from console.ports import LaneView, VisitView
from console.row_words import row
from console.tongues import Both, chinese_of
from lane_agent.model import Doubt, Fault, ManualReason, Outcome, Ruling


class Attention(Enum):
    """How much of an officer's attention the lane wants; the page gives each its own colour AND its own sign."""

    CALM = "calm"
    BUSY = "busy"
    DONE = "done"
    OFFICER = "officer"
    STOP = "stop"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Headline:
    """The state line.

    Attributes:
        level: how urgent.
        mode, mode_chinese: "Automatic", "Manual" or "Closed".
        says, chinese: the state.
        reasons: why, each a sentence.
        todo: what the officer does next, "" if nothing.
        key: changes with the state, and not when only a count of seconds in its text does; the page has a screen reader
            announce the line when this changes.
    """

    level: Attention
    mode: str
    mode_chinese: str
    says: str
    chinese: str
    reasons: tuple[str, ...]
    todo: str
    key: str


def headline(view: LaneView) -> Headline:
    """The state line of this view."""
    level, says, chinese, todo = _state(view)
    mode, mode_chinese = _mode(view)
    key = "/".join((mode, level.value, str(view.row), view.row_name, *_keys(view)))
    return Headline(level, mode, mode_chinese, says, chinese, _reasons(view), todo, key)


def _mode(view: LaneView) -> tuple[str, str]:
    by_hand = bool(view.manual) if view.visit is None else view.visit.manual
    if by_hand:
        return "Manual", "人手"
    return ("Automatic", "自動") if view.open or view.visit is not None else ("Closed", "關閉")


def _state(view: LaneView) -> tuple[Attention, str, str, str]:
    told = row(view.row, view.row_name)
    if view.row == 22:
        return _told(Attention.STOP if told.todo else Attention.DONE, told)
    if view.visit is not None:
        return _occupied(view, view.visit, told)
    return _empty(view, told)


def _empty(view: LaneView, told: words.Words) -> tuple[Attention, str, str, str]:
    if gone := runs(view):
        ran = gone[0]
        says = Both(f"{ran['says']}: {ran['vrn']}", f"{chinese_of(ran['says'])}：{chinese_of(ran['vrn'])}")
        return Attention.STOP, says, says.chinese, ran["todo"]
    if not view.open:
        return _told(Attention.OFF, row(1, ""))
    if view.manual:
        return _manual(view)
    if view.faults:
        says = _fault_words(view, view.faults[0][0])
        return Attention.OFFICER, says, says.chinese, words.FAULTS[view.faults[0][0]].next
    return _told(Attention.CALM if view.row == 2 else Attention.BUSY, told)


def _told(level: Attention, told: words.Words) -> tuple[Attention, str, str, str]:
    return level, told.says, told.chinese, told.next


def _manual(view: LaneView) -> tuple[Attention, str, str, str]:
    reason = view.manual[0]
    told = words.MANUAL[reason]
    why = manual_words(view, reason)
    return Attention.OFFICER, f"MANUAL: {why}", f"人手清關：{why.chinese}", told.next


def _occupied(view: LaneView, visit: VisitView, told: words.Words) -> tuple[Attention, str, str, str]:
    shown = _shown(visit)
    if shown is not None:
        return shown
    if visit.doubt is not None and not (visit.doubt is Doubt.FAULT and view.faults):
        why = words.DOUBTS[visit.doubt]
        return Attention.OFFICER, f"OFFICER NEEDED: {why.says}", f"需要關員：{why.chinese}", why.next
    if view.faults:
        fault = words.FAULTS[view.faults[0][0]]
        says = _fault_words(view, view.faults[0][0])
        return Attention.OFFICER, f"OFFICER NEEDED: {says}", f"需要關員：{chinese_of(says)}", fault.next
    if visit.manual and told.todo:
        if told.says == row(7, "").says:  # "Manual: Manual clearance" says it twice
            told = words.MANUAL_VISIT
        return Attention.OFFICER, f"MANUAL: {told.says}", f"人手清關：{told.chinese}", told.next
    return _told(Attention.OFFICER if told.todo else Attention.BUSY, told)


def _shown(visit: VisitView) -> tuple[Attention, str, str, str] | None:
    match visit.outcome:
        case Outcome.RELEASED:
            return Attention.DONE, "RELEASED: vehicle may drive off", "已放行", ""
        case Outcome.EXAMINE:
            return _told(Attention.STOP, row(9, ""))
        case Outcome.WITHDRAWN:
            taken_back = words.OUTCOMES[Outcome.WITHDRAWN]
            why = taken_back if visit.doubt is None else words.DOUBTS[visit.doubt]
            chinese = f"{taken_back.chinese}：{why.chinese}" if visit.doubt is not None else taken_back.chinese
            return Attention.STOP, f"RELEASE WITHDRAWN: {why.says}", chinese, taken_back.next
        case Outcome.UNDECIDED:
            return None


def manual_words(view: LaneView, reason: ManualReason) -> Both:
    """A reason for manual mode, with the seconds where they count."""
    told = words.MANUAL[reason].text
    if reason is not ManualReason.LINK:
        return told
    age = view.link.proof_age_ms
    if age is None:
        return Both(f"{told}; no answer since the start", f"{told.chinese}；啟動後未曾回應")
    return Both(f"{told}; no answer for {age // 1000} s", f"{told.chinese}；已 {age // 1000} 秒沒有回應")


def _fault_words(view: LaneView, fault: Fault) -> Both:
    """A fault, and for how long it has been one."""
    told, age = words.FAULTS[fault], fault_age(view, fault)
    return Both(f"{told.says}, for {age}", f"{told.chinese}，已 {chinese_of(age)}") if age else told.text


def _tells_fault(view: LaneView) -> bool:
    """Whether the state line itself tells the first fault."""
    return bool(view.faults) and str(_fault_words(view, view.faults[0][0])) in str(_state(view)[1])


def _reasons(view: LaneView) -> tuple[str, ...]:
    visit = view.visit
    waiting = visit is not None and not visit.manual
    mode = (
        Both("Manual mode follows after this visit", "此車次後轉人手模式")
        if waiting
        else Both("Manual mode", "人手模式")
    )
    shown = view.manual[1:] if visit is None else view.manual  # the state line itself tells the first
    whys = [manual_words(view, reason) for reason in shown]
    found = [Both(f"{mode}: {why}.", f"{mode.chinese}：{why.chinese}。") for why in whys]
    shown_faults = view.faults[1:] if _tells_fault(view) else view.faults
    found += [Both(f"{says}.", f"{says.chinese}。") for says in (_fault_words(view, one) for one, _ in shown_faults)]
    loops = [words.LOOPS[loop] for loop in view.bypassed if loop in words.LOOPS]
    found += [Both(f"Bypassed: {loop.says.lower()}.", f"已略過：{loop.chinese}。") for loop in loops]
    if visit is not None:
        if visit.doubt is not None and not (visit.doubt is Doubt.FAULT and view.faults):
            found.append(Both(f"{words.DOUBTS[visit.doubt].says}.", f"{words.DOUBTS[visit.doubt].chinese}。"))
        found += [words.HELD_UP] if visit.held_up else []
        found += _ruled(visit)
    return tuple(dict.fromkeys(found))


def _ruled(visit: VisitView) -> list[Both]:
    if visit.ruling is Ruling.NONE:
        return []
    told, by = words.RULINGS[visit.ruling], f", {visit.officer}" if visit.officer else ""
    return [Both(f"Officer's decision: {told.says}{by}.", f"關員決定：{told.chinese}{by}。")]


def _keys(view: LaneView) -> tuple[str, ...]:
    visit = view.visit
    doubt = visit.doubt.value if visit and visit.doubt else ""
    seen = () if visit is None else (str(visit.id), visit.outcome.value, doubt)
    ran = tuple(one["id"] for one in runs(view))
    return (*seen, *ran, *(reason.value for reason in view.manual), *(fault.value for fault, _ in view.faults))
