"""What stands on the two monitors, seen from outside: their pixels, read again and again, and recognised.

Rules of this file
- The eye knows nothing of the lane: it reads the monitors' memory (a file that the X server maps) and compares with the
  drawn signs. What equals no sign is `UNKNOWN`; one even colour, or nothing at all, is `DARK`.
- Times are milliseconds of the clock that counts from the machine's start, the same as the lane's own.
"""

from __future__ import annotations

import itertools
import mmap
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from display.pictures import render
from lane_agent.model import Screen
from lane_agent.wording import Scene

Pixels = NDArray[np.uint8]

DARK, UNKNOWN = "DARK", "UNKNOWN"
SIZES: Mapping[Screen, tuple[int, int]] = {Screen.XDB: (512, 512), Screen.AIOP: (800, 600)}
PLACES: Mapping[Screen, tuple[int, int]] = {Screen.XDB: (0, 0), Screen.AIOP: (512, 0)}
WHOLE = (1312, 600)
_STEP = 8
"""Every eighth pixel each way is compared: a sign has hundreds of thousands."""
_ALIKE = 3.0
"""Mean difference of a colour channel, 0 to 255, within which two pictures are one sign."""
_EVEN = 4.0
_EVERY_S = 0.02
_HEADER = struct.Struct(">25I")


@dataclass(frozen=True, slots=True)
class Shown:
    """From `at_ms` on a monitor showed this: a scene's name, `DARK` or `UNKNOWN`."""

    at_ms: int
    screen: str
    what: str


def now_ms() -> int:
    """Milliseconds since the machine's start."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class SignBook:
    """Every sign as it looks on a monitor, and which of them a picture is.

    Args:
        sizes: of each monitor, pixels.
    """

    def __init__(self, sizes: Mapping[Screen, tuple[int, int]] = SIZES) -> None:
        self._signs = {
            screen: {
                scene.value: _thin(_decoded(render(screen, scene, size=size)))
                for scene in Scene
                if scene is not Scene.EARLY
            }
            for screen, size in sizes.items()
        }
        self._last: dict[Screen, tuple[NDArray[np.int16], str]] = {}  # most pictures are the one before

    def knows(self, what: str) -> bool:
        """Whether this is a sign's name, and not `DARK` or `UNKNOWN`."""
        return any(what in signs for signs in self._signs.values())

    def name(self, screen: Screen, picture: Pixels) -> str:
        """The scene on a monitor; `DARK` for an even picture, `UNKNOWN` for any other.

        Args:
            screen: which monitor.
            picture: its pixels, (height, width, 3) blue-green-red.
        """
        thin = _thin(picture)
        last = self._last.get(screen)
        if last is None or not np.array_equal(last[0], thin):
            last = self._last[screen] = thin, self._named(screen, thin)
        return last[1]

    def _named(self, screen: Screen, thin: NDArray[np.int16]) -> str:
        if float(thin.reshape(-1, 3).std(axis=0).max()) < _EVEN:
            return DARK
        distances = {name: float(np.abs(thin - sign).mean()) for name, sign in self._signs[screen].items()}
        best = min(distances, key=lambda name: distances[name])
        return best if distances[best] < _ALIKE else UNKNOWN


def _decoded(png: bytes) -> Pixels:
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)


def _thin(picture: Pixels) -> NDArray[np.int16]:
    return picture[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP].astype(np.int16)


class Framebuffer:
    """The X server's picture, as it keeps it in a file (`Xvfb -fbdir`)."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._inode = 0
        self._map: mmap.mmap | None = None

    def read(self, screen: Screen) -> Pixels | None:
        """The pixels of one monitor, (height, width, 3) blue-green-red; None while there is no X server's file."""
        if not self._opened():
            return None
        assert self._map is not None
        header = _HEADER.unpack_from(self._map, 0)
        start, width, height, line, colours = header[0], header[4], header[5], header[12], header[19]
        if (width, height) != WHOLE:
            return None  # the server is still writing it
        whole = np.frombuffer(self._map, np.uint8, line * height, start + colours * 12).reshape(height, line // 4, 4)
        (left, top), (wide, high) = PLACES[screen], SIZES[screen]
        return whole[top : top + high, left : left + wide, :3]

    def _opened(self) -> bool:
        """Maps the file anew when another X server made another."""
        try:
            found = self._file.stat()
            if found.st_ino != self._inode and found.st_size > WHOLE[0] * WHOLE[1] * 4:
                with self._file.open("rb") as file:
                    self._map, self._inode = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ), found.st_ino
        except OSError:
            return False
        return self._map is not None and found.st_ino == self._inode


class Watcher:
    """Looks at both monitors some fifty times a second, in a thread, and keeps every change.

    Args:
        read: gives a monitor's pixels, None for no picture at all.
        book: names them.

    Attributes:
        seen: every change so far, oldest first.
        looks: how many times it looked.
    """

    def __init__(self, read: Callable[[Screen], Pixels | None], book: SignBook) -> None:
        self._read, self._book = read, book
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eye", daemon=True)
        self._now: dict[str, str] = {}
        self.seen: list[Shown] = []
        self.looks = 0
        self.longest_blink_ms = 0

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Looks no more."""
        self._ended.set()
        self._thread.join()

    def shows(self, screen: Screen) -> str:
        """What is on a monitor now."""
        return self._now.get(screen.value, DARK)

    def both(self) -> tuple[str, str]:
        """What is on both: XDB, AIOP."""
        return self.shows(Screen.XDB), self.shows(Screen.AIOP)

    def _run(self) -> None:
        last = now_ms()
        while not self._ended.wait(_EVERY_S):
            at_ms = now_ms()
            self.longest_blink_ms, last = max(self.longest_blink_ms, at_ms - last), at_ms
            self.looks += 1
            for screen in Screen:
                picture = self._read(screen)
                what = DARK if picture is None else self._book.name(screen, picture)
                if what != self._now.get(screen.value):
                    self._now[screen.value] = what
                    self.seen.append(Shown(at_ms, screen.value, what))


def spells(seen: Iterable[Shown], screen: Screen, until_ms: int) -> Iterator[tuple[str, int, int]]:
    """What one monitor showed: (what, from, to), in ms, in order; the last one ends at `until_ms`."""
    own = [one for one in seen if one.screen == screen.value]
    for one, after in itertools.zip_longest(own, own[1:]):
        yield one.what, one.at_ms, after.at_ms if after else until_ms


def faceless_ms(seen: Iterable[Shown], screen: Screen, since_ms: int, until_ms: int) -> int:
    """The longest time at a stretch, within a span, that a monitor showed no sign: dark, or something that is none."""
    longest = run = 0
    for what, begins, ends in spells(seen, screen, until_ms):
        inside = max(0, min(ends, until_ms) - max(begins, since_ms))
        run = run + inside if what in (DARK, UNKNOWN) else 0
        longest = max(longest, run)
    return longest


def shown_within(seen: Iterable[Shown], screen: Screen, what: str, since_ms: int, until_ms: int) -> int:
    """For how long a monitor showed this within a span, ms in all."""
    return sum(
        max(0, min(ends, until_ms) - max(begins, since_ms))
        for name, begins, ends in spells(seen, screen, until_ms)
        if name == what
    )


def first_ms(seen: Iterable[Shown], screen: Screen, what: str | None, since_ms: int) -> int | None:
    """When a monitor first showed this (any sign, for None) at or after a moment; None if it never did."""
    for one in seen:
        sign = one.what not in (DARK, UNKNOWN) if what is None else one.what == what
        if one.screen == screen.value and one.at_ms >= since_ms and sign:
            return one.at_ms
    return None
