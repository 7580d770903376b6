"""Drawn visits, picture by picture, through the lane's own reader and settling: settled right, wrong, or not at all.

`rocars-bench visits`. Each visit is drawn as its pictures would come (`simulation.drawn.approach`), read with the lane's
default settings, and settled by `devices.visit_reader`. A visit is wrong as soon as any settled read of it is wrong.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from devices.anpr.engines import OnnxRuntimeEngine
from devices.anpr.plate_reader import PlateReader
from devices.anpr.weights import SHIPPED, origin
from devices.camera import Frame
from devices.evidence import EvidenceStore
from devices.reader_protocol import Doubted, ReaderSetup, SettledRead, TwoVehicles, Unread
from devices.settings import CameraKind, CameraSettings, ReaderSettings
from devices.visit_reader import VisitReader, read_region
from domain.marks import normalise
from simulation.drawn.approach import Approach, Shot
from simulation.drawn.plans import VisitPlan, planned
from simulation.drawn.weather import Weather
from tools.bench.bounds import Counted
from tools.bench.workers import results

REGION = (0.15, 0.0, 0.7, 1.0)
"""The part of the picture that is this lane, as a technician would set it; the next lanes are at its sides."""
TARGET_MS = 500
TITLE = "drawn visits; milliseconds from standing to settled, the share within 0.5 s"


class NoEvidence(EvidenceStore):
    """Keeps nothing: thousands of visits would fill the disk."""

    def __init__(self) -> None:
        """No folder is made."""

    def keep(self, picture: NDArray[np.uint8], quality: int = 90) -> str:  # noqa: ARG002
        """A name and no file."""
        return "not kept"


def setup() -> ReaderSetup:
    """The lane's defaults, with its region."""
    camera = CameraSettings(kind=CameraKind.SIMULATED, region=REGION)
    return ReaderSetup(camera=camera, reader=ReaderSettings(), evidence=Path())


@dataclass(frozen=True, slots=True)
class VisitOutcome:
    """What became of one visit.

    Attributes:
        vrn: the true mark, normalised; "" where the truck bears none.
        settled: the marks that settled, in order; `mainland`: the witness of the first; `confidence`: of the first.
        after_ms: from standing to the first settled read, the reading included; negative: while it still moved.
        taken_back: whether the pictures since contradicted what had settled, or another mark settled: to the lane a
            disagreement, and the officer's.
        said_two: whether two vehicles were reported; `second`, `neighbour`: whether there was one.
        reason: why nothing settled.
    """

    number: int
    weather: str
    vrn: str
    mainland: str
    settled: tuple[str, ...]
    witness: str | None
    confidence: float
    after_ms: float
    taken_back: bool
    said_two: bool
    second: bool
    neighbour: bool
    reason: str
    picture_ms: float

    @property
    def verdict(self) -> str:
        """right, wrong, open (no read, or one that is contradicted: the officer's), or none (nothing to read or read)."""
        if self.taken_back:
            return "open"
        if any(mark != self.vrn for mark in self.settled):
            return "wrong"
        if self.settled:
            return "right"
        return "open" if self.vrn else "none"


class Visits:
    """Runs visits of one series.

    Args:
        seed: of the series.
        weights: folder of the models.
        failures: where the last picture of each visit that is wrong or open is written; None for nowhere.
    """

    def __init__(self, seed: int, weights: Path, failures: Path | None = None) -> None:
        cv2.setNumThreads(1)
        self._seed = seed
        self._setup = setup()
        self._reader = PlateReader(OnnxRuntimeEngine(weights), side=self._setup.side)
        self._failures = failures

    def run(self, number: int) -> VisitOutcome:
        """Visit `number`."""
        plan = planned(self._seed, number)
        watch = VisitReader(number, plan.begun_ms, self._setup, NoEvidence())
        said: list[tuple[float, SettledRead | TwoVehicles | Unread | Doubted]] = []
        spent: list[float] = []
        shot: Shot | None = None
        for count, shot in enumerate(Approach(plan), 1):
            if shot.taken_ms <= plan.begun_ms:
                continue
            start = time.process_time()
            frame = Frame(shot.picture, shot.taken_ms, count)
            reports = watch.look(frame, read_region(self._reader, frame, self._setup.camera.zone))
            spent.append((time.process_time() - start) * 1000)
            said += [
                (shot.taken_ms + spent[-1] - plan.standing_ms, report)
                for report in reports
                if isinstance(report, SettledRead | TwoVehicles | Unread | Doubted)
            ]
        if shot is None:
            raise ValueError(f"visit {number} has no pictures")
        outcome = _outcome(number, plan, said, sum(spent) / len(spent), watch)
        if self._failures is not None and outcome.verdict in {"wrong", "open"}:
            name = f"{outcome.verdict}-{number}-{outcome.vrn}-{'-'.join(outcome.settled)}.png"
            cv2.imwrite(str(self._failures / name), shot.picture)
        return outcome


