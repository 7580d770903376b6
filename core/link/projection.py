"""What the lanes' journals mean to the centre: crossings, alarms, used bundles, outages of links, vehicles sent to the compound.

Rules of this file:
- It runs in the transaction that stores the event, so every event counts once.
- It never refuses: what it cannot read (`entry`) is stored all the same and not projected here, and it says why
  (`intake` quarantines the row); the journal is the truth, and what is made of it can be made again.
- A bundle is used by the first crossing that consumes it; a second one is an alarm (domain §0.6).
- A claim ends with the row that uses its bundles, gives them back, or ends its visit (`claims`).
- A use counts where the vehicle's mark was read or typed in that visit; any other is disputed (`disputes`).
- So does the use of a bundle that has left the list meanwhile, told late; the list says nothing of it any more.
- What one visit can make grow is bounded: its records, its marks, its bundles.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from core.errors import RefusedError
from core.ledger.log import ReplicatedLog
from core.ledger.store import LedgerConnection
from core.link.alarms import AlarmBook
from core.link.claims import ClaimBook
from core.link.compound import Compound
from core.link.disputes import DisputedUses, cross
from core.link.entry import (
    AlarmEndedOfLane,
    AlarmOfLane,
    ClaimReturned,
    FactsOfVisit,
    JournalEntry,
    Read,
    UseOfBundles,
)
from core.link.outages import LinkOutages
from domain.alarm_list import says_something
from domain.alarms import CoreAlarmKind
from domain.marks import normalise
from domain.visit_record import RecordKind, VisitEnded
from wire.messages import EventMessage
from wire.records import BundleRecord

MOST_RECORDS = 200
"""Of one visit; a long one has some thirty."""

MOST_MARKS = 8
"""Read or typed in one visit."""

MOST_USED = 64
"""Bundles that one visit uses."""

MOST_DETAIL = 1_000
"""Characters of an alarm's text; the rest is in the journal."""

LONGEST_MARK = 16


class VisitRecord(msgspec.Struct, frozen=True):
    """One record of a visit: what kind, when (UTC ms), and its facts."""

    kind: str
    at_ms: int
    facts: dict[str, str]


class Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """What the core knows of one visit to a lane.

    Attributes:
        first_ms, last_ms: time of the first and last record, UTC ms by the lane's clock.
        vrn: as last recorded, "" while unread.
        base: the facts of its base record (domain §4), empty until the visit has ended.
        records: every record but the base one, in order.
        ubrs: the bundles it used.
    """

    lane: str
    journal: str
    visit: int
    first_ms: int
    last_ms: int
    vrn: str
    base: dict[str, str]
    records: tuple[VisitRecord, ...]
    ubrs: tuple[str, ...]

    @property
    def key(self) -> str:
        """The visit key by which bundles name it."""
        return f"{self.lane}/{self.journal}/{self.visit}"

    @property
    def ended(self) -> VisitEnded:
        """Its base record; every value empty until the visit has ended."""
        return VisitEnded.from_facts(self.base)


