"""Alarms and outages of links of some days added up: how many, how long until somebody took them, how long a lane was not automatic (pure).

Rules of this file:
- An alarm counts in the hour, day and shift in which it was first raised, Hong Kong time. One that comes and goes is one (`docs/alarms.md`).
- It waits until somebody takes it, or until it is over, whichever is first; if neither, until now. Whoever takes it over later is who has
  it then: the core knows the last taking alone.
- Its limit is the wall's own for its priority (`[queue]`). A low one calls nobody, and is over no limit.
- An outage is from the row in which a lane found its link OFFLINE to the one in which its codes were proved again. Its minutes count where
  they fell; how often, and how long the longest was, where it began, within the days that are counted. One that lasts counts until now.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from domain.alarm_traits import Priority
from domain.alarms import care_of
from domain.times import DAY_MS, MINUTE_MS, hong_kong, start_of
from wall.figures import nearest_rank, shift_names, shift_of
from wall.past import AlarmCounted, OutageCounted, TroublesCounted

_HOUR_MS = 60 * MINUTE_MS
PARTS = ("days", "shifts", "lanes", "hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmTally:
    """Alarms added up; times in seconds, None where there is none.

    Attributes:
        raised: all of them; urgent, high, medium, low: of these.
        taken: by somebody, before they were over; p50_s, p95_s: how long these waited.
        calling: those that call somebody; over_limit: of these, waited longer than their limit, taken in the end or not.
    """

    raised: int
    urgent: int
    high: int
    medium: int
    low: int
    taken: int
    p50_s: float | None
    p95_s: float | None
    calling: int
    over_limit: int

    @property
    def share_over(self) -> float | None:
        """Over their limit, of those that call somebody, 0 to 1."""
        return self.over_limit / self.calling if self.calling else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageTally:
    """Outages added up: minutes in which lanes were not automatic because of the link, how often, and the longest in seconds."""

    minutes: float
    times: int
    longest_s: float | None


@dataclass(frozen=True, slots=True)
class TroubleTally:
    """Both, of one day, shift, lane or hour."""

    alarms: AlarmTally
    link: OutageTally


@dataclass(frozen=True, slots=True)
class KindTally:
    """Alarms of one kind; `of_core`: the core raised them, and not a lane."""

    kind: str
    of_core: bool
    priority: Priority
    alarms: AlarmTally


@dataclass(frozen=True, slots=True)
class TroubleNumbers:
    """Some days: all of it, and each part (`PARTS`) by its names; kinds of alarms, the most frequent first."""

    total: TroubleTally
    parts: dict[str, dict[str, TroubleTally]]
    kinds: list[KindTally]


def trouble_numbers(
    told: TroublesCounted,
    lanes: Sequence[str],
    shifts: Sequence[str],
    limit_ms: Callable[[Priority], int],
    *,
    first: date,
    last: date,
    now_ms: int,
) -> TroubleNumbers:
    """Adds them up; what has none is there all the same.

    Args:
        told: of the core, of these days.
        lanes: of the control point.
        shifts: when each begins, `HH:MM`.
        limit_ms: how long an alarm of a priority may wait.
        first: the first day, of Hong Kong.
        last: the last one.
        now_ms: UTC ms.
    """
    since, until = start_of(first), start_of(last) + DAY_MS
    days = [str(hong_kong(at).date()) for at in range(since, until, DAY_MS)]
    names = {"days": days, "shifts": shift_names(shifts, first, last), "lanes": [*lanes]}
    names["hours"] = [f"{hour:02}:00" for hour in range(24)]
    alarms: dict[tuple[str, str], list[AlarmCounted]] = {}
    for alarm in told.alarms:
        for place in _places(alarm.lane, alarm.at_ms, shifts):
            alarms.setdefault(place, []).append(alarm)
    outages = _Outages(shifts, since, until, now_ms)
    for outage in told.outages:
        outages.add(outage)

    def tallied(part: str, name: str) -> TroubleTally:
        found = told.alarms if not part else alarms.get((part, name), ())
        return TroubleTally(alarm_tally(found, limit_ms, now_ms), outages.tally(part, name))

    by_kind: dict[tuple[str, bool], list[AlarmCounted]] = {}
    for alarm in told.alarms:
        by_kind.setdefault((alarm.kind, alarm.of_core), []).append(alarm)
    kinds = [
        KindTally(kind, of_core, priority_of(those[0]), alarm_tally(those, limit_ms, now_ms))
        for (kind, of_core), those in by_kind.items()
    ]
    kinds.sort(key=lambda one: (-one.alarms.raised, one.priority.value, one.kind))
    parts = {part: {name: tallied(part, name) for name in names[part]} for part in PARTS}
    return TroubleNumbers(tallied("", ""), parts, kinds)


def priority_of(alarm: AlarmCounted) -> Priority:
    """How urgent its kind is."""
    return care_of(alarm.kind, of_core=alarm.of_core).priority


def alarm_tally(alarms: Iterable[AlarmCounted], limit_ms: Callable[[Priority], int], now_ms: int) -> AlarmTally:
    """Adds alarms up."""
    raised = dict.fromkeys(Priority, 0)
    waits: list[int] = []
    calling = over = 0
    for alarm in alarms:
        priority, waited = priority_of(alarm), _waited(alarm, now_ms)
        raised[priority] += 1
        if is_taken(alarm):
            waits.append(waited)
        if priority is not Priority.LOW:
            calling += 1
            over += waited > limit_ms(priority)
    waits.sort()
    return AlarmTally(
        raised=sum(raised.values()),
        urgent=raised[Priority.URGENT],
        high=raised[Priority.HIGH],
        medium=raised[Priority.MEDIUM],
        low=raised[Priority.LOW],
        taken=len(waits),
        p50_s=_seconds(waits, 50),
        p95_s=_seconds(waits, 95),
        calling=calling,
        over_limit=over,
    )


def is_taken(alarm: AlarmCounted) -> bool:
    """Whether somebody took it before it was over."""
    return bool(alarm.taken_ms) and not (alarm.over_ms and alarm.over_ms < alarm.taken_ms)


def _waited(alarm: AlarmCounted, now_ms: int) -> int:
    ends = [one for one in (alarm.taken_ms, alarm.over_ms) if one]
    return max(0, (min(ends) if ends else now_ms) - alarm.at_ms)


def _seconds(values: Sequence[int], percent: int) -> float | None:
    found = nearest_rank(values, percent)
    return None if found is None else found / 1_000


def _places(lane: str, at_ms: int, shifts: Sequence[str]) -> list[tuple[str, str]]:
    """Where a moment counts: part and name."""
    at = hong_kong(at_ms)
    day, hour = str(at.date()), f"{at.hour:02}:00"
    return [("days", day), ("shifts", shift_of(at, shifts)), ("lanes", lane), ("hours", hour)]


@dataclass(slots=True)
class _Sum:
    """Outages of one place, while they are added."""

    ms: int = 0
    times: int = 0
    longest_ms: int = 0

    def began(self, lasted_ms: int) -> None:
        self.times += 1
        self.longest_ms = max(self.longest_ms, lasted_ms)

    def tally(self) -> OutageTally:
        longest = self.longest_ms / 1_000 if self.times else None
        return OutageTally(minutes=self.ms / MINUTE_MS, times=self.times, longest_s=longest)


class _Outages:
    """Outages of some days, cut where hours and shifts begin."""

    def __init__(self, shifts: Sequence[str], since_ms: int, until_ms: int, now_ms: int) -> None:
        starts = {MINUTE_MS * (60 * int(text[:2]) + int(text[3:])) for text in shifts}
        starts |= {hour * _HOUR_MS for hour in range(24)}
        days = range(since_ms, until_ms, DAY_MS)
        self._borders = sorted({day + start for day in days for start in starts} | {until_ms})
        self._shifts, self._since_ms, self._until_ms = shifts, since_ms, until_ms
        self._now_ms = now_ms
        self._sums: dict[tuple[str, str], _Sum] = {}

    def add(self, outage: OutageCounted) -> None:
        """One more, as far as it is of these days."""
        began = max(outage.began_ms, self._since_ms)
        ended = min(outage.ended_ms or self._now_ms, self._until_ms)
        if ended <= began:
            return
        for one in self._of(outage.lane, began):
            one.began(ended - began)
        while began < ended:
            upto = min(ended, self._borders[bisect_right(self._borders, began)])
            for one in self._of(outage.lane, began):
                one.ms += upto - began
            began = upto

    def tally(self, part: str, name: str) -> OutageTally:
        """Of one place; of all for "" and ""."""
        return self._sums.get((part, name), _Sum()).tally()

    def _of(self, lane: str, at_ms: int) -> list[_Sum]:
        places = [("", ""), *_places(lane, at_ms, self._shifts)]
        return [self._sums.setdefault(place, _Sum()) for place in places]
