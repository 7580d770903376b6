"""A display without a monitor whose memory is sampled all the time: what stood on each output, and for how long."""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
import threading
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulation.outputs.x_windows import XWindows

_SOCKETS = Path("/tmp/.X11-unix")  # noqa: S108  where every X server listens
_SIZE = (2_000, 1_100)
_EVERY_S = 0.004
_ROWS = 24  # of each output that are compared
_LOOK_S = 0.02
_PATIENCE_S = 20.0

NOTHING = "nothing"
"""An output that is all black."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """One output's place on the display.

    Attributes:
        name: of the output, which the title of its window ends in.
        left: of it on the display; its top is 0.
        size: in pixels.
    """

    name: str
    left: int
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """What an output began to show."""

    at_s: float
    output: str
    what: str


class Monitors:
    """Starts the display and watches it.

    Args:
        folder: for its memory and its log.
        monitors: the outputs.
        known: what can be seen on an output, by name and then by the checksum that `fingerprint` gives.

    Raises:
        FileNotFoundError: Xvfb is not installed.
    """

    def __init__(self, folder: Path, monitors: tuple[Monitor, ...], known: Mapping[str, Mapping[int, str]]) -> None:
        self._monitors = monitors
        self._known = known
        self._folder = folder
        read, write = os.pipe()
        program = shutil.which("Xvfb")
        if program is None:
            raise FileNotFoundError("Xvfb: apt-get install --no-install-recommends xvfb")
        options = ["-screen", "0", f"{_SIZE[0]}x{_SIZE[1]}x24", "-fbdir", str(folder), "-displayfd", str(write)]
        with (folder / "xvfb.log").open("ab") as log:
            self._server = subprocess.Popen([program, *options, "-nolisten", "tcp"], pass_fds=[write], stderr=log)
        os.close(write)
        with os.fdopen(read) as told:
            self.number = int(told.readline())
        self.seen: list[Seen] = []
        self._closing: list[str] = []
        self._over = threading.Event()
        self._memory = self._map()
        self._threads = [threading.Thread(target=self._sample), threading.Thread(target=self._place)]
        for thread in self._threads:
            thread.start()

    def now(self, output: str) -> str:
        """What it shows."""
        return next((each.what for each in reversed(self.seen) if each.output == output), NOTHING)

    def pull(self, output: str) -> None:
        """Takes the output away, as a pulled cable does."""
        self._closing.append(output)

    def stood(self, output: str, what: str, since_s: float) -> float:
        """For how many seconds, all in all, the output has shown it since that moment."""
        total, begin = 0.0, None
        for each in [*self.seen, Seen(time.monotonic(), output, "")]:
            if each.output != output:
                continue
            if begin is not None:
                total += max(0.0, each.at_s - max(begin, since_s))
            begin = each.at_s if each.what == what else None
        return total

    def ended(self, output: str, since_s: float) -> float:
        """When it showed something else than at that moment; now, if it never did."""
        return next(
            (each.at_s for each in self.seen if each.output == output and each.at_s > since_s), time.monotonic()
        )

    def stop(self) -> None:
        """Ends it."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._server.terminate()
        self._server.wait()
        self._memory.close()

    def _map(self) -> mmap.mmap:
        file = self._folder / "Xvfb_screen0"
        with file.open("rb") as opened:
            memory = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        header = struct.unpack_from(">25I", memory)
        self._row = header[12]
        self._start = header[0] + header[19] * 12
        return memory

    def _sample(self) -> None:
        shown: dict[str, str] = {}
        while not self._over.wait(_EVERY_S):
            at_s = time.monotonic()
            for monitor in self._monitors:
                found = self._known[monitor.name].get(self._fingerprint(monitor), "other")
                if shown.get(monitor.name) != found:
                    shown[monitor.name] = found
                    self.seen.append(Seen(at_s, monitor.name, found))

    def _fingerprint(self, monitor: Monitor) -> int:
        wide, tall = monitor.size
        start = self._start + monitor.left * 4
        rows = (start + line * self._row for line in range(0, tall, tall // _ROWS))
        return fingerprint([self._memory[at : at + wide * 4] for at in rows])

    def _place(self) -> None:
        """The compositor puts both windows in the same corner, and does so anew each time it starts."""
        windows = XWindows(_SOCKETS / f"X{self.number}")
        placed: set[int] = set()
        while not self._over.wait(_LOOK_S):
            named = windows.named()
            placed &= set(named.values())  # the next compositor's have the same numbers
            for title, window in named.items():
                for monitor in self._monitors:
                    if not title.endswith(f"- {monitor.name}"):
                        continue
                    if window not in placed:
                        placed.add(window)
                        windows.move(window, monitor.left, 0)
                    if monitor.name in self._closing:
                        self._closing.remove(monitor.name)
                        windows.close(window)
        windows.hang_up()


def fingerprint(rows: list[bytes]) -> int:
    """A checksum of some rows of 32-bit pixels, whatever is in their spare bytes."""
    total = 0
    for row in rows:
        for colour in range(3):
            total = zlib.crc32(row[colour::4], total)
    return total


def picture_rows(pixels: bytes, size: tuple[int, int], output: tuple[int, int]) -> list[bytes]:
    """The rows of an output that shows a picture in its middle, those that are compared."""
    (wide, tall), (width, height) = output, size
    left, top = (wide - width) // 2, (tall - height) // 2
    rows = []
    for line in range(0, tall, tall // _ROWS):
        at = (line - top) * width * 4
        row = pixels[at : at + width * 4] if top <= line < top + height else bytes(width * 4)
        rows.append(bytes(left * 4) + row + bytes((wide - width - left) * 4))
    return rows
