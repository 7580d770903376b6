"""`rocars-lane page`: the officers' page over a lane in memory, for developing the page. No broker, core or devices."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from pathlib import Path

from console.app import create_app
from console.officers import OfficerBook
from console.ports import EvidenceViewed
from console.server import ConsoleServer
from console.settings import ConsoleSettings
from display.sign_renderer import SignRenderer
from edge.clock import BoxClock
from runtime.clocks import monotonic_ms
from simulation.night import ScriptedNight
from simulation.page_lane import PageLane

OFFICER = "chan"


def _print_view(viewed: EvidenceViewed) -> None:
    print(f"evidence {viewed.purpose} by {viewed.officer}: {viewed.digest[:12]}")


async def serve_page(*, port: int, step_s: float) -> None:
    """Serves until cancelled; prints the address, and a name and password made for this run.

    Args:
        port: of loopback; 0 lets the system choose.
        step_s: seconds between two things that happen in the scripted night.

    Raises:
        ConsoleSettingsError: the port is taken.
    """
    renderer = SignRenderer(simulated=True)
    lane = PageLane(clock=BoxClock(lambda: None), paint=renderer.paint, visits=4_180)
    night = ScriptedNight(lane, step_s=step_s)
    try:
        with tempfile.TemporaryDirectory(prefix="rocars-page-") as folder:
            await _serve(lane, night, ConsoleSettings(officers=Path(folder) / "officers.json", port=port))
    finally:
        renderer.close()


async def _serve(lane: PageLane, night: ScriptedNight, settings: ConsoleSettings) -> None:
    officers, password = OfficerBook(settings.officers), secrets.token_urlsafe(12)
    officers.add(OFFICER, password, shown="Officer Chan")
    app, stream = create_app(
        feed=lane.page,
        settings=settings,
        officers=officers,
        ticks=monotonic_ms,
        viewed=_print_view,
        simulation=night,
    )
    server = ConsoleServer(app, stream, settings)
    address = server.bind()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(lane.agent.run(), name="agent")
        await lane.start()
        for kind in night.view().scenarios:
            await night.send_truck(kind.key)
        tasks.create_task(night.play(), name="night")
        tasks.create_task(server.serve(), name="page")
        await server.ready()
        print(f"{address}  officer: {OFFICER}, password: {password}; Ctrl-C ends", flush=True)
