"""How soon both outputs show what they are told, how far apart, and what screens cost that stand still."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lane_agent.model import Screen
from lane_agent.wording import Scene
from simulation.outputs.site import MONITORS, ScreenSite, until

_SCENES = (Scene.STOP, Scene.DONE, Scene.WELCOME, Scene.EXAMINE)
_ALL = (*(screen.value for screen in Screen), "compositor")
_BETWEEN_S = 0.15


@dataclass(frozen=True, slots=True)
class ChangesShown:
    """Milliseconds, 50th and 99th percentile and the greatest: from the order to the later output, and between the two.

    Attributes:
        still_percent: of one core, by unit, while a sign stands and the agent beats.
    """

    times: int
    both_ms: tuple[int, int, int]
    skew_ms: tuple[int, int, int]
    still_percent: dict[str, float]


def changes_shown(site: ScreenSite, *, times: int, still_s: float) -> ChangesShown:
    """Measured in the display's memory, sampled every 4 ms: from the moment the agent is told to pass the order on."""
    agent, both, skew = site.start_agent(), [], []
    for serial in range(1, times + 1):
        scene = _SCENES[serial % len(_SCENES)]
        at = time.monotonic()
        agent.show(scene, serial)
        until(partial(_both, site, scene, at), f"both show {scene.value}")
        first, last = sorted(_shown(site, scene, at).values())
        both.append(round((last - at) * 1_000))
        skew.append(round((last - first) * 1_000))
        time.sleep(_BETWEEN_S)
    still = _still(site, still_s)
    agent.end()
    return ChangesShown(times, _three(both), _three(skew), still)


def _both(site: ScreenSite, scene: Scene, since_s: float) -> bool:
    return len(_shown(site, scene, since_s)) == len(Screen)


def _shown(site: ScreenSite, scene: Scene, since_s: float) -> dict[str, float]:
    """When each output began to show it, of those that did."""
    outputs = {monitor.name for monitor in MONITORS.values()}
    found: dict[str, float] = {}
    for each in reversed(list(site.monitors.seen)):
        if each.at_s < since_s:
            break
        if each.what == scene.value and each.output in outputs:
            found[each.output] = each.at_s
    return found


def _three(values: list[int]) -> tuple[int, int, int]:
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], ordered[-1]


def _still(site: ScreenSite, seconds: float) -> dict[str, float]:
    begun = {unit: _cpu_s(site.units[unit].pid) for unit in _ALL}
    time.sleep(seconds)
    return {unit: round(100 * (_cpu_s(site.units[unit].pid) - begun[unit]) / seconds, 2) for unit in _ALL}


def _cpu_s(pid: int) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
