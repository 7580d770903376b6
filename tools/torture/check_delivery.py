"""Delivery: every row at the core, in order, once in effect; every list the same; nobody else obeyed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from domain.alarm_lifecycle import lane_key
from domain.alarms import CoreAlarmKind, LaneAlarmKind
from domain.visit_record import RecordKind
from tools.torture.history import CoreHistory, LaneHistory, RunHistory, StoredRow
from tools.torture.verdict import RunVerdict
from wire.hashes import StateHash, journal_next, journal_start, log_next, log_start

ORDERS = ("ManualOrdered", "ManualEnded", "OfficerReleased", "OfficerInspected", "LaneOpened", "LaneClosed")
LIAR = "liar"
CORES_OWN = {CoreAlarmKind.COMPOUND_OVERDUE}
"""Alarms that the core itself raises about a visit."""


def check_log(core: CoreHistory, verdict: RunVerdict) -> None:
    """The core's own log and list are what it signed."""
    for flaw in _log_flaws(core):
        verdict.find("cache_mismatches", f"core: {flaw}")


def check_delivery(lane: LaneHistory, core: CoreHistory, verdict: RunVerdict) -> None:
    """A lane's journal, and what the core has and made of it."""
    _check_rows(lane, core, verdict)
    _check_effects(lane, core, verdict)


def _log_flaws(core: CoreHistory) -> Iterator[str]:
    """The core's own log: signed, numbered, chained, and its rows what it says."""
    previous: dict[str, tuple[int, bytes]] = {}
    for one in core.log:
        version, chain = previous.get(one.epoch, (0, log_start(one.epoch)))
        if one.delta is None:
            yield f"version {one.version} cannot be believed: {one.flaw}"
        elif (one.version, one.delta.previous) != (version + 1, chain) or log_next(chain, one.body) != one.log_hash:
            yield f"version {one.version} does not follow version {version}"
        previous[one.epoch] = (one.version, one.log_hash)
    if _counted(core.codes.bodies) != core.state_hash:
        yield f"its rows do not have the state hash of version {core.codes.version}"


def _counted(bodies: list[bytes]) -> bytes:
    state = StateHash()
    for body in bodies:
        state.add(body)
    return state.digest()


def _chain_flaws(rows: list[StoredRow], journal: str) -> Iterator[str]:
    previous = journal_start(journal)
    for place, row in enumerate(rows, 1):
        if row.seq != place:
            yield f"row {place} is not there, row {row.seq} is"
            return
        if row.hash != journal_next(previous, row.seq, row.boot, row.body):
            yield f"row {row.seq} does not follow the row before it"
            return
        previous = row.hash


def _check_rows(lane: LaneHistory, core: CoreHistory, verdict: RunVerdict) -> None:
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


@dataclass(slots=True)
class _Made:
    """What the core is to make of a journal: records and base record of each visit, how many alarms of each kind."""

    records: dict[int, list[tuple[str, dict[str, str]]]] = field(default_factory=lambda: defaultdict(list))
    base: dict[int, dict[str, str]] = field(default_factory=dict)
    alarms: Counter[tuple[int, str]] = field(default_factory=Counter)

    def take(self, effect: dict[str, Any]) -> None:
        """One effect of one row."""
        kind, visit = effect.get("kind", ""), effect.get("visit", 0)
        if effect["type"] == "Alarm":
            key = lane_key(kind, visit)
            self.alarms[key.visit, key.kind] += 1
        if effect["type"] != "Record" or visit <= 0 or kind == RecordKind.IGNORED:
            return
        facts = {name: str(value) for name, value in effect["facts"]}
        if kind == RecordKind.VISIT_ENDED:
            self.base[visit] = facts
        else:
            self.records[visit].append((kind, facts))


def _check_effects(lane: LaneHistory, core: CoreHistory, verdict: RunVerdict) -> None:
    """What the core made of the rows is what they say, once."""
    made, stream = _Made(), (lane.name, lane.journal)
    for row in lane.rows:
        for effect in row.entry["effects"]:
            made.take(effect)
    verdict.visits += len(made.base)
    for visit in made.records.keys() | made.base.keys():
        found, wanted = core.crossings.get((*stream, visit)), made.records[visit]
        if found is None:
            verdict.find("lost", f"{lane.name}: visit {visit} is no crossing at the core")
        elif list(found.records) != wanted or found.base != made.base.get(visit, {}):
            count = "duplicated" if len(found.records) > len(wanted) else "lost"
            verdict.find(count, f"{lane.name}: visit {visit} has other records at the core")
    kept = {key[2:]: count for key, count in core.alarms.items() if key[:2] == stream and key[3] not in CORES_OWN}
    for key in made.alarms.keys() | kept.keys():
        raised, there = made.alarms[key], kept.get(key, 0)
        if raised != there:
            count = "duplicated" if there > raised else "lost"
            verdict.find(count, f"{lane.name}: {raised} alarms {key} were raised, {there} are at the core")


def check_uses(history: RunHistory, verdict: RunVerdict) -> None:
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


def check_orders(lane: LaneHistory, verdict: RunVerdict) -> None:
    """Nobody but the core is obeyed, and it once: a message from the centre is told once, whoever repeats it."""
    told: Counter[str] = Counter()
    for row in lane.rows:
        event = row.entry["event"]
        verdict.felt.update(_felt(event))
        if event["type"] in ORDERS and str(event.get("officer", "")).startswith(LIAR):
            verdict.find("unsafe_releases", f"{lane.name}: row {row.seq} obeys the liar: {event['type']}")
        if event["type"] == "WordsReceived":
            told[event["text"]] += 1
    for text, times in told.items():
        if times > 1:
            verdict.find("duplicated", f"{lane.name}: was told {times} times: {text}")


def _felt(event: dict[str, Any]) -> list[str]:
    match event:
        case {"type": "LinkChanged", "link": str(link)} if link != "fresh":
            return [f"link {link}"]
        case {"type": "FaultRaised", "fault": str(fault)}:
            return [f"fault {fault}"]
        case {"type": "TroubleReported", "kind": str(kind), "detail": str(detail)}:
            return [f"{kind} {detail.split(':')[0]}" if kind == LaneAlarmKind.MESSAGE_REFUSED else kind]
        case _:
            return []


def check_codes(lane: LaneHistory, core: CoreHistory, verdict: RunVerdict) -> None:
    """The lane's list and the core's, counted again, are one."""
    ours, theirs = lane.codes, core.codes
    if (ours.epoch, ours.version) != (theirs.epoch, theirs.version):
        verdict.find(
            "cache_mismatches",
            f"{lane.name}: holds version {ours.version} of {ours.epoch}, the core {theirs.version} of {theirs.epoch}",
        )
    elif _counted(ours.bodies) != core.state_hash:
        verdict.find("cache_mismatches", f"{lane.name}: holds other rows than the core at version {ours.version}")
