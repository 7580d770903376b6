"""`rocars-lane read`: plates in pictures, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from devices.anpr.engines import ENGINES
from devices.anpr.files import count, read_paths
from devices.anpr.plate_reader import PlateReader
from devices.anpr.weights import SHIPPED


def readings(paths: list[Path], *, engine: str) -> Iterator[dict[str, Any]]:
    """One record a picture, with a progress bar on a person's terminal.

    Raises:
        ReaderError: a model file is missing or damaged, or the engine is not installed.
        ValueError: no such engine.
    """
    if engine not in ENGINES:
        raise ValueError(f"there is no engine {engine!r}: it is one of {', '.join(ENGINES)}")
    reader = PlateReader(ENGINES[engine](SHIPPED))
    waiting = Console(stderr=True)
    found = read_paths(paths, reader=reader)
    return iter(track(found, "Reading", total=count(paths), console=waiting, disable=not waiting.is_terminal))


def print_table(found: Iterable[dict[str, Any]]) -> None:
    """A table for people: what the lane would act on, and every plate seen."""
    table = Table("picture", "VRN", "why none", "plates seen (lowest character confidence)")
    for one in found:
        plates = ", ".join(f"{each['text']} {each['confidence']:.2f}" for each in one["plates"])
        table.add_row(Path(one["file"]).name, one["vrn"] or "", one["reason"] or "", plates)
    Console().print(table)
