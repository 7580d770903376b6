"""The signed deltas that led to this lane's list, kept as they came (design §2.16).

Rules of this file:
- A delta is kept in the transaction that applies it, envelope and all. What was never applied is not kept.
- With them a lane can show a core that is behind what it once signed, and can tell whether a snapshot follows from what
  it was told before. Both take the core's signature: a version that somebody claims proves nothing.
- They are kept for a number of days, longer than any backup of the core's may be old.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from wire.messages import Delta

_PRUNED = 2_000  # deltas that one transaction deletes


@dataclass(frozen=True, slots=True)
class KeptDelta:
    """Where a kept delta led: its version, the log's chain value and the state hash after it, as they were signed."""

    version: int
    log_hash: bytes
    state_hash: bytes


def keep(connection: sqlite3.Connection, delta: Delta, payload: bytes, log_hash: bytes, at_ms: int) -> None:
    """Keeps the envelope of a delta that is applied in this transaction; `at_ms` is the core's time, 0 if not known."""
    connection.execute(
        "INSERT OR REPLACE INTO deltas VALUES (?, ?, ?, ?, ?, ?)",
        (delta.epoch, delta.version, at_ms, log_hash, delta.state_hash, payload),
    )


def at(connection: sqlite3.Connection, epoch: str, version: int) -> KeptDelta | None:
    """The kept delta of that version, None if it is not kept."""
    sql = "SELECT version, log_hash, state_hash FROM deltas WHERE epoch = ? AND version = ?"
    found = connection.execute(sql, (epoch, version)).fetchone()
    return None if found is None else KeptDelta(*found)


def newest(connection: sqlite3.Connection, epoch: str) -> int:
    """The newest version of that epoch whose delta is kept; 0 if none is."""
    found = connection.execute("SELECT max(version) FROM deltas WHERE epoch = ?", (epoch,)).fetchone()
    return int(found[0] or 0)


def after(connection: sqlite3.Connection, epoch: str, version: int, *, most_bytes: int) -> list[bytes]:
    """Envelopes of the deltas kept of `epoch` after `version`, in order, at most about `most_bytes` of them."""
    found: list[bytes] = []
    size = 0
    sql = "SELECT payload FROM deltas WHERE epoch = ? AND version > ? ORDER BY version"
    for (payload,) in connection.execute(sql, (epoch, version)):
        size += len(payload)
        if found and size > most_bytes:
            break
        found.append(payload)
    return found


def prune(connection: sqlite3.Connection, *, before_ms: int, now_ms: int) -> int:
    """Deletes deltas kept since before `before_ms`, a bounded number; returns how many. Undated ones are dated now."""
    connection.execute("UPDATE deltas SET at_ms = ? WHERE at_ms = 0", (now_ms,))
    gone = connection.execute(
        "DELETE FROM deltas WHERE rowid IN (SELECT rowid FROM deltas WHERE at_ms < ? LIMIT ?)", (before_ms, _PRUNED)
    )
    return gone.rowcount


def leave(connection: sqlite3.Connection, epoch: str) -> None:
    """The lane goes on to another epoch, and never returns to this one."""
    if epoch:
        connection.execute("INSERT OR IGNORE INTO epochs_left VALUES (?)", (epoch,))


def was_left(connection: sqlite3.Connection, epoch: str) -> bool:
    """Whether the lane has left that epoch."""
    return connection.execute("SELECT 1 FROM epochs_left WHERE epoch = ?", (epoch,)).fetchone() is not None
