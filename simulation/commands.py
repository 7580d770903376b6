"""The commands of `rocars-lane` that need a simulated world; each imports what it needs, so that `--help` is quick."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def register(app: typer.Typer) -> None:
    """Adds `demo` and `page` to `rocars-lane` (entry point `rocars_lane.commands`)."""
    app.command()(demo)
    app.command()(page)


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="No windows, even where there is a display.")] = False,
    trucks: Annotated[int, typer.Option(min=1, help="How many trucks; from 60 up every row is covered.")] = 12,
    seed: Annotated[int, typer.Option(help="Of chance: the same seed, the same trucks.")] = 1,
    speed: Annotated[float, typer.Option(min=0.1, help="Shortens the world's own waiting, nothing else.")] = 1.0,
    camera: Annotated[Path | None, typer.Option(help="A folder of pictures or a video as the camera.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the judge's report (JSON) here.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Keep everything it writes in this new folder.")] = None,
    scenario: Annotated[list[str] | None, typer.Option(help="Only this kind of truck; repeat for more.")] = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Go on after the trucks, for people to practise at the page; Ctrl-C ends.")
    ] = False,
) -> None:
    """A simulated world around the real agent, reader, link, core and screens; a judge compares it with the truth."""
    from simulation.demo import DemoOptions, demonstrate

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    with tempfile.TemporaryDirectory(prefix="rocars-demo-") as temporary:
        wishes = DemoOptions(
            folder=folder or Path(temporary),
            headless=headless,
            trucks=trucks,
            seed=seed,
            speed=speed,
            camera=camera,
            report=report,
            only=tuple(scenario or ()),
            stay=stay,
        )
        raise typer.Exit(asyncio.run(demonstrate(wishes, Console(stderr=True))))


def page(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Of loopback; 0 for any.")] = 8480,
    step: Annotated[float, typer.Option(min=0.1, help="Seconds between two things that happen.")] = 2.0,
) -> None:
    """The officers' page over a real agent in memory and a scripted night of trucks, for developing the page."""
    from console.errors import ConsoleSettingsError
    from simulation.page import serve_page

    try:
        asyncio.run(serve_page(port=port, step_s=step))
    except ConsoleSettingsError as error:
        typer.echo(f"page: {error}", err=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        raise typer.Exit from None
