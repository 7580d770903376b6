"""`rocars-lane shadow-report`: where a shadow lane and the officers differ, vehicle by vehicle.

Their decisions come as a table (CSV, UTF-8): `time,vrn,decision`. The time is Hong Kong's, such as `2026-12-01 14:05`, or has its
own offset; the decision is `released`, `examined`, or whatever else was done. A row belongs to the visit of that mark whose
stay it falls into, give or take `SLACK_MS`; failing that, to the visit of any mark then, which was read otherwise.

What counts is told first: vehicles that the shadow would have let go and the officers did not.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from rich.console import Console
from rich.table import Table

from console import times
from console.ports import PastVisit
from domain.marks import normalise
from domain.times import HONG_KONG
from lane_agent.model import Outcome, Ruling

SLACK_MS = 5 * 60_000
"""Between a visit and the time that people wrote down for it."""
_COLUMNS = {"time", "vrn", "decision"}


class Verdict(Enum):
    """What comes of holding one against the other; the worst first."""

    WRONGLY_RELEASED = "the shadow would have released it, the officers did not"
    READ_OTHERWISE = "the shadow read another mark"
    WRONGLY_EXAMINED = "the shadow would have sent it to examination, the officers released it"
    UNSEEN = "the shadow saw no vehicle then"
    EXTRA = "the officers have no such vehicle"
    TO_OFFICER = "the shadow would have left it to an officer"
    AGREED = "both did the same"


@dataclass(frozen=True, slots=True)
class OfficersDecision:
    """A row of their table."""

    at_ms: int
    vrn: str
    decision: str


@dataclass(frozen=True, slots=True)
class ShadowComparison:
    """One vehicle; either side may be missing."""

    verdict: Verdict
    visit: PastVisit | None
    officers: OfficersDecision | None


def read_decisions(file: Path) -> list[OfficersDecision]:
    """Their table.

    Raises:
        ValueError: a line is none; the text says which, and what belongs there.
        OSError: it cannot be read.
    """
    with file.open(encoding="utf-8-sig", newline="") as text:
        table = csv.DictReader(text)
        if not set(table.fieldnames or ()) >= _COLUMNS:
            raise ValueError(f"{file}: its first line must be time,vrn,decision")
        return [_decision(file, table.line_num, row) for row in table]


def _decision(file: Path, line: int, row: Mapping[str, str | None]) -> OfficersDecision:
    words = {name: (row.get(name) or "").strip() for name in _COLUMNS}
    try:
        at = datetime.fromisoformat(words["time"])
    except ValueError:
        raise ValueError(f"{file}, line {line}: {words['time']!r} is no time, such as 2026-12-01 14:05") from None
    at = at if at.tzinfo else at.replace(tzinfo=HONG_KONG)
    if not words["vrn"] or not words["decision"]:
        raise ValueError(f"{file}, line {line}: give a mark and what was decided")
    return OfficersDecision(round(at.timestamp() * 1_000), normalise(words["vrn"]), words["decision"].lower())


def compared(visits: Iterable[PastVisit], officers: Iterable[OfficersDecision]) -> list[ShadowComparison]:
    """Each vehicle once, the worst first; visits of before the officers' first row and after their last are left out."""
    theirs = sorted(officers, key=lambda each: each.at_ms)
    if not theirs:
        return []
    first, last = theirs[0].at_ms - SLACK_MS, theirs[-1].at_ms + SLACK_MS
    left = [visit for visit in visits if visit.left_ms >= first and visit.arrived_ms <= last]
    found: list[ShadowComparison] = []
    unmatched: list[OfficersDecision] = []
    for decision in theirs:
        visit = _nearest(decision, [each for each in left if normalise(each.vrn) == decision.vrn])
        if visit is None:
            unmatched.append(decision)
            continue
        left.remove(visit)
        found.append(ShadowComparison(_verdict(visit, decision), visit, decision))
    for decision in unmatched:
        visit = _nearest(decision, left)
        if visit is not None:
            left.remove(visit)
        found.append(ShadowComparison(_unlike(visit), visit, decision))
    found += [ShadowComparison(Verdict.EXTRA, visit, None) for visit in left]
    order = list(Verdict)
    return sorted(found, key=lambda each: order.index(each.verdict))


def _nearest(decision: OfficersDecision, visits: list[PastVisit]) -> PastVisit | None:
    def away(visit: PastVisit) -> int:
        return max(0, visit.arrived_ms - decision.at_ms, decision.at_ms - visit.left_ms)

    nearest = min(visits, key=away, default=None)
    return nearest if nearest is not None and away(nearest) <= SLACK_MS else None


def _unlike(visit: PastVisit | None) -> Verdict:
    """Of a vehicle that the shadow did not know by its mark."""
    if visit is None:
        return Verdict.UNSEEN
    return Verdict.READ_OTHERWISE if visit.vrn else Verdict.TO_OFFICER


def _verdict(visit: PastVisit, decision: OfficersDecision) -> Verdict:
    if visit.ruling is not Ruling.NONE:  # somebody worked the shadow's page: it decided nothing by itself
        return Verdict.TO_OFFICER
    match visit.outcome:
        case Outcome.RELEASED | Outcome.WITHDRAWN:
            return Verdict.AGREED if decision.decision == "released" else Verdict.WRONGLY_RELEASED
        case Outcome.EXAMINE:
            return Verdict.WRONGLY_EXAMINED if decision.decision == "released" else Verdict.AGREED
        case _:
            return Verdict.TO_OFFICER


def plain(found: list[ShadowComparison]) -> dict[str, object]:
    """For programs: how many of each, and every vehicle on which the two differ."""
    counts = Counter(each.verdict for each in found)
    return {
        "vehicles": len(found),
        "counts": {verdict.name.lower(): counts[verdict] for verdict in Verdict},
        "differences": [_row(each) for each in found if each.verdict is not Verdict.AGREED],
    }


def _row(one: ShadowComparison) -> dict[str, object]:
    visit, officers = one.visit, one.officers
    return {
        "verdict": one.verdict.name.lower(),
        "time": times.stamp(officers.at_ms if officers else visit.arrived_ms if visit else 0),
        "officers": f"{officers.vrn} {officers.decision}" if officers else "",
        "visit": visit.id if visit else 0,
        "shadow": f"{visit.vrn or 'not read'} {visit.outcome.value}, row {visit.row}" if visit else "",
        "doubt": visit.doubt.value if visit and visit.doubt else "",
    }


def print_compared(found: list[ShadowComparison]) -> None:
    """A table of the differences, then how many of each."""
    console, counts = Console(), Counter(each.verdict for each in found)
    table = Table("time", "officers", "shadow", "doubt", "difference")
    for one in found:
        if one.verdict is not Verdict.AGREED:
            row = _row(one)
            table.add_row(*(str(row[name]) for name in ("time", "officers", "shadow", "doubt")), one.verdict.value)
    console.print(table)
    for verdict in Verdict:
        console.print(f"{counts[verdict]:6}  {verdict.value}")
