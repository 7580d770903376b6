"""A tap on the cable between a lane and its broker: relays TCP and counts MQTT packets by topic, in both directions.

It reads what is in the clear: measure without TLS. What TLS adds is measured by `tools.bench.handshakes` and 22 bytes a
record (header 5, content type 1, tag 16).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

PUBLISH = 3
NAMES = {1: "CONNECT", 2: "CONNACK", 4: "PUBACK", 8: "SUBSCRIBE", 9: "SUBACK", 12: "PINGREQ", 13: "PINGRESP", 14: "BYE"}


@dataclass
class Count:
    """Packets and bytes by direction ("up", "down") and kind; a PUBLISH is named by the last word of its topic."""

    packets: Counter[tuple[str, str]] = field(default_factory=Counter)
    bytes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, way: str, kind: str, size: int) -> None:
        """One packet."""
        self.packets[way, kind] += 1
        self.bytes[way, kind] += size

    def since(self, before: Count) -> Count:
        """What came after `before` was taken."""
        return Count(self.packets - before.packets, self.bytes - before.bytes)

    def copy(self) -> Count:
        """As it is now."""
        return Count(self.packets.copy(), self.bytes.copy())

    def total(self, way: str) -> tuple[int, int]:
        """(packets, bytes) in one direction."""
        return tuple(sum(n for (each, _), n in part.items() if each == way) for part in (self.packets, self.bytes))  # type: ignore[return-value]


class Packets:
    """Cuts one direction's bytes into MQTT packets."""

    def __init__(self, way: str, count: Count) -> None:
        self._way = way
        self._count = count
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Takes bytes in order, and counts every packet that is whole."""
        self._rest += chunk
        while (size := self._size()) is not None and len(self._rest) >= size:
            packet, self._rest = self._rest[:size], self._rest[size:]
            self._count.add(self._way, _kind(packet), size)

    def _size(self) -> int | None:
        """Of the first packet, header included; None while its length is not all there."""
        length = shift = 0
        for place, byte in enumerate(self._rest[1:5], start=2):
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return place + length
        return None


def _kind(packet: bytes) -> str:
    number = packet[0] >> 4
    if number != PUBLISH:
        return NAMES.get(number, str(number))
    start = 2 + next(place for place, byte in enumerate(packet[1:5]) if not byte & 0x80)
    length = int.from_bytes(packet[start : start + 2], "big")
    topic = packet[start + 2 : start + 2 + length].decode()
    return "deltas" if topic.endswith("v1/log") else topic.rsplit("/", 1)[-1]


class Tap:
    """The relay.

    Args:
        port: the broker's, on 127.0.0.1.

    Attributes:
        count: of everything so far.
        near: the port to connect to, once started.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.count = Count()
        self.near = 0

    async def start(self) -> None:
        """Begins to listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.near = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Ends it, and what passes through."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        pumps = [
            asyncio.create_task(_pump(reader, far_writer, Packets("up", self.count))),
            asyncio.create_task(_pump(far_reader, writer, Packets("down", self.count))),
        ]
        self._tasks.update(pumps)
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, far_writer):
            end.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, packets: Packets) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            packets.feed(chunk)
            writer.write(chunk)
            await writer.drain()