def _outcome(
    number: int,
    plan: VisitPlan,
    said: list[tuple[float, SettledRead | TwoVehicles | Unread | Doubted]],
    picture_ms: float,
    watch: VisitReader,
) -> VisitOutcome:
    reads = [(at, report) for at, report in said if isinstance(report, SettledRead)]
    after_ms, first = reads[0] if reads else (float("nan"), None)
    overdue = [] if reads else watch.waited(plan.begun_ms + 60_000)
    return VisitOutcome(
        number=number,
        weather=plan.weather.value,
        vrn=normalise(plan.truck.vrn),
        mainland=normalise(plan.truck.mainland),
        settled=tuple(report.vrn for _, report in reads),
        witness=first.mainland if first else None,
        confidence=first.confidence if first else 0.0,
        after_ms=round(after_ms, 1),
        taken_back=len(reads) > 1 or any(isinstance(report, Doubted) for _, report in said),
        said_two=any(isinstance(report, TwoVehicles) for _, report in said),
        second=plan.second is not None,
        neighbour=plan.neighbour is not None,
        reason=next((report.reason for report in overdue if isinstance(report, Unread)), ""),
        picture_ms=round(picture_ms, 2),
    )


def summary(found: Iterable[VisitOutcome]) -> dict[str, Any]:
    """The counts with their bounds, and the times of what settled right."""
    every = list(found)
    marked = [each for each in every if each.vrn]
    verdicts = {name: sum(each.verdict == name for each in marked) for name in ("right", "wrong", "open")}
    return {
        "visits": len(every),
        **{f"settled_{name}": Counted(count, len(marked)).plain() for name, count in verdicts.items()},
        "settled_without_a_mark": Counted(
            sum(each.verdict == "wrong" for each in every if not each.vrn), len(every) - len(marked)
        ).plain(),
        "standing_to_settled_ms": _times([each.after_ms for each in every if each.verdict == "right"]),
    }


def _times(spent: list[float]) -> dict[str, float]:
    if not spent:
        return {}
    return {
        "p50": round(float(np.percentile(spent, 50)), 1),
        "p99": round(float(np.percentile(spent, 99)), 1),
        "max": max(spent),
        "within_target": round(float(np.mean(np.array(spent) <= TARGET_MS)), 5),
        "before_standing": round(float(np.mean(np.array(spent) < 0)), 5),
    }


def figures(found: Sequence[VisitOutcome]) -> dict[str, Any]:
    """Everything that a run has measured."""
    weathers = {kind.value: [each for each in found if each.weather == kind.value] for kind in Weather}
    bearing = [each for each in found if each.mainland and each.verdict == "right"]
    return {
        "all": summary(found),
        "by_weather": {name: summary(these) for name, these in weathers.items()},
        "witness_right": Counted(sum(each.witness == each.mainland for each in bearing), len(bearing)).plain(),
        "witness_wrong": Counted(
            sum(each.witness not in {None, each.mainland} for each in bearing), len(bearing)
        ).plain(),
        "second_vehicle_said": _said(found, second=True, neighbour=False),
        "neighbour_taken_for_second": _said(found, second=False, neighbour=True),
        "alone_taken_for_two": _said(found, second=False, neighbour=False),
        "taken_back": Counted(sum(each.taken_back for each in found), len(found)).plain(),
        "picture_ms_p50": round(float(np.median([each.picture_ms for each in found])), 2),
        "not_right": [asdict(each) for each in found if each.verdict in {"wrong", "open"}],
    }


def _said(found: Iterable[VisitOutcome], *, second: bool, neighbour: bool) -> dict[str, Any]:
    these = [each for each in found if (each.second, each.neighbour) == (second, neighbour)]
    return Counted(sum(each.said_two for each in these), len(these)).plain()


def table(found: dict[str, Any]) -> Table:
    """For people: a line for each weather and one for all."""
    drawn = Table("", "visits", "right", "wrong", "at most", "officer", "p50", "p99", "max", "0.5 s", title=TITLE)
    for name, part in [*found["by_weather"].items(), ("all", found["all"])]:
        times = part["standing_to_settled_ms"]
        drawn.add_row(
            name,
            f"{part['visits']:,}",
            f"{part['settled_right']['rate']:.2%}",
            str(part["settled_wrong"]["seen"] + part["settled_without_a_mark"]["seen"]),
            f"{part['settled_wrong']['at_most']:.2%}",
            str(part["settled_open"]["seen"]),
            *(f"{times[key]:,.0f}" for key in ("p50", "p99", "max") if times),
            f"{times['within_target']:.2%}" if times else "",
        )
    return drawn


def run(
    *, number: int, seed: int, weights: Path | None, processes: int, json_file: Path | None, failures: Path | None
) -> None:
    """The command."""
    folder = weights or SHIPPED
    console = Console()
    if failures is not None:
        failures.mkdir(parents=True, exist_ok=True)
    make = partial(Visits, seed, folder, failures)
    stream = results(range(number), make, processes)
    found = list(track(stream, "visits", total=number, console=console, disable=not console.is_terminal))
    said = {"seed": seed, "run": origin(folder).run, **figures(found)}
    console.print(table(said))
    for name in (
        "witness_right",
        "taken_back",
        "second_vehicle_said",
        "neighbour_taken_for_second",
        "alone_taken_for_two",
    ):
        console.print(f"{name.replace('_', ' '):<28} {said[name]['seen']} of {said[name]['of']}")
    console.print(f"{'one picture read, p50':<28} {said['picture_ms_p50']} ms")
    if json_file is not None:
        json_file.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
