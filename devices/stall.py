"""Tells when a camera has stopped, or gives the same pictures again and again. No camera, no clock in here."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from devices.camera import Frame
from devices.settings import CameraKind

_FIRST_MS = 8_000  # a network camera may take this long to give its first picture
REMEMBERED = 256
"""Pictures of a real camera that are known again: several seconds of an encoder that codes one frozen picture anew."""
DRIVER_MS = 4_500
"""A camera that is silent is opened again by its own limits (`devices.stream_camera`: twice two seconds); whatever hangs for so
much longer heeds none."""
_OTHERWISE = {CameraKind.FOLDER: 0, CameraKind.VIDEO: 0, CameraKind.SIMULATED: 1}
MOVING_MS = 2_000
"""So long every picture must be a new one before a camera that was frozen is not."""


def remembered_of(kind: CameraKind) -> int:
    """How many pictures of such a camera are known again: a folder's and a film's repeat, a drawn world's by turns."""
    return _OTHERWISE.get(kind, REMEMBERED)


class Stall:
    """A camera that has stopped: no new picture, or only such as have been before.

    A living sensor's noise makes each picture another, to the bit. A frozen one's are the same, or a few that come
    again with every key frame. A picture that was frozen stays so over a restart of the process (`frozen`): else every
    new process would take it for the first of a living camera.

    Args:
        limit_ms: how long is too long.
        remembered: how many pictures are known again (`remembered_of`).
        now_ms: the time.
        frozen: prints of the pictures at which a camera stood still before, from `Stall.frozen`.
    """

    def __init__(self, limit_ms: int, *, remembered: int, now_ms: int, frozen: Iterable[int] = ()) -> None:
        self._limit_ms = limit_ms
        self._remembered = remembered
        self._prints = dict.fromkeys(frozen)
        self._held = bool(self._prints)
        self._moving_ms: int | None = None
        self._repeated = self._held
        self._arrived_ms = self._changed_ms = now_ms + _FIRST_MS - limit_ms  # until the first picture
        self._gave = False

    def saw(self, frame: Frame) -> None:
        """A new picture has come."""
        at = frame.taken_ms
        self.heard(at)
        if self._known(zlib.crc32(frame.picture[::4, ::4].tobytes())):
            self._moving_ms, self._repeated = None, True
            return
        self._moving_ms = at if self._moving_ms is None else self._moving_ms
        if not self._held or at - self._moving_ms >= MOVING_MS:
            self._held, self._repeated, self._changed_ms = False, False, at

    def heard(self, at_ms: int) -> None:
        """A picture came at `at_ms` that nobody looked at; 0 for none yet."""
        if at_ms:
            self._arrived_ms = max(self._arrived_ms, at_ms) if self._gave else at_ms
            self._gave = True

    def _known(self, mark: int) -> bool:
        """Whether that picture has been before; it is remembered."""
        known = mark in self._prints
        self._prints.pop(mark, None)
        self._prints[mark] = None
        if len(self._prints) > self._remembered:
            del self._prints[next(iter(self._prints))]
        return known

    def detail(self, now_ms: int) -> str:
        """What is wrong at this moment; "" for nothing."""
        if now_ms - self._arrived_ms > self._limit_ms:
            return f"no picture for {(now_ms - self._arrived_ms) / 1000:.1f} s"
        if self._held:
            return "the same picture as before the reader was started again: the camera is frozen"
        if self._frozen(now_ms):
            return f"the same picture for {(now_ms - self._changed_ms) / 1000:.1f} s: the camera is frozen"
        return ""

    def hopeless(self, now_ms: int) -> bool:
        """Whether only a new process can help: the driver has given nothing new for too long."""
        return self._frozen(now_ms) or now_ms - self._arrived_ms > self._limit_ms + DRIVER_MS

    def _frozen(self, now_ms: int) -> bool:
        """Whether the newest picture has been before, and none was new for too long."""
        return self._repeated and now_ms - self._changed_ms > self._limit_ms

    def frozen(self, now_ms: int) -> tuple[int, ...]:
        """Prints of the last pictures, the newest last, for the next process; none where pictures move, or do not come."""
        still = self._held or self._frozen(now_ms)
        return tuple(self._prints) if still and now_ms - self._arrived_ms <= self._limit_ms else ()
