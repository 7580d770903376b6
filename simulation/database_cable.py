"""The line between one program and one private PostgreSQL: a relay with a Unix socket of its own, which can be cut.

Rules of this file: a line that is cut stays open at both ends and moves nothing, so that neither is told. Mended, it delivers what
was on its way, however late that is, or hangs up.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path

_CHUNK = 65_536
_SOCKET = ".s.PGSQL.5432"


class DatabaseCable:
    """One of them.

    Args:
        server: the server's folder, where it listens.

    Attributes:
        folder: what a program names as its host.
    """

    def __init__(self, server: Path) -> None:
        self._server = server
        self.folder = Path(tempfile.mkdtemp(prefix="rocars-db-", dir="/tmp"))  # short: a socket lies in it
        self._listener: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begins to listen."""
        self._listener = await asyncio.start_unix_server(self._serve, self.folder / _SOCKET)
        self.folder.chmod(0o755)  # a server that follows through it runs as another user
        (self.folder / _SOCKET).chmod(0o777)

    def cut(self) -> None:
        """From now on nothing moves."""
        self._flows.clear()

    def mend(self, *, hang_up: bool = False) -> None:
        """What was on its way arrives; `hang_up`: it is lost, and both ends are told so."""
        if hang_up:
            for one in self._open:
                one.transport.abort()
        self._flows.set()

    async def stop(self) -> None:
        """Ends every connection."""
        if self._listener is not None:
            self._listener.close()
        self.mend(hang_up=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        try:
            await self._flows.wait()
            there, back = await asyncio.open_unix_connection(self._server / _SOCKET)
            self._open.add(back)
            try:
                await self._both_ways(reader, writer, there, back)
            finally:
                back.transport.abort()
                self._open.discard(back)
        except (OSError, asyncio.CancelledError):
            pass  # no server there, or the end of the run: whoever connected is hung up on
        finally:
            writer.transport.abort()
            self._open.discard(writer)
            self._tasks.discard(task)

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> None:
        ways = [asyncio.create_task(self._carry(reader, back)), asyncio.create_task(self._carry(there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ways:
                one.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(_CHUNK):
                await self._flows.wait()
                sink.write(data)
                await sink.drain()
