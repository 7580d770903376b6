"""The two screen processes as children of the agent: started, started again when they end, ended with the agent."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

from display.settings import Mode, ScreensSettings
from lane_agent.model import Screen
from runtime.kept_process import KeptProcess

_WINDOW_GAP = 24  # pixels


class ScreenProcesses:
    """Keeps a process running for every screen.

    A process that ends is started again after a wait that doubles up to 5 s; one that ran for longer than that starts
    at the first wait again. When the agent ends, however it ends, the kernel asks the screens to end: they paint the
    safe face last.

    Args:
        settings: the screens of this box; the agent's `ScreenFeed` listens at their socket.
        simulated: the ribbon is shown from the start.
        python: the interpreter of this environment.
        chance: a random number in [0, 1), for the spread of restarts.
    """

    def __init__(
        self,
        settings: ScreensSettings,
        *,
        simulated: bool,
        python: str = sys.executable,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._simulated = simulated
        self._python = python
        self._kept = {
            screen: KeptProcess(screen.value, self._command(screen), self._environment(screen), chance=chance)
            for screen in Screen
        }

    @property
    def pids(self) -> Mapping[Screen, int]:
        """The processes that run now."""
        return MappingProxyType({screen: kept.pid for screen, kept in self._kept.items() if kept.pid is not None})

    async def start(self) -> None:
        """Starts the processes and returns at once; they connect by themselves."""
        for kept in self._kept.values():
            await kept.start()

    async def stop(self) -> None:
        """Asks the processes to end, and kills those that do not within 2 s."""
        await asyncio.gather(*(kept.stop() for kept in self._kept.values()))

    def restart(self, screen: Screen) -> None:
        """Kills the process of a screen that does not answer; it is started again."""
        self._kept[screen].restart()

    def _command(self, screen: Screen) -> list[str]:
        settings, each = self._settings, self._settings.of(screen)
        command = [self._python, "-m", "display", "--screen", screen.value, "--socket", str(settings.socket)]
        command += ["--silence-limit", str(settings.silent_s), "--end-with", str(os.getpid())]
        command += ["--size", f"{each.width}x{each.height}"]
        if settings.mode is not Mode.HEADLESS:
            command += [f"--{settings.mode.value}"]
        if settings.wording is not None:
            command += ["--wording", str(settings.wording)]
        if settings.paint_log is not None:
            command += ["--paint-log", str(settings.paint_log / f"{screen.value}.jsonl")]
        return [*command, "--simulated"] if self._simulated else command

    def _environment(self, screen: Screen) -> dict[str, str]:
        """Windows are put side by side, the board on the left."""
        if self._settings.mode is Mode.HEADLESS:
            return os.environ | {"SDL_VIDEODRIVER": "dummy"}
        left = 0 if screen is Screen.XDB else self._settings.xdb.width + _WINDOW_GAP
        return os.environ | {"SDL_VIDEO_WINDOW_POS": f"{left + _WINDOW_GAP},{2 * _WINDOW_GAP}"}
