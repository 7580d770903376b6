"""The whole list at a version, signed: what is proved begins there, and not at the first delta (design §4).

Rules of this file:
- A checkpoint says what the log's head was, under the core's own signature, and carries the rows, which must have the state
  hash that is signed. Nothing else about it is believed.
- One is kept a day, from a connection of its own: nobody waits for it. It is read at one moment, so it is of a version that was
  signed, too.
- A delta before a checkpoint is needed only by whoever wants a version before it.
"""

from __future__ import annotations

import zlib
from contextlib import closing
from typing import Any

import msgspec

from core.errors import HistoryError
from core.ledger.row_by_row import row_by_row
from core.ledger.store import LedgerConnection, connected, the_row
from domain.times import DAY_MS
from wire.codec import decode
from wire.envelope import KeyRing, Signer
from wire.errors import WireError
from wire.hashes import StateHash, log_next
from wire.messages import Delta, Epoch, Hash, Version
from wire.records import CoreMs
from wire.topics import LOG, ROOT

AUDIENCE = f"{ROOT}/checkpoint"
"""What the signature is for; nobody publishes it."""

MOST_BYTES = 1 << 30
"""Of the rows of one checkpoint, unpacked: a list of some ten million bundles."""

_ROWS: msgspec.msgpack.Decoder[list[bytes]] = msgspec.msgpack.Decoder(list[bytes])


class Checkpoint(msgspec.Struct, frozen=True, tag="checkpoint"):
    """What is signed: the head of the log at `core_ms`."""

    epoch: Epoch
    version: Version
    log_hash: Hash
    state_hash: Hash
    core_ms: CoreMs


class ProvedRows(msgspec.Struct, frozen=True):
    """A checkpoint whose signature and rows were checked; `rows` are canonical bytes."""

    version: int
    at_ms: int
    log_hash: bytes
    state_hash: bytes
    rows: list[bytes]


def keep(dsn: str, signer: Signer, ring: KeyRing, *, at_ms: int, every_ms: int = DAY_MS) -> int:
    """Keeps the list as it is, if the last one is a day old; its version, 0 where nothing was kept.

    Raises:
        HistoryError: the list is not what was signed with its last delta; nothing is kept.
        StoreError: the server is away.
    """
    with closing(connected(dsn)) as db, db.transaction():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")  # head and rows of one moment
        epoch, version, log_hash, state_hash, newest_ms = the_row(
            db.execute(
                "SELECT epoch, version, log_hash, state_hash, (SELECT COALESCE(max(at_ms), 0) FROM checkpoints "
                "WHERE epoch = head.epoch) FROM head"
            )
        )
        if not version or at_ms - newest_ms < every_ms:
            return 0
        rows = [body for (body,) in row_by_row(db, "SELECT body FROM rows ORDER BY kind, key")]
        _check(db, ring, LastSigned(epoch, version, log_hash, state_hash), rows)
        signed = Checkpoint(epoch, version, log_hash, state_hash, at_ms)
        payload = signer.seal(AUDIENCE, msgspec.msgpack.encode(signed))
        db.execute(
            "INSERT INTO checkpoints(epoch, version, at_ms, payload, rows) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            (epoch, version, at_ms, payload, zlib.compress(msgspec.msgpack.encode(rows))),
        )
    return int(version)


class LastSigned(msgspec.Struct, frozen=True):
    """What the head says was signed last."""

    epoch: str
    version: int
    log_hash: bytes
    state_hash: bytes


def _check(db: LedgerConnection, ring: KeyRing, head: LastSigned, rows: list[bytes]) -> None:
    """What the core signs again must be what it signed before: a checkpoint of an edited list would bear the edit out."""
    state = StateHash()
    state.add_all(rows)
    where = (head.epoch, head.version)
    (payload,) = the_row(db.execute("SELECT payload FROM log WHERE epoch=%s AND version=%s", where))
    try:
        body = ring.open(LOG, payload)
        delta = decode(Delta, body)
    except WireError as error:
        raise HistoryError(f"the last delta, version {head.version}, cannot be believed: {error}") from error
    signed = (delta.epoch, delta.version, log_next(delta.previous, body), delta.state_hash)
    if signed != (*where, head.log_hash, head.state_hash) or state.digest() != head.state_hash:
        raise HistoryError(f"the list is not what was signed with version {head.version}; no checkpoint is made of it")


def versions(db: LedgerConnection, epoch: str) -> list[int]:
    """The versions of an epoch that are kept whole, in order."""
    found = db.execute("SELECT version FROM checkpoints WHERE epoch=%s ORDER BY version", (epoch,))
    return [version for (version,) in found]


def before(db: LedgerConnection, ring: KeyRing, epoch: str, version: int) -> ProvedRows | None:
    """The newest one of an epoch up to a version, proved; None if there is none.

    Raises:
        HistoryError: it is not what the core signed.
    """
    found = db.execute(
        "SELECT version, payload, rows FROM checkpoints WHERE epoch=%s AND version<=%s ORDER BY version DESC LIMIT 1",
        (epoch, version),
    ).fetchone()
    return None if found is None else _proved(found, ring, epoch)


def _proved(found: tuple[Any, ...], ring: KeyRing, epoch: str) -> ProvedRows:
    version, payload, packed = found
    where = f"checkpoint of epoch {epoch}, version {version}"
    try:
        signed = decode(Checkpoint, ring.open(AUDIENCE, payload))
        rows = _ROWS.decode(_unpacked(packed))
    except (WireError, msgspec.DecodeError, zlib.error) as error:
        raise HistoryError(f"{where}: {error}") from error
    state = StateHash()
    state.add_all(rows)
    if (signed.epoch, signed.version) != (epoch, version) or state.digest() != signed.state_hash:
        raise HistoryError(f"{where}: its rows are not those that were signed")
    return ProvedRows(version, signed.core_ms, signed.log_hash, signed.state_hash, rows)


def _unpacked(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    data = unpacking.decompress(packed, MOST_BYTES)
    if not unpacking.eof:
        raise zlib.error("it is cut short, or far too large")
    return data
