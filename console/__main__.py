"""`python -m console`: the page with a simulated lane, for development. Prints a name and password made for this run."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
import time
from pathlib import Path

from console.app import create_app
from console.officers import OfficerBook
from console.ports import EvidenceViewed
from console.server import ConsoleServer
from console.settings import ConsoleSettings
from console.simulated.lane import SimulatedLane
from console.simulated.script import SCENARIOS, ScriptedWorld


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000


def _ticks() -> int:
    return time.monotonic_ns() // 1_000_000


def _viewed(viewed: EvidenceViewed) -> None:
    print(f"evidence {viewed.purpose} by {viewed.officer}: {viewed.digest[:12]}")


async def _run(folder: Path) -> None:
    settings = ConsoleSettings(officers=folder / "officers.json")
    officers = OfficerBook(settings.officers)
    password = secrets.token_urlsafe(12)
    officers.add("officer", password, shown="Officer on duty")
    lane = SimulatedLane(utc_ms=_utc_ms, ticks=_ticks)
    world = ScriptedWorld(lane, utc_ms=_utc_ms)
    for scenario in SCENARIOS:
        await world.send_truck(scenario.key)
    app, stream = create_app(
        feed=lane, settings=settings, officers=officers, ticks=_ticks, viewed=_viewed, simulation=world
    )
    server = ConsoleServer(app, stream, settings)
    print(f"{server.bind()}  log in as “officer” with “{password}”; Ctrl-C ends", flush=True)
    async with asyncio.TaskGroup() as tasks:
        playing = tasks.create_task(world.play(), name="world")
        try:
            await server.serve()
        finally:
            server.stop()
            playing.cancel()


def main() -> None:
    """Serves until Ctrl-C."""
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(Path(folder)))


if __name__ == "__main__":
    main()
