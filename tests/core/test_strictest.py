"""Of two rows of one key the stricter counts: each fact by itself, whichever side has it (design §2.16)."""

from __future__ import annotations

from typing import Any

import pytest

from core.ledger.strictest import joined
from wire.records import BundleRecord, CargoRecord, HoldRecord, Record, VehicleRecord

GOES = (CargoRecord("1", "release"), CargoRecord("2", "release"))
STOPS = (CargoRecord("1", "release"), CargoRecord("2", "inspect"))
ALSO_STOPS = (CargoRecord("1", "document"),)


def bundle(cargo: tuple[CargoRecord, ...] = GOES, **changes: Any) -> BundleRecord:
    """A bundle that may be used."""
    return BundleRecord("7", "AB1234", "inbound", "", 0, 9, cargo, **changes)


HELD, HELD_TOO, LIFTED = HoldRecord("AB1234", "tip"), HoldRecord("AB1234", "x"), HoldRecord("AB1234", deleted=True)
APPROVED, OTHER_PLATE = VehicleRecord("AB1234", mainland="粤ZAB12港"), VehicleRecord("AB1234", mainland="粤ZCD34港")
REMOVED, REMOVED_TOO = (
    VehicleRecord("AB1234", deleted=True),
    VehicleRecord("AB1234", mainland="粤ZAB12港", deleted=True),
)


@pytest.mark.parametrize(
    ("own", "other", "best"),
    [
        (LIFTED, HELD, HELD),
        (HELD, LIFTED, HELD),
        (HELD, HELD_TOO, HELD),
        (LIFTED, HoldRecord("AB1234", "x", deleted=True), LIFTED),
        (APPROVED, REMOVED, REMOVED),
        (REMOVED, APPROVED, REMOVED),
        (APPROVED, OTHER_PLATE, APPROVED),
        (REMOVED, REMOVED_TOO, REMOVED),
        (bundle(), bundle(deleted=True), bundle(deleted=True)),
        (bundle(deleted=True), bundle(), bundle(deleted=True)),
        (bundle(), bundle(used_by="l/j/1"), bundle(used_by="l/j/1")),
        (bundle(used_by="l/j/1"), bundle(), bundle(used_by="l/j/1")),
        (bundle(used_by="l/j/1"), bundle(used_by="m/j/2"), bundle(used_by="l/j/1")),
        (bundle(GOES), bundle(STOPS), bundle(STOPS)),
        (bundle(STOPS), bundle(GOES), bundle(STOPS)),
        (bundle(STOPS), bundle(ALSO_STOPS), bundle(STOPS)),
        (bundle(GOES), bundle(GOES[:1]), bundle(GOES)),
        (bundle(), HELD, bundle()),
    ],
)
def test_the_stricter_counts(own: Record, other: Record, best: Record) -> None:
    """Held, not approved, withdrawn, used, stopped by a code; else our own."""
    assert joined(own, other) == best
