"""Does confidence mean something: stated against right, and what each release threshold lets through.

`rocars-bench reliability`. Visits are drawn at the level of plates (`tools.bench.plates_drawn`), with characters that the
training has never seen (`tools.bench.cuts`), and settled by the lane's own `VisitReader` with its default settings.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
from devices.anpr.plate_read import Region
from devices.anpr.weights import SHIPPED, origin
from devices.camera import Frame
from devices.reader_protocol import Doubted, SettledRead
from devices.visit_reader import WINDOW, VisitReader, legible, vote_of
from domain.marks import normalise
from lane_agent.settling import Settled, Thresholds, Vote, contradicted, settle
from simulation.drawn.plates import PlateKind
from tools.bench.bounds import Counted
from tools.bench.curve import Bin, bins, error, svg, verdicts
from tools.bench.plates_drawn import PlateVisit, Pointed, planned
from tools.bench.visits import NoEvidence, setup
from tools.bench.workers import results

RELEASES = (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995)
"""Thresholds whose cost and worth are counted."""
LOOSE = Thresholds(frames=2, whole=1, character=0.3, share=0.5)
"""Lets almost anything settle, so that the confidence of what settles can be seen to be right or wrong."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One visit: the true mark ("" for none), what each picture's plate read as, what settled with the defaults.

    `taken_back`: whether the pictures since contradicted what had settled, or another mark settled: the officer's then.
    """

    number: int
    vrn: str
    text: str
    weather: str
    cut: str
    rows: int
    votes: tuple[Vote, ...]
    settled: tuple[str, ...]
    taken_back: bool

    @property
    def verdict(self) -> str:
        """As of `tools.bench.visits.Outcome`."""
        return verdict(self.settled, self.vrn, taken_back=self.taken_back)


def verdict(settled: Sequence[str], vrn: str, *, taken_back: bool) -> str:
    """right, wrong, open (the officer's), or none (nothing to read, and nothing was)."""
    if taken_back:
        return "open"
    if any(mark != vrn for mark in settled):
        return "wrong"
    if settled:
        return "right"
    return "open" if vrn else "none"


class Plates:
    """Runs visits of one series.

    Args:
        seed: of the series.
        weights: folder of the models.
        folders: where held-out fonts are.
    """

    def __init__(self, seed: int, weights: Path, folders: tuple[Path, ...]) -> None:
        cv2.setNumThreads(1)
        self._seed = seed
        self._folders = folders
        self._setup = setup()
        self._reader = Pointed(OnnxRuntimeEngine(weights))

    def run(self, number: int) -> Drawn:
        """Visit `number`."""
        plan = planned(self._seed, number)
        visit = PlateVisit(plan, self._folders)
        watch = VisitReader(number, 0, self._setup, NoEvidence())
        votes: list[Vote] = []
        settled: list[str] = []
        taken_back = False
        for count, (picture, corners) in enumerate(visit, 1):
            reads = self._reader.read_at(picture, corners, count)
            votes += [
                vote_of(r, mainland=r.region is not Region.HONG_KONG) for r in reads if legible(r, self._setup.row_px)
            ]
            reports = watch.look(Frame(picture, count * 125, count), reads)
            settled += [report.vrn for report in reports if isinstance(report, SettledRead)]
            taken_back |= any(isinstance(report, Doubted) for report in reports)
        vrn = "" if plan.kind is PlateKind.CROSS_BORDER else normalise(plan.text)
        weather, text = plan.weather.value, normalise(plan.text)
        return Drawn(
            number,
            vrn,
            text,
            weather,
            visit.cut,
            plan.rows,
            tuple(votes),
            tuple(settled),
            taken_back or len(settled) > 1,
        )


def characters(found: Iterable[Drawn]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Every character of every picture: what it stated, and whether it was right."""
    stated: list[float] = []
    right: list[bool] = []
    for visit in found:
        for vote in visit.votes:
            stated += vote.chances
            right += verdicts(normalise(vote.text), visit.text)
    return np.array(stated), np.array(right, bool)


def reads(found: Iterable[Drawn]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What would settle with hardly any threshold: its confidence, and whether it was right."""
    ends = [(settle(visit.votes, LOOSE), visit.vrn) for visit in found]
    settled = [(end, vrn) for end, vrn in ends if isinstance(end, Settled)]
    return np.array([end.confidence for end, _ in settled]), np.array([end.vrn == vrn for end, vrn in settled], bool)


def settle_in_turn(votes: Sequence[Vote], law: Thresholds) -> tuple[tuple[str, ...], bool]:
    """What settles as the votes come in, one a picture, and whether it is taken back; as in `devices.visit_reader.VisitReader`."""
    told: list[str] = []
    kept: list[Vote] = []
    since: list[Vote] = []
    taken_back = False
    for vote in votes:
        kept = [*kept[1 - WINDOW :], vote]
        since = [*since, vote] if told else []
        result = settle(kept, law)
        if isinstance(result, Settled) and result.vrn not in told:
            told.append(result.vrn)
            kept = []
        elif told:
            taken_back |= bool(contradicted(since, told[0], law))
    return tuple(told), taken_back or len(told) > 1


def trade(found: Sequence[Drawn], releases: Sequence[float] = RELEASES) -> list[dict[str, Any]]:
    """Right, wrong and open by release threshold."""
    rows = []
    for release in releases:
        counts = Counter(_replayed(visit, Thresholds(character=release)) for visit in found)
        rows.append({"release": release, **{name: counts[name] for name in ("right", "wrong", "open", "none")}})
    return rows


def _replayed(visit: Drawn, law: Thresholds) -> str:
    settled, taken_back = settle_in_turn(visit.votes, law)
    return verdict(settled, visit.vrn, taken_back=taken_back)


def figures(found: Sequence[Drawn]) -> dict[str, Any]:
    """Everything that a run has measured."""
    marked = [visit for visit in found if visit.vrn]
    counts = Counter(visit.verdict for visit in marked)
    strangers = sum(visit.verdict == "wrong" for visit in found if not visit.vrn)
    each, whole = bins(*characters(found)), bins(*reads(found))
    return {
        "visits": len(found),
        **{f"settled_{name}": Counted(counts[name], len(marked)).plain() for name in ("right", "wrong", "open")},
        "settled_wrong_of_all": Counted(counts["wrong"] + strangers, len(found)).plain(),
        "taken_back": {
            "right": sum(visit.taken_back and set(visit.settled) == {visit.vrn} for visit in found),
            "wrong": sum(visit.taken_back and set(visit.settled) != {visit.vrn} for visit in found),
        },
        "by": {name: _by(marked, name) for name in ("weather", "cut", "rows")},
        "characters": {"error": round(error(each), 5), "bins": [one.plain() for one in each]},
        "settled": {"error": round(error(whole), 5), "bins": [one.plain() for one in whole]},
        "releases": trade(found),
        "wrong": [[v.number, v.text, *v.settled, v.weather, v.cut] for v in found if v.verdict == "wrong"][:200],
    }


def _by(found: Sequence[Drawn], name: str) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = {}
    for visit in found:
        counted.setdefault(str(getattr(visit, name)), Counter())[visit.verdict] += 1
    return {kind: dict(counts) for kind, counts in sorted(counted.items())}


def _curve(part: dict[str, Any]) -> list[Bin]:
    return [Bin(one["from"], one["to"], one["count"], one["stated"], one["right"]) for one in part["bins"]]


def tables(said: dict[str, Any]) -> list[Table]:
    """For people: the curve of the characters, and the thresholds."""
    curve = Table("stated", "characters", "mean stated", "right", title="each character of each picture")
    for one in said["characters"]["bins"]:
        stated = f"{one['from']} to {one['to']}"
        curve.add_row(stated, f"{one['count']:,}", f"{one['stated']:.4f}", f"{one['right']:.4f}")
    costs = Table("release", "right", "wrong", "officer", title="settled, by release threshold")
    for one in said["releases"]:
        costs.add_row(*(f"{one[name]:,}" for name in ("release", "right", "wrong", "open")))
    return [curve, costs]


def run(
    *,
    number: int,
    seed: int,
    weights: Path | None,
    folders: tuple[Path, ...],
    processes: int,
    json_file: Path | None,
    picture: Path | None,
) -> None:
    """The command."""
    folder = weights or SHIPPED
    console = Console()
    stream = results(range(number), partial(Plates, seed, folder, folders), processes)
    found = list(track(stream, "visits", total=number, console=console, disable=not console.is_terminal))
    paper = origin(folder)
    said = {"seed": seed, "run": paper.run, "fonts": bool(folders), **figures(found)}
    for drawn in tables(said):
        console.print(drawn)
    wrong = said["settled_wrong_of_all"]
    console.print(
        f"settled right {said['settled_right']['rate']:.3%}, to the officer {said['settled_open']['rate']:.3%}"
    )
    console.print(f"settled wrong {wrong['seen']} of {wrong['of']:,}: at most {wrong['at_most']:.4%}, 95 % sure")
    back = said["taken_back"]
    console.print(f"settled, then taken back: {back['right']} right, {back['wrong']} wrong; all the officer's")
    console.print(f"expected calibration error of a character {said['characters']['error']:.4f}")
    if json_file is not None:
        json_file.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if picture is not None:
        curves = {"a character": _curve(said["characters"]), "a settled read": _curve(said["settled"])}
        picture.write_text(svg(curves, f"{number:,} drawn visits"), encoding="utf-8")
