"""`rocars-core alarms`: what stands at all lanes and here, and what an officer of the centre does about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from core.cli.ask import ask_core, print_all, when
from core.cli.options import AsJson, Config
from core.cli.output import say
from core.errors import RefusedError
from core.office.admin import AdminClient


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    app.command(rich_help_panel="Looking (ask the running core)")(alarms)


def alarms(
    *,
    config: Config,
    every: Annotated[bool, typer.Option("--all", help="Closed ones too, newest first.")] = False,
    take: Annotated[int | None, typer.Option(min=1, metavar="NO.", help="Say that you deal with it.")] = None,
    close: Annotated[int | None, typer.Option(min=1, metavar="NO.", help="Say that it has been dealt with.")] = None,
    why: Annotated[str, typer.Option(help="What became of it, with --close.")] = "",
    shelve: Annotated[int | None, typer.Option(min=1, metavar="NO.", help="Be called about it later.")] = None,
    minutes: Annotated[int, typer.Option(min=1, max=480, help="For how long, with --shelve.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Standing alarms, what nobody has taken first, by priority; help calls among them. What each means: docs/alarms.md.

    A fault ends its alarm by itself. Only what needs a person has to be closed; close another, and its lane raises it again.
    """
    deeds: list[Callable[[AdminClient], Any]] = []
    if take is not None:
        deeds.append(lambda core: core.take_alarm(take))
    if shelve is not None:
        deeds.append(lambda core: core.shelve_alarm(shelve, minutes))
    if close is not None:
        deeds.append(lambda core: core.clear_alarm(close, why))
    if why and close is None:
        raise RefusedError("--why belongs to --close")
    for deed in deeds:
        became = ask_core(config, deed)
        say(f"alarm {became.id}, {became.kind} of {became.lane or 'the core'}: {became.state}")
    if not deeds:
        columns = _COLUMNS | ({"closed by": lambda one: one.cleared_by, "why": lambda one: one.why} if every else {})
        print_all(ask_core(config, lambda core: core.alarms(cleared=every)), as_json, columns)


_COLUMNS: dict[str, Callable[[Any], object]] = {
    "no.": lambda one: one.id,
    "since": lambda one: when(one.at_ms),
    "lane": lambda one: one.lane,
    "visit": lambda one: one.visit or "",
    "kind": lambda one: one.kind,
    "priority": lambda one: f"{one.priority}, untouched" if one.escalated else one.priority,
    "state": lambda one: f"taken by {one.taken_by}" if one.state == "acknowledged" else one.state,
    "times": lambda one: one.count,
    "detail": lambda one: one.detail,
}
