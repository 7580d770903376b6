"""The wall under load: from an event in a lane to the pixel on the page, and what the server costs, pictures included.

Rules of this file:
- The lanes play in processes of their own, each the shipped agent at a real broker (`simulation.point`), and give pictures over
  their own pages' HTTPS; the wall is `rocars-wall run`; the page is a supervisor's in headless Chromium (`wall_page`).
- An event is a plate read. Its first moment is written by the lane's process before its agent is told (`event`), the next before
  the state that carries it is signed and published (`told`); all are of the machine's monotonic clock.
- A plate that was told and never seen counts as missed, not as quick.
- Everything shares this machine, browser and load generator with it: the figures say what each took, and how long the wall was ready
  to run and had no processor.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from simulation.broker import PrivateBroker
from simulation.children import ChildProcess, free_port
from simulation.private_wall import PrivatePoint, lane_names
from tools.bench.processes import browser_pids, cpu_of, family, peak_mb, waited_s
from tools.bench.wall_page import Marked, PageNotes, WatchedPage

CHROMIUM = "/usr/bin/chromium"
SUPERVISOR = "lee"
_PATIENCE_S = 120.0
_LATE_S = 10.0
"""What was told during the watch and is not seen so long after it counts as missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WallPlan:
    """What is measured.

    Attributes:
        lanes, processes: simulated lanes, and the processes that they play in.
        seconds: how long the page is watched.
        each_s, step_s: seconds between trucks of a lane, on average, and between two things that happen to a truck.
        pictures: the lanes have pages that give pictures.
    """

    lanes: int = 64
    processes: int = 2
    seconds: float = 30.0
    each_s: float = 20.0
    step_s: float = 1.0
    pictures: bool = True


class Costs:
    """Processor time of wall, browser and lanes since it was made."""

    def __init__(self, wall: int, lanes: Iterable[int]) -> None:
        self._wall, self._lanes = wall, list(lanes)
        self._began, self._before, self._waited = time.monotonic(), self._spent(), waited_s(wall)

    def _spent(self) -> dict[str, float]:
        pids = {"server": family(self._wall), "browser": browser_pids(), "lanes": self._lanes}
        return {name: cpu_of(*each) for name, each in pids.items()}

    def read(self) -> dict[str, float]:
        """Cores each took, and how many more the wall's threads would have taken, had there been any."""
        taken, now = time.monotonic() - self._began, self._spent()
        cores = {f"{name}_cores": round((now[name] - self._before[name]) / taken, 3) for name in now}
        return cores | {"server_waits_cores": round((waited_s(self._wall) - self._waited) / taken, 3)}


def marks_in(logs: Iterable[Path], what: str) -> Marked:
    """The moments that the lanes' processes wrote down: "event" or "told"."""
    lines = [line.split() for log in logs if log.exists() for line in log.read_text().splitlines()]
    rows = [line for line in lines if len(line) == 4 and line[0] == what]
    return {(lane, vrn): int(ns) / 1e6 for _, lane, vrn, ns in rows}


def between(first: Marked, then: Marked) -> list[float]:
    """Milliseconds from the one to the other, of what is in both, the quickest first."""
    return sorted(at - first[key] for key, at in then.items() if key in first)


def spread(times: list[float], prefix: str = "") -> dict[str, float | None]:
    """Median and 99th percentile; None where there are no times."""
    if not times:
        return {f"{prefix}p50_ms": None, f"{prefix}p99_ms": None}
    high = times[min(len(times) - 1, int(0.99 * len(times)))]
    return {f"{prefix}p50_ms": round(statistics.median(times), 1), f"{prefix}p99_ms": round(high, 1)}


def latencies(events: Marked, told: Marked, notes: PageNotes, *, from_ms: float, to_ms: float) -> dict[str, Any]:
    """How soon the plates that were told between these moments were on the page, and how many never were."""
    mine = {key: at for key, at in told.items() if from_ms <= at < to_ms}
    times = between(mine, notes.seen)
    return {
        "events": len(times),
        "missed": len(mine.keys() - notes.seen.keys()),
        **spread(times),
        "most_ms": round(times[-1], 1) if times else None,
        **spread(between({key: at for key, at in events.items() if key in mine}, notes.seen), "event_"),
        **spread(between(mine, notes.came), "server_"),
        **spread(between({key: at for key, at in notes.came.items() if key in mine}, notes.seen), "page_"),
        "clock_doubt_ms": round(notes.clock.doubt_ms, 1),
    }


def measure(plan: WallPlan, folder: Path) -> dict[str, Any]:
    """Starts broker, lanes, wall and browser in a folder, and measures.

    Raises:
        TimeoutError: the wall does not answer, or the lanes do not come.
    """
    names = lane_names(plan.lanes)
    with PrivateBroker(folder / "broker", lanes=names) as broker:
        port = free_port()
        point = PrivatePoint(folder / "point", broker, names, port=port, pictures=plan.pictures)
        url = f"http://127.0.0.1:{port}/"
        try:
            logs = point.play(plan.processes, each_s=plan.each_s, step_s=plan.step_s, decide_s=6.0)
            with sync_playwright() as tool:
                browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                page = WatchedPage(browser.new_page(viewport={"width": 1920, "height": 1080}), url)
                point.wait_for_pages()  # a wall that finds no page asks less and less often
                with _wall(point.config, folder / "wall.log") as wall:
                    point.ready(url)
                    page.log_in(SUPERVISOR, point.passwords[SUPERVISOR])
                    page.wait_for(plan.lanes, pictures=plan.pictures, patience_s=_PATIENCE_S)
                    found = _watched(page, plan, wall, point.pids, logs)
                    return found | {"server_rss_mb": round(peak_mb(*family(wall)), 1)}
        finally:
            point.stop()


@contextlib.contextmanager
def _wall(config: Path, log: Path) -> Iterator[int]:
    """The wall as its unit starts it; its process."""
    child = ChildProcess(log)
    child.start(Path(sys.executable).with_name("rocars-wall"), "run", "--config", config)
    try:
        assert child.pid is not None, child.last_words()
        yield child.pid
    finally:
        child.end()


def _watched(page: WatchedPage, plan: WallPlan, wall: int, lanes: list[int], logs: list[Path]) -> dict[str, Any]:
    page.watch()
    began, costs = time.monotonic(), Costs(wall, lanes)
    page.page.wait_for_timeout(1_000 * plan.seconds)
    took = costs.read()
    ended, pictures, old = time.monotonic(), page.pictures(), page.old_pictures()
    while True:
        notes = page.notes()
        times = latencies(
            marks_in(logs, "event"), marks_in(logs, "told"), notes, from_ms=1_000 * began, to_ms=1_000 * ended
        )
        if not times["missed"] or time.monotonic() - ended > _LATE_S:
            break
        page.page.wait_for_timeout(100)
    return times | {
        **took,
        "pictures_per_s": round(pictures / (ended - began), 1),
        "tiles_with_old_picture": old,
        "page_held_up_ms": round(notes.longest_ms),
        "machine_cores": os.cpu_count(),
        "machine_load": round(os.getloadavg()[0], 1),
    }


def run(plan: WallPlan, *, json_file: Path | None) -> None:
    """The command: measures, and prints one JSON line."""
    with tempfile.TemporaryDirectory(prefix="rocars-wall-") as place:
        figures = {"lanes": plan.lanes, "seconds": plan.seconds} | measure(plan, Path(place))
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures))
