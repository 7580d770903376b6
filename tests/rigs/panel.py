"""A driver's panel at the agent's socket: the shipped protocol, fail-safe and painter, without a compositor."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from display.failsafe import Failsafe
from display.feed import ScreenFeed
from display.pictures import render
from display.protocol import Painted, Pong, ScreenBeat, ScreenHello, decode_for_screen, encode
from lane_agent.model import Screen


class DrivenPanel:
    """What the panel shows.

    Attributes:
        face: what it was told last, as its fail-safe has it.
        png: as a driver sees it.
    """

    def __init__(self) -> None:
        self.face = Failsafe(silence_s=2.0, simulated=False)
        self.png = b""

    @property
    def tells_that_somebody_listens(self) -> bool:
        """Whether the driver reads it."""
        return bool(self.png) and self.face.showing.listening

    async def run(self, path: Path) -> None:
        """Paints whatever comes, and says so."""
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(encode(ScreenHello(Screen.AIOP)))
        try:
            while line := await reader.readline():
                message = decode_for_screen(line)
                self.face.heard(message, asyncio.get_running_loop().time())
                writer.write(encode(Pong() if isinstance(message, ScreenBeat) else self._paints()))
        finally:
            writer.close()

    def _paints(self) -> Painted:
        shown = self.face.showing
        self.png = render(Screen.AIOP, shown.scene, shown.parameter, shown.simulated, notice=shown.notice)
        return Painted(Screen.AIOP, shown.scene, shown.serial, shown.safe, shown.listening)


@contextlib.asynccontextmanager
async def driven_panel(path: Path, listening: Callable[[bool], None]) -> AsyncIterator[tuple[ScreenFeed, DrivenPanel]]:
    """The agent's feed at this path and a panel that is connected to it; `listening` is told what the panel says."""
    found = asyncio.Event()
    feed = ScreenFeed(
        path,
        simulated=False,
        on_painted=lambda _screen, _scene, _serial: None,
        on_trouble=lambda _screen, _why: None,
        on_lost=lambda _screen: None,
        on_found=lambda _screen: found.set(),
        on_listening=listening,
        silence_s=30.0,  # of a busy machine, not of a panel that is gone
    )
    await feed.start()
    panel = DrivenPanel()
    running = asyncio.create_task(panel.run(path))
    try:
        await found.wait()
        yield feed, panel
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await feed.stop()
