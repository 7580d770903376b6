"""The wall under load: from an event in a lane to the pixel on the page, and what the server costs, pictures included.

Rules of this file:
- The lanes play in processes of their own, each the shipped agent at a real broker (`simulation.point`), and give pictures over
  their own pages; the wall is `rocars-wall run`; the page is in headless Chromium.
- An event's moment is written by the lane's process before its agent is told that a plate was read; the page's is taken in the
  frame after the one in which the tile's plate was drawn. Both are of the machine's monotonic clock.
- Everything shares this machine, browser and load generator with it: `load_1m` says how busy it was.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from simulation.broker import PrivateBroker
from simulation.children import free_port
from simulation.private_wall import PrivatePoint, lane_names

CHROMIUM = "/usr/bin/chromium"
_PATIENCE_S = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")

# Notes each tile's plate in the frame after it was drawn: performance.timeOrigin and now() are of one clock.
_WATCH = """
() => {
  globalThis.seen = [];
  const note = (lane, vrn) => requestAnimationFrame(() => requestAnimationFrame(() =>
    globalThis.seen.push([lane, vrn, performance.timeOrigin + performance.now()])));
  for (const tile of document.querySelectorAll("#grid > .tile")) {
    const plate = tile.querySelector(".plate");
    new MutationObserver(() => plate.textContent && note(tile.dataset.key, plate.textContent))
      .observe(plate, { childList: true, characterData: true, subtree: true });
  }
}
"""


def _cpu_s(pid: int) -> float:
    """CPU that a process and its children have used."""
    total = 0.0
    for each in [pid, *_children(pid)]:
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _rss_mb(pid: int) -> float:
    """Resident memory of a process and its children, in MB of 10^6 bytes."""
    kib = 0
    for each in [pid, *_children(pid)]:
        status = Path(f"/proc/{each}/status").read_text()
        kib += next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return kib * 1_024 / 1e6


def _log_in(page: Page, url: str, password: str) -> None:
    page.goto(url)
    page.fill("#name", "chan")
    page.fill("#password", password)
    page.click("button.go")
    page.wait_for_selector(".tile", timeout=60_000)


def _told(logs: list[Path]) -> dict[tuple[str, str], float]:
    """(lane, mark) to the moment, ms of the monotonic clock."""
    lines = [line.split() for log in logs if log.exists() for line in log.read_text().splitlines()]
    return {(lane, vrn): int(ns) / 1e6 for lane, vrn, ns in (line for line in lines if len(line) == 3)}


def _between(page: Page, told: dict[tuple[str, str], float], offset_ms: float) -> list[float]:
    """From event to pixel, in ms, of every plate whose event is known."""
    seen: list[tuple[str, str, float]] = page.evaluate("globalThis.seen")
    return [at - offset_ms - told[lane, vrn] for lane, vrn, at in seen if (lane, vrn) in told]


def _measure(page: Page, wall: subprocess.Popen[bytes], logs: list[Path], seconds: float) -> dict[str, Any]:
    page.evaluate(_WATCH)
    pid, cpu, began = wall.pid, _cpu_s(wall.pid), time.monotonic()
    page.wait_for_timeout(1_000 * seconds)
    cores = (_cpu_s(pid) - cpu) / (time.monotonic() - began)
    page.wait_for_timeout(1_000)
    # Date.now() and the wall clock are one; the difference to the monotonic clock is taken here, in one breath.
    offset_ms = time.time_ns() / 1e6 - time.monotonic_ns() / 1e6
    times = sorted(_between(page, _told(logs), offset_ms))
    old = page.evaluate("document.querySelectorAll('#grid .pic.old').length")
    return {
        "events": len(times),
        "p50_ms": round(statistics.median(times), 1) if times else None,
        "p99_ms": round(times[min(len(times) - 1, int(0.99 * len(times)))], 1) if times else None,
        "most_ms": round(times[-1], 1) if times else None,
        "server_cores": round(cores, 3),
        "server_rss_mb": round(_rss_mb(pid), 1),
        "tiles_with_old_picture": old,
        "load_1m": round(os.getloadavg()[0], 1),
    }


def run(*, json_file: Path | None, lanes: int, seconds: float, processes: int) -> None:
    """Starts everything, measures, prints one JSON line."""
    names = lane_names(lanes)
    with (
        tempfile.TemporaryDirectory(prefix="rocars-wall-") as place,
        PrivateBroker(Path(place) / "broker", lanes=names) as broker,
    ):
        port = free_port()
        point = PrivatePoint(Path(place) / "point", broker, names, port=port, pictures=True)
        logs = point.play(processes, each_s=20.0, step_s=1.0, decide_s=6.0)
        command = [str(Path(sys.executable).with_name("rocars-wall")), "run", "--config", str(point.config)]
        with (Path(place) / "wall.log").open("wb") as said:
            wall = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            figures = _in_browser(f"http://127.0.0.1:{port}/", point, wall, logs, seconds)
        finally:
            wall.send_signal(signal.SIGTERM)
            wall.wait(20)
            point.stop()
    figures = {"lanes": lanes, "seconds": seconds} | figures
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures))


def _in_browser(
    url: str, point: PrivatePoint, wall: subprocess.Popen[bytes], logs: list[Path], seconds: float
) -> dict[str, Any]:
    point.ready(url)
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        _log_in(page, url, point.passwords["chan"])
        count = len(point.lanes)
        heard = "document.querySelectorAll('#grid .tile:not(.unheard)').length"
        end = time.monotonic() + _PATIENCE_S
        while page.evaluate(heard) < count:  # the page's policy lets no tool wait inside it
            if time.monotonic() > end:
                raise TimeoutError(f"{page.evaluate(heard)} of {count} lanes are heard after {_PATIENCE_S} s")
            page.wait_for_timeout(200)
        page.wait_for_timeout(3_000)
        return _measure(page, wall, logs, seconds)
