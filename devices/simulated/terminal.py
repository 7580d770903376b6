"""Immigration's terminal in software: the other end of `SerialTerminal`, driven from the officer's side.

It speaks the protocol over a file descriptor (one side of a pty pair) or as a TCP server, on bad days too. Never chosen by the lane
itself.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from devices.terminal_protocol import (
    OK,
    TerminalAlive,
    TerminalHeard,
    TerminalNoise,
    TerminalPolled,
    TerminalReader,
    TerminalSaid,
    TerminalVerb,
    encode,
)

_Wire = Callable[[bytes], None]


class SimulatedTerminal:
    """The terminal's program.

    Args:
        repeat_s: how often a signal is repeated until the lane has heard it.

    Attributes:
        silent: says nothing while true, as a terminal that has hung.
        state: what it answers when it is asked.
        asked: how often the lane has asked.
        waiting: signals that the lane has not heard yet, the oldest first.
    """

    def __init__(self, *, repeat_s: float = 0.3) -> None:
        self._repeat_s = repeat_s
        self._session, self._seq = secrets.token_hex(3).upper(), 0
        self._wires: set[_Wire] = set()
        self._fds: set[int] = set()
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self._task: asyncio.Task[None] | None = None
        self.waiting: deque[tuple[int, TerminalVerb, str, float]] = deque()
        self.silent = False
        self.state = OK
        self.asked = 0

    def press(self, verb: TerminalVerb, mark: str = "") -> None:
        """Immigration's officer starts with, clears or refers a vehicle; `mark` as the terminal knows it."""
        self._seq += 1
        self.waiting.append((self._seq, verb, mark, time.monotonic()))
        if len(self.waiting) == 1:
            self._say_first()

    def babble(self, times: int) -> None:
        """Sends lines of another protocol."""
        for _ in range(times):
            self._send(encode(TerminalNoise(b"$GPGGA,,,,,,0")))

    def restart(self) -> None:
        """It was switched off and on: a new session, and what waited is forgotten."""
        self._session, self._seq = secrets.token_hex(3).upper(), 0
        self.waiting.clear()

    def attach(self, fd: int) -> None:
        """Wires it to a file descriptor; the caller closes that after `stop`."""
        os.set_blocking(fd, False)
        reader = TerminalReader()

        def wire(data: bytes) -> None:
            with suppress(OSError):  # a pty whose other side is closed or full; the lane may open it again
                os.write(fd, data)

        def readable() -> None:
            with suppress(OSError):
                self._hear(reader, os.read(fd, 4_096), wire)

        self._wires.add(wire)
        self._fds.add(fd)
        asyncio.get_running_loop().add_reader(fd, readable)
        self._begin()

    async def listen(self, host: str, port: int = 0) -> int:
        """Serves it over TCP; returns the port."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self._begin()
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Switches off and closes every cable."""
        for fd in self._fds:
            asyncio.get_running_loop().remove_reader(fd)
        self._fds.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._streams):
            writer.close()
        self._wires.clear()

    async def _serve(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader, wire = TerminalReader(), writer.write
        self._wires.add(wire)
        self._streams.add(writer)
        try:
            with suppress(ConnectionError):
                while data := await stream.read(4_096):
                    self._hear(reader, data, wire)
        finally:
            self._wires.discard(wire)
            self._streams.discard(writer)
            writer.close()

    def _begin(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._repeat(), name="simulated terminal")

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(self._repeat_s)
            self._say_first()

    def _say_first(self) -> None:
        if self.waiting:
            seq, verb, mark, at = self.waiting[0]
            age_ms = round((time.monotonic() - at) * 1_000)
            self._send(encode(TerminalSaid(self._session, seq, verb, age_ms, mark)))

    def _hear(self, reader: TerminalReader, data: bytes, wire: _Wire) -> None:
        for message in reader.feed(data):
            if isinstance(message, TerminalPolled):
                self.asked += 1
                if not self.silent:
                    wire(encode(TerminalAlive(self.state)))
            elif isinstance(message, TerminalHeard) and not self.silent:
                self._heard(message)

    def _heard(self, message: TerminalHeard) -> None:
        if self.waiting and (message.session, message.seq) == (self._session, self.waiting[0][0]):
            self.waiting.popleft()
            self._say_first()

    def _send(self, data: bytes) -> None:
        if not self.silent:
            for wire in tuple(self._wires):
                wire(data)
