"""The cable between lane and broker: a TCP relay on loopback that can be pulled out and put back."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Cable:
    """Relays connections to `port`; cutting it leaves them half open, as a pulled cable does.

    Args:
        port: the broker's port on 127.0.0.1.

    Attributes:
        near: the port the lane connects to, once started.
        up: whether bytes pass.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._whole = asyncio.Event()
        self._whole.set()
        self._server: asyncio.Server | None = None
        self._relays: set[asyncio.Task[None]] = set()
        self.near = 0

    @property
    def up(self) -> bool:
        """Whether bytes pass."""
        return self._whole.is_set()

    async def start(self) -> None:
        """Begins to listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.near = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Ends every relay and stops listening."""
        if self._server is not None:
            self._server.close()
        for relay in tuple(self._relays):
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    def cut(self) -> None:
        """Nothing passes in either direction; no side is told."""
        self._whole.clear()

    async def mend(self) -> None:
        """New connections pass again; those that hung are dropped, as a switch does when the port comes back."""
        for relay in tuple(self._relays):
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)
        self._whole.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        try:
            await self._whole.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, far_writer))
                    both.create_task(self._pump(far_reader, writer))
            finally:
                far_writer.close()
        except* (OSError, asyncio.CancelledError):
            pass  # one end went away, or the cable was mended: both ends are closed below
        finally:
            self._relays.discard(task)
            writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                await self._whole.wait()
                writer.write(chunk)
                await writer.drain()
        raise ConnectionResetError("one end closed")
