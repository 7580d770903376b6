"""The drawn lane's camera, driven from the hardware's side: show it a truck, freeze it, hang it, cut its cable.

It runs in the world's process (a thread) and writes pictures to the socket that `camera.source = "simulated"` names.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import replace
from enum import Enum
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from devices.camera import PUSH, PUSH_MAGIC
from devices.dated_picture import Picture
from simulation.drawn.trucks import CameraView, DrawnTruck, LanePicture

_STEPS = 16  # different places of an approaching truck that are drawn
_SWAYS = 7  # different pictures of a standing one; engines shake, and drawing each anew would cost a tenth of a core
_SPECKS = 64  # places where the sensor's noise can begin, each way: no two pictures within thousands are the same


class Ailment(Enum):
    """What can befall a camera."""

    NONE = "none"
    HANGS = "hangs"  # connected, silent
    FROZEN = "frozen"  # the same picture for ever
    GONE = "gone"  # the line is cut


class DrawnCamera:
    """Shows what is in the drawn lane.

    Args:
        place: the socket of the reader's settings; the reader creates it.
        view: draws the lane.
        fps: pictures a second.
        seconds: how long a truck takes from coming into view to the stop line.
    """

    def __init__(self, place: Path, *, view: CameraView | None = None, fps: float = 8.0, seconds: float = 0.5) -> None:
        self._place = place
        self._view = view or CameraView()
        self._step = 1 / fps
        self._seconds = seconds
        self._lock = threading.Lock()
        self._truck: DrawnTruck | None = None
        self._second: DrawnTruck | None = None
        self._from = (0.0, 1.0)  # when the approach began, how many seconds it takes
        self._picture = lru_cache(maxsize=64)(self._drawn)
        self._noise = np.zeros((0, 0, 3), np.uint8)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drawn camera", daemon=True)
        self._frame = 0
        self._last: LanePicture | None = None
        self.ailment = Ailment.NONE

    def start(self) -> None:
        """Begins to show pictures."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._ended.set()
        self._thread.join()

    def show(self, truck: DrawnTruck | None, second: DrawnTruck | None = None, *, seconds: float | None = None) -> None:
        """What is in the lane from now on: a truck drives up to the stop line, or, for None, the lane is empty.

        Args:
            truck: drives up within `seconds`; one that stands there already stays where it is.
            second: comes close behind it.
            seconds: instead of those the camera was made with.
        """
        takes = self._seconds if seconds is None else seconds
        with self._lock:
            if truck != self._truck:
                self._from = (time.monotonic(), max(takes, 1e-3))
            self._truck, self._second = truck, second

    def freeze(self, *, frozen: bool) -> None:
        """Shows the same picture again and again, or lives again."""
        self.ailment = Ailment.FROZEN if frozen else Ailment.NONE

    def draw(self) -> LanePicture:
        """The picture of this moment."""
        if self.ailment is Ailment.FROZEN and self._last is not None:
            return self._last
        with self._lock:
            truck, second, (began, seconds) = self._truck, self._second, self._from
        self._frame += 1
        step = min(_STEPS, int(_STEPS * (time.monotonic() - began) / seconds))
        drawn = self._picture(truck, second, step, self._frame % _SWAYS)
        self._last = replace(drawn, image=self._with_noise(drawn.image))
        return self._last

    def _with_noise(self, image: Picture) -> Picture:
        """The picture as this moment's noise makes it: a camera whose pictures come again is a frozen one."""
        high, wide = image.shape[:2]
        if self._noise.shape[:2] != (high + _SPECKS, wide + _SPECKS):
            self._noise = np.random.default_rng(0).integers(0, 3, (high + _SPECKS, wide + _SPECKS, 3), np.uint8)
        down, right = divmod(self._frame % _SPECKS**2, _SPECKS)
        noise = np.ascontiguousarray(self._noise[down : down + high, right : right + wide])
        return np.asarray(cv2.add(image, noise), np.uint8)

    def _drawn(self, truck: DrawnTruck | None, second: DrawnTruck | None, step: int, sway: int) -> LanePicture:
        return self._view.picture(truck, step / _STEPS, second=second, frame=sway)

    def _run(self) -> None:
        while not self._ended.is_set():
            if self.ailment is Ailment.GONE:
                self._ended.wait(self._step)
                continue
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.settimeout(1.0)
                link.connect(str(self._place))
                self._push(link)
            self._ended.wait(0.1)

    def _push(self, link: socket.socket) -> None:
        """Pictures, until the reader or the cable is gone."""
        due = time.monotonic()
        while not self._ended.is_set() and self.ailment is not Ailment.GONE:
            if self.ailment is not Ailment.HANGS:
                image = self.draw().image
                link.sendall(PUSH.pack(PUSH_MAGIC, image.shape[1], image.shape[0]) + image.tobytes())
            due = max(due + self._step, time.monotonic())
            self._ended.wait(due - time.monotonic())
