"""The simulated camera's side of the world: draws what stands in the lane and pushes it to the reader's socket."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.camera import PUSH_MAGIC
from devices.drawn.trucks import LaneView, Truck

FPS = 8.0
_HEAD = struct.Struct(">4sII")
_APPROACH = 4  # frames from coming into view to standing at the line
_SWAYS = 7  # different frames of a standing truck; engines shake


class DrawnCamera:
    """Pushes frames from a thread of its own; `edge.demo.stage.Picture`.

    Args:
        place: the reader's socket.
        seed: of the sensor's noise.
    """

    def __init__(self, place: Path, *, seed: int) -> None:
        self._place = place
        self._view = LaneView(seed=seed)
        self._lock = threading.Lock()
        self._scene: tuple[Truck | None, Truck | None] = (None, None)
        self._since = 0
        self._frozen = False
        self._over = threading.Event()
        self._draw = lru_cache(maxsize=64)(self._picture)
        self._thread = threading.Thread(target=self._run, name="drawn camera", daemon=True)

    def start(self) -> None:
        """Begins to push."""
        self._thread.start()

    def stop(self) -> None:
        """Stops pushing."""
        self._over.set()
        self._thread.join()

    def show(self, truck: Truck | None, second: Truck | None = None) -> None:
        """What stands in the lane from the next frame on."""
        with self._lock:
            self._scene, self._since = (truck, second), 0

    def freeze(self, *, frozen: bool) -> None:
        """Stops or resumes the frames."""
        self._frozen = frozen

    def _picture(self, truck: Truck | None, second: Truck | None, step: int, sway: int) -> NDArray[np.uint8]:
        nearness = min(1.0, (step + 1) / _APPROACH)
        return self._view.picture(truck, nearness, second=second, frame=sway).image

    def _next(self) -> NDArray[np.uint8]:
        with self._lock:
            (truck, second), step = self._scene, self._since
            self._since += 1
        return self._draw(truck, second, min(step, _APPROACH - 1), step % _SWAYS)

    def _run(self) -> None:
        while not self._over.is_set():
            with suppress(OSError), socket.socket(socket.AF_UNIX) as link:
                link.settimeout(5.0)
                link.connect(str(self._place))
                self._push(link)
            self._over.wait(0.2)

    def _push(self, link: socket.socket) -> None:
        due = time.monotonic()
        while not self._over.is_set():
            if not self._frozen:
                image = self._next()
                link.sendall(_HEAD.pack(PUSH_MAGIC, image.shape[1], image.shape[0]))
                link.sendall(image.tobytes())
            due = max(due + 1 / FPS, time.monotonic())
            self._over.wait(max(0.0, due - time.monotonic()))
