"""Of two histories of one list the stricter counts, row by row (design §2.16)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from core.ledger.log import ReplicatedLog
from domain.crossing import RELEASE
from wire.records import BundleRecord, HoldRecord, Record, VehicleRecord


def strictest(changes: Iterable[Record], log: ReplicatedLog) -> Iterator[Record]:
    """The rows of another branch that are not here, or that make those here stricter, as they are to be.

    What had ended here and left the list stays away: on the other branch it may be unused. A hold is never left out.
    """
    for row in changes:
        own = log.row(*row.key)
        if own is None and not isinstance(row, HoldRecord) and log.forgotten(*row.key) is not None:
            continue
        best = row if own is None else joined(own, row)
        if best != own:
            yield best


def joined(own: Record, other: Record) -> Record:
    """`own`, made as strict as another row of the same key: held, not approved, withdrawn, used, stopped by its code."""
    match own, other:
        case HoldRecord(), HoldRecord():
            return other if own.deleted and not other.deleted else own
        case VehicleRecord(), VehicleRecord():
            return other if other.deleted and not own.deleted else own
        case BundleRecord(), BundleRecord():
            goes = all(line.code == RELEASE for line in own.cargo)
            stops = any(line.code != RELEASE for line in other.cargo)
            return msgspec.structs.replace(
                own,
                deleted=own.deleted or other.deleted,
                used_by=own.used_by or other.used_by,
                cargo=other.cargo if goes and stops else own.cargo,
            )
        case _:
            return own
