"""Numbers of alarms and of the link as tables of the page `/numbers`, and as cells and lines of its file (pure)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from console.tongues import Both, Tongue, in_tongue
from domain.alarm_traits import Priority
from wall.figures import cell, percent, took
from wall.present import Plain
from wall.trouble_figures import AlarmTally, OutageTally, TroubleNumbers, TroubleTally
from wall.words import alarm_title

PRIORITIES: Final[dict[Priority, Both]] = {
    Priority.URGENT: Both("urgent", "緊急"),
    Priority.HIGH: Both("high", "高"),
    Priority.MEDIUM: Both("medium", "中"),
    Priority.LOW: Both("low", "低"),
}
TITLES: Final[dict[str, Both]] = {
    "days": Both("Alarms and link, by day", "警報及連線（按日）"),
    "shifts": Both("Alarms and link, by shift", "警報及連線（按更次）"),
    "lanes": Both("Alarms and link, by lane", "警報及連線（按通道）"),
    "hours": Both("Alarms and link, by hour of the day", "警報及連線（按小時）"),
}

ALARM_COLUMNS: Final[tuple[tuple[str, Callable[[AlarmTally], object]], ...]] = (
    ("alarms", lambda one: one.raised),
    ("alarms_urgent", lambda one: one.urgent),
    ("alarms_high", lambda one: one.high),
    ("alarms_medium", lambda one: one.medium),
    ("alarms_low", lambda one: one.low),
    ("alarms_taken", lambda one: one.taken),
    ("taken_p50_s", lambda one: cell(one.p50_s)),
    ("taken_p95_s", lambda one: cell(one.p95_s)),
    ("alarms_over_limit", lambda one: one.over_limit),
    ("share_over_limit", lambda one: cell(one.share_over)),
)
LINK_COLUMNS: Final[tuple[tuple[str, Callable[[OutageTally], object]], ...]] = (
    ("link_minutes", lambda one: cell(one.minutes)),
    ("link_times", lambda one: one.times),
    ("link_longest_s", lambda one: cell(one.longest_s)),
)
HEADINGS: Final = tuple(name for name, _ in (*ALARM_COLUMNS, *LINK_COLUMNS))
"""Of the file, behind those of vehicles."""


def trouble_cells(one: TroubleTally | None) -> list[object]:
    """The cells of one line of the file; empty where the core told nothing."""
    if one is None:
        return ["" for _ in HEADINGS]
    return [*(told(one.alarms) for _, told in ALARM_COLUMNS), *(told(one.link) for _, told in LINK_COLUMNS)]


def kind_lines(found: TroubleNumbers, blank: int) -> list[list[object]]:
    """The lines of the file that tell of each kind of alarm, after `blank` empty cells for vehicles."""
    return [
        [
            f"alarm, {one.priority.word}",
            in_tongue(alarm_title(one.kind, of_core=one.of_core), Tongue.ENGLISH),
            *([""] * blank),
            *(told(one.alarms) for _, told in ALARM_COLUMNS),
        ]
        for one in found.kinds
    ]


def troubles_view(found: TroubleNumbers, shown: dict[str, Callable[[str], str]], parts: Sequence[str]) -> Plain:
    """The tables of those parts, the kinds, and the cards above them."""
    total = found.total
    most = max((one.alarms.raised for one in found.kinds), default=1)
    cards = [
        (Both("Alarms", "警報"), str(total.alarms.raised)),
        (Both("Half taken within", "半數接手時間"), took(total.alarms.p50_s)),
        (Both("95 of 100 taken within", "九成五接手時間"), took(total.alarms.p95_s)),
        (Both("Over their limit", "逾時比率"), percent(total.alarms.share_over)),
        (Both("Minutes without link", "失去連線分鐘"), f"{total.link.minutes:.1f}"),
        (Both("Times without link", "失去連線次數"), str(total.link.times)),
        (Both("Longest without link", "最長失去連線"), took(total.link.longest_s)),
    ]
    tables = [
        {
            "name": part,
            "title": TITLES[part],
            "rows": [_row(shown.get(part, str)(name), tally) for name, tally in found.parts[part].items()],
        }
        for part in parts
    ]
    kinds = [
        {
            "name": alarm_title(one.kind, of_core=one.of_core),
            "priority": PRIORITIES[one.priority],
            "bar": round(100 * one.alarms.raised / most, 1),
            **_alarms(one.alarms),
        }
        for one in found.kinds
    ]
    return {"cards": cards, "tables": tables, "kinds": kinds}


def _row(name: str, tally: TroubleTally) -> Plain:
    return {
        "name": name,
        **_alarms(tally.alarms),
        "minutes": f"{tally.link.minutes:.1f}",
        "times": tally.link.times,
        "longest": took(tally.link.longest_s),
    }


def _alarms(one: AlarmTally) -> Plain:
    return {
        "raised": one.raised,
        "urgent": one.urgent,
        "high": one.high,
        "medium": one.medium,
        "low": one.low,
        "p50": took(one.p50_s),
        "p95": took(one.p95_s),
        "over": percent(one.share_over),
    }
