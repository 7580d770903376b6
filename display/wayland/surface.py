"""`display.process.Surface` on an output of the compositor.

Rules of this file:

1. A painting counts when the output has shown its frame; what is not shown in time is not confirmed.
2. Every `_BEAT_S` one more frame is asked for. A compositor that shows none within `frame_s` is killed, since the last
   picture stands for as long as it lives: a hung compositor with 3 on it must not. Its unit starts it again.
3. A window that leaves its output, or whose output leaves, is taken away at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from display.errors import NoDisplayError
from display.faces import FaceStore
from display.failsafe import Showing
from display.first_face import FirstFace
from display.light import DAY, Light
from display.settings import Size
from display.wayland.client import Compositor
from display.wayland.place import Place, Wanted, find
from display.wayland.window import Window

log = logging.getLogger("display")

_BEAT_S = 0.25
_DIAL_S = 0.05  # between two looks for a compositor
_GREETING_S = 3.0  # within which it must say what it offers: it may have just begun
_ASTRAY_S = 1.0  # before a window that was put elsewhere is tried again
_TURN_S = 0.02


class Draws(Protocol):
    """What makes the pixels; `display.easel.Easel` is the real one."""

    light: Light
    """What it draws with."""

    def draw(self, showing: Showing, size: Size) -> bytes:
        """The sign's pixels."""

    def digest(self) -> str:
        """sha256 (hex) of what was drawn last."""


class OutputSurface:
    """One screen's place on the compositor; it looks for it for as long as there is none.

    Args:
        wanted: where it belongs.
        path: the compositor's socket.
        faces: safe faces kept from before.
        mono_s: monotonic clock, seconds.
        frame_s: a compositor that shows no frame for so long is hung.
        pat: called while it waits for the compositor: the loop turns.
        first: the safe face that stands already.

    Attributes:
        easel: what draws; None until it is loaded, and until then only a kept safe face can be shown.
        light: what the next painting is painted with.
        trouble: why nothing but the safe face may be shown; "" if all is well.
    """

    def __init__(
        self,
        wanted: Wanted,
        path: Path,
        *,
        faces: FaceStore,
        mono_s: Callable[[], float],
        frame_s: float = 1.0,
        pat: Callable[[], None] = lambda: None,
        first: FirstFace | None = None,
    ) -> None:
        self._wanted = wanted
        self._path = path
        self._faces = faces
        self._mono_s = mono_s
        self._frame_s = frame_s
        self.pat = pat
        self.easel: Draws | None = None
        self.light: Light = DAY
        self.trouble = "no compositor yet"
        self._compositor = None if first is None else first.compositor
        self._window = None if first is None else first.window
        self._place = Place(None, wanted.size)
        self._dial_s = self._again_s = mono_s()
        self._beaten_s = mono_s()
        self._stands = False

    def files(self) -> list[int]:
        """What to wait for besides the agent."""
        return [] if self._compositor is None else [self._compositor.wire.fileno()]

    def attend(self) -> bool:
        """Takes in what the compositor says and looks after the window; False if what was painted stands no more."""
        stood = self._stands
        try:
            if self._compositor is None:
                self._dial()
            else:
                self._compositor.wait(0)
            self._settle()
            self._beat()
        except (OSError, NoDisplayError) as error:
            self._lose(f"the compositor is lost: {error}")
        return self._stands or not stood

    def paint(self, showing: Showing) -> bool:
        """Draws it and waits until the output has shown it; False if it has not."""
        pixels = self._pixels(showing)
        if pixels is None or self._window is None:
            return False
        try:
            return self._show(self._window, pixels)
        except OSError as error:
            self._lose(f"the compositor is lost: {error}")
            return False

    def digest(self) -> str:
        """sha256 (hex) of the sign's pixels; "" for a face from the disk."""
        return "" if self.easel is None else self.easel.digest()

    def closed_by_hand(self) -> bool:
        """Nobody can."""
        return False

    def close(self) -> None:
        """Takes the window away."""
        if self._compositor is not None:
            self._compositor.close()
            self._compositor = None

    def _dial(self) -> None:
        if self._mono_s() < self._dial_s:
            return
        self._dial_s = self._mono_s() + _DIAL_S
        self._compositor = Compositor(self._path, patience_s=_GREETING_S, mono_s=self._mono_s, pat=self.pat)
        log.info("%s: the compositor is there", self._wanted.screen.value)

    def _settle(self) -> None:
        """Puts the window where it belongs."""
        if self._compositor is None:
            return
        self._place = find(self._wanted, self._compositor.outputs)
        window = self._window
        if window is not None and (window.closed or window.output != self._place.output):
            self._take_away(window)
        if self._window is None and self._place.output is not None and self._mono_s() >= self._again_s:
            self._window = Window(self._compositor, self._place.output, mono_s=self._mono_s)
        astray = self._window is not None and self._window.elsewhere
        if astray and self._window is not None:
            self._take_away(self._window)
            self._again_s = self._mono_s() + _ASTRAY_S
        if astray or self._window is not None or self._place.output is None:
            self._say(
                "the compositor puts it on another output: restart the compositor" if astray else self._place.trouble
            )

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("%s: %s", self._wanted.screen.value, trouble or "all is well again")
            self.trouble = trouble

    def _beat(self) -> None:
        """Rule 2."""
        window, now = self._window, self._mono_s()
        if window is None or self._hung(window):
            return
        if self._stands and not window.late_s() and now - self._beaten_s >= _BEAT_S:
            self._beaten_s = now
            window.beat()

    def _hung(self, window: Window) -> bool:
        late_s = window.late_s()
        if late_s < self._frame_s:
            return False
        log.error("%s: no frame is shown for %.1f s: the compositor is ended", self._wanted.screen.value, late_s)
        self._end_compositor()
        self._lose("the compositor showed no frame and was ended")
        return True

    def _end_compositor(self) -> None:
        """Rule 2: kills it; its unit starts it again."""
        if self._compositor is None:
            return
        try:
            self._compositor.wire.kill_peer()
        except OSError as error:
            log.critical("the compositor cannot be ended (%s): it must run as this screen's user", error)

    def _show(self, window: Window, pixels: bytes) -> bool:
        while not window.ready:
            if not self._go_on(window):
                return False
        frame = window.put(pixels, self._place.size)
        while window.shown < frame:
            if not window.late_s():  # it was superseded unseen
                window.beat()
            if not self._go_on(window):
                return False
        self._stands = not (window.closed or window.elsewhere)
        return self._stands

    def _go_on(self, window: Window) -> bool:
        """One turn of waiting for the compositor."""
        self.pat()
        if self._compositor is None or window.closed or self._hung(window):
            return False
        self._compositor.wait(_TURN_S)
        return True

    def _pixels(self, showing: Showing) -> bytes | None:
        size = self._place.size
        if self.easel is None:
            return self._faces.load(size, simulated=showing.simulated) if showing.safe else None
        self.easel.light = self.light
        pixels = self.easel.draw(showing, size)
        if showing.safe:
            self._faces.keep(pixels, size, simulated=showing.simulated)
        return pixels

    def _take_away(self, window: Window) -> None:
        window.close()
        self._window, self._stands = None, False

    def _lose(self, trouble: str) -> None:
        """The connection is gone, and the window with it."""
        if self._window is not None:
            self._window.forget()
        self.close()
        self._window, self._stands = None, False
        self._dial_s = self._mono_s() + _DIAL_S
        if "no compositor" not in self.trouble:
            self._say(trouble)
