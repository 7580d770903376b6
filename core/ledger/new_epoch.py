"""What goes into a new epoch: nothing that was stopped is let go by it (design §2.16).

Rules of this file:
- A new epoch begins after a restore, or where the list was changed by somebody. So neither the rows in the store nor the
  signed deltas are believed alone: of the two the stricter counts, and what differs is told.
- A hold ends only by name, by two people, and its row goes on as a lifted one, so that the lanes see that it was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.errors import HistoryError, RefusedError
from core.ledger.log import Key, ReplicatedLog
from core.ledger.strictest import joined
from domain.marks import normalise
from wire.codec import decode_record
from wire.records import HoldRecord, Record


def holds_to_end(vrns: Sequence[str], *, officer: str, approve: str) -> list[str]:
    """The marks, normalised, whose holds two people agree to end.

    Raises:
        RefusedError: there is no second person.
    """
    if vrns and (not approve.strip() or approve.strip().casefold() == officer.strip().casefold()):
        raise RefusedError(
            f"a hold is left behind only if two people say so: name the second one with --approve (not {officer} again)"
        )
    return [normalise(vrn) for vrn in vrns]


def make_strictest(log: ReplicatedLog, ended: Sequence[str]) -> list[str]:
    """Makes the rows in the store what the new epoch begins with, inside the caller's transaction; returns what to tell.

    Raises:
        RefusedError: a hold that is to end is not there.
    """
    told: list[str] = []
    head = log.head()
    try:
        signed = log.list_at(head.epoch, log.newest(head.epoch)).rows
    except HistoryError as error:
        told.append(
            f"the signed deltas of epoch {head.epoch} cannot be proved: {error}. Compare the list with what you know"
        )
    else:
        told += _joined_with(log, signed)
    for vrn in ended:
        row = log.row("hold", vrn)
        if not isinstance(row, HoldRecord) or row.deleted:
            raise RefusedError(f"{vrn} is not held; look with rocars-core history --vrn {vrn}")
        log.put(HoldRecord(vrn, deleted=True))
        told.append(f"hold {vrn}: ends with this epoch")
    return told


def _joined_with(log: ReplicatedLog, signed: Mapping[Key, Record]) -> Iterator[str]:
    """The stricter of signed and stored rows; of what was never signed only holds stay."""
    for key, row in signed.items():
        stored = log.row(*key)
        best = row if stored is None else joined(row, stored)
        if best != stored:
            log.put(best)
            yield f"{key[0]} {key[1]}: the row in the store is not what was signed, which counts where it is stricter"
    for row in [one for body in log.row_bodies() if (one := decode_record(body)).key not in signed]:
        if not isinstance(row, HoldRecord):
            log.drop(row.key)
        what = "is carried over" if isinstance(row, HoldRecord) else "is left out"
        yield f"{row.key[0]} {row.key[1]}: nobody signed this row; it {what}, look at it"
