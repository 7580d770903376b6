"""The story of one visit as a page: what the core tells of it (`core.office.wall_requests.VisitStory`), in words (pure).

Rules of this file: every row of the journal is there, in order, with its time, and its entry word for word beside it. A row that
cannot be read is there too, and says so. No coded value is shown without its words, and none is left out for want of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from console import words
from console.times import lasted
from console.tongues import Both, joined
from domain.times import hong_kong, hong_kong_text
from domain.visit_record import VisitEnded
from lane_agent.model import Doubt, Outcome
from lane_agent.wording import Scene
from wall.present import Plain, one_of
from wall.replay import moments
from wall.story_values import ON, TIMES, value_words
from wall.story_words import EFFECTS, EVENTS, FACTS, QUIET, RECORDS, named
from wall.video_link import AROUND_MS

_COMMA = Both(", ", "，")
_COLON = Both(": ", "：")
_UNTOLD = frozenset(
    {"type", "visit", "serial", "look", "lookup", "claim", "edge_ms", "codes", "read", "evidence", "epoch"}
)
"""Fields of events that say nothing to an officer, or are told elsewhere on the page."""

_OF_THE_LIST = frozenset({"row", "epoch", "version", "state_hash", "link", "vrn", "near"})
"""Facts of records that stand on the page once, where it says what the list said."""

_NOT_ENDED = Both("Still in the lane, or its end was not recorded", "仍在通道內，或未有離開紀錄")


def story_view(told: Plain, shown: Callable[[str], str]) -> Plain:
    """Everything that the page shows; texts in both languages.

    Args:
        told: the core's answer.
        shown: the name by which people see a login.
    """
    crossing = told["crossing"]
    ended = VisitEnded.from_facts(crossing["base"])
    replayed = moments(map(_entry, told["rows"]))
    return {
        "key": told["key"],
        "lane": crossing["lane"],
        "vrn": crossing["vrn"],
        "marks": list(told["marks"]),
        "summary": _summary(crossing, ended, shown),
        "pictures": list(told["pictures"]),
        "missing": list(told["missing"]),
        "reads": list(_reads(told["rows"])),
        "lookup": _lookup(told["lookup"]),
        "cargo": list(told["cargo"]),
        "rows": [_row(row) | moment for row, moment in zip(told["rows"], replayed, strict=True)],
        "cut": told["cut"],
        "video": _span(crossing, ended),
        "alarms": [_alarm(alarm, shown) for alarm in told["alarms"]],
        "commands": [_command(command, shown) for command in told["commands"]],
        "base": [_fact(name, value) for name, value in sorted(crossing["base"].items())],
        "problems": list(told.get("problems", ())),
    }


def outcome_words(outcome: str, *, ended: bool = True) -> Both:
    """How a visit ended."""
    found = one_of(Outcome, outcome)
    if not ended:
        return _NOT_ENDED
    return words.OUTCOMES[found].text if found is not None else Both(outcome or "–", outcome or "–")


def doubt_words(doubt: str) -> Both:
    """Why the lane left a visit to an officer; "" where it did not."""
    found = one_of(Doubt, doubt)
    return words.DOUBTS[found].text if found is not None else Both(doubt, doubt)


def _span(crossing: Plain, ended: VisitEnded) -> tuple[int, int]:
    """From when to when the site's video shows it, UTC ms: the whole visit, and some seconds around it."""
    began = ended.arrived_ms or crossing["first_ms"]
    return max(0, began - AROUND_MS), max(ended.left_ms or 0, crossing["last_ms"], began) + AROUND_MS


