"""Everything the lane knows of one vehicle: the list, the two overlays, and what could have been meant instead.

Rules of this file:
- The strictest wins: a hold in the list or ahead of its turn holds; a bundle used in the list or here is used.
- A near-miss is one listed substitution, or one character added or lost (`domain.marks`, design §2.6). It is found
  by asking the index for every mark that would be one: a few hundred probes, whatever the number of codes, and no copy
  of the list in memory. A character can only have been added if some mark of the list has it.
- Time is not looked at: a bundle that has run out counts as live for a near-miss, which can only stop.
- Nothing here knows whether the list is fresh; the link does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from domain.crossing import RELEASE, Direction
from domain.marks import deletions, is_near_miss, normalise, substitutions
from lane_agent.model import Bundle, Cargo, Codes, Link, NearMiss
from runtime.store_errors import StoreDamagedError
from sync import overlays
from sync.codelog import CodeLog
from wire.codec import decode_record
from wire.errors import WireError
from wire.records import BundleRecord, HoldRecord, Record, VehicleRecord


@dataclass(frozen=True, slots=True)
class Records:
    """`lane_agent.model.Codes` without what only the link knows; the fields are those of the same name there."""

    vrn: str
    epoch: str
    version: int
    state_hash: str
    held: bool
    bundles: tuple[Bundle, ...]
    approved: bool
    approved_mainland: str
    near: tuple[NearMiss, ...]

    def codes(self, *, link: Link, core_ms: int | None, slack_ms: int) -> Codes:
        """The answer for the lane, with the link's verdict and the core's time at this moment."""
        return Codes(
            vrn=self.vrn,
            link=link,
            core_ms=core_ms,
            slack_ms=slack_ms,
            epoch=self.epoch,
            version=self.version,
            state_hash=self.state_hash,
            held=self.held,
            bundles=self.bundles,
            approved=self.approved,
            approved_mainland=self.approved_mainland,
            near=self.near,
        )


class Touch(Enum):
    """What a change of the log means for one vehicle."""

    NONE = "none"
    CHANGE = "change"
    STOP = "stop"  # a hold, or a bundle whose code is not release, was set on it or on a near-miss of it


@dataclass(slots=True)
class _Vehicle:
    """What the rows and overlays say about one mark."""

    held: bool = False
    bundles: tuple[Bundle, ...] = ()
    approved: tuple[VehicleRecord, ...] = ()

    def live(self) -> list[Bundle]:
        return [bundle for bundle in self.bundles if not bundle.withdrawn and not bundle.used_by]

    def near(self, mark: str) -> NearMiss | None:
        """This vehicle as a near-miss of another; None where nothing pends for it."""
        live = self.live()
        held = self.held or any(cargo.code != RELEASE for bundle in live for cargo in bundle.cargo)
        return NearMiss(vrn=mark, held=held, bundled=bool(live)) if held or live else None


class Lookup:
    """Looks vehicles up in the live list of `log`."""

    def __init__(self, log: CodeLog) -> None:
        self._log = log

    def find(self, vrn: str) -> Records:
        """Everything known of `vrn` (normalised here), bundles by UBR and near-misses by mark, in order.

        Raises:
            StoreError: the file cannot be read, or a row of this vehicle is damaged.
        """
        mark = normalise(vrn)
        with self._log.store.reading() as connection:
            head = self._log.head
            vehicles = self._vehicles(connection, _candidates(mark, self._log.letters))
        own = vehicles.pop(mark, _Vehicle())
        near = (vehicle.near(other) for other, vehicle in sorted(vehicles.items()))
        return Records(
            vrn=mark,
            epoch=head.epoch,
            version=head.version,
            state_hash=head.state_hash.hex(),
            held=own.held,
            bundles=own.bundles,
            approved=bool(own.approved),
            approved_mainland=next((normalise(row.mainland) for row in own.approved if row.mainland), ""),
            near=tuple(miss for miss in near if miss is not None),
        )

    def _vehicles(self, connection: sqlite3.Connection, marks: Iterable[str]) -> dict[str, _Vehicle]:
        asked = json.dumps(sorted(marks))
        sql = (
            "SELECT mark, body FROM json_each(?) AS asked CROSS JOIN codes INDEXED BY codes_by_mark "
            "ON generation = ? AND mark = asked.value"
        )
        rows: dict[str, list[Record]] = {}
        for mark, body in connection.execute(sql, (asked, self._log.generation)):
            rows.setdefault(mark, []).append(self._decoded(mark, body))
        ubrs = [row.ubr for found in rows.values() for row in found if isinstance(row, BundleRecord)]
        used = overlays.used_by(connection, ubrs)
        vehicles = {mark: _vehicle(found, used) for mark, found in rows.items()}
        for mark in overlays.held_ahead(connection, asked):
            vehicles.setdefault(mark, _Vehicle()).held = True
        return vehicles

    def _decoded(self, mark: str, body: bytes) -> Record:
        try:
            record = decode_record(body)
        except WireError as error:
            raise StoreDamagedError(f"codes of {mark}: a row is damaged, a snapshot replaces it ({error})") from error
        if normalise(record.vrn) != mark:
            raise StoreDamagedError(f"codes of {mark}: a row is of {record.vrn}, a snapshot replaces it")
        return record


def _candidates(mark: str, letters: Iterable[str]) -> set[str]:
    """`mark` and every mark that would be a near-miss of it."""
    longer = (mark[:place] + letter + mark[place:] for place in range(len(mark) + 1) for letter in letters)
    return {mark, *substitutions(mark), *deletions(mark), *longer}


def _vehicle(rows: Iterable[Record], used: dict[str, str]) -> _Vehicle:
    vehicle = _Vehicle()
    for row in sorted(rows, key=lambda record: record.key):
        match row:
            case BundleRecord():
                vehicle.bundles += (_bundle(row, used.get(row.ubr, "")),)
            case HoldRecord(deleted=False):
                vehicle.held = True
            case VehicleRecord(deleted=False):
                vehicle.approved += (row,)
            case _:  # tombstones of holds and vehicles say nothing
                pass
    return vehicle


def _bundle(row: BundleRecord, used_here: str) -> Bundle:
    return Bundle(
        ubr=row.ubr,
        vrn=normalise(row.vrn),
        direction=Direction(row.direction),
        point=row.point,
        earliest_ms=row.earliest_ms,
        valid_until_ms=row.valid_until_ms,
        cargo=tuple(Cargo(ccrn=cargo.ccrn, code=cargo.code, scheme=cargo.scheme) for cargo in row.cargo),
        withdrawn=row.deleted,
        used_by=row.used_by or used_here,
    )


def _stops(record: Record) -> bool:
    match record:
        case HoldRecord():
            return not record.deleted
        case BundleRecord():
            pending = not record.deleted and not record.used_by
            return pending and any(cargo.code != RELEASE for cargo in record.cargo)
        case VehicleRecord():
            return False


def touching(changes: Iterable[Record], vrn: str, *, replaced: Iterable[Record] = ()) -> Touch:
    """Whether a change of the log concerns this vehicle or a near-miss of it, and whether it stops somebody.

    Args:
        changes: the new rows: `Applied.changes`, or the `holds` of a delta out of its turn.
        vrn: the vehicle in the lane.
        replaced: the rows they overwrote: a bundle may have gone from this vehicle to another.
    """
    mark = normalise(vrn)
    new = [record for record in changes if _concerns(record, mark)]
    if any(_stops(record) for record in new):
        return Touch.STOP
    return Touch.CHANGE if new or any(_concerns(record, mark) for record in replaced) else Touch.NONE


def _concerns(record: Record, mark: str) -> bool:
    other = normalise(record.vrn)
    return other == mark or is_near_miss(other, mark)
