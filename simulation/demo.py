"""`rocars-lane demo`: sets the world up, sends the trucks, has the judge compare, and says what came of it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core.errors import RefusedError
from lane_agent.model import Contact
from simulation.broker import BrokerError
from simulation.drawn.trucks import DrawnTruck
from simulation.judge import DemonstrationFiles, judge, verdict
from simulation.marks import Marks
from simulation.panel import Panel
from simulation.plan import plan
from simulation.scenarios import ALL, FOREIGN, SCENARIOS
from simulation.stage import PATIENCE_S, Passing, Stage, now_ms
from simulation.world import LANE, DemonstrationWorld, WorldError

ALL_ROWS = frozenset(range(1, 23))
FULL = 60
"""From so many trucks on, every row of the decision table is in the plan and has to be covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the command line asked for."""

    folder: Path
    headless: bool
    trucks: int
    seed: int
    speed: float
    camera: Path | None
    report: Path | None
    only: tuple[str, ...]
    stay: bool


async def demonstrate(wishes: DemoOptions, console: Console) -> int:
    """Runs one demonstration; returns the exit status: 0 if the judge found nothing wrong."""
    began = time.monotonic()
    unknown = sorted(set(wishes.only) - SCENARIOS.keys())
    if unknown:
        console.print(f"demo: no scenario {', '.join(unknown)}; there are: {', '.join(SCENARIOS)}", markup=False)
        return 2
    windows = not wishes.headless and bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if not windows and not wishes.headless:
        console.print("No display here: the screens run without windows; the page shows them.")
    world = DemonstrationWorld(
        wishes.folder, seed=wishes.seed, speed=wishes.speed, camera=wishes.camera, windows=windows
    )
    try:
        console.print("Starting broker, core and lane …")
        stage = await world.start()
        console.print(f"The lane's page: {world.address}  (officer: chan, password: {world.password})", soft_wrap=True)
        await _open(stage)
        async with Panel(stage, world.panel) as panel:
            await _send(stage, wishes, panel, console)
        await _quiet(stage)
    except (WorldError, BrokerError, TimeoutError) as error:
        console.print(f"demo: {error}", markup=False)
        return 1
    finally:
        ended = now_ms()
        await world.stop()
    report = judge(_case(world, stage, ended)) | {"seconds": round(time.monotonic() - began, 1), "seed": wishes.seed}
    return _tell(report, wishes, console)


async def _open(stage: Stage) -> None:
    """The officer opens the lane; it begins when the codes are proved fresh."""
    await stage.codes_at_lane()
    await stage.officer.act("open")
    await stage.xdb.wait_for("WELCOME", seconds=PATIENCE_S)


async def _send(stage: Stage, wishes: DemoOptions, panel: Panel, console: Console) -> None:
    """The planned trucks, and between them those that the page's panel asks for.

    With `--stay` people practise afterwards: trucks come from the panel at their real pace, and nobody but they decides.
    """
    road = Road(stage, wishes.seed)
    keys = wishes.only or plan(wishes.trucks, road.rng)
    if wishes.camera is not None:
        keys = [FOREIGN] * len(keys)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Trucks", total=len(keys))
        for key in keys:
            progress.update(bar, description=(ALL[key].words)[:48])
            await road.send(key)
            progress.advance(bar)
            while asked := panel.waiting_truck():
                await road.send(asked)
    if wishes.stay:
        console.print(
            "Staying: send trucks from the panel at the foot of the page, and decide about them; end with Ctrl-C."
        )
        stage.practice_ms, stage.speed, stage.officer.only_watches = now_ms(), 1.0, True
        with suppress(asyncio.CancelledError):
            while True:
                await road.send(await panel.next_truck())


class Road:
    """Where the trucks come from, one after the other.

    Attributes:
        rng: chance; the same seed sends the same trucks.
    """

    def __init__(self, stage: Stage, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - chance of a demonstration
        self._stage = stage
        self._marks = Marks(self.rng)
        self._sent = 0

    async def send(self, key: str) -> None:
        """The next truck, of this scenario."""
        self._sent += 1
        await act_out(self._stage, self._sent, key, self._marks, self.rng)


def truck_of(marks: Marks, rng: random.Random) -> DrawnTruck:
    """A truck as they come: its mark, mostly a Mainland plate below it, now and then two rows, a badge."""
    return DrawnTruck(
        marks.next(),
        mainland=marks.cross_border() if rng.random() < 0.7 else "",
        rows=rng.choice((1, 2)),
        badge=rng.choice(("", "FUSO", "ISUZU", "SCANIA")),
        seed=rng.randrange(1 << 30),
    )


async def act_out(stage: Stage, index: int, key: str, marks: Marks, rng: random.Random) -> None:
    """One truck. What was to be seen and did not come is a failure of this truck, told by the judge, not an end."""
    scenario = ALL[key]
    truck = truck_of(marks, rng)
    passing = Passing(index, key, scenario.row, stage, truck)
    passing.camera_truck = replace(truck, vrn="", mainland="") if scenario.plate == "none" else truck
    try:
        await scenario.act(passing)
    except (TimeoutError, RuntimeError, RefusedError) as error:
        if stage.practice_ms:
            await _person_decides(passing)
            return
        passing.broke_off = f"{type(error).__name__}: {error}"
        await _clear_the_lane(passing)
    if not stage.practice_ms:
        stage.passed.append(passing.truth())


async def _person_decides(passing: Passing) -> None:
    """The truck stands until a person at the page has dealt with it, however long; then it goes where it was sent."""
    stage, sent = passing.stage, {"Released": Contact.EXIT_LOOP, "Inspect": Contact.COMPOUND_LOOP}
    said = "Released"
    while visit := stage.officer.view.get("visit"):
        said = visit["outcome"]["says"]
        if said in sent:
            break
        await asyncio.sleep(0.2)
    stage.camera.freeze(frozen=False)
    await stage.pause(3.0)  # a driver reads the sign and drives off
    await passing.leave(sent.get(said, Contact.EXIT_LOOP))


async def _clear_the_lane(passing: Passing) -> None:
    """After a scenario that went wrong: everything is put back, the vehicle leaves, the next begins in a clean lane."""
    stage = passing.stage
    stage.camera.freeze(frozen=False)
    if not stage.cable.up:
        stage.cable.mend()
    await passing.leave()
    await asyncio.sleep(0.5)
    with suppress(RuntimeError):
        if stage.officer.visit:
            await passing.do("take_over")
    with suppress(RuntimeError):
        await stage.officer.act("end_manual")
    with suppress(RuntimeError):
        await stage.officer.act("open")


async def _quiet(stage: Stage) -> None:
    """Waits until the core has everything the lane has written."""
    until = time.monotonic() + PATIENCE_S
    while not stage.officer.delivered:
        if time.monotonic() > until:
            return
        await asyncio.sleep(0.05)


def _case(world: DemonstrationWorld, stage: Stage, ended: int) -> DemonstrationFiles:
    return DemonstrationFiles(
        truths=tuple(stage.passed),
        paint_logs=world.paint_logs,
        lane_store=world.lane_store,
        core_store=world.core_store,
        lane=LANE,
        ended=stage.practice_ms or ended,
    )


def _tell(report: dict[str, Any], wishes: DemoOptions, console: Console) -> int:
    rows = ALL_ROWS if wishes.trucks >= FULL and wishes.camera is None and not wishes.only else frozenset[int]()
    reasons = verdict(report, rows_wanted=rows)
    report["verdict"] = reasons or ["as it should be"]
    if wishes.report is not None:
        wishes.report.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    console.print(
        f"{len(report['trucks'])} visits in {report['seconds']} s; rows covered: {report['rows_covered']}; "
        f"wrong releases: {report['wrong_releases']}; events: {report['events_journaled']} journaled, "
        f"{report['events_at_core']} at the core; {report['rows_that_left']} rows that had ended left the list",
        markup=False,
    )
    for reason in reasons:
        console.print(f"FAILED: {reason}", markup=False)
    return int(bool(reasons))
