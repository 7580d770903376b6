"""A label reader in software: the other end of `SerialLabels`, driven from the hardware's side.

It speaks the protocol over a file descriptor (one side of a pty pair) or as a TCP server, so that the real driver is
exercised to the last byte, on bad days too: it misreads, repeats the last vehicle's label, makes noise, says
nothing. Never chosen by the lane itself.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

from devices.identifier_protocol import OK, Alive, Labelled, LabelsPolled, Message, MessageReader, Noise, encode

_Wire = Callable[[bytes], None]


class SimulatedLabelReader:
    """The firmware of the reader.

    Args:
        repeat_s: how often it says the labels in its field.

    Attributes:
        silent: says nothing while true, as a reader that has hung.
        stuck: does not notice that a label leaves the field.
        state: what it answers when it is asked.
        age_ms: how old its reads are when they are sent.
        asked: how often the lane has asked.
    """

    def __init__(self, *, repeat_s: float = 0.1) -> None:
        self._repeat_s = repeat_s
        self._field: list[str] = []
        self._wires: set[_Wire] = set()
        self._fds: dict[int, _Wire] = {}
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self._task: asyncio.Task[None] | None = None
        self.silent = False
        self.stuck = False
        self.state = OK
        self.age_ms = 0
        self.asked = 0

    # --- what happens in front of it --------------------------------------------------------------------------------

    def show(self, *labels: str) -> None:
        """These labels are in the field from now on, and no others; a stuck reader keeps saying what it had."""
        if not self.stuck or not self._field:
            self._field = list(labels)

    def babble(self, times: int) -> None:
        """Sends lines of another protocol."""
        for _ in range(times):
            self._say(Noise(b"$GPGGA,,,,,,0"))

    def garble(self, label: str) -> None:
        """Says a label, with one byte changed on the cable."""
        line = encode(Labelled(0, label))
        self._say(Noise(line[:4] + bytes([line[4] ^ 0x01]) + line[5:-1]))

    def send_in_pieces(self, label: str) -> None:
        """Says a label in two parts: a cable does not keep lines together."""
        line = encode(Labelled(0, label))
        self._send(line[:5])
        asyncio.get_running_loop().call_later(0.15, self._send, line[5:])

    # --- its two kinds of cable -------------------------------------------------------------------------------------

    def attach(self, fd: int) -> None:
        """Wires it to a file descriptor; the caller closes that after `stop`."""
        os.set_blocking(fd, False)
        reader = MessageReader()

        def wire(data: bytes) -> None:
            with suppress(OSError):  # a pty whose other side is closed or full; the lane may open it again
                os.write(fd, data)

        def readable() -> None:
            with suppress(OSError):
                self._hear(reader, os.read(fd, 4_096), wire)

        self._wires.add(wire)
        self._fds[fd] = wire
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
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._streams):
            writer.close()
        self._wires.clear()

    async def _serve(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader, wire = MessageReader(), writer.write
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
            self._task = asyncio.create_task(self._repeat(), name="simulated label reader")

    async def _repeat(self) -> None:
        while True:
            for label in self._field:
                self._say(Labelled(self.age_ms, label))
            await asyncio.sleep(self._repeat_s)

    def _hear(self, reader: MessageReader, data: bytes, wire: _Wire) -> None:
        for message in reader.feed(data):
            if not isinstance(message, LabelsPolled):
                continue
            self.asked += 1
            if not self.silent:
                wire(encode(Alive(self.state)))

    def _say(self, message: Message) -> None:
        self._send(encode(message))

    def _send(self, data: bytes) -> None:
        if not self.silent:
            for wire in tuple(self._wires):
                wire(data)
