"""The world's end of the page's simulation panel: the driver's buttons, the link switch, the truck generator."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from lane_agent.model import Contact
from simulation.scenarios import SCENARIOS
from simulation.stage import Stage

_BUTTONS = {"unladen": Contact.UNLADEN, "help": Contact.HELP, "manifest": Contact.DROP_BOX}
_PRESS_S = 0.15


class Panel:
    """Listens for the page's wishes: ``async with Panel(stage, place) as panel: key = await panel.next_truck()``.

    Args:
        stage: the world's levers.
        place: the Unix socket to listen at.
    """

    def __init__(self, stage: Stage, place: Path) -> None:
        self._stage = stage
        self._place = place
        self._queue: deque[str] = deque()
        self._wanted = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self._place)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    def waiting_truck(self) -> str:
        """The scenario of the truck asked for next, "" if none is waiting."""
        return self._queue.popleft() if self._queue else ""

    async def next_truck(self) -> str:
        """Waits until a truck is asked for; its scenario."""
        while not self._queue:
            self._wanted.clear()
            await self._wanted.wait()
        return self._queue.popleft()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ValueError):
            await self._do(json.loads(await reader.readline() or b"{}"))
            writer.write(json.dumps(self._view()).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _do(self, wish: dict[str, Any]) -> None:
        match wish:
            case {"do": "press", "control": str(name)} if name in _BUTTONS:
                await self._stage.hand.set(_BUTTONS[name], True)
                await asyncio.sleep(_PRESS_S)
                await self._stage.hand.set(_BUTTONS[name], False)
            case {"do": "link", "up": True}:
                self._stage.cable.mend()
            case {"do": "link", "up": False}:
                self._stage.cable.hold()
            case {"do": "truck", "scenario": str(key)} if key in SCENARIOS:
                self._queue.append(key)
                self._wanted.set()
            case _:
                pass

    def _view(self) -> dict[str, Any]:
        return {
            "link_up": self._stage.cable.up,
            "queue": len(self._queue),
            "scenarios": [[scenario.key, scenario.words] for scenario in SCENARIOS.values()],
        }
