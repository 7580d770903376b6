"""What the code log answers to a delta or to a part of a snapshot: values, because none of it is a failure of the store.

`holds`: the stops of a delta whose turn has not come; they stop vehicles from now on (design §3, overlays).
"""

from __future__ import annotations

from dataclasses import dataclass

from wire.records import HoldRecord, Record


@dataclass(frozen=True, slots=True)
class CodeLogHead:
    """Where the lane stands in the log; `epoch` is "" and `version` 0 before the first snapshot."""

    epoch: str
    version: int
    log_hash: bytes
    state_hash: bytes


@dataclass(frozen=True, slots=True)
class Applied:
    """The delta is part of the list now; `replaced` are the rows that its changes took the place of."""

    head: CodeLogHead
    changes: tuple[Record, ...]
    replaced: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """The list is past this already; nothing changed."""

    head: CodeLogHead


@dataclass(frozen=True, slots=True)
class Gap:
    """Deltas between the head and `offered` are missing: ask for them."""

    head: CodeLogHead
    offered: int
    holds: tuple[HoldRecord, ...]


@dataclass(frozen=True, slots=True)
class OtherEpoch:
    """It is of another life of the core's log: ask for a snapshot."""

    head: CodeLogHead
    epoch: str
    holds: tuple[HoldRecord, ...]


@dataclass(frozen=True, slots=True)
class Fork:
    """It follows on another history than the lane's: alarm, manual, snapshot."""

    head: CodeLogHead
    previous: bytes
    holds: tuple[HoldRecord, ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """With it the rows would not have the signed state hash: alarm, manual, snapshot. The list is as it was."""

    head: CodeLogHead
    found: bytes
    signed: bytes
    holds: tuple[HoldRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Loading:
    """This part is kept; `have` of `parts` are there."""

    have: int
    parts: int


@dataclass(frozen=True, slots=True)
class Swapped:
    """The snapshot is the list now; anything may have changed."""

    head: CodeLogHead


Result = Applied | Known | Gap | OtherEpoch | Fork | Mismatch
"""What `CodeLog.apply` answers."""

LoadResult = Loading | Swapped | Known | Mismatch
"""What `CodeLog.load` answers."""