def _summary(crossing: Plain, ended: VisitEnded, shown: Callable[[str], str]) -> list[tuple[Both, str]]:
    lines: list[tuple[Both, str]] = [(Both("Arrived", "到達"), hong_kong_text(crossing["first_ms"]))]
    if ended.left_ms:
        took = lasted(ended.left_ms - (ended.arrived_ms or crossing["first_ms"]))
        lines.append((Both("Left", "離開"), f"{hong_kong_text(ended.left_ms)} ({took})"))
    lines.append((Both("Outcome", "結果"), outcome_words(ended.outcome, ended=bool(crossing["base"]))))
    if ended.doubt:
        lines.append((Both("Left to an officer because", "交關員處理原因"), doubt_words(ended.doubt)))
    if ended.officer:
        lines.append((Both("Officer", "關員"), shown(ended.officer)))
    if ended.reason:
        lines.append((Both("Reason", "理由"), ended.reason))
    if ended.mode:
        lines.append((Both("Mode", "模式"), value_words("mode", ended.mode)))
    if crossing["ubrs"]:
        lines.append((Both("Bundles used", "已使用捆綁"), ", ".join(crossing["ubrs"])))
    return lines


def _reads(rows: Iterable[Plain]) -> Iterable[Plain]:
    """What was read of the plate, by whom and how surely."""
    for row in rows:
        entry = _entry(row)
        event = entry.get("event") or {}
        kind = event.get("type", "")
        if kind not in {
            "PlateSettled",
            "PlateUnread",
            "PlateDoubted",
            "PlateSeenAgain",
            "OfficerCorrected",
            "IdentifierRead",
        }:
            continue
        read = event.get("read") or {}
        confidence = read.get("confidence")
        yield {
            "time": _clock(entry),
            "what": named(EVENTS, kind),
            "mark": read.get("vrn") or event.get("vrn", ""),
            "mainland": read.get("mainland") or "",
            "sure": f"{100 * confidence:.1f} %" if isinstance(confidence, int | float) else "",
            "may_be": ", ".join(event.get("candidates", ())),
            "pictures": len(read.get("evidence") or event.get("evidence") or ()),
        }


def _lookup(lookup: Plain) -> Plain:
    if not lookup:
        return {}
    bundles = [
        {
            "ubr": one["ubr"],
            "used_by": one["used_by"],
            "withdrawn": one["withdrawn"],
            "codes": [f"{line['ccrn']} {line['code']} {line['scheme']}".strip() for line in one["cargo"]],
            "earliest": hong_kong_text(one["earliest_ms"]) if isinstance(one["earliest_ms"], int) else "",
        }
        for one in lookup["bundles"]
    ]
    said: list[Both] = [Both("on hold", "截查中")] if lookup["held"] else []
    said += [Both("approved vehicle", "獲批准車輛")] if lookup["approved"] else []
    said += [Both("no bundle", "沒有捆綁紀錄")] if not bundles else []
    return {
        "time": hong_kong_text(lookup["at_ms"]),
        "seq": lookup["seq"],
        "quality": value_words("quality", lookup["quality"]),
        "link": value_words("link", lookup["link"]),
        "version": lookup["version"],
        "epoch": lookup["epoch"],
        "hash": lookup["state_hash"],
        "said": joined(_COMMA, said),
        "near": ", ".join(one["vrn"] for one in lookup["near"]),
        "bundles": bundles,
    }


def _row(row: Plain) -> Plain:
    entry = _entry(row)
    event, effects = entry.get("event") or {}, entry.get("effects") or []
    lines = list(dict.fromkeys(line for effect in effects if (line := _effect(effect)) is not None))
    return {
        "seq": row["seq"],
        "time": _clock(entry),
        "event": _event(event) if event else Both("This row cannot be read", "無法讀取此項"),
        "lines": lines,
        "hash": row["hash"],
        "body": row["body"],
    }


