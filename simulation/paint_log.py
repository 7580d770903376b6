"""What the driver sees: the screens' paint logs, followed as they grow."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path


class ScreenNotSeenError(TimeoutError):
    """A scene did not come in time; the text says what was there instead."""


class Eyes:
    """Follows the paint log of one screen.

    Attributes:
        scene: what the screen shows now, "" before its first painting.
        since_ms: monotonic ms of that painting.
    """

    def __init__(self, screen: str, path: Path) -> None:
        self._screen = screen
        self._path = path
        self._read = 0
        self.scene = ""
        self.since_ms = 0

    def look(self) -> str:
        """Reads on; returns the scene that is there now."""
        if not self._path.exists():
            return self.scene
        with self._path.open("rb") as log:
            log.seek(self._read)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                painted = json.loads(line)
                self.scene, self.since_ms = painted["scene"], painted["mono_ms"]
        return self.scene

    async def wait_for(self, *scenes: str, seconds: float) -> str:
        """Waits until the screen shows one of `scenes`.

        Raises:
            ScreenNotSeenError: none of them came.
        """
        until = time.monotonic() + seconds
        while self.look() not in scenes:
            if time.monotonic() > until:
                raise ScreenNotSeenError(
                    f"{self._screen} shows {self.scene}, not {' or '.join(scenes)}, after {seconds} s"
                )
            await asyncio.sleep(0.02)
        return self.scene

    async def wait_until_not(self, scene: str, *, seconds: float) -> None:
        """Waits until the screen no longer shows `scene`.

        Raises:
            ScreenNotSeenError: it still does.
        """
        until = time.monotonic() + seconds
        while self.look() == scene:
            if time.monotonic() > until:
                raise ScreenNotSeenError(f"{self._screen} still shows {scene} after {seconds} s")
            await asyncio.sleep(0.02)
