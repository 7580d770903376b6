"""The cables of a device in software: one side of pty pairs, and a TCP server; what it repeats, and its silence.

Rules of this file: no word of a protocol. A device makes a reader of its own for each cable, for bytes of two cables make no line.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

Wire = Callable[[bytes], None]
"""Sends bytes over one cable."""
Hear = Callable[[bytes, Wire], None]
"""Takes what came over one cable, and may answer over it."""


class SerialDevice:
    """What a device in software is wired with.

    Args:
        name: of its task.
        new_cable: makes the ears of one more cable.
        again: what it says again and again.
        repeat_s: how often.

    Attributes:
        silent: says nothing while true, as a device that has hung.
    """

    def __init__(self, name: str, *, new_cable: Callable[[], Hear], again: Callable[[], None], repeat_s: float) -> None:
        self._name, self._new_cable, self._again, self._repeat_s = name, new_cable, again, repeat_s
        self._wires: set[Wire] = set()
        self._fds: set[int] = set()
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self._task: asyncio.Task[None] | None = None
        self.silent = False

    def attach(self, fd: int) -> None:
        """Wires it to a file descriptor; the caller closes that after `stop`."""
        os.set_blocking(fd, False)
        hear = self._new_cable()

        def wire(data: bytes) -> None:
            with suppress(OSError):  # a pty whose other side is closed or full; the lane may open it again
                os.write(fd, data)

        def readable() -> None:
            with suppress(OSError):
                hear(os.read(fd, 4_096), wire)

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

    def send(self, data: bytes) -> None:
        """Says something over every cable, unless it is silent."""
        if not self.silent:
            for wire in tuple(self._wires):
                wire(data)

    async def _serve(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hear, wire = self._new_cable(), writer.write
        self._wires.add(wire)
        self._streams.add(writer)
        try:
            with suppress(ConnectionError):
                while data := await stream.read(4_096):
                    hear(data, wire)
        finally:
            self._wires.discard(wire)
            self._streams.discard(writer)
            writer.close()

    def _begin(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._repeat(), name=self._name)

    async def _repeat(self) -> None:
        while True:
            self._again()
            await asyncio.sleep(self._repeat_s)
