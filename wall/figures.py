"""What the visits of some days add up to: how many, how long, how many without a person, why not; by day, shift, lane, hour (pure).

Rules of this file:
- A visit counts in the hour, day and shift in which it began, Hong Kong time. One that has not ended is not counted.
- A shift is of the day on which it begins. One that begins before the days that are counted, or ends after them, is there in part
  and says so: a night has two days.
- The time of a truck is from arrival to departure: both departments' together (seed 001: 20 s).
- *Without a person* means released by the system, with no officer who decided anything or typed the mark. Whatever else it was
  has one cause, the first that applies (`cause_of`), so that causes add up.
- A percentile is the nearest rank: a time that a truck really took. Of no truck there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from console import words
from console.tongues import Both
from domain.times import MINUTE_MS, hong_kong, start_of
from lane_agent.model import Doubt, Outcome
from wall.past import VisitCounted
from wall.present import one_of

_RELEASED, _EXAMINE = Outcome.RELEASED.value, Outcome.EXAMINE.value

INSPECTED = Both("Inspection, by the codes", "按行動代碼查驗")
BY_HAND = Both("Manual mode", "人手模式")
UNREAD = Both("Plate not read", "未能讀取車牌")
DECIDED = Both("An officer decided", "由關員決定")
OTHER = Both("Left without a decision", "未有決定而離開")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitTally:
    """Visits added up; times in seconds, None where there is none.

    Attributes:
        released: screen 3 was shown and stood; alone: of these, without a person.
        examined: sent to the compound.
        p50_s, p90_s: from arrival to departure; in_goal: how many took no longer than the goal, of the `timed` ones.
        decided_p50_s, decided_p90_s: from arrival to the decision.
    """

    vehicles: int
    released: int
    alone: int
    examined: int
    manual: int
    unread: int
    timed: int
    in_goal: int
    p50_s: float | None
    p90_s: float | None
    decided_p50_s: float | None
    decided_p90_s: float | None
    confidence_p10: float | None

    @property
    def share_alone(self) -> float | None:
        """Released without a person, of all vehicles, 0 to 1."""
        return self.alone / self.vehicles if self.vehicles else None

    @property
    def share_in_goal(self) -> float | None:
        """Within the goal, of those whose departure was seen, 0 to 1."""
        return self.in_goal / self.timed if self.timed else None


@dataclass(frozen=True, slots=True)
class DayNumbers:
    """Some days: all of it, then each day, shift, lane and hour of the day by its name; causes, the most frequent first."""

    total: VisitTally
    days: dict[str, VisitTally]
    shifts: dict[str, VisitTally]
    lanes: dict[str, VisitTally]
    hours: dict[str, VisitTally]
    causes: list[tuple[Both, int]]


def day_numbers(
    visits: Sequence[VisitCounted], lanes: Iterable[str], shifts: Sequence[str], goal_s: int, *, first: date, last: date
) -> DayNumbers:
    """Adds the days up; a day, shift, lane or hour without a vehicle is there all the same.

    Args:
        visits: those that began on these days.
        lanes: of the control point.
        shifts: when each begins, `HH:MM`.
        goal_s: seconds that a truck should take.
        first: the first day, of Hong Kong.
        last: the last one.
    """
    by_day: dict[str, list[VisitCounted]] = {str(day): [] for day in _days(first, last)}
    by_shift: dict[str, list[VisitCounted]] = {name: [] for name in shift_names(shifts, first, last)}
    by_lane: dict[str, list[VisitCounted]] = {lane: [] for lane in lanes}
    by_hour: dict[str, list[VisitCounted]] = {f"{hour:02}:00": [] for hour in range(24)}
    causes: Counter[Both] = Counter()
    minutes: dict[int, tuple[str, str, str]] = {}
    for visit in visits:
        minute = visit.arrived_ms // MINUTE_MS
        if minute not in minutes:
            at = hong_kong(visit.arrived_ms)
            minutes[minute] = str(at.date()), shift_of(at, shifts), f"{at.hour:02}:00"
        day, shift, hour = minutes[minute]
        by_day.setdefault(day, []).append(visit)
        by_shift.setdefault(shift, []).append(visit)
        by_lane.setdefault(visit.lane, []).append(visit)
        by_hour[hour].append(visit)
        if not alone(visit):
            causes[cause_of(visit)] += 1

    def each(grouped: dict[str, list[VisitCounted]]) -> dict[str, VisitTally]:
        return {name: tally(those, goal_s) for name, those in grouped.items()}

    return DayNumbers(
        tally(visits, goal_s), each(by_day), each(by_shift), each(by_lane), each(by_hour), causes.most_common()
    )


def tally(visits: Sequence[VisitCounted], goal_s: int) -> VisitTally:
    """Adds visits up."""
    took = sorted(one.left_ms - one.arrived_ms for one in visits if one.left_ms >= one.arrived_ms > 0)
    decided = sorted(one.decided_ms - one.arrived_ms for one in visits if one.decided_ms >= one.arrived_ms > 0)
    sure = sorted(one.confidence for one in visits if one.confidence >= 0)
    return VisitTally(
        vehicles=len(visits),
        released=sum(one.outcome == _RELEASED for one in visits),
        alone=sum(map(alone, visits)),
        examined=sum(one.outcome == _EXAMINE for one in visits),
        manual=sum(one.manual for one in visits),
        unread=sum(bool(one.unread) for one in visits),
        timed=len(took),
        in_goal=sum(ms <= 1_000 * goal_s for ms in took),
        p50_s=_seconds(took, 50),
        p90_s=_seconds(took, 90),
        decided_p50_s=_seconds(decided, 50),
        decided_p90_s=_seconds(decided, 90),
        confidence_p10=nearest_rank(sure, 10),
    )


def alone(visit: VisitCounted) -> bool:
    """Whether it was released without a person."""
    return visit.outcome == _RELEASED and not visit.person and not visit.manual


def cause_of(visit: VisitCounted) -> Both:
    """Why a visit was not released without a person: the first that applies."""
    doubt = one_of(Doubt, visit.doubt)
    if doubt is not None:
        return words.DOUBTS[doubt].text
    if visit.doubt:
        return Both(visit.doubt, visit.doubt)
    if visit.outcome == _EXAMINE and not visit.person:
        return INSPECTED
    if visit.manual:
        return BY_HAND
    if visit.unread:
        return UNREAD
    return DECIDED if visit.person else OTHER


def nearest_rank(values: Sequence[float], percent: int) -> float | None:
    """The nearest-rank percentile of sorted values; None of none."""
    return values[max(0, -(-len(values) * percent // 100) - 1)] if values else None


def _seconds(values: Sequence[int], percent: int) -> float | None:
    found = nearest_rank(values, percent)
    return None if found is None else found / 1_000


def shift_names(shifts: Sequence[str], first: date, last: date) -> list[str]:
    """Each shift of these days as `2026-11-22 07:00–15:00`, in order; the first may have begun the day before."""
    starts, before = sorted(shifts), first - timedelta(days=1)
    names = [_named(day, place, starts) for day in _days(first, last) for place in range(len(starts))]
    return names if starts[0] == "00:00" else [_named(before, len(starts) - 1, starts), *names]


def shift_of(at: datetime, shifts: Sequence[str]) -> str:
    """The shift to which a moment of Hong Kong belongs; before the first of the day it is the last one's of the day before."""
    starts, time = sorted(shifts), f"{at:%H:%M}"
    begun = [place for place, start in enumerate(starts) if start <= time]
    return _named(at.date(), begun[-1], starts) if begun else _named(at.date() - timedelta(days=1), -1, starts)


def in_part(shift: str, first: date, last: date) -> bool:
    """Whether the shift of that name reaches beyond these days."""
    day, _, hours = shift.partition(" ")
    begins, _, ends = hours.partition("–")
    return day < str(first) or (day == str(last) and "00:00" < ends <= begins)


def span_of(shift: str) -> tuple[int, int]:
    """When the shift of that name begins and ends, UTC ms."""
    day, _, hours = shift.partition(" ")
    begins, ends = (60 * int(text[:2]) + int(text[3:]) for text in hours.split("–"))
    start = start_of(date.fromisoformat(day))
    return start + begins * MINUTE_MS, start + (ends if ends > begins else ends + 24 * 60) * MINUTE_MS


def _named(day: date, place: int, starts: Sequence[str]) -> str:
    return f"{day} {starts[place]}–{starts[(place + 1) % len(starts)]}"


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def percent(share: float | None) -> str:
    """A share of 0 to 1, for people."""
    return "–" if share is None else f"{100 * share:.1f} %"


def took(seconds: float | None) -> str:
    """Seconds, for people."""
    return "–" if seconds is None else f"{seconds:.1f} s"


def cell(value: float | None) -> str:
    """A figure, for programs; "" for none."""
    return "" if value is None else f"{value:.4g}"
