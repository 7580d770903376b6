"""A camera's stream on its way to people, without a camera: the reader's tap, fed with a film whose pictures show their number."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

from runtime.clocks import monotonic_ms
from runtime.live_tap import LiveTap
from tests.rigs.films import access_units


class FilmPacket:
    """A packet as PyAV's."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.size = len(body)

    def __bytes__(self) -> bytes:
        return self._body


class FilmedLane:
    """Plays at 20 pictures a second, from a thread, until it is held or closed."""

    FPS = 20

    def __init__(self, place: Path) -> None:
        self.place = place
        self._tap = LiveTap(place)
        self._tap.opened("h264", b"")
        self._over, self._runs = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._runs.set()
        self._thread.start()

    def hold(self) -> None:
        """The camera gives nothing more."""
        self._runs.clear()

    def play(self) -> None:
        """It gives pictures again."""
        self._runs.set()

    def close(self) -> None:
        """Ends it."""
        self._over.set()
        self._runs.set()
        self._thread.join()
        self._tap.close()

    def _play(self) -> None:
        units = access_units(2 * self.FPS, every=self.FPS, fps=self.FPS)
        for number, unit in itertools.cycle(enumerate(units)):
            if self._over.wait(1 / self.FPS):
                return
            self._runs.wait()
            self._tap.came(FilmPacket(unit), monotonic_ms(), key=number % self.FPS == 0, damaged=False)
