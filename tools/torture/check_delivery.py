"""Delivery: every row at the core, in order, once in effect; every list the same; nobody else obeyed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from domain.alarm_lifecycle import lane_key
from domain.alarms import CoreAlarmKind, LaneAlarmKind
from domain.visit_record import RecordKind
from tools.torture.history import CoreHistory, LaneHistory, RunHistory, StoredCodes, StoredRow
from tools.torture.verdict import Bounds, RunVerdict
from wire.codec import decode_record
from wire.hashes import StateHash, journal_next, journal_start, log_next, log_start

ORDERS = ("ManualOrdered", "ManualEnded", "OfficerReleased", "OfficerInspected", "LaneOpened", "LaneClosed")
LIAR = "liar"
CORES_OWN = {CoreAlarmKind.COMPOUND_OVERDUE}
"""Alarms that the core itself raises about a visit."""


def check_log(core: CoreHistory, bounds: Bounds, verdict: RunVerdict) -> None:
    """The core's own log and list are what it signed, also after a copy was put back."""
    for flaw in _log_flaws(core):
        verdict.find("cache_mismatches", f"core: {flaw}")
    for epoch, version, age_ms in core.forgotten:
        if age_ms > bounds.fresh_ms:
            text = f"core: version {version} of {epoch} was signed {age_ms} ms before a copy was put back, and is forgotten"
            verdict.find("cache_mismatches", text)


def check_delivery(lane: LaneHistory, history: RunHistory, verdict: RunVerdict) -> None:
    """A lane's journal, under every name and in every store it had, and what the core has and made of it."""
    _check_rows(lane, history, verdict)
    _check_effects(lane, history.core, verdict)
    _check_deltas(lane, history.core, verdict)


def _check_deltas(lane: LaneHistory, core: CoreHistory, verdict: RunVerdict) -> None:
    """Every signed delta that a lane has applied stands in the core's log: nothing signed is forgotten."""
    known = {(one.epoch, one.version): one.log_hash for one in core.log}
    kept = {one for store in (*lane.stores, *lane.strange) for one in store.deltas}
    for epoch, version, digest in sorted(kept):
        if known.get((epoch, version)) != digest:
            verdict.find(
                "cache_mismatches", f"{lane.name}: the core's log lacks version {version} of {epoch} as it signed it"
            )


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


def _check_rows(lane: LaneHistory, history: RunHistory, verdict: RunVerdict) -> None:
    core = history.core
    verdict.events += len(lane.rows)
    written: dict[str, set[tuple[int, bytes, bytes]]] = defaultdict(set)
    missed: set[tuple[str, int]] = set()
    for store in (*lane.stores, *lane.strange):
        for place, name in enumerate(store.names):
            chain = store.chain(place)
            for flaw in _chain_flaws(chain, name.journal):
                verdict.find("lost", f"{lane.name}: in its own journal {flaw}")
            written[name.journal].update((row.seq, row.hash, row.body) for row in chain)
            held = {(row.seq, row.hash, row.body) for row in core.events.get((lane.name, name.journal), [])}
            for row in chain[: store.kept_until(place)]:
                if (row.seq, row.hash, row.body) not in held and not _went_with_the_core(
                    history, name.journal, row.seq
                ):
                    missed.add((name.journal, row.seq))
        if store.acknowledged > len(store.rows):
            verdict.find("lost", f"{lane.name}: row {store.acknowledged} is acknowledged and not in the journal")
    for journal, seq in sorted(missed):
        verdict.find("lost", f"{lane.name}: row {seq} is not at the core as it was journaled, under {journal}")
    for (of, journal), there in core.events.items():
        if of == lane.name:
            _check_there(lane, journal, there, written[journal], verdict)


def _check_there(
    lane: LaneHistory,
    journal: str,
    there: list[StoredRow],
    written: set[tuple[int, bytes, bytes]],
    verdict: RunVerdict,
) -> None:
    """One journal at the core: a chain, of rows that the lane wrote."""
    for flaw in _chain_flaws(there, journal):
        verdict.find("lost", f"{lane.name}: at the core {flaw}")
    for row in there:
        if (row.seq, row.hash, row.body) not in written:
            verdict.find(
                "duplicated", f"{lane.name}: the core has a row {row.seq} more than, or other than, the lane's journal"
            )


