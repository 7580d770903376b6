"""A remote contact board over a serial cable or TCP (pyserial), as a `Board`. Protocol: `devices/remote_protocol.py`.

Rules of this file
- Reading happens in the event loop on the port's file descriptor; only opening, which may block, is put in a thread.
- A lost or garbled line never loses a level: the sequence shows the gap and all levels are asked for.
- An order is sent again until the board confirms it: its line, too, may be lost on the cable.
- Nothing here holds the event loop: pyserial's own way to close a TCP port sleeps for 0.3 s, so it is done in a thread.
- Unplugged, silent and garbled are three different errors, because a technician does three different things.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import serial

from devices.contacts import Tell
from devices.errors import BoardGarbled, BoardMissing, BoardSilent, ContactsError
from devices.remote_protocol import (
    SEQUENCE,
    Garbled,
    Levels,
    LevelsPolled,
    LineReader,
    Message,
    RawEdge,
    Switched,
    encode,
)

MOST_GARBLED = 8
"""So many garbled lines with no good one between them: wrong speed, wrong board or a bad cable."""


class RemoteBoard:
    """A `Board` at the other end of a cable.

    Args:
        port: a device such as ``/dev/ttyUSB0``, or ``socket://host:port``.
        baud: the speed of a serial line; ignored for TCP.
        clock: monotonic milliseconds.
        silent_ms: the longest silence; levels are asked for three times within it.
    """

    def __init__(self, *, port: str, baud: int = 115_200, clock: Callable[[], int], silent_ms: int = 1_500) -> None:
        self._name, self._baud, self._clock, self._silent_ms = port, baud, clock, silent_ms
        self._port: serial.SerialBase | None = None
        self._orders: dict[int, tuple[bool, int]] = {}

    async def run(self, tell: Tell) -> None:
        """Opens the port and reads until it fails (see `Board.run`)."""
        self._port = port = await asyncio.to_thread(self._open)
        self._orders.clear()
        talk = _BoardTalk(tell, self._clock, self._ask, self._confirmed)
        loop, failed = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

        def readable() -> None:
            try:
                talk.take(port.read(4_096))
            except (ContactsError, OSError) as problem:
                loop.remove_reader(port.fileno())
                if not failed.done():
                    failed.set_exception(problem)

        loop.add_reader(port.fileno(), readable)
        try:
            await self._keep_asking(talk, failed)
        except ContactsError:
            raise
        except OSError as problem:  # pyserial's own error is one
            raise BoardMissing(f"{self._name} was lost ({problem}): check its cable and its power") from problem
        finally:
            loop.remove_reader(port.fileno())
            failed.cancel()
            self._port = None
            await asyncio.shield(asyncio.to_thread(port.close))

    def write(self, line: int, high: bool) -> None:
        """Orders an output (see `Board.write`)."""
        self._orders[line] = high, self._clock()
        self._send(Switched(line, high, order=True))

    def unanswered(self) -> tuple[int, ...]:
        """Lines that were ordered longer ago than the board may be silent (see `Board.unanswered`)."""
        now = self._clock()
        return tuple(line for line, (_, at_ms) in self._orders.items() if now - at_ms > self._silent_ms)

    def _confirmed(self, line: int, high: bool) -> None:
        if line in self._orders and self._orders[line][0] is high:
            del self._orders[line]

    async def _keep_asking(self, talk: _BoardTalk, failed: asyncio.Future[None]) -> None:
        talk.heard_ms = self._clock()
        while True:
            self._ask()
            await asyncio.wait({failed}, timeout=self._silent_ms / 3_000)
            if failed.done():
                failed.result()
            for line, (high, _) in self._orders.items():
                self._send(Switched(line, high, order=True))
            if self._clock() - talk.heard_ms > self._silent_ms:
                raise BoardSilent(f"{self._name} says nothing: check the board's power and contacts.baud")

    def _ask(self) -> None:
        self._send(LevelsPolled())

    def _send(self, message: Message) -> None:
        if self._port is None:
            raise BoardMissing(f"{self._name} is not open")
        try:
            self._port.write(encode(message))
        except OSError as problem:
            raise BoardMissing(f"{self._name} was lost ({problem}): check its cable and its power") from problem

    def _open(self) -> serial.SerialBase:
        try:
            if "://" in self._name:
                return serial.serial_for_url(self._name, timeout=0, write_timeout=0.2)
            return serial.Serial(self._name, self._baud, timeout=0, write_timeout=0.2, exclusive=True)
        except (ValueError, OSError) as problem:
            remedy = "check its cable, contacts.port, and that the lane's user is in group dialout"
            raise BoardMissing(f"{self._name} cannot be opened ({problem}): {remedy}") from problem


class _BoardTalk:
    """What one opening has heard: sequence, silence and garbage."""

    def __init__(
        self, tell: Tell, clock: Callable[[], int], ask: Callable[[], None], confirmed: Callable[[int, bool], None]
    ) -> None:
        self._tell, self._clock, self._ask, self._confirmed = tell, clock, ask, confirmed
        self._reader = LineReader()
        self._seq: int | None = None
        self._garbled = 0
        self.heard_ms = 0

    def take(self, data: bytes) -> None:
        """Takes bytes from the port.

        Raises:
            BoardGarbled: too many lines in a row made no sense.
        """
        for message in self._reader.feed(data):
            self._understand(message)

    def _understand(self, message: Message) -> None:
        if isinstance(message, Garbled):
            self._count_garbled(message)
            return
        self._garbled = 0
        self.heard_ms = self._clock()
        match message:
            case Levels(seq, high):
                self._seq = seq
                for line, each in enumerate(high):
                    self._tell(line, each, self.heard_ms)
            case RawEdge():
                self._edge(message)
            case Switched(line, high, order=False):
                self._confirmed(line, high)
            case Switched() | LevelsPolled():
                pass  # nobody asks or orders the lane

    def _edge(self, edge: RawEdge) -> None:
        if self._seq is None:  # before the first levels: they are on their way and hold this edge
            return
        if edge.seq != (self._seq + 1) % SEQUENCE:
            self._ask()
        self._seq = edge.seq
        self._tell(edge.line, edge.high, self.heard_ms - edge.age_ms)

    def _count_garbled(self, message: Garbled) -> None:
        self._garbled += 1
        if self._garbled >= MOST_GARBLED:
            raise BoardGarbled(f"the board sends {message.line[:24]!r}: check contacts.baud, its cable, its program")
        self._ask()
