"""A camera's coded pictures for people who watch: the process that receives them (a lane's reader) offers them, undecoded.

Rules of this file:

1. The receiver's work comes first. The camera's thread puts a reference to each packet into a list and never waits; with nobody
   connected nothing is copied. All else is done in a thread of its own, which may fail and is then the end of the live picture only.
2. Whoever connects gets the pictures since the last key frame, then each as it comes. Whoever does not read is cut off.
3. After a damaged picture nothing is given before the next key frame, as everywhere (design §2.17).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from pathlib import Path
from typing import Protocol

from runtime.annex_b import is_passable, whole_picture
from runtime.live_packets import LONGEST_LIVE, LivePicture, NoLive, live_packed
from runtime.unix_socket import listening

log = logging.getLogger(__name__)

_MOST_CLIENTS = 2
"""The page, and one that takes its place."""
_UNREAD = 4 * 1024 * 1024
"""Bytes that a client may leave unread, besides what it was given at its start."""
_MOST_GROUP = 8 * 1024 * 1024
"""Bytes kept since a key frame; with more, newcomers wait for the next one."""


class CodedPacket(Protocol):
    """What is needed of PyAV's packet."""

    @property
    def size(self) -> int:
        """Bytes."""

    def __bytes__(self) -> bytes:
        """A copy of them."""


class PacketTap(Protocol):
    """Hears a camera's packets, in the camera's thread; never waits and never fails."""

    def opened(self, coding: str, sets: bytes) -> None:
        """The camera was opened: its stream's coding ("h264"), and parameter sets that came beside it."""

    def came(self, packet: CodedPacket, taken_ms: int | None, *, key: bool, damaged: bool) -> None:
        """A packet has come; `taken_ms` is None where its age is not known."""


class NoTap:
    """Nobody may watch."""

    def opened(self, coding: str, sets: bytes) -> None:
        """See `PacketTap`."""

    def came(self, packet: CodedPacket, taken_ms: int | None, *, key: bool, damaged: bool) -> None:
        """See `PacketTap`."""


class LiveTap:
    """Offers the camera's stream at a Unix socket (`runtime.live_packets`).

    Args:
        place: of the socket; a stale one is removed, and who may connect is as at the page's (`runtime.unix_socket`).

    Raises:
        OSError: it is no place for a socket.
    """

    def __init__(self, place: Path) -> None:
        self._listener = listening(place, whose="the live picture's socket")
        self._lock = threading.Lock()
        self._group: list[tuple[CodedPacket, int | None, bool]] = []
        self._bytes = 0
        self._whole = False
        self._sets = b""
        self._unfit = ""
        self._clients: dict[asyncio.StreamWriter, int] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="live", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends it."""
        self._tell(self._over.set)
        self._thread.join()

    def opened(self, coding: str, sets: bytes) -> None:
        """See `PacketTap`."""
        with self._lock:
            self._sets = sets
            self._unfit = "" if coding == "h264" and is_passable(sets) else coding
            self._group, self._whole = [], False
            if self._unfit:
                self._tell(self._refuse_all)

    def came(self, packet: CodedPacket, taken_ms: int | None, *, key: bool, damaged: bool) -> None:
        """See `PacketTap`."""
        with self._lock:
            if damaged or self._unfit or packet.size > LONGEST_LIVE:
                self._group, self._whole = [], False
                return
            if key:
                self._group, self._bytes, self._whole = [], 0, True
            if not self._whole:
                return
            self._bytes += packet.size
            if self._bytes <= _MOST_GROUP:
                self._group.append((packet, taken_ms, key))
            else:
                self._group = []
            if self._clients:
                self._tell(self._give, packet, taken_ms, key)

    def _tell(self, what: object, *values: object) -> None:
        with contextlib.suppress(RuntimeError):  # its thread has failed
            self._loop.call_soon_threadsafe(what, *values)  # type: ignore[arg-type]

    def _serve(self) -> None:
        try:
            self._loop.run_until_complete(self._listen())
        except Exception:
            log.exception("no live picture any more")
        finally:
            self._listener.close()
            self._loop.close()

    async def _listen(self) -> None:
        server = await asyncio.start_unix_server(self._connected, sock=self._listener)
        await self._over.wait()
        server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._offer(reader, writer), name="live client")
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _offer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with self._lock:
                unfit, group = self._unfit, self._group.copy()
                if len(self._clients) >= _MOST_CLIENTS:
                    oldest = next(iter(self._clients))
                    del self._clients[oldest]
                    oldest.transport.abort()
                if not unfit:
                    self._clients[writer] = _UNREAD + sum(packet.size for packet, _, _ in group)
            if unfit:
                writer.write(live_packed(NoLive(unfit)))
                await writer.drain()
                return
            for one in group:
                writer.write(self._coded(*one))
            await reader.read(1)  # a client has nothing to say; it ends
        except OSError:
            pass
        finally:
            with self._lock:
                self._clients.pop(writer, None)
            writer.transport.close()

    def _refuse_all(self) -> None:
        for writer in self._clients:
            writer.write(live_packed(NoLive(self._unfit)))

    def _give(self, packet: CodedPacket, taken_ms: int | None, key: bool) -> None:
        body = self._coded(packet, taken_ms, key)
        for writer, most in list(self._clients.items()):
            if writer.transport.get_write_buffer_size() > most:
                log.warning("a client of the live picture does not read, and is cut off")
                writer.transport.abort()
            elif not writer.transport.is_closing():
                writer.write(body)

    def _coded(self, packet: CodedPacket, taken_ms: int | None, key: bool) -> bytes:
        codec, body = whole_picture(bytes(packet), self._sets) if key else ("", bytes(packet))
        return live_packed(LivePicture(taken_ms or 0, codec, body))
