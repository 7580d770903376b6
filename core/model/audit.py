"""The chain of acts and looks: each line's hash covers the line and the hash before it.

Rules of this file: pure. Who can write the store can write a whole new chain; who keeps one hash of it elsewhere (the core
writes its head to its log of messages) sees that. The hash is SHA-256 over MessagePack of the values in their order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

START = hashlib.sha256(b"rocars audit").digest()
"""The hash before the first line."""

LONGEST_DETAIL = 2_000


class ChainedLine(msgspec.Struct, frozen=True, array_like=True):
    """One act or look.

    Attributes:
        seq: from 1, without gaps.
        at_ms: by the core's clock, UTC ms.
        who: the account, and the login where it is another's (`people.Actor.words`); "core" for the core itself.
        what: the request, or what the core did.
        detail: the rest, for people.
    """

    seq: int
    at_ms: int
    who: str
    what: str
    detail: str


def next_hash(previous: bytes, line: ChainedLine) -> bytes:
    """The hash of a line."""
    return hashlib.sha256(previous + msgspec.msgpack.encode(line)).digest()


def flaws(chain: Iterable[tuple[ChainedLine, bytes]], *, head: bytes | None = None) -> Iterator[str]:
    """What is wrong with a chain from its first line on, in words; nothing where it holds.

    Args:
        chain: every line and the hash kept with it, in order.
        head: a hash that was kept elsewhere; it must be of some line, or of the beginning.
    """
    previous, expected, seen = START, 1, head in {None, START}
    for line, kept in chain:
        if line.seq != expected:
            yield f"line {expected} is missing; the next one is {line.seq}"
        if next_hash(previous, line) != kept:
            yield f"line {line.seq} or its hash was changed, or the line before it was"
        previous, expected = kept, line.seq + 1
        seen = seen or kept == head
    if head is not None and not seen:
        yield f"no line has the hash {head.hex()} that was kept: the end was cut off, or all of it was written anew"
