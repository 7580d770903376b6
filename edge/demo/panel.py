"""The world's end of the page's simulation panel: the driver's buttons, the link switch, the truck generator."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge.demo.marks import Marks
from edge.demo.scenarios import SCENARIOS
from edge.demo.stage import Stage
from lane_agent.model import Contact

_BUTTONS = {"unladen": Contact.UNLADEN, "help": Contact.HELP, "manifest": Contact.DROP_BOX}
_PRESS_S = 0.15


class Panel:
    """Listens for the page's wishes and sends the trucks asked for, one after the other.

    Args:
        stage: the world's levers.
        place: the Unix socket to listen at.
        seed: of the trucks' marks.
    """

    def __init__(self, stage: Stage, place: Path, *, seed: int) -> None:
        self._stage = stage
        self._place = place
        self._rng = random.Random(seed + 1)  # noqa: S311 - chance of a demonstration
        self._marks = Marks(self._rng)
        self._queue: deque[str] = deque()
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Serves until cancelled."""
        server = await asyncio.start_unix_server(self._serve, self._place)
        async with server:
            index = 1_000
            while True:
                await self._wanted.wait()
                if not self._queue:
                    self._wanted.clear()
                    continue
                from edge.demo.run import act_out  # noqa: PLC0415 - the run composes the panel

                index += 1
                await act_out(self._stage, index, self._queue.popleft(), self._marks, self._rng)

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
                await self._stage.cable.mend()
            case {"do": "link", "up": False}:
                self._stage.cable.cut()
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
