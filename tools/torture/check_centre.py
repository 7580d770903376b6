"""A centre of two servers and two cores: what was acknowledged stays, one core proves at a time, and lanes are automatic soon.

Rules of this file:
- A request counts as lost when the signed log does not say, once it was answered, what the answer promised; a bundle also when the
  core's own tables do not have it.
- Of two cores the second may prove nothing before the other's last proof is too old for any lane, unless the other was just told
  to stop in good order: it says nothing after it has given the lease back.
"""

from __future__ import annotations

from itertools import pairwise

from tools.torture.check_offsite import losses_of
from tools.torture.history import LaneHistory, Line, RunHistory
from tools.torture.signed import ListChange, SignedLog
from tools.torture.verdict import Bounds, RunVerdict
from wire.records import BundleRecord, HoldRecord, Record, VehicleRecord

CLOCK_MS = 50
"""How far a time of the core and one of the kit may be apart: they are one machine's, and rounded."""

LATE_MS = 250
"""What the kit may be late in writing down when a proof passed."""

FELT_MS = 15_000
"""A lane that stays fresh for so long after a fault has not felt it."""

FELT_LONG_MS = {"site_lost": 60_000, "site_return": 60_000}
"""The same, where servers are made or promoted first."""


def check_requests(history: RunHistory, signed: SignedLog, verdict: RunVerdict) -> None:
    """Everything that was acknowledged is in the signed log and the core's tables."""
    losses = losses_of(history)
    verdict.sites_lost = [one.facts for one in losses]
    for line in history.core.requests:
        verdict.requests += 1
        kind, key, stands = line["kind"], line["key"], line["stands"]
        has_papers, is_said = (
            kind != "bundle" or key in history.core.bundled,
            _is_said(signed.changes_of(kind, key), line),
        )
        if any(one.took_papers(line) for one in losses):
            verdict.papers_lost += stands and not has_papers
            has_papers = True
        if not is_said and any(one.took_word(line) for one in losses):
            verdict.list_lost += 1
        elif not has_papers:
            verdict.find("requests_lost", f"bundle {key}, acknowledged at {line['t']}, is not in the core's tables")
        elif not is_said:
            word = "stands" if stands else "does not stand"
            verdict.find("requests_lost", f"that {kind} {key} {word} was acknowledged at {line['t']}, and never signed")


def _is_said(changes: list[ListChange], line: Line) -> bool:
    """Whether the log said it while it was asked for, or had said it before."""
    since, until = line["asked"] - CLOCK_MS, line["t"] + CLOCK_MS
    before = [one for one in changes if one.at_ms < since]
    during = [one for one in changes if since <= one.at_ms <= until]
    return any(_stands(one.row) == line["stands"] for one in (*before[-1:], *during))


def _stands(row: Record | None) -> bool:
    """None: it has left the list."""
    match row:
        case BundleRecord() | HoldRecord() | VehicleRecord():
            return not row.deleted
        case None:
            return False


def check_handovers(history: RunHistory, bounds: Bounds, verdict: RunVerdict) -> None:
    """Between the last proof of one core and the first of the other no lane could believe both."""
    ended = [(line["stopped"], line["t"]) for line in history.faults if "stopped" in line]
    for one, following in pairwise(history.core.proofs):
        if one["core"] == following["core"]:
            continue
        verdict.handovers += 1
        apart = following["t"] - one["t"]
        if any(name == one["core"] and one["t"] - bounds.fresh_ms <= at <= following["t"] for name, at in ended):
            continue
        if apart < bounds.fresh_ms - LATE_MS:
            verdict.find("overlaps", f"{following['core']} proved something {apart} ms after {one['core']} did")


def check_recovery(history: RunHistory, verdict: RunVerdict) -> None:
    """From each fault of the centre until a lane that felt it was fresh again, by its own journal."""
    struck = [line for line in history.faults if "struck" in line]
    for place, line in enumerate(struck):
        felt_ms = FELT_LONG_MS.get(line["struck"], FELT_MS)
        until = struck[place + 1]["t"] if place + 1 < len(struck) else line["t"] + felt_ms
        for lane in history.lanes:
            again = _fresh_again(lane, line["t"], min(until, line["t"] + felt_ms))
            verdict.automatic_again_ms.setdefault(line["struck"], []).extend(() if again is None else (again,))


def _fresh_again(lane: LaneHistory, struck: int, until: int) -> int | None:
    """Milliseconds until then; None where the lane stayed fresh until `until`."""
    links = sorted((row.mono_ms, row.entry["event"].get("link")) for row in lane.rows if _is_link(row.entry["event"]))
    lost = next((at for at, link in links if struck <= at < until and link != "fresh"), None)
    if lost is None:
        return None
    return next((at - struck for at, link in links if at > lost and link == "fresh"), None)


def _is_link(event: Line) -> bool:
    return bool(event["type"] == "LinkChanged")
