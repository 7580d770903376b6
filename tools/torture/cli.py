"""`rocars-torture`: does a lane stay safe, and is nothing lost, whatever fails and lies around it?

Exit status: 0 every promise held, 1 one did not, 2 the run could not be set up.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from simulation.broker import BrokerError
from tools.torture.faults import KINDS
from tools.torture.run import TortureOptions, TortureRun
from tools.torture.site import SiteError
from tools.torture.verdict import Bounds

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def torture(  # noqa: PLR0917 - options are parameters
    seconds: Annotated[float, typer.Option(help="How long faults come; hours are fine.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of the faults, their order and their victims.")] = 1,
    report: Annotated[Path | None, typer.Option(help="Write what was found to this file, as JSON.")] = None,
    lanes: Annotated[int, typer.Option(min=1, max=64, help="Lanes, a process each.")] = 4,
    kinds: Annotated[str, typer.Option(help="Only these faults, with commas; --list names them.")] = "",
    crowd: Annotated[
        int, typer.Option(min=0, max=1_000, help="Light lanes that all connect at once, now and then.")
    ] = 0,
    keep: Annotated[Path | None, typer.Option(help="Keep stores and logs in this folder, which must be empty.")] = None,
    slack_ms: Annotated[int, typer.Option(help="What manual mode may come late on a machine as busy as this.")] = 2_000,
    list_: Annotated[bool, typer.Option("--list", help="Show the faults, and do nothing.")] = False,
) -> None:
    """Torture lanes, and prove from their files that nothing was lost and no truck released that was not to be."""
    if list_:
        for kind in KINDS.values():
            typer.echo(f"{kind.name:20} {kind.scope}")
        return
    wanted = tuple(name.strip() for name in kinds.split(",") if name.strip())
    unknown = sorted(set(wanted) - KINDS.keys())
    if unknown:
        raise typer.BadParameter(f"no such fault: {', '.join(unknown)}; --list names them", param_hint="--kinds")
    with tempfile.TemporaryDirectory(prefix="rocars-torture-") as spare:
        folder = _empty(keep) if keep is not None else Path(spare)
        wishes = TortureOptions(
            folder=folder,
            seconds=seconds,
            seed=seed,
            lanes=lanes,
            kinds=wanted,
            crowd=crowd,
            bounds=Bounds(slack_ms=slack_ms),
        )
        raise typer.Exit(_told(wishes, report))


def _empty(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise typer.BadParameter(f"{folder} is not empty; name another", param_hint="--keep")
    return folder.resolve()


def _told(wishes: TortureOptions, report: Path | None) -> int:
    console = Console(stderr=True)
    try:
        with Live(console=console, refresh_per_second=2, transient=True) as live:
            found = asyncio.run(TortureRun(wishes).run(lambda run: live.update(progress(run))))
    except (SiteError, BrokerError, OSError) as error:
        console.print(f"rocars-torture: {error}", markup=False, style="red")
        return 2
    if report is not None:
        report.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    summary(console, found)
    return int(bool(found["broken"]))


def progress(run: TortureRun) -> str:
    """One line for whoever watches."""
    shown = sum(one.seen.total() for one in run.traffic)
    done = sum(one.seen["DONE"] for one in run.traffic)
    links = " ".join(
        post.simulated.status.get("link", "?") if post.simulated.connected else "dead"
        for post in run.site.posts.values()
    )
    left = max(0.0, run.wishes.seconds - run.seconds)
    return (
        f"{run.seconds:6.0f} s, {left:.0f} to go: {run.faults.total()} faults, {shown} trucks, {done} released; {links}"
    )


def summary(console: Console, found: dict[str, Any]) -> None:
    """What was found, for a person."""
    for key in (
        "seconds",
        "ended",
        "faults",
        "felt",
        "shown",
        "events_checked",
        "releases_checked",
        "lost",
        "duplicated",
        "unsafe_releases",
        "cache_mismatches",
        "tempted_by_clock",
        "tempted_by_copy",
        "tempted_late",
        "tempted_by_follower",
        "forgotten",
        "manual_entry_ms",
        "requests_acknowledged",
        "requests_lost",
        "sites_lost",
        "papers_lost",
        "list_lost",
        "handovers",
        "overlaps",
        "automatic_again_ms",
        "storms",
    ):
        console.print(f"{key}: {found[key]}", markup=False)
    for what in found["broken"]:
        console.print(f"BROKEN: {what}", markup=False, style="red")


def main() -> None:
    """The console script."""
    app()
