"""What stands on both screens while each part of them is killed and stopped, with 3 on both; from the display's memory."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lane_agent.model import Screen
from lane_agent.wording import Scene
from simulation.outputs.site import ScreenSite, until
from tools.bench.screen_changes import changes_shown

_SERIAL = 7
_KILLED, _STOPPED = signal.SIGKILL, signal.SIGSTOP


@dataclass(frozen=True, slots=True)
class Outage:
    """One part broken so often; milliseconds, of the screen that fared worse.

    Attributes:
        stood_ms: for how long 3 went on standing: median and greatest.
        dark_ms: for how long, all in all, an output showed no whole sign: median and greatest.
    """

    name: str
    times: int
    stood_ms: tuple[int, int]
    dark_ms: tuple[int, int]


def run(*, rounds: int, changes: int, json_file: Path | None) -> None:
    """Breaks every part that often, prints the table, and writes the figures and what was seen on each output."""
    with tempfile.TemporaryDirectory(prefix="lane-") as name:
        site = ScreenSite(Path(name))
        try:
            first_ms = _start(site)
            shown = changes_shown(site, times=changes, still_s=20)
            found = [_outage(site, *each, rounds=rounds) for each in _BREAKS]
            pss_mb = {unit: _pss_mb(site.units[unit].pid) for unit in site.units}
        finally:
            site.stop()
    _print(found, first_ms, pss_mb)
    Console().print(f"changes: {asdict(shown)}; load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores")
    if json_file is not None:
        seen = [asdict(each) for each in site.monitors.seen]
        figures = {
            "first_face_ms": first_ms,
            "pss_mb": pss_mb,
            "changes": asdict(shown),
            "load": os.getloadavg()[0],
            "outages": [asdict(each) for each in found],
            "seen": seen,
        }
        json_file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _start(site: ScreenSite) -> int:
    """Starts all; milliseconds until both outputs showed the safe face, with nothing on the disk yet."""
    at = time.monotonic()
    site.start_compositor()
    site.start_screens()
    site.both_show(Scene.WAIT)
    first_ms = round((time.monotonic() - at) * 1_000)
    until(lambda: all(site.units[screen.value].ready for screen in Screen), "both screens are loaded")
    return first_ms


def _outage(site: ScreenSite, name: str, broken: Callable[[ScreenSite], None], *, rounds: int) -> Outage:
    stood, dark = [], []
    for _ in range(rounds):
        agent = site.start_agent()
        agent.both_painted(Scene.DONE, _SERIAL)
        site.both_show(Scene.DONE)
        at = time.monotonic()
        broken(site)
        changed = [screen for screen in Screen if site.changed(screen, at)]
        stood.append(max(round(site.stood_s(screen, at) * 1_000) for screen in changed))
        agent.end()
        site.both_show(Scene.WAIT)
        dark.append(max(round(site.dark_s(screen, at) * 1_000) for screen in changed))
        until(lambda: all(site.units[screen.value].ready for screen in Screen), "both screens are loaded")
    return Outage(name, rounds, _two(stood), _two(dark))


def _two(values: list[int]) -> tuple[int, int]:
    return sorted(values)[len(values) // 2], max(values)


def _agent(number: signal.Signals) -> Callable[[ScreenSite], None]:
    def broken(site: ScreenSite) -> None:
        if site.agent is not None:
            site.agent.send(number)
        site.both_show(Scene.WAIT)

    return broken


def _unit(unit: str, number: signal.Signals) -> Callable[[ScreenSite], None]:
    def broken(site: ScreenSite) -> None:
        at = time.monotonic()
        site.units[unit].send(number)
        until(lambda: site.units[unit].starts_since(at) > 0, f"{unit} is started again")
        for screen in Screen:
            if unit in (screen.value, "compositor"):
                site.shows(screen, Scene.WAIT, since_s=at)

    return broken


_BREAKS = (
    ("the agent is killed", _agent(_KILLED)),
    ("the agent is stopped", _agent(_STOPPED)),
    ("the board's process is killed", _unit("xdb", _KILLED)),
    ("the board's process is stopped", _unit("xdb", _STOPPED)),
    ("the panel's process is killed", _unit("aiop", _KILLED)),
    ("the panel's process is stopped", _unit("aiop", _STOPPED)),
    ("the compositor is killed", _unit("compositor", _KILLED)),
    ("the compositor is stopped", _unit("compositor", _STOPPED)),
)


def _pss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1_000, 1)


def _print(found: list[Outage], first_ms: int, pss_mb: dict[str, float]) -> None:
    table = Table("", "times", "3 stood, ms: median", "greatest", "no whole sign, ms: median", "greatest")
    for each in found:
        table.add_row(each.name, str(each.times), *map(str, (*each.stood_ms, *each.dark_ms)))
    console = Console()
    console.print(table)
    console.print(f"first face, nothing kept: {first_ms} ms; PSS in MB: {pss_mb}")
