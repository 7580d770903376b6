"""Three hashes: the chain of the log, the chain of a journal, the state.

`log_hash` says *how* the rows came about, `state_hash` says *which* rows there are, whatever the order. Both are
over bytes that the core signed, so they are there to find honest divergence (a lost delta, a bad disk, a restored
backup); signatures keep the dishonest out. The state hash is nevertheless built to stand alone:

    element(row) = SHAKE-256("rocars/v1/row" ‖ canonical bytes) read as a 4096-bit number
    total        = sum of the elements modulo 2^4096, so that rows are added and taken away at the price of one hash
    state_hash   = SHA-256("rocars/v1/state" ‖ total)

A XOR, or a sum of 256 bits, would be as quick and could be steered: many people choose what is in a row (a trader
chooses a VRN), and with 256 bits a generalised birthday search finds rows that cancel out after about 2^32 tries; with
4096 bits it takes about 2^128 (Wagner 2002; Bellare and Micciancio's AdHash, with their remedy, a longer modulus).
The sum counts rows, so the caller keeps at most one row a key; all stores here hold them under a primary key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from wire.codec import encode
from wire.records import Record

ZERO = bytes(32)
"""Stands where there is no hash yet."""

_BYTES = 512
_MODULUS = 1 << (8 * _BYTES)


def _chain(name: str, *parts: bytes) -> bytes:
    """SHA-256 over length-prefixed parts, so that no two lists of parts give the same bytes."""
    digest = hashlib.sha256(name.encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def log_start(epoch: str) -> bytes:
    """The chain value of the empty log (version 0) of this epoch."""
    return _chain("rocars/v1/log/start", epoch.encode())


def log_next(previous: bytes, body: bytes) -> bytes:
    """The chain value after the delta whose body's bytes are `body`."""
    return _chain("rocars/v1/log/next", previous, body)


def journal_start(journal: str) -> bytes:
    """What row 1 of this journal names as its previous hash."""
    return _chain("rocars/v1/journal/start", journal.encode())


def journal_next(previous: bytes, seq: int, boot: str, body: bytes) -> bytes:
    """The hash of row `seq`, written in `boot`, holding `body`, after the row with hash `previous`."""
    return _chain("rocars/v1/journal/next", previous, seq.to_bytes(8, "big"), boot.encode(), body)


def element(row: bytes) -> int:
    """What one row (its canonical bytes) adds to the total of the state."""
    return int.from_bytes(hashlib.shake_256(b"rocars/v1/row" + row).digest(_BYTES), "big")


class StateHash:
    """The state's hash, kept up to date row by row.

    >>> state = StateHash()
    >>> empty = state.digest()
    >>> state.add(b"row"); state.remove(b"row"); state.digest() == empty
    True
    """

    def __init__(self, total: bytes = b"") -> None:
        """Begins empty, or from what `total()` gave earlier."""
        self._total = int.from_bytes(total, "big") % _MODULUS

    @classmethod
    def of(cls, records: Iterable[Record]) -> StateHash:
        """The hash of these rows, computed from nothing; at most one row a key."""
        state = cls()
        state.add_all(map(encode, records))
        return state

    def add(self, row: bytes) -> None:
        """A row (its canonical bytes, `codec.encode`) was added."""
        self._total = (self._total + element(row)) % _MODULUS

    def add_all(self, rows: Iterable[bytes]) -> None:
        """Rows were added; a fifth quicker than one by one."""
        self._total = (self._total + sum(map(element, rows))) % _MODULUS

    def remove(self, row: bytes) -> None:
        """A row that was there, byte for byte, was taken away or replaced."""
        self._total = (self._total - element(row)) % _MODULUS

    def total(self) -> bytes:
        """512 bytes to store beside the rows, in their transaction."""
        return self._total.to_bytes(_BYTES, "big")

    def digest(self) -> bytes:
        """The 32 bytes that go over the wire."""
        return _chain("rocars/v1/state", self.total())


EMPTY_STATE = StateHash().digest()
"""The state hash of no rows at all."""
