"""`rocars-core slots`: the versions of the software on this machine, and the way back (`runtime.versions`)."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.options import Config
from core.cli.output import say
from core.errors import RefusedError
from core.ledger.store import named, opens_from
from core.settings import load
from runtime.slots import SlotError, SlotRoot
from runtime.versions import StoreForm, go_back, print_versions

slots_app = typer.Typer(help="Versions of the software on this machine, and the way back to the one before.")


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    app.add_typer(slots_app, name="slots")


@slots_app.callback(invoke_without_command=True)
def slots(context: typer.Context) -> None:
    """Versions of the software on this machine; without a word, a list of them."""
    if context.invoked_subcommand is None:
        try:
            print_versions(SlotRoot.of_this_process(), say)
        except SlotError as error:
            raise RefusedError(str(error)) from error


@slots_app.command("back")
def back(
    config: Config,
    to: Annotated[str, typer.Option(help="Another version than the one before.")] = "",
    restart: Annotated[bool, typer.Option("--restart", help="Restart the core, too.")] = False,
) -> None:
    """Go back to the version before. The store stays as it is: nothing that was recorded since is lost."""
    database = load(config, planned=True).core.database
    least = opens_from(database)
    store = StoreForm(named(database), least) if least is not None else None
    try:
        go_back(SlotRoot.of_this_process(), store, to=to, service="rocars-core", restart=restart, say=say)
    except SlotError as error:
        raise RefusedError(str(error)) from error
