"""The agent's side of the screens: who is connected, what each was told, what each painted.

Rules of this file:

1. A screen that (re)connects is told what the lane says now. One that fell back to its safe face by itself is told so
   with the next beat: the lane hears of it first, and takes 3 back instead of having it painted once more.
2. A screen that is silent past the limit is cut off and reported lost; it may still show a frozen picture, so
   whoever runs the processes should end that one (`display.supervisor.ScreenProcesses.restart`).
3. Nothing here decides: what was painted, lost and found is reported and becomes events of the lane.
4. That the panel says that somebody listens is only what it has painted. From the moment at which it is told, or does by itself,
   anything else, it does not say so any more.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path

from display.errors import MalformedLineError, SocketUnusableError
from display.protocol import (
    LONGEST_LINE,
    Painted,
    ScreenBeat,
    ScreenHello,
    ScreenTrouble,
    ShowOrder,
    decode_for_agent,
    encode,
)
from domain.notices import DriverNotice
from lane_agent.effects import Show
from lane_agent.model import Screen
from lane_agent.wording import CARRIES_LISTENING, CARRIES_NOTICE, Scene
from runtime.unix_socket import listening

log = logging.getLogger("display.feed")

_BEAT_S = 0.5
_UNREAD = 65536  # bytes a screen may leave unread before it is cut off


class _Connection:
    """One connected screen."""

    def __init__(self, screen: Screen, writer: asyncio.StreamWriter, now_s: float) -> None:
        self.screen = screen
        self.heard_s = now_s
        self.fell_back = False
        self.listening = False  # its last order says that somebody listens
        self._writer = writer

    def send(self, message: ShowOrder | ScreenBeat) -> None:
        if not self._writer.is_closing():
            self._writer.write(encode(message))

    def stuck(self) -> bool:
        return self._writer.transport.get_write_buffer_size() > _UNREAD

    def cut(self) -> None:
        self._writer.transport.abort()


class ScreenFeed:
    """Feeds both screens over one Unix socket.

    Args:
        socket_path: made by `start` with mode 0600; a stale one is removed.
        simulated: the screens show the ribbon.
        on_painted: called with (screen, scene, serial) when a screen has painted; serial 0 with WAIT is the safe face.
        on_trouble: called with (screen, why) when a screen says that it can show the safe face at most; "" when it can again.
        on_lost: called when a screen has disconnected or has not answered for `silence_s`.
        on_found: called when a screen has connected, after the scene to show was sent to it.
        on_listening: called with whether the panel says that somebody listens: at each change, and at once when it is ordered
            where it cannot stand.
        silence_s: seconds without an answer after which a screen counts as lost.
    """

    def __init__(
        self,
        socket_path: Path,
        *,
        simulated: bool,
        on_painted: Callable[[Screen, Scene, int], None],
        on_trouble: Callable[[Screen, str], None],
        on_lost: Callable[[Screen], None],
        on_found: Callable[[Screen], None],
        on_listening: Callable[[bool], None] = lambda _: None,
        silence_s: float = 2.0,
    ) -> None:
        self._path = socket_path
        self._simulated = simulated
        self._on_painted = on_painted
        self._on_trouble = on_trouble
        self._on_lost = on_lost
        self._on_found = on_found
        self._on_listening = on_listening
        self._silence_s = silence_s
        self._shown: Show | None = None
        self._notice: DriverNotice | None = None
        self._listening = self._says_so = False  # ordered; painted
        self._connections: dict[Screen, _Connection] = {}
        self._server: asyncio.Server | None = None
        self._beating: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> frozenset[Screen]:
        """The screens that can be told something now."""
        return frozenset(self._connections)

    async def start(self) -> None:
        """Listens for screens.

        Raises:
            SocketUnusableError: another agent listens there, or the path is no place for a socket.
        """
        self._server = await asyncio.start_unix_server(self._accept, sock=self._listen(), limit=LONGEST_LINE)
        self._beating = asyncio.create_task(self._beat(), name="screen beats")

    def _listen(self) -> socket.socket:
        try:
            return listening(self._path, whose="the screens' socket")
        except OSError as error:
            raise SocketUnusableError(str(error)) from error

    async def stop(self) -> None:
        """Cuts off the screens (they show the safe face at once) and removes the socket. Reports nobody as lost."""
        if self._server is not None:
            self._server.close()
        self._connections.clear()
        tasks = [task for task in (self._beating, *self._serving) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def show(self, effect: Show) -> None:
        """Tells each connected screen its scene; the others are told when they connect."""
        self._shown = effect
        for connection in self._connections.values():
            self._tell(connection)

    def _tell(self, connection: _Connection) -> None:
        if self._shown is not None:
            connection.fell_back = False
            panel = connection.screen is Screen.AIOP
            scene = self._shown.aiop if panel else self._shown.xdb
            notice = self._notice if panel and scene in CARRIES_NOTICE else None
            connection.listening = listening = self._listening and panel and scene in CARRIES_LISTENING
            parameter, simulated = self._shown.parameter, self._simulated
            connection.send(ShowOrder(scene, self._shown.serial, parameter, simulated, notice, listening))
            if panel and not listening:
                self._say_listening(so=False)

    def notice(self, notice: str) -> None:
        """The line below the panel's message, a `DriverNotice` or ""; the panel paints anew only a message that may carry it."""
        self._notice = DriverNotice(notice) if notice else None
        panel = self._connections.get(Screen.AIOP)
        if panel is not None and self._shown is not None and self._shown.aiop in CARRIES_NOTICE and not panel.fell_back:
            self._tell(panel)

    def listening(self, on: bool) -> None:
        """The panel says from now on that somebody listens, or no longer; `on_listening` tells when it does."""
        self._listening = on
        panel = self._connections.get(Screen.AIOP)
        if (
            panel is not None
            and self._shown is not None
            and self._shown.aiop in CARRIES_LISTENING
            and not panel.fell_back
        ):
            self._tell(panel)
        elif on:
            self._on_listening(False)

    def _say_listening(self, *, so: bool) -> None:
        if so is not self._says_so:
            self._says_so = so
            self._on_listening(so)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_S)
            now = asyncio.get_running_loop().time()
            for connection in list(self._connections.values()):
                if now - connection.heard_s > self._silence_s or connection.stuck():
                    log.warning("%s does not answer: cut off", connection.screen.value)
                    self._lose(connection)
                else:
                    connection.send(ScreenBeat())
                    if connection.fell_back:
                        self._tell(connection)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="screen connection")
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection: _Connection | None = None
        try:
            connection = await self._welcome(reader, writer)
            while line := await reader.readline():
                self._hear(connection, line)
        except (ConnectionError, MalformedLineError, TimeoutError, ValueError) as error:
            log.warning("screen connection ended: %s", error)
        finally:
            if connection is not None:
                self._lose(connection)
            writer.transport.abort()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> _Connection:
        """The first line says which screen it is; a second connection of a screen replaces its first."""
        async with asyncio.timeout(self._silence_s):
            hello = decode_for_agent(await reader.readline())
        if not isinstance(hello, ScreenHello):
            raise MalformedLineError(f"the first line of a screen is its hello, not {hello!r}")
        connection = _Connection(hello.screen, writer, asyncio.get_running_loop().time())
        earlier = self._connections.get(hello.screen)
        if earlier is not None:
            self._lose(earlier)
        self._connections[hello.screen] = connection
        self._tell(connection)
        self._on_found(hello.screen)
        return connection

    def _hear(self, connection: _Connection, line: bytes) -> None:
        message = decode_for_agent(line)
        connection.heard_s = asyncio.get_running_loop().time()
        if self._connections.get(connection.screen) is not connection:
            return
        if isinstance(message, ScreenTrouble):
            self._on_trouble(connection.screen, message.text)
        if isinstance(message, Painted):
            self._on_painted(connection.screen, message.scene, message.serial)
            connection.fell_back = connection.fell_back or message.safe  # rule 1
            if connection.screen is Screen.AIOP:
                self._say_listening(so=message.listening and connection.listening and not message.safe)  # rule 4

    def _lose(self, connection: _Connection) -> None:
        """Forgets a connection and reports its screen, once."""
        connection.cut()
        if self._connections.get(connection.screen) is connection:
            del self._connections[connection.screen]
            if connection.screen is Screen.AIOP:
                self._say_listening(so=False)
            self._on_lost(connection.screen)
