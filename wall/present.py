"""Lanes and needs as the browser draws them: plain data, every word chosen here.

Rules of this file: the first line that applies is told (`state_line`), worst first, as on a lane's own page
(`console.headline`). What a lane did not tell is said to be untold; nothing is shown as well that is not known to be.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeVar

from console import words
from console.acts import ACTS, act_named, reason_shown
from console.headline import Attention
from console.row_words import row
from console.tongues import Both, joined
from console.words import Words
from domain.notices import DriverNotice
from lane_agent.model import Doubt, Fault, HelpCall, Link, ManualReason, Outcome, Screen
from lane_agent.wording import CARRIES_NOTICE, NOTICES, Scene
from wall.needs import AT_LANE, Need, NeedKind
from wall.point import Heard, LaneSeen, StateFacts
from wall.words import APPROVALS, HEARD, KINDS, title

Plain = dict[str, Any]
E = TypeVar("E", bound=Enum)

_LINK_LEVELS = {Link.FRESH: "calm", Link.STALE: "officer", Link.OFFLINE: "stop"}
_OUTCOMES = {
    Outcome.RELEASED: Attention.DONE,
    Outcome.WITHDRAWN: Attention.STOP,
    Outcome.EXAMINE: Attention.STOP,
}
_NOT_TOLD = Both("not told", "未有告知")


def tile(seen: LaneSeen, group: Both) -> Plain:
    """One lane."""
    state, heard = seen.state, seen.heard
    level, says = state_line(seen)
    mode = _mode(state) if seen.state_ms else Both("?", "?")
    link = one_of(Link, state.link)
    return {
        "lane": seen.lane,
        "group": group,
        "heard": heard.value,
        "level": level.value,
        "mode": mode,
        "says": says.text,
        "todo": says.next,
        "since_ms": state.row_ms if heard is Heard.ONLINE else seen.heard_ms,
        "visit": state.visit,
        "visit_key": seen.visit_key,
        "arrived_ms": state.arrived_ms,
        "vrn": state.vrn,
        "help": state.help,
        "open": state.open,
        "link": words.LINKS[link].text if link else _NOT_TOLD,
        "link_level": _LINK_LEVELS[link] if link else "off",
        "proof_ms": seen.box_ms - seen.box.proof_age_ms if seen.box.proof_age_ms is not None else 0,
        "waiting": seen.box.journal_waiting,
        "xdb": _screen(state, Screen.XDB),
        "aiop": _screen(state, Screen.AIOP),
        "parameter": state.parameter,
        "alarms": len(seen.alarms) + state.alarms_more,
        "approval": _approval(state),
        "notice": _notice(state),
        "software": seen.software,
    }


def _approval(state: StateFacts) -> Plain | None:
    """What was asked of a second officer of the vehicle that is here, and what became of it; None for nothing."""
    asked = state.approval
    if not asked.id or not (asked.waits or asked.visit == state.visit):
        return None
    who = f"{asked.officer} → {asked.second}" if asked.second else asked.officer
    became = APPROVALS.get(asked.deed, Both(asked.deed, asked.deed))
    act = _act(asked.act)
    return {
        "waits": asked.waits,
        "until_ms": asked.until_ms,
        "says": Both(f"{became} ({act}): {who}", f"{became.chinese}（{act.chinese}）：{who}"),
        "why": reason_shown(asked.why or asked.reason),
    }


def _notice(state: StateFacts) -> Plain | None:
    """What the panel says besides its message; `stands` while that message may carry it."""
    told = one_of(DriverNotice, state.notice.notice)
    if told is None:
        return None
    words_ = NOTICES[told]
    return {
        "name": told.value,
        "says": Both(words_.english, words_.traditional),
        "issuer": state.notice.issuer.partition("@")[0].partition(" ")[0],
        "until_ms": state.notice.until_ms,
        "stands": one_of(Scene, state.aiop) in CARRIES_NOTICE,
    }


def _act(name: str) -> Both:
    """What was asked for; of an act that this version does not know, its name."""
    return act_named(name) if name in {act.name for act in ACTS} else Both(name, name)


def state_line(seen: LaneSeen) -> tuple[Attention, Words]:
    """What the lane is doing, and how much of an officer's attention it wants."""
    state = seen.state
    if seen.heard is not Heard.ONLINE or not seen.state_ms:
        return Attention.OFF, HEARD[Heard.UNKNOWN if seen.heard is Heard.ONLINE else seen.heard]
    number = int(first) if (first := state.row.partition(" ")[0]).isdecimal() else 0
    if number == 22:
        return Attention.STOP, row(number, state.row)
    call = one_of(HelpCall, state.help)
    if call is HelpCall.RINGING:
        return Attention.OFFICER, words.HELP[call]
    return _with_vehicle(state, number) if state.visit else _without(state, number)


