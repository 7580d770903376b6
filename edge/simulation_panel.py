"""The page's simulation panel, in demonstrations only: passes the officer's wishes on to the world's own socket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from console.ports import Control, SimulationView, TruckKind

_PATIENCE_S = 3.0


class WorldLink:
    """`console.ports.SimulationPort` over the world's Unix socket, one JSON line a wish.

    Args:
        place: where the world listens; while nobody does, the panel shows an empty world.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._view = SimulationView(link_up=True, queue=0, scenarios=())
        self._asking: asyncio.Task[None] | None = None

    def view(self) -> SimulationView:
        """The world as it was last heard of; asks anew each time."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask({"do": "view"}), name="world view")
        return self._view

    async def press(self, control: Control) -> None:
        """The driver presses a button or drops the manifest."""
        await self._ask({"do": "press", "control": control.value})

    async def switch_link(self, *, up: bool) -> None:
        """Plugs the network cable in, or pulls it."""
        await self._ask({"do": "link", "up": up})

    async def send_truck(self, scenario: str) -> None:
        """Lets a truck of that scenario drive up."""
        await self._ask({"do": "truck", "scenario": scenario})

    async def _ask(self, wish: dict[str, object]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                reader, writer = await asyncio.open_unix_connection(self._place)
                writer.write(json.dumps(wish).encode() + b"\n")
                answer = json.loads(await reader.readline() or b"{}")
                writer.close()
        except (OSError, TimeoutError, ValueError):
            return
        self._view = SimulationView(
            link_up=bool(answer.get("link_up", True)),
            queue=int(answer.get("queue", 0)),
            scenarios=tuple(TruckKind(key, words) for key, words in answer.get("scenarios", ())),
        )
