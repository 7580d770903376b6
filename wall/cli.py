"""`rocars-wall`: the wall of lanes of one control point. The composition root: the wall clock is chosen here.

Exit codes: 0 done, 1 refused or failed, 2 the configuration or command line is wrong.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from console.errors import ConsoleError
from console.officers import OfficerBook, OfficerRole
from runtime.files import PRIVATE, write_whole
from runtime.journald import log_for_people
from runtime.store_errors import StoreError
from wall.errors import WallError, WallSettingsError
from wall.settings import load_wall
from wire.envelope import Signer, public_to_pem

app = typer.Typer(
    help="The wall: all lanes of one control point, and the queue of what needs an officer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
people = typer.Typer(help="Who may use the wall.", no_args_is_help=True)
app.add_typer(people, name="officer")

Config = Annotated[Path, typer.Option(help="The settings file.", envvar="ROCARS_WALL_CONFIG")]
Name = Annotated[str, typer.Argument(help="The login.")]


def utc_ms() -> int:
    """The present time, UTC ms, by this machine's clock."""
    return time.time_ns() // 1_000_000


@app.command()
def check(config: Config) -> None:
    """Check the settings and what they name, and say what is wrong."""
    from wall.listening import lane_rings  # noqa: PLC0415 - so that --help is quick

    settings = load_wall(config)
    lane_rings(settings.wall.lane_keys, [lane.id for lane in settings.lanes])
    typer.echo(f"in order: {settings.wall.point}, {len(settings.lanes)} lanes, {len(settings.brokers)} brokers")


@app.command()
def run(
    config: Config,
    level: Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the wall until it is told to stop (SIGTERM, Ctrl-C)."""
    from wall.process import WallProcess  # noqa: PLC0415 - so that --help is quick

    log_for_people("rocars-wall", logging.getLevelNamesMapping()[level.upper()])
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every request
    settings = load_wall(config)

    async def serve() -> None:
        await WallProcess(settings, now_ms=utc_ms).run(lambda address: typer.echo(f"the wall is at {address}"))

    asyncio.run(serve())


@app.command()
def key(config: Config) -> None:
    """Make the wall's own key, once; the boxes are given its public half."""
    where = load_wall(config, planned=True).wall
    if where.page_key is None:
        raise WallSettingsError(f"{config}: wall.page_key: is missing; name the file that is to be made")
    if where.page_key.exists():
        raise WallError(f"{where.page_key}: there is a key already; keep it")
    signer = Signer.generate(where.name)
    public = where.page_key.with_name(f"{where.name}.pub")
    write_whole(where.page_key, signer.to_pem(), mode=PRIVATE)
    write_whole(public, public_to_pem(signer.public))
    typer.echo(f"key made: {where.page_key} (keep it secret); put {public} into the folder console.walls of every box")


@people.command()
def add(
    name: Name,
    config: Config,
    role: Annotated[OfficerRole, typer.Option(help="What they may do.")] = OfficerRole.OFFICER,
    shown: Annotated[str, typer.Option(help="The name that others see; the login if left out.")] = "",
) -> None:
    """Add somebody, or give somebody a new password and role. The password is asked for."""
    book = OfficerBook(load_wall(config, planned=True).page.officers)
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    book.add(name, password, shown=shown, role=role)
    typer.echo(f"{name} may log in as {role.value}")


@people.command()
def remove(name: Name, config: Config) -> None:
    """Remove somebody; their sessions end at their next action."""
    try:
        OfficerBook(load_wall(config, planned=True).page.officers).remove(name)
    except KeyError:
        raise ConsoleError(f"there is no officer {name!r}; see: rocars-wall officer list") from None


@people.command(name="list")
def everybody(config: Config) -> None:
    """List everybody, with role and shown name."""
    book = OfficerBook(load_wall(config, planned=True).page.officers)
    for name in book.names():
        typer.echo(f"{name:<32} {book.role(name).value:<10} {book.shown(name)}")


def main() -> None:
    """The entry point: problems are lines on standard error, never a traceback for what a person can mend."""
    try:
        app(prog_name="rocars-wall")
    except WallSettingsError as error:
        sys.exit(_told(error.problems, 2))
    except (ConsoleError, WallError, StoreError, ValueError, OSError) as error:
        sys.exit(_told((str(error),), 1))


def _told(problems: tuple[str, ...], code: int) -> int:
    for problem in problems:
        typer.echo(f"rocars-wall: {problem}", err=True)
    return code
