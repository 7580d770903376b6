"""Releases: what each rested on, whether the link was fresh, and what the boards showed.

3 is screen 3, Clearance Completed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

from tools.torture.check_link import DeliveredProof
from tools.torture.decisions import JournaledRelease, of_lane
from tools.torture.history import LaneHistory, Line, RunHistory
from tools.torture.signed import SignedLog
from tools.torture.verdict import Bounds, RunVerdict

STARTED = "immigration_started"


def check_releases(
    lane: LaneHistory, signed: SignedLog, proofs: list[DeliveredProof], bounds: Bounds, verdict: RunVerdict
) -> None:
    """Each release was in the signed log, forbidden by nothing, and made while fresh."""
    for decision in of_lane(lane):
        verdict.releases += 1
        for flaw in (*_why_not(decision, signed, bounds), *_why_not_fresh(decision, proofs, bounds)):
            verdict.find("unsafe_releases", f"{lane.name}: row {decision.seq} releases {decision.vrn}: {flaw}")


def _why_not(decision: JournaledRelease, signed: SignedLog, bounds: Bounds) -> Iterator[str]:
    codes = decision.codes
    if decision.bypassed:
        yield "a loop is bypassed"
    if codes is None:
        yield "without an answer of the code book in the same step"
        return
    if missing := set(decision.used) - decision.claimed:
        yield f"UBR {', '.join(sorted(missing))} without the core's receipt of its claim"
    if codes["link"] != "fresh":
        yield f"the link was {codes['link']}"
    if signed.state_hash(codes["epoch"], codes["version"]) != codes["state_hash"]:
        yield f"version {codes['version']} of {codes['epoch']} with that state hash is not in the signed log"
    yield from signed.unsupported(decision)
    yield from signed.forbidden(decision, bounds.fresh_ms)


def _why_not_fresh(decision: JournaledRelease, proofs: list[DeliveredProof], bounds: Bounds) -> Iterator[str]:
    codes = decision.codes
    after = bisect_right(proofs, decision.at_ms - bounds.fresh_ms, key=lambda proof: proof.delivered_ms)
    until = bisect_right(proofs, decision.at_ms, key=lambda proof: proof.delivered_ms)
    good = (
        proof
        for proof in proofs[after:until]
        if decision.at_ms - proof.asked_ms < bounds.fresh_ms
        and codes is not None
        and proof.epoch == codes["epoch"]
        and proof.version <= codes["version"]
    )
    if next(good, None) is None:
        yield "no proof of the last 3 s had been delivered"


def check_times(lane: LaneHistory, signed: SignedLog, verdict: RunVerdict, history: RunHistory) -> None:
    """Each bundle used was good at that moment, whatever time the core named; counts who was tempted by a wrong one."""
    for decision in of_lane(lane):
        for flaw in signed.untimely(decision):
            verdict.find("unsafe_releases", f"{lane.name}: row {decision.seq} releases {decision.vrn}: {flaw}")
    mine = (line for line in history.trucks if line["lane"] == lane.name and line["did"] == "left")
    left = list(mine) if lane not in history.boxes else []
    verdict.tempted_by_copy += sum(line["truth"] == "again" for line in left)
    verdict.tempted_by_clock += sum(
        1 for line in left if line["truth"] in {"early", "ended"} and line["ubr"] and line["wrong_clock"]
    )


def check_late_answers(lane: LaneHistory, history: RunHistory, verdict: RunVerdict) -> None:
    """Immigration's answer for the vehicle before releases nobody, where the lane knew that one was owed."""
    mine = [line for line in history.trucks if line["lane"] == lane.name]
    arrived = [line for line in mine if line["did"] == "arrives"]
    for place, owing in enumerate(arrived[:-1]):
        late = next((one for one in mine if one["did"] == "late" and one["vrn"] == arrived[place + 1]["vrn"]), None)
        if owing["truth"] != "unanswered" or late is None:
            continue
        own = next((one["t"] for one in mine if one["did"] == "own" and one["t"] >= late["t"]), late["t"])
        if any(owing["t"] <= line["t"] <= own for line in lane.process) or not _began(lane, owing["t"], late["t"]):
            continue
        verdict.tempted_late += lane in history.lanes
        for decision in of_lane(lane):
            if decision.vrn == late["vrn"] and late["t"] <= decision.at_ms < own:
                text = f"{lane.name}: row {decision.seq} releases {decision.vrn} on the answer for {owing['vrn']}"
                verdict.find("unsafe_releases", text)


