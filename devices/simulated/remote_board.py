"""A remote contact board in software: the other end of `RemoteBoard`, driven from the hardware's side.

It speaks the protocol over any file descriptor (one side of a pty pair, a socket), so that the real driver is exercised
to the last byte, on bad days too. Never chosen by the lane itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

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


class SimulatedRemoteBoard:
    """The firmware of the board.

    Args:
        fd: where it is wired; the caller closes it after `stop`.
        lines: how many input lines it has, all low at first.
        clock: monotonic milliseconds.

    Attributes:
        outputs: the output levels the lane has ordered.
        relays: the output lines that it has; None for all that are ordered.
        silent: says nothing while true, as a board that has hung.
    """

    def __init__(self, fd: int, *, lines: int, clock: Callable[[], int]) -> None:
        self._fd, self._clock = fd, clock
        self._levels = [False] * lines
        self._seq = 0
        self._reader = LineReader()
        self._spoil: Callable[[bytes], bytes] | None = None
        self.outputs: dict[int, bool] = {}
        self.relays: frozenset[int] | None = None
        self.silent = False

    def start(self) -> None:
        """Begins to listen, in the running event loop."""
        os.set_blocking(self._fd, False)
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    def stop(self) -> None:
        """Stops listening."""
        asyncio.get_running_loop().remove_reader(self._fd)

    def drive(self, line: int, high: bool, *, age_ms: int = 0) -> None:
        """The wire at `line` takes this level; the edge is `age_ms` old when it is sent."""
        self._levels[line] = high
        self._seq = (self._seq + 1) % SEQUENCE
        self._say(RawEdge(self._seq, line, high, age_ms))

    def lose_next(self) -> None:
        """The next line is lost on the cable."""
        self._spoil = lambda _: b""

    def garble_next(self) -> None:
        """One byte of the next line is changed on the cable."""
        self._spoil = lambda line: line[:2] + bytes([line[2] ^ 0x01]) + line[3:]

    def babble(self, times: int) -> None:
        """Sends lines of another protocol."""
        for _ in range(times):
            self._say(Garbled(b"$GPGGA,,,,,,0"))

    def _say(self, message: Message) -> None:
        line, spoil, self._spoil = encode(message), self._spoil, None
        if not self.silent:
            with contextlib.suppress(
                ConnectionError
            ):  # the lane has hung up meanwhile; it asks for all levels when it is back
                os.write(self._fd, spoil(line) if spoil else line)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, 4_096)
        except OSError:  # a pty whose other side is closed; the lane may open it again
            return
        if not data:  # a socket whose other side is closed
            self.stop()
            return
        for message in self._reader.feed(data):
            match message:
                case LevelsPolled():
                    self._say(Levels(self._seq, tuple(self._levels)))
                case Switched(line, high, order=True) if self.relays is None or line in self.relays:
                    self.outputs[line] = high
                    self._say(Switched(line, high))
                case _:
                    pass
