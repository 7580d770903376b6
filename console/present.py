"""The view as the browser draws it: plain data, every word chosen here, so that the scripts have no knowledge of the lane."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from console import times, words
from console.acts import reason_shown
from console.approvals import approval
from console.calls import became, camera_fault, cards, lasted, marks_of, outcome_of, runs
from console.grounds import FACTS, basis, facts, stops_of, warnings, why_not
from console.headline import headline
from console.ports import (
    AlarmView,
    BundleView,
    LaneView,
    LinkView,
    MessageView,
    NoticeView,
    PastVisit,
    ScreenView,
    VisitView,
)
from console.row_words import row
from console.tongues import Both, chinese_of, joined
from domain.alarm_lifecycle import AlarmState
from domain.crossing import RELEASE
from lane_agent.matching import Standing, witness_disagrees
from lane_agent.model import Codes, HelpCall, Link, Outcome, ReadSource, Ruling, Screen
from lane_agent.wording import CARRIES_LISTENING, CARRIES_NOTICE, LISTENED_TO, NOTICES, WORDING, Scene

Plain = dict[str, Any]
"""JSON-able data; its keys are what `static/` reads."""

STUCK_MS = 3_000
"""An event waiting longer than this means that the agent does not answer; the page then counts as stale."""

_LINK_LEVELS = {Link.FRESH: "calm", Link.STALE: "officer", Link.OFFLINE: "stop"}


def present(view: LaneView) -> Plain:
    """Everything the page shows of the lane."""
    line = headline(view)
    return {
        "sequence": view.sequence,
        "stuck": view.inbox_wait_ms > STUCK_MS,
        "now": times.clock(view.at_ms),
        "date": times.day(view.at_ms),
        "simulated": view.simulated,
        "headline": {
            "level": line.level.value,
            "mode": line.mode,
            "mode_shown": Both(line.mode, line.mode_chinese),
            "says": Both(line.says, line.chinese),
            "reasons": list(line.reasons),
            "todo": line.todo,
            "key": line.key,
        },
        "help": _help(view),
        "visit": None if view.visit is None else _visit(view, view.visit),
        "screens": [_screen(screen, view.notice, view.listener) for screen in view.screens],
        "messages": [_message(one) for one in sorted(view.messages, key=lambda one: bool(one.seen_by))],
        "alarms": [_alarm(alarm) for alarm in view.alarms],
        "runs": runs(view),
        "cards": cards(view),
        "over": [_alarm(alarm, marks_of(view)) for alarm in view.alarms if alarm.state is AlarmState.CLOSED],
        "camera_fault": camera_fault(view),
        "link": _link(view.link),
        "technician": _technician(view),
        "reading": f"{view.read_ms[0]} ms, 99 % in {view.read_ms[1]} ms" if view.read_ms else "no picture yet",
        "past": [_past(past) for past in view.past],
        "why_not": why_not(view),
        "warnings": list(warnings(view)),
        "second": list(view.second),
        "approval": approval(view),
        "bypassed": [loop.value for loop in view.bypassed],
        "basis": basis(view),
        "start": view.start,
        "facts": [{"name": name, "title": FACTS[name], "says": says} for name, says in facts(view).items()],
    }


def _technician(view: LaneView) -> list[Plain]:
    """What the technician asks for on the telephone; nobody on duty needs it. In English, as in the box's log."""
    link = view.link
    rows = [
        ("Decision table", f"row {view.row}, {view.row_name}" if view.row else "no row yet"),
        *((f"Fault: {fault.value}", detail or "no detail") for fault, detail in view.faults),
        ("Manual mode", ", ".join(reason.value for reason in view.manual) or "no"),
        ("Proof of freshness", "none since start" if link.proof_age_ms is None else f"{link.proof_age_ms} ms ago"),
        ("Codes", f"{_versions(link)}, {'equal to the core’s' if link.verified else 'not verified'}"),
        ("Broker", (link.broker or "not connected") + (f" ({link.trouble})" if link.trouble else "")),
        ("Messages refused", ", ".join(f"{what}: {count}" for what, count in link.refused) or "none"),
        ("Reading", f"{view.read_ms[0]} ms, 99 % in {view.read_ms[1]} ms" if view.read_ms else "no picture yet"),
        *(("Alarm", f"{one.kind} {one.detail}") for one in view.alarms if one.state is not AlarmState.CLOSED),
    ]
    return [{"name": name, "says": says} for name, says in rows]


