"""The link beside its floors, as one command.

Every ratio is of two things measured in turn in the same run on the same disk, so that a busy machine is as busy for the
one as for the other.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.bench.figures import FigureLine, table
from tools.bench.link.cuts import measure_cuts
from tools.bench.link.delta import measure_delta
from tools.bench.link.lists import measure_curve, measure_snapshot, plain_curve

TARGET = 2.0
"""Times its floor, at most."""

SIZES = (1_000, 10_000, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlan:
    """What is measured, and how much of it.

    Attributes:
        codes: length of the list.
        rounds: snapshots.
        deltas: sent over the broker.
        million: a list of 1,000,000 codes too, in the curve.
        cuts: of each kind, at least.
        lanes: that are cut side by side.
    """

    codes: int = 100_000
    rounds: int = 9
    deltas: int = 300
    million: bool = False
    cuts: int = 200
    lanes: int = 25


def _lines(console: Console, title: str, lines: Iterable[FigureLine]) -> None:
    drawn = table(tuple(lines))
    drawn.title, drawn.title_justify = title, "left"
    console.print(drawn)


def snapshot(folder: Path, plan: LinkPlan, console: Console) -> dict[str, Any]:
    """A snapshot, its hashes, memory."""
    lines, once = measure_snapshot(folder, plan.codes, plan.rounds)
    _lines(console, "snapshot", lines)
    console.print(f"memory {once['memory_mb']} MB, longest part {once['longest_part_ms']} ms\n")
    return {"lines": [line.plain() for line in lines], "target": TARGET, **once}


def delta(folder: Path, plan: LinkPlan, console: Console) -> dict[str, Any]:
    """A delta over the broker."""
    line, before = measure_delta(folder, plan.codes, plan.deltas)
    _lines(console, "delta over the broker", [line])
    console.print(f"{before}\n")
    signed = {"p50_us": before.p50_us, "p99_us": before.p99_us}
    return {"line": line.plain(), "target": TARGET, "signed_and_committed_before": signed}


def curve(folder: Path, plan: LinkPlan, console: Console) -> dict[str, Any]:
    """A delta by number of codes."""
    floor, found = measure_curve(folder, (*SIZES, 1_000_000) if plan.million else SIZES)
    _lines(console, "delta of one bundle by number of codes", [FigureLine(each, floor) for each in found.values()])
    return plain_curve(floor, found)


def cuts(folder: Path, plan: LinkPlan, console: Console) -> dict[str, Any]:
    """Cuts."""
    found = measure_cuts(folder, cuts=plan.cuts, lanes=plan.lanes)
    title = f"milliseconds; manual mode within {found['bound_ms']} (loop late by {found['loop_late_ms']} at worst)"
    drawn = Table("", "cuts", "to", "min", "p50", "p99", "max", "above", title=title, title_justify="left")
    for kind in found["kinds"].values():
        for name, words in (("not_fresh_ms", "not fresh"), ("manual_ms", "manual"), ("back_ms", "verified again")):
            over = str(kind["above_bound"]) if name == "manual_ms" else ""
            figures = (f"{value:,}" for value in kind[name].values())
            drawn.add_row(kind["what"], str(kind["cuts"]), words, *figures, over)
    console.print(drawn)
    return found


PARTS: dict[str, Callable[[Path, LinkPlan, Console], dict[str, Any]]] = {
    "snapshot": snapshot,
    "delta": delta,
    "curve": curve,
    "cuts": cuts,
}


def run(*, json_file: Path | None, folder: Path, only: Iterable[str], plan: LinkPlan) -> dict[str, Any]:
    """The command: each part in a new folder inside `folder`, whose disk it is that counts."""
    console, found = Console(), {}
    for name in only:
        with tempfile.TemporaryDirectory(dir=folder, prefix="bench-") as made, console.status(name):
            found[name] = PARTS[name](Path(made), plan, console)
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "load_1min": round(os.getloadavg()[0], 2)}
    found["machine"] = machine
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return found