def check_followers(lane: LaneHistory, bounds: Bounds, history: RunHistory, verdict: RunVerdict) -> None:
    """3 goes with the vehicle that it was for, however close the next one comes: any edge of the way-out loop ends it."""
    boards = [line for line in lane.paint if line["screen"] == "xdb"]
    for passed in (line for line in history.trucks if line["lane"] == lane.name and line["did"] == "passed"):
        at, limit = passed["t"], passed["t"] + bounds.paint_ms + bounds.slack_ms
        if any(at - bounds.slack_ms <= line["t"] <= limit for line in lane.process):
            continue  # nobody was there to see the edge
        verdict.tempted_by_follower += lane in history.lanes
        stands = next((line for line in reversed(boards) if line["t"] <= limit), None)
        if stands is not None and stands["scene"] == "DONE":
            text = f"{lane.name}: 3 stood on for the vehicle behind {passed['vrn']}, which had passed at {at}"
            verdict.find("unsafe_releases", text)


def _began(lane: LaneHistory, since: int, until: int) -> bool:
    """Whether the lane was told that Immigration began with the first of the two vehicles, and with the second."""
    told = [row.mono_ms for row in lane.rows if row.entry["event"].get("contact") == STARTED]
    return sum(since <= at <= until for at in told) >= 3  # closed and opened for the first, closed for the second


def check_paint(lane: LaneHistory, signed: SignedLog, bounds: Bounds, verdict: RunVerdict) -> None:
    """What the boards showed: 3 only as journaled, soon after, and no longer than a hold that had arrived."""
    shown: dict[int, list[JournaledRelease]] = defaultdict(list)
    for one in of_lane(lane, every=True):
        shown[one.serial].append(one)
    handed = _deliveries(lane.wire)
    boards = [line for line in lane.paint if line["screen"] == "xdb"]
    for place, line in enumerate(boards):
        if line["scene"] != "DONE":
            continue
        # a store put back counts its scenes from the copy's on: of two rows with one number the later one is meant
        decision = max((one for one in shown[line["serial"]] if one.at_ms <= line["t"]), key=_when, default=None)
        if decision is None:
            verdict.find("unsafe_releases", f"{lane.name}: 3 was painted at {line['t']}, and no row says so")
            continue
        if line["t"] - decision.at_ms > bounds.paint_ms + bounds.slack_ms:
            verdict.find("unsafe_releases", f"{lane.name}: 3 of row {decision.seq} was painted too late")
        until = boards[place + 1]["t"] if place + 1 < len(boards) else line["t"]
        for hold in signed.holds_of(decision.vrn):
            came = handed.get((hold.epoch, hold.version), 0)
            if came > line["t"] and came + bounds.paint_ms + bounds.slack_ms < until:
                verdict.find(
                    "unsafe_releases", f"{lane.name}: 3 of row {decision.seq} stood on after a hold arrived at {came}"
                )


def _when(decision: JournaledRelease) -> int:
    return decision.at_ms


def _deliveries(wire: list[Line]) -> dict[tuple[str, int], int]:
    """When each delta was first handed to the lane."""
    found: dict[tuple[str, int], int] = {}
    for line in wire:
        if "delta" in line:
            found.setdefault((line["epoch"], line["delta"]), line["t"])
    return found
