"""When a bundled vehicle may cross at the earliest, and why then. Policy is data.

Rules of this file: pure. The law wants 30 minutes between bundling and crossing; seeds 003 and 004 also let the system answer
"cross immediately" and do not say when, so each case in which it may is a clause that configuration switches on. Clauses are
asked in the order of `Because`; the first that applies gives the time. A control point that is closed then moves it to its
opening, last of all. The lane is told the time alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from domain import times

WAIT_MINUTES = 30
_MINUTES_A_DAY = 24 * 60


class Because(StrEnum):
    """The clause that gave the time."""

    NOTICE = "notice"
    """A notice in the Gazette lets everybody cross at once (breakdown of the system, seed 002)."""
    SCHEME = "scheme"
    """All of it travels under schemes whose cargo is known in advance."""
    LODGED_EARLY = "lodged_early"
    """All of it was lodged so long ago that it has been looked at."""
    SWAPPED = "swapped"
    """The same cargo had waited already with another vehicle."""
    WAIT = "wait"
    """The wait of the law."""
    OPENS = "opens"
    """The control point is closed until then."""


class OpeningHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a control point takes cargo, minutes of the day in Hong Kong; to 1440 is midnight. Twice the same: always."""

    opens: Annotated[int, Meta(ge=0, lt=_MINUTES_A_DAY)]
    closes: Annotated[int, Meta(gt=0, le=_MINUTES_A_DAY)]


class CrossingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What configuration decides.

    Attributes:
        wait_minutes: from bundling to crossing.
        at_once_schemes: schemes whose cargo need not wait; none: the clause is off.
        lodged_minutes: cargo lodged so many minutes before bundling need not wait; 0: the clause is off.
        swap_keeps: whether another vehicle takes over the wait of the one before.
        notice_until_ms: until then nobody need wait; 0: there is no notice.
        hours: of control points that close.
    """

    wait_minutes: int = WAIT_MINUTES
    at_once_schemes: frozenset[str] = frozenset()
    lodged_minutes: int = 0
    swap_keeps: bool = False
    notice_until_ms: int = 0
    hours: Mapping[str, OpeningHours] = {}


class BundledCargo(msgspec.Struct, frozen=True):
    """What the time depends on, of one consignment: when it was lodged, and its scheme."""

    lodged_ms: int
    scheme: str


class Earliest(msgspec.Struct, frozen=True):
    """A time (UTC ms), and the clause it comes from.

    Attributes:
        at_once: whether the vehicle may cross now.
    """

    at_ms: int
    because: Because
    at_once: bool


def earliest(
    policy: CrossingPolicy, cargo: Collection[BundledCargo], *, now_ms: int, point: str = "", waited_ms: int = 0
) -> Earliest:
    """When a vehicle bundled now may cross.

    Args:
        policy: configuration's.
        cargo: the consignments it carries.
        now_ms: when it is bundled, UTC ms.
        point: code of its control point; "" if it named none, and then no point's hours count.
        waited_ms: the earliest crossing that the same cargo had with the vehicle before; 0 where there was none.
    """
    wait_ms = now_ms + policy.wait_minutes * times.MINUTE_MS
    at_ms, because = _time(policy, cargo, now_ms=now_ms, wait_ms=wait_ms, waited_ms=waited_ms)
    hours = policy.hours.get(point)
    opens_ms = _next_open(hours, at_ms) if hours else at_ms
    if opens_ms > at_ms:
        at_ms, because = opens_ms, Because.OPENS
    return Earliest(at_ms, because, at_once=at_ms <= now_ms)


def _time(
    policy: CrossingPolicy, cargo: Collection[BundledCargo], *, now_ms: int, wait_ms: int, waited_ms: int
) -> tuple[int, Because]:
    if now_ms < policy.notice_until_ms:
        return now_ms, Because.NOTICE
    if cargo and all(one.scheme in policy.at_once_schemes for one in cargo):
        return now_ms, Because.SCHEME
    if policy.lodged_minutes and cargo and all(one.lodged_ms <= _before(policy, now_ms) for one in cargo):
        return now_ms, Because.LODGED_EARLY
    if policy.swap_keeps and waited_ms:
        return max(now_ms, min(waited_ms, wait_ms)), Because.SWAPPED
    return wait_ms, Because.WAIT


def _before(policy: CrossingPolicy, now_ms: int) -> int:
    return now_ms - policy.lodged_minutes * times.MINUTE_MS


def _next_open(hours: OpeningHours, at_ms: int) -> int:
    """The first moment from `at_ms` on at which the point is open; hours that pass midnight are two parts of a day."""
    day_ms = times.start_of(times.hong_kong(at_ms).date())
    opens, closes = (day_ms + minutes * times.MINUTE_MS for minutes in (hours.opens, hours.closes))
    if hours.opens < hours.closes:
        if at_ms < opens:
            return opens
        return at_ms if at_ms < closes else opens + times.DAY_MS
    return opens if closes <= at_ms < opens else at_ms


WORDS: Mapping[Because, tuple[str, str, str]] = {
    Because.NOTICE: (
        "nobody waits: a notice of the department is in force",
        "部門公告生效期間，無須等候",
        "部门公告生效期间，无须等候",
    ),
    Because.SCHEME: (
        "cargo of this scheme need not wait",
        "此便利計劃的貨物無須等候",
        "此便利计划的货物无须等候",
    ),
    Because.LODGED_EARLY: (
        "the cargo was lodged early enough",
        "貨物資料已及早提交",
        "货物资料已及早提交",
    ),
    Because.SWAPPED: (
        "the time waited with the vehicle before counts",
        "前一車輛的等候時間計算在內",
        "前一车辆的等候时间计算在内",
    ),
    Because.WAIT: (
        "a laden vehicle waits after bundling",
        "載貨車輛捆綁後須等候",
        "载货车辆捆绑后须等候",
    ),
    Because.OPENS: (
        "the control point is closed until then",
        "管制站於該時間才開放",
        "管制站于该时间才开放",
    ),
}
"""The reason in three languages, in the order of `refusals.FormLanguage`."""