def _said(told: words.Words) -> Plain:
    return {"says": told.text, "todo": told.next}


def _help(view: LaneView) -> Plain:
    call = view.help
    ringing = call.state is not HelpCall.NONE
    return {
        **_said(words.HELP[call.state]),
        "state": call.state.value,
        "since": times.clock(call.since_ms) if ringing else "",
        "lasted": lasted(view.at_ms - call.since_ms) if ringing else "",
        "by": call.by,
    }


def _visit(view: LaneView, visit: VisitView) -> Plain:
    read = visit.read
    return {
        "id": visit.id,
        "arrived": times.clock(visit.arrived_ms),
        "lasted": lasted(view.at_ms - visit.arrived_ms),
        "vrn": read.vrn if read else "",
        "mainland": (read.mainland or "") if read else "",
        "read": _read(visit),
        "candidates": [
            *_near(visit),
            *({"vrn": seen, "note": Both("seen by reader", "系統所見"), "held": False} for seen in visit.candidates),
        ],
        "guess": read.vrn if read else next(iter(visit.candidates), ""),
        "identifiers": _identifiers(visit),
        "immigration": _said(words.IMMIGRATION[visit.immigration]),
        "unladen": Both("Declared", "已報空車") if visit.unladen else Both("Not pressed", "未按"),
        "manifest": _MANIFEST[visit.manifest],
        "outcome": _said(words.OUTCOMES[visit.outcome]),
        "decided": _decided(visit),
        "stops": list(stops_of(visit)),
        "system": row(view.row, view.row_name).text,
        "codes": None if visit.codes is None else _codes(visit.codes, visit.bundles),
        "evidence": list(visit.evidence),
    }


_MANIFEST = {
    None: Both("No sensor here", "此處沒有感應器"),
    True: Both("In the box", "已投入"),
    False: Both("Not yet", "未投入"),
}


def _read(visit: VisitView) -> str:
    if visit.read is None:
        return Both("not read", "未讀取")
    if visit.read.source is ReadSource.OFFICER:
        return Both("typed by an officer", "由關員輸入")
    share = math.floor(visit.read.confidence * 100)
    return Both(f"read, weakest character {share}%", f"已讀取，最弱字元 {share}%")


def _decided(visit: VisitView) -> str:
    shown = words.OUTCOMES[visit.outcome].text
    if visit.outcome is Outcome.UNDECIDED and visit.ruling is Ruling.NONE:
        return shown
    by = f", {visit.officer}" if visit.officer else ""
    ruling = words.RULINGS[visit.ruling]
    return Both(f"{shown}, {ruling.says}{by}", f"{shown.chinese}，{ruling.chinese}{by}")


def _near(visit: VisitView) -> list[Plain]:
    return [
        {
            "vrn": one.vrn,
            "note": Both("HELD on record", "紀錄中已截查") if one.held else Both("on record", "紀錄所有"),
            "held": one.held,
        }
        for one in visit.near
    ]


def _identifiers(visit: VisitView) -> str:
    """Who else named the vehicle, and whether that is the mark read; "" where nobody did and nobody must."""
    said = [*_recorded(visit), *(_identifier(visit, source, mark) for source, mark in visit.identifiers)]
    wanted = Both("Second identifier awaited", "等候第二識別") if visit.identifier_wanted else ""
    return joined(Both("; ", "；"), said) or wanted


def _recorded(visit: VisitView) -> list[Both]:
    """The Mainland plate on record where another was read: told to compare them, an officer must see both."""
    seen = visit.read.mainland if visit.read else None
    if visit.codes is None or not witness_disagrees(visit.codes, seen):
        return []
    plate = visit.codes.approved_mainland
    return [Both(f"■ Mainland plate on record: {plate}", f"■ 紀錄中的內地車牌：{plate}")]


