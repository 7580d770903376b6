"""The cable between a client and its broker: a TCP relay on loopback that knows MQTT packets and can be tampered with.

Rules of this file:
- Without a tamper every packet passes at once and whole. A tamper decides what becomes of each packet, and when.
- Bytes are written packet by packet, so that an injected packet never lands inside another.
- A tap sees each packet as it comes in, before any tamper, and as it goes out, after it.
- Encrypted traffic has no packets to see: there the chunks that the kernel delivers are passed on as if they were packets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from simulation.mqtt_packets import Framer

CHUNK = 65_536


class Way(Enum):
    """Which way a packet goes."""

    UP = "up"  # from the client to the broker
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What becomes of a packet: these bytes, so many seconds from now.

    Attributes:
        back: goes back to where the packet came from, as an answer in the receiver's name.
        overtakes: may arrive before pieces that were sent earlier.
        last: the connection ends with it.
    """

    data: bytes
    after_s: float = 0.0
    back: bool = False
    overtakes: bool = False
    last: bool = False


class Tamper:
    """Lets everything pass. Subclasses override what they change."""

    connects = True
    """Whether new connections are accepted."""

    def through(self, way: Way, packet: bytes) -> Iterable[Piece]:
        """What becomes of one packet."""
        del way
        return (Piece(data=packet),)


class Refusing(Tamper):
    """No new connections: the cable is pulled."""

    connects = False


class HalfOpen(Tamper):
    """Sockets stay open and nothing moves, in the given directions; no side is told."""

    def __init__(self, *ways: Way) -> None:
        self._ways = ways or tuple(Way)

    def through(self, way: Way, packet: bytes) -> Iterable[Piece]:
        """Nothing in the directions that are dead."""
        return () if way in self._ways else (Piece(data=packet),)


Tap = Callable[[Way, bytes], None]


class _Leg:
    """One direction of one connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self._due = 0.0

    def due(self, after_s: float, *, overtakes: bool) -> float:
        """When a piece goes out, in the loop's time: in order, unless it may overtake."""
        when = asyncio.get_running_loop().time() + after_s
        if overtakes:
            return when
        self._due = max(when, self._due)
        return self._due


class _Pair:
    """One connection through the cable."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.legs = {Way.UP: _Leg(far), Way.DOWN: _Leg(near)}

    def abort(self) -> None:
        for leg in self.legs.values():
            leg.writer.transport.abort()


class Cable:
    """A relay to `port` on loopback.

    Args:
        port: the broker's.
        arrives, leaves: taps on what comes in and what goes out.
        encrypted: TLS passes through, in which no packets can be told apart.

    Attributes:
        near: the port that clients connect to, once started.
        tamper: what is done to packets.
    """

    def __init__(
        self,
        port: int,
        *,
        arrives: Tap = lambda _w, _p: None,
        leaves: Tap = lambda _w, _p: None,
        encrypted: bool = False,
    ) -> None:
        self._port = port
        self._arrives, self._leaves = arrives, leaves
        self._encrypted = encrypted
        self._server: asyncio.Server | None = None
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.tamper = Tamper()
        self.near = 0

    async def start(self) -> None:
        """Begins to listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.near = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Ends every connection and stops listening."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def up(self) -> bool:
        """Whether everything passes untouched."""
        return type(self.tamper) is Tamper

    def cut(self) -> None:
        """Ends every connection and accepts no other."""
        self.tamper = Refusing()
        self.hang_up()

    def hold(self, *ways: Way) -> None:
        """Nothing passes (in these directions; both by default), and no side is told."""
        self.tamper = HalfOpen(*ways)

    def mend(self) -> None:
        """Everything passes again; connections that hung are dropped, as a switch does when its port comes back."""
        hung, self.tamper = isinstance(self.tamper, HalfOpen), Tamper()
        if hung:
            self.hang_up()

    def hang_up(self) -> None:
        """Ends every connection at once, by a reset."""
        for pair in tuple(self._pairs):
            pair.abort()

    def put(self, way: Way, packet: bytes) -> None:
        """Puts a packet of ours among the others, on every connection."""
        for pair in tuple(self._pairs):
            self._write(pair, way, Piece(data=packet))

    @property
    def connections(self) -> int:
        """How many pass through it."""
        return len(self._pairs)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self.tamper.connects:
                await self._relay(reader, writer)
        except* (OSError, asyncio.CancelledError):
            pass  # one end went away, or the cable is taken out: both ends are closed below
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        pair = _Pair(writer, far_writer)
        self._pairs.add(pair)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, Way.UP, pair))
                both.create_task(self._pump(far_reader, Way.DOWN, pair))
        finally:
            self._pairs.discard(pair)
            far_writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, way: Way, pair: _Pair) -> None:
        framer = Framer()
        while chunk := await reader.read(CHUNK):
            for packet in (chunk,) if self._encrypted else framer.feed(chunk):
                self._arrives(way, packet)
                for piece in self.tamper.through(way, packet):
                    self._send(pair, way, piece)
        raise ConnectionResetError("one end closed")

    def _send(self, pair: _Pair, way: Way, piece: Piece) -> None:
        if piece.back:
            way = Way.DOWN if way is Way.UP else Way.UP
        due = pair.legs[way].due(piece.after_s, overtakes=piece.overtakes)
        loop = asyncio.get_running_loop()
        if due <= loop.time():
            self._write(pair, way, piece)
        else:
            loop.call_at(due, self._write, pair, way, piece)

    def _write(self, pair: _Pair, way: Way, piece: Piece) -> None:
        writer = pair.legs[way].writer
        if writer.transport.is_closing():
            return
        writer.write(piece.data)
        self._leaves(way, piece.data)
        if piece.last:
            asyncio.get_running_loop().call_later(0.05, pair.abort)
