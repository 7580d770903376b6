"""The lane against its physical floors: event to effect, picture to settled read, lookup of a code.

`rocars-bench lane`. Each thing is measured side by side with its floor, in the same loop on the same disk, so that a
busy machine is as busy for one as for the other; what counts is the ratio.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from tools.bench.codes import measure_codes
from tools.bench.figures import FigureLine, table
from tools.bench.reading import measure_reader
from tools.bench.shell import measure_shell

LOOKUPS = {
    "lookup_of_a_bundled_vehicle": "lookup, bundled vehicle",
    "lookup_of_an_unknown_vehicle": "lookup with near-misses, unknown vehicle",
}


def measure_lookup(folder: Path, codes: int) -> tuple[list[FigureLine], dict[str, float]]:
    """Lookups with so many codes beside one in a dict; and what the list costs in seconds and megabytes."""
    timings, once = measure_codes(folder, codes)
    found = {each.name: each for each in timings}
    floor = found["dict_lookup_floor"]
    return [FigureLine(found[name], floor) for name in LOOKUPS], once


def measure(folder: Path, *, trucks: int, visits: int, codes: int, console: Console) -> dict[str, Any]:
    """Everything; prints the tables and returns the figures."""
    with console.status("event to effect"):
        shell = measure_shell(folder, trucks)
    with console.status("picture to settled read"):
        reader = measure_reader(folder, visits)
    with console.status(f"lookup with {codes:,} codes"):
        lookup, once = measure_lookup(folder, codes)
    parts = {"event_to_effect": shell, "picture_to_read": reader, "code_lookup": lookup}
    for name, lines in parts.items():
        drawn = table(lines)
        drawn.title, drawn.title_justify = name.replace("_", " "), "left"
        console.print(drawn)
    for name, figure in once.items():
        console.print(f"{name:<20} {figure:12,.2f}")
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "load_1min": round(os.getloadavg()[0], 2)}
    figures: dict[str, Any] = {name: [line.plain() for line in lines] for name, lines in parts.items()}
    return figures | {"codes": {"count": codes, **once}, "machine": machine}


def run(*, json_file: Path | None, folder: Path, trucks: int, visits: int, codes: int) -> None:
    """The command: measures in a new folder inside `folder`, whose disk it is that counts."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="bench-") as made:
        figures = measure(Path(made), trucks=trucks, visits=visits, codes=codes, console=Console())
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