def _identifier(visit: VisitView, source: str, mark: str) -> str:
    known = words.IDENTIFIERS.get(source)
    name = known.text if known else Both(source, source)
    if visit.read is None:
        return Both(f"{name} {mark}", f"{name.chinese} {mark}")
    if mark == visit.read.vrn:
        return Both(f"✓ {name} {mark} agrees", f"✓ {name.chinese} {mark} 相符")
    return Both(f"■ {name} {mark} DIFFERS", f"■ {name.chinese} {mark} 不符")


def _codes(codes: Codes, bundles: tuple[BundleView, ...]) -> Plain:
    listed = codes.bundles or codes.held
    fresh = Both("Nothing on record", "沒有紀錄")
    nothing = fresh if codes.link is Link.FRESH else Both("Unknown: records may be old", "未知：資料或已過時")
    return {
        "held": codes.held,
        "summary": (Both("HOLD on this vehicle", "此車輛已被截查") if codes.held else "") if listed else nothing,
        "approved": codes.approved,
        "mainland": codes.approved_mainland,
        "version": f"version {codes.version}, {words.LINKS[codes.link].says.lower()}",
        "bundles": [_bundle(bundle) for bundle in bundles],
    }


def _bundle(shown: BundleView) -> Plain:
    bundle = shown.bundle
    return {
        "ubr": bundle.ubr,
        "state": words.STANDINGS[shown.standing],
        "live": shown.standing is Standing.LIVE,
        "window": _window(bundle.earliest_ms, bundle.valid_until_ms),
        "point": bundle.point or Both("any point", "任何管制站"),
        "cargo": [{"ccrn": one.ccrn, "code": one.code, "stop": one.code != RELEASE} for one in bundle.cargo],
    }


def _screen(screen: ScreenView, notice: NoticeView | None = None, listener: str = "") -> Plain:
    below = _below(screen.told, notice, listener) if screen.screen is Screen.AIOP else Both("", "")
    told = screen.told if screen.painted is None else screen.painted
    none = screen.painted is None
    silent = Both("No answer from this screen", "此螢幕沒有回應") if none else Both("Not confirmed", "未確認")
    asked = _wording(screen.told, screen.parameter)
    note = Both(f"{silent}; told: {asked}", f"{silent.chinese}；指示：{chinese_of(asked)}")
    return {
        "screen": screen.screen.value,
        **_said(words.SCREENS[screen.screen]),
        "shows": _wording(told, screen.parameter),
        "confirmed": screen.confirmed,
        "note": joined(Both(" ", ""), [Both("Confirmed", "已確認") if screen.confirmed else note, below]),
        "version": f"{told.value}-{screen.parameter}-{screen.painted is None}-{screen.confirmed}-{below}",
    }


def _below(scene: Scene, notice: NoticeView | None, listener: str) -> Both:
    """The line below the panel's message: that somebody listens, or what was ordered, and by whom."""
    if listener and scene in CARRIES_LISTENING:
        return Both(f"Below it: {LISTENED_TO.english}.", f"另有訊息：{LISTENED_TO.traditional}。")
    if notice is None or scene not in CARRIES_NOTICE:
        return Both("", "")
    said, by = NOTICES[notice.notice], notice.issuer.partition("@")[0].partition(" ")[0]
    return Both(f"Below it, by {by}: {said.english}.", f"另有 {by} 訊息：{said.traditional}。")


def _wording(scene: Scene, parameter: str) -> str:
    wording, when = WORDING[scene], parameter or "--:--"
    return Both(wording.english.replace("{hhmm}", when), wording.traditional.replace("{hhmm}", when))


