"""The core's signed log as a history: what stood on the list, at which version and at which time."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.torture.decisions import JournaledRelease
from tools.torture.history import Logged
from wire.forgetting import why_kept
from wire.hashes import EMPTY_STATE
from wire.records import BundleRecord, HoldRecord, Kind, Record, VehicleRecord

RELEASE = "release"
CLOCK_MS = 3_000
"""How far the clocks of core and checker may be apart: they are one machine's."""


@dataclass(frozen=True, slots=True)
class ListChange:
    """A row as it became at a version, signed at `at_ms` (monotonic); None where it left the list."""

    epoch: str
    version: int
    at_ms: int
    row: Record | None


class SignedLog:
    """Every version that the core has signed.

    Args:
        log: its deltas, in order.
        offset_ms: UTC minus monotonic.

    Attributes:
        forgotten: how many rows have left the list.
        forgot_too_much: those that should not have.
    """

    def __init__(self, log: list[Logged], offset_ms: int) -> None:
        self._offset_ms = offset_ms
        self._hashes = {(one.epoch, one.version): one.state_hash.hex() for one in log}
        self._epochs = {one.epoch for one in log}
        self._by_key: dict[tuple[str, str, str], list[ListChange]] = defaultdict(list)
        self._by_mark: dict[str, list[ListChange]] = defaultdict(list)
        self.forgotten = 0
        self.forgot_too_much: list[str] = []
        for one in log:
            for row in one.delta.changes if one.delta is not None else ():
                change = ListChange(one.epoch, one.version, one.at_ms - offset_ms, row)
                self._by_key[one.epoch, *row.key].append(change)
                self._by_mark[row.vrn].append(change)
            for key in [gone.key for gone in one.delta.forgets] if one.delta is not None else ():
                self._forget(one, key)

    def _forget(self, one: Logged, key: tuple[Kind, str]) -> None:
        """A row leaves the list: it was there, and stopped nobody any more."""
        row, core_ms = self.row(one.epoch, one.version, *key), one.delta.core_ms if one.delta is not None else 0
        self.forgotten += 1
        why = "it is not in the list" if row is None else why_kept(row, core_ms)
        if why:
            self.forgot_too_much.append(f"version {one.version} of {one.epoch} forgets {key[0]} {key[1]}: {why}")
        self._by_key[one.epoch, *key].append(ListChange(one.epoch, one.version, one.at_ms - self._offset_ms, None))

    def state_hash(self, epoch: str, version: int) -> str:
        """What was signed for that version, hex; "" where there is no such version."""
        if version == 0 and epoch:
            return EMPTY_STATE.hex()
        return self._hashes.get((epoch, version), "")

    def row(self, epoch: str, version: int, kind: str, key: str) -> Record | None:
        """The row of that key at a version."""
        changes = self._by_key.get((epoch, kind, key), [])
        place = bisect_right(changes, version, key=lambda change: change.version)
        return changes[place - 1].row if place else None

    def changes_of(self, kind: str, key: str) -> list[ListChange]:
        """Everything that was said of a row, in order, whatever the epoch."""
        found = [one for where, changes in self._by_key.items() if where[1:] == (kind, key) for one in changes]
        return sorted(found, key=lambda one: one.at_ms)

    def holds_of(self, vrn: str) -> list[ListChange]:
        """Where a hold was set on this vehicle."""
        return [one for one in self._by_mark.get(vrn, ()) if isinstance(one.row, HoldRecord) and not one.row.deleted]

    def unsupported(self, decision: JournaledRelease) -> Iterator[str]:
        """What of the release's grounds does not stand in the list it names."""
        codes = decision.codes or {}
        epoch, version = codes["epoch"], codes["version"]
        if codes["held"]:
            yield "it knew a hold"
        for bundle in codes["bundles"]:
            row = self.row(epoch, version, "bundle", bundle["ubr"])
            if not isinstance(row, BundleRecord) or not _same(row, bundle):
                yield f"bundle {bundle['ubr']} does not stand so in version {version} of the signed log"
            if bundle["ubr"] in decision.used and any(cargo["code"] != RELEASE for cargo in bundle["cargo"]):
                yield f"bundle {bundle['ubr']} has a code that is not release"
        if decision.used:
            return
        row = self.row(epoch, version, "vehicle", decision.vrn)
        if not decision.unladen or not isinstance(row, VehicleRecord) or row.deleted:
            yield "no bundle was used, and no approved vehicle declared unladen"

    def untimely(self, decision: JournaledRelease) -> Iterator[str]:
        """Bundles that were used before or after their time, by the machine's clock."""
        now = decision.at_ms + self._offset_ms
        for bundle in decision.codes["bundles"] if decision.codes is not None else ():
            in_time = bundle["earliest_ms"] - CLOCK_MS <= now < bundle["valid_until_ms"] + CLOCK_MS
            if bundle["ubr"] in decision.used and not in_time:
                yield f"bundle {bundle['ubr']} was used outside its time"

    def forbidden(self, decision: JournaledRelease, fresh_ms: int) -> Iterator[str]:
        """Stops signed more than `fresh_ms` before the release that still stood."""
        since = decision.at_ms - fresh_ms
        by_key: dict[tuple[str, str], list[ListChange]] = defaultdict(list)
        for change in self._by_mark.get(decision.vrn, ()):  # a new epoch says again what holds of the one before
            if change.row is not None:
                by_key[change.row.key].append(change)
        for key, changes in by_key.items():
            before = [change for change in changes if change.at_ms <= since]
            during = [change for change in changes if since < change.at_ms <= decision.at_ms]
            if before and all(_stops(change.row) for change in (before[-1], *during)):
                yield f"{key} had stopped it since {decision.at_ms - before[-1].at_ms} ms"


def _same(row: BundleRecord, bundle: dict[str, Any]) -> bool:
    cargo = [(one["ccrn"], one["code"], one["scheme"]) for one in bundle["cargo"]]
    return (
        row.vrn == bundle["vrn"]
        and row.direction == bundle["direction"]
        and row.point == bundle["point"]
        and (row.earliest_ms, row.valid_until_ms) == (bundle["earliest_ms"], bundle["valid_until_ms"])
        and [(one.ccrn, one.code, one.scheme) for one in row.cargo] == cargo
        and row.deleted == bundle["withdrawn"]
        and row.used_by in {"", bundle["used_by"]}
    )


def _stops(row: Record | None) -> bool:
    match row:
        case HoldRecord():
            return not row.deleted
        case BundleRecord():
            return not row.deleted and not row.used_by and any(cargo.code != RELEASE for cargo in row.cargo)
        case VehicleRecord() | None:
            return False
