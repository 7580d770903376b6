"""A lane's screens as they stand at the lane: compositor, both screens and an agent, each to be broken at will."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from display.easel import SignEasel
from display.failsafe import Showing
from display.settings import DEFAULT_SIZE
from lane_agent.model import Screen
from lane_agent.wording import Scene
from simulation.outputs.monitors import NOTHING, Monitor, Monitors, fingerprint, picture_rows
from simulation.outputs.units import RunningUnit, UnitFile

MONITORS = {Screen.XDB: Monitor("X1", 0, (640, 640)), Screen.AIOP: Monitor("X2", 1_000, (800, 600))}
SIGNS = {Screen.XDB: (512, 512), Screen.AIOP: (800, 600)}
_UNITS = Path(__file__).parents[2] / "systemd"
_PATIENCE_S = 20.0


class ScreenSite:
    """The site.

    Args:
        folder: a short path, for sockets.
        settings: text of the lane's file; `usual_settings` if None.
        compositor_watched: the compositor's own watchdog counts.

    Raises:
        FileNotFoundError: Xvfb or Weston is not installed.
    """

    def __init__(self, folder: Path, *, settings: str | None = None, compositor_watched: bool = True) -> None:
        self.folder = folder
        self._compositor_watched = compositor_watched
        self.settings = folder / "lane.toml"
        self.settings.write_text(usual_settings(folder) if settings is None else settings)
        for name in ("run", "state"):
            (folder / name).mkdir(mode=0o700)
        if shutil.which("weston") is None:
            raise FileNotFoundError("weston: apt-get install --no-install-recommends weston")
        self.monitors = Monitors(folder, tuple(MONITORS.values()), {MONITORS[s].name: _known(s) for s in Screen})
        self.units: dict[str, RunningUnit] = {}
        self.agent: HandAgentProcess | None = None

    def start_compositor(self) -> None:
        """As its unit does, with a display of ours instead of a graphics card; without keyboard and mouse, like a box."""
        modes = (f"[output]\nname={each.name}\nmode={each.size[0]}x{each.size[1]}\n" for each in MONITORS.values())
        file = UnitFile(_UNITS / "rocars-lane-compositor.service", elsewhere=self._elsewhere())
        (self.folder / "outputs.ini").write_text("".join(modes))
        subprocess.run(file.command("ExecStartPre"), check=True)
        command = [each.replace("drm-backend", "x11-backend") for each in file.command()]
        self._start("compositor", [*command, "--output-count=2", "--no-input"], file, watched=self._compositor_watched)

    def start_screens(self) -> None:
        """As their units do."""
        for screen in Screen:
            path = _UNITS / "rocars-lane-screen@.service"
            file = UnitFile(path, instance=screen.value, elsewhere=self._elsewhere())
            self._start(screen.value, file.command(), file)

    def start_agent(self) -> HandAgentProcess:
        """An agent that says what it is told."""
        self.agent = HandAgentProcess(self.folder)
        return self.agent

    def shows(self, screen: Screen, what: Scene, *, since_s: float | None = None) -> None:
        """Waits until the screen's output shows it, or has shown it since that moment.

        Raises:
            AssertionError: it does not.
        """
        output = MONITORS[screen].name

        def seen() -> bool:
            if since_s is None:
                return self.monitors.now(output) == what.value
            return any(
                (each.output, each.what) == (output, what.value) and each.at_s > since_s for each in self.monitors.seen
            )

        until(seen, f"{screen.value} shows {what.value}")

    def both_show(self, what: Scene) -> None:
        """Waits until both do."""
        for screen in Screen:
            self.shows(screen, what)

    def dark_s(self, screen: Screen, since_s: float) -> float:
        """For how long its output has shown no whole sign since that moment."""
        output = MONITORS[screen].name
        return sum(self.monitors.stood(output, what, since_s) for what in (NOTHING, "other"))

    def stood_s(self, screen: Screen, since_s: float) -> float:
        """For how long after that moment its output went on showing what it showed then."""
        return self.monitors.ended(MONITORS[screen].name, since_s) - since_s

    def changed(self, screen: Screen, since_s: float) -> bool:
        """Whether its output has shown anything else since that moment."""
        return any(each.output == MONITORS[screen].name and each.at_s > since_s for each in self.monitors.seen)

    def said(self, unit: str) -> str:
        """What the unit wrote."""
        return (self.folder / f"{unit}.log").read_text(errors="replace")

    def stop(self) -> None:
        """Ends everything."""
        if self.agent is not None:
            self.agent.end()
        for unit in self.units.values():
            unit.stop()
        self.monitors.stop()

    def _start(self, name: str, command: list[str], file: UnitFile, *, watched: bool = True) -> None:
        environment = os.environ | file.environment() | {"DISPLAY": f":{self.monitors.number}"}
        self.units[name] = RunningUnit(
            command,
            file,
            log=self.folder / f"{name}.log",
            environment=environment,
            name=self.folder / f"{name}.notify",
            watched=watched,
        )

    def _elsewhere(self) -> dict[str, str]:
        return {
            "/opt/rocars-lane/current/bin/rocars-module": f"{sys.executable} -m",
            "/etc/rocars-lane/lane.toml": str(self.settings),
            "/run/rocars-lane-compositor": str(self.folder / "run"),
            "/etc/rocars-lane/outputs.ini": str(self.folder / "outputs.ini"),
            "/var/lib/rocars-screen": str(self.folder / "state"),
        }


def usual_settings(folder: Path, **more: str) -> str:
    """The section `[screens]`, each screen on its output; `more` is added to a screen's line."""
    lines = [f'[screens]\nsocket = "{folder}/agent.sock"\nmode = "fullscreen"\npaint_log = "{folder}"\n']
    for screen in Screen:
        width, height = SIGNS[screen]
        place = f'output = "{MONITORS[screen].name}"{more.get(screen.value, "")}'
        lines.append(f"{screen.value} = {{ width = {width}, height = {height}, {place} }}\n")
    return "".join(lines)


