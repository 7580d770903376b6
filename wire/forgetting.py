"""When a row may leave the list: what the core goes by, and what every lane looks at again (design §4).

Rules of this file:
- Pure; times are the core's, UTC ms. It says when a row may be forgotten, and never that it must.
- Nothing that could stop a vehicle now is forgotten: no hold, no bundle that can be used, no approval that stands.
- A bundle that was neither used nor withdrawn ends by time alone, so by a clock. A lane therefore also compares the time that
  the delta names with the core's time as it knows it itself (`CLOCK_MS`), and what would have stopped somebody stays for
  `STOPPING_MS`.
- A used or withdrawn bundle and a removed approval stop and release nobody. How long they stay is the core's choice.
"""

from __future__ import annotations

from domain.crossing import RELEASE
from domain.times import DAY_MS
from wire.records import BundleRecord, HoldRecord, Record, VehicleRecord

EXPIRED_MS = DAY_MS
"""A bundle that nobody used stays for at least so long after its valid-until."""

STOPPING_MS = 31 * DAY_MS
"""And for at least so long where one of its codes is not `release`."""

LIFTED_MS = 92 * DAY_MS
"""A lifted hold stays for so long: a lane that was away for less sees that it was lifted, and not lost."""

CLOCK_MS = 3_600_000
"""How far the time that a delta names may be ahead of the core's time as the lane knows it."""

NEVER = 2**63 - 1
"""Stands where a row does not end by itself."""


def why_kept(row: Record, core_ms: int) -> str:
    """Why `row` may not be forgotten at `core_ms`, in words for a technician; "" if it may.

    >>> why_kept(HoldRecord("AB1234"), 0), why_kept(HoldRecord("AB1234", deleted=True), 0)
    ('the hold of AB1234 is in force', '')
    """
    match row:
        case HoldRecord(deleted=False):
            return f"the hold of {row.vrn} is in force"
        case VehicleRecord(deleted=False):
            return f"the approval of {row.vrn} is in force"
        case BundleRecord() if core_ms < _over_ms(row):
            return f"bundle {row.ubr} of {row.vrn} can be used, or could until lately"
        case _:
            return ""


def ends_ms(row: Record, changed_ms: int, keep_ms: int) -> int:
    """When the core forgets a row that became what it is at `changed_ms`: `keep_ms` after it has ended, or `NEVER`."""
    match row:
        case HoldRecord():
            return changed_ms + LIFTED_MS if row.deleted else NEVER
        case VehicleRecord():
            return changed_ms + keep_ms if row.deleted else NEVER
        case BundleRecord():
            over = _over_ms(row)
            return over + keep_ms if over else changed_ms + keep_ms


def _over_ms(row: BundleRecord) -> int:
    """From when on a bundle is over by time; 0 if it is over for another reason."""
    if row.deleted or row.used_by:
        return 0
    stops = not row.cargo or any(line.code != RELEASE for line in row.cargo)
    return row.valid_until_ms + (STOPPING_MS if stops else EXPIRED_MS)
