"""Proof and kills as commands of `rocars-lane`; each imports what it needs when it runs, so that `--help` is quick."""

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
    """Adds `prove` and `kills` to `rocars-lane` (entry point `rocars_lane.commands`)."""
    app.command()(prove)
    app.command()(kills)


def prove(
    report: Annotated[Path | None, typer.Option("--json", help="Write the counts to this file.")] = None,
    mutants: Annotated[bool, typer.Option(help="Also test the proof itself: break every guard in turn.")] = False,
    physical: Annotated[
        bool, typer.Option("--physical", help="Instead: vehicles, loops that fail and late people around the step.")
    ] = False,
    seconds: Annotated[
        float, typer.Option(min=1, help="How long the physical model is explored, in CPU seconds.")
    ] = 30,
    seed: Annotated[int, typer.Option(help="Of the first of its walks; each walk is repeated by its own.")] = 1,
    most: Annotated[
        int, typer.Option(min=0, help="Transitions searched of each slice, shortest stories first; 0 for all.")
    ] = 0,
) -> None:
    """Search the shipped step over stated slices of one visit (docs/lane.md); check the law on the history of inputs.

    What is proved is proved of these slices and no more; with --most of their shortest stories. Link, store and screens are in none
    of them: these are tested, not proved. With --physical the law is about vehicles at the line, at stated sites as far as the time
    goes, and beyond at random: what is found is broken, what is not found is proved only of sites searched to their end.
    """
    from tools.proof.command import physical_command, prove_command

    if physical:
        raise typer.Exit(physical_command(report, seconds=seconds, seed=seed))
    raise typer.Exit(prove_command(report, mutants=mutants, most=most))


def kills(
    number: Annotated[int, typer.Option("--number", min=1, help="How many kills.")] = 200,
    seed: Annotated[int, typer.Option(help="Of chance.")] = 1,
    report: Annotated[Path | None, typer.Option(help="Write what was found (JSON) here.")] = None,
) -> None:
    """Kill the lane with signal 9 at random moments of a demonstration: nothing lost, nothing twice, no 3 left standing."""
    from tools.kills import KillWishes, torture

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    with tempfile.TemporaryDirectory(prefix="rocars-kills-") as temporary:
        wishes = KillWishes(folder=Path(temporary), kills=number, seed=seed, report=report)
        raise typer.Exit(asyncio.run(torture(wishes, Console(stderr=True))))