def _with_vehicle(state: StateFacts, number: int) -> tuple[Attention, Words]:
    outcome, doubt = one_of(Outcome, state.outcome), one_of(Doubt, state.doubt)
    if outcome in _OUTCOMES:
        return _OUTCOMES[outcome], words.OUTCOMES[outcome]
    if doubt is not None:
        return Attention.OFFICER, words.DOUBTS[doubt]
    by_hand = number in {7, 21}
    return (Attention.OFFICER if by_hand else Attention.BUSY), row(number, state.row)


def _without(state: StateFacts, number: int) -> tuple[Attention, Words]:
    if not state.open:
        return Attention.OFF, row(1, "")
    manual, faults = every(ManualReason, state.manual), every(Fault, state.faults)
    if faults:
        return Attention.OFFICER, words.FAULTS[faults[0]]
    if manual:
        why = words.MANUAL[manual[0]]
        return Attention.OFFICER, Words(f"Manual mode: {why.says}", f"人手模式：{why.chinese}", why.todo)
    return Attention.CALM, row(number, state.row)


def _mode(state: StateFacts) -> Both:
    if not state.open:
        return Both("Closed", "關閉")
    return Both("Manual", "人手") if state.manual else Both("Automatic", "自動")


def _screen(state: StateFacts, screen: Screen) -> Plain:
    """What the driver reads there; `ok` once the screen has said that it shows it."""
    scene = one_of(Scene, state.xdb if screen is Screen.XDB else state.aiop)
    if scene is None:
        return {"scene": "", "says": _NOT_TOLD, "ok": False}
    return {"scene": scene.value, "says": words.SCENES[scene].text, "ok": screen.value in state.painted}


def need_plain(need: Need, shown: dict[str, str]) -> Plain:
    """One need of the queue; `shown` has the names of officers as others see them."""
    says = title(need)
    name, at_lane, _ = need.taken_by.partition(AT_LANE)
    taken = shown.get(name, name)
    return {
        "key": need.key,
        "lane": need.lane,
        "kind": need.kind.word,
        "kind_shown": KINDS[need.kind],
        "says": says.text,
        "cause": _act(need.cause) if need.kind is NeedKind.SECOND else need.cause,
        "asked_by": need.asked_by,
        "until_ms": need.until_ms,
        "todo": says.next,
        "visit": need.visit,
        "vrn": need.vrn,
        "since_ms": need.since_ms,
        "priority": need.priority.word,
        "more": max(0, len(need.alarms) - 1),
        "taken_by": need.taken_by,
        "taken_shown": Both(f"{taken}, at the lane", f"{taken}（通道）") if at_lane else taken,
        "taken_ms": need.taken_ms,
        "escalated": bool(need.escalated_ms),
        "rank": list(need.rank),
    }


def one_of(kind: type[E], value: str) -> E | None:
    """The member of that value; None for one that this version does not know."""
    return next((member for member in kind if member.value == value), None)


def every(kind: type[E], values: tuple[str, ...]) -> list[E]:
    """The members of those values that this version knows."""
    return [member for value in values if (member := one_of(kind, value)) is not None]


def reasons(state: StateFacts) -> str:
    """Why the lane is in manual mode, in a row."""
    return joined(Both("; ", "；"), [words.MANUAL[one].text for one in every(ManualReason, state.manual)])
