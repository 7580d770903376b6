"""The releases in a journal: each step that put "Clearance Completed" on the boards, and what it rested on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from domain.visit_record import RecordKind
from tools.torture.history import LaneHistory, StoredRow

DONE = "DONE"


@dataclass(frozen=True, slots=True)
class JournaledRelease:
    """One release.

    Attributes:
        serial: of the scene; the paint log names it too.
        at_ms: when it was decided, monotonic.
        vrn: the vehicle, "" where no plate was known.
        codes: the answer of the code book it was decided on, as journaled; None where the step had none.
        used: the bundles it consumed.
        claimed: the bundles that the core had signed to be this visit's alone.
        unladen: the driver had declared the vehicle unladen.
        bypassed: a loop was bypassed.
    """

    boot: str
    seq: int
    serial: int
    at_ms: int
    vrn: str
    codes: dict[str, Any] | None
    used: tuple[str, ...]
    claimed: frozenset[str]
    unladen: bool
    bypassed: bool


class _StandingReceipt:
    """What the core has granted the visit in the lane, and the lane has not given back or claimed anew."""

    def __init__(self) -> None:
        self.ubrs: frozenset[str] = frozenset()
        self._asked = 0

    def hear(self, event: dict[str, Any]) -> None:
        """An answer counts only for the claim that stands."""
        if event["type"] == "ClaimAnswered" and not event["refusal"] and event["claim"] == self._asked:
            self.ubrs = frozenset(event["ubrs"])

    def follow(self, effects: list[dict[str, Any]]) -> None:
        """A claim, a give-back or another vehicle ends it."""
        for effect in effects:
            if effect["type"] in {"Claim", "GiveBack", "StartReading"}:
                self.ubrs, self._asked = frozenset(), effect["claim"] if effect["type"] == "Claim" else 0


def of_lane(lane: LaneHistory, *, every: bool = False) -> Iterator[JournaledRelease]:
    """The releases of a lane, each once, whichever of its stores has it (`decisions`)."""
    seen: set[tuple[str, int, int]] = set()
    for store in lane.stores:
        for one in decisions(store.rows, every=every):
            key = (one.boot, one.seq, one.serial)
            if key not in seen and one.boot not in lane.boots:
                seen.add(key)
                yield one


def decisions(rows: list[StoredRow], *, every: bool = False) -> Iterator[JournaledRelease]:
    """The releases of a journal; with `every` also the scenes that only show a release again, for the paint log."""
    vrn, unladen, standing = "", False, False
    receipt, bypassed = _StandingReceipt(), set[str]()
    for row in rows:
        entry = row.entry
        event, effects = entry["event"], entry["effects"]
        for effect in effects:
            if effect["type"] == "Record" and effect["kind"] == RecordKind.VEHICLE_ARRIVED:
                vrn, unladen = "", False
            if effect["type"] == "Record" and effect["kind"] == RecordKind.LOOP_BYPASSED:
                (bypassed.add if event["bypassed"] else bypassed.discard)(event["contact"])
        receipt.hear(event)
        if event["type"] == "PlateSettled":
            vrn = vrn or event["read"]["vrn"]
        unladen = unladen or any(e["type"] == "Record" and e["kind"] == RecordKind.UNLADEN_DECLARED for e in effects)
        for effect in effects:
            if effect["type"] != "Show":
                continue
            done = DONE in (effect["xdb"], effect["aiop"])
            if done and (every or not standing):
                found = _decision(row, effect["serial"], vrn, receipt.ubrs, unladen=unladen)
                yield replace(found, bypassed=bool(bypassed))
            standing = done
        receipt.follow(effects)


def _decision(row: StoredRow, serial: int, vrn: str, claimed: frozenset[str], *, unladen: bool) -> JournaledRelease:
    entry = row.entry
    used = [ubr for effect in entry["effects"] if effect["type"] == "Consume" for ubr in effect["ubrs"]]
    found = entry["event"]["codes"] if entry["event"]["type"] == "CodesFound" else None
    return JournaledRelease(
        row.boot, row.seq, serial, row.mono_ms, vrn, found, tuple(used), claimed, unladen, bypassed=False
    )
