"""The rows of the replicated log: what the core knows that a lane must know (design §3).

Rules of this file:
- A row is encoded by position, as a msgpack array that starts with its tag. Those bytes are what is hashed, so a
  field is only ever added together with a new epoch.
- A row is named by its `key`; a later row of the same key replaces the earlier one.
- A deleted row stays, as a tombstone: a lane can then say *debundled* where it would otherwise say *no record*
  (row 13), and a tombstone cannot be undone by an older row. It leaves the list by a delta that forgets it, like every row
  that has ended (`wire.forgetting`), or with the next epoch, but for those of holds.
- VRNs and Mainland plates are normalised (upper case, no blanks, I as 1, O and Q as 0) by whoever writes the row.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Direction = Literal["inbound", "outbound"]
"""Which way a bundle leads; the values are those of `lane_agent.model.Direction`."""

Kind = Literal["bundle", "hold", "vehicle"]
"""The tag of a row."""

Vrn = Annotated[str, Meta(min_length=1, max_length=16)]
"""A normalised Hong Kong vehicle registration mark."""

Ubr = Annotated[str, Meta(min_length=1, max_length=32)]
"""A Unique Bundling Reference; ten digits today (seed 004), taken as given."""

CoreMs = Annotated[int, Meta(ge=0, le=2**53)]
"""The core's time, UTC milliseconds."""


class CargoRecord(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One consignment of a bundle.

    Attributes:
        ccrn: its customs cargo reference number.
        code: its action code exactly as the core gave it; whatever is not `release` stops (design §2.4).
        scheme: a facilitation scheme's flag (row 18), "" if none.
    """

    ccrn: str
    code: str
    scheme: str = ""


class BundleRecord(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="bundle"):
    """CCRNs bundled with a vehicle under one UBR.

    Attributes:
        point: code of the expected control point, "" where the driver named none.
        earliest_ms, valid_until_ms: a crossing at t is in time when earliest <= t < valid_until.
        cargo: its consignments; the strictest code counts.
        deleted: debundled; a tombstone.
        used_by: visit key ("lane/journal/visit") of the crossing that consumed it, "" while unused.
    """

    ubr: Ubr
    vrn: Vrn
    direction: Direction
    point: str
    earliest_ms: CoreMs
    valid_until_ms: CoreMs
    cargo: tuple[CargoRecord, ...] = ()
    deleted: bool = False
    used_by: str = ""

    @property
    def key(self) -> tuple[Kind, str]:
        """What this row replaces: ("bundle", UBR)."""
        return ("bundle", self.ubr)


class HoldRecord(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="hold"):
    """A vehicle to be stopped whatever its cargo; `deleted` lifts it. `reason` is for officers."""

    vrn: Vrn
    reason: str = ""
    deleted: bool = False

    @property
    def key(self) -> tuple[Kind, str]:
        """What this row replaces: ("hold", VRN)."""
        return ("hold", self.vrn)


class VehicleRecord(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="vehicle"):
    """A vehicle on the list of approved cross-boundary vehicles; `mainland` is "" where it has no such plate."""

    vrn: Vrn
    mainland: str = ""
    deleted: bool = False

    @property
    def key(self) -> tuple[Kind, str]:
        """What this row replaces: ("vehicle", VRN)."""
        return ("vehicle", self.vrn)


Record = BundleRecord | HoldRecord | VehicleRecord
"""A row of the log."""


class ForgottenRow(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A row that leaves the list, by its key: `name` is what the row's `key` has after its kind."""

    kind: Kind
    name: Annotated[str, Meta(min_length=1, max_length=32)]

    @property
    def key(self) -> tuple[Kind, str]:
        """Of the row that leaves."""
        return (self.kind, self.name)
