"""Packets between two processes of one box: four bytes of length, most significant first, then the body."""

from __future__ import annotations

import asyncio
import struct

LENGTH = struct.Struct(">I")


def packet(body: bytes) -> bytes:
    """The body with its length before it."""
    return LENGTH.pack(len(body)) + body


async def read_packet(stream: asyncio.StreamReader, *, most: int) -> bytes | None:
    """The next body; None when the other side is gone.

    Raises:
        ValueError: it is longer than `most` bytes; the other side speaks something else.
    """
    try:
        length = LENGTH.unpack(await stream.readexactly(LENGTH.size))[0]
        if length > most:
            raise ValueError(f"a packet of {length} bytes, where {most} are the most")
        return await stream.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