class Projection:
    """Makes records of events, inside the caller's transaction."""

    def __init__(self, connection: LedgerConnection, log: ReplicatedLog, compound: Compound) -> None:
        self._db = connection
        self._log = log
        self._alarms = AlarmBook(connection)
        self._compound = compound
        self.disputes = DisputedUses(connection, log)
        self.claims = ClaimBook(connection, log)
        self._outages = LinkOutages(connection)

    def project(self, event: EventMessage, *, received_ms: int) -> list[str]:
        """Applies one event, received at `received_ms` (UTC ms), as far as it can be read.

        Returns:
            What could not be projected, in words; empty if all was.
        """
        entry = JournalEntry.of(event.body)
        at_ms = _time_of(entry, received_ms)
        problems = entry.problems
        if entry.read is not None:
            problems += self._read(event, entry.read)
        self._read_alarms(event, entry, at_ms)
        if entry.claim is not None and not entry.claim.refusal:
            self.claims.told(event, entry.claim, now_ms=received_ms)
        if entry.link is not None:
            self._outages.told(event, entry.link.link, at_ms)
        for effect in entry.effects:
            match effect:
                case FactsOfVisit():
                    problems += self._record(event, effect, at_ms=at_ms, received_ms=received_ms)
                case AlarmOfLane() | AlarmEndedOfLane():
                    pass  # read above, with the records that speak of alarms
                case UseOfBundles():
                    problems += self._consume(event, effect, at_ms=at_ms, received_ms=received_ms)
                case ClaimReturned():
                    self.claims.given_back(event, effect, now_ms=received_ms)
                case _:
                    assert_never(effect)
        return problems

    def _read_alarms(self, event: EventMessage, entry: JournalEntry, at_ms: int) -> None:
        """What the entry says about alarms, in order."""
        alarms, said = self._alarms.of_lane(event.lane, event.journal), False
        for effect in entry.effects:
            match effect:
                case AlarmOfLane():
                    alarms.raised(effect.kind, effect.visit, effect.cause, effect.detail[:MOST_DETAIL], at_ms)
                case AlarmEndedOfLane():
                    alarms.ended(effect.kind, effect.visit, effect.cause, at_ms)
                case FactsOfVisit() if says_something(effect.kind):
                    alarms.recorded(effect.kind, effect.visit, dict(effect.facts), at_ms)
                case _:
                    continue
            said = True
        if said:
            self._alarms.read_to(event.lane, event.journal, event.seq)

    def _read(self, event: EventMessage, read: Read) -> list[str]:
        """The visit's vehicle has this mark, by its reader or an officer."""
        marks = self._marks(event, read.visit)
        mark = normalise(read.mark)
        if mark not in marks and len(marks) >= MOST_MARKS:
            return [f"visit {read.visit}: {MOST_MARKS} marks have been read in it already"]
        self._db.execute(
            "INSERT INTO marks(lane, journal, visit, mark) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (event.lane, event.journal, read.visit, mark),
        )
        return []

    def _marks(self, event: EventMessage, visit: int) -> set[str]:
        """The marks that were read or typed in a visit so far."""
        where = (event.lane, event.journal, visit)
        rows = self._db.execute("SELECT mark FROM marks WHERE lane=%s AND journal=%s AND visit=%s", where)
        return {mark for (mark,) in rows}

    def _record(self, event: EventMessage, effect: FactsOfVisit, *, at_ms: int, received_ms: int) -> list[str]:
        kind, facts, visit = effect.kind, dict(effect.facts), effect.visit
        if visit == 0 or kind == RecordKind.IGNORED:
            return []
        seen = self.crossing(event.lane, event.journal, visit) or _new(event, visit, at_ms)
        vrn = normalise(facts.get("vrn", "")[:MOST_DETAIL])[:LONGEST_MARK] or seen.vrn
        seen = msgspec.structs.replace(seen, last_ms=at_ms, vrn=vrn)
        if kind == RecordKind.VEHICLE_ARRIVED:
            self.claims.visits_over(lane=event.lane, journal=event.journal, last=visit - 1)
        if kind == RecordKind.VISIT_ENDED:
            self.claims.visits_over(lane=event.lane, journal=event.journal, last=visit)
            self._keep(msgspec.structs.replace(seen, base=facts))
            return []
        if len(seen.records) >= MOST_RECORDS:
            return [f"visit {visit}: it has {MOST_RECORDS} records already"]
        self._keep(msgspec.structs.replace(seen, records=(*seen.records, VisitRecord(kind, at_ms, facts))))
        if kind == RecordKind.SENT_TO_COMPOUND:
            self._compound.expect(
                lane=event.lane, journal=event.journal, visit=visit, vrn=vrn, sent_ms=at_ms, heard_ms=received_ms
            )
        return []

    def _consume(self, event: EventMessage, effect: UseOfBundles, *, at_ms: int, received_ms: int) -> list[str]:
        seen = self.crossing(event.lane, event.journal, effect.visit) or _new(event, effect.visit, at_ms)
        ubrs = tuple(dict.fromkeys((*seen.ubrs, *effect.ubrs)))
        if len(ubrs) > MOST_USED:
            return [f"visit {effect.visit}: it would have used {len(ubrs)} bundles; at most {MOST_USED} count"]
        self._keep(msgspec.structs.replace(seen, ubrs=ubrs))
        marks = self._marks(event, effect.visit)
        problems = [self._use(ubr, event, effect.visit, marks, received_ms) for ubr in effect.ubrs]
        return [problem for problem in problems if problem]

    def _use(self, ubr: str, event: EventMessage, visit: int, marks: set[str], now_ms: int) -> str:
        record, lane, key = self._log.bundle(ubr), event.lane, f"{event.lane}/{event.journal}/{visit}"
        self.claims.used(ubr, lane=lane, journal=event.journal, visit=visit, now_ms=now_ms)
        if record is None:
            self._use_late(ubr, event, visit, marks, now_ms)
        elif record.used_by and record.used_by != key:
            self._used_twice(record, lane, key, now_ms)
        elif not record.used_by:
            return self._use_first(record, event, visit, marks, now_ms)
        return ""

    def _used_twice(self, record: BundleRecord, lane: str, key: str, now_ms: int) -> None:
        detail = f"UBR {record.ubr} was used by {record.used_by} and again by {key}"
        self._alarms.raise_once(at_ms=now_ms, lane=lane, kind=CoreAlarmKind.BUNDLE_USED_TWICE, detail=detail)

    def _use_late(self, ubr: str, event: EventMessage, visit: int, marks: set[str], now_ms: int) -> None:
        """A lane tells that it used a bundle which is not in the list, or not any more."""
        record, lane, key = self._log.known_bundle(ubr), event.lane, f"{event.lane}/{event.journal}/{visit}"
        if record is not None and record.used_by not in ("", key):
            self._used_twice(record, lane, key, now_ms)
        elif record is not None and normalise(record.vrn) in marks:
            self._log.note_forgotten(msgspec.structs.replace(record, used_by=key))
            cross(self._db, record)
        else:
            how = (
                "is not in this core's list" if record is None else f"has left the list, and {record.vrn} was not read"
            )
            detail = f"UBR {ubr}, used by {key}, {how}"
            self._alarms.raise_once(at_ms=now_ms, lane=lane, kind=CoreAlarmKind.UNKNOWN_BUNDLE_USED, detail=detail)

    def _use_first(self, record: BundleRecord, event: EventMessage, visit: int, marks: set[str], now_ms: int) -> str:
        key = f"{event.lane}/{event.journal}/{visit}"
        try:
            if normalise(record.vrn) not in marks:
                self.disputes.dispute(record, lane=event.lane, journal=event.journal, visit=visit, now_ms=now_ms)
            else:
                self._log.append([msgspec.structs.replace(record, used_by=key)], at_ms=now_ms)
                cross(self._db, record)
        except RefusedError as error:  # with this visit's key its row no longer fits a message
            return f"UBR {record.ubr} cannot be marked as used: {error}"
        return ""

    def crossing(self, lane: str, journal: str, visit: int) -> Crossing | None:
        """One visit, or None."""
        found = self._select("WHERE lane=%s AND journal=%s AND visit=%s", (lane, journal, visit))
        return found[0] if found else None

    def latest(self, *, most: int = 100, lane: str = "") -> list[Crossing]:
        """The latest visits, newest first; of one lane if it is named."""
        return self._select("WHERE %s IN ('', lane) ORDER BY first_ms DESC, visit DESC LIMIT %s", (lane, most))

    def of_vehicle(self, vrn: str, *, most: int) -> list[Crossing]:
        """The latest visits in which this mark (normalised) was recorded last, newest first."""
        return self._select("WHERE vrn = %s ORDER BY first_ms DESC, visit DESC LIMIT %s", (vrn, most))

    def pictures_of(self, visit_key: str) -> frozenset[str]:
        """The names of the evidence pictures of a visit, as its journal gave them."""
        lane, journal, number = (*visit_key.split("/"), "", "")[:3]
        seen = self.crossing(lane, journal, int(number)) if number.isdecimal() else None
        return frozenset(seen.ended.evidence) if seen is not None else frozenset()

    def _select(self, rest: str, values: tuple[object, ...]) -> list[Crossing]:
        names = ", ".join(Crossing.__struct_fields__)
        rows = self._db.execute(f"SELECT {names} FROM crossings {rest}", values)  # noqa: S608 (fixed texts)
        return [read_crossing(row) for row in rows]

    def _keep(self, crossing: Crossing) -> None:
        values = [getattr(crossing, name) for name in Crossing.__struct_fields__]
        plain = [v if isinstance(v, int | str) else msgspec.json.encode(v).decode() for v in values]
        self._db.execute(
            "INSERT INTO crossings(lane, journal, visit, first_ms, last_ms, vrn, base, records, ubrs) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (lane, journal, visit) DO UPDATE SET "
            "first_ms = excluded.first_ms, last_ms = excluded.last_ms, vrn = excluded.vrn, base = excluded.base, "
            "records = excluded.records, ubrs = excluded.ubrs",
            plain,
        )


def _new(event: EventMessage, visit: int, at_ms: int) -> Crossing:
    return Crossing(
        lane=event.lane,
        journal=event.journal,
        visit=visit,
        first_ms=at_ms,
        last_ms=at_ms,
        vrn="",
        base={},
        records=(),
        ubrs=(),
    )


def read_crossing(row: tuple[object, ...]) -> Crossing:
    """A row of the table of crossings, with the columns in the order of `Crossing`'s fields."""
    values = dict(zip(Crossing.__struct_fields__, row, strict=True))
    for name in ("base", "records", "ubrs"):
        values[name] = msgspec.json.decode(str(values[name]))
    return msgspec.convert(values, Crossing)


def _time_of(entry: JournalEntry, received_ms: int) -> int:
    """The entry's UTC time; the time of receipt where it has none or its clock was not to be trusted."""
    if entry.when is None or entry.when.quality == "unsure":
        return received_ms
    return entry.when.utc_ms or received_ms
