"""`rocars-lane prove`: runs the proof, and the mutants against it, on all cores; prints what was found and how long it took."""

from __future__ import annotations

import functools
import gc
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tools.proof import SLICES, Slice, SliceResult, total
from tools.proof.mutants import mutants
from tools.proof.mutation import ExploredSteps, Fate, try_mutant
from tools.proof.physical.report import explore
from tools.proof.search import RememberedStep, search
from tools.proof.survivors import unexplained


def prove_command(report: Path | None, *, mutants: bool, most: int = 0) -> int:
    """Proves, or tries the mutants; prints a line each and the sums; writes them to `report`. 1 if anything is wrong.

    Args:
        report: for the figures as JSON.
        mutants: try the mutants instead.
        most: transitions to be searched of each slice, the shortest stories first; 0 for all.
    """
    begun = time.monotonic()
    counts = try_mutants() if mutants else prove_all(most)
    return _told(counts, begun, report)


def physical_command(report: Path | None, *, seconds: float, seed: int) -> int:
    """Explores the physical model for so many CPU seconds; otherwise as `prove_command`."""
    begun = time.monotonic()
    gc.disable()
    return _told(explore(seconds, seed, functools.partial(print, flush=True)), begun, report)


def _told(counts: dict[str, Any], begun: float, report: Path | None) -> int:
    counts["seconds"] = round(time.monotonic() - begun, 1)
    print(", ".join(f"{name} {value}" for name, value in counts.items() if isinstance(value, (int, float))))
    if report is not None:
        report.write_text(json.dumps(counts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return int(bool(counts["violations"] or counts.get("unexplained")))


def prove_all(most: int = 0) -> dict[str, Any]:
    """Proves every slice, or so many transitions of each; the counts, and each violation with the shortest path to it."""
    results = []
    for result in _proved(most):
        results.append(result)
        print(_line(result), flush=True)
        for violation in result.violations:
            print(f"    BROKEN {violation.law}: {' > '.join(violation.path)}", flush=True)
    sums = total(results)
    return {
        "slices": len(results),
        "slices_whole": sum(one.whole for one in results),
        "states": sums.states,
        "transitions": sums.transitions,
        "violations": len(sums.violations),
        "paths": [{"law": one.law, "slice": one.slice, "path": one.path} for one in sums.violations],
        "of_slices": {one.name: {"states": one.states, "transitions": one.transitions} for one in results},
    }


def _line(result: SliceResult) -> str:
    verdict = f"{len(result.violations)} BROKEN" if result.violations else "holds" if result.whole else "holds so far"
    return f"{result.name:32} {result.states:7} states {result.transitions:8} transitions  {verdict}"


FAMILIES = ("link", "restart", "screens", "officer", "help", "marks")
"""Groups of letters that make most of the states: slices that have the same one share most of their steps."""


def _proved(most: int) -> Iterator[SliceResult]:
    """Slices of one family go to one worker, which remembers its steps: two workers would make them twice."""
    families: dict[tuple[str, str], list[Slice]] = {}
    for slice_ in SLICES:
        own = next((name for name in FAMILIES if name in slice_.groups), "")
        families.setdefault((slice_.groups[0], own), []).append(slice_)
    with _workers(_remember) as workers:
        for proved in workers.map(functools.partial(_prove_family, most), families.values()):
            yield from proved


_remembered: list[RememberedStep] = []
"""A worker's own; what it has stepped through in one slice it remembers in the next."""


def _remember() -> None:
    _remembered.append(RememberedStep())


def _prove_family(most: int, slices: list[Slice]) -> list[SliceResult]:
    return [search(_remembered[0], slice_, limit=most) for slice_ in slices]


def try_mutants() -> dict[str, Any]:
    """Tries every mutant; the counts, and each survivor with the reason why it may live."""
    fates = list(fates_of(range(len(tuple(mutants())))))
    survivors = [fate for fate in fates if fate.survives]
    for fate in survivors:
        print(f"survives: {fate.name}", flush=True)
    missing = unexplained(survivors)
    for name in missing:
        print(f"    NO REASON for: {name}", flush=True)
    return {
        "mutants": len(fates),
        "killed_by_proof": sum(bool(fate.law) for fate in fates),
        "killed_by_scenarios": sum(bool(fate.scenario) for fate in fates),
        "killed": len(fates) - len(survivors),
        "survivors": len(survivors),
        "unexplained": len(missing),
        "violations": 0,
        "names": [fate.name for fate in survivors],
    }


def fates_of(numbers: Iterable[int]) -> Iterator[Fate]:
    """The fates of the mutants of these numbers, in order."""
    with _workers(_prepare) as workers:
        yield from workers.map(_try, numbers, chunksize=4)


_explored: list[ExploredSteps] = []


def _prepare() -> None:
    _explored.append(ExploredSteps())


def _try(number: int) -> Fate:
    return try_mutant(_explored[0], tuple(mutants())[number])


def _workers(prepare: Callable[[], None]) -> ProcessPoolExecutor:
    cores = len(os.sched_getaffinity(0))
    return ProcessPoolExecutor(cores, mp_context=get_context("spawn"), initializer=_begin, initargs=(prepare,))


def _begin(prepare: Callable[[], None]) -> None:
    gc.disable()  # a search makes millions of values that stay, and no cycles: a fifth of its time would go into looking
    prepare()
