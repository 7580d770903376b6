"""Whether what was promised held, from files only (`history`).

| promise | how it is checked |
|---|---|
| nothing is lost | each journal row is at the core, byte for byte, and the other way round |
| in order, once in effect | the core's rows are one chain from 1; what it made of them is made again here, and is equal |
| a release rests on the signed log | its list is a version of that log; each bundle stands there as the lane had it |
| no release against a hold | no hold or inspect code that was signed more than 3 s before and still stood |
| no release while not fresh | a proof was delivered for a nonce that had left the lane less than 3 s before |
| no picture before its row | each "Clearance Completed" painted is a row of the journal |
| a release is withdrawn | once the lane has been handed a hold of that vehicle, 3 goes |
| the lists are equal | rows counted again on both sides: version and state hash |
| manual mode in time | no proof for 5 s by the cable, and the lane was offline within its bound |
| nobody is obeyed but the core | no order of the liar's was carried out |

Rules of this file: a finding names the lane, the row or the time, and what is wrong, for a maintainer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sync.wire.hashes import StateHash, journal_next, journal_start, log_next, log_start
from torture.decisions import Decision, decisions
from torture.history import CoreHistory, History, LaneHistory, Line, Row
from torture.signed import SignedLog

ORDERS = ("ManualOrdered", "ManualEnded", "OfficerReleased", "OfficerInspected", "LaneOpened", "LaneClosed")
LIAR = "liar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is promised, in ms.

    Attributes:
        fresh_ms, offline_ms: of design §3.
        slack_ms: for a machine that runs broker, core and every lane at once, on few cores.
        paint_ms: from a decision, or from what withdraws it, to the boards.
    """

    fresh_ms: int = 3_000
    offline_ms: int = 5_000
    slack_ms: int = 2_000
    paint_ms: int = 2_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise; `count` is the figure of the report that it belongs to."""

    count: str
    text: str


@dataclass(slots=True)
class Verdict:
    """What was looked at, and what was found.

    Attributes:
        manual_entry_ms: from the last proof's nonce to manual mode, each time.
    """

    events: int = 0
    releases: int = 0
    visits: int = 0
    manual_entry_ms: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def find(self, count: str, text: str) -> None:
        """A promise was broken."""
        self.findings.append(Finding(count, text))


def check(history: History, bounds: Bounds) -> Verdict:
    """Everything in the table above."""
    verdict = Verdict()
    signed = SignedLog(history.core.log, history.offset_ms)
    for flaw in _log_flaws(history.core):
        verdict.find("cache_mismatches", flaw)
    for lane in history.lanes:
        _check_events(lane, history.core, verdict)
        _check_effects(lane, history.core, verdict)
        _check_orders(lane, verdict)
        _check_codes(lane, history.core, verdict)
        _check_releases(lane, signed, bounds, verdict)
        _check_paint(lane, signed, bounds, verdict)
        _check_manual(lane, bounds, verdict, history.ended_ms)
    _check_uses(history, verdict)
    return verdict


def _log_flaws(core: CoreHistory) -> Iterator[str]:
    """The core's own log: signed, numbered, chained, and its rows what it says."""
    previous: dict[str, tuple[int, bytes]] = {}
    for one in core.log:
        version, chain = previous.get(one.epoch, (0, log_start(one.epoch)))
        if one.delta is None:
            yield f"core: version {one.version} can not be believed: {one.flaw}"
        elif (one.version, one.delta.previous) != (version + 1, chain) or log_next(chain, one.body) != one.log_hash:
            yield f"core: version {one.version} does not follow version {version}"
        previous[one.epoch] = (one.version, one.log_hash)
    if _counted(core.codes.bodies) != core.state_hash:
        yield f"core: its rows do not have the state hash of version {core.codes.version}"


def _counted(bodies: list[bytes]) -> bytes:
    state = StateHash()
    for body in bodies:
        state.add(body)
    return state.digest()


def _chain_flaws(rows: list[Row], journal: str) -> Iterator[str]:
    previous = journal_start(journal)
    for place, row in enumerate(rows, 1):
        if row.seq != place:
            yield f"row {place} is not there, row {row.seq} is"
            return
        if row.hash != journal_next(previous, row.seq, row.boot, row.body):
            yield f"row {row.seq} does not follow the row before it"
            return
        previous = row.hash


def _check_events(lane: LaneHistory, core: CoreHistory, verdict: Verdict) -> None:
    there = core.events.get((lane.name, lane.journal), [])
    verdict.events += len(lane.rows)
    for flaw in _chain_flaws(lane.rows, lane.journal):
        verdict.find("lost", f"{lane.name}: in its own journal {flaw}")
    for flaw in _chain_flaws(there, lane.journal):
        verdict.find("lost", f"{lane.name}: at the core {flaw}")
    held = Counter((row.seq, row.hash, row.body) for row in there)
    own = Counter((row.seq, row.hash, row.body) for row in lane.rows)
    for seq, _, _ in sorted(own - held):
        verdict.find("lost", f"{lane.name}: row {seq} is not at the core as it was journaled")
    for seq, _, _ in sorted(held - own):
        verdict.find(
            "duplicated", f"{lane.name}: the core has a row {seq} more than, or other than, the lane's journal"
        )
    if lane.acknowledged > len(lane.rows):
        verdict.find("lost", f"{lane.name}: row {lane.acknowledged} is acknowledged and not in the journal")


