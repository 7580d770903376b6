"""kill -9 of the lane's process at random moments of its work, again and again: what was promised must still hold.

After each kill: no screen is left on "Clearance Completed"; the lane comes up again, and a vehicle that was in it is the
officer's. At the end: the journal is sound and replays, and the core has every entry exactly once.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from core.errors import RefusedError
from edge.replay import replay_store
from simulation.demo import truck_of
from simulation.judge import DemonstrationFiles, judge
from simulation.marks import Marks
from simulation.scenarios import SCENARIOS
from simulation.stage import PATIENCE_S, Passing, Stage, now_ms
from simulation.world import LANE, DemonstrationWorld

SCENES = ("laden", "unladen", "inspect", "several", "hold_while_standing")
SAFE_S = 3.0
"""A screen shows its safe face after 2 s of silence; the rest is for painting on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KillWishes:
    """How many kills, of what chance, where to write."""

    folder: Path
    kills: int
    seed: int
    report: Path | None


async def torture(wishes: KillWishes, console: Console) -> int:
    """Runs the kills; returns the exit status: 0 if every promise held."""
    began = time.monotonic()
    world = DemonstrationWorld(wishes.folder, seed=wishes.seed)
    rng = random.Random(wishes.seed)  # noqa: S311 - chance of a torture run
    marks = Marks(rng)
    broken: list[str] = []
    try:
        stage = await world.start()
        await stage.codes_at_lane()
        await stage.officer.act("open")
        for number in track(range(1, wishes.kills + 1), "Kills", console=console, disable=not console.is_terminal):
            broken += [f"kill {number}: {what}" for what in await _one(world, stage, number, marks, rng)]
        await _all_delivered(stage, broken)
    finally:
        ended = now_ms()
        await world.stop()
    report = _report(world, stage, ended) | {"kills": wishes.kills, "seconds": round(time.monotonic() - began, 1)}
    report["broken"] = broken + report["broken"]
    if wishes.report is not None:
        wishes.report.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    console.print({key: value for key, value in report.items() if key != "broken"}, markup=False)
    for what in report["broken"]:
        console.print(f"BROKEN: {what}", markup=False)
    return int(bool(report["broken"]))


async def _one(world: DemonstrationWorld, stage: Stage, number: int, marks: Marks, rng: random.Random) -> list[str]:
    key = rng.choice(SCENES)
    passing = Passing(number, key, SCENARIOS[key].row, stage, truck_of(marks, rng))
    act = asyncio.ensure_future(SCENARIOS[key].act(passing))
    await asyncio.wait({act}, timeout=rng.uniform(0.2, 3.5))
    killed = now_ms()
    await world.end_lane(signal.SIGKILL)
    act.cancel()
    with suppress(asyncio.CancelledError, TimeoutError, RuntimeError, RefusedError, OSError):
        await act
    broken = await _screens_are_safe(stage)
    passing.notes.setdefault("left", killed)
    stage.passed.append(passing.truth())
    world.start_lane()
    await world.rejoin(stage)
    return broken + await _vehicle_is_the_officers(stage)


async def _screens_are_safe(stage: Stage) -> list[str]:
    try:
        for eyes in (stage.xdb, stage.aiop):
            await eyes.wait_until_not("DONE", seconds=SAFE_S)
    except TimeoutError as error:
        return [str(error)]
    return []


async def _vehicle_is_the_officers(stage: Stage) -> list[str]:
    """The lane is up again; whatever was in it waits for the officer, who takes it over by hand.

    That 3 is not shown to it by itself is the judge's to find: its truth allows none after the kill.
    """
    stage.camera.show(None)
    until = time.monotonic() + PATIENCE_S
    while not stage.officer.view:
        if time.monotonic() > until:
            return ["the page does not come back"]
        await asyncio.sleep(0.05)
    if stage.officer.visit:
        with suppress(RuntimeError):
            await stage.officer.act("take_over", visit=stage.officer.visit, reason="Restart")
    return []


async def _all_delivered(stage: Stage, broken: list[str]) -> None:
    until = time.monotonic() + PATIENCE_S
    await asyncio.sleep(1.0)
    while not stage.officer.delivered:
        if time.monotonic() > until:
            broken.append("the core does not have every event")
            return
        await asyncio.sleep(0.05)


def _report(world: DemonstrationWorld, stage: Stage, ended: int) -> dict[str, Any]:
    case = DemonstrationFiles(tuple(stage.passed), world.paint_logs, world.lane_store, world.core_store, LANE, ended)
    found = judge(case)
    problems, rows = replay_store(world.lane_store)
    broken = list(problems)
    if found["wrong_releases"]:
        broken.append(f"wrong releases: {found['wrong_release_details']}")
    if found["events_missing_at_core"] or found["events_only_at_core"]:
        broken.append(f"journal and core differ: {found['events_missing_at_core']} {found['events_only_at_core']}")
    return {
        "events_journaled": found["events_journaled"],
        "events_at_core": found["events_at_core"],
        "rows_replayed": rows,
        "wrong_releases": found["wrong_releases"],
        "broken": broken,
    }
