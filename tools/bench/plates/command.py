"""`rocars-bench plates`: our reader, RapidOCR and Tesseract on the same real pictures, in one run.

Each contender is a process of its own, on one core and one thread. They take turns picture by picture, so that a busy
machine is as busy for one as for the others. A contender that is not installed is a line that says how to install it.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import track

from tools.bench.plates.children import ContenderChild, NoContenderError, module, one_core
from tools.bench.plates.labels import LabelledPicture, kept_crops, pictures
from tools.bench.plates.scores import ContenderScore
from tools.bench.plates.tables import plain, show, show_sets
from tools.bench.plates_sets.catalogue import SEED, count_of, write

Figures = dict[str, Any]

MODES = {"ours": "lane", "boxed": "boxed"}
"""Contenders that are our own reader, and the mode of each (`tools.bench.plates.ours`)."""
OTHERS = ("rapidocr", "tesseract")
DEFAULT = ("ours", *OTHERS)


@dataclass(frozen=True, slots=True)
class PlatesPlan:
    """What is to be measured.

    Attributes:
        only: contenders, in the order of the columns.
        ours: options for our own reader (`python -m tools.bench.plates.ours --help`).
        pythons: interpreters of contenders that live in another environment, by name.
        core: the core to run on; None for the first that is allowed.
        wrong: list every plate missed.
    """

    only: Sequence[str] = DEFAULT
    ours: Sequence[str] = ()
    pythons: dict[str, str] | None = None
    core: int | None = None
    wrong: bool = False

    def command(self, name: str) -> list[str]:
        """What starts a contender."""
        python = (self.pythons or {}).get(name, "")
        if name in MODES:
            return module("ours", MODES[name], *self.ours, python=python)
        return module(name, python=python)


@dataclass(frozen=True, slots=True)
class DrawnSets:
    """Sets of drawn pictures to measure on (`tools.bench.plates_sets`).

    Attributes:
        names: which.
        folder: where they are kept for the next run; None for a folder that is gone afterwards.
        number: pictures of each; None for as many as the set has.
        seed: of the drawing.
    """

    names: Sequence[str] = ()
    folder: Path | None = None
    number: int | None = None
    seed: int = SEED

    @contextlib.contextmanager
    def drawn(self, console: Console) -> Iterator[dict[str, Path]]:
        """The folder of each set, drawn unless it is there."""
        with tempfile.TemporaryDirectory(prefix="rocars-plates-") as scratch:
            place = self.folder or Path(scratch)
            yield {
                name: write(name, place, count_of(name, self.number), self.seed)
                for name in track(self.names, "drawing", console=console, transient=True, disable=not self.names)
            }


class Race:
    """The contenders, started; use it as a context."""

    def __init__(self, plan: PlatesPlan, console: Console) -> None:
        self._plan = plan
        self._console = console
        self._children: dict[str, ContenderChild] = {}
        self._started = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            for name in self._plan.only:
                try:
                    self._children[name] = undo.enter_context(ContenderChild(name, self._plan.command(name)))
                except NoContenderError as error:
                    self._console.print(str(error), highlight=False, markup=False, soft_wrap=True)
            self._started = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    def run(self, shown: Sequence[LabelledPicture], *, crops: bool = False) -> dict[str, dict[str, Any]]:
        """Every contender over every picture; prints the tables and returns the figures by contender."""
        scores = {name: ContenderScore(child.hello) for name, child in self._children.items()}
        for one in track(shown, "crops" if crops else "pictures", console=self._console, transient=True):
            for name in list(scores):
                try:
                    scores[name].add(one, self._children[name].ask(one, crop=crops))
                except NoContenderError as error:
                    self._console.print(str(error), highlight=False, markup=False, soft_wrap=True)
                    del scores[name], self._children[name]
        if scores:
            show(self._console, scores, crops=crops, wrong=self._plan.wrong)
        return {name: plain(score) for name, score in scores.items()}


def measure(data: Path | None, crops: Path | None, sets: DrawnSets, plan: PlatesPlan, console: Console) -> Figures:
    """Everything that was asked for; prints the tables and returns the figures.

    Raises:
        LabelsError: a folder is not one of labelled pictures.
    """
    asked = {"pictures": pictures(data) if data else [], "crops": kept_crops(crops) if crops else []}
    figures: dict[str, Any] = {}
    with one_core(plan.core) as core, sets.drawn(console) as folders, Race(plan, console) as race:
        for name, shown in asked.items():
            if shown:
                figures[name] = {"count": len(shown), "contenders": race.run(shown, crops=name == "crops")}
        for name, folder in folders.items():
            console.print(f"set {name}", style="bold")
            shown = pictures(folder)
            figures.setdefault("sets", {})[name] = {"count": len(shown), "contenders": race.run(shown)}
    if "sets" in figures:
        show_sets(console, figures["sets"])
    load = round(os.getloadavg()[0], 2)
    return figures | {"machine": {"core": core, "machine": platform.machine(), "load_1min": load}}


def run(*, data: Path | None, crops: Path | None, sets: DrawnSets, json_file: Path | None, plan: PlatesPlan) -> None:
    """The command."""
    figures = measure(data, crops, sets, plan, Console())
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