def _check_effects(lane: LaneHistory, core: CoreHistory, verdict: Verdict) -> None:
    """What the core made of the rows is what they say, once."""
    made: dict[int, list[tuple[str, dict[str, str]]]] = defaultdict(list)
    base: dict[int, dict[str, str]] = {}
    alarms: Counter[tuple[int, str]] = Counter()
    for row in lane.rows:
        for effect in row.entry["effects"]:
            kind, visit = effect["type"], effect.get("visit", 0)
            if kind == "Alarm":
                alarms[visit, effect["kind"]] += 1
            elif kind == "Record" and visit > 0 and effect["kind"] != "Ignored":
                facts = {name: str(value) for name, value in effect["facts"]}
                if effect["kind"] == "VisitEnded":
                    base[visit] = facts
                else:
                    made[visit].append((effect["kind"], facts))
    verdict.visits += len(base)
    for visit in made.keys() | base.keys():
        found = core.crossings.get((lane.name, lane.journal, visit))
        if found is None:
            verdict.find("lost", f"{lane.name}: visit {visit} is no crossing at the core")
        elif list(found.records) != made[visit] or found.base != base.get(visit, {}):
            more = len(found.records) > len(made[visit])
            verdict.find("duplicated" if more else "lost", f"{lane.name}: visit {visit} has other records at the core")
    kept = {
        (visit, kind): n
        for (name, journal, visit, kind), n in core.alarms.items()
        if (name, journal) == (lane.name, lane.journal)
    }
    for key in alarms.keys() | kept.keys():
        if alarms[key] != kept.get(key, 0):
            count = "duplicated" if kept.get(key, 0) > alarms[key] else "lost"
            verdict.find(
                count, f"{lane.name}: {alarms[key]} alarms {key} were raised, {kept.get(key, 0)} are at the core"
            )


def _check_uses(history: History, verdict: Verdict) -> None:
    """A bundle is used by one visit."""
    users: dict[str, set[str]] = defaultdict(set)
    for lane in history.lanes:
        for row in lane.rows:
            for effect in row.entry["effects"]:
                for ubr in effect["ubrs"] if effect["type"] == "Consume" else ():
                    users[ubr].add(f"{lane.name}/{lane.journal}/{effect['visit']}")
    for ubr, visits in users.items():
        if len(visits) > 1:
            verdict.find("duplicated", f"bundle {ubr} was used by {', '.join(sorted(visits))}")


def _check_orders(lane: LaneHistory, verdict: Verdict) -> None:
    for row in lane.rows:
        event = row.entry["event"]
        if event["type"] in ORDERS and str(event.get("officer", "")).startswith(LIAR):
            verdict.find("unsafe_releases", f"{lane.name}: row {row.seq} obeys the liar: {event['type']}")


def _check_codes(lane: LaneHistory, core: CoreHistory, verdict: Verdict) -> None:
    ours, theirs = lane.codes, core.codes
    if (ours.epoch, ours.version) != (theirs.epoch, theirs.version):
        verdict.find(
            "cache_mismatches",
            f"{lane.name}: holds version {ours.version} of {ours.epoch}, the core {theirs.version} of {theirs.epoch}",
        )
    elif _counted(ours.bodies) != core.state_hash:
        verdict.find("cache_mismatches", f"{lane.name}: holds other rows than the core at version {ours.version}")


def _check_releases(lane: LaneHistory, signed: SignedLog, bounds: Bounds, verdict: Verdict) -> None:
    proofs = accepted_proofs(lane.wire, bounds)
    for decision in decisions(lane.rows):
        verdict.releases += 1
        for flaw in (*_why_not(decision, signed, bounds), *_why_not_fresh(decision, proofs, bounds)):
            verdict.find("unsafe_releases", f"{lane.name}: row {decision.seq} releases {decision.vrn}: {flaw}")


