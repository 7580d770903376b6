"""The replicated log of a core that is played: it grows, and can be asked for deltas and snapshots."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Sequence

import msgspec

from wire.codec import encode
from wire.hashes import StateHash, log_next, log_start
from wire.messages import Delta, SnapshotPart
from wire.records import BundleRecord, CargoRecord, ForgottenRow, HoldRecord, Kind, Record, VehicleRecord


class PlayedLog:
    """One epoch of a log.

    Attributes:
        epoch: its name, random.
        rows: by key.
        bodies: the delta that led to each version, as its bytes.
        hashes: the chain value of each version.
    """

    def __init__(self, rows: Sequence[Record] = ()) -> None:
        """An empty log, or one that begins with rows, as after a restore."""
        self.epoch = secrets.token_hex(8)
        self.rows = {row.key: row for row in rows}
        self.bodies: dict[int, bytes] = {}
        self.hashes = [log_start(self.epoch)]
        self._state = StateHash.of(self.rows.values())

    @property
    def version(self) -> int:
        """Deltas so far."""
        return len(self.bodies)

    @property
    def log_hash(self) -> bytes:
        """The chain value of the head."""
        return self.hashes[-1]

    @property
    def state_hash(self) -> bytes:
        """Of all rows."""
        return self._state.digest()

    def next(self, *records: Record) -> Delta:
        """The next delta, not yet part of the log."""
        state = StateHash(self._state.total())
        for record in records:
            old = self.rows.get(record.key)
            if old is not None:
                state.remove(encode(old))
            state.add(encode(record))
        return Delta(
            epoch=self.epoch,
            version=self.version + 1,
            previous=self.log_hash,
            changes=records,
            state_hash=state.digest(),
        )

    def grow(self, *records: Record) -> Delta:
        """The next delta, now part of the log."""
        return self._grown(self.next(*records), self.rows | {row.key: row for row in records})

    def forget(self, *keys: tuple[Kind, str], core_ms: int) -> Delta:
        """The next delta, now part of the log: these rows leave it, whether they may or not."""
        rows = {key: row for key, row in self.rows.items() if key not in keys}
        delta = msgspec.structs.replace(
            self.next(),
            state_hash=StateHash.of(rows.values()).digest(),
            forgets=tuple(ForgottenRow(*key) for key in keys),
            core_ms=core_ms,
        )
        return self._grown(delta, rows)

    def _grown(self, delta: Delta, rows: dict[tuple[Kind, str], Record]) -> Delta:
        body = encode(delta)
        self.rows, self._state = rows, StateHash.of(rows.values())
        self.bodies[delta.version] = body
        self.hashes.append(log_next(delta.previous, body))
        return delta

    def ahead(self, *steps: Sequence[Record]) -> PlayedLog:
        """A copy that has grown by these steps; this log has not."""
        other = copy.deepcopy(self)
        for records in steps:
            other.grow(*records)
        return other

    def edited(self, key: tuple[str, str]) -> PlayedLog:
        """A copy whose row of that key somebody took out of the store, with a head made to fit; signed it never was."""
        other = copy.deepcopy(self)
        other.rows = {own: row for own, row in self.rows.items() if own != key}
        other._state = StateHash.of(other.rows.values())  # noqa: SLF001 - its own class
        return other

    def snapshot(self, lane: str, request: str, parts: int = 3) -> list[SnapshotPart]:
        """All rows, in so many numbered parts."""
        rows = tuple(self.rows.values())
        size = max(1, -(-len(rows) // parts))
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


def bundle(number: int, code: str = "release") -> BundleRecord:
    """A bundle with one consignment."""
    cargo = (CargoRecord(str(3_000_000_000 + number), code),)
    return BundleRecord(f"K{number:09}", f"KT{number}", "inbound", "", 0, 2**50, cargo)


def first_rows() -> tuple[Record, ...]:
    """What a played log begins with: some of each kind, a tombstone, and marks of both boundaries."""
    held = HoldRecord("KT900", "conformance kit")
    lifted = HoldRecord("KT901", "", deleted=True)
    return (*(bundle(number) for number in range(1, 8)), held, lifted, VehicleRecord("KT902", "粤ZA1B2港"))


def changed(delta: Delta, **fields: object) -> Delta:
    """The delta with some fields replaced."""
    return msgspec.structs.replace(delta, **fields)
