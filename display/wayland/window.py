"""A full-screen window on one output: pictures put into shared memory, and the compositor's word that each was shown.

*Shown* is `wp_presentation_feedback.presented`: the compositor says it when the output has taken the frame over, on KMS
after the page flip. That the drawing library or the socket took it says nothing.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from display.wayland.client import Compositor, WaylandOutput
from display.wayland.wire import Arguments

if TYPE_CHECKING:
    from display.settings import Size

_CREATE_SURFACE = _CREATE_POOL = _CREATE_BUFFER = _DESTROY = 0
_GET_XDG_SURFACE, _GET_TOPLEVEL, _ACK_CONFIGURE = 2, 1, 4
_SET_FULLSCREEN = 11
_ATTACH, _COMMIT, _DAMAGE_BUFFER = 1, 6, 9
_ENTER, _LEAVE = 0, 1
_FEEDBACK = 1
_PRESENTED, _DISCARDED = 1, 2
_CLOSE = 1
_XRGB8888 = 1
_PIXEL = 4  # bytes


class _Picture:
    """One of the two buffers; `busy` while the compositor may read it."""

    def __init__(self, number: int, start: int) -> None:
        self.number = number
        self.start = start
        self.busy = False


class Window:
    """A full-screen window.

    Args:
        compositor: where.
        output: on which of its outputs.
        mono_s: monotonic clock, seconds.

    Attributes:
        closed: the compositor took it away.
        shown: the number of the newest frame that the output has shown.
        elsewhere: it lies on another output as well, or instead.
    """

    def __init__(self, compositor: Compositor, output: WaylandOutput, *, mono_s: Callable[[], float]) -> None:
        self._compositor = compositor
        self._wire = compositor.wire
        self._mono_s = mono_s
        self.output = output
        self.closed = False
        self.shown = 0
        self._sent = 0
        self._waiting = {0: mono_s()}  # frame -> when it was sent; 0 stands for being placed
        self._on: set[int] = set()
        self._configured = False
        self._size = output.size
        self._surface = self._wire.new(self._hear_surface)
        self._wire.send(compositor.bound("wl_compositor"), _CREATE_SURFACE, self._surface)
        self._xdg = self._wire.new(self._hear_xdg)
        self._wire.send(compositor.bound("xdg_wm_base"), _GET_XDG_SURFACE, self._xdg, self._surface)
        self._toplevel = self._wire.new(self._hear_toplevel)
        self._wire.send(self._xdg, _GET_TOPLEVEL, self._toplevel)
        self._wire.send(self._toplevel, _SET_FULLSCREEN, output.number)
        self._wire.send(self._surface, _COMMIT)
        self._memory, self._pool, self._pictures = self._make_pictures()

    @property
    def ready(self) -> bool:
        """A picture may be put into it, now that the compositor has placed it."""
        return self._configured and any(not each.busy for each in self._pictures)

    @property
    def elsewhere(self) -> bool:
        """It lies on another output."""
        return bool(self._on - {self.output.number})

    def late_s(self) -> float:
        """For how long the oldest frame has been waiting to be shown; 0 if none is."""
        return self._mono_s() - min(self._waiting.values()) if self._waiting else 0.0

    def put(self, pixels: bytes | memoryview, size: Size) -> int:
        """Sends a picture, placed in the middle of black; returns its frame's number.

        Args:
            pixels: rows of blue, green, red and a spare byte.
            size: of the picture; no larger than the output.
        """
        picture = next(each for each in self._pictures if not each.busy)
        (wide, tall), (width, height) = self._size, size
        left = picture.start + ((tall - height) // 2 * wide + (wide - width) // 2) * _PIXEL
        row = width * _PIXEL
        for line in range(height):
            at = left + line * wide * _PIXEL
            self._memory[at : at + row] = pixels[line * row : (line + 1) * row]
        picture.busy = True
        self._wire.send(self._surface, _ATTACH, picture.number, 0, 0)
        self._wire.send(self._surface, _DAMAGE_BUFFER, 0, 0, wide, tall)
        return self.beat()

    def beat(self) -> int:
        """Asks for one more frame of what is there; returns its number."""
        self._sent += 1
        frame = self._sent
        made = self._wire.new(lambda opcode, _: self._hear_feedback(frame, opcode))
        self._waiting[frame] = self._mono_s()
        self._wire.send(self._compositor.bound("wp_presentation"), _FEEDBACK, self._surface, made)
        self._wire.send(self._surface, _COMMIT)
        return frame

    def close(self) -> None:
        """Takes it away."""
        for number in (self._toplevel, self._xdg, self._surface):
            self._wire.send(number, _DESTROY)
        for picture in self._pictures:
            self._wire.send(picture.number, _DESTROY)
        self._wire.send(self._pool, 1)
        self.forget()

    def forget(self) -> None:
        """The connection is gone, and the window with it: gives the memory back."""
        self._memory.close()

    def _make_pictures(self) -> tuple[mmap.mmap, int, tuple[_Picture, ...]]:
        wide, tall = self._size
        each = wide * tall * _PIXEL
        file = os.memfd_create("screen", os.MFD_CLOEXEC)
        try:
            os.ftruncate(file, 2 * each)
            memory = mmap.mmap(file, 2 * each)
            pool = self._wire.new(_nothing)
            self._wire.send(self._compositor.bound("wl_shm"), _CREATE_POOL, pool, 2 * each, file=file)
        finally:
            os.close(file)
        return memory, pool, tuple(self._make_picture(pool, start) for start in (0, each))

    def _make_picture(self, pool: int, start: int) -> _Picture:
        wide, tall = self._size
        number = self._wire.new(lambda _opcode, _: self._released(number))
        self._wire.send(pool, _CREATE_BUFFER, number, start, wide, tall, wide * _PIXEL, _XRGB8888)
        return _Picture(number, start)

    def _released(self, number: int) -> None:
        for picture in self._pictures:
            if picture.number == number:
                picture.busy = False

    def _hear_surface(self, opcode: int, arguments: Arguments) -> None:
        if opcode == _ENTER:
            self._on.add(arguments.uint())
        elif opcode == _LEAVE:
            self._on.discard(arguments.uint())

    def _hear_xdg(self, _opcode: int, arguments: Arguments) -> None:
        self._wire.send(self._xdg, _ACK_CONFIGURE, arguments.uint())
        self._configured = True
        self._waiting.pop(0, None)

    def _hear_toplevel(self, opcode: int, _arguments: Arguments) -> None:
        if opcode == _CLOSE:
            self.closed = True

    def _hear_feedback(self, frame: int, opcode: int) -> None:
        if opcode not in (_PRESENTED, _DISCARDED):
            return
        self._waiting.pop(frame, None)
        if opcode == _PRESENTED:
            self.shown = max(self.shown, frame)


def _nothing(_opcode: int, _arguments: Arguments) -> None:
    """A pool says nothing."""