def _entry(row: Plain) -> dict[str, Any]:
    try:
        entry = msgspec.json.decode(row["body"])
    except (msgspec.DecodeError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _clock(entry: Plain) -> str:
    """`15:04:05.120`, Hong Kong time."""
    at = (entry.get("at") or {}).get("utc_ms")
    return f"{hong_kong(at):%H:%M:%S}.{at % 1000:03}" if isinstance(at, int) and 0 < at < 1 << 47 else ""


def _event(event: Plain) -> str:
    if event.get("type") == "ScenePainted":
        screen, scene = value_words("screen", str(event.get("screen", ""))), _scene(str(event.get("scene", "")))
        return Both(f"{screen} shows: {scene}", f"{screen.chinese}顯示：{scene.chinese}")
    if event.get("type") == "PlateUnread":  # the reader's reason is no officer's
        event = {"why" if name == "reason" else name: value for name, value in event.items()}
    facts = [_fact(name, value) for name, value in event.items() if name not in _UNTOLD and value not in ("", None, [])]
    head = named(EVENTS, str(event.get("type", "")))
    if event.get("type") == "ContactChanged":
        contact, on = value_words("contact", str(event.get("contact", ""))), ON[bool(event.get("active"))]
        facts = [Both(f"{contact} {on}", f"{contact.chinese} {on.chinese}")]
    if event.get("type") == "AudioChanged":
        facts = [ON[bool(event.get("flowing"))]]
    if event.get("type") == "PlateSettled":
        facts = [_fact("vrn", (event.get("read") or {}).get("vrn", ""))]
    return joined(_COLON, [head, joined(_COMMA, facts)]) if facts else head


def _effect(effect: Plain) -> str | None:
    kind = str(effect.get("type", ""))
    if kind in QUIET:
        return None
    if kind == "Record":
        told = [pair for pair in effect.get("facts", ()) if pair[0] not in _OF_THE_LIST]
        if effect.get("kind") == "VisitEnded":
            told = [pair for pair in told if pair[0] in {"how", "outcome"}]
        told.sort(key=lambda pair: pair[0] != "name")
        facts = [_fact(name, value) for name, value in told]
        head = named(RECORDS, str(effect.get("kind", "")))
        return joined(_COLON, [head, joined(_COMMA, facts)]) if facts else head
    if kind == "Show":
        board, panel = (_scene(effect.get(name, "")) for name in ("xdb", "aiop"))
        return Both(f"board: {board}; panel: {panel}", f"指示板：{board.chinese}；控制板：{panel.chinese}")
    if kind in {"Alarm", "AlarmEnded"}:
        what = words.alarm(str(effect.get("kind", ""))).text
        ended = kind == "AlarmEnded"
        return Both(
            f"alarm {'over' if ended else ''}: {what}".replace(" :", ":"),
            f"警報{'解除' if ended else ''}：{what.chinese}",
        )
    facts = [
        _fact(name, value) for name, value in effect.items() if name not in _UNTOLD and value not in ("", None, [])
    ]
    head = named(EFFECTS, kind)
    return joined(_COLON, [head, joined(_COMMA, facts)]) if facts else head


def _scene(name: str) -> Both:
    scene = one_of(Scene, name)
    return words.SCENES[scene].text if scene is not None else Both(name, name)


def _fact(name: str, value: object) -> Both:
    label = named(FACTS, name)
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    if isinstance(value, bool):
        value = "yes" if value else "no"
    text = str(value)
    if name in TIMES and text.isdecimal() and len(text) < 16:
        said = Both(hong_kong_text(int(text)), hong_kong_text(int(text)))
    else:
        said = value_words(name, text)
    return Both(f"{label} {said}".strip(), f"{label.chinese} {said.chinese}".strip())


def _alarm(alarm: Plain, shown: Callable[[str], str]) -> Plain:
    by = alarm.get("taken_by") or ""
    return {
        "time": hong_kong_text(alarm["at_ms"]),
        "what": words.alarm(alarm["kind"]).text,
        "detail": alarm["detail"],
        "by": shown(by) if by else "",
    }


def _command(command: Plain, shown: Callable[[str], str]) -> Plain:
    return {
        "time": hong_kong_text(command["issued_ms"]),
        "name": command["name"],
        "by": shown(command["issuer"]),
        "text": command["text"],
        "outcome": command["outcome"] or "?",
        "detail": command["detail"],
    }
