"""Numbers: the page `/numbers` and its CSV file, of one day of Hong Kong or several.

Rules of this file:
- Whoever looks is written down before the core is asked, as for everything of the past (`look_pages`).
- The core sends no mark and no name for it. Who was on shift is from the wall's own store: on the page, never in the file.
- A month of trucks is added up in a thread: neither the queue nor the tiles wait for it.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import Response

from console.errors import RequestRefusedError
from console.sessions import Session
from console.tongues import Both, Tongue, in_tongue
from domain.times import DAY_MS, hong_kong, hong_kong_text, start_of
from wall.desk import WallDesk
from wall.endpoints import Endpoint
from wall.errors import PastRefusedError
from wall.figures import DayNumbers, VisitTally, cell, day_numbers, in_part, percent, span_of, took
from wall.look_pages import or_refused, told_nothing
from wall.orders import CoreAwayError
from wall.past import MOST_COUNTED, PastDesk, TroublesCounted
from wall.people import May
from wall.present import Plain
from wall.shifts import names_between
from wall.trouble_figures import PARTS, TroubleNumbers, TroubleTally, trouble_numbers
from wall.trouble_pages import HEADINGS, kind_lines, trouble_cells, troubles_view

MOST_DAYS: Final = 31
"""Days of one page."""

_FIRST, _LAST = date(2020, 1, 1), date(2199, 12, 31)
"""Days that can be asked for: no lane is older, and there is always a day before and after."""

ON_SHIFT: Final = Both("on shift", "當值中")

COLUMNS: Final[tuple[tuple[str, Callable[[VisitTally], object]], ...]] = (
    ("vehicles", lambda one: one.vehicles),
    ("released", lambda one: one.released),
    ("released_without_a_person", lambda one: one.alone),
    ("share_without_a_person", lambda one: cell(one.share_alone)),
    ("to_compound", lambda one: one.examined),
    ("manual", lambda one: one.manual),
    ("plate_not_read", lambda one: one.unread),
    ("timed", lambda one: one.timed),
    ("p50_s", lambda one: cell(one.p50_s)),
    ("p90_s", lambda one: cell(one.p90_s)),
    ("share_within_goal", lambda one: cell(one.share_in_goal)),
    ("decision_p50_s", lambda one: cell(one.decided_p50_s)),
    ("decision_p90_s", lambda one: cell(one.decided_p90_s)),
    ("confidence_p10", lambda one: cell(one.confidence_p10)),
)
"""Of the CSV file, after part and name; English, for programs. What did not happen is empty."""


class NumberPage(Protocol):
    """Draws a template for whoever is logged in."""

    def __call__(
        self, template: str, request: Request, session: Session, *, status: int = 200, **values: object
    ) -> Response:
        """The page in the language of the request."""


class NumberRoutes:
    """The routes of numbers.

    Args:
        draw: a page with its bar (`look_pages.LookRoutes.draw`).
    """

    def __init__(self, desk: WallDesk, past: PastDesk, *, draw: NumberPage) -> None:
        self._desk, self._past, self._draw = desk, past, draw

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [
            Endpoint("/numbers", May.COUNT, self._numbers, page=True),
            Endpoint("/numbers.csv", May.COUNT, self._numbers_csv),
        ]

    async def _numbers(self, request: Request, session: Session) -> Response:
        first, last = self._days(request)
        goal_s = self._desk.settings.numbers.goal_s
        values: Plain = {"away": "", "problem": _too_long(first, last), "tables": {}, "causes": [], "cards": []}
        values |= {"worked": [], "troubles": None}
        try:
            if not values["problem"]:
                found, troubles = await self._counted(session, first, last)
                values |= _view(found, goal_s, first, last) | {"troubles": _troubles(troubles, first, last)}
                values |= self._who_worked(values["tables"], first, last)
        except CoreAwayError as error:
            values["away"] = str(error)
        except PastRefusedError as error:
            values["problem"] = told_nothing(error)
        many, one = last - first + timedelta(days=1), timedelta(days=1)
        values |= {"first": str(first), "last": str(last), "days": many.days, "goal": goal_s, "most": MOST_COUNTED}
        values |= {"before": _asking(first - many, first - one), "after": _asking(last + one, last + many)}
        return self._draw("numbers.html", request, session, now=hong_kong_text(self._desk.now_ms()), **values)

    async def _numbers_csv(self, request: Request, session: Session) -> Response:
        first, last = self._days(request)
        if problem := _too_long(first, last):
            raise RequestRefusedError(422, problem)
        found, troubles = await or_refused(self._counted(session, first, last))
        headers = {"Content-Disposition": f'attachment; filename="numbers-{span(first, last, "-to-")}.csv"'}
        file = "\ufeff" + as_csv(found, troubles, first, last)
        return Response(file, media_type="text/csv; charset=utf-8", headers=headers)

    def _who_worked(self, tables: Plain, first: date, last: date) -> Plain:
        """Who was on shift on these days; and with each shift of the table, whose it was."""
        now, desk = self._desk.now_ms(), self._desk
        worked = desk.shifts.worked(start_of(first), start_of(last) + DAY_MS)
        rows = [
            dict(row, who=", ".join(names_between(worked, *span_of(row["key"]), now)))
            for row in tables["shifts"]["rows"]
        ]
        shown = [
            (one.shown, hong_kong_text(one.began_ms), hong_kong_text(one.ended_ms) if one.ended_ms else ON_SHIFT)
            for one in worked
        ]
        return {"tables": tables | {"shifts": tables["shifts"] | {"rows": rows}}, "worked": shown}

    async def _counted(self, session: Session, first: date, last: date) -> tuple[DayNumbers, TroubleNumbers | None]:
        self._desk.look(session.officer, "numbers", "", span(first, last, "/"))
        numbers, queue, since, until = self._desk.settings.numbers, self._desk.settings.queue, *_between(first, last)
        visits = await self._past.figures(session.officer, since, until)
        told = await self._troubles(session.officer, since, until)
        lanes, shifts, days = tuple(self._desk.lanes), numbers.shifts, {"first": first, "last": last}
        found = await asyncio.to_thread(day_numbers, visits, lanes, shifts, numbers.goal_s, **days)
        if told is None:
            return found, None
        now = self._desk.now_ms()
        return found, await asyncio.to_thread(trouble_numbers, told, lanes, shifts, queue.limit_ms, **days, now_ms=now)

    async def _troubles(self, who: str, since_ms: int, until_ms: int) -> TroublesCounted | None:
        """Alarms and links; None of a core that is older than this question."""
        try:
            return await self._past.troubles(who, since_ms, until_ms)
        except PastRefusedError as error:
            if str(error).startswith("a wall cannot ask this"):
                return None
            raise

    def _days(self, request: Request) -> tuple[date, date]:
        """The first and last day that are asked for; today in Hong Kong if none is, and one day if there is no last."""
        first = _day(request, "day") or hong_kong(self._desk.now_ms()).date()
        return first, _day(request, "until") or first


def _between(first: date, last: date) -> tuple[int, int]:
    """From the beginning of the first day to the end of the last, UTC ms."""
    return start_of(first), start_of(last) + DAY_MS


def _asking(first: date, last: date) -> str:
    return f"day={first}&until={last}"


def _day(request: Request, name: str) -> date | None:
    try:
        day = date.fromisoformat(request.query_params.get(name, ""))
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None


def _too_long(first: date, last: date) -> str:
    if last < first:
        return Both("The last day is before the first.", "最後一日早於第一日。")
    if (last - first).days >= MOST_DAYS:
        return Both(f"{MOST_DAYS} days at once are the most.", f"一次最多 {MOST_DAYS} 日。")
    return ""


def _view(found: DayNumbers, goal_s: int, first: date, last: date) -> Plain:
    """The tables; a bar of each row is drawn against the longest of its table."""
    tables = {
        "days": _table(Both("By day", "按日"), found.days),
        "shifts": _table(Both("By shift", "按更次"), found.shifts, lambda name: _shift(name, first, last)),
        "lanes": _table(Both("By lane", "按通道"), found.lanes),
        "hours": _table(Both("By hour of the day", "按小時"), found.hours),
    }
    most = max((number for _, number in found.causes), default=1)
    total = found.total
    cards = [
        (Both("Vehicles", "車輛"), str(total.vehicles)),
        (Both("Released without a person", "無須人手放行"), percent(total.share_alone)),
        (Both("Half of the trucks within", "半數車輛所需時間"), took(total.p50_s)),
        (Both("Nine of ten within", "九成車輛所需時間"), took(total.p90_s)),
        (Both(f"Within {goal_s} s", f"{goal_s} 秒內"), percent(total.share_in_goal)),
        (Both("To the compound", "轉往驗貨場"), str(total.examined)),
        (Both("Manual", "人手清關"), str(total.manual)),
        (Both("Plate not read", "未能讀取車牌"), str(total.unread)),
    ]
    causes = [(cause, number, round(100 * number / most, 1)) for cause, number in found.causes]
    return {"tables": tables, "causes": causes, "cards": cards, "cut": total.vehicles >= MOST_COUNTED}


def _troubles(found: TroubleNumbers | None, first: date, last: date) -> Plain | None:
    """Alarms and the link; None where the core tells nothing of them."""
    if found is None:
        return None
    parts = [part for part in PARTS if part != "days" or last != first]
    return troubles_view(found, {"shifts": lambda name: _shift(name, first, last)}, parts)


def _table(title: Both, tallies: dict[str, VisitTally], shown: Callable[[str], str] = str) -> Plain:
    most = max((one.vehicles for one in tallies.values()), default=0) or 1
    rows = [
        {
            "key": name,
            "who": "",
            "name": shown(name),
            "vehicles": one.vehicles,
            "bar": round(100 * one.vehicles / most, 1),
            "alone_bar": round(100 * one.alone / most, 1),
            "alone": percent(one.share_alone),
            "p50": took(one.p50_s),
            "p90": took(one.p90_s),
            "goal": percent(one.share_in_goal),
            "decided": took(one.decided_p50_s),
            "examined": one.examined,
            "manual": one.manual,
        }
        for name, one in tallies.items()
    ]
    return {"title": title, "rows": rows}


def _shift(name: str, first: date, last: date) -> Both:
    """A shift of the page: with its day where there are several, and how far it is counted where it is there in part."""
    day, _, hours = name.partition(" ")
    shown = hours if first == last else f"{day[5:]} {hours}"
    if not in_part(name, first, last):
        return Both(shown, shown)
    if day < str(first):
        return Both(f"{shown}, from 00:00", f"{shown}（00:00 起）")
    return Both(f"{shown}, to 24:00", f"{shown}（至 24:00）")


def as_csv(found: DayNumbers, troubles: TroubleNumbers | None, first: date, last: date) -> str:
    """The days as CSV: one line for the whole, each day, shift, lane, hour of the day; then each cause, and each kind of alarm.

    Columns of alarms and the link are empty where the core tells nothing of them (`troubles` None).
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(["part", "name", *(name for name, _ in COLUMNS), *HEADINGS])

    def line(part: str, name: str, one: VisitTally, trouble: TroubleTally | None) -> None:
        writer.writerow([part, name, *(told(one) for _, told in COLUMNS), *trouble_cells(trouble)])

    line("all", span(first, last, "/"), found.total, troubles.total if troubles else None)
    parts = {"days": found.days, "shifts": found.shifts, "lanes": found.lanes, "hours": found.hours}
    for part, tallies in parts.items():
        beside = troubles.parts[part] if troubles else {}
        for name, one in tallies.items():
            cut = " (in part)" if part == "shifts" and in_part(name, first, last) else ""
            line(part.removesuffix("s"), f"{name}{cut}", one, beside.get(name))
    for cause, number in found.causes:
        writer.writerow(["not released without a person", in_tongue(cause, Tongue.ENGLISH), number])
    writer.writerows(kind_lines(troubles, len(COLUMNS)) if troubles else ())
    return file.getvalue()


def span(first: date, last: date, between: str) -> str:
    """One day, or the first and the last with something between."""
    return str(first) if first == last else f"{first}{between}{last}"
