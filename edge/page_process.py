"""The officers' page as a process of its own: `python -m edge.page_process --config FILE`.

It holds no key of the lane, opens no store and drives nothing: it has the officers' file, its TLS key, and a line to the agent
(`console.agent_line`). What strangers do to it (`console.gate` bounds it) costs the lane nothing; its unit bounds it once more.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from importlib.metadata import version
from pathlib import Path

from console.agent_line import LaneByLine, VoiceByLine
from console.app import create_app
from console.errors import ConsoleSettingsError
from console.live_line import live_pictures
from console.officers import OfficerBook
from console.ports import EvidenceViewed, LaneView
from console.server import ConsoleServer
from edge.places import live_socket, page_socket, world_socket
from edge.settings.load import LaneSettingsError, Settings, parse
from edge.settings.sections import LaneMode
from edge.simulation_panel import WorldLink
from runtime.children import end_with_parent
from runtime.clocks import monotonic_ms, utc_ms
from runtime.journald import log_for_people
from runtime.sd_notify import Systemd, feed_on_progress

log = logging.getLogger("rocars.lane.page")


async def serve(settings: Settings, socket: Path) -> None:
    """Serves the page until SIGTERM or SIGINT; the agent listens at `socket`.

    Raises:
        ConsoleSettingsError: the address is taken, or the settings contradict each other.
    """
    console = settings.console
    line = LaneByLine(socket, unheard=unheard(settings), ticks=monotonic_ms)
    app, stream = create_app(
        feed=line,
        settings=console,
        officers=OfficerBook(console.officers),
        ticks=monotonic_ms,
        viewed=_log_view,
        simulation=WorldLink(world_socket(settings)) if settings.simulation else None,
        voice=VoiceByLine(line, page=settings.voice.page, listening=settings.voice.listening)
        if has_voice(settings)
        else None,
        live=lambda: live_pictures(live_socket(socket)),
    )
    server = ConsoleServer(app, stream, console)
    address = server.bind()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    systemd = Systemd.from_environment()
    with contextlib.closing(server):
        helpers = [
            asyncio.create_task(line.run(), name="line to the agent"),
            asyncio.create_task(feed_on_progress(systemd, monotonic_ms), name="watchdog"),
            asyncio.create_task(_say_ready(server, systemd, f"lane {settings.lane.id}: page at {address}")),
        ]
        try:
            await server.serve()
        finally:
            systemd.stopping()
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)


async def _say_ready(server: ConsoleServer, systemd: Systemd, where: str) -> None:
    await server.ready()
    log.info(where)
    systemd.ready(where)


def unheard(settings: Settings) -> LaneView:
    """The lane as far as its settings say, for a page that has not heard the agent yet."""
    lane = settings.lane
    return LaneView(
        sequence=0,
        at_ms=utc_ms(),
        lane=lane.id,
        point=lane.point,
        direction=lane.direction,
        simulated=bool(settings.simulation),
        open=False,
        row=0,
        software=version("rocars-lane"),
    )


def has_voice(settings: Settings) -> bool:
    """Whether the agent has a voice to offer (`edge.lane`): a shadow calls nobody."""
    return settings.voice.on and settings.lane.mode is LaneMode.LIVE


def _log_view(viewed: EvidenceViewed) -> None:
    """Each view of a vehicle's picture is logged (domain §8)."""
    log.info("evidence %s viewed by %s from %s: %s", viewed.digest, viewed.officer, viewed.address, viewed.purpose)


def main(arguments: list[str] | None = None) -> int:
    """Runs the page; exit status 2 where the settings are wrong."""
    parser = argparse.ArgumentParser(prog="python -m edge.page_process", description="The officers' page of a lane.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the lane's settings")
    parser.add_argument("--end-with", type=int, default=0, metavar="PID", help="end when this parent does")
    parser.add_argument("--socket", type=Path, metavar="PATH", help="where the agent listens, if not where FILE says")
    options = parser.parse_args(arguments)
    if options.end_with:
        end_with_parent(signal.SIGTERM, parent=options.end_with)
    log_for_people("rocars-lane-page")
    try:
        settings = parse(options.config)
        asyncio.run(serve(settings, options.socket or page_socket(settings)))
    except (LaneSettingsError, ConsoleSettingsError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