def _alarm(alarm: AlarmView, marks: Mapping[int, str] = MappingProxyType({})) -> Plain:
    return {
        **_said(words.alarm(alarm.kind)),
        "id": alarm.id,
        "at": times.clock(alarm.at_ms),
        "detail": alarm.detail,
        "visit": alarm.visit,
        "listed": alarm.visit in marks,
        "vrn": marks.get(alarm.visit, ""),
        "seen_by": alarm.seen_by,
        "count": alarm.count,
        "state": alarm.state.value,
        "priority": alarm.priority.word,
        "escalated": alarm.escalated,
        "open": alarm.state in {AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED},
        "closable": alarm.by_hand and alarm.state is AlarmState.ACKNOWLEDGED,
        "became": became(alarm),
    }


def _message(message: MessageView) -> Plain:
    return {
        "id": message.id,
        "at": times.clock(message.at_ms),
        "issuer": message.issuer,
        "text": message.text,
        "visit": message.visit,
        "seen_by": message.seen_by,
    }


def _link(link: LinkView) -> Plain:
    refused = sum(count for _, count in link.refused)
    return {
        "level": _LINK_LEVELS[link.verdict],
        **_said(words.LINKS[link.verdict]),
        "proof": "none since start" if link.proof_age_ms is None else f"{link.proof_age_ms / 1000:.0f} s ago",
        "codes": _versions(link),
        "verified": "equal to the core's" if link.verified else "not verified",
        "sound": link.verified,
        "waiting": f"{link.waiting} waiting" if link.waiting else "all delivered",
        "broker": (link.broker or "not connected") + (f" ({link.trouble})" if link.trouble else ""),
        "refused": f"{refused} refused" if refused else "none refused",
        "asked": Both("never since the start", "啟動後未曾") if link.proof_age_ms is None else _ago(link.proof_age_ms),
        "sent": Both(f"{link.waiting} waiting", f"{link.waiting} 項待送")
        if link.waiting
        else Both("all delivered", "全部已送達"),
        "denied": Both(f"{refused} refused", f"{refused} 項被拒") if refused else Both("none refused", "沒有被拒"),
        "refusals": ", ".join(f"{what}: {count}" for what, count in link.refused),
    }


def _ago(ms: int) -> Both:
    return Both(f"{ms / 1000:.0f} s ago", f"{ms / 1000:.0f} 秒前")


def _versions(link: LinkView) -> str:
    if link.head is None:
        return f"version {link.version}, core's unknown"
    behind = link.head - link.version
    return f"version {link.version}" if not behind else f"version {link.version}, {behind} behind the core"


def _past(past: PastVisit) -> Plain:
    outcome, level = outcome_of(past)
    return {
        "id": past.id,
        "at": times.clock(past.arrived_ms),
        "stamp": times.stamp(past.arrived_ms),
        "lasted": lasted(past.left_ms - past.arrived_ms),
        "vrn": past.vrn or Both("not read", "未讀取"),
        "mainland": past.mainland,
        "outcome": outcome,
        "level": level,
        "why": _why(past),
        "row": past.row,
        "by": _by(past),
        "reason": reason_shown(past.reason),
        "evidence": list(past.evidence),
    }


def _by(past: PastVisit) -> str:
    """Who decided: an officer by name, also where the visit was cleared by hand and nothing was shown; nobody, where nothing was."""
    if not past.officer and past.outcome is Outcome.UNDECIDED:
        return Both("nobody", "無人決定")
    if not past.officer:
        return words.RULINGS[Ruling.NONE].text
    how = words.RULINGS[past.ruling].text if past.ruling is not Ruling.NONE else Both("cleared by hand", "人手清關")
    return Both(f"{how}: {past.officer}", f"{how.chinese}：{past.officer}")


def _why(past: PastVisit) -> str:
    told = row(past.row, past.row_name).text
    doubt = [] if past.doubt is None else [words.DOUBTS[past.doubt].within]
    return joined(Both("; ", "；"), [told, *doubt])


def _window(earliest_ms: int, until_ms: int) -> Both:
    """From when until when, in both languages."""
    begins, ends = times.short(earliest_ms), times.short(until_ms)
    return Both(f"{begins} – {ends}", f"{begins.chinese} – {ends.chinese}")
