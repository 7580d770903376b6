"""`rocars-lane read`: plates in pictures, for people and for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

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
        words = (Path(one["file"]).name, one["vrn"] or "", one["reason"] or "", plates)
        table.add_row(*(Text(_printable(each)) for each in words))
    Console().print(table)


def json_line(one: dict[str, Any], encoding: str) -> str:
    """The record as JSON in one line that can be written in that encoding; what it lacks is escaped."""
    text = json.dumps(one, ensure_ascii=False)
    return text if _fits(text, encoding) else json.dumps(one)


def _printable(text: str) -> str:
    """The text with whatever is no printing character of the terminal's encoding escaped."""
    encoding = sys.stdout.encoding
    return "".join(char if char.isprintable() and _fits(char, encoding) else ascii(char)[1:-1] for char in text)


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
