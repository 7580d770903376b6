"""What the lanes' journals mean to the centre: crossings, alarms, used bundles, vehicles sent to the compound.

Rules of this file:
- It runs in the transaction that stores the event, so every event counts once.
- It never refuses: a body or effect it does not understand is stored all the same (`intake`) and not projected here;
  the journal is the truth, and what is made of it can be made again.
- A bundle is used by the first crossing that consumes it; a second one is an alarm (domain §0.6).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from core.ledger.log import ReplicatedLog
from core.link.alarms import AlarmBook
from core.link.compound import Compound
from domain.alarms import CoreAlarmKind
from domain.marks import normalise
from domain.visit_record import RecordKind, VisitEnded
from wire.messages import EventMessage


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

    def __init__(self, connection: sqlite3.Connection, log: ReplicatedLog, compound: Compound) -> None:
        self._db = connection
        self._log = log
        self._alarms = AlarmBook(connection)
        self._compound = compound

    def project(self, event: EventMessage, *, received_ms: int) -> None:
        """Applies one event, received at `received_ms` (UTC ms)."""
        entry = _entry(event.body)
        at_ms = _time_of(entry, received_ms)
        for effect in _effects(entry):
            visit = _whole(effect.get("visit"))
            match effect.get("type"):
                case "Record":
                    self._record(event, effect, visit, at_ms=at_ms, received_ms=received_ms)
                case "Alarm":
                    kind, detail = _text(effect.get("kind")), _text(effect.get("detail"))
                    self._alarms.add(
                        at_ms=at_ms, lane=event.lane, journal=event.journal, visit=visit, kind=kind, detail=detail
                    )
                case "Consume":
                    self._consume(event, effect, visit, at_ms=at_ms, received_ms=received_ms)
                case _:
                    pass  # shown, asked or timed at the lane: nothing for the centre

    def _record(
        self, event: EventMessage, effect: Mapping[str, Any], visit: int, *, at_ms: int, received_ms: int
    ) -> None:
        kind, facts = _text(effect.get("kind")), _facts(effect.get("facts"))
        if visit <= 0 or kind == RecordKind.IGNORED:
            return
        seen = self.crossing(event.lane, event.journal, visit) or _new(event, visit, at_ms)
        vrn = normalise(facts.get("vrn", "")) or seen.vrn
        seen = msgspec.structs.replace(seen, last_ms=at_ms, vrn=vrn)
        if kind == RecordKind.VISIT_ENDED:
            self._keep(msgspec.structs.replace(seen, base=facts))
            return
        self._keep(msgspec.structs.replace(seen, records=(*seen.records, VisitRecord(kind, at_ms, facts))))
        if kind == RecordKind.SENT_TO_COMPOUND:
            self._compound.expect(
                lane=event.lane, journal=event.journal, visit=visit, vrn=vrn, sent_ms=at_ms, heard_ms=received_ms
            )

    def _consume(
        self, event: EventMessage, effect: Mapping[str, Any], visit: int, *, at_ms: int, received_ms: int
    ) -> None:
        seen = self.crossing(event.lane, event.journal, visit) or _new(event, visit, at_ms)
        ubrs = tuple(ubr for ubr in effect.get("ubrs") or () if isinstance(ubr, str))
        self._keep(msgspec.structs.replace(seen, ubrs=tuple(dict.fromkeys((*seen.ubrs, *ubrs)))))
        for ubr in ubrs:
            self._use(ubr, seen.key, event.lane, received_ms)

    def _use(self, ubr: str, visit_key: str, lane: str, now_ms: int) -> None:
        record = self._log.bundle(ubr)
        if record is None:
            detail = f"UBR {ubr}, used by {visit_key}, is not in this core's list"
            self._alarms.raise_once(at_ms=now_ms, lane=lane, kind=CoreAlarmKind.UNKNOWN_BUNDLE_USED, detail=detail)
        elif not record.used_by:
            self._log.append([msgspec.structs.replace(record, used_by=visit_key)], at_ms=now_ms)
            self._db.execute(
                "UPDATE cargo SET crossed=1, ubr=? WHERE ccrn IN (SELECT value FROM json_each(?))",
                (ubr, msgspec.json.encode([line.ccrn for line in record.cargo]).decode()),
            )
        elif record.used_by != visit_key:
            detail = f"UBR {ubr} was used by {record.used_by} and again by {visit_key}"
            self._alarms.raise_once(at_ms=now_ms, lane=lane, kind=CoreAlarmKind.BUNDLE_USED_TWICE, detail=detail)

    def crossing(self, lane: str, journal: str, visit: int) -> Crossing | None:
        """One visit, or None."""
        found = self._select("WHERE lane=? AND journal=? AND visit=?", (lane, journal, visit))
        return found[0] if found else None

    def latest(self, *, most: int = 100, lane: str = "") -> list[Crossing]:
        """The latest visits, newest first; of one lane if it is named."""
        return self._select("WHERE ? IN ('', lane) ORDER BY first_ms DESC, visit DESC LIMIT ?", (lane, most))

    def of_vehicle(self, vrn: str, *, most: int) -> list[Crossing]:
        """The latest visits in which this mark (normalised) was recorded last, newest first."""
        return self._select("WHERE vrn = ? ORDER BY first_ms DESC, visit DESC LIMIT ?", (vrn, most))

    def pictures_of(self, visit_key: str) -> frozenset[str]:
        """The names of the evidence pictures of a visit, as its journal gave them."""
        lane, journal, number = (*visit_key.split("/"), "", "")[:3]
        seen = self.crossing(lane, journal, int(number)) if number.isdecimal() else None
        return frozenset(seen.ended.evidence) if seen is not None else frozenset()

    def _select(self, rest: str, values: tuple[object, ...]) -> list[Crossing]:
        names = ", ".join(Crossing.__struct_fields__)
        rows = self._db.execute(f"SELECT {names} FROM crossings {rest}", values)  # noqa: S608 (fixed texts)
        return [_crossing(row) for row in rows]

    def _keep(self, crossing: Crossing) -> None:
        values = [getattr(crossing, name) for name in Crossing.__struct_fields__]
        plain = [v if isinstance(v, int | str) else msgspec.json.encode(v).decode() for v in values]
        self._db.execute(
            "REPLACE INTO crossings(lane, journal, visit, first_ms, last_ms, vrn, base, records, ubrs) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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


def _crossing(row: tuple[object, ...]) -> Crossing:
    values = dict(zip(Crossing.__struct_fields__, row, strict=True))
    for name in ("base", "records", "ubrs"):
        values[name] = msgspec.json.decode(str(values[name]))
    return msgspec.convert(values, Crossing)


def _entry(body: bytes) -> Mapping[str, Any]:
    try:
        entry = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _effects(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    effects = entry.get("effects")
    for effect in effects if isinstance(effects, list) else ():
        if isinstance(effect, dict):
            yield effect


def _time_of(entry: Mapping[str, Any], received_ms: int) -> int:
    """The entry's UTC time; the time of receipt where it has none or its clock was not to be trusted."""
    at = entry.get("at")
    if not isinstance(at, dict) or at.get("quality") == "unsure":
        return received_ms
    return _whole(at.get("utc_ms")) or received_ms


def _facts(pairs: object) -> dict[str, str]:
    if not isinstance(pairs, list):
        return {}
    return {_text(pair[0]): _text(pair[1]) for pair in pairs if isinstance(pair, list) and len(pair) == 2}


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**63 else 0
