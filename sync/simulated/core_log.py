"""The core's side of the log, in memory: for tests, benchmarks and demonstrations, driven from the core's side."""

from __future__ import annotations

from typing import Any

from wire.codec import encode
from wire.hashes import StateHash, log_next, log_start
from wire.messages import Delta, SnapshotPart
from wire.records import ForgottenRow, Kind, Record


class SimulatedLog:
    """A log that grows by `change` and can be asked for everything; signs nothing.

    >>> log = SimulatedLog("epoch")
    >>> log.change().version
    1

    Attributes:
        rows: every row, tombstones included, by its key.
    """

    def __init__(self, epoch: str, rows: tuple[Record, ...] = ()) -> None:
        """An empty log, or one that begins with `rows` under version 0, as after a restore."""
        self.epoch = epoch
        self.version = 0
        self.log_hash = log_start(epoch)
        self.rows: dict[tuple[Kind, str], Record] = {row.key: row for row in rows}
        self._state = StateHash.of(self.rows.values())

    @property
    def state_hash(self) -> bytes:
        """Of all rows as they are."""
        return self._state.digest()

    def change(self, *records: Record) -> Delta:
        """The next step of the log, already part of it; `encode` gives the body's bytes."""
        for record in records:
            old = self.rows.get(record.key)
            if old is not None:
                self._state.remove(encode(old))
            self._state.add(encode(record))
            self.rows[record.key] = record
        return self._next(changes=records)

    def forget(self, *keys: tuple[Kind, str], core_ms: int) -> Delta:
        """The next step of the log: these rows leave it, whether they may or not."""
        for key in keys:
            self._state.remove(encode(self.rows.pop(key)))
        return self._next(changes=(), forgets=tuple(ForgottenRow(*key) for key in keys), core_ms=core_ms)

    def _next(self, **rest: Any) -> Delta:
        delta = Delta(
            epoch=self.epoch,
            version=self.version + 1,
            previous=self.log_hash,
            state_hash=self.state_hash,
            **rest,
        )
        self.version, self.log_hash = delta.version, log_next(self.log_hash, encode(delta))
        return delta

    def snapshot(self, *, request: str = "request", lane: str = "lane", size: int = 1_000) -> list[SnapshotPart]:
        """All rows as they are, at most `size` a part."""
        rows = tuple(self.rows.values())
        parts = max(1, -(-len(rows) // size))
        return [
            SnapshotPart(
                lane=lane,
                request=request,
                epoch=self.epoch,
                version=self.version,
                log_hash=self.log_hash,
                state_hash=self.state_hash,
                part=part,
                parts=parts,
                records=rows[part * size : (part + 1) * size],
            )
            for part in range(parts)
        ]