def _why_not(decision: Decision, signed: SignedLog, bounds: Bounds) -> Iterator[str]:
    codes = decision.codes
    if codes is None:
        yield "without an answer of the code book in the same step"
        return
    if codes["link"] != "fresh":
        yield f"the link was {codes['link']}"
    if signed.state_hash(codes["epoch"], codes["version"]) != codes["state_hash"]:
        yield f"version {codes['version']} of {codes['epoch']} with that state hash is not in the signed log"
    yield from signed.unsupported(decision)
    yield from signed.forbidden(decision, bounds.fresh_ms)


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that the lane was handed: when its nonce reached the cable, and when it was delivered."""

    asked_ms: int
    delivered_ms: int
    epoch: str
    version: int


def accepted_proofs(wire: list[Line], bounds: Bounds) -> list[Proof]:
    """The proofs that answer a nonce of the lane's, each once, the newest nonce first come."""
    asked: dict[str, int] = {}
    found: list[Proof] = []
    for line in wire:
        if "nonce" in line:
            asked[line["nonce"]] = line["t"]
        elif "proof" in line:
            when = asked.pop(line["proof"], None)
            older = bool(found) and when is not None and when <= found[-1].asked_ms
            if when is not None and not older and line["t"] - when < bounds.offline_ms:
                found.append(Proof(when, line["t"], line["epoch"], line["version"]))
    return found


def _why_not_fresh(decision: Decision, proofs: list[Proof], bounds: Bounds) -> Iterator[str]:
    codes = decision.codes
    good = (
        proof
        for proof in proofs
        if proof.delivered_ms <= decision.at_ms
        and decision.at_ms - proof.asked_ms < bounds.fresh_ms
        and codes is not None
        and proof.epoch == codes["epoch"]
        and proof.version <= codes["version"]
    )
    if next(good, None) is None:
        yield "no proof of the last 3 s had been delivered"


def _check_paint(lane: LaneHistory, signed: SignedLog, bounds: Bounds, verdict: Verdict) -> None:
    """What the boards showed: 3 only as journaled, soon after, and no longer than a hold that had arrived."""
    shown = {decision.serial: decision for decision in decisions(lane.rows, every=True)}
    boards = [line for line in lane.paint if line["screen"] == "xdb"]
    for place, line in enumerate(boards):
        if line["scene"] != "DONE":
            continue
        decision = shown.get(line["serial"])
        if decision is None:
            verdict.find("unsafe_releases", f"{lane.name}: 3 was painted at {line['t']}, and no row says so")
            continue
        if line["t"] - decision.at_ms > bounds.paint_ms + bounds.slack_ms:
            verdict.find("unsafe_releases", f"{lane.name}: 3 of row {decision.seq} was painted too late")
        until = boards[place + 1]["t"] if place + 1 < len(boards) else line["t"]
        for hold in signed.holds_of(decision.vrn):
            came = _delivered(lane.wire, hold.epoch, hold.version, line["t"])
            if came is not None and came + bounds.paint_ms + bounds.slack_ms < until:
                verdict.find(
                    "unsafe_releases", f"{lane.name}: 3 of row {decision.seq} stood on after a hold arrived at {came}"
                )


def _delivered(wire: list[Line], epoch: str, version: int, after: int) -> int | None:
    """When a delta was first handed to the lane, if that was after a moment."""
    times = [line["t"] for line in wire if line.get("delta") == version and line["epoch"] == epoch]
    return times[0] if times and times[0] > after else None


def _check_manual(lane: LaneHistory, bounds: Bounds, verdict: Verdict, ended_ms: int) -> None:
    """Without a proof for as long as that, the lane was offline: by the cable, and by its own journal."""
    proofs = accepted_proofs(lane.wire, bounds)
    links = _links(lane.rows)
    limit = bounds.offline_ms + bounds.slack_ms
    for began, ended in _lives(lane.process, ended_ms):
        mine = [proof for proof in proofs if began <= proof.delivered_ms < ended]
        for proof, following in zip(mine, [*(p.delivered_ms for p in mine[1:]), ended], strict=True):
            if following <= proof.asked_ms + limit:
                continue
            entered = next((t for t, link in links if link == "offline" and proof.asked_ms < t), None)
            if entered is not None and entered <= proof.asked_ms + limit:
                verdict.manual_entry_ms.append(entered - proof.asked_ms)
            elif not _was_offline(links, began, proof.asked_ms + limit):
                verdict.find("late_manual", f"{lane.name}: no proof since {proof.asked_ms}, offline at {entered}")


def _links(rows: list[Row]) -> list[tuple[int, str]]:
    """(when, verdict) of the link, as the lane was told; a start begins offline."""
    found = []
    for row in rows:
        event: dict[str, Any] = row.entry["event"]
        if event["type"] == "LinkChanged":
            found.append((row.mono_ms, str(event["link"])))
        elif event["type"] == "AgentStarted":
            found.append((row.mono_ms, "offline"))
    return found


def _was_offline(links: list[tuple[int, str]], began: int, at: int) -> bool:
    before = [link for t, link in links if began <= t <= at]
    return not before or before[-1] == "offline"


def _lives(process: list[Line], ended_ms: int) -> Iterator[tuple[int, int]]:
    """(start, end) of each life of the lane's process."""
    began: int | None = None
    for line in process:
        if line["did"] == "start":
            began = line["t"]
        elif began is not None:
            yield began, line["t"]
            began = None
    if began is not None:
        yield began, ended_ms