def _went_with_the_core(history: RunHistory, journal: str, seq: int) -> bool:
    """The bound of A6 in `docs/attacks.md`: a core put back asks no lane for rows under a name that it had given up."""
    return any(
        journal not in line["present"].values() and seq > line["had"].get(journal, 0)
        for line in history.faults
        if "present" in line
    )


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
    """What the core made of the rows is what they say, once: a row carried over counts where the core had it first."""
    known: dict[bytes, tuple[tuple[str, int], StoredRow]] = {}
    journals: dict[str, None] = {}
    for store in (*lane.stores, *lane.strange):
        for place, name in enumerate(store.names):
            journals.setdefault(name.journal)
            for row in store.chain(place):
                known[row.hash] = ((row.boot, row.seq + name.base), row)
    counted: set[tuple[str, int]] = set()
    for journal in journals:
        made = _Made()
        for there in core.events.get((lane.name, journal), []):
            which, row = known.get(there.hash, (None, there))
            if which is None or which in counted:
                continue
            counted.add(which)
            for effect in row.entry["effects"]:
                made.take(effect)
        _compare_effects(lane, journal, made, core, verdict)


def _compare_effects(lane: LaneHistory, journal: str, made: _Made, core: CoreHistory, verdict: RunVerdict) -> None:
    stream = (lane.name, journal)
    verdict.visits += len(made.base)
    for visit in made.records.keys() | made.base.keys():
        found, wanted = core.crossings.get((*stream, visit)), made.records[visit]
        if found is None:
            verdict.find("lost", f"{lane.name}: visit {visit} is no crossing at the core")
        elif list(found.records) != wanted or found.base != made.base.get(visit, {}):
            count = "duplicated" if len(found.records) > len(wanted) else "lost"
            verdict.find(count, f"{lane.name}: visit {visit} has other records at the core")
    for name, of, visit in core.crossings:
        if (name, of) == stream and visit not in made.records and visit not in made.base:
            verdict.find("duplicated", f"{lane.name}: visit {visit} is a crossing at the core, and no row makes it one")
    kept = {key[2:]: count for key, count in core.alarms.items() if key[:2] == stream and key[3] not in CORES_OWN}
    for key in made.alarms.keys() | kept.keys():
        raised, there = made.alarms[key], kept.get(key, 0)
        if raised != there:
            count = "duplicated" if there > raised else "lost"
            verdict.find(count, f"{lane.name}: {raised} alarms {key} were raised, {there} are at the core")


def _caught_up(codes: StoredCodes, core: CoreHistory) -> StoredCodes:
    """What a lane held, and would hold by what left the list in the seconds between the lanes' end and the core's."""
    late = [one.delta for one in core.log if one.epoch == codes.epoch and one.version > codes.version]
    if not late or not all(one is not None and one.forgets for one in late):
        return codes
    gone = {forgotten.key for one in late if one is not None for forgotten in one.forgets}
    rows = {decode_record(one).key: one for one in codes.bodies}
    if not gone <= rows.keys():  # it lacks rows that its own version has
        return codes
    return StoredCodes(codes.epoch, core.codes.version, [one for key, one in rows.items() if key not in gone])


def check_uses(history: RunHistory, verdict: RunVerdict) -> None:
    """A bundle is used by one visit."""
    users: dict[str, set[str]] = defaultdict(set)
    for lane in history.lanes:
        for store in (*lane.stores, *lane.strange):
            for row in store.rows:
                for effect in row.entry["effects"]:
                    for ubr in effect["ubrs"] if effect["type"] == "Consume" else ():
                        users[ubr].add(f"{lane.name}/{store.written_under(row.seq)}/{effect['visit']}")
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
    ours, theirs = _caught_up(lane.codes, core), core.codes
    if (ours.epoch, ours.version) != (theirs.epoch, theirs.version):
        verdict.find(
            "cache_mismatches",
            f"{lane.name}: holds version {ours.version} of {ours.epoch}, the core {theirs.version} of {theirs.epoch}",
        )
    elif _counted(ours.bodies) != core.state_hash:
        verdict.find("cache_mismatches", f"{lane.name}: holds other rows than the core at version {ours.version}")
