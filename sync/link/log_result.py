"""What a code log answers to a delta or to a part of a snapshot, for the link machine and for whoever is in the lane.

These are values and not exceptions, because none of them is a failure of the store; only `Failed` is.
"""

from __future__ import annotations

from dataclasses import dataclass

from wire.hashes import EMPTY_STATE, ZERO
from wire.records import HoldRecord, Record


@dataclass(frozen=True, slots=True)
class CodeLogHead:
    """The lane's position in the log; as constructed without arguments, before the first snapshot.

    Attributes:
        epoch: the life of the core's log, "" before the first snapshot.
        version: deltas since that epoch began.
        log_hash: the chain of those deltas: how the rows came about.
        state_hash: which rows there are, as they are stored now.
    """

    epoch: str = ""
    version: int = 0
    log_hash: bytes = ZERO
    state_hash: bytes = EMPTY_STATE


@dataclass(frozen=True, slots=True)
class Applied:
    """The delta is part of the list; `replaced` are the rows that it overwrote or took out."""

    head: CodeLogHead
    changes: tuple[Record, ...] = ()
    replaced: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """The list is past this already; nothing changed."""

    head: CodeLogHead


@dataclass(frozen=True, slots=True)
class Gap:
    """Deltas between the head and `offered` are missing: ask for them."""

    head: CodeLogHead
    offered: int
    holds: tuple[HoldRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherEpoch:
    """It belongs to another life of the core's log: ask for a snapshot."""

    head: CodeLogHead
    epoch: str
    holds: tuple[HoldRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Fork:
    """It follows on another history than the lane's: alarm, manual, snapshot."""

    head: CodeLogHead
    previous: bytes
    holds: tuple[HoldRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """With version `offered` the rows would not have the signed state hash: alarm, manual, snapshot. Nothing changed."""

    head: CodeLogHead
    offered: int
    found: bytes
    signed: bytes
    holds: tuple[HoldRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Loading:
    """This part of a snapshot is kept; `have` of `parts` are there."""

    head: CodeLogHead
    have: int
    parts: int


@dataclass(frozen=True, slots=True)
class Swapped:
    """The snapshot has become the list; anything may have changed."""

    head: CodeLogHead


@dataclass(frozen=True, slots=True)
class Behind:
    """A snapshot of version `offered` is newer than a list that is sound: what lies between is to be asked for."""

    head: CodeLogHead
    offered: int


@dataclass(frozen=True, slots=True)
class Refuted:
    """A snapshot or delta of `version` of `epoch` contradicts what the core had signed before: nothing changed.

    Attributes:
        why: what it contradicts, for people. Only another word of the core's can end it, never the same one again.
    """

    head: CodeLogHead
    epoch: str
    version: int
    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The store itself failed, and whoever called has said so; what was offered is asked for again."""

    head: CodeLogHead


NotApplied = Gap | OtherEpoch | Fork | Mismatch
"""A delta that does not fit. Its `holds` stop vehicles all the same, from now on (design §3, overlays)."""

ApplyResult = Applied | Known | NotApplied | Refuted
"""What `sync.codelog.CodeLog.apply` answers."""

LoadResult = Loading | Swapped | Known | Behind | Mismatch | Refuted
"""What `sync.codelog.CodeLog.load` answers."""

LogResult = ApplyResult | LoadResult | Failed
"""What the link machine is told."""
