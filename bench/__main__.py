"""`python -m bench`: speed, each thing beside the physical floor it can not go below."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Speed of the lane, each thing measured side by side with its physical floor.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Folder = Annotated[Path, typer.Option(help="A folder on the disk to be measured.", file_okay=False, exists=True)]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file too.")]
Weights = Annotated[Path | None, typer.Option(help="Folder of other models than the shipped ones.", exists=True)]
Processes = Annotated[int, typer.Option(min=1, help="How many visits are drawn at a time.")]
Codes = Annotated[int, typer.Option(min=1, help="How many codes the list has.")]


@app.command()
def lane(
    json_file: JsonFile = None,
    folder: Folder = Path(),
    trucks: Annotated[int, typer.Option(min=1, help="Trucks through the shell.")] = 300,
    visits: Annotated[int, typer.Option(min=1, help="Trucks read; a third as many through the process.")] = 30,
    codes: Codes = 100_000,
) -> None:
    """Event to effect, picture to settled read, lookup of a code; about a minute."""
    from bench.lane import run  # noqa: PLC0415 - so that --help is quick

    run(json_file=json_file, folder=folder, trucks=trucks, visits=visits, codes=codes)


@app.command()
def store(json_file: JsonFile = None, folder: Folder = Path(), codes: Codes = 100_000) -> None:
    """The store alone: lookup, deltas, snapshot, memory, journal."""
    from bench.codes import main  # noqa: PLC0415 - so that --help is quick

    main(["--codes", str(codes), "--folder", str(folder), *(["--json", str(json_file)] if json_file else [])])


@app.command()
def visits(
    *,
    number: Annotated[int, typer.Option(min=1, help="How many visits are drawn.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the series; the same seed draws the same visits.")] = 1,
    weights: Weights = None,
    processes: Processes = 1,
    json_file: JsonFile = None,
    failures: Annotated[Path | None, typer.Option(help="Write the last picture of each failure here.")] = None,
) -> None:
    """Drawn visits through reader and settling: right, wrong, to the officer, and how soon; half a second a visit."""
    from bench.visits import run  # noqa: PLC0415 - so that --help is quick

    run(number=number, seed=seed, weights=weights, processes=processes, json_file=json_file, failures=failures)


if __name__ == "__main__":
    app(prog_name="python -m bench")
