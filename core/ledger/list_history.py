"""What the list was: rebuilt from signed deltas, from the newest checkpoint before that version on, and else from version 0.

Rules of this file: nothing is believed because it is stored. Every signature, link and state hash on the way is checked.
"""

from __future__ import annotations

import msgspec

from core.errors import HistoryError
from core.ledger import checkpoints
from core.ledger.row_by_row import row_by_row
from core.ledger.store import LedgerConnection, the_row
from wire.codec import decode, decode_record, encode
from wire.envelope import KeyRing
from wire.errors import WireError
from wire.hashes import EMPTY_STATE, StateHash, log_next, log_start
from wire.messages import Delta
from wire.records import Kind, Record
from wire.topics import LOG


class HistoricList(msgspec.Struct, frozen=True):
    """The list as it was at a version, rebuilt from the signed deltas and proved by their hashes."""

    epoch: str
    version: int
    at_ms: int
    log_hash: bytes
    state_hash: bytes
    rows: dict[tuple[Kind, str], Record]


def version_at(db: LedgerConnection, at_ms: int) -> tuple[str, int]:
    """(epoch, version) of the list that was in force at `at_ms` (UTC).

    Raises:
        HistoryError: there was none yet.
    """
    epoch = db.execute("SELECT epoch FROM epochs WHERE began_ms<=%s ORDER BY number DESC LIMIT 1", (at_ms,)).fetchone()
    if epoch is None:
        raise HistoryError("there was no list at that time; the first epoch began later")
    found = the_row(
        db.execute("SELECT COALESCE(MAX(version), 0) FROM log WHERE epoch=%s AND at_ms<=%s", (epoch[0], at_ms))
    )
    return epoch[0], int(found[0])


def list_at(db: LedgerConnection, ring: KeyRing, epoch: str, version: int) -> HistoricList:
    """The list at a version; `ring` has the keys whose deltas and checkpoints are believed.

    Raises:
        HistoryError: that version is not here, or something on the way does not fit.
    """
    seen = _start_of(db, ring, epoch, version)
    state = StateHash.of(seen.rows.values())
    query = "SELECT version, at_ms, payload FROM log WHERE epoch=%s AND version>%s AND version<=%s ORDER BY version"
    for number, at_ms, payload in row_by_row(db, query, (epoch, seen.version, version)):
        seen = _followed(seen, ring, state, payload, number, at_ms)
    known = db.execute("SELECT 1 FROM epochs WHERE epoch=%s", (epoch,)).fetchone()
    if known is None or seen.version != version:
        raise HistoryError(f"version {version} of epoch {epoch!r} is not in this store")
    return seen


def _start_of(db: LedgerConnection, ring: KeyRing, epoch: str, version: int) -> HistoricList:
    """The list at the newest checkpoint up to a version, proved; without one the empty list."""
    point = checkpoints.before(db, ring, epoch, version)
    if point is None:
        return HistoricList(epoch, 0, 0, log_start(epoch), EMPTY_STATE, {})
    rows = {row.key: row for row in map(decode_record, point.rows)}
    return HistoricList(epoch, point.version, point.at_ms, point.log_hash, point.state_hash, rows)


def _followed(  # noqa: PLR0917 -- what was, and the delta that follows
    seen: HistoricList, ring: KeyRing, state: StateHash, payload: bytes, number: int, at_ms: int
) -> HistoricList:
    where = f"epoch {seen.epoch}, version {number}"
    try:
        body = ring.open(LOG, payload)
        delta = decode(Delta, body)
    except WireError as error:
        raise HistoryError(f"{where}: {error}") from error
    if (delta.epoch, delta.version, delta.previous) != (seen.epoch, seen.version + 1, seen.log_hash):
        raise HistoryError(f"{where}: does not follow version {seen.version}")
    for row in delta.changes:
        if row.key in seen.rows:
            state.remove(encode(seen.rows[row.key]))
        state.add(encode(row))
        seen.rows[row.key] = row
    for gone in delta.forgets:
        if gone.key in seen.rows:
            state.remove(encode(seen.rows.pop(gone.key)))
    if state.digest() != delta.state_hash:
        raise HistoryError(f"{where}: its rows do not have the state hash that was signed")
    return HistoricList(seen.epoch, number, at_ms, log_next(seen.log_hash, body), delta.state_hash, seen.rows)