_AGENT = """
import asyncio, json, sys
from pathlib import Path
from display.feed import ScreenFeed
from lane_agent.effects import Show
from lane_agent.wording import Scene

def say(**told):
    print(json.dumps(told), flush=True)

async def run():
    feed = ScreenFeed(
        Path(sys.argv[1]), simulated=False,
        on_painted=lambda screen, scene, serial: say(painted=screen.value, scene=scene.value, serial=serial),
        on_trouble=lambda screen, why: say(trouble=screen.value, why=why),
        on_lost=lambda screen: say(lost=screen.value),
        on_found=lambda screen: say(found=screen.value),
    )
    await feed.start()
    say(listens=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        scene, serial = line.decode().split()
        feed.show(Show(int(serial), Scene(scene), Scene(scene)))

asyncio.run(run())
"""


class HandAgentProcess:
    """The agent's end of the screens as a process of its own, told by us what to order.

    Args:
        folder: where its socket is.
    """

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", _AGENT, str(folder / "agent.sock")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.told: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        until(lambda: self.told, "the agent listens")

    def show(self, scene: Scene, serial: int) -> None:
        """Orders it on both screens."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{scene.value} {serial}\n")
        self.process.stdin.flush()

    def painted(self, screen: Screen, scene: Scene, serial: int) -> bool:
        """Whether the screen has confirmed it."""
        return {"painted": screen.value, "scene": scene.value, "serial": serial} in self.told

    def both_painted(self, scene: Scene, serial: int) -> None:
        """Orders it and waits until both screens have confirmed it."""
        self.show(scene, serial)
        for screen in Screen:
            until(partial(self.painted, screen, scene, serial), f"{screen.value} confirms {scene.value}")

    def both_painted_but(self, dark: Screen, scene: Scene, serial: int) -> None:
        """Orders it and waits until the one screen that can has confirmed it; the other must not.

        Raises:
            AssertionError: it has, or the one that can has not.
        """
        self.show(scene, serial)
        lit = next(screen for screen in Screen if screen is not dark)
        until(lambda: self.painted(lit, scene, serial), f"{lit.value} confirms {scene.value}")
        if self.painted(dark, scene, serial):
            raise AssertionError(f"{dark.value} calls {scene.value} painted")

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self.process.send_signal(number)

    def end(self) -> None:
        """Kills it, if it still runs."""
        self.process.kill()
        self.process.wait()
        self._thread.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        self.told += map(json.loads, iter(self.process.stdout.readline, ""))


def until(holds: Callable[[], Any], what: str, *, within_s: float = _PATIENCE_S) -> None:
    """Waits until it holds.

    Raises:
        AssertionError: it did not within that time.
    """
    end = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"waited {within_s} s in vain: {what}")
        time.sleep(0.005)


def _known(screen: Screen) -> dict[int, str]:
    """The checksum of every scene on the screen's output, and of the safe face where the settings are unknown."""
    easel, output = SignEasel(screen), MONITORS[screen].size
    found = {fingerprint(picture_rows(b"", (0, 0), output)): NOTHING}
    for size, scene in [(DEFAULT_SIZE[screen], Scene.WAIT), *((SIGNS[screen], each) for each in Scene)]:
        pixels = easel.draw(Showing(scene, 0, "", simulated=False, safe=False), size)
        found[fingerprint(picture_rows(pixels, size, output))] = scene.value
    return found
