"""The judge of a demonstration: compares what was painted and recorded with what was true.

Rules of this file:
- It imports nothing of what it judges, and asks no process: it reads the screens' paint logs, the lane's store and the
  core's store as files, and the world's own account of what was true.
- All times are milliseconds of the machine's monotonic clock unless a name says otherwise.
- A painting of screen 3 is right only while a vehicle stood at the kiosk for which the truth allowed it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DONE = "DONE"
SCREENS = ("xdb", "aiop")
GRACE_MS = 1_500
"""How long after it stopped being right screen 3 may still be on a board: loop debounce, one journal commit, one
painting, on a machine that also runs the world. The law itself allows a hold 3 s (design §3)."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What was true of one truck.

    Attributes:
        row: row of the decision table the scenario is about.
        allowed: (from, until): when screen 3 was right; until is open (None) as long as the truck stands.
        xdb, aiop: scenes that had to be seen on each screen, in this order.
        facts: what the base record of the visit has to say.
        broke_off: why the scenario could not be acted out to its end, "" if it was.
    """

    index: int
    scenario: str
    row: int
    vrn: str
    arrived: int
    left: int
    allowed: tuple[tuple[int, int | None], ...] = ()
    xdb: tuple[str, ...] = ()
    aiop: tuple[str, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    broke_off: str = ""
    events: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Painting:
    """One scene on one screen, from its painting to the next."""

    screen: str
    scene: str
    since: int
    until: int
    safe: bool


@dataclass(frozen=True, slots=True)
class DemonstrationFiles:
    """The files of one demonstration."""

    truths: tuple[Truth, ...]
    paint_logs: dict[str, Path]
    lane_store: Path
    core_store: Path
    lane: str
    ended: int


def judge(case: DemonstrationFiles) -> dict[str, Any]:
    """The report: trucks, rows covered, wrong releases, events journaled and at the core, and what failed in words."""
    paintings = [
        painting for screen in SCREENS for painting in read_paint_log(screen, case.paint_logs[screen], case.ended)
    ]
    records = visits_recorded(case)
    trucks = [_judge_truck(truth, _seen_by(truth, case.truths, paintings), records) for truth in case.truths]
    wrong = [
        {"screen": painting.screen, "since": painting.since, "until": painting.until}
        for painting in paintings
        if painting.scene == DONE and not _was_right(painting, case.truths)
    ]
    journaled, at_core = _streams(case)
    missing = sorted(journaled.items() - at_core.items())
    foreign = sorted(at_core.items() - journaled.items())
    return {
        "trucks": trucks,
        "rows_covered": sorted({row for truck in trucks if not truck["failures"] for row in truck["rows"]}),
        "wrong_releases": len(wrong),
        "wrong_release_details": wrong,
        "events_journaled": len(journaled),
        "events_at_core": len(at_core),
        "rows_that_left": next(int(count) for (count,) in _rows(case.core_store, "SELECT count(*) FROM forgotten")),
        "events_missing_at_core": [seq for seq, _ in missing][:20],
        "events_only_at_core": [seq for seq, _ in foreign][:20],
        "failures": [
            f"truck {truck['index']} ({truck['scenario']}): {why}" for truck in trucks for why in truck["failures"]
        ],
    }


def verdict(report: dict[str, Any], *, rows_wanted: frozenset[int]) -> list[str]:
    """Why the demonstration failed, one line each; empty if it did not."""
    reasons = list(report["failures"])
    if report["wrong_releases"]:
        reasons.append(f"{report['wrong_releases']} wrong releases: {report['wrong_release_details']}")
    if report["events_missing_at_core"] or report["events_only_at_core"]:
        reasons.append(f"journal ({report['events_journaled']}) and core ({report['events_at_core']}) differ")
    lacking = sorted(rows_wanted - set(report["rows_covered"]))
    if lacking:
        reasons.append(f"rows of the decision table not covered: {lacking}")
    return reasons


def read_paint_log(screen: str, path: Path, ended: int) -> list[Painting]:
    """The paintings of one screen in order until the end, to which the last lasts. A line cut by a kill is left out."""
    lines: list[dict[str, Any]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    lines = [line for line in lines if int(line["mono_ms"]) < ended]
    ends = [int(line["mono_ms"]) for line in lines[1:]] + [ended]
    return [
        Painting(screen, line["scene"], int(line["mono_ms"]), end, bool(line.get("safe")))
        for line, end in zip(lines, ends, strict=True)
    ]


def _was_right(painting: Painting, truths: tuple[Truth, ...]) -> bool:
    for truth in truths:
        for since, until in truth.allowed:
            end = truth.left if until is None else min(until, truth.left)
            if since <= painting.since and painting.until <= end + GRACE_MS:
                return True
    return False


def _judge_truck(truth: Truth, paintings: list[Painting], records: list[dict[str, str]]) -> dict[str, Any]:
    shown = {screen: [each.scene for each in paintings if each.screen == screen] for screen in SCREENS}
    record = _record_of(truth, records)
    failures = [
        f"{screen} was to show {wanted} in this order, showed {shown[screen]}"
        for screen, wanted in (("xdb", truth.xdb), ("aiop", truth.aiop))
        if not _in_order(list(wanted), shown[screen])
    ]
    if truth.broke_off:
        failures.append(f"not as planned: {truth.broke_off}")
    if record is None:
        failures.append("the core has no record of this visit")
    else:
        failures += [
            f"recorded {name}={record.get(name, '')!r}, true is {value!r}"
            for name, value in truth.facts.items()
            if record.get(name, "") != value
        ]
        read = record.get("vrn", "")
        if read and truth.vrn and read != truth.vrn:
            failures.append(f"read as {read}")
    # A truck that was told to stop has gone through rows 2 (waiting) and 3 (arrived); row 4 only if Immigration began.
    rows = {truth.row, 2, 3} | ({4} if "immigration_started" in truth.events else set())
    return {
        "index": truth.index,
        "scenario": truth.scenario,
        "true": {"vrn": truth.vrn, "row": truth.row, "allowed": [list(window) for window in truth.allowed]},
        "read": (record or {}).get("vrn", ""),
        "decided": {name: (record or {}).get(name, "") for name in ("row", "outcome", "doubt", "ruling", "officer")},
        "shown": shown,
        "recorded": record or {},
        "times": {"arrived": truth.arrived, "left": truth.left, **truth.events},
        "rows": sorted(rows if "STOP" in shown["xdb"] else {truth.row}),
        "failures": failures,
    }


def _seen_by(truth: Truth, truths: tuple[Truth, ...], paintings: list[Painting]) -> list[Painting]:
    """What was painted for this truck: from its arrival until shortly after it had left, or the next one arrived."""
    following = (other.arrived for other in truths if other.arrived > truth.arrived)
    end = min([truth.left + GRACE_MS, *following])
    return [painting for painting in paintings if painting.until > truth.arrived and painting.since < end]


def _in_order(wanted: list[str], shown: list[str]) -> bool:
    rest = iter(shown)
    return all(scene in rest for scene in wanted)


def _record_of(truth: Truth, records: list[dict[str, str]]) -> dict[str, str] | None:
    """The base record whose visit began closest to the true arrival, within two seconds."""
    near = [record for record in records if abs(int(record["arrived_mono"]) - truth.arrived) <= 2_000]
    return min(near, key=lambda record: abs(int(record["arrived_mono"]) - truth.arrived), default=None)


def _rows(path: Path, query: str, *values: str) -> Iterator[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        yield from connection.execute(query, values)


def visits_recorded(case: DemonstrationFiles) -> list[dict[str, str]]:
    """The base records the core has, with the monotonic time of their arrival taken from the arrival's own entry."""
    arrivals: dict[int, int] = {}
    found: list[dict[str, str]] = []
    query = "SELECT body FROM events WHERE lane = ? ORDER BY journal, seq"
    for (body,) in _rows(case.core_store, query, case.lane):
        entry = json.loads(body)
        for effect in entry["effects"]:
            if effect.get("type") != "Record":
                continue
            if effect["kind"] == "VehicleArrived":
                arrivals[effect["visit"]] = entry["at"]["mono_ms"]
            elif effect["kind"] == "VisitEnded":
                began = {"visit": str(effect["visit"]), "arrived_mono": str(arrivals.get(effect["visit"], 0))}
                found.append(dict(effect["facts"]) | began)
    return found


def _streams(case: DemonstrationFiles) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """Entry number -> body, in the lane's journal and at the core."""
    journaled = dict(_rows(case.lane_store, "SELECT seq, body FROM journal"))
    at_core = dict(_rows(case.core_store, "SELECT seq, body FROM events WHERE lane = ?", case.lane))
    return journaled, at_core
